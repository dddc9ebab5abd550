"""The program that comes with the package, for shares of one image's work."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import casr

# Options of the program by the names of the settings that are their values, and of those that are
# there or not.
_VALUES = ("look", "restore", "effort", "precision", "weights", "max_step", "max_pixels", "page",
           "format", "quality", "dpi", "tiff_compression", "tile_format")
_FLAGS = ("exact", "keep_hidden", "strip_metadata", "tiff_pyramid")


def options(settings: dict[str, Any]) -> list[str]:
    """Settings as the program takes them, but for the device."""
    line: list[str] = []
    scale, size = settings["scale"], settings["size"]
    if size is not None:
        width, height = size
        if width is None:
            line += ["--height", str(height)]
        elif height is None:
            line += ["--width", str(width)]
        else:
            line += ["--size", f"{width}x{height}"]
    elif scale is not None:
        line += ["--scale", repr(float(scale))]
    for name in _VALUES:
        if settings.get(name) is not None:
            line += [f"--{name.replace('_', '-')}", str(settings[name])]
    for name in _FLAGS:
        if settings.get(name):
            line.append(f"--{name.replace('_', '-')}")
    if not settings["mark"]:
        line.append("--no-mark")
    return line


def run(command: str, folder: str, line: list[str]) -> list[str]:
    """Does a command in a folder; returns its remarks.

    Raises:
        casr.Error: It failed, with its message.
    """
    call = [sys.executable, "-m", "casr", command, *line]
    # Its own group of processes would outlive this one; a pipe that is closed would not end it.
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    said = [text.removeprefix("casr: ") for text in done.stderr.splitlines() if text]
    if done.returncode != 0:
        message = "\n".join(said) or f"it ended with code {done.returncode}"
        raise casr.Error(message.replace(folder + os.sep, ""))
    return said
