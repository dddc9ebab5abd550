"""The program, as ``casr`` and ``python -m casr``."""

from __future__ import annotations

import signal
import sys

from casr import _casr


def main() -> int:
    """Does what the command line says; returns the exit code."""
    # The program answers signals itself, as it does without Python.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _casr.main(["casr", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
