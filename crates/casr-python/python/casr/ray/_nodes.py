"""What work may take of the node that it runs on."""

from __future__ import annotations

import contextlib
from typing import Any

import ray

import casr

# Most cores of a task that does not say how many: reading and writing leave more of them idle.
_CORES = 4

# How often a task is done again whose node or process is lost: enough for machines that come and
# go, and an end for an image that ends its process every time.
RETRIES = 5


def connect() -> None:
    """Starts Ray on this machine, or joins the cluster that the environment names, if need be."""
    if not ray.is_initialized():
        ray.init()


def resources(cpus: int | None, gpus: float, tasks: int = 1) -> dict[str, Any]:
    """What each of some tasks asks Ray for: so many cores, or as many as suit all nodes that have
    any. The more tasks there are the fewer cores each takes: side by side, a core each, many of
    them are done soonest.

    Raises:
        ValueError: There is no such number.
    """
    known: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    nodes = [node["Resources"] for node in known if node["Alive"]]
    cores = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]
    if cpus is None:
        cpus = max(1, min([_CORES, sum(cores) // max(1, tasks), *cores]))
    elif cpus < 1:
        raise ValueError("num_cpus: give a whole number from 1 up")
    return {"num_cpus": cpus, "num_gpus": gpus}


def places(cpus: int, gpus: float) -> int:
    """How many such tasks the cluster runs at a time, as far as it is there; at least one."""
    total = ray.cluster_resources()  # type: ignore[no-untyped-call]
    by_cpu = int(total.get("CPU", 0) // cpus)
    by_gpu = int(total.get("GPU", 0) // gpus) if gpus else by_cpu
    return max(1, min(by_cpu, by_gpu))


def cores() -> int | None:
    """How many cores this task or actor was given, at least one; None where this is neither."""
    if not ray.is_initialized() or ray.get_runtime_context().worker.mode != ray.WORKER_MODE:
        return None
    given = ray.get_runtime_context().get_assigned_resources()  # type: ignore[no-untyped-call]
    return max(1, int(given.get("CPU", 1)))


def device(wanted: str) -> str:
    """The device of this task: of several GPUs the one that Ray gave it."""
    given = ray.get_gpu_ids() if wanted == "gpu" and cores() is not None else []
    return f"gpu:{int(given[0])}" if given else wanted


def limit_threads() -> None:
    """Holds a task's process to its cores, so that a node's tasks do not fight for them."""
    count = cores()
    # From its second task on a process keeps the threads that it has.
    with contextlib.suppress(casr.Error):
        if count is not None:
            casr.set_threads(count)
