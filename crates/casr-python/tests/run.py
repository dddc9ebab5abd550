#!/usr/bin/env python3
"""Builds the wheel, installs it in an environment of its own, and runs the tests there.

    python3 crates/casr-python/tests/run.py [arguments of pytest]

Cargo's target folder is the workspace's; the environment is a folder in it, `python`, which stays for the next time. Where PyPI is not
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
sys.path.insert(0, str(ROOT / ".ci"))
import environments  # noqa: E402
from environments import TARGET  # noqa: E402

CRATE = ROOT / "crates" / "casr-python"

# What a wheel may take, in bytes: the network, the kernels and the program are in it once.
LARGEST_WHEEL = 12_000_000


def skipped(why: str) -> int:
    print(f"skipped: {why}")
    return 1 if "CASR_REQUIRE_PYPI" in os.environ else 0


def main() -> int:
    start = time.monotonic()
    try:
        python = environments.environment("python")
    except environments.Unavailable as why:
        return skipped(str(why))
    print(f"environment: {time.monotonic() - start:.0f} s", flush=True)

    wheels = TARGET / "python" / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    build = [python.with_name("maturin"), "build", "--release", "--locked", "--quiet"]
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
    environments.install(python, "--force-reinstall", "--no-deps", wheel)
    environments.install(python, wheel)
    begun = time.monotonic()
    try:
        environments.install(python, f"{wheel}[ray]", environments.S3)
        print(f"Ray: installed in {time.monotonic() - begun:.0f} s", flush=True)
    except environments.Unavailable as why:
        if skipped(f"casr.ray is not tested: {why}"):
            return 1
    tests = subprocess.run([python, "-m", "pytest", *sys.argv[1:]], cwd=CRATE)
    print(f"all: {time.monotonic() - start:.0f} s")
    return tests.returncode


if __name__ == "__main__":
    sys.exit(main())
