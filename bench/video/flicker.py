"""How steady enlarged video is: a camera pans over a photograph by one pixel of it a frame, and the shrunk frames are enlarged again.

    python3 bench/video/flicker.py [--casr PROGRAM] [--factor 4] [--look 0] [--frames 5] [--most 1.2] [IMAGE ...]

Prints for `casr upscale -` and for bicubic interpolation: tOF, the mean difference of the motion seen in the result (Farneback's optical flow) from
that seen in the photograph, in pixels (Chu et al., arXiv 1811.09393); and the warped error, the mean difference of neighbouring frames moved back
onto each other, in code values of luma. The latter grows with all contrast that there is: a blur has little of both.

Needs Pillow, NumPy and OpenCV (opencv-python-headless).
"""

import argparse
import statistics
import subprocess
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]


def panned(image, factor, frames):
    """Frames of a camera that moves by one pixel of the photograph, and the same shrunk."""
    width, height = ((side - frames) // factor * factor for side in image.size)
    crops = [image.crop((step, 0, step + width, height)) for step in range(frames)]
    small = width // factor, height // factor
    return crops, [crop.resize(small, Image.Resampling.BICUBIC) for crop in crops]


def stream(frames):
    """The frames as y4m, 4:4:4, full range."""
    width, height = frames[0].size
    parts = [f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C444 XCOLORRANGE=FULL\n".encode()]
    for frame in frames:
        planes = np.asarray(frame.convert("YCbCr")).transpose(2, 0, 1)
        parts += [b"FRAME\n", np.ascontiguousarray(planes).tobytes()]
    return b"".join(parts)


def unpacked(data):
    """Luma of all frames of such a stream, [frames, h, w]."""
    line, data = data.split(b"\n", 1)
    width, height = (int(word[1:]) for word in line.decode().split()[1:3])
    size = len(b"FRAME\n") + 3 * width * height
    frames = np.frombuffer(data, np.uint8).reshape(-1, size)[:, len(b"FRAME\n") :]
    return frames.reshape(-1, 3, height, width)[:, 0].astype(float)


def warped_error(luma, border):
    """The mean difference of neighbouring frames, moved back by a pixel, without the border."""
    differences = np.abs(luma[1:, :, :-1] - luma[:-1, :, 1:])
    return float(differences[:, border:-border, border:-border].mean())


def motion(luma):
    """The motion from each frame to the next, [frames - 1, h, w, 2]."""
    frames = luma.astype(np.uint8)
    return np.stack(
        [cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0) for a, b in zip(frames, frames[1:])]
    )


def motion_error(luma, truth, border):
    """tOF: the mean difference of the motion, without the border."""
    difference = np.linalg.norm(motion(luma) - motion(truth), axis=3)
    return float(difference[:, border:-border, border:-border].mean())


def luma_of(frames):
    """Luma of images, [frames, h, w]."""
    return np.stack([np.asarray(frame.convert("YCbCr"))[..., 0] for frame in frames]).astype(float)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("images", nargs="*", type=Path, default=sorted((ROOT / "samples").glob("*.png")))
    parser.add_argument("--casr", default=str(ROOT / "target/release/casr"))
    parser.add_argument("--factor", type=int, default=4)
    parser.add_argument("--look", default="0")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--most", type=float, help="fail where the mean ratio of tOF is larger")
    options = parser.parse_args()
    ratios = []
    print(f"×{options.factor}, look {options.look}{'tOF: casr':>22} {'bicubic':>8} {'ratio':>6} {'warped: casr':>14} {'bicubic':>8}")
    for path in options.images:
        truth, low = panned(Image.open(path).convert("RGB"), options.factor, options.frames)
        command = [options.casr, "upscale", "-", "-o", "-", "-q", "-s", str(options.factor), "--look", options.look]
        result = subprocess.run(command, input=stream(low), stdout=subprocess.PIPE, check=True).stdout
        bicubic = luma_of([frame.resize(truth[0].size, Image.Resampling.BICUBIC) for frame in low])
        both, border = (unpacked(result), bicubic), 8 * options.factor
        ours, theirs = (motion_error(luma, luma_of(truth), border) for luma in both)
        warped = [warped_error(luma, border) for luma in both]
        ratios.append(ours / theirs)
        print(f"{path.stem:<30} {ours:8.3f} {theirs:8.3f} {ours / theirs:6.2f} {warped[0]:14.2f} {warped[1]:8.2f}")
    mean = statistics.mean(ratios)
    print(f"mean ratio of tOF: {mean:.2f}")
    if options.most and mean > options.most:
        raise SystemExit(f"more than {options.most}")


if __name__ == "__main__":
    main()
