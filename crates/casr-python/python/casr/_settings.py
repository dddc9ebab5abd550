"""The arguments that ``upscale`` and ``Pyramid`` share, as the native part takes them."""

from __future__ import annotations

import os
from typing import Any, Literal, TypedDict


Name = Literal["auto", "faithful", "balanced", "vivid"]
Path = str | os.PathLike[str]


class Settings(TypedDict):
    """How an image is enlarged."""

    scale: float | None
    size: tuple[int | None, int | None] | None
    look: Name | float
    restore: Literal["auto"] | float | None
    effort: Literal["normal", "best"]
    device: str
    precision: Literal["auto", "single", "half"]
    weights: Path | None
    exact: bool
    max_step: float | None
    keep_hidden: bool
    max_pixels: int | None


class Writing(TypedDict):
    """How a result is written."""

    format: str | None
    overwrite: bool
    quality: int | None
    dpi: Literal["keep", "scale"]
    strip_metadata: bool
    mark: bool


def progress_call(progress: Any) -> Any:
    """What the native part calls with how much is done and of how much; None for nothing."""
    if progress is None or callable(progress):
        return progress
    if not (hasattr(progress, "update") and hasattr(progress, "total")):
        raise TypeError(
            "progress: give something to call with how much is done and of how much, "
            "or a bar of tqdm"
        )

    def update(done: int, total: int) -> None:
        progress.total = total
        progress.update(done - progress.n)

    return update
