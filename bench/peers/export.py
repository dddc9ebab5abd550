"""One step of factor 2 in OpenVINO and ONNX Runtime: the model of `casr export` beside plain exports of the same network from PyTorch.

    python bench/peers/export.py --casr target/release/casr [--side 512] [--rounds 5]

Needs numpy, onnx, onnxruntime, openvino and torch. Sides are timed in turn; medians are printed, of seconds and of seconds of processor time, which tells more
on a machine that has other work. The plain exports are:

- `plain`: the network as PyTorch has it (convolutions that pad, the 1×1 head, the heat field's waves as a product, pixel shuffle), added to
  `interpolate(mode='bicubic')`; neither border nor guards;
- `whole`: the same on a level with the mirrored border of the training code, cropped afterwards, with its gates and its anchor.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import torch
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'training'))
from casr_training import guards, network, weights  # noqa: E402
from casr_training.resampling import Resize, StepGeometry  # noqa: E402

FACTOR = 2
LOOK = 0.5


class Plain(nn.Module):
    """The network, and with `whole` its border and guards, for one size."""

    def __init__(self, side: int, whole: bool):
        super().__init__()
        file = weights.read(ROOT / 'crates/casr-net/weights/casr.safetensors')
        self.config, self.values = file.config, file.at_look(LOOK)
        self.border = file.config.border if whole else 0
        geometry = StepGeometry((1, 1), (FACTOR, FACTOR))
        waves = network._waves(self.values, self.config, geometry, slice(0, 1))[0]
        # Of the padded columns of a cell those that are outputs.
        waves = waves.view(-1, *geometry.slots)[:, :, :FACTOR].reshape(-1, FACTOR * FACTOR)
        self.waves = torch.block_diag(*[waves.T] * 3)[:, :, None, None]
        hidden = geometry.log_scales @ self.values['embedding.scales'] + self.values['embedding.bias']
        self.embedding = (F.silu(hidden) @ self.values['embedding.output'])[:, :, None, None]
        small, large = (side, side), (FACTOR * side, FACTOR * side)
        self.enlarge, self.shrink = Resize(small, large), Resize(large, small)

    def forward(self, level: torch.Tensor) -> torch.Tensor:
        values = self.values
        extended = guards.mirrored(level, self.border) if self.border else level
        encoded = F.conv2d(extended - 0.5, values['encoder.weights'], values['encoder.bias'], padding=1) + self.embedding
        body = values['body.weights'], values['body.bias']
        features, layer = encoded, 0
        for _ in range(self.config.blocks):
            inner = features
            for part in range(3):
                inner = F.conv2d(inner, body[0][layer], body[1][layer], padding=1)
                inner = F.silu(inner) if part < 2 else inner
                layer += 1
            features = features + inner
        features = encoded + F.conv2d(features, body[0][layer], body[1][layer], padding=1)
        if self.border:
            features = features[:, :, self.border : -self.border, self.border : -self.border]
        coefficients = F.conv2d(features, values['head.weights'][:, :, None, None], values['head.bias'])
        correction = F.pixel_shuffle(F.conv2d(coefficients, self.waves), FACTOR)
        if not self.border:
            return F.interpolate(level, scale_factor=FACTOR, mode='bicubic') + correction
        gate = F.interpolate(guards.gates(level), scale_factor=FACTOR, mode='nearest')
        made = self.enlarge(level) + guards.gated(correction, gate[:, :1], gate[:, 1:], 1)
        return guards.anchored(made, level, torch.tensor([guards.ANCHOR]), self.shrink, self.enlarge)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--casr', required=True, help='the program')
    options.add_argument('--side', type=int, default=512)
    options.add_argument('--rounds', type=int, default=5)
    options.add_argument('--precision', default='f32', choices=['f32', 'bf16'], help="OpenVINO's")
    options.add_argument('--openvino-alone', action='store_true', help='leave ONNX Runtime out, but for the reference')
    given = options.parse_args()
    side = given.side
    image = torch.rand(1, 3, side, side)
    pixels = image.numpy()
    with tempfile.TemporaryDirectory() as folder:
        models = {}
        for name, extra in [('casr', []), ('casr fixed', ['--input', f'{side}x{side}'])]:
            models[name] = f'{folder}/{name}.onnx'
            subprocess.run([given.casr, 'export', models[name], '--look', str(LOOK), *extra], check=True)
        for name in ['plain', 'whole']:
            models[name] = f'{folder}/{name}.onnx'
            with torch.no_grad():
                module = Plain(side, name == 'whole').eval()
                torch.onnx.export(module, (image,), models[name], dynamo=False, opset_version=17, input_names=['input'])
        core = openvino.Core()
        engines = {}
        for name, path in models.items():
            settings = {'INFERENCE_PRECISION_HINT': given.precision, 'PERFORMANCE_HINT': 'LATENCY'}
            engines['OpenVINO', name] = core.compile_model(path, 'CPU', settings)
            if given.openvino_alone and name != 'whole':
                continue
            session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
            engines['ONNX Runtime', name] = lambda given, session=session: session.run(None, {'input': given[0]})
        results = {key: np.asarray(engine([pixels])[0]) for key, engine in engines.items()}
        reference = results['ONNX Runtime', 'whole'].clip(0, 1)
        seconds, work = {key: [] for key in engines}, {key: [] for key in engines}
        for _ in range(given.rounds):
            for key, engine in engines.items():
                start = time.perf_counter(), time.process_time()
                engine([pixels])
                seconds[key].append(time.perf_counter() - start[0])
                work[key].append(time.process_time() - start[1])
        print(f'{FACTOR}× of {side}², OpenVINO in {given.precision}: seconds, of processor time, and the largest difference to `whole` in code values')
        for key in engines:
            off = np.abs(results[key].clip(0, 1) - reference).max() * 255
            print(f'{key[0]:13} {key[1]:11} {statistics.median(seconds[key]):7.3f} {statistics.median(work[key]):7.3f}  {off:6.2f}')


if __name__ == '__main__':
    main()
