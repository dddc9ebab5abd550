"""Windows of an enlargement, made when they are wanted."""

from __future__ import annotations

import operator
import os
from typing import TYPE_CHECKING, Any, Literal

from casr import _casr, _images
from casr._settings import Name, Path, Settings, progress_call
from casr._upscale import remark

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy
    import PIL.Image
    from numpy.typing import DTypeLike, NDArray

# Bytes of tiles that a pyramid keeps.
_ROOM = 256 << 20


class Pyramid:
    """All levels of an image's enlargement; nothing is computed but the windows that are asked for.

    Level 0 is the image, the last one the result: the pixels of :func:`upscale` with the same
    arguments. Threads may share a pyramid: what two of them want at a time is made once, and the
    latest tiles are kept for the next caller. Pickled, it takes the image along and makes tiles
    anew.

    >>> import numpy
    >>> image = numpy.full((30, 40, 3), (250, 120, 0), numpy.uint8)
    >>> pyramid = casr.Pyramid(image, scale=64)
    >>> [level.shape for level in pyramid.levels]  # doctest: +ELLIPSIS
    [(30, 40, 3), ..., (1920, 2560, 3)]
    >>> pyramid.levels[-1][1000:1002, 2000:2003].shape
    (2, 3, 3)

    Args:
        image: A Pillow image, a NumPy array, bytes of a file, or a path, as of :func:`upscale`.
        cache: How many bytes of tiles are kept for those who may ask again.

    The other arguments are those of :func:`upscale`, and so are the exceptions.
    """

    def __init__(
        self,
        image: Path
        | bytes
        | bytearray
        | memoryview
        | PIL.Image.Image
        | NDArray[Any],
        scale: float | None = None,
        *,
        size: tuple[int | None, int | None] | None = None,
        look: Name | float = "auto",
        restore: Literal["auto"] | float | None = None,
        effort: Literal["normal", "best"] = "normal",
        device: str = "auto",
        precision: Literal["auto", "single", "half"] = "auto",
        weights: Path | None = None,
        exact: bool = False,
        max_step: float | None = None,
        keep_hidden: bool = False,
        max_pixels: int | None = None,
        page: int | None = None,
        cache: int = _ROOM,
    ) -> None:
        settings: Settings = {
            "scale": scale,
            "size": size,
            "look": look,
            "restore": restore,
            "effort": effort,
            "device": device,
            "precision": precision,
            "weights": weights,
            "exact": exact,
            "max_step": max_step,
            "keep_hidden": keep_hidden,
            "max_pixels": max_pixels,
        }
        if cache < 0:
            raise ValueError("cache: give a number of bytes from 0 up")
        source: Any = image
        flat = False
        if _images.is_bytes(image):
            source = bytes(image)  # type: ignore[arg-type]
        elif _images.is_pillow(image):
            source = _images.pixels_of(image)[1]  # type: ignore[arg-type]
        elif not _images.is_path(image):
            source = _images.array_of(image)
            flat = source.ndim == 2
        self._native = _casr.Pyramid(source, settings, cache, page)
        name = os.fspath(image) if _images.is_path(image) else "the image"  # type: ignore[arg-type]
        remark(self._native.remarks, str(name), 2)
        files = _images.is_bytes(image) or _images.is_path(image) or _images.is_pillow(image)
        self._flat = self._native.channels == 1 and (flat or files)
        self._settings = settings
        self._cache = cache
        self._token = os.urandom(16).hex()
        self._levels = tuple(
            Level(self, index, width, height)
            for index, (width, height) in enumerate(self._native.sizes())
        )

    @property
    def levels(self) -> tuple[Level, ...]:
        """All levels, the image first."""
        return self._levels

    @property
    def shape(self) -> tuple[int, ...]:
        """The result's shape, (height, width) or (height, width, channels)."""
        return self._levels[-1].shape

    @property
    def dtype(self) -> numpy.dtype[Any]:
        """The type of samples, on all levels."""
        return self._levels[-1].dtype

    def tiles(self, level: int) -> tuple[int, int]:
        """How many tiles of a level lie side by side, and how many below each other."""
        return self._native.tiles(self._index(level))

    def place(self, level: int, x: int, y: int) -> tuple[int, int, int, int]:
        """Where a tile lies, by its column and row: left, top, width and height."""
        return self._native.place(self._index(level), _count("x", x), _count("y", y))

    def tile(self, level: int, x: int, y: int) -> NDArray[Any]:
        """The pixels of a tile, by its column and row, counted from 0.

        >>> import numpy
        >>> pyramid = casr.Pyramid(numpy.zeros((9, 9), numpy.uint8), scale=3)
        >>> pyramid.tile(-1, 0, 0).shape
        (27, 27)
        """
        return self.region(level, *self.place(level, x, y))

    def region(
        self,
        level: int,
        x: int,
        y: int,
        width: int,
        height: int,
        *,
        progress: Callable[[int, int], object] | Any | None = None,
    ) -> NDArray[Any]:
        """The pixels of a window of a level, by its left and upper edge and its size.

        >>> import numpy
        >>> pyramid = casr.Pyramid(numpy.zeros((9, 9), numpy.uint8), scale=3)
        >>> pyramid.region(-1, x=5, y=2, width=4, height=3).shape
        (3, 4)
        """
        window = (_count("x", x), _count("y", y), _count("width", width), _count("height", height))
        call = progress_call(progress)
        array = self._native.region(self._index(level), *window, call)
        return array[..., 0] if self._flat else array

    def _index(self, level: int) -> int:
        index = operator.index(level)
        count = len(self._levels)
        if not -count <= index < count:
            raise ValueError(f"level: there are {count}, 0 to {count - 1}, or from -1 backwards")
        return index % count

    def __reduce__(self) -> tuple[Any, ...]:
        # Its own pixels: a file or an array may be another one by now. Colours that do not show
        # are filled already.
        whole = self._levels[0][...]
        return _unpickle, (whole, {**self._settings, "keep_hidden": True}, self._cache)

    def __repr__(self) -> str:
        first, last = self._levels[0], self._levels[-1]
        return f"<casr.Pyramid of {first.shape} to {last.shape}, {self.dtype}>"


def _unpickle(image: NDArray[Any], settings: dict[str, Any], cache: int) -> Pyramid:
    return Pyramid(image, **settings, cache=cache)


def _count(name: str, value: int) -> int:
    count = operator.index(value)
    if count < 0:
        raise ValueError(f"{name}: give a whole number from 0 up")
    return count


class Level:
    """A level of a :class:`Pyramid`: what looks like an array and is computed where it is read.

    It has what ``dask.array.from_array`` and other libraries ask of one.

    >>> import numpy
    >>> level = casr.Pyramid(numpy.zeros((9, 9, 3), numpy.uint8), scale=3).levels[-1]
    >>> level.shape, level.ndim, str(level.dtype)
    ((27, 27, 3), 3, 'uint8')
    >>> level[3:9, ::2, 0].shape
    (6, 14)
    """

    def __init__(self, pyramid: Pyramid, index: int, width: int, height: int) -> None:
        self._pyramid = pyramid
        self._index = index
        self._shape: tuple[int, ...] = (height, width)
        if not pyramid._flat:
            self._shape += (pyramid._native.channels,)

    @property
    def shape(self) -> tuple[int, ...]:
        """(height, width), or (height, width, channels)."""
        return self._shape

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """How many samples there are."""
        count = 1
        for side in self._shape:
            count *= side
        return count

    @property
    def dtype(self) -> numpy.dtype[Any]:
        """The type of samples."""
        import numpy

        return numpy.dtype(self._pyramid._native.dtype)

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, key: Any) -> Any:
        """The pixels of a window: integers, slices, and an ellipsis, as of an array."""
        import numpy

        parts = list(key) if isinstance(key, tuple) else [key]
        named = [part for part in parts if part is not Ellipsis]
        if len(parts) > len(named) + 1:
            raise IndexError("an index can only have a single ellipsis ('...')")
        if len(named) > self.ndim:
            raise IndexError(f"too many indices: {len(named)}, for {self.ndim} dimensions")
        gap = next((at for at, part in enumerate(parts) if part is Ellipsis), len(parts))
        parts[gap : gap + 1] = [slice(None)] * (self.ndim - len(named))
        spans = [_span(part, side) for part, side in zip(parts, self._shape, strict=True)]
        (top, rows), (left, columns) = spans[:2]
        height, width = _length(rows), _length(columns)
        if height == 0 or width == 0:
            window = numpy.empty((height, width, *self._shape[2:]), self.dtype)
        else:
            window = self._pyramid.region(self._index, left, top, width, height)
        return window[(_inner(rows), _inner(columns), *parts[2:])]

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if copy is False:
            raise ValueError("a level is computed when it is read, so it cannot be had uncopied")
        whole: NDArray[Any] = self[...]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __dask_tokenize__(self) -> tuple[str, str, int]:
        return ("casr.Level", self._pyramid._token, self._index)

    def __repr__(self) -> str:
        return f"<casr.Level {self._index} of shape {self._shape}, {self.dtype}>"


# What is taken of a side: one place, or from a first one so many with a step.
_Taken = int | tuple[int, int]


def _span(part: Any, side: int) -> tuple[int, _Taken]:
    """The first place that is read of a side, and what is taken from there on."""
    if isinstance(part, slice):
        places = range(*part.indices(side))
        if len(places) == 0:
            return 0, (0, 1)
        return min(places[0], places[-1]), (len(places), places.step)
    try:
        place = operator.index(part)
    except TypeError:
        raise IndexError(
            "a level takes integers, slices and an ellipsis; take a window first, and index that"
        ) from None
    if not -side <= place < side:
        raise IndexError(f"{place} is out of range for a side of {side}")
    return place % side, 1


def _length(taken: _Taken) -> int:
    """How many places are read."""
    if isinstance(taken, int):
        return 1
    count, step = taken
    return 0 if count == 0 else (count - 1) * abs(step) + 1


def _inner(taken: _Taken) -> int | slice:
    """What is taken of what is read."""
    return 0 if isinstance(taken, int) else slice(None, None, taken[1])
