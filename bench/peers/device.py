"""Times the network on a device with our program and with PyTorch (`training/casr_training`; bf16 on a GPU, compiled), in turn.

Both sides take the faithful end of the weights that ship and make the same steps, guards and all, which is checked. Each round times one
piece of work on either side, so that whatever else the machine does disturbs both. Run it through device.sh.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "training"))
from casr_training import weights  # noqa: E402
from casr_training.chain import Chain, ChainOptions  # noqa: E402
from casr_training.enlarge import plan  # noqa: E402

WEIGHTS = ROOT / "crates/casr-net/weights/casr.safetensors"


def pixels(height, width):
    """The image of device_peer.rs, [1, 3, height, width]."""
    row = torch.arange(height, dtype=torch.float32)[:, None, None]
    column = torch.arange(width, dtype=torch.float32)[None, :, None]
    colour = torch.arange(3, dtype=torch.float32)[None, None, :]
    image = 0.5 + 0.4 * torch.sin(row * 0.31 + colour) * torch.cos(column * 0.17)
    return image.permute(2, 0, 1)[None]


class Theirs:
    """PyTorch's side: the same pieces of work."""

    def __init__(self, device, compiled):
        self.device = torch.device("cuda" if device.startswith("gpu") else "cpu")
        self.half = self.device.type == "cuda"
        torch.set_float32_matmul_precision("high")
        file = weights.read(WEIGHTS)
        self.config = file.config
        self.parameters = {name: value.to(self.device).requires_grad_() for name, value in file.parameters.items()}
        self.optimizer = torch.optim.AdamW(self.parameters.values(), 1e-4, fused=self.half)
        self.chains = {}
        self.compiled = compiled

    def levels(self, sizes, image, whole):
        """All levels above `image`, `[n, 3, h, w]` each; `whole` enlarges as the program does, with a mirrored border."""
        key = tuple(sizes), whole
        if key not in self.chains:
            chain = Chain(len(image), sizes, self.config, self.device, ChainOptions(whole=whole))
            self.chains[key] = chain, torch.compile(chain.levels) if self.compiled else chain.levels
        chain, levels = self.chains[key]
        chain.low.copy_(image)
        return levels(self.parameters, torch.bfloat16 if self.half else torch.float32)

    @torch.no_grad()
    def step(self, side):
        """One doubling without a border, as `check` of device_peer.rs."""
        sizes = [(side, side), (2 * side, 2 * side)]
        return self.levels(sizes, pixels(side, side), False)[-1]

    @torch.no_grad()
    def upscale(self, factor):
        """Steps of at most two, like ours; the result comes back to the host."""
        side = 256
        sizes = plan((side, side), (side * factor, side * factor))
        return self.levels(sizes, pixels(side, side), True)[-1].clamp(0, 1).cpu()

    def train(self):
        """L1 and a small L1 of the spectrum, as ours."""
        patches = pixels(16 * 48, 48).reshape(1, 3, 16, 48, 48)[0].transpose(0, 1)
        truth = pixels(16 * 96, 96).reshape(1, 3, 16, 96, 96)[0].transpose(0, 1).to(self.device)
        difference = self.levels([(48, 48), (96, 96)], patches, False)[-1] - truth
        spectrum = torch.view_as_real(torch.fft.rfft2(difference, norm="ortho"))
        loss = difference.abs().mean() + 0.1 * spectrum.abs().mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), 1.0)
        self.optimizer.step()
        return loss.item()

    def seconds(self, work, *arguments):
        start = time.perf_counter()
        work(*arguments)
        if self.half:
            torch.cuda.synchronize()
        return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", required=True, help="the example program device_peer")
    parser.add_argument("--device", default="gpu")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--eager", action="store_true", help="PyTorch without compilation")
    parser.add_argument("--factors", type=int, nargs="+", default=[4, 16])
    options = parser.parse_args()

    theirs = Theirs(options.device, not options.eager)
    ours = subprocess.Popen([options.ours, options.device], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(line):
        ours.stdin.write(line + "\n")
        ours.stdin.flush()
        answer = ours.stdout.readline()
        if not answer:
            raise SystemExit("our side failed")
        return float(answer)

    with tempfile.TemporaryDirectory() as folder:
        ask(f"check {folder}/result.f32")
        result = numpy.fromfile(f"{folder}/result.f32", "<f4").reshape(256, 256, 3)
    expected = theirs.step(128)[0].permute(1, 2, 0).float().cpu().numpy()
    error = abs(result - expected).max()
    print(f"largest difference of one step: {error:.1e}")
    if error > 2e-2:
        raise SystemExit("the two sides do not compute the same")

    works = [(f"x{factor}", f"upscale {factor}", (theirs.upscale, factor)) for factor in options.factors]
    if options.device == "cpu":  # our trainer knows no GPU
        works.append(("training", "train", (theirs.train,)))
    print(f"{'work':<10} {'ours':>12} {'PyTorch':>12} {'ratio':>7}   medians of {options.rounds}")
    for name, line, theirs_work in works:
        times = ([], [])
        for round_number in range(options.rounds + 2):
            our_time, their_time = ask(line), theirs.seconds(*theirs_work)
            if round_number >= 2:  # the first ones compile
                times[0].append(our_time)
                times[1].append(their_time)
        our_median, their_median = (statistics.median(side) for side in times)
        if name == "training":
            rates = [f"{1 / median:.2f} it/s" for median in (our_median, their_median)]
        else:
            megapixels = (256 * int(name[1:])) ** 2 / 1e6
            rates = [f"{megapixels / median:.2f} MP/s" for median in (our_median, their_median)]
        print(f"{name:<10} {rates[0]:>12} {rates[1]:>12} {their_median / our_median:>6.2f}x")


if __name__ == "__main__":
    main()
