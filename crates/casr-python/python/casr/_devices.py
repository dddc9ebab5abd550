"""What can do the work."""

from __future__ import annotations

from typing import NamedTuple

from casr import _casr


class Gpu(NamedTuple):
    """A GPU that Vulkan, Metal or DirectX 12 reaches."""

    name: str
    """Its name."""
    half: bool
    """Whether it computes in half precision."""
    simulated: bool
    """Whether the processor simulates it: slower than the processor itself, but good for tests."""


def gpus() -> list[Gpu]:
    """All GPUs, in the order of ``device="gpu:0"``, ``"gpu:1"`` and so on.

    >>> all(isinstance(gpu.name, str) for gpu in casr.gpus())
    True
    """
    return [Gpu(*gpu) for gpu in _casr.gpus()]
