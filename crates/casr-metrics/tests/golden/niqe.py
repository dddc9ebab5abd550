"""Makes niqe.json: NIQE of the samples and of spoilt copies of them, as BasicSR computes it.

    pip install numpy scipy torch pillow
    python niqe.py BASICSR

BASICSR is the unpacked source of BasicSR 1.4.2: the archive of tag v1.4.2 of its repository, XPixelGroup/BasicSR on GitHub, or
of the release 1.4.2 of the package basicsr. Only its NIQE and what that needs are loaded, so nothing is built, and OpenCV is
not needed.
"""

import argparse
import json
import sys
import types
from pathlib import Path

import numpy
import scipy.ndimage
from PIL import Image

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[3] / "samples"


def load_niqe(source):
    """BasicSR's calculate_niqe without the rest of the package, whose import needs far more than NIQE does."""
    for name in ("basicsr", "basicsr.metrics", "basicsr.utils"):
        package = types.ModuleType(name)
        package.__path__ = [str(source / name.replace(".", "/"))]
        sys.modules[name] = package
    # Imported by niqe.py for other ways to make a grey image.
    sys.modules["cv2"] = types.ModuleType("cv2")
    # SciPy's former name of the module that niqe.py takes convolve from.
    sys.modules.setdefault("scipy.ndimage.filters", scipy.ndimage)
    from basicsr.utils.color_util import bgr2ycbcr

    sys.modules["basicsr.utils"].bgr2ycbcr = bgr2ycbcr
    from basicsr.metrics.niqe import calculate_niqe

    return calculate_niqe


def copies(image):
    """The copies of an image that tests/niqe.rs makes too."""
    quantised = image - image % 32
    flat = image.copy()
    flat[:250, :400] = (200, 210, 220)
    grey = numpy.repeat(image[:, :, 1:2], 3, axis=2)
    return {
        "original": image,
        "cropped": image[5:-90, 40:],
        "quantised": quantised,
        "partly flat": flat,
        "grey": grey,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("basicsr", type=Path, help="folder of the unpacked source, which holds basicsr/metrics")
    calculate_niqe = load_niqe(parser.parse_args().basicsr)

    scores = {}
    for name in ("city", "dog", "flowers"):
        image = numpy.asarray(Image.open(SAMPLES / f"{name}.png").convert("RGB"))
        # BasicSR takes blue first.
        scores[name] = {
            copy: calculate_niqe(numpy.ascontiguousarray(values[:, :, ::-1]), crop_border=0)
            for copy, values in copies(image).items()
        }
        scores[name]["border of 7"] = calculate_niqe(numpy.ascontiguousarray(image[:, :, ::-1]), crop_border=7)
    (HERE / "niqe.json").write_text(json.dumps(scores, indent=2) + "\n")


if __name__ == "__main__":
    main()
