"""Makes the TIFF files of this folder with libtiff's tiffcp (Debian: libtiff-tools), numpy and tifffile. Run it anywhere.

Of every kind there are two: bits with the highest first, and the same with the lowest first (FillOrder 2).
"""

import pathlib
import subprocess

import numpy
import tifffile

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

rgb = numpy.stack([x * 6 / 255, y * 11 / 255, (x + y) * 4 / 255], -1)
for bits in [16, 32, 64]:
    tifffile.imwrite(
        HERE / f"float-{bits}.tif", rgb.astype(f"float{bits}"), photometric="rgb", compression="zlib",
        predictor=3, rowsperstrip=8,
    )
