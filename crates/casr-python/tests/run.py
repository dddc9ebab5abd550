#!/usr/bin/env python3
"""Builds the wheel, installs it in a fresh environment, and runs the tests there.

    python3 crates/casr-python/tests/run.py [--keep] [arguments of pytest]

Cargo's target folder is the workspace's; the environment is a folder in it, `python`. Where PyPI is not
reached, nothing is done, and that is said; CASR_REQUIRE_PYPI makes it a failure.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
CRATE = ROOT / "crates" / "casr-python"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
FOLDER = TARGET / "python"

# What a wheel may take, in bytes: the network, the kernels and the program are in it once.
LARGEST_WHEEL = 12_000_000

BUILD = ["maturin>=1.9,<2"]
TESTS = ["pytest", "pillow", "tqdm", "dask[array]", "mypy"]
# Beside what the package's extra `ray` brings along; there are systems without Ray.
CLUSTER = ["moto[server]"]


def skipped(why: str) -> int:
    print(f"skipped: {why}")
    return 1 if "CASR_REQUIRE_PYPI" in os.environ else 0


def main() -> int:
    start = time.monotonic()
    keep = "--keep" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--keep"]
    if not keep or not FOLDER.exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", FOLDER], capture_output=True, text=True)
        if made.returncode != 0:
            return skipped(f"{sys.executable} -m venv fails; on Debian, install python3-venv")
    binaries = FOLDER / ("Scripts" if os.name == "nt" else "bin")
    python = binaries / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    install = [*pip, "install", "--retries", "1", *BUILD, *TESTS]
    installed = subprocess.run(install, capture_output=True, text=True)
    if installed.returncode != 0:
        said = installed.stderr.strip().splitlines()[-1:]
        return skipped(f"pip installs nothing here ({' '.join(said)})")
    print(f"environment: {time.monotonic() - start:.0f} s", flush=True)

    wheels = FOLDER / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    build = [binaries / "maturin", "build", "--release", "--locked", "--quiet"]
    build += ["--manifest-path", CRATE / "Cargo.toml", "--out", wheels, "--interpreter", python]
    subprocess.run(build, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)})
    (wheel,) = wheels.glob("casr-*.whl")
    size = wheel.stat().st_size
    print(f"wheel: {wheel.name}, {size:,} bytes, after {time.monotonic() - start:.0f} s", flush=True)
    if size > LARGEST_WHEEL:
        print(f"the wheel is larger than {LARGEST_WHEEL:,} bytes")
        return 1
    with zipfile.ZipFile(wheel) as content:
        names = content.namelist()
    for wanted in ("casr/py.typed", "casr/_casr.pyi", "casr/__main__.py"):
        if wanted not in names:
            print(f"the wheel lacks {wanted}")
            return 1
    subprocess.run([*pip, "install", "--force-reinstall", "--no-deps", wheel], check=True)
    subprocess.run([*pip, "install", wheel], check=True)
    begun = time.monotonic()
    cluster = [*pip, "install", f"{wheel}[ray]", *CLUSTER]
    installed = subprocess.run(cluster, capture_output=True, text=True)
    if installed.returncode == 0:
        print(f"Ray: installed in {time.monotonic() - begun:.0f} s", flush=True)
    else:
        said = installed.stderr.strip().splitlines()[-1:]
        if skipped(f"pip does not install Ray here ({' '.join(said)}), so casr.ray is not tested"):
            return 1
    tests = subprocess.run([python, "-m", "pytest", *arguments], cwd=CRATE)
    print(f"all: {time.monotonic() - start:.0f} s")
    return tests.returncode


if __name__ == "__main__":
    sys.exit(main())
