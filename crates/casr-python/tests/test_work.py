"""How work goes on: without Python's lock, with progress, and until Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import casr
import numpy
import pytest

# Work of some ten seconds.
LARGE = numpy.random.default_rng(3).integers(0, 255, (900, 900, 3), numpy.uint8)

INTERRUPTED = """
import signal, sys, threading, time, os
import casr, numpy
image = numpy.random.default_rng(3).integers(0, 255, (900, 900, 3), numpy.uint8)
sent = []
def interrupt():
    time.sleep(1)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    {work}
except KeyboardInterrupt:
    print(time.monotonic() - sent[0])
else:
    sys.exit("not interrupted")
"""


@pytest.mark.parametrize(
    "work",
    [
        "casr.upscale(image, 4)",
        "casr.Pyramid(image, 8).levels[-1][:5000, :5000]",
        "casr.upscale(image, 4, output=sys.argv[1])",
    ],
)
def test_ctrl_c_stops_within_a_fifth_of_a_second(work, tmp_path):
    line = [sys.executable, "-c", INTERRUPTED.format(work=work), tmp_path / "out.png"]
    start = time.monotonic()
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.2
    assert time.monotonic() - start < 30
    assert list(tmp_path.iterdir()) == []


def test_a_signal_handler_may_go_on(pixels):
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
    try:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        casr.upscale(LARGE[:500, :500], 2)
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == [1]


def test_other_threads_go_on():
    counted = 0
    done = threading.Event()

    def count() -> None:
        nonlocal counted
        while not done.is_set():
            counted += 1
            time.sleep(0.005)

    thread = threading.Thread(target=count)
    thread.start()
    start = time.monotonic()
    casr.upscale(LARGE[:400, :400], 2)
    taken = time.monotonic() - start
    done.set()
    thread.join()
    assert counted > 0.2 * taken / 0.005


def test_progress_goes_up_to_all():
    seen = []
    here = threading.get_ident()

    def progress(done: int, total: int) -> None:
        assert threading.get_ident() == here
        seen.append((done, total))

    rgba = numpy.dstack([LARGE[:200, :200], LARGE[:200, :200, 0]])
    casr.upscale(rgba, 2.5, progress=progress)
    assert len(seen) > 1
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len({total for _, total in seen}) == 1 and seen[-1][0] == seen[-1][1]


def test_tqdm_fits():
    tqdm = pytest.importorskip("tqdm")
    with tqdm.tqdm(file=open(os.devnull, "w")) as bar:
        casr.upscale(LARGE[:200, :200], 2, progress=bar)
        assert bar.n == bar.total > 0
    with pytest.raises(TypeError, match="progress"):
        casr.upscale(LARGE[:9, :9], progress=7)


def test_an_exception_of_progress_ends_the_work(tmp_path):
    def progress(done: int, total: int) -> None:
        raise RuntimeError("enough")

    start = time.monotonic()
    with pytest.raises(RuntimeError, match="enough"):
        casr.upscale(LARGE, 4, progress=progress)
    assert time.monotonic() - start < 5
    with pytest.raises(RuntimeError, match="enough"):
        casr.upscale(LARGE, 4, output=tmp_path / "out.png", progress=progress)
    deadline = time.monotonic() + 30
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(tmp_path.iterdir()) == []


def use(image: numpy.ndarray) -> str:
    try:
        return str(casr.upscale(image, 2).shape)
    except casr.Error as error:
        return str(error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_says_what_to_do(pixels):
    casr.upscale(pixels, 1.5)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert "spawn" in pool.apply_async(use, (pixels,)).get(60)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply_async(use, (pixels,)).get(60) == "(96, 120, 3)"


def test_threads_are_chosen_before_the_work():
    script = """
import casr, numpy, os
casr.set_threads(1)
image = numpy.zeros((64, 64, 3), numpy.uint8)
casr.upscale(image)
try:
    casr.set_threads(2)
except casr.Error as error:
    print(error)
try:
    casr.set_threads(0)
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "before the first image" in done.stdout and "1 to 1024" in done.stdout
