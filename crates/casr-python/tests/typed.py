"""What types say of the package: checked by mypy, never run."""

import pathlib
from typing import Any, assert_type

import casr
import numpy
import PIL.Image
from numpy.typing import NDArray

bytes_: NDArray[numpy.uint8] = numpy.zeros((4, 4), numpy.uint8)
floats: NDArray[numpy.float32] = numpy.zeros((4, 4, 3), numpy.float32)
image = PIL.Image.new("RGB", (4, 4))

assert_type(casr.upscale(bytes_, 2), NDArray[numpy.uint8])
assert_type(casr.upscale(floats, size=(9, None)), NDArray[numpy.float32])
assert_type(casr.upscale(image, look="vivid"), PIL.Image.Image)
assert_type(casr.upscale(b"", look=0.5), bytes)
assert_type(casr.upscale("a.png"), NDArray[numpy.uint8] | NDArray[numpy.uint16])
assert_type(casr.upscale("a.png", output="b.png"), pathlib.Path)
assert_type(casr.upscale(bytes_, output=pathlib.Path("b.png"), overwrite=True), pathlib.Path)
casr.upscale(bytes_, progress=lambda done, total: None)
casr.upscale(bytes_, look="sharp")  # type: ignore[call-overload]
casr.upscale(image, overwrite=True)  # type: ignore[call-overload]

pyramid = casr.Pyramid(bytes_, scale=64, cache=0)
assert_type(pyramid.levels, tuple[casr.Level, ...])
assert_type(pyramid.levels[-1].shape, tuple[int, ...])
assert_type(pyramid.region(-1, 0, 0, 4, 4), NDArray[Any])
assert_type(numpy.asarray(pyramid.levels[-1]), NDArray[Any])
assert_type(casr.gpus()[0].name, str)
