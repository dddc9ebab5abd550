"""Enlarge images by any factor with one small network, in modest steps.

>>> import numpy
>>> import casr
>>> image = numpy.full((6, 4, 3), 200, numpy.uint8)
>>> casr.upscale(image, 2.5).shape
(15, 10, 3)

:func:`upscale` enlarges Pillow images, NumPy arrays, bytes and files, and gives back what it got.
:class:`Pyramid` computes windows of an enlargement, of any size, when they are wanted. The program
``casr`` comes along: ``python -m casr --help``.
"""

from __future__ import annotations

from casr._casr import Error, __version__, set_threads
from casr._devices import Gpu, gpus
from casr._pyramid import Level, Pyramid
from casr._upscale import Remark, upscale

__all__ = [
    "Error",
    "Gpu",
    "Level",
    "Pyramid",
    "Remark",
    "__version__",
    "gpus",
    "set_threads",
    "upscale",
]
