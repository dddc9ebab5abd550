"""Makes the TIFF files of this folder with libtiff's tiffcp (Debian: libtiff-tools), numpy, Pillow, tifffile and imagecodecs. Run it anywhere.

Of every kind there are two: bits with the highest first, and the same with the lowest first (FillOrder 2). And files of
JPEG streams; references.txt holds a line for each: the file, and the CRC-32 of what libtiff makes of it (by Pillow).
"""

import pathlib
import subprocess
import zlib

import numpy
import tifffile
from PIL import Image

HERE = pathlib.Path(__file__).parent

y, x = numpy.mgrid[:21, :37]
kinds = {
    "bilevel": (numpy.hypot(x - 17, y - 9) % 7 > 3, ["none", "g4", "g3", "lzw", "zip", "packbits"]),
    "grey": (((x * 9 + y * 5) % 256).astype(numpy.uint8), ["none", "lzw", "zip:2"]),
}
for kind, (pixels, codings) in kinds.items():
    source = HERE / "source.tif"
    tifffile.imwrite(source, pixels, photometric="minisblack")
    for coding in codings:
        for order in ["msb2lsb", "lsb2msb"]:
            name = HERE / f"{kind}-{coding.replace(':', '')}-{order[:3]}.tif"
            subprocess.run(["tiffcp", "-r", "8", "-c", coding, "-f", order, source, name], check=True)
    source.unlink()

tiles = ["tiffcp", "-t", "-w", "16", "-l", "16"]
tifffile.imwrite(source, kinds["grey"][0], photometric="minisblack")
subprocess.run([*tiles, "-c", "lzw:2", source, HERE / "tiles-lzw.tif"], check=True)
colours = numpy.stack([x * 9 + y * 5, x * 5 + y * 9, x + y], -1) % 256
tifffile.imwrite(source, colours.astype(numpy.uint8), photometric="rgb")
subprocess.run([*tiles, "-c", "zip", "-p", "separate", source, HERE / "tiles-planes.tif"], check=True)
source.unlink()

rgb = numpy.stack([x * 6 / 255, y * 11 / 255, (x + y) * 4 / 255], -1)
for bits in [16, 32, 64]:
    tifffile.imwrite(
        HERE / f"float-{bits}.tif", rgb.astype(f"float{bits}"), photometric="rgb", compression="zlib",
        predictor=3, rowsperstrip=8,
    )

noise = numpy.random.default_rng(3).integers(0, 30, (45, 53, 3))
y, x = numpy.mgrid[:45, :53]
photo = (numpy.stack([x * 4, y * 5, (x + y) * 2], -1) * 0.9 + noise).astype(numpy.uint8)
Image.fromarray(photo).save(HERE / "jpeg-rgb.tif", compression="jpeg", quality=85)
kinds = {
    "tall-tile": (photo[..., 1], {"photometric": "minisblack", "tile": (64, 64)}),
    "rgb-tiles": (photo, {"photometric": "rgb", "tile": (16, 32)}),
    "ycbcr-strips": (photo, {"photometric": "ycbcr", "rowsperstrip": 16}),
    "grey": (photo[..., 1], {"photometric": "minisblack", "rowsperstrip": 8}),
    "inverted": (photo[..., 1], {"photometric": "miniswhite", "rowsperstrip": 45}),
    "planes": (photo.transpose(2, 0, 1).copy(), {"photometric": "rgb", "planarconfig": "separate", "rowsperstrip": 16}),
}
for kind, (pixels, options) in kinds.items():
    tifffile.imwrite(HERE / f"jpeg-{kind}.tif", pixels, compression="jpeg", compressionargs={"level": 85}, **options)
lines = []
for path in sorted(HERE.glob("jpeg-*.tif")):
    image = Image.open(path)
    lines.append(f"{path.name} {zlib.crc32(image.tobytes()):08x}")
(HERE / "references.txt").write_text("\n".join(lines) + "\n")
