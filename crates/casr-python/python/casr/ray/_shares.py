"""One image's enlargement of gigapixels as the work of many nodes."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import ray
from pyarrow import fs

import casr
from casr import _images
from casr._settings import progress_call
from casr.ray import _nodes, _program, _zarr
from casr.ray._places import Place
from casr.ray._settings import Saving, checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Unpack

    from casr._settings import Path

# What the folder of finished tiles is called beside the result, and the file in it that says what
# the work is: the program's own, which can go on with them as well.
_KEPT = ".casr"
_WORK = "work.json"

# What of that depends on the machine that says it: how tiles are cut goes by memory.
_OF_MACHINE = frozenset({"tile", "tiles"})

# The most tiles of a share, which a lost node loses and which are held in memory at once, and how
# many shares there are at least for each task that runs, so that all end at about the same time.
_TILES = 64
_SHARES = 4

# Files that are written at a time.
_WRITERS = 8


class _Work(NamedTuple):
    """What all shares have in common."""

    name: str
    """The image's name."""
    content: bytes
    """The image's file."""
    output: str
    """The result's name on a node."""
    line: list[str]
    """The program's options."""
    device: str


def pyramid(
    image: Path | bytes | bytearray | memoryview,
    scale: float | None,
    target: Path,
    *,
    filesystem: fs.FileSystem | None = None,
    overwrite: bool = False,
    shares: int | None = None,
    page: int | None = None,
    tiff_compression: Literal["deflate", "lzw", "zstd", "jpeg", "none"] | None = None,
    tile_format: Literal["jpeg", "png"] | None = None,
    num_cpus: int | None = None,
    num_gpus: float = 0,
    progress: Callable[[int, int], object] | Any | None = None,
    **settings: Unpack[Saving],
) -> str:
    """Enlarges one image on all nodes of the cluster, in shares of its tiles.

    The result has the bytes of ``casr upscale`` with the same settings. Finished tiles are kept
    beside it, in the folder ``TARGET.casr``, until it is whole: a second call goes on with them,
    and so does the program (``--resume``). What a lost node was at is done by another one. Nodes
    need no common disk: they get the image, and send tiles back. This machine holds some shares'
    tiles in memory, and puts all together on its disk.

    Args:
        image: An image file: a path, a URI such as ``s3://bucket/scan.tif``, or its bytes.
        scale: The factor of both sides, or None with a ``size``.
        target: The result, by its end: ``.tif`` with overviews, a BigTIFF wherever it may exceed
            4 GB; ``.dzi``; ``.zarr``, an OME-Zarr 0.5 with overviews, which needs zarr; or
            ``.png``, ``.jpg``, ``.webp``. A path or a URI.
        filesystem: The file system of ``target``, and of ``image`` if that is a path.
        overwrite: Whether a result that is there may be replaced.
        shares: How many: if not said, four for each task that the cluster runs at a time, and so
            many that each has 64 tiles at most. The edges between shares are made twice, so many
            small ones cost more than few large ones.
        page: The page of a TIFF, counted from 1.
        tiff_compression: How a TIFF is compressed; ``"deflate"`` if not said.
        tile_format: What Deep Zoom's tiles are; ``"jpeg"`` if not said.
        num_cpus: How many cores a share takes: 4 if not said, or fewer where nodes have fewer.
        num_gpus: How much of a GPU a share takes; with ``device="gpu"``.
        progress: Called with how many tiles are done and of how many; or a bar of tqdm.
        settings: How: ``size``, ``look``, ``restore``, ``quality`` and the others of
            :func:`casr.upscale`; ``device`` is ``"cpu"`` if not said.

    Returns:
        The result's path in its file system.

    Raises:
        ValueError: An argument makes no sense.
        FileExistsError: The result is there already.
        OSError: The image cannot be read, or the result not be written.
        casr.Error: The image is damaged, or what is kept there is of other work.
    """
    known = checked("pyramid", scale, settings)
    if shares is not None and shares < 1:
        raise ValueError("shares: give a whole number from 1 up")
    call = progress_call(progress)
    goal = Place.of(target, filesystem)
    zarr = goal.name.lower().endswith(".zarr")
    tiff = goal.name.lower().endswith((".tif", ".tiff"))
    if zarr:
        _zarr.require()
    if goal.exists() and not overwrite:
        raise FileExistsError(17, "it is there already; overwrite=True replaces it", str(goal))
    if _images.is_bytes(image):
        name, content = "image", bytes(image)  # type: ignore[arg-type]
    else:
        place = Place.of(image, filesystem)  # type: ignore[arg-type]
        name, content = place.name, place.read()
    line = _program.options(
        {
            **known,
            "page": page,
            "tiff_compression": tiff_compression,
            "tile_format": tile_format,
            "tiff_pyramid": tiff,
        }
    )
    # Tiles of a Zarr are as deep as those of a TIFF.
    output = f"{goal.name}.tif" if zarr else goal.name
    work = _Work(name, content, output, line, known["device"])
    kept = goal.beside(goal.name + _KEPT)

    _nodes.connect()
    asked = _nodes.resources(num_cpus, num_gpus)
    shared = ray.put(work)
    begin = ray.remote(_begin).options(**asked, max_retries=_nodes.RETRIES)
    said = _open(kept, goal, _get(begin.remote(shared)))
    across, down = (int(number) for number in re.findall(r"\d+", _last(said, "tiles")))
    names = [f"{y:06}-{x:06}.png" for y in range(down) for x in range(across)]
    ready = kept.files().keys() & set(names)
    places = _nodes.places(asked["num_cpus"], num_gpus)
    least = max(_SHARES * places, -(-len(names) // _TILES))
    count = min(shares or least, len(names))
    jobs = []
    for index in range(count):
        share = names[len(names) * index // count : len(names) * (index + 1) // count]
        if not ready.issuperset(share):
            jobs.append((index + 1, ready.intersection(share)))

    def tell() -> None:
        if call is not None:
            call(len(ready), len(names))

    tell()
    task = ray.remote(_share).options(**asked, max_retries=_nodes.RETRIES)
    text = json.dumps(said)
    # One more than there are places, so that none waits while tiles are written.
    room = places + 1
    running: list[ray.ObjectRef[Any]] = []
    with ThreadPoolExecutor(_WRITERS) as writers:
        try:
            while jobs or running:
                while jobs and len(running) < room:
                    index, done = jobs.pop(0)
                    running.append(task.remote(shared, text, done, index, count))
                (finished,), running = ray.wait(running, num_returns=1)
                tiles = _get(finished)
                del finished
                put = [writers.submit(kept.inside(tile).write, data) for tile, data in tiles]
                for future in put:
                    future.result()
                ready.update(tile for tile, _ in tiles)
                tell()
        finally:
            for reference in running:
                ray.cancel(reference)
    _join(work, kept, goal, overwrite=overwrite, zarr=zarr)
    return goal.path


def _get(reference: ray.ObjectRef[Any]) -> Any:
    """A task's answer, or its own exception."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, (casr.Error, OSError)):
            raise error.cause from None
        raise


def _last(said: dict[str, str], what: str) -> str:
    """What is said of the last level."""
    return said[what].split(" ")[-1]


def _open(kept: Place, goal: Place, said: dict[str, str]) -> dict[str, str]:
    """What the work is: as an earlier run has said it, if there was one."""
    file = kept.inside(_WORK)
    if not file.exists():
        kept.make_folder()
        file.write(json.dumps(said, indent=2, ensure_ascii=False).encode())
        return said
    try:
        before: dict[str, str] = json.loads(file.read())
    except ValueError:
        raise casr.Error(f"{file}: it is damaged; remove {kept} to begin anew") from None
    for what, value in said.items():
        other = before.get(what, "none")
        if what not in _OF_MACHINE and other != value:
            raise casr.Error(
                f"{goal}: the work kept in {kept} is another ({what}: {other} there, {value} now); "
                "repeat what began it, or remove that folder to begin anew"
            )
    return before


def _share_line(work: _Work, output: str, index: int, count: int) -> list[str]:
    line = [work.name, "--output", output, "--quiet", *work.line]
    line += ["--device", _nodes.device(work.device), "--threads", str(_nodes.cores() or 1)]
    return [*line, "--shard", f"{index}/{count}"]


def _begin(work: _Work) -> dict[str, str]:
    """What the work is, as the program says it before it computes anything."""
    with tempfile.TemporaryDirectory(prefix="casr-") as folder:
        _write(os.path.join(folder, work.name), work.content)
        # The first of more shares than any result has tiles holds none.
        _program.run("upscale", folder, _share_line(work, work.output, 1, 1 << 62))
        with open(os.path.join(folder, work.output + _KEPT, _WORK), "rb") as file:
            said: dict[str, str] = json.load(file)
        return said


def _share(
    work: _Work, said: str, done: set[str], index: int, count: int
) -> list[tuple[str, bytes]]:
    """The tiles of a share but those that are done, each as a PNG with its name."""
    with tempfile.TemporaryDirectory(prefix="casr-") as folder:
        _write(os.path.join(folder, work.name), work.content)
        kept = os.path.join(folder, work.output + _KEPT)
        os.mkdir(kept)
        _write(os.path.join(kept, _WORK), said.encode())
        for name in done:
            # The program asks whether a tile is there, and no more.
            _write(os.path.join(kept, name), b"")
        _program.run("upscale", folder, _share_line(work, work.output, index, count))
        tiles = []
        for name in sorted(os.listdir(kept)):
            if name != _WORK and name not in done:
                with open(os.path.join(kept, name), "rb") as file:
                    tiles.append((name, file.read()))
        return tiles


def _write(path: str, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)


def _join(work: _Work, kept: Place, goal: Place, *, overwrite: bool, zarr: bool) -> None:
    """Puts the result together from its tiles, which go then."""
    local = goal.local
    with tempfile.TemporaryDirectory(prefix="casr-") as folder:
        if local is not None:
            tiles, result = f"{local}{_KEPT}", local
        else:
            result = os.path.join(folder, goal.name)
            tiles = f"{result}{_KEPT}"
            _copy(kept, Place.of(tiles, None))
        if zarr:
            _zarr.join(tiles, result, overwrite=overwrite)
        else:
            _write(os.path.join(folder, work.name), work.content)
            line = [work.name, "--output", result, *work.line, "--device", "cpu"]
            remarks = _program.run("join", folder, line + (["--overwrite"] if overwrite else []))
            for remark in remarks:
                warnings.warn(remark, casr.Remark, stacklevel=3)
        if local is None:
            _publish(Place.of(folder, None), goal, zarr=zarr, overwrite=overwrite)
        if zarr and local is not None:
            shutil.rmtree(tiles)
    kept.remove()


def _copy(source: Place, target: Place) -> None:
    """Copies a file, or what is in a folder."""
    if source.info().type == fs.FileType.Directory:
        target.make_folder()
    fs.copy_files(
        source.path,
        target.path,
        source_filesystem=source.filesystem,
        destination_filesystem=target.filesystem,
    )


def _publish(folder: Place, goal: Place, *, zarr: bool, overwrite: bool) -> None:
    """Copies a result to where it belongs, last the file that makes it one."""
    info = goal.info()
    if overwrite and info.type == fs.FileType.Directory:
        goal.remove()
    goal.parent.make_folder()
    own = folder.inside(goal.name)
    if zarr:
        main = _zarr.MAIN
        last = own.inside(main).read()
        os.remove(own.inside(main).path)
        _copy(own, goal)
        goal.inside(main).write(last)
        return
    tiles = f"{goal.name.removesuffix('.dzi')}_files"
    if folder.inside(tiles).exists():
        goal.beside(tiles).remove()
        _copy(folder.inside(tiles), goal.beside(tiles))
    if own.info().is_file:
        _copy(own, goal)
    else:
        raise casr.Error(f"{goal}: a result that is a folder goes to a disk; name one there")
