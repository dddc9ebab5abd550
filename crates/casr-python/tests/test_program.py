"""The program that comes with the package, and what importing the package takes."""

from __future__ import annotations

import pathlib
import shutil
import signal
import subprocess
import sys
import sysconfig
import time

import casr
import numpy
import PIL.Image


def test_exit_codes(program, tmp_path):
    assert casr.__version__ in program("--version").stdout
    assert "upscale" in program("--help").stdout
    assert "--look" in program("upscale", "--help").stdout
    program("upscale", code=2)
    program("upscale", tmp_path / "none.png", "-o", tmp_path / "out.png", code=1)


def test_the_console_script_is_there(tmp_path, photograph):
    script = pathlib.Path(sysconfig.get_path("scripts")) / "casr"
    assert script.exists() or shutil.which("casr")
    photograph.save(tmp_path / "a.png")
    with open(tmp_path / "a.png", "rb") as image:
        line = [script, "upscale", "-", "-o", "-", "-s", "2"]
        done = subprocess.run(line, stdin=image, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == casr.upscale((tmp_path / "a.png").read_bytes(), 2)


def test_ctrl_c_is_the_programs(tmp_path):
    image = numpy.random.default_rng(3).integers(0, 255, (900, 900, 3), numpy.uint8)
    PIL.Image.fromarray(image).save(tmp_path / "a.png")
    line = [sys.executable, "-m", "casr", "upscale", tmp_path / "a.png", "-s", "8", "-o", tmp_path / "b.png"]
    running = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    running.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".png"] == ["a.png"]


def test_importing_takes_next_to_nothing():
    script = """
import sys, time
start = time.process_time()
import casr
print(time.process_time() - start)
print([name for name in ("numpy", "PIL", "dask") if name in sys.modules])
"""
    runs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    taken, loaded = zip(*(run.stdout.splitlines() for run in runs))
    assert min(map(float, taken)) < 0.1
    assert set(loaded) == {"[]"}
