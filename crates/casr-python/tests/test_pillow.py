"""Pillow images in and out, with what travels along."""

from __future__ import annotations

import casr
import numpy
import PIL.Image
import PIL.ImageCms
import PIL.ImageOps
import pytest

PROFILE = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16", "I;16B"])
def test_a_mode_stays(mode, photograph, alpha):
    if mode.startswith("I;16"):
        pixels = numpy.asarray(photograph.convert("L")).astype(numpy.uint16) * 257
        data = pixels.astype(">u2" if mode.endswith("B") else "<u2").tobytes()
        image = PIL.Image.frombytes(mode, photograph.size, data)
    else:
        image = photograph.convert(mode.removesuffix("A"))
        if mode.endswith("A"):
            image.putalpha(PIL.Image.fromarray(alpha))
        pixels = numpy.asarray(image)
    result = casr.upscale(image, 2)
    assert (result.mode, result.size) == (mode, (120, 96))
    native = numpy.asarray(result)
    assert numpy.array_equal(native.astype(pixels.dtype), casr.upscale(pixels, 2))


def test_palettes_become_colours(photograph):
    palette = photograph.quantize(16)
    result = casr.upscale(palette, 1.5)
    assert result.mode == "RGB"
    assert numpy.array_equal(result, casr.upscale(palette.convert("RGB"), 1.5))
    palette.info["transparency"] = 3
    result = casr.upscale(palette, 1.5)
    assert result.mode == "RGBA" and "transparency" not in result.info
    assert casr.upscale(photograph.convert("1"), 2).mode == "L"


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "F", "HSV", "LAB", "RGBa"])
def test_other_modes_are_refused(mode):
    with pytest.raises(ValueError, match=mode):
        casr.upscale(PIL.Image.new(mode, (4, 4)))


def test_profile_exif_and_resolution_stay(photograph, tmp_path):
    exif = PIL.Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0xA002] = 60
    exif.get_ifd(0x8769)[0xA003] = 48
    path = tmp_path / "in.jpg"
    photograph.save(path, icc_profile=PROFILE, exif=exif, dpi=(300, 300), quality=95)
    with PIL.Image.open(path) as image:
        result = casr.upscale(image, 2)
    assert result.info["icc_profile"] == PROFILE
    assert result.info["dpi"] == (300, 300)
    kept = result.getexif()
    # Not turned, and still to be turned.
    assert (kept[0x010F], kept[0x0112], result.size) == ("Maker", 6, (120, 96))
    assert kept.get_ifd(0x8769)[0xA002] == 120
    result.save(tmp_path / "out.jpg", exif=result.info["exif"], icc_profile=PROFILE)
    with PIL.Image.open(tmp_path / "out.jpg") as again:
        assert again.getexif()[0x0112] == 6


def test_a_file_has_what_travels_along(photograph, tmp_path):
    exif = PIL.Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6
    photograph.save(tmp_path / "in.jpg", icc_profile=PROFILE, exif=exif, dpi=(300, 300))
    with PIL.Image.open(tmp_path / "in.jpg") as image:
        written = casr.upscale(image, 2, output=tmp_path / "out.png")
        expected = casr.upscale(PIL.ImageOps.exif_transpose(image), 2)
    assert written == tmp_path / "out.png"
    with PIL.Image.open(written) as result:
        # A file's pixels are upright.
        assert result.size == (96, 120)
        assert numpy.array_equal(result, expected)
        assert result.info["icc_profile"] == PROFILE
        assert [round(dpi) for dpi in result.info["dpi"]] == [300, 300]
        kept = result.getexif()
        assert kept[0x010F] == "Maker" and kept.get(0x0112, 1) == 1
        assert b"algorithmicallyEnhanced" in str(result.info.get("XML:com.adobe.xmp")).encode()
