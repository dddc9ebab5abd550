#!/usr/bin/env python3
"""Times `casr.ray.enlarge` beside `casr upscale` of the same folder, in turn.

    python bench/cluster.py [--pictures 200] [--side 128] [--runs 3] [--nodes 1] [--cpus N]

Wants the package with its extra `ray` and Pillow. Pictures are cut out of samples/dog.png. Starting Ray is told
apart; the first run's processes start within it, as they do for a user. With --nodes 3 three nodes of this
machine share its cores.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

# As all else on this machine, or what else runs decides the comparison.
os.environ.setdefault("RAY_worker_niceness", "0")

import PIL.Image
import ray
from ray.cluster_utils import Cluster

import casr.ray

SAMPLE = pathlib.Path(__file__).parents[1] / "samples" / "dog.png"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--cpus", type=int, help="cores of a task [default: as the package chooses]")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="casr-bench-") as folder:
        measure(pathlib.Path(folder), chosen)


def measure(folder: pathlib.Path, chosen: argparse.Namespace) -> None:
    source = folder / "pictures"
    source.mkdir()
    with PIL.Image.open(SAMPLE) as image:
        image = image.convert("RGB")
        across, down = (side - chosen.side for side in image.size)
        for number in range(chosen.pictures):
            x, y = number * 7 % across, number * 13 % down
            image.crop((x, y, x + chosen.side, y + chosen.side)).save(source / f"{number:04}.png")
    begun = time.monotonic()
    cores = os.cpu_count() or 1
    if chosen.nodes == 1:
        cluster = None
        ray.init(include_dashboard=False, log_to_driver=False, num_cpus=cores)
    else:
        # Each with its part of the cores, one at least.
        part = max(1, cores // chosen.nodes)
        head = {"num_cpus": part, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        for _ in range(chosen.nodes - 1):
            cluster.add_node(num_cpus=part)
        ray.init(address=cluster.address, log_to_driver=False)
        cluster.wait_for_nodes()
    print(f"Ray started in {time.monotonic() - begun:.1f} s", flush=True)
    times: dict[str, list[float]] = {"casr upscale": [], "casr.ray.enlarge": []}
    for run in range(chosen.runs):
        begun = time.monotonic()
        line = [sys.executable, "-m", "casr", "upscale", source, "--quiet"]
        subprocess.run([*line, "-o", folder / f"program-{run}"], check=True)
        times["casr upscale"].append(time.monotonic() - begun)
        begun = time.monotonic()
        table = casr.ray.enlarge(source, folder / f"ray-{run}", num_cpus=chosen.cpus)
        times["casr.ray.enlarge"].append(time.monotonic() - begun)
        assert table["error"].null_count == chosen.pictures
        print("  ".join(f"{name} {seconds[-1]:.2f} s" for name, seconds in times.items()), flush=True)
    program, shared = (statistics.median(seconds) for seconds in times.values())
    print(f"medians: {program:.2f} s and {shared:.2f} s, a ratio of {shared / program:.3f}")
    ray.shutdown()
    if cluster is not None:
        cluster.shutdown()


if __name__ == "__main__":
    main()
