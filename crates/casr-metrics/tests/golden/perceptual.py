"""LPIPS by the package of its authors and SIFID by numpy and scipy; writes perceptual.json beside itself.

Needs torch, torchvision, lpips 0.1.4, safetensors, scipy, numpy and pillow, and the networks' weights, lpips_alex.safetensors and
lpips_vgg.safetensors, in the folder named: python perceptual.py WEIGHTS

The weights of LPIPS itself are those of the package, so this also checks the ones in the files.
"""

import json
import sys
from pathlib import Path

import lpips
import numpy as np
import torch
from pictures import blurred, noisy, ramped, sample
from safetensors.torch import load_file
from scipy.linalg import sqrtm


def network(name, weights):
    """LPIPS with the trunk's weights from a file."""
    measure = lpips.LPIPS(net=name, pnet_rand=True, verbose=False).eval()
    tensors = load_file(Path(weights) / f"lpips_{name}.safetensors")
    layers = [module for module in measure.net.modules() if isinstance(module, torch.nn.Conv2d)]
    for index, layer in enumerate(layers):
        layer.weight.data = tensors[f"conv{index}.weight"].float()
        layer.bias.data = tensors[f"conv{index}.bias"].float()
    return measure


def tensor(picture):
    return torch.from_numpy(picture / 127.5 - 1).float().permute(2, 0, 1)[None]


@torch.no_grad()
def frechet(vgg, a, b):
    """Between the features after relu2_2."""
    samples = []
    for picture in (a, b):
        features = vgg.net(vgg.scaling_layer(tensor(picture))).relu2_2[0]
        samples.append(features.reshape(features.shape[0], -1).numpy().astype("f8"))
    means = [values.mean(1) for values in samples]
    covariances = [np.cov(values) for values in samples]
    root = np.real(sqrtm(covariances[0] @ covariances[1]))
    return np.sum((means[0] - means[1]) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)


def main():
    torch.manual_seed(0)
    alex, vgg = (network(name, sys.argv[1]) for name in ("alex", "vgg"))
    scores = {}
    for name, size in (("city", (96, 80)), ("dog", (133, 101)), ("flowers", (64, 127))):
        truth = sample(name, 200, 180, *size)
        copies = {"noisy": noisy(truth), "blurred": blurred(truth), "ramped": ramped(truth)}
        for kind, picture in copies.items():
            with torch.no_grad():
                distances = [measure(tensor(picture), tensor(truth)).item() for measure in (alex, vgg)]
            scores[f"{name} {kind}"] = {
                "lpips_alex": distances[0],
                "lpips_vgg": distances[1],
                "sifid": frechet(vgg, picture, truth),
            }
    Path(__file__).with_suffix(".json").write_text(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    main()
