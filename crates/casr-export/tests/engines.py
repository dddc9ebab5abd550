"""Holds the models of `casr export` equal to the engine, in ONNX Runtime, OpenVINO and ncnn, on pieces of the samples.

    python3 crates/casr-export/tests/engines.py [--casr target/release/casr]

Builds a Python environment in target/engines with what it needs from PyPI; where PyPI is not reached, it says that it is skipped, and
fails if CASR_REQUIRE_ENGINES is set. In single precision every value has to be within one code value of 8 bits, in half within two; with
8 bits PSNR against the sample may fall by .15 dB. With `--lab target/release/casr-lab --metric-weights FOLDER`, LPIPS may rise by .01.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: Left, top, width and height of a piece of each sample; sides are multiples of 12, as all factors want it.
PIECES = {'city': (96, 120, 96, 84), 'dog': (300, 240, 84, 96), 'flowers': (240, 96, 72, 108)}
LOOK = '0.5'
#: Pixels that ncnn's model is given around a piece, since a program's tiles have them: more than it looks.
AROUND = 28


class Engines:
    """The other engines: each takes a model and `[3, h, w]`, and gives `[3, H, W]`."""

    def __init__(self):
        import ncnn
        import numpy as np
        import onnxruntime
        import openvino

        core = openvino.Core()

        def in_onnxruntime(path, pixels):
            session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
            return session.run(None, {'input': pixels[None]})[0][0]

        def in_openvino(path, pixels):
            compiled = core.compile_model(path, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
            return compiled([pixels[None]])[0][0]

        def in_ncnn(path, pixels):
            net = ncnn.Net()
            net.opt.use_vulkan_compute = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
            net.opt.use_fp16_packed = net.opt.use_fp16_storage = False
            if net.load_param(path) or net.load_model(str(Path(path).with_suffix('.bin'))):
                raise SystemExit(f'ncnn does not read {path}')
            given = np.ascontiguousarray(np.pad(pixels, ((0, 0), (AROUND,) * 2, (AROUND,) * 2), mode='symmetric'))
            extractor = net.create_extractor()
            extractor.input('data', ncnn.Mat(given))
            status, made = extractor.extract('output')
            if status:
                raise SystemExit(f'ncnn does not run {path}')
            made = np.array(made)
            margin = AROUND * (made.shape[2] // given.shape[2])
            return made[:, margin:-margin, margin:-margin]

        self.onnx = {'ONNX Runtime': in_onnxruntime, 'OpenVINO': in_openvino}
        self.ncnn = {'ncnn': in_ncnn}


class Comparison:
    """Models and images in a folder, and what became of them."""

    def __init__(self, casr: str, folder: Path):
        self.casr, self.folder, self.holds = casr, folder, True
        self.made = {}

    def run(self, *arguments):
        subprocess.run([self.casr, *map(str, arguments)], check=True, cwd=self.folder)

    def export(self, name, *arguments):
        self.run('export', name, '--look', LOOK, '--overwrite', *arguments)
        return str(self.folder / name)

    def report(self, holds, text):
        self.holds = self.holds and bool(holds)
        print(('ok     ' if holds else 'WRONG  ') + text, flush=True)

    def pixels(self, name):
        """An image as `[3, h, w]`."""
        import numpy as np
        from PIL import Image

        return np.asarray(Image.open(self.folder / f'{name}.png'), np.float32).transpose(2, 0, 1) / 255

    def engine(self, name, factor, restore):
        """The engine's step, as whole code values."""
        import numpy as np
        from PIL import Image

        key = (name, factor, restore)
        if key not in self.made:
            _, height, width = self.pixels(name).shape
            size = f'{round(width * factor)}x{round(height * factor)}'
            self.run('upscale', f'{name}.png', '--size', size, '--max-step', '4', '--look', LOOK, '--restore', restore, '--exact',
                     '--device', 'cpu', '--precision', 'single', '-o', 'engine.png', '--overwrite')
            self.made[key] = np.asarray(Image.open(self.folder / 'engine.png'), int)
        return self.made[key]

    def equal(self, title, model, engines, images, factor, limit, restore='0'):
        import numpy as np

        for where, infer in engines.items():
            most = 0
            for name in images:
                made = codes(infer(model, self.pixels(name)))
                most = max(most, np.abs(made - self.engine(name, factor, restore)).max())
            self.report(most <= limit, f'×{factor:.3g} {title} in {where}: off by {most} of 255 at most, {limit} allowed')


def codes(values):
    """`[3, h, w]` in [0, 1] as whole code values, `[h, w, 3]`."""
    import numpy as np

    return np.floor(values.clip(0, 1) * 255 + 0.5).astype(int).transpose(1, 2, 0)


def compare(given) -> bool:
    """Whether all models are as equal as they have to be; prints a line for each."""
    import numpy as np
    import onnx
    from PIL import Image

    engines = Engines()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        comparison = Comparison(given.casr, folder)
        samples = {name: Image.open(ROOT / f'samples/{name}.png').convert('RGB') for name in PIECES}
        for name, (left, top, width, height) in PIECES.items():
            samples[name].crop((left, top, left + width, top + height)).save(folder / f'{name}.png')
        samples['city'].crop((200, 200, 212, 208)).save(folder / 'tiny.png')

        export, equal, images = comparison.export, comparison.equal, list(PIECES)
        for factor in [1.5, 2, 3, 4, 4 / 3, 9 / 4]:
            model = export('step.onnx', '--factor', factor)
            onnx.checker.check_model(model, full_check=True)
            equal('single', model, engines.onnx, images, factor, 1)
        model = export('step.onnx', '--noise', '10', '--jpeg', '50')
        equal('single, restoring,', model, engines.onnx, images, 2, 1, restore='1')
        # Smaller than the border.
        equal('single, 12×8 pixels,', export('step.onnx'), engines.onnx, ['tiny'], 2, 1)
        equal('single, 12×8 pixels alone,', export('step.onnx', '--input', '12x8'), engines.onnx, ['tiny'], 2, 1)
        equal('half', export('step.onnx', '--precision', 'half'), engines.onnx, images, 2, 2)
        for factor in [2, 3, 4]:
            equal('single', export('step.param', '--factor', factor), engines.ncnn, images, factor, 1)
        equal('half', export('step.param', '--precision', 'half'), engines.ncnn, images, 2, 2)

        # 8 bits: what they cost against the truth, samples that were shrunk.
        single = export('single.onnx')
        eight = export('eight.onnx', '--precision', 'int8', '--calibrate', ROOT / 'samples')
        for where, infer in engines.onnx.items():
            for name, sample in samples.items():
                truth = sample.crop((120, 120, 376, 376))
                small = np.asarray(truth.resize((128, 128), Image.Resampling.BICUBIC), np.float32).transpose(2, 0, 1) / 255
                error = [((codes(infer(model, small)) - np.asarray(truth, float)) ** 2).mean() for model in (single, eight)]
                change = 10 * np.log10(error[0] / error[1])
                comparison.report(change >= -0.15, f'×2 int8 in {where} on {name}: {change:+.3f} dB')
        if given.lab and given.metric_weights:
            (folder / 'truths').mkdir()
            for name, sample in samples.items():
                sample.crop((120, 120, 376, 376)).save(folder / f'truths/{name}.png')
            command = f'{sys.executable} {Path(__file__).resolve()} --infer {folder}/NAME.onnx {{in}} {{out}}'
            methods = [option for name in ('single', 'eight') for option in ('--method', f'{name}={command.replace("NAME", name)}')]
            table = subprocess.run(
                [given.lab, 'eval', folder / 'truths', '--scales', '2', '--metrics', 'psnr_y,lpips_alex', '--methods', 'bicubic',
                 '--metric-weights', given.metric_weights, *methods], check=True, capture_output=True, text=True).stdout
            print(table)
            column = re.findall(r'method.*', table)[0].split().index('LPIPS-A')
            single, eight = (float(re.findall(rf'^{name}.*', table, re.M)[0].split()[column]) for name in ('single', 'eight'))
            comparison.report(eight - single <= 0.01, f'×2 int8: LPIPS {eight - single:+.4f}')
    return comparison.holds


def infer(model: str, source: str, target: str) -> None:
    """Enlarges an image by a model, for `casr-lab eval`."""
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(source).convert('RGB'), np.float32).transpose(2, 0, 1) / 255
    made = codes(Engines().onnx['OpenVINO'](model, pixels))
    Image.fromarray(made.astype(np.uint8)).save(target)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('--casr', default=str(ROOT / 'target/release/casr'), help='the program')
    options.add_argument('--lab', help='casr-lab, for LPIPS')
    options.add_argument('--metric-weights', help="the folder of LPIPS's weights")
    options.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    options.add_argument('--infer', nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.infer:
        infer(*given.infer)
    elif given.inside:
        sys.exit(not compare(given))
    else:
        sys.path.insert(0, str(ROOT / '.ci'))
        import environments

        try:
            python = environments.environment('engines')
        except environments.Unavailable as why:
            print(f'skipped: {why}')
            sys.exit(bool(os.environ.get('CASR_REQUIRE_ENGINES')))
        sys.exit(subprocess.run([python, __file__, '--inside', *sys.argv[1:]]).returncode)


if __name__ == '__main__':
    main()
