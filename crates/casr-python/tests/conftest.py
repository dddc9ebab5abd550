"""What tests share: samples, small, and the program."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy
import PIL.Image
import pytest

SAMPLES = pathlib.Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="session")
def photograph() -> PIL.Image.Image:
    """A small part of a sample, RGB."""
    with PIL.Image.open(SAMPLES / "dog.png") as image:
        return image.convert("RGB").crop((200, 150, 260, 198))


@pytest.fixture(scope="session")
def pixels(photograph: PIL.Image.Image) -> numpy.ndarray:
    """The same as an array, 48 × 60 pixels."""
    return numpy.asarray(photograph)


@pytest.fixture(scope="session")
def alpha() -> numpy.ndarray:
    """Transparency for it: clear at the left, opaque at the right, with a hole."""
    alpha = numpy.tile(numpy.linspace(0, 255, 60), (48, 1)).astype(numpy.uint8)
    alpha[10:20, 30:40] = 0
    return alpha


@pytest.fixture(scope="session")
def program():
    """Runs the program that comes with the package."""

    def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "casr", *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, text=True, timeout=300)
        assert done.returncode == code, done.stderr
        return done

    return run
