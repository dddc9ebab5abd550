"""Makes the JPEG files of this folder and references.txt: what libjpeg-turbo's djpeg makes of each.

Wants cjpeg and djpeg (Debian: libjpeg-turbo-progs), and Pillow, numpy and imagecodecs. Run it in this folder.
A line of references.txt: the file, columns, rows, samples a pixel, and the CRC-32 of djpeg's pixels.
"""

import io
import pathlib
import subprocess
import zlib

import imagecodecs
import numpy
from PIL import Image

HERE = pathlib.Path(__file__).parent


def picture(width, height):
    """Slopes, edges and noise, so that upsampling and every frequency count."""
    y, x = numpy.mgrid[:height, :width]
    noise = numpy.random.default_rng(width * 1000 + height).integers(0, 40, (height, width, 3))
    slopes = numpy.stack([x * 9 % 256, (x + y) * 5 % 256, 255 - y * 7 % 256], -1)
    square = ((x // 6 + y // 5) % 2 * 60)[..., None]
    return numpy.clip(slopes * 0.7 + square + noise - 20, 0, 255).astype(numpy.uint8)


def ppm(pixels):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PPM")
    return out.getvalue()


SCRIPTS = {
    "single": None,
    "each": "0;1;2;",
    "pair": "0;1,2;",
    "backwards": "2;1;0;",
    "progressive": "",
    "spectral": "0,1,2:0-0,0,0;0:1-5,0,0;2:1-63,0,0;1:1-63,0,0;0:6-63,0,0;",
    "refined": "0:0-0,0,2;1,2:0-0,0,1;0:1-63,0,3;2:1-63,0,1;0:1-63,3,2;0:1-63,2,1;1:1-20,0,0;1:21-63,0,0;"
    "0:0-0,2,1;0,1,2:0-0,1,0;0:1-63,1,0;2:1-63,1,0;"
}


def cjpeg(name, size, sampling="2x2", script="single", extra=()):
    arguments = ["cjpeg", "-quality", "88", "-sample", sampling, *extra]
    if script == "progressive":
        arguments.append("-progressive")
    elif SCRIPTS[script] is not None:
        path = HERE / "script"
        path.write_text(SCRIPTS[script].replace(";", ";\n"))
        arguments += ["-scans", str(path)]
    data = subprocess.run(arguments, input=ppm(picture(*size)), capture_output=True, check=True).stdout
    (HERE / name).write_bytes(data)
    (HERE / "script").unlink(missing_ok=True)


def adobe(data, transform):
    """The file with an Adobe segment behind its start."""
    segment = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])
    return data[:2] + segment + data[2:]


def without(data, marker):
    """The file without its segments of a marker."""
    at, kept = 2, data[:2]
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] != marker:
            kept += data[at:end]
        at = end
    return kept + data[at:]


def make():
    for old in HERE.glob("*.jpg"):
        old.unlink()
    samplings = ["1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "3x1", "4x2", "1x1,2x2,2x2", "1x1,2x1,1x2", "2x2,2x1,1x2", "1x2,2x1,1x1"]
    for sampling in samplings:
        label = sampling.replace(",", "-")
        for script in ["single", "each", "progressive"]:
            cjpeg(f"sample-{label}-{script}.jpg", (35, 27), sampling, script)
    for script in SCRIPTS:
        cjpeg(f"script-{script}.jpg", (23, 41), "2x2", script)
        cjpeg(f"script-{script}-restart.jpg", (23, 41), "2x1", script, ["-restart", "2B"])
    for size in [(1, 1), (2, 3), (3, 2), (5, 7), (7, 5), (8, 8), (9, 1), (1, 9), (16, 16), (17, 33)]:
        for sampling in ["1x1", "2x1", "1x2", "2x2", "4x1"]:
            cjpeg(f"size-{size[0]}x{size[1]}-{sampling}.jpg", size, sampling)
        cjpeg(f"size-{size[0]}x{size[1]}-progressive.jpg", size, "2x2", "progressive")
    cjpeg("restart-row.jpg", (50, 40), "2x2", "single", ["-restart", "1"])
    cjpeg("quality-5.jpg", (40, 30), "2x2", "single", ["-quality", "5"])
    cjpeg("quality-100.jpg", (40, 30), "1x1", "single", ["-quality", "100", "-optimize"])
    for script in ["single", "progressive"]:
        extra = ["-grayscale"]
        cjpeg(f"grey-{script}.jpg", (19, 21), "1x1", script, extra)
        cjpeg(f"grey-2x2-{script}.jpg", (19, 21), "2x2", script, extra)
        cjpeg(f"rgb-{script}.jpg", (19, 21), "1x1", script, ["-rgb"])
    plain = without((HERE / "sample-2x2-single.jpg").read_bytes(), 0xE0)
    whole = (HERE / "sample-2x2-single.jpg").read_bytes()
    made = {
        "adobe-0.jpg": adobe(plain, 0),
        "adobe-1.jpg": adobe(plain, 1),
        "adobe-0-jfif.jpg": adobe(whole, 0),
        "no-jfif.jpg": plain,
    }
    rgba = numpy.concatenate([picture(21, 19), picture(19, 21).transpose(1, 0, 2)[..., :1] // 2], -1)
    for name, out in [("cmyk", "cmyk"), ("ycck", "ycck")]:
        data = imagecodecs.jpeg8_encode(rgba, level=90, colorspace="cmyk", outcolorspace=out)
        made[f"{name}.jpg"] = data
        made[f"{name}-no-adobe.jpg"] = without(data, 0xEE)
    for name, data in made.items():
        (HERE / name).write_bytes(data)
    # What is refused by name.
    cjpeg("refused-arithmetic.jpg", (19, 21), "2x2", "single", ["-arithmetic"])
    deep = picture(19, 21).astype(numpy.uint16) * 16
    (HERE / "refused-twelve.jpg").write_bytes(imagecodecs.jpeg_encode(deep, level=90, bitspersample=12))
    (HERE / "refused-lossless.jpg").write_bytes(imagecodecs.ljpeg_encode(picture(19, 21)[..., 0]))
    lines = []
    for path in sorted(HERE.glob("*.jpg")):
        if path.name.startswith("refused"):
            continue
        done = subprocess.run(["djpeg", "-dct", "int", str(path)], capture_output=True)
        if done.returncode:
            print(path.name, done.stderr.decode().strip())
            continue
        image = Image.open(io.BytesIO(done.stdout))
        pixels = image.tobytes()
        lines.append(f"{path.name} {image.width} {image.height} {len(image.mode) if image.mode != 'L' else 1} {zlib.crc32(pixels):08x}")
    (HERE / "references.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    make()
