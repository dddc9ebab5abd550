"""The arguments that are handed on to each image, checked before any work is shared out."""

from __future__ import annotations

import json
import os
from typing import Any, Literal, TypedDict

import casr
from casr import _casr
from casr._settings import Name, Path, Settings, Writing


class Upscaling(TypedDict, total=False):
    """How images are enlarged: the arguments of :func:`casr.upscale` under their names."""

    size: tuple[int | None, int | None] | None
    look: Name | float
    restore: Literal["auto"] | float | None
    effort: Literal["normal", "best"]
    device: str
    precision: Literal["auto", "single", "half"]
    weights: Path | None
    exact: bool
    max_step: float | None
    keep_hidden: bool
    max_pixels: int | None


class Saving(Upscaling, total=False):
    """How images are enlarged and saved: the arguments of :func:`casr.upscale`."""

    format: str | None
    quality: int | None
    dpi: Literal["keep", "scale"]
    strip_metadata: bool
    mark: bool


_UPSCALING: Settings = {
    "scale": None,
    "size": None,
    "look": "auto",
    "restore": None,
    "effort": "normal",
    # The same on all nodes, so that results do not depend on where they are made.
    "device": "cpu",
    "precision": "auto",
    "weights": None,
    "exact": False,
    "max_step": None,
    "keep_hidden": False,
    "max_pixels": None,
}
_WRITING: Writing = {
    "format": None,
    "overwrite": False,
    "quality": None,
    "dpi": "keep",
    "strip_metadata": False,
    "mark": True,
}


def checked(caller: str, scale: float | None, given: Saving) -> dict[str, Any]:
    """All settings by their names: those given, checked, and what the others are.

    Raises:
        TypeError: There is no such argument.
        ValueError: A value makes no sense.
        OSError: The weights cannot be read.
    """
    known = Saving.__annotations__.keys() | Upscaling.__annotations__.keys()
    for name in given:
        if name not in known:
            raise TypeError(f"{caller}() got an unexpected keyword argument '{name}'")
    settings: dict[str, Any] = {**_UPSCALING, **_WRITING, "scale": scale, **given}
    if settings["weights"] is not None:
        settings["weights"] = os.path.abspath(settings["weights"])
    # This machine may lack the nodes' GPUs, which matters to them alone.
    here = {**settings, "device": "cpu", "precision": "auto"}
    _casr.check(here, here)  # type: ignore[arg-type]
    return settings


def arguments(settings: dict[str, Any], names: type[Upscaling]) -> dict[str, Any]:
    """Of all settings those that :func:`casr.upscale` takes beside the image."""
    known = names.__annotations__.keys() | Upscaling.__annotations__.keys()
    return {"scale": settings["scale"], **{name: settings[name] for name in known}}


def described(settings: dict[str, Any]) -> str:
    """Settings as text that is the same for the same results."""
    kept = {name: value for name, value in settings.items() if name != "overwrite"}
    return json.dumps({"casr": casr.__version__, **kept}, sort_keys=True, default=str)
