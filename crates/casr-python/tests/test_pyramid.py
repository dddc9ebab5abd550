"""The pyramid: windows that are parts of the whole, read like arrays."""

from __future__ import annotations

import io
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import casr
import numpy
import PIL.Image
import pytest


@pytest.fixture(scope="module")
def scan(photograph) -> numpy.ndarray:
    """160 × 200 pixels, of which ×5 takes several tiles."""
    return numpy.asarray(photograph.resize((200, 160)))


@pytest.fixture(scope="module")
def whole(scan) -> numpy.ndarray:
    return casr.upscale(scan, 5)


@pytest.fixture(scope="module")
def level(scan) -> casr.Level:
    return casr.Pyramid(scan, scale=5).levels[-1]


def test_levels_say_what_they_are(scan):
    pyramid = casr.Pyramid(scan, 5)
    assert pyramid.levels[0].shape == (160, 200, 3)
    assert pyramid.shape == pyramid.levels[-1].shape == (800, 1000, 3)
    assert pyramid.dtype == pyramid.levels[0].dtype == numpy.uint8
    assert [level.ndim for level in pyramid.levels] == [3] * len(pyramid.levels)
    assert len(pyramid.levels[-1]) == 800 and pyramid.levels[-1].size == 2_400_000
    assert numpy.array_equal(pyramid.levels[0], scan)
    assert "(800, 1000, 3)" in repr(pyramid) and "(800, 1000, 3)" in repr(pyramid.levels[-1])


KEYS = [
    numpy.s_[300:340, 500:560],
    numpy.s_[300:340, 500:560, 1],
    numpy.s_[799, 999],
    numpy.s_[-1, -7:],
    numpy.s_[10],
    numpy.s_[..., 2],
    numpy.s_[5:9, ...],
    numpy.s_[...],
    numpy.s_[100:200:7, 900:100:-13],
    numpy.s_[::-1, 3],
    numpy.s_[::400, ::500, ::-1],
    numpy.s_[20:10, 5:9],
    numpy.s_[0:0, 0:0, 0:0],
    numpy.s_[790:9999, 990:],
    numpy.s_[numpy.int64(3), numpy.uint8(4), 0],
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_windows_are_parts_of_the_whole(key, level, whole):
    assert numpy.array_equal(level[key], whole[key])
    assert numpy.shape(level[key]) == numpy.shape(whole[key])
    assert level[key].dtype == whole.dtype


@pytest.mark.parametrize("key", [800, (0, 1000), (0, 0, 3), (0, 0, 0, 0), (..., ...), [1, 2], None, 0.5])
def test_other_keys_are_index_errors(key, level):
    with pytest.raises(IndexError):
        level[key]


def test_it_is_an_array(level, whole):
    assert numpy.array_equal(numpy.asarray(level), whole)
    assert numpy.asarray(level, dtype=numpy.float32).dtype == numpy.float32
    with pytest.raises(ValueError, match="uncopied"):
        level.__array__(copy=False)


def test_only_the_window_is_computed(scan):
    def work(key: tuple[int, int, int, int]) -> int:
        totals = []

        def progress(done: int, total: int) -> None:
            totals.append(total)
            raise InterruptedError

        with pytest.raises(InterruptedError):
            casr.Pyramid(scan, scale=32).region(-1, *key, progress=progress)
        return totals[0]

    small, whole = work((3000, 2500, 16, 16)), work((0, 0, 6400, 5120))
    assert 0 < 20 * small < whole


def test_tiles_cover_a_level(scan, whole):
    pyramid = casr.Pyramid(scan, 5)
    across, down = pyramid.tiles(-1)
    result = numpy.zeros_like(whole)
    for x in range(across):
        for y in range(down):
            left, top, width, height = pyramid.place(-1, x, y)
            result[top : top + height, left : left + width] = pyramid.tile(-1, x, y)
    assert numpy.array_equal(result, whole)
    assert pyramid.tiles(0) == (1, 1)
    with pytest.raises(ValueError, match="no tile"):
        pyramid.tile(-1, across, 0)
    with pytest.raises(ValueError, match="level"):
        pyramid.tile(9, 0, 0)
    with pytest.raises(ValueError, match="does not lie within"):
        pyramid.region(-1, 990, 0, 11, 5)
    with pytest.raises(ValueError, match="x: "):
        pyramid.region(-1, -1, 0, 5, 5)


@pytest.mark.parametrize("kind", ["grey", "float", "deep alpha", "pillow", "bytes", "path"])
def test_kinds_of_images(kind, photograph, pixels, alpha, tmp_path):
    file = io.BytesIO()
    photograph.save(file, "PNG")
    (tmp_path / "a.png").write_bytes(file.getvalue())
    image = {
        "grey": pixels[..., 0],
        "float": pixels.astype(numpy.float32) / numpy.float32(255),
        "deep alpha": numpy.dstack([pixels, alpha]).astype(numpy.uint16) * 257,
        "pillow": photograph.convert("L"),
        "bytes": file.getvalue(),
        "path": tmp_path / "a.png",
    }[kind]
    expected = casr.upscale(tmp_path / "a.png" if kind in ("bytes", "path") else image, 2)
    level = casr.Pyramid(image, 2).levels[-1]
    assert level.shape == numpy.shape(expected)
    assert numpy.array_equal(level[30:50, 7:77], numpy.asarray(expected)[30:50, 7:77])


def test_dask_reads_windows(scan, whole):
    array = pytest.importorskip("dask.array")
    level = casr.Pyramid(scan, scale=5).levels[-1]
    lazy = array.from_array(level, chunks=(256, 384, 3))
    assert lazy.shape == whole.shape and lazy.dtype == whole.dtype
    assert numpy.array_equal(lazy[333:450, 600:900].compute(scheduler="threads"), whole[333:450, 600:900])
    assert numpy.array_equal(lazy.compute(scheduler="threads"), whole)
    assert float(lazy.mean().compute()) == pytest.approx(whole.mean())
    assert lazy.name == array.from_array(level, chunks=(256, 384, 3)).name


def test_threads_may_share_it(scan, whole):
    level = casr.Pyramid(scan, 5).levels[-1]

    def part(number: int) -> bool:
        rows = slice(50 * number, 50 * number + 90)
        return numpy.array_equal(level[rows], whole[rows])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(part, range(16)))
    assert threading.active_count() < 20


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pickled_it_gives_the_same_bits(channels, pixels, alpha):
    image = numpy.dstack([pixels, alpha])
    image = {1: image[..., 0], 3: image[..., :3], 4: image}[channels]
    pyramid = casr.Pyramid(image, 3, look=0.3)
    again = pickle.loads(pickle.dumps(pyramid.levels[-1]))
    assert again.shape == pyramid.shape
    assert numpy.array_equal(again[50:90, 60:99], pyramid.levels[-1][50:90, 60:99])


def test_pillow_images_need_not_be_loaded(photograph, tmp_path):
    photograph.save(tmp_path / "a.png")
    with PIL.Image.open(tmp_path / "a.png") as image:
        assert casr.Pyramid(image, 2).shape == (96, 120, 3)
