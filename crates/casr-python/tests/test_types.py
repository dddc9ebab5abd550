"""Type stubs agree with the package, and with how it is used."""

from __future__ import annotations

import importlib.util
import pathlib
import subprocess
import sys
import tempfile

import pytest

pytest.importorskip("mypy")
HERE = pathlib.Path(__file__).parent

# Which packages have no types.
SETTINGS = HERE.parent / "pyproject.toml"

# A union of names has no form at run time that stubtest knows.
ALLOWED = r"casr\._settings\.Name"


def run(*line: object) -> None:
    # Outside of the repository, where mypy would find sources, and would leave its cache.
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", *map(str, line)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


# What casr.ray is written on has types as well.
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed"
)


@needs_ray
def test_stubs_are_what_there_is(tmp_path):
    (tmp_path / "allowed").write_text(ALLOWED)
    settings = ("--mypy-config-file", SETTINGS)
    run("mypy.stubtest", "casr", "--allowlist", tmp_path / "allowed", *settings)


def test_the_package_and_its_uses_are_sound():
    run("mypy", "--strict", "--config-file", SETTINGS, "--package", "casr")
    run("mypy", "--strict", "--config-file", SETTINGS, HERE / "typed.py")
