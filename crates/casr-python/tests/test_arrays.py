"""Arrays in and out: every type and number of channels, as the program does it."""

from __future__ import annotations

import casr
import numpy
import PIL.Image
import pytest


@pytest.fixture
def enlarged(program, tmp_path):
    """What the program makes of an image, as an array."""

    def enlarge(image: PIL.Image.Image, *options: object) -> numpy.ndarray:
        image.save(tmp_path / "in.png")
        program("upscale", tmp_path / "in.png", "-o", tmp_path / "out.png", *options, "--overwrite")
        with PIL.Image.open(tmp_path / "out.png") as result:
            return numpy.asarray(result)

    return enlarge


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_eight_bits_are_those_of_the_program(mode, photograph, alpha, enlarged):
    image = photograph.convert(mode.removesuffix("A"))
    if mode.endswith("A"):
        image.putalpha(PIL.Image.fromarray(alpha))
    result = casr.upscale(numpy.asarray(image), 2.5)
    assert result.dtype == numpy.uint8
    assert numpy.array_equal(result, enlarged(image, "-s", 2.5))


def test_sixteen_bits_are_those_of_the_program(pixels, enlarged):
    grey = pixels[..., 1].astype(numpy.uint16) * 257 + 3
    result = casr.upscale(grey, 2)
    assert result.dtype == numpy.uint16
    assert numpy.array_equal(result, enlarged(PIL.Image.fromarray(grey), "-s", 2))


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ({"scale": 3, "look": "faithful", "restore": 0}, ["-s", 3, "--look", "faithful", "--restore", 0]),
        ({"look": 0.75}, ["--look", 0.75]),
        ({"size": (100, None)}, ["--width", 100]),
        ({"size": (None, 100)}, ["--height", 100]),
        ({"size": (90, 120)}, ["--size", "90x120"]),
        ({"scale": 1, "restore": 0.5}, ["-s", 1, "--restore", 0.5]),
        ({"scale": 5, "max_step": 1.8, "exact": True}, ["-s", 5, "--max-step", 1.8, "--exact"]),
        ({"effort": "best", "scale": 1.5}, ["--effort", "best", "-s", 1.5]),
    ],
)
def test_arguments_are_the_options_of_the_program(arguments, options, photograph, enlarged):
    result = casr.upscale(numpy.asarray(photograph), **arguments)
    assert numpy.array_equal(result, enlarged(photograph, *options))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_floats_are_those_of_bytes_before_rounding(channels, pixels, alpha):
    rgba = numpy.dstack([pixels, alpha])
    image = {1: rgba[..., :1], 2: rgba[..., [0, 3]], 3: rgba[..., :3], 4: rgba}[channels]
    result = casr.upscale(image.astype(numpy.float32) / numpy.float32(255), 2, keep_hidden=True)
    assert result.dtype == numpy.float32
    assert result.shape == (96, 120, channels)
    assert result.min() >= 0 and result.max() <= 1
    rounded = (result * 255 + 0.5).astype(numpy.uint8)
    assert numpy.array_equal(rounded, casr.upscale(image, 2, keep_hidden=True))


def test_a_factor_of_one_changes_nothing(pixels):
    for image in (pixels, pixels[..., 0], pixels.astype(numpy.float32) / numpy.float32(255)):
        assert numpy.array_equal(casr.upscale(image, 1), image)


def test_memory_may_lie_as_it_likes(pixels):
    expected = casr.upscale(pixels, 1.5)
    assert numpy.array_equal(casr.upscale(numpy.asfortranarray(pixels), 1.5), expected)
    wide = numpy.repeat(pixels, 2, axis=1)[:, ::2]
    assert not wide.flags.c_contiguous
    assert numpy.array_equal(casr.upscale(wide, 1.5), expected)
    deep = pixels.astype(">u2") * 257
    assert numpy.array_equal(casr.upscale(deep, 1.5), casr.upscale(deep.astype("<u2"), 1.5))
    read_only = pixels.copy()
    read_only.flags.writeable = False
    assert numpy.array_equal(casr.upscale(read_only, 1.5), expected)
    assert casr.upscale(pixels, 1.5).flags.writeable


@pytest.mark.parametrize(
    ("image", "arguments", "message"),
    [
        (numpy.zeros((4, 4), numpy.float64), {}, "float64"),
        (numpy.zeros((4, 4), bool), {}, "bool"),
        (numpy.zeros((3, 4, 7), numpy.uint8), {}, "no image"),
        (numpy.zeros(4, numpy.uint8), {}, "no image"),
        (numpy.zeros((0, 4), numpy.uint8), {}, "empty"),
        (numpy.full((4, 4), 1.5, numpy.float32), {}, "1.5"),
        (numpy.full((4, 4), numpy.nan, numpy.float32), {}, "NaN"),
        (numpy.zeros((4, 4), numpy.uint8), {"scale": 0.5}, "0.5"),
        (numpy.zeros((4, 4), numpy.uint8), {"scale": float("nan")}, "NaN"),
        (numpy.zeros((4, 4), numpy.uint8), {"scale": 1e9}, "16777216"),
        (numpy.zeros((4, 4), numpy.uint8), {"size": (2, 2)}, "enlarges"),
        (numpy.zeros((4, 4), numpy.uint8), {"size": (-2, 9)}, "size"),
        (numpy.zeros((4, 4), numpy.uint8), {"size": (None, None)}, "size"),
        (numpy.zeros((4, 4), numpy.uint8), {"size": (9, 9), "scale": 2}, "either"),
        (numpy.zeros((4, 4), numpy.uint8), {"look": "sharp"}, "vivid"),
        (numpy.zeros((4, 4), numpy.uint8), {"look": 1.5}, "look"),
        (numpy.zeros((4, 4), numpy.uint8), {"restore": "much"}, "restore"),
        (numpy.zeros((4, 4), numpy.uint8), {"restore": -1}, "restore"),
        (numpy.zeros((4, 4), numpy.uint8), {"device": "tpu"}, "gpu:1"),
        (numpy.zeros((4, 4), numpy.uint8), {"effort": "worst"}, "best"),
        (numpy.zeros((4, 4), numpy.uint8), {"precision": "double"}, "half"),
        (numpy.zeros((4, 4), numpy.uint8), {"max_step": 9}, "step"),
    ],
)
def test_what_makes_no_sense_is_a_value_error(image, arguments, message):
    with pytest.raises(ValueError, match=message):
        casr.upscale(image, **arguments)


def test_what_is_no_image_is_a_type_error():
    for image in (None, 7, [[1, 2], [3, 4]]):
        with pytest.raises(TypeError, match="no image"):
            casr.upscale(image)


def test_other_arrays_are_taken_as_arrays(pixels):
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return pixels

    assert numpy.array_equal(casr.upscale(Tensor(), 1.5), casr.upscale(pixels, 1.5))
