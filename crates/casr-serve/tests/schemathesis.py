#!/usr/bin/env python3
"""Runs schemathesis of PyPI against `casr serve`: it asks what /openapi.json describes, and much that it does not, and
compares the answers with it. Needs a built program; says that it is skipped where PyPI cannot be reached.

    cargo build --release -p casr && python3 crates/casr-serve/tests/schemathesis.py
"""

import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

from service import environment, service

# What is generated depends on the address: a run is like the one before.
PORT = 8424
# Requests for an address, and of the whole run in seconds, at most.
EXAMPLES = 15
PATIENCE = 180

# Names of what is there, so that not all is 404.
CONFIG = """
hooks = "hooks.py"
continue-on-failure = true
request-timeout = 30

[parameters]
"path.identifier" = "a.png"
"path.file" = "viewer.js"

# What a sound service may answer: IIIF wants 501 for turns that are not done, 503 is a queue that is full.
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 501, 503]

[checks.negative_data_rejection]
expected-statuses = ["4xx", 501, 503]

# Whether the numbers of these fit depends on the image, and not all images are there.
[[operations]]
include-path-regex = "^/(iiif|dzi|viewer|upscale|images)"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", 400, 404, 413, 415, 422, 503]
"""

# Bodies: images, and what is none. Of the requests that should make sense most are given values that fit the images: what
# the schemas allow beyond that is rarely answered. What follows a redirect is the answer of another address.
HOOKS = """
import itertools
import pathlib
import schemathesis
from hypothesis import strategies

image = pathlib.Path("sent.png").read_bytes()
bodies = strategies.sampled_from([image, image, image[:60], b"words"]) | strategies.binary(max_size=64)
schemathesis.openapi.media_type("application/octet-stream", bodies)

identifiers = itertools.cycle(["a.png", "sub/b.png", "a.png~2", "a.png~3.5~faithful", "none.png"])
regions = itertools.cycle([
    {"region": "full", "size": "^48,"},
    {"region": "pct:10,10,50.5,50", "size": "max"},
    {"region": "2,2,10,8", "size": "!9,9"},
    {},
])
tiles = itertools.cycle([{"level": level, "column": 0, "row": 0} for level in range(5)] + [{}])
sizes = itertools.cycle([{"factor": 2}, {"width": 50}, {"height": 30}, {"width": 44, "height": 20}, None])


@schemathesis.hook
def before_call(context, case, kwargs):
    kwargs["allow_redirects"] = False
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return
    path = case.path_parameters
    if "identifier" in path:
        path["identifier"] = next(identifiers)
    if "region" in path:
        path.update(next(regions))
    if "level" in path:
        path.update(next(tiles))
    if case.path == "/upscale" and (size := next(sizes)):
        for name in ("factor", "width", "height"):
            case.query.pop(name, None)
        case.query.update(size)
"""

# Answers that there must be at least: route, status, and how many.
ANSWERED = [("iiif", 200, 10), ("info", 200, 5), ("dzi", 200, 5), ("api", 200, 5), ("images", 201, 3), ("upscale", 200, 5)]


def image(path, width, height):
    """Writes a PNG file of slopes."""
    rows = b"".join(bytes([0]) + bytes(sample for x in range(width) for sample in (9 * x % 256, 9 * y % 256, 128)) for y in range(height))

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    schemathesis = environment("schemathesis").with_name("schemathesis")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        images, work = folder / "images", folder / "work"
        for name in ("a.png", "sub/b.png"):
            (images / name).parent.mkdir(parents=True, exist_ok=True)
            image(images / name, 24, 16)
        image(work / "sent.png", 20, 12)
        (work / "schemathesis.toml").write_text(CONFIG)
        (work / "hooks.py").write_text(HOOKS)
        bounds = ["--max-factor", "4", "--max-area", "262144", "--uploads", "--uploads-keep", "10s"]
        with service(images, *bounds, port=PORT) as running:
            arguments = ["--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1", "--phases", "examples,coverage,fuzzing"]
            run = [schemathesis, "run", f"{running.base}/openapi.json", "--workers", "1", *arguments]
            paths = os.environ | {"PYTHONPATH": str(work)}
            failed = subprocess.run(run, cwd=work, env=paths, timeout=PATIENCE).returncode
            metrics = running.metrics()
    for route, status, least in ANSWERED:
        count = int(metrics.get(f'casr_requests_total{{route="{route}",status="{status}"}}', 0))
        print(f"{route}: {count} times {status}")
        if count < least:
            sys.exit(f"schemathesis: {route} was {status} {count} times, not {least}")
    if failed:
        sys.exit(f"schemathesis: {failed}")


if __name__ == "__main__":
    main()
