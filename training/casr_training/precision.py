"""Which arithmetic devices use for products of float32."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def allow_fast_products(allow: bool) -> None:
    """Whether CUDA devices may round the factors of float32 products to 11 bits (TF32): several times as fast."""
    torch.backends.cuda.matmul.allow_tf32 = allow
    torch.backends.cudnn.allow_tf32 = allow


@contextmanager
def exact_products() -> Iterator[None]:
    """Products of float32 as they are: for pixels of data, and for measuring."""
    allowed = torch.backends.cuda.matmul.allow_tf32
    allow_fast_products(False)
    try:
        yield
    finally:
        allow_fast_products(allowed)


def has_half(device: str, wanted_on_processor: bool = False) -> torch.dtype:
    """bfloat16 on CUDA devices, on processors where it is wanted (those with AMX are faster with it); else float32."""
    return torch.bfloat16 if device.startswith('cuda') or wanted_on_processor else torch.float32
