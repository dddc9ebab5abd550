"""Times the network on a device with our program and with PyTorch (channels-last, bf16 on a GPU, compiled), in turn.

Both sides take the weights that ship and make the same steps, which is checked. Each round times one piece of work on either
side, so that whatever else the machine does disturbs both. Run it through device.sh.
"""

import argparse
import json
import math
import statistics
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional

WEIGHTS = Path(__file__).parents[2] / "crates/casr-net/weights/casr.safetensors"


def read_weights(path):
    """The tensors and the network's size from a weights file of f16 values."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    config = json.loads(header.pop("__metadata__")["config"])
    tensors = {}
    for name, entry in header.items():
        first, last = (8 + length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(data[first:last], "<f2").astype("f4")
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]))
    return tensors, config


class Network(nn.Module):
    """One step for one factor, whole images: enough to time, not to enlarge photographs with."""

    def __init__(self, tensors, config):
        super().__init__()
        self.frequencies = config["frequencies"]

        def convolution(name):
            weights = tensors[name + ".weights"].permute(3, 2, 0, 1)
            layer = nn.Conv2d(weights.shape[1], weights.shape[0], weights.shape[2], padding="same")
            layer.weight = nn.Parameter(weights.contiguous())
            layer.bias = nn.Parameter(tensors[name + ".bias"])
            return layer

        self.encoder = convolution("encoder")
        self.blocks = nn.ModuleList(
            nn.ModuleList(convolution(f"blocks.{block}.{place}") for place in ("first", "second", "third"))
            for block in range(config["blocks"])
        )
        self.body = convolution("body")
        self.coefficients = convolution("head.coefficients")
        for name in ("embedding.first", "embedding.first_bias", "embedding.second", "head.frequencies", "head.kappa"):
            self.register_parameter(name.replace(".", "_"), nn.Parameter(tensors[name]))

    def forward(self, x, size):
        height, width = x.shape[2:]
        scales = (size[0] / height, size[1] / width)
        base = functional.interpolate(x.float(), size, mode="bicubic", antialias=True)
        logarithms = torch.tensor([[math.log2(s) for s in scales]], device=x.device)
        hidden = functional.silu(logarithms @ self.embedding_first + self.embedding_first_bias)
        embedding = (hidden @ self.embedding_second).reshape(1, -1, 1, 1)
        encoded = self.encoder(x - 0.5) + embedding
        features = encoded
        for first, second, third in self.blocks:
            features = features + third(functional.silu(second(functional.silu(first(features)))))
        features = self.body(features) + encoded
        coefficients = self.coefficients(features).float()
        return base + self.field(coefficients, scales, size)

    def field(self, coefficients, scales, size):
        """The heat field at every output pixel, by gathering coefficients."""
        images, _, height, width = coefficients.shape
        device, count = coefficients.device, self.frequencies
        with torch.autocast(device.type, enabled=False):
            places = [(torch.arange(n, device=device) + 0.5) / s for n, s in zip(size, scales)]
            rows, columns = (p.floor().long().clamp(max=n - 1) for p, n in zip(places, (height, width)))
            offsets = [p - c - 0.5 for p, c in zip(places, (rows, columns))]
            blur = torch.tensor([s**-2 for s in scales], device=device)
            decay = torch.exp(-self.head_kappa * (self.head_frequencies**2 * blur).sum(1))
            angle = (
                self.head_frequencies[:, 0, None, None] * offsets[0][None, :, None]
                + self.head_frequencies[:, 1, None, None] * offsets[1][None, None, :]
            )
            cosine, sine = (wave * decay[:, None, None] for wave in (angle.cos(), angle.sin()))
            gathered = coefficients[:, :, rows][:, :, :, columns].reshape(images, 2 * count + 1, 3, *size)
            waves = torch.cat([cosine, sine, torch.ones_like(cosine[:1])])
            return (gathered * waves[None, :, None]).sum(1)


def pixels(height, width):
    """The image of device_peer.rs, [1, 3, height, width]."""
    row = torch.arange(height, dtype=torch.float32)[:, None, None]
    column = torch.arange(width, dtype=torch.float32)[None, :, None]
    colour = torch.arange(3, dtype=torch.float32)[None, None, :]
    image = 0.5 + 0.4 * torch.sin(row * 0.31 + colour) * torch.cos(column * 0.17)
    return image.permute(2, 0, 1)[None]


class Theirs:
    """PyTorch's side: the same pieces of work."""

    def __init__(self, device):
        self.device = torch.device("cuda" if device.startswith("gpu") else "cpu")
        self.half = self.device.type == "cuda"
        torch.set_float32_matmul_precision("high")
        tensors, config = read_weights(WEIGHTS)
        self.network = Network(tensors, config).to(self.device, memory_format=torch.channels_last)
        self.compiled = torch.compile(self.network)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), 1e-4, fused=self.half)

    def precision(self):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def image(self, height, width):
        return pixels(height, width).to(self.device, memory_format=torch.channels_last)

    @torch.no_grad()
    def step(self, image, size):
        with self.precision():
            return self.compiled(image, size).clamp(0, 1)

    def upscale(self, factor):
        """Steps of at most two, like ours; the result comes back to the host."""
        levels = math.ceil(math.log2(factor) - 1e-9)
        image = self.image(256, 256)
        for level in range(1, levels + 1):
            side = round(256 * factor ** (level / levels))
            image = self.step(image, (side, side))
        return image.cpu()

    def train(self):
        """L1 and a small L1 of the spectrum, as ours."""
        image = self.image(16 * 48, 48).reshape(1, 3, 16, 48, 48)[0].transpose(0, 1).contiguous()
        truth = self.image(16 * 96, 96).reshape(1, 3, 16, 96, 96)[0].transpose(0, 1).contiguous()
        image = image.to(memory_format=torch.channels_last)
        with self.precision():
            difference = self.compiled(image, (96, 96)) - truth
        spectrum = torch.view_as_real(torch.fft.rfft2(difference, norm="ortho"))
        loss = difference.abs().mean() + 0.1 * spectrum.abs().mean()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
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
    parser.add_argument("--factors", type=int, nargs="+", default=[4, 16])
    options = parser.parse_args()

    theirs = Theirs(options.device)
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
    expected = theirs.step(theirs.image(128, 128), (256, 256))[0].permute(1, 2, 0).float().cpu().numpy()
    # Bicubic enlargements treat the border differently.
    error = abs(numpy.clip(result, 0, 1) - expected)[16:-16, 16:-16].max()
    print(f"largest difference of one step: {error:.1e}")
    if error > 2e-2:
        raise SystemExit("the two sides do not compute the same")

    works = [(f"x{factor}", f"upscale {factor}", (theirs.upscale, factor)) for factor in options.factors]
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
