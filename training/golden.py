"""Writes the golden files that the Rust tests hold the engine to: small random networks, images, and what the twin makes of them.

    python golden.py [FOLDER]       default: ../crates/casr-net/tests/golden

Values depend on the seeds alone (and on rounding, which differs between machines by less than 1e-5).
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from casr_training import weights
from casr_training.enlarge import enlarge_levels, plan
from casr_training.guards import gates
from casr_training.network import NetworkConfig, Parameters, fresh_parameters
from casr_training.provenance import FAITHFUL, VIVID, Provenance, Run
from casr_training.resampling import Size
from casr_training.weights import WeightsFile

FOLDER = Path(__file__).resolve().parent.parent / 'crates/casr-net/tests/golden'

#: Small, so that files are: their sides, half precision, some kilobytes.
PLAIN = NetworkConfig(channels=16, blocks=2, frequencies=8)
WITH_MODULES = NetworkConfig(channels=16, blocks=2, frequencies=8, alignment=True, similarity=True)


@dataclass
class Case:
    """An enlargement through the whole loop."""

    name: str
    network: str
    size: Size
    target: Size
    look: float = 0.0
    noise: float = 0.0
    compression: float = 0.0


CASES = [
    Case('plain-case', 'plain', (18, 23), (41, 61), look=0.4, noise=0.2),
    Case('modules-case', 'modules', (24, 20), (54, 39)),
    Case('modules-odd-case', 'modules', (21, 18), (38, 41), noise=0.1, compression=0.3),
]


def random_parameters(config: NetworkConfig, seed: int) -> Parameters:
    """A network whose every part matters: what training starts with at zero, or small, is not."""
    values = {name: value.detach() for name, value in fresh_parameters(config, seed).items()}
    generator = torch.Generator().manual_seed(seed + 1)
    for name, value in values.items():
        if name == 'head.bias':
            value += 0.01 * torch.randn(value.shape, generator=generator)
        elif name.endswith('bias') or name == 'embedding.origin':
            value += 0.2 * torch.randn(value.shape, generator=generator)
        elif name == 'alignment.outer.weights':
            value *= 50
        elif name == 'similarity.outer.weights':
            value *= 20
        elif name == 'similarity.matches.weights':
            value *= 10
        elif name == 'body.weights':
            value[-1] *= 10
        elif name == 'head.weights':
            value *= 0.6
    if config.alignment:
        values['alignment.outer.bias'][: config.channels] += 2  # gates half open
    return values


def halves(values: Parameters, config: NetworkConfig) -> Parameters:
    """Values as a file holds them, in half precision."""
    tensors = {name: value.half().float() for name, value in weights.to_tensors(values, config).items()}
    return weights.from_tensors(tensors, config)


def networks() -> dict[str, WeightsFile]:
    """The networks by the names of their files."""
    faithful = random_parameters(PLAIN, 1)
    other = random_parameters(PLAIN, 11)
    vivid = {name: value + 0.3 * (other[name] - value) for name, value in faithful.items()}

    def run(end: str) -> Run:
        return Run(end, 'random numbers', 'golden.py', 0, 0.0, {'seed': 1})

    both = Provenance('none', [run(FAITHFUL), run(VIVID)], {'Set5 x4': 0.5})
    one = Provenance('none', [run(FAITHFUL)])
    modules = halves(random_parameters(WITH_MODULES, 2), WITH_MODULES)
    return {
        'plain': WeightsFile(PLAIN, halves(faithful, PLAIN), halves(vivid, PLAIN), both),
        'modules': WeightsFile(WITH_MODULES, modules, None, one),
    }


def image(size: Size, seed: int) -> Tensor:
    """An image of 8 bits, `[1, 3, h, w]`: waves and noise, with a flat saturated corner and a grey textured one."""
    height, width = size
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows * down + columns * across) for down, across in ((0.9, 0.3), (-0.2, 1.1), (0.5, -0.7))]
    pixels = 0.5 + 0.25 * np.stack(waves, -1) + 0.08 * generator.standard_normal((height, width, 3))
    pixels[: height // 2 - 1, width - width // 2 :] = (1.0, 0.0, 0.25)
    pixels[height - height // 2 :, : width // 2] = pixels[height - height // 2 :, : width // 2, :1]
    pixels = np.floor(pixels.clip(0, 1) * 255 + 0.5).astype(np.float32) / np.float32(255)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def by_row(images: Tensor) -> np.ndarray:
    """`[1, c, h, w]` -> `[h, w, c]`."""
    return images[0].permute(1, 2, 0).contiguous().numpy()


def write_case(folder: Path, case: Case, network: WeightsFile, seed: int) -> None:
    """Writes input and levels of an enlargement, `[h, w, 3]`, and the settings."""
    given, sizes = image(case.size, seed), plan(case.size, case.target)
    parameters = network.at_look(case.look)
    levels = enlarge_levels(parameters, network.config, given, sizes, case.noise, case.compression)
    tensors = {'input': by_row(given)}
    tensors |= {f'level.{index}': by_row(level) for index, level in enumerate(levels, 1)}
    condition = {'noise': case.noise, 'compression': case.compression}
    settings = {'network': case.network, 'look': case.look, 'condition': condition, 'sizes': sizes}
    weights.write_safetensors(folder / f'{case.name}.safetensors', tensors, {'case': json.dumps(settings)})


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    files = networks()
    for name, file in files.items():
        weights.write(folder / f'{name}.safetensors', file)
    for seed, case in enumerate(CASES):
        write_case(folder, case, files[case.network], seed)
    given = image((11, 14), 9)
    tensors = {'input': by_row(given), 'gates': by_row(gates(given))}
    weights.write_safetensors(folder / 'gates.safetensors', tensors, {'case': '{}'})
    total = 0
    for path in sorted(folder.glob('*.safetensors')):
        total += path.stat().st_size
        print(f'{path.stat().st_size:8} {path.name}')
    print(f'{total:8} bytes of {asdict(PLAIN)["channels"]} channels')


if __name__ == '__main__':
    main()
