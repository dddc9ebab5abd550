"""Bytes and files in and out: whole or not at all, metadata kept, errors with the file's name."""

from __future__ import annotations

import errno
import io
import os
import pathlib
import subprocess
import sys
import warnings

import casr
import numpy
import PIL.Image
import pytest


def encoded(image: PIL.Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_bytes_are_those_of_the_program(format, photograph, program, tmp_path):
    data = encoded(photograph, format, dpi=(200, 200))
    extension = {"JPEG": "jpg", "TIFF": "tif"}.get(format, format.lower())
    path, output = tmp_path / f"in.{extension}", tmp_path / f"out.{extension}"
    path.write_bytes(data)
    program("upscale", path, "-s", 2, "-o", output)
    expected = output.read_bytes()
    assert casr.upscale(data, 2) == expected
    assert casr.upscale(bytearray(data), 2) == expected
    assert casr.upscale(memoryview(data), 2) == expected
    written = casr.upscale(path, 2, output=str(tmp_path / f"own.{extension}"))
    assert isinstance(written, pathlib.Path)
    assert written.read_bytes() == expected
    assert casr.upscale(data, 2, output=tmp_path / f"b.{extension}").read_bytes() == expected


def test_bytes_of_other_formats(photograph):
    assert casr.upscale(encoded(photograph, "BMP"), 1.5).startswith(b"\x89PNG")
    assert casr.upscale(encoded(photograph, "PNG"), 1.5, format="jpeg").startswith(b"\xff\xd8")
    small = casr.upscale(encoded(photograph, "JPEG"), 1.5, quality=30, mark=False)
    assert len(small) < len(casr.upscale(encoded(photograph, "JPEG"), 1.5, mark=False)) / 2


def test_a_path_gives_an_array_in_its_depth(photograph, pixels, tmp_path):
    photograph.save(tmp_path / "a.png")
    result = casr.upscale(tmp_path / "a.png", 2)
    assert numpy.array_equal(result, casr.upscale(pixels, 2))
    deep = pixels[..., 0].astype(numpy.uint16) * 250
    PIL.Image.fromarray(deep).save(tmp_path / "b.png")
    result = casr.upscale(str(tmp_path / "b.png"), 2)
    assert result.dtype == numpy.uint16 and result.shape == (96, 120)
    assert numpy.array_equal(result, casr.upscale(deep, 2))


def test_arrays_are_written(pixels, tmp_path):
    for name in ("a.png", "a.tif"):
        with PIL.Image.open(casr.upscale(pixels, 2, output=tmp_path / name)) as image:
            assert numpy.array_equal(image, casr.upscale(pixels, 2))


def test_metadata_and_its_settings(photograph, tmp_path):
    exif = PIL.Image.Exif()
    exif[0x010F] = "Maker"
    data = encoded(photograph, "JPEG", exif=exif, dpi=(100, 100), comment=b"note")

    def read(result: bytes) -> PIL.Image.Image:
        return PIL.Image.open(io.BytesIO(result))

    kept = read(casr.upscale(data, 2))
    assert kept.getexif()[0x010F] == "Maker"
    assert kept.info["comment"] == b"note" and kept.info["dpi"] == (100, 100)
    assert b"algorithmicallyEnhanced" in kept.info["xmp"]
    assert read(casr.upscale(data, 2, dpi="scale")).info["dpi"] == (200, 200)
    assert not read(casr.upscale(data, 2, strip_metadata=True)).getexif()
    assert "xmp" not in read(casr.upscale(data, 2, mark=False)).info


def test_remarks_are_warnings_at_the_callers_line(photograph, tmp_path):
    frames = encoded(photograph, "GIF", save_all=True, append_images=[photograph.rotate(9)])
    with pytest.warns(casr.Remark, match="first frame") as caught:
        casr.upscale(frames, 1.5)
    assert caught[0].filename == __file__
    (tmp_path / "a.gif").write_bytes(frames)
    with pytest.warns(casr.Remark, match="a.gif: only the first"):
        casr.upscale(tmp_path / "a.gif", 1.5)
    with pytest.warns(casr.Remark, match="first frame") as caught:
        casr.Pyramid(frames, 1.5)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        casr.upscale(encoded(photograph, "PNG"), 1.5)


def test_pages(photograph, tmp_path):
    pages = encoded(photograph, "TIFF", save_all=True, append_images=[photograph.rotate(180)])
    second = casr.upscale(numpy.asarray(photograph.rotate(180)), 1.5)
    result = casr.upscale(pages, 1.5, page=2, format="png")
    assert numpy.array_equal(PIL.Image.open(io.BytesIO(result)), second)
    for page in (0, 3):
        with pytest.raises(ValueError, match="from 1 to 2"):
            casr.upscale(pages, 1.5, page=page)


def test_system_errors_have_the_files_name(photograph, tmp_path):
    missing = tmp_path / "none.png"
    for call in (casr.upscale, casr.Pyramid):
        with pytest.raises(FileNotFoundError) as caught:
            call(missing)
        assert caught.value.filename == str(missing)
        assert caught.value.errno == errno.ENOENT
    with pytest.raises(IsADirectoryError) as folder:
        casr.upscale(tmp_path)
    assert folder.value.filename == str(tmp_path)
    there = tmp_path / "there.png"
    there.write_bytes(b"mine")
    with pytest.raises(FileExistsError) as exists:
        casr.upscale(photograph, output=there)
    assert exists.value.filename == str(there)
    assert there.read_bytes() == b"mine"
    assert casr.upscale(photograph, 1.5, output=there, overwrite=True) == there
    assert PIL.Image.open(there).size == (90, 72)
    with pytest.raises(FileNotFoundError):
        casr.upscale(photograph, output=tmp_path / "no folder" / "a.png")
    if os.geteuid() != 0:
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(PermissionError):
            casr.upscale(photograph, output=tmp_path / "closed" / "a.png")


def test_bad_files_are_errors_with_their_name(photograph, tmp_path):
    data = encoded(photograph, "PNG")
    for name, content in {"cut.png": data[:-40], "text.png": b"no image", "empty.png": b""}.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(casr.Error, match=name) as caught:
            casr.upscale(path, output=tmp_path / "out.png")
        assert caught.value.filename == str(path)
        with pytest.raises(casr.Error, match="the image"):
            casr.upscale(content)
    assert not (tmp_path / "out.png").exists()
    with pytest.raises(casr.Error, match="more than the 100 allowed"):
        casr.upscale(data, max_pixels=100)


def test_outputs_are_judged_before_the_work(photograph, tmp_path):
    with pytest.raises(ValueError, match="out.xyz"):
        casr.upscale(photograph, output=tmp_path / "out.xyz")
    with pytest.raises(ValueError, match="quality"):
        casr.upscale(photograph, output=tmp_path / "out.jpg", quality=0)
    with pytest.raises(ValueError, match="16383"):
        casr.upscale(photograph, 400, output=tmp_path / "out.webp")
    with pytest.raises(ValueError, match="format"):
        casr.upscale(photograph, output=tmp_path / "out", format="bmp")
    with pytest.raises(ValueError, match="dpi"):
        casr.upscale(photograph, output=tmp_path / "out.png", dpi="half")
    clear = photograph.copy()
    clear.putalpha(128)
    with pytest.raises(ValueError, match="transparency"):
        casr.upscale(clear, output=tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []


def test_weights(tmp_path, pixels):
    with pytest.raises(casr.Error, match="none.safetensors"):
        casr.upscale(pixels, weights=tmp_path / "none.safetensors")


def test_a_gpu_that_is_not_there_is_an_error(pixels):
    with pytest.raises(casr.Error, match="gpu:99"):
        casr.upscale(pixels, device="gpu:99")


def test_nothing_is_left_when_python_ends_in_the_middle(tmp_path):
    script = """
import sys, threading, time, casr, numpy
image = numpy.random.default_rng(1).integers(0, 255, (700, 700, 3), numpy.uint8)
seen = threading.Event()
def work():
    casr.upscale(image, 4, output=sys.argv[1], progress=lambda done, total: seen.set())
threading.Thread(target=work, daemon=True).start()
assert seen.wait(60)
import os
assert os.listdir(os.path.dirname(sys.argv[1])), "nothing is being written"
"""
    line = [sys.executable, "-c", script, tmp_path / "out.png"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
