"""The whole enlargement of an image."""

from __future__ import annotations

import atexit
import os
import warnings
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from casr import _casr, _images
from casr._settings import Name, Path, Settings, Writing, progress_call

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

    import numpy
    import PIL.Image
    from numpy.typing import NDArray

    _Scalar = TypeVar("_Scalar", numpy.uint8, numpy.uint16, numpy.float32)
    _Progress = Callable[[int, int], object]

# What is half-written when Python ends goes with it.
atexit.register(_casr.remove_partial)


class Remark(UserWarning):
    """What was left out of a result or is uncertain about it, though all pixels are right."""


def remark(remarks: list[str], name: str, level: int) -> None:
    """Warns of what is to be said of an image, at the caller's line."""
    for text in remarks:
        warnings.warn(f"{name}: {text}", Remark, stacklevel=level + 1)


@overload
def upscale(
    image: Path | bytes | bytearray | memoryview | PIL.Image.Image | NDArray[Any],
    scale: float | None = None,
    *,
    output: Path,
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
    format: str | None = None,
    overwrite: bool = False,
    quality: int | None = None,
    dpi: Literal["keep", "scale"] = "keep",
    strip_metadata: bool = False,
    mark: bool = True,
    progress: _Progress | Any | None = None,
) -> pathlib.Path: ...
@overload
def upscale(
    image: NDArray[_Scalar],
    scale: float | None = None,
    *,
    output: None = None,
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
    progress: _Progress | Any | None = None,
) -> NDArray[_Scalar]: ...
@overload
def upscale(
    image: PIL.Image.Image,
    scale: float | None = None,
    *,
    output: None = None,
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
    progress: _Progress | Any | None = None,
) -> PIL.Image.Image: ...
@overload
def upscale(
    image: Path,
    scale: float | None = None,
    *,
    output: None = None,
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
    progress: _Progress | Any | None = None,
) -> NDArray[numpy.uint8] | NDArray[numpy.uint16]: ...
@overload
def upscale(
    image: bytes | bytearray | memoryview,
    scale: float | None = None,
    *,
    output: None = None,
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
    format: str | None = None,
    quality: int | None = None,
    dpi: Literal["keep", "scale"] = "keep",
    strip_metadata: bool = False,
    mark: bool = True,
    progress: _Progress | Any | None = None,
) -> bytes: ...
def upscale(
    image: Any,
    scale: float | None = None,
    *,
    output: Path | None = None,
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
    format: str | None = None,
    overwrite: bool = False,
    quality: int | None = None,
    dpi: Literal["keep", "scale"] = "keep",
    strip_metadata: bool = False,
    mark: bool = True,
    progress: _Progress | Any | None = None,
) -> Any:
    """Enlarges an image and gives back what it got.

    ==================  ============================================================
    ``image``           result
    ==================  ============================================================
    Pillow image        Pillow image of the same mode, with profile, EXIF and
                        resolution (palettes become RGB or RGBA)
    NumPy array         array of the same type: ``uint8``, ``uint16``, or ``float32``
                        from 0 to 1; (height, width) grey, or (height, width,
                        channels) with 1 to 4: grey, grey and alpha, RGB, RGBA
    bytes of a file     bytes of a file of the same format (of BMP and GIF, PNG),
                        with its metadata
    path                array, upright, in the file's depth, without its metadata
    any, and            the path ``output`` of the file, which is written whole or not
    ``output``          at all, with the image's metadata
    ==================  ============================================================

    >>> import numpy
    >>> image = numpy.full((8, 8, 3), (250, 120, 0), numpy.uint8)
    >>> casr.upscale(image, 3).shape
    (24, 24, 3)
    >>> casr.upscale(image, size=(20, None)).shape
    (20, 20, 3)

    Args:
        image: The image.
        scale: The factor of both sides, any number from 1 up. 2 if no size is given.
        output: A file to write the result into: .png, .jpg, .webp, .tif or .dzi.
        size: Width and height of the result in pixels; None for one of them that follows.
        look: From 0, ``"faithful"``, the least error, to 1, ``"vivid"``, crisp with textures
            that are invented where the image does not determine them. ``"auto"`` suits the
            factor and the image.
        restore: How much noise and how many traces of JPEG to remove: ``"auto"``, as much as is
            found, or from 0 to 1. If not said, ``"auto"``, and at a factor of 1 none.
        effort: ``"best"`` takes the mean of eight passes, in eight times the time.
        device: ``"auto"``, ``"cpu"``, ``"gpu"`` or ``"gpu:N"`` of :func:`gpus`.
        precision: ``"auto"``, ``"single"`` or ``"half"``.
        weights: A weights file that ``casr-lab train`` wrote.
        exact: Whether smooth tiles, too, are made by the network instead of interpolated.
        max_step: The largest factor of one pass of the network, above 1 and at most 4.
        keep_hidden: Whether colours are enlarged as they are where they are transparent.
        max_pixels: The most pixels a file may have, against decompression bombs.
        page: The page of a TIFF, counted from 1.
        format: The format of bytes or of ``output``, such as ``"png"``, whatever it is called.
        overwrite: Whether ``output`` may replace a file.
        quality: JPEG quality from 1 to 100, 95 if not said; or lossy WebP of that quality.
        dpi: ``"scale"`` lets the resolution grow with the image, so that prints stay as large.
        strip_metadata: Whether what describes the image is left out of a file.
        mark: Whether a file's XMP says that the image was enlarged.
        progress: Called with how much is done and of how much, some twenty times a second, from
            this thread; or a bar of tqdm. An exception that it raises ends the work.

    Raises:
        ValueError: An argument makes no sense, or an array is no image.
        OSError: The system refused to read or write; its ``filename`` says what.
        casr.Error: A file is damaged or of a kind that is not read, or a device failed.
        MemoryError: The result does not fit into memory.
        KeyboardInterrupt: Ctrl-C, within 200 ms.
    """
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
    writing: Writing = {
        "format": format,
        "overwrite": overwrite,
        "quality": quality,
        "dpi": dpi,
        "strip_metadata": strip_metadata,
        "mark": mark,
    }
    call = progress_call(progress)
    if output is not None:
        import pathlib

        source: Any = image
        along = None
        if _images.is_pillow(image):
            image = _images.upright(image)
            along = _images.along_of(image)
            source = _images.pixels_of(image)[1]
        elif _images.is_bytes(image):
            source = bytes(image)
        elif not _images.is_path(image):
            source = _images.array_of(image)
        remarks = _casr.to_file(source, output, settings, writing, page, along, call)
        remark(remarks, os.fspath(output), 2)
        return pathlib.Path(output)
    if _images.is_bytes(image):
        result, remarks = _casr.to_bytes(bytes(image), settings, writing, page, None, call)
        remark(remarks, "the image", 2)
        return result
    if _images.is_path(image):
        array, remarks = _casr.to_array(image, settings, page, call)
        remark(remarks, os.fspath(image), 2)
        return array[..., 0] if array.shape[2] == 1 else array
    if _images.is_pillow(image):
        image, pixels = _images.pixels_of(image)
        array, remarks = _casr.to_array(pixels, settings, None, call)
        remark(remarks, "the image", 2)
        return _images.pillow_of(array, image)
    pixels = _images.array_of(image)
    array, remarks = _casr.to_array(pixels, settings, None, call)
    remark(remarks, "the image", 2)
    return array[..., 0] if pixels.ndim == 2 else array
