#!/usr/bin/env python3
"""What the Python package adds to the program: `casr.upscale` on an array beside `casr upscale`, and importing.

    target/python/bin/python bench/python.py [--rounds 5] [--image samples/dog.png] [--scale 3]

Run it in an environment with the package and Pillow, such as the one that crates/casr-python/tests/run.py makes. Both sides
are processes of their own, run in turn. The program writes an uncompressed TIFF, and the same at factor 1, which only reads and
writes, is taken off: what remains is its time without files. Prints medians in seconds.
"""

from __future__ import annotations

import argparse
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ARRAY = """
import resource, sys, time, numpy, PIL.Image, casr
pixels = numpy.asarray(PIL.Image.open(sys.argv[1]).convert("RGB"))
start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
result = casr.upscale(pixels, float(sys.argv[2]), device="cpu")
after = resource.getrusage(resource.RUSAGE_SELF)
work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(time.perf_counter() - start, work)
"""

IMPORT = """
import time
start = time.perf_counter()
import casr
print(time.perf_counter() - start)
"""


def python(script: str, *arguments: object) -> list[float]:
    line = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


def program(image: pathlib.Path, scale: float, folder: pathlib.Path) -> list[float]:
    line = [sys.executable, "-m", "casr", "upscale", image, "-s", str(scale), "--device", "cpu"]
    line += ["-o", folder / "out.tif", "--tiff-compression", "none", "--overwrite", "--quiet"]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [time.perf_counter() - start, work]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--image", type=pathlib.Path, default=pathlib.Path("samples/dog.png"))
    parser.add_argument("--scale", type=float, default=3)
    options = parser.parse_args()
    array, whole, files, imports = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for _ in range(options.rounds):
            array.append(python(ARRAY, options.image, options.scale))
            whole.append(program(options.image, options.scale, folder))
            files.append(program(options.image, 1, folder))
            imports.append(python(IMPORT))
    for index, what in enumerate(["wall", "processor"]):
        own, all_, rest = (
            statistics.median(run[index] for run in runs) for runs in (array, whole, files)
        )
        print(f"{what}: array {own:.3f}, program without files {all_ - rest:.3f}, ratio {own / (all_ - rest):.3f}")
    print(f"import: {statistics.median(run[0] for run in imports):.3f}")


if __name__ == "__main__":
    main()
