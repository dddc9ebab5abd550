"""casr.ray on a cluster of three nodes, one of which is killed, and on a server that speaks S3."""

from __future__ import annotations

import io
import os
import pathlib
import re
import shutil
import time

import numpy
import PIL.Image
import pytest

import casr
from conftest import SAMPLES

ray = pytest.importorskip("ray", reason="Ray is not installed; pip install 'ray[data]'")
pytest.importorskip("pyarrow", reason="PyArrow is not installed; pip install 'ray[data]'")

# Nodes that are beside others on this machine should not wait for all else that it does.
os.environ.setdefault("RAY_worker_niceness", "0")

import casr.ray  # noqa: E402
import pyarrow.parquet  # noqa: E402
from pyarrow import fs  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402


class Nodes:
    """A cluster of three nodes with a core each; this process is on the first."""

    def __init__(self) -> None:
        head = {**self.size(), "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.others = [self.cluster.add_node(**self.size()) for _ in range(2)]
        ray.init(address=self.cluster.address, log_to_driver=False, logging_level="error")
        self.cluster.wait_for_nodes()

    @staticmethod
    def size() -> dict[str, int]:
        return {"num_cpus": 1, "object_store_memory": 80 << 20}

    def kill(self) -> None:
        """Kills a node, its processes and what it holds."""
        self.cluster.remove_node(self.others.pop(), allow_graceful=False)

    def restore(self) -> None:
        while len(self.others) < 2:
            self.others.append(self.cluster.add_node(**self.size()))
        self.cluster.wait_for_nodes()

    def stop(self) -> None:
        ray.shutdown()
        self.cluster.shutdown()


@pytest.fixture(scope="module")
def running():
    nodes = Nodes()
    yield nodes
    nodes.stop()


@pytest.fixture
def nodes(running):
    running.restore()
    return running


class KillsOne:
    """Progress that kills a node once some of the work is done."""

    def __init__(self, nodes: Nodes, after: int) -> None:
        self.nodes, self.after = nodes, after
        self.calls: list[tuple[int, int]] = []
        self.killed_at = None

    def __call__(self, done: int, total: int) -> None:
        self.calls.append((done, total))
        if self.killed_at is None and done >= self.after:
            self.killed_at = done
            self.nodes.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photograph) -> pathlib.Path:
    """Pictures of all kinds, two with one stem, some in a folder; and what is none."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "more").mkdir()
    for number in range(12):
        image = photograph.crop((number, 0, number + 24 + number, 30))
        where = folder / "more" if number % 3 == 0 else folder
        image.save(where / f"{number:02}.png")
    image.save(folder / "a.bmp")
    image.convert("L").save(folder / "a.png")
    exif = PIL.Image.Exif()
    exif[0x010E] = "a dog"
    image.save(folder / "dog.jpg", exif=exif, dpi=(300, 300))
    # A PNG by its content.
    shutil.copy(folder / "01.png", folder / "wrong.jpg")
    (folder / "broken.png").write_bytes((folder / "01.png").read_bytes()[:100])
    (folder / "phone.heic").write_bytes(b"no")
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_bytes(b"no")
    os.symlink(folder / "more", folder / "link")
    os.symlink(folder / "nothing.png", folder / "lost.png")
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory, folder, program) -> pathlib.Path:
    """What the program makes of it."""
    target = tmp_path_factory.mktemp("expected")
    program("upscale", folder, "-r", "-o", target, "--quiet", code=1)
    return target


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if path.name != "casr-manifest.parquet"
    }


def rows_of(table) -> dict[str, dict]:
    rows = table.to_pylist()
    by_name = {os.path.basename(row["path"]): row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


def test_a_folder_survives_the_loss_of_a_node(nodes, folder, expected, tmp_path):
    progress = KillsOne(nodes, 4)
    table = casr.ray.enlarge(folder, tmp_path / "large", progress=progress)
    assert progress.killed_at is not None and progress.killed_at < 14
    until = time.monotonic() + 60
    while sum(node["Alive"] for node in ray.nodes()) > 2 and time.monotonic() < until:
        time.sleep(0.2)
    assert sum(node["Alive"] for node in ray.nodes()) == 2
    # Nothing is missing, nothing is there twice, and all is as of one machine.
    assert contents(tmp_path / "large") == contents(expected)
    rows = rows_of(table)
    failed = {name for name, row in rows.items() if row["error"] is not None}
    assert failed == {"broken.png", "phone.heic", "link", "lost.png"}
    assert rows.keys() == failed | {f"{number:02}.png" for number in range(12)} | {
        "a.bmp", "a.png", "dog.jpg", "wrong.jpg"
    }
    assert "convert it" in rows["phone.heic"]["error"]
    assert "broken.png" in rows["broken.png"]["error"]
    row = rows["04.png"]
    with PIL.Image.open(tmp_path / "large" / row["output"]) as image:
        assert image.size == (row["width"], row["height"]) == (56, 60)
    assert row["size"] == (tmp_path / "large" / row["output"]).stat().st_size
    assert row["seconds"] > 0 and row["remarks"] == []
    assert rows["wrong.jpg"]["output"] == "wrong.png"
    assert progress.calls[-1] == (20, 20)
    stored = pyarrow.parquet.read_table(tmp_path / "large" / "casr-manifest.parquet")
    assert sorted(stored.to_pylist(), key=str) == sorted(table.to_pylist(), key=str)


def test_a_second_run_does_what_is_missing(nodes, folder, tmp_path):
    source, target = tmp_path / "small", tmp_path / "large"
    source.mkdir()
    for name in ("01.png", "02.png", "04.png", "05.png", "broken.png"):
        shutil.copy(folder / name, source)
    first = rows_of(casr.ray.enlarge(source, target))
    times = {path.name: path.stat().st_mtime_ns for path in target.iterdir()}
    (target / "01.png").unlink()
    shutil.copy(folder / "07.png", source / "02.png")
    shutil.copy(folder / "08.png", source / "broken.png")
    (target / ".0123.casr-part").write_bytes(b"of a killed run")
    second = rows_of(casr.ray.enlarge(source, target))
    made = {
        path.name for path in target.glob("*.png") if path.stat().st_mtime_ns != times.get(path.name)
    }
    assert made == {"01.png", "02.png", "broken.png"}
    assert second["04.png"] == first["04.png"]
    assert not list(target.glob(".*"))
    assert all(row["error"] is None for row in second.values())
    with PIL.Image.open(target / "02.png") as image:
        assert image.size == (second["02.png"]["width"], 60) == (62, 60)
    # Other settings are another work.
    third = rows_of(casr.ray.enlarge(source, target, 3))
    assert {row["height"] for row in third.values()} == {90}


def test_files_that_no_run_has_made_are_left(nodes, folder, tmp_path):
    source, target = tmp_path / "small", tmp_path / "large"
    source.mkdir()
    target.mkdir()
    shutil.copy(folder / "01.png", source)
    (target / "01.png").write_bytes(b"mine")
    for _ in range(2):
        rows = rows_of(casr.ray.enlarge(source, target))
        assert "overwrite" in rows["01.png"]["error"]
        assert (target / "01.png").read_bytes() == b"mine"
    rows = rows_of(casr.ray.enlarge(source, target, overwrite=True))
    assert rows["01.png"]["error"] is None
    assert (target / "01.png").read_bytes() != b"mine"


def test_an_image_is_never_replaced(nodes, folder, tmp_path):
    source = tmp_path / "in" / "in"
    source.mkdir(parents=True)
    shutil.copy(folder / "01.png", source / "01.png")
    shutil.copy(folder / "02.png", tmp_path / "in" / "01.png")
    before = contents(tmp_path)
    table = casr.ray.enlarge(tmp_path / "in", tmp_path, overwrite=True)
    rows = {row["path"]: row for row in table.to_pylist()}
    assert "already" in rows[str(source / "01.png")]["error"]
    after = contents(tmp_path)
    assert {path: after[path] for path in before} == before
    assert after.keys() - before.keys() == {"01.png"}


def test_metadata_stays_and_settings_count(nodes, folder, tmp_path, photograph):
    source = tmp_path / "dog.jpg"
    shutil.copy(folder / "dog.jpg", source)
    table = casr.ray.enlarge(
        source, tmp_path / "large", size=(100, None), look="faithful", format="png", dpi="scale"
    )
    assert table["output"].to_pylist() == ["dog.png"]
    with PIL.Image.open(tmp_path / "large" / "dog.png") as image:
        assert image.width == 100
        assert image.getexif()[0x010E] == "a dog"
        assert image.info["dpi"][0] > 800


def test_what_makes_no_sense_is_said_at_once(nodes, folder, tmp_path):
    with pytest.raises(ValueError, match="look"):
        casr.ray.enlarge(folder, tmp_path / "large", look=3)
    with pytest.raises(TypeError, match="lok"):
        casr.ray.enlarge(folder, tmp_path / "large", lok=1)
    with pytest.raises(ValueError, match="other"):
        casr.ray.enlarge(folder, folder)
    with pytest.raises(ValueError, match="tiles"):
        casr.ray.enlarge(folder, tmp_path / "large", format="dzi")
    with pytest.raises(FileNotFoundError):
        casr.ray.enlarge(tmp_path / "nothing", tmp_path / "large")
    assert not (tmp_path / "large").exists()


@pytest.fixture(scope="module")
def bucket():
    """A bucket on a server of this machine, as a file system and as an end of URIs."""
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    server = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    store = fs.S3FileSystem(
        endpoint_override=f"{host}:{port}",
        scheme="http",
        access_key="key",
        secret_key="secret",
        region="us-east-1",
        allow_bucket_creation=True,
    )
    store.create_dir("pictures")
    yield store, f"?scheme=http&endpoint_override={host}:{port}&region=us-east-1"
    server.stop()


def test_buckets(nodes, folder, expected, bucket, tmp_path):
    store, query = bucket
    names = ("01.png", "more/00.png", "dog.jpg", "a.bmp", "a.png")
    for name in names:
        with store.open_output_stream(f"pictures/in/{name}") as stream:
            stream.write((folder / name).read_bytes())
    table = casr.ray.enlarge("pictures/in", "pictures/out", filesystem=store)
    assert table["error"].null_count == len(names)
    wanted = contents(expected)
    for output in table["output"].to_pylist():
        assert store.open_input_stream(f"pictures/out/{output}").readall() == wanted[output]
    files = store.get_file_info(fs.FileSelector("pictures/out", recursive=True))
    assert sum(file.is_file for file in files) == len(names) + 1
    before = {row["path"]: row for row in table.to_pylist()}
    store.delete_file("pictures/out/01.png")
    again = casr.ray.enlarge("pictures/in", "pictures/out", filesystem=store).to_pylist()
    assert [row for row in again if row == before[row["path"]]] == [
        row for row in again if row["output"] != "01.png"
    ]
    assert store.get_file_info("pictures/out/01.png").is_file
    # From a bucket to a disk, by URI.
    uri = f"s3://key:secret@pictures/in/more{query}"
    table = casr.ray.enlarge(uri, tmp_path)
    assert (tmp_path / "00.png").read_bytes() == wanted["more/00.png"]


@pytest.fixture(scope="module")
def scan(tmp_path_factory) -> pathlib.Path:
    """A strip, whose ×16 has five tiles."""
    scan = tmp_path_factory.mktemp("scan") / "scan.png"
    with PIL.Image.open(SAMPLES / "dog.png") as image:
        image.convert("RGB").crop((100, 150, 400, 160)).save(scan)
    return scan


SMALL = {"look": "faithful"}


def test_a_pyramid_survives_the_loss_of_a_node(nodes, scan, program, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    line = ["-s", "16", "-o", whole / "a.tif", "--look", "faithful", "--tiff-pyramid"]
    program("upscale", scan, *line)
    progress = KillsOne(nodes, 1)
    shared = tmp_path / "shared"
    made = casr.ray.pyramid(scan, 16, shared / "a.tif", shares=8, progress=progress, **SMALL)
    assert made == str(shared / "a.tif")
    done, total = progress.calls[-1]
    assert done == total == 5 and progress.killed_at is not None and progress.killed_at < total
    assert contents(shared) == contents(whole)
    with pytest.raises(FileExistsError):
        casr.ray.pyramid(scan, 16, shared / "a.tif", **SMALL)


class Stops(Exception):
    pass


def test_a_second_pyramid_goes_on(nodes, scan, program, tmp_path):
    target = tmp_path / "a.tif"

    def stop(done: int, total: int) -> None:
        if done >= 2:
            raise Stops

    with pytest.raises(Stops):
        casr.ray.pyramid(scan, 16, target, shares=8, progress=stop, **SMALL)
    kept = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "a.tif.casr").iterdir()}
    assert len(kept) >= 3 and not target.exists()
    with pytest.raises(casr.Error, match="another .*look"):
        casr.ray.pyramid(scan, 16, target, look="vivid")
    calls: list[tuple[int, int]] = []
    casr.ray.pyramid(scan, 16, target, progress=lambda *now: calls.append(now), **SMALL)
    assert calls[0][0] == len(kept) - 1
    line = ["-s", "16", "-o", tmp_path / "b.tif", "--look", "faithful", "--tiff-pyramid"]
    program("upscale", scan, *line)
    assert target.read_bytes() == (tmp_path / "b.tif").read_bytes()
    assert not (tmp_path / "a.tif.casr").exists()


def test_a_pyramid_in_a_bucket(nodes, scan, bucket, program, tmp_path):
    store, _ = bucket
    data = scan.read_bytes()
    casr.ray.pyramid(data, 4, "pictures/wall.dzi", filesystem=store, **SMALL)
    program("upscale", scan, "-s", "4", "-o", tmp_path / "wall.dzi", "--look", "faithful")
    files = store.get_file_info(fs.FileSelector("pictures", recursive=True))
    there = {
        file.path.removeprefix("pictures/"): store.open_input_stream(file.path).readall()
        for file in files
        if file.is_file and file.path.startswith("pictures/wall")
    }
    assert there == contents(tmp_path)


def test_zarr(nodes, photograph, tmp_path):
    zarr = pytest.importorskip("zarr", minversion="3")
    data = io.BytesIO()
    photograph.crop((0, 0, 33, 21)).save(data, "PNG")
    target = tmp_path / "a.zarr"
    casr.ray.pyramid(data.getvalue(), 21, target, **SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
    group = zarr.open_group(target, mode="r")
    whole = casr.upscale(numpy.asarray(photograph.crop((0, 0, 33, 21))), 21, look="faithful")
    assert group["0"].shape == (3, 441, 693)
    assert numpy.array_equal(group["0"][...].transpose(1, 2, 0), whole)
    (multiscale,) = group.attrs["ome"]["multiscales"]
    assert [level["path"] for level in multiscale["datasets"]] == ["0", "1", "2"]
    assert group["2"].shape == (3, 111, 174)
    mean = whole[:440, :692].reshape(220, 2, 346, 2, 3).mean((1, 3))
    close = group["1"][:, :220, :346].transpose(1, 2, 0) - mean
    assert numpy.abs(close).max() <= 0.5


def test_tiles_of_a_zarr_in_rows_and_columns(tmp_path):
    zarr = pytest.importorskip("zarr", minversion="3")
    from casr.ray import _zarr

    whole = numpy.random.default_rng(1).integers(0, 65535, (300, 500), numpy.uint16)
    (tmp_path / "tiles").mkdir()
    for y in range(3):
        for x in range(4):
            tile = whole[128 * y : 128 * (y + 1), 128 * x : 128 * (x + 1)]
            PIL.Image.fromarray(tile).save(tmp_path / "tiles" / f"{y:06}-{x:06}.png")
    _zarr.join(str(tmp_path / "tiles"), str(tmp_path / "a.zarr"), overwrite=False)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert numpy.array_equal(group["0"][...], whole)
    assert group["1"].shape == (150, 250) and group["1"].dtype == numpy.uint16
    mean = whole.reshape(150, 2, 250, 2).mean((1, 3))
    assert numpy.abs(group["1"][...] - mean).max() <= 0.5


def test_a_step_of_a_dataset(nodes, folder, pixels):
    images = [{"image": pixels[:20, : 20 + side]} for side in (0, 0, 8, 4)]
    data = ray.data.from_items(images)
    data = data.map_batches(
        casr.ray.Enlarge,
        fn_constructor_kwargs={"scale": 1.5, "output": "large", "remarks": "said"},
        batch_size=2,
        num_cpus=1,
        concurrency=1,
    )
    rows = data.take_all()
    assert len(rows) == 4
    for row in rows:
        assert numpy.array_equal(row["large"], casr.upscale(row["image"], 1.5))
        assert list(row["said"]) == []
    files = [folder / name for name in ("dog.jpg", "broken.png", "01.png")]
    data = ray.data.read_binary_files([str(file) for file in files], include_paths=True)
    data = data.map_batches(
        casr.ray.Enlarge,
        fn_constructor_kwargs={"column": "bytes", "errors": "error"},
        num_cpus=1,
        concurrency=1,
    )
    rows = {os.path.basename(row["path"]): row for row in data.take_all()}
    assert rows["dog.jpg"]["bytes"] == casr.upscale((folder / "dog.jpg").read_bytes(), 2)
    assert rows["broken.png"]["bytes"] is None and rows["broken.png"]["error"]
    assert rows["01.png"]["error"] is None


def test_batches_that_are_none():
    step = casr.ray.Enlarge(scale=2)
    with pytest.raises(TypeError, match="batch_format"):
        step([1, 2])
    with pytest.raises(ValueError, match="column"):
        step({"picture": numpy.zeros((1, 4, 4), numpy.uint8)})
    broken = {"image": numpy.array([b"no image"], object)}
    with pytest.raises(casr.Error):
        step(broken)
    flat = {"image": numpy.zeros((1, 4), numpy.float64)}
    result = casr.ray.Enlarge(scale=2, errors="wrong")(flat)
    assert result["image"].tolist() == [None] and "float64" in result["wrong"][0]


def test_the_page(nodes, folder, scan, tmp_path, monkeypatch):
    page = (SAMPLES.parent / "docs" / "cluster.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    # Buckets are tested above; the size of walls is not what is tested.
    blocks = [block.replace(", 64,", ", 2,") for block in blocks if "s3://" not in block]
    assert len(blocks) == 3
    (tmp_path / "photographs").mkdir()
    shutil.copy(folder / "01.png", tmp_path / "photographs")
    shutil.copy(scan, tmp_path)
    monkeypatch.chdir(tmp_path)
    # Processes of this cluster began in another folder.
    where = f'read_images("{tmp_path}/'
    blocks = [block.replace('read_images("', where) for block in blocks]
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"docs/cluster.md, block {number + 1}", "exec"), names)
    assert (tmp_path / "large" / "01.png").exists() and (tmp_path / "wall.dzi").exists()
