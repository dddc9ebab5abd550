"""Kinds of images: what an argument is, and as what the native part takes it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import numpy
    import PIL.Image

# Modes of Pillow that are enlarged as they are, and what others are converted to first.
_MODES = frozenset({"L", "LA", "RGB", "RGBA", "I;16", "I;16L", "I;16B", "I;16N"})
_CONVERTED = {"1": "L", "RGBX": "RGB", "PA": "RGBA"}

_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_EXIF_SIZES = (0xA002, 0xA003)
_SIZES = (0x0100, 0x0101)


def is_path(image: object) -> bool:
    """Whether it names a file."""
    return isinstance(image, (str, os.PathLike))


def is_bytes(image: object) -> bool:
    """Whether it holds a file's content."""
    return isinstance(image, (bytes, bytearray, memoryview))


def is_pillow(image: object) -> bool:
    """Whether it is an image of Pillow, which is not loaded to find out."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(image, module.Image)


def array_of(image: Any) -> numpy.ndarray[Any, Any]:
    """An array without gaps, of a type that the network takes."""
    import numpy

    if not (hasattr(image, "__array__") or hasattr(image, "__array_interface__")):
        raise TypeError(
            f"image: {type(image).__name__} is no image; give a Pillow image, a NumPy array, "
            "bytes of an image file, or a path"
        )
    array = numpy.asarray(image)
    if array.dtype not in (numpy.uint8, numpy.uint16, numpy.float32):
        raise ValueError(
            f"image: arrays of {array.dtype} are not enlarged; give uint8, uint16, or float32 "
            "from 0 to 1"
        )
    # Of this machine's order of bytes, and row by row.
    return numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def pixels_of(image: PIL.Image.Image) -> tuple[PIL.Image.Image, numpy.ndarray[Any, Any]]:
    """A Pillow image in a mode that is enlarged, and its pixels."""
    import numpy

    mode = image.mode
    if mode == "P":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif mode in ("L", "RGB") and "transparency" in image.info:
        image = image.convert("LA" if mode == "L" else "RGBA")
    elif mode in _CONVERTED:
        image = image.convert(_CONVERTED[mode])
    elif mode not in _MODES:
        raise ValueError(
            f"image: Pillow images of mode {mode} are not enlarged; convert it first, "
            "such as by image.convert('RGB')"
        )
    array = numpy.asarray(image)
    return image, numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def pillow_of(
    pixels: numpy.ndarray[Any, Any], source: PIL.Image.Image
) -> PIL.Image.Image:
    """A Pillow image of the same mode, with what travelled along with ``source``."""
    import numpy
    import PIL.Image

    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    mode = source.mode
    if mode.startswith("I;16"):
        order = ">u2" if mode == "I;16B" else "<u2"
        height, width = pixels.shape
        data = pixels.astype(order, copy=False).tobytes()
        result = PIL.Image.frombytes(mode, (width, height), data)
    else:
        result = PIL.Image.fromarray(numpy.ascontiguousarray(pixels))
    result.info = {
        key: value for key, value in source.info.items() if key != "transparency"
    }
    exif = source.getexif()
    if len(exif):
        _resize(exif, *result.size)
        result.info["exif"] = exif.tobytes()
    return result


def _resize(exif: PIL.Image.Exif, width: int, height: int) -> None:
    """Corrects sizes that EXIF holds."""
    for tags in (exif.get_ifd(_EXIF_IFD), exif):
        names = _SIZES if tags is exif else _EXIF_SIZES
        for name, side in zip(names, (width, height), strict=True):
            if name in tags:
                tags[name] = side


def along_of(image: PIL.Image.Image) -> dict[str, Any]:
    """What travels along with an upright image, as the native part takes it."""
    exif = image.getexif()
    dpi = image.info.get("dpi")
    xmp = image.info.get("xmp")
    return {
        "icc": cast("bytes | None", image.info.get("icc_profile")),
        "exif": exif.tobytes().removeprefix(b"Exif\0\0") if len(exif) else None,
        "xmp": xmp.encode() if isinstance(xmp, str) else xmp,
        "dpi": (float(dpi[0]), float(dpi[1])) if dpi else None,
    }


def upright(image: PIL.Image.Image) -> PIL.Image.Image:
    """The image turned as its EXIF says, for a file, whose pixels are upright."""
    if image.getexif().get(_ORIENTATION, 1) == 1:
        return image
    import PIL.ImageOps

    return PIL.ImageOps.exif_transpose(image)
