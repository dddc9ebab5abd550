"""Makes ssim.json: SSIM over red, green and blue of spoilt copies of the samples, as scikit-image computes it.

    pip install numpy pillow scikit-image
    python ssim.py
"""

import json
from pathlib import Path

import numpy
from PIL import Image
from skimage.metrics import structural_similarity

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[3] / "samples"


def copies(image):
    """The copies of an image that tests/ssim.rs makes too."""
    left = numpy.roll(image, 1, axis=1)
    return {
        "quantised": image - image % 16,
        "mixed with its left neighbour": ((image.astype(int) + left) // 2).astype(numpy.uint8),
        "negative": 255 - image,
    }


def similarity(result, truth):
    return structural_similarity(
        result,
        truth,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        channel_axis=2,
    )


def main():
    scores = {}
    for name in ("city", "dog", "flowers"):
        image = numpy.asarray(Image.open(SAMPLES / f"{name}.png").convert("RGB"))
        scores[name] = {copy: similarity(values, image) for copy, values in copies(image).items()}
        quantised = copies(image)["quantised"]
        scores[name]["quantised, border of 3"] = similarity(quantised[3:-3, 3:-3], image[3:-3, 3:-3])
    (HERE / "ssim.json").write_text(json.dumps(scores, indent=2) + "\n")


if __name__ == "__main__":
    main()
