"""A result's tiles as an OME-Zarr (NGFF 0.5, https://ngff.openmicroscopy.org/0.5): the image and
overviews, each half as large as the one before."""

from __future__ import annotations

import glob
import os
import posixpath
import shutil
from typing import TYPE_CHECKING, Any

import casr

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

# The file that makes a folder a Zarr.
MAIN = "zarr.json"

# Overviews end at this side.
_SMALLEST = 256

# What viewers show colours in.
_COLOURS = {1: ["FFFFFF"], 3: ["FF0000", "00FF00", "0000FF"]}


def require() -> None:
    """Checks that there is a library that writes it.

    Raises:
        ImportError: There is none.
    """
    try:
        import zarr
    except ImportError as error:
        raise ImportError("a .zarr needs the package zarr; pip install 'zarr>=3'") from error
    if int(zarr.__version__.split(".")[0]) < 3:
        raise ImportError(
            f"a .zarr needs zarr 3, which is here in version {zarr.__version__}; "
            "pip install 'zarr>=3', which takes Python 3.11"
        )


def join(tiles: str, target: str, *, overwrite: bool) -> None:
    """Writes the tiles of a folder as a Zarr, which appears whole or not at all. Holds two rows of
    tiles in memory."""
    import zarr

    rows = _rows(tiles)
    first = _tile(rows[0][0])
    chunk = first.shape[-2:]
    widths = [casr._casr.probe(_read(path), 1 << 62)[0] for path in rows[0]]
    heights = [casr._casr.probe(_read(row[0]), 1 << 62)[1] for row in rows]
    shape = (*first.shape[:-2], sum(heights), sum(widths))
    part = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.casr-part")
    # What a killed run has left.
    shutil.rmtree(part, ignore_errors=True)
    try:
        group = zarr.create_group(part, zarr_format=3)
        level = _level(group, 0, shape, chunk, first.dtype)
        top = 0
        for row, height in zip(rows, heights, strict=True):
            level[..., top : top + height, :] = _joined(row)
            top += height
        count = 1
        while max(level.shape[-2:]) > _SMALLEST:
            level = _halved(group, count, level, chunk)
            count += 1
        group.attrs["ome"] = _described(count, shape, first.dtype)
        if overwrite and os.path.isdir(target):
            shutil.rmtree(target)
        os.rename(part, target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _rows(folder: str) -> list[list[str]]:
    """Tiles by rows, each from the left."""
    rows: dict[str, list[str]] = {}
    for path in sorted(glob.glob(posixpath.join(glob.escape(folder), "*-*.png"))):
        rows.setdefault(os.path.basename(path).split("-")[0], []).append(path)
    return list(rows.values())


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _tile(path: str) -> NDArray[Any]:
    """A tile's pixels, (height, width) or (channels, height, width)."""
    # At a factor of 1 pixels stay as they are.
    pixels = casr.upscale(path, 1, keep_hidden=True, device="cpu")
    return pixels if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _joined(row: list[str]) -> NDArray[Any]:
    import numpy

    return numpy.concatenate([_tile(path) for path in row], axis=-1)


def _level(
    group: Any, index: int, shape: tuple[int, ...], chunk: tuple[int, ...], dtype: numpy.dtype[Any]
) -> Any:
    return group.create_array(
        str(index),
        shape=shape,
        chunks=(*shape[:-2], *(min(sides) for sides in zip(chunk, shape[-2:], strict=True))),
        dtype=dtype,
        dimension_names=["c", "y", "x"][-len(shape) :],
    )


def _halved(group: Any, index: int, level: Any, chunk: tuple[int, ...]) -> Any:
    """A level of half the sides, rounded up: means of 2×2 pixels, those at an odd edge doubled."""
    height, width = (-(-side // 2) for side in level.shape[-2:])
    half = _level(group, index, (*level.shape[:-2], height, width), chunk, level.dtype)
    for y in range(0, height, chunk[0]):
        for x in range(0, width, chunk[1]):
            below = level[..., 2 * y : 2 * (y + chunk[0]), 2 * x : 2 * (x + chunk[1])]
            half[..., y : y + chunk[0], x : x + chunk[1]] = _mean(below)
    return half


def _mean(pixels: NDArray[Any]) -> NDArray[Any]:
    """Means of 2×2 pixels, half a code value rounded up."""
    import numpy

    odd = [(0, 0)] * (pixels.ndim - 2) + [(0, side % 2) for side in pixels.shape[-2:]]
    wide = numpy.pad(pixels, odd, mode="edge").astype(numpy.uint32)
    total = wide[..., ::2, ::2] + wide[..., 1::2, ::2] + wide[..., ::2, 1::2] + wide[..., 1::2, 1::2]
    return ((total + 2) // 4).astype(pixels.dtype)


def _described(count: int, shape: tuple[int, ...], dtype: numpy.dtype[Any]) -> dict[str, Any]:
    """What NGFF says of the levels."""
    import numpy

    more = [1.0] * (len(shape) - 2)
    datasets = []
    for index in range(count):
        scale = float(1 << index)
        shift = (scale - 1) / 2
        transformations = [
            {"type": "scale", "scale": [*more, scale, scale]},
            {"type": "translation", "translation": [*(0.0 for _ in more), shift, shift]},
        ]
        datasets.append({"path": str(index), "coordinateTransformations": transformations})
    axes = [{"name": "c", "type": "channel"}] if more else []
    axes += [{"name": name, "type": "space"} for name in "yx"]
    multiscale = {"name": "image", "axes": axes, "datasets": datasets, "type": "mean"}
    described: dict[str, Any] = {"version": "0.5", "multiscales": [multiscale]}
    channels = shape[0] if more else 1
    full = int(numpy.iinfo(dtype).max)
    window = {"start": 0, "end": full, "min": 0, "max": full}
    colours = _COLOURS[channels - (channels % 2 == 0)]
    shown = [{"active": True, "color": name, "window": window} for name in colours]
    if channels % 2 == 0:
        shown.append({"active": False, "color": "FFFFFF", "label": "alpha", "window": window})
    described["omero"] = {"channels": shown}
    return described
