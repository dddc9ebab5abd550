"""Enlarge on the machines of a `Ray <https://www.ray.io>`_ cluster; ``pip install casr[ray]``.

:class:`Enlarge` is a step of a ``ray.data.Dataset``; :func:`enlarge` takes a folder of images, on a
disk or in a bucket, to another one; :func:`pyramid` shares out one image's enlargement of
gigapixels. Each node needs this package, in the same version. Where Ray does not run yet, it is
started on this machine; to join a cluster, call ``ray.init(address=…)`` first.
"""

from __future__ import annotations

try:
    import pyarrow as _pyarrow  # noqa: F401
    import ray as _ray  # noqa: F401
except ImportError as _error:
    raise ImportError(
        f"casr.ray needs Ray and PyArrow ({_error}); install them with the package, "
        "pip install 'casr[ray]', or beside it, pip install 'ray[data]'"
    ) from _error

from casr.ray._dataset import Enlarge
from casr.ray._folder import enlarge
from casr.ray._shares import pyramid

__all__ = ["Enlarge", "enlarge", "pyramid"]
