"""Type stubs agree with the package, and with how it is used."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("mypy")
HERE = pathlib.Path(__file__).parent


def run(*line: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, line)], capture_output=True, text=True, cwd=HERE.parent
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_are_what_there_is():
    run("mypy.stubtest", "casr", "--ignore-missing-stub")


def test_the_package_is_sound():
    run("mypy", "--strict", "--package", "casr")


def test_uses_have_their_types():
    run("mypy", "--strict", HERE / "typed.py")
