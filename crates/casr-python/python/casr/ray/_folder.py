"""A folder of images to another one."""

from __future__ import annotations

import contextlib
import posixpath
import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow
import ray
from pyarrow import fs

import casr
from casr import _casr
from casr._settings import progress_call
from casr.ray import _nodes
from casr.ray._manifest import Manifest, Row
from casr.ray._places import Image, Place, search
from casr.ray._settings import Saving, arguments, checked, described

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from typing_extensions import Unpack

    from casr._settings import Path

# The manifest's name in the results' folder.
_MANIFEST = "casr-manifest.parquet"

# Images that are handed out ahead, for each task that runs: so that none waits for the next.
_AHEAD = 3


class _Job(NamedTuple):
    """An image to enlarge."""

    source: Place
    target: Place
    """The folder for all results."""
    within: str
    """The folder in it for this one."""
    shared: bool
    """Whether another image gives its result the same stem."""
    taken: frozenset[str]
    """Names in that folder that no result of this image may have."""
    settings: dict[str, Any]


def enlarge(
    source: Path,
    target: Path,
    scale: float | None = None,
    *,
    filesystem: fs.FileSystem | None = None,
    target_filesystem: fs.FileSystem | None = None,
    overwrite: bool = False,
    manifest: str = _MANIFEST,
    num_cpus: int | None = None,
    num_gpus: float = 0,
    progress: Callable[[int, int], object] | Any | None = None,
    **settings: Unpack[Saving],
) -> pyarrow.Table:
    """Enlarges all images of a folder into another one, on all nodes of the cluster.

    Images are chosen and results named as by ``casr upscale --recursive``. Each result is written
    whole or not at all, with the image's metadata, and a manifest beside them has a row for each
    image. What fails is a row with an error, and does not keep the others from being done.

    A second run does what is missing: an image whose result is there, of the same settings, version
    and source, is passed over. What a lost node was at is done by another one. Of one target there
    is one run at a time.

    Args:
        source: A folder, or one image: a path that all nodes see, or a URI, such as
            ``s3://bucket/folder``.
        target: The folder for results.
        scale: The factor of both sides; 2 if no size is given.
        filesystem: The file system of ``source`` and ``target``, which are paths in it then.
        target_filesystem: That of ``target``, if it is another one.
        overwrite: Whether results may replace files that no earlier run has made.
        manifest: The manifest's name in ``target``.
        num_cpus: How many cores an image takes: one if not said, or where there are more cores than
            images as many as keep all of them at work, up to 4.
        num_gpus: How much of a GPU an image takes; with ``device="gpu"``.
        progress: Called with how many images are done and of how many; or a bar of tqdm.
        settings: How: ``size``, ``look``, ``restore``, ``format``, ``quality`` and the others of
            :func:`casr.upscale`; ``device`` is ``"cpu"`` if not said.

    Returns:
        The manifest's rows of these images, in order: ``path``, ``output`` (in ``target``),
        ``width``, ``height``, ``size`` (bytes of the result), ``seconds``, ``remarks`` and
        ``error``, null where there is none; and by what a second run knows the image and its
        result: ``source_size``, ``source_time`` (nanoseconds) and ``settings``.

    Raises:
        ValueError: An argument makes no sense.
        OSError: ``source`` is not there, or the manifest cannot be written.
    """
    known = checked("enlarge", scale, settings)
    call = progress_call(progress)
    origin = Place.of(source, filesystem)
    goal = Place.of(target, target_filesystem if target_filesystem is not None else filesystem)
    if goal == origin:
        raise ValueError(f"{goal}: results would replace their images; name another folder")
    images = list(search(origin, goal))
    table = Manifest(goal.inside(manifest))
    alone = origin.info().is_file
    plan = _Plan(origin.parent if alone else origin, goal, images, known, table, overwrite)
    total = len(images)

    def tell() -> None:
        if call is not None:
            call(total - len(plan.jobs), total)

    if not plan.jobs:
        table.write()
        tell()
        return table.table(plan.paths)
    _nodes.connect()
    asked = _nodes.resources(num_cpus, num_gpus, len(plan.jobs))
    room = _AHEAD * _nodes.places(asked["num_cpus"], num_gpus)
    table.write()
    tell()
    try:
        # Closed here, so that what runs ends with what goes wrong.
        with contextlib.closing(_results(dict(plan.jobs), asked, room)) as results:
            for path, row in results:
                table.put({**table.rows[path], **row})
                del plan.jobs[path]
                table.keep_up()
                tell()
    finally:
        table.write()
    return table.table(plan.paths)


class _Plan:
    """What is to be done: ``jobs`` by the images' paths, with a row in the manifest for each."""

    def __init__(
        self,
        origin: Place,
        goal: Place,
        images: list[Image],
        settings: dict[str, Any],
        table: Manifest,
        overwrite: bool,
    ) -> None:
        self.paths: list[str] = []
        self.jobs: dict[str, _Job] = {}
        there = goal.files()
        goal.remove_parts(there)
        folders: dict[str, set[str]] = {}
        for path in there:
            folders.setdefault(posixpath.dirname(path), set()).add(posixpath.basename(path))
        text = described(settings)
        format_ = settings["format"]
        sound = (image.path for image in images if image.problem is None)
        stems = Counter(posixpath.splitext(path)[0] for path in sound)
        same = goal.filesystem == origin.filesystem
        sources = {origin.inside(image.path).path for image in images} if same else set()

        def replaceable(result: str, own: set[str]) -> bool:
            """Whether a result may take the place of a file; that of an image never."""
            return (overwrite or result in own) and goal.inside(result).path not in sources

        given: dict[str, str] = {}
        for image in images:
            place = origin.inside(image.path)
            path = place.path
            self.paths.append(path)
            row: Row = {
                "path": path,
                "source_size": image.info.size,
                "source_time": image.info.mtime_ns,
                "settings": text,
            }
            before = table.rows.get(path)
            if image.problem is not None:
                table.put({**row, "error": f"{path}: {image.problem}"})
                continue
            if before is not None and _is_done(before, row, there):
                given[before["output"]] = path
                continue
            within, name = posixpath.split(image.path)
            shared = stems[posixpath.splitext(image.path)[0]] > 1
            # By its name; what its content says is found where it is read.
            guess = posixpath.join(within, _guess(name, shared, format_))
            other = given.setdefault(guess, path)
            if other != path:
                error = (
                    f"{path}: its result {guess} is also that of {other}; "
                    "enlarge them into different folders"
                )
                table.put({**row, "error": error})
                continue
            own = {before["output"]} if before is not None and before["output"] else set()
            there_now = folders.get(within, set())
            taken = {known for known in there_now
                     if not replaceable(posixpath.join(within, known), own)}
            # A file that nobody made is not taken for a result after a crash, either.
            row["output"] = guess if posixpath.basename(guess) not in taken else None
            table.put(row)
            stem = posixpath.splitext(name)[0]
            near = frozenset(known for known in taken if known.startswith(stem))
            self.jobs[path] = _Job(place, goal, within, shared, near, settings)


def _guess(name: str, shared: bool, format_: str | None) -> str:
    """A result's name by its image's; a name that says nothing is that of a PNG."""
    known = format_ if _casr.named(name) == "image" else format_ or "png"
    return _casr.result_name(name, shared, known)


def _is_done(before: Row, now: Row, there: dict[str, fs.FileInfo]) -> bool:
    """Whether the result of an earlier run is there and still the one that is wanted."""
    same = all(before[name] == now[name] for name in ("source_size", "source_time", "settings"))
    if not same or before["error"] is not None or before["size"] is None:
        return False
    result = there.get(before["output"])
    return result is not None and result.size == before["size"]


def _results(
    jobs: dict[str, _Job], asked: dict[str, Any], room: int
) -> Generator[tuple[str, Row], None, None]:
    """What became of each image, as they are done; at most ``room`` are handed out at a time."""
    task = ray.remote(_enlarge).options(**asked, max_retries=_nodes.RETRIES)
    waiting = iter(jobs.items())
    running: dict[ray.ObjectRef[Any], str] = {}
    try:
        while True:
            while len(running) < room and (following := next(waiting, None)) is not None:
                path, job = following
                running[task.remote(job)] = path
            if not running:
                return
            (done, *more), _ = ray.wait(list(running), num_returns=1)
            for reference in (done, *more):
                path = running.pop(reference)
                yield path, _row(reference, path)
    finally:
        for reference in running:
            ray.cancel(reference)


def _row(reference: ray.ObjectRef[Any], path: str) -> Row:
    """What became of an image, also where that ended its process every time."""
    try:
        row: Row = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        # Not of the image: such as a node that lacks this package.
        raise casr.Error(f"{path}: {error}") from error
    except ray.exceptions.RayError as error:
        text = str(error).strip().split("\n", 1)[0]
        return {"error": f"{path}: {_nodes.RETRIES + 1} times its process was lost ({text})"}
    return row


def _enlarge(job: _Job) -> Row:
    """Enlarges an image; what becomes of it, in columns of the manifest."""
    begun = time.monotonic()
    _nodes.limit_threads()
    path = str(job.source)
    settings = {**job.settings, "device": _nodes.device(job.settings["device"])}
    remarks: list[str] = []
    try:
        content = job.source.read()
        limit = settings["max_pixels"]
        name = _casr.result_name(
            job.source.name, job.shared, settings["format"], content, limit
        )
        output = posixpath.join(job.within, name)
        result_place = job.target.inside(output)
        if name in job.taken:
            raise casr.Error(
                f"there is {result_place} already, which no run has made; overwrite=True replaces "
                "it, unless it is one of the images"
            )
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", casr.Remark)
            result = casr.upscale(content, **arguments(settings, Saving))
        remarks = [str(warning.message).removeprefix("the image: ") for warning in said]
        result_place.write(result)
    except Exception as error:  # Whatever it is, it is this image's.
        text = str(error).removeprefix("the image: ")
        return {"error": f"{path}: {text}", "remarks": remarks}
    width, height = _casr.probe(result, 1 << 62)
    return {
        "output": output,
        "width": width,
        "height": height,
        "size": len(result),
        "seconds": time.monotonic() - begun,
        "remarks": remarks,
    }
