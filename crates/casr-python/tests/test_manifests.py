"""The Kubernetes jobs of the docs: what their pods would run, index by index, without a cluster."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sysconfig

import PIL.Image
import pytest

DOCS = pathlib.Path(__file__).parents[3] / "docs"
yaml = pytest.importorskip("yaml")


def jobs(document: str) -> list[dict]:
    """All manifests of a document, in order."""
    text = (DOCS / document).read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def run(job: dict, folder: pathlib.Path) -> None:
    """Runs every pod of a job that has no index, or all there are, in a folder in place of its volume."""
    spec = job["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    (mount,) = container["volumeMounts"]
    # The folder that it works in is that of the volume, which there is.
    assert container["workingDir"] == mount["mountPath"]
    assert [volume["name"] for volume in pod["volumes"]] == [mount["name"]]
    indexed = spec.get("completionMode") == "Indexed"
    scripts = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    for index in range(spec["completions"] if indexed else 1):
        own = {**os.environ, "PATH": scripts}
        if indexed:
            own["JOB_COMPLETION_INDEX"] = str(index)
        line = [*container["command"], *container.get("args", [])]
        done = subprocess.run(line, cwd=folder, env=own, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{job['metadata']['name']} {index}: {done.stderr}"


def test_shares_and_their_join_make_one_result(tmp_path, photograph, program):
    shares, join = jobs("gigapixel.md")
    folder = tmp_path / "wall"
    folder.mkdir()
    photograph.crop((0, 0, 18, 14)).save(folder / "scan.png")
    run(shares, folder)
    assert not (folder / "wall.dzi").exists()
    # A pod that is evicted is replaced, and does its share again.
    run(shares, folder)
    run(join, folder)
    program("upscale", folder / "scan.png", "-s", "64", "-o", tmp_path / "wall.dzi", "--device", "cpu")
    files = {path.relative_to(tmp_path): path for path in (tmp_path / "wall_files").rglob("*") if path.is_file()}
    assert len(files) > 20
    for name, path in files.items():
        assert (folder / name).read_bytes() == path.read_bytes(), name


def test_a_folder_is_shared_out(tmp_path, photograph):
    (job,) = jobs("cluster.md")
    (tmp_path / "photographs").mkdir()
    names = [f"picture {number}.png" for number in range(18)]
    for number, name in enumerate(names):
        photograph.crop((number, 0, number + 16, 12)).save(tmp_path / "photographs" / name)
    run(job, tmp_path)
    assert sorted(path.name for path in (tmp_path / "large").iterdir()) == sorted(names)
    for name in names:
        with PIL.Image.open(tmp_path / "large" / name) as large:
            assert large.size == (64, 48)
