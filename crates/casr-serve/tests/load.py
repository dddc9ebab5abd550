#!/usr/bin/env python3
"""The service under load: many connections that ask for random tiles which nobody has asked for before.

    cargo build --release -p casr && python3 crates/casr-serve/tests/load.py
    python3 crates/casr-serve/tests/load.py --seconds 300 --connections 200 --factor 16 --tile 256 --queue 256 --memory 1G --health 50

No answer but 200 and 503, health within a bound, memory that does not grow, equal requests computed once, and nothing
left over when the clients have gone. Ends with 1 where that does not hold.
"""

import argparse
import asyncio
import collections
import json
import multiprocessing
import random
import shutil
import statistics
import tempfile
import time
import urllib.request

from service import ROOT, Service, service

IMAGE = "city.png"
# How long a client that is sent away waits.
PAUSE = 0.25
# Memory may fluctuate by so many megabytes, and so much of what it was.
SLACK, SHARE = 48, 0.15


async def get(port, path):
    """Status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        whole = await reader.read(-1)
    finally:
        writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


class Tiles:
    """Addresses of tiles anywhere in the enlarged image."""

    def __init__(self, running, arguments):
        self.numbers = random.Random(arguments.seed)
        self.side, self.name = arguments.tile, f"{IMAGE}~{arguments.factor}"
        info = json.loads(running.get(f"/iiif/{self.name}/info.json"))
        self.room = [info[axis] - self.side for axis in ("width", "height")]

    def next(self):
        x, y = (self.numbers.randrange(room) for room in self.room)
        return f"/iiif/{self.name}/{x},{y},{self.side},{self.side}/max/0/default.jpg"


async def equal(running, path):
    """Many ask for one tile at a time: it is computed once."""
    before = running.metrics()
    answers = await asyncio.gather(*(get(running.port, path) for _ in range(20)))
    if {status for status, _ in answers} != {200} or len({body for _, body in answers}) != 1:
        raise SystemExit(f"20 equal requests got {[status for status, _ in answers]}")
    after = running.metrics()
    gained = lambda name: after.get(name, 0) - before.get(name, 0)
    computed = gained('casr_work_seconds_count{lane="heavy"}')
    others = gained("casr_shared_total") + gained('casr_cache_hits_total{cache="memory"}')
    print(f"20 equal requests: computed {computed:.0f} times, {others:.0f} had it from another")
    if (computed, others) != (1, 19):
        raise SystemExit("equal requests are not computed once")


def ask_for_health(address, over, sent):
    """Asks ten times a second until it is over, then tells how many milliseconds each answer took."""
    times = []
    while not over.is_set():
        begun = time.monotonic()
        with urllib.request.urlopen(address, timeout=60) as answer:
            answer.read()
        times.append((time.monotonic() - begun) * 1000)
        time.sleep(0.1)
    sent.send(times)


class Health:
    """Health as others see it: asked for from a process of its own, which the load's many connections do not hold up."""

    def __init__(self, running):
        # Not a copy of this process, with its sockets.
        context = multiprocessing.get_context("spawn")
        self.over = context.Event()
        self.received, sent = context.Pipe(duplex=False)
        address = f"{running.base}/health"
        context.Process(target=ask_for_health, args=(address, self.over, sent), daemon=True).start()
        sent.close()

    def stop(self):
        """All times, in milliseconds."""
        self.over.set()
        try:
            return self.received.recv()
        except EOFError:
            raise SystemExit("/health was not answered") from None


async def load(running, seconds, connections, tiles):
    statuses, memory = collections.Counter(), []

    async def client():
        while True:
            status, body = await get(running.port, tiles.next())
            statuses[status] += 1
            if status == 200 and not body.startswith(b"\xff\xd8"):
                raise SystemExit("an answer is no JPEG")
            if status == 503:
                await asyncio.sleep(PAUSE)

    clients = [asyncio.create_task(client()) for _ in range(connections)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        memory.append(running.resident())
        done, _ = await asyncio.wait(clients, timeout=1, return_when=asyncio.FIRST_EXCEPTION)
        for one in done:
            # A connection that was refused or cut off.
            one.result()
    for one in clients:
        one.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    return statuses, memory


def is_flat(memory):
    """Whether the last third holds no more than the one before, but for what always fluctuates."""
    third = len(memory) // 3
    before, last = max(memory[third : 2 * third]), max(memory[2 * third :])
    return last <= before * (1 + SHARE) + SLACK


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--factor", type=int, default=4, help="how many times the image is enlarged")
    parser.add_argument("--tile", type=int, default=128, help="the side of a tile")
    parser.add_argument("--health", type=float, default=1000, help="the most milliseconds that /health may take")
    parser.add_argument("--memory", default="128M", help="what the service may keep")
    parser.add_argument("--queue", type=int, default=32, help="how many requests may wait in the service")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("options", nargs="*", help="more options of casr serve, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "samples" / IMAGE, folder)
        options = ("--memory", arguments.memory, "--queue", str(arguments.queue), *arguments.options)
        with service(folder, *options) as running:
            check(running, arguments)


def check(running: Service, arguments):
    tiles = Tiles(running, arguments)
    asyncio.run(equal(running, tiles.next()))
    health = Health(running)
    statuses, memory = asyncio.run(load(running, arguments.seconds, arguments.connections, tiles))
    times = health.stop()
    left = time.monotonic() + 20
    while True:
        after = running.metrics()
        idle = after['casr_queue{lane="heavy"}'] == 0 and after["casr_connections"] <= 1
        if idle or time.monotonic() > left:
            break
        time.sleep(0.2)
    slowest, usual = max(times), statistics.median(times)
    print(f"{arguments.connections} connections, {arguments.seconds:.0f} s: answers {dict(statuses)}")
    print(f"/health, {len(times)} times: median {usual:.1f} ms, at most {slowest:.1f} ms")
    failures = []
    if set(statuses) - {200, 503} or not statuses[200]:
        failures.append(f"answers: {dict(statuses)}")
    if slowest > arguments.health:
        failures.append(f"/health took {slowest:.0f} ms")
    if None not in memory:
        every = max(1, len(memory) // 12)
        print(f"resident: {', '.join(f'{value:.0f}' for value in memory[::every])} MB, at most {max(memory):.0f}")
        if not is_flat(memory):
            failures.append("memory grows")
    if not idle:
        failures.append("work or connections are left when the clients have gone")
    if failures:
        raise SystemExit("; ".join(failures))


if __name__ == "__main__":
    main()
