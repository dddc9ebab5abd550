"""The native part."""

from collections.abc import Callable, Mapping
from typing import Any, Final, final

from numpy.typing import NDArray

from casr._settings import Path, Settings, Writing

__all__ = [
    "Error",
    "Pyramid",
    "__version__",
    "check",
    "gpus",
    "main",
    "named",
    "probe",
    "remove_partial",
    "result_name",
    "set_threads",
    "to_array",
    "to_bytes",
    "to_file",
]

__version__: Final[str]

class Error(Exception):
    """An image that cannot be read, or a device that failed.

    ``filename`` has the file's name, where it is about one.
    """

    filename: str

_Call = Callable[[int, int], object]

def main(arguments: list[str]) -> int:
    """Does what a command line says, the program's name first; returns the exit code."""

def set_threads(count: int) -> None:
    """How many processor cores to use from now on: all, if not said before the first image."""

def check(settings: Settings, writing: Writing) -> None:
    """Raises what is wrong with settings, without an image."""

def named(path: Path) -> str | None:
    """What a file is by its name: ``image``, ``foreign`` for an image that is not read, or None."""

def probe(content: bytes, max_pixels: int | None = None) -> tuple[int, int]:
    """Width and height of an image file's upright image."""

def result_name(
    image: Path,
    shared: bool,
    format: str | None = None,
    content: bytes | None = None,
    max_pixels: int | None = None,
) -> str:
    """The name that an image gives its result: in ``format``, or its own by content or name.

    ``shared`` says that another image has its stem.
    """

def gpus() -> list[tuple[str, bool, bool]]: ...
def remove_partial() -> None: ...
def to_array(
    image: NDArray[Any] | Path,
    settings: Settings,
    page: int | None = None,
    progress: _Call | None = None,
) -> tuple[NDArray[Any], list[str]]: ...
def to_bytes(
    image: NDArray[Any] | bytes | Path,
    settings: Settings,
    writing: Writing,
    page: int | None = None,
    along: Mapping[str, Any] | None = None,
    progress: _Call | None = None,
) -> tuple[bytes, list[str]]: ...
def to_file(
    image: NDArray[Any] | bytes | Path,
    output: Path,
    settings: Settings,
    writing: Writing,
    page: int | None = None,
    along: Mapping[str, Any] | None = None,
    progress: _Call | None = None,
) -> list[str]: ...
@final
class Pyramid:
    def __new__(
        cls,
        image: NDArray[Any] | bytes | Path,
        settings: Settings,
        room: int,
        page: int | None = None,
    ) -> Pyramid: ...
    def sizes(self) -> list[tuple[int, int]]: ...
    @property
    def channels(self) -> int: ...
    @property
    def dtype(self) -> str: ...
    @property
    def remarks(self) -> list[str]: ...
    def tiles(self, level: int) -> tuple[int, int]: ...
    def place(self, level: int, x: int, y: int) -> tuple[int, int, int, int]: ...
    def region(
        self,
        level: int,
        x: int,
        y: int,
        width: int,
        height: int,
        progress: _Call | None = None,
    ) -> NDArray[Any]: ...
