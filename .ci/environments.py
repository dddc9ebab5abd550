#!/usr/bin/env python3
"""Virtual environments with what tests need of PyPI, in folders below Cargo's target folder.

    python3 .ci/environments.py

makes all of them, so that no test has to wait for its own; tests that find none make it, by `environment`.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()

# Folder and packages. Pinned where a newer one may want other things than those that were looked at.
PACKAGES = {
    "iiif-validators/1": ["iiif-validator==1.0.5"],
    "iiif-validators/2": ["iiif-validator-ng==0.1.0"],
    "schemathesis": ["schemathesis==4.32.5"],
    # Playwright drives the Chromium that is there: it need not be the one it was made for.
    "playwright": ["playwright==1.65.2", "pillow==13.0.0"],
    # Those that read models of `casr export`.
    "engines": ["numpy", "pillow", "onnx", "onnxruntime", "openvino", "ncnn"],
    # What builds the wheel and tests it.
    "python": ["maturin>=1.9,<2", "pytest", "pillow", "tqdm", "dask[array]", "mypy", "pyyaml"],
}

# A server that speaks S3, for the tests of the package's extra `ray`.
S3 = "moto[server]"


class Unavailable(Exception):
    """Why there is no such environment."""


def environment(folder):
    """The interpreter of an environment. Raises `Unavailable`."""
    packages = PACKAGES[folder]
    folder = TARGET / folder
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done, wanted = folder / "done", "\n".join(packages)
    if not done.exists() or done.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        run("no virtual environment (Debian's package python3-venv)", sys.executable, "-m", "venv", folder)
        install(python, *packages)
        done.write_text(wanted)
    return python


def install(python, *packages):
    """Installs packages into an environment. Raises `Unavailable`."""
    options = ("--quiet", "--disable-pip-version-check", "--retries", "1")
    run(f"{' '.join(map(str, packages))} cannot be installed", python, "-m", "pip", "install", *options, *packages)


def with_ray():
    """Adds what the package's extra `ray` brings along to the environment of its tests; there are systems without Ray."""
    try:
        import tomllib
    except ImportError:
        # Before Python 3.11 it comes with the package itself.
        return
    project = tomllib.loads((ROOT / "crates/casr-python/pyproject.toml").read_text())
    install(environment("python"), *project["project"]["optional-dependencies"]["ray"], S3)


def run(trouble, *command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"{trouble}: {(done.stderr.strip() or done.stdout.strip())[-300:]}")


def main():
    for make in [lambda name=name: environment(name) for name in PACKAGES] + [with_ray]:
        try:
            make()
        except Unavailable as why:
            # The test will say it again.
            print(why)


if __name__ == "__main__":
    main()
