"""Tests of the network's twin: resampling, guards, superpixels, the loop, and the golden files. Run by `python -m unittest`."""

import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import load_file

import golden
from casr_training import guards, superpixels
from casr_training.chain import Chain, ChainOptions, square_sizes
from casr_training.degradation import eight_bits
from casr_training.enlarge import enlarge_levels, plan
from casr_training.network import NetworkConfig, StepInput, step
from casr_training.options import data_folder
from casr_training.resampling import CellAxis, Resize, StepGeometry, bicubic_matrix, mirrored_index
from casr_training.validation import psnr

PLAIN = golden.random_parameters(golden.PLAIN, 3)
BOTH = golden.random_parameters(golden.WITH_MODULES, 4)
#: What sums in another order may differ by.
ROUNDING = 2e-5


def loop(values: dict, config: NetworkConfig, image: torch.Tensor, target: tuple[int, int], **more) -> torch.Tensor:
    """The last level of an enlargement."""
    return enlarge_levels(values, config, image, plan(tuple(image.shape[2:]), target), **more)[-1]


class Resampling(unittest.TestCase):
    def test_rows_sum_to_one(self):
        for inputs, outputs in ((1, 1), (1, 7), (7, 1), (5, 13), (13, 5), (48, 96), (96, 31), (512, 288)):
            for antialias in (False, True):
                sums = bicubic_matrix(inputs, outputs, antialias).double().sum(1)
                self.assertLess((sums - 1).abs().max(), 1e-6, f'{inputs} -> {outputs}')

    def test_the_same_size_changes_nothing(self):
        self.assertTrue(torch.equal(bicubic_matrix(9, 9), torch.eye(9)))

    def test_the_border_is_mirrored_with_the_edge_repeated(self):
        self.assertEqual([mirrored_index(place, 3) for place in range(-4, 8)], [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1])
        level = torch.arange(3.0).view(1, 1, 1, 3)
        self.assertEqual(guards.mirrored(level, 4)[0, 0, 0].tolist(), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0])

    def test_outputs_lie_in_the_nearest_cell(self):
        for inputs, outputs in ((5, 5), (5, 10), (7, 11), (16, 64), (10, 33)):
            axis = CellAxis(inputs, outputs)
            place = (np.arange(outputs) + 0.5) * inputs / outputs - 0.5
            self.assertLess(np.abs(axis.cell + axis.offset - place).max(), 1e-5)
            self.assertLessEqual(np.abs(axis.offset).max(), 0.5)
            self.assertEqual(len(set(zip(axis.cell, axis.slot))), outputs)
            np.testing.assert_allclose(axis.shares().sum(1), 1, atol=1e-6)

    @unittest.skipUnless((data_folder() / 'benchmarks/Set5').is_dir(), 'Set5 is not there')
    def test_bicubic_figures_are_the_published_ones(self):
        found = []
        for path in sorted((data_folder() / 'benchmarks/Set5').glob('*.png')):
            pixels = np.asarray(Image.open(path).convert('RGB'))
            height, width = (length // 2 * 2 for length in pixels.shape[:2])
            truth = pixels[:height, :width] / 255
            image, low = torch.from_numpy(truth).permute(2, 0, 1)[None].float(), (height // 2, width // 2)
            small = eight_bits(Resize((height, width), low)(image))
            large = eight_bits(Resize(low, (height, width))(small))
            found.append(psnr(large[0].permute(1, 2, 0).double().numpy(), truth, 2))
        self.assertAlmostEqual(float(np.mean(found)), 33.67, delta=0.02)


class Guards(unittest.TestCase):
    def test_gates(self):
        level = torch.full((1, 3, 7, 9), 0.5)
        self.assertEqual(guards.gates(level).abs().max(), 0)
        level[0, :, 3, 4] += 1 / 255
        gates = guards.gates(level)
        self.assertTrue(torch.allclose(gates[0, 0, 1:6, 2:7], torch.tensor((1 - 1 / 64) / 2), atol=1e-4))
        self.assertEqual(gates[0, 0, 0].max(), 0)
        self.assertEqual(gates[0, 1].max(), 0, 'a grey pixel opens the chroma gate')
        level[0, 0, 3, 4] += 3 / 255
        gates = guards.gates(level)
        self.assertEqual(gates[0, 0, 3, 4], 1)
        self.assertAlmostEqual(gates[0, 1, 3, 4].item(), (3 - 1 / 64) / 4, places=4)
        level = torch.full((1, 3, 7, 9), 0.5)
        level[0, :, 3, 4] += 0.01 / 255
        self.assertEqual(guards.gates(level).max(), 0, 'rounding opens a gate')

    def test_pixels_are_equal_up_to_a_64th_of_a_code_value(self):
        self.assertEqual(guards.EQUAL, 1 / 64)
        for difference, opening in ((1 / 64, 0.0), (1 / 128, 0.0), (2 / 64, 1 / 128), (2 + 1 / 64, 1.0), (9, 1.0)):
            level = torch.zeros(1, 3, 5, 5)
            level[..., 2, 2] = difference / 255
            self.assertAlmostEqual(guards.gates(level)[0, 0, 0, 0].item(), opening, places=6)
            level[:, 1:] = 0
            self.assertAlmostEqual(
                guards.gates(level)[0, 1, 0, 0].item(), min(opening / 2, 1) if difference < 4 else 1, places=6
            )

    def test_flat_stays_flat_at_every_level(self):
        for colour in ((1.0, 0.0, 0.0), (0.2, 0.4, 0.6)):
            image = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 9, 14)
            for values, config in ((PLAIN, golden.PLAIN), (BOTH, golden.WITH_MODULES)):
                level = loop(values, config, image, (30, 51))
                self.assertLess((level - image[:, :, :1, :1]).abs().max(), 5e-6)

    def test_grey_stays_grey_exactly(self):
        image = golden.image((17, 22), 5).mean(1, keepdim=True).expand(-1, 3, -1, -1)
        level = loop(PLAIN, golden.PLAIN, image, (50, 61))
        self.assertGreater((level - Resize((17, 22), (50, 61))(image)).abs().max(), 0.02, 'nothing was corrected')
        self.assertTrue(torch.equal(level[:, 0], level[:, 1]) and torch.equal(level[:, 0], level[:, 2]))

    def test_the_anchor_makes_results_agree_with_the_image(self):
        image, sizes = golden.image((24, 24), 6), ((24, 24), (51, 51))
        shrink, enlarge = Resize(sizes[1], sizes[0]), Resize(*sizes)
        result = enlarge(image) + 0.1 * torch.randn(1, 3, 51, 51, generator=torch.Generator().manual_seed(1))

        def disagreement(level: torch.Tensor) -> float:
            return (shrink(level) - image).square().mean().sqrt().item()

        clean, degraded = (guards.anchor_share(torch.tensor([[noise, 0.1, 0.0]])) for noise in (0.0, 0.5))
        self.assertAlmostEqual(clean.item(), 0.5 * 0.8, places=6)
        self.assertEqual(degraded, 0)
        anchored = guards.anchored(result, image, torch.tensor([0.5]), shrink, enlarge)
        self.assertLess(disagreement(anchored), 0.75 * disagreement(result))
        self.assertTrue(torch.equal(guards.anchored(result, image, degraded, shrink, enlarge), result))

    def test_the_border_is_as_good_as_more_mirrored_image(self):
        # An image so noisy that it is no anchor: a result beyond the border is not the mirrored result, which the anchor reads.
        image, more = golden.image((14, 19), 7), 32
        around = guards.mirrored(image, more)
        level = loop(PLAIN, golden.PLAIN, image, (28, 38), noise=0.5)
        large = loop(PLAIN, golden.PLAIN, around, tuple(2 * length for length in around.shape[2:]), noise=0.5)
        inside = large[:, :, 2 * more : 2 * more + 28, 2 * more : 2 * more + 38]
        self.assertLess((level - inside).abs().max(), ROUNDING)

    def test_borders_are_those_of_the_program(self):
        self.assertEqual(NetworkConfig().border, 20)
        self.assertEqual(NetworkConfig(alignment=True).border, 36)
        self.assertEqual(golden.PLAIN.border, 8)
        self.assertEqual(golden.WITH_MODULES.border, 24)


class Superpixels(unittest.TestCase):
    def test_cells_that_are_cut_short(self):
        level = torch.rand(2, 10, 15, 3, generator=torch.Generator().manual_seed(1))
        areas = superpixels.regions(level, torch.tensor([100.0, 1.0]))
        weights = superpixels.by_pixel(areas.weights, 12, 16)
        self.assertLess((weights[:, :10, :15].sum(3) - 1).abs().max(), 1e-5)
        self.assertEqual(weights[:, 10:].abs().max(), 0)
        mean, deviation = areas.moments(torch.full((2, 10, 15, 2), 0.7))
        self.assertLess((mean - 0.7).abs().max(), 1e-5)
        self.assertLess((deviation - superpixels.VARIANCE_FLOOR**0.5).abs().max(), 1e-5)
        ones = torch.ones(2, 3, 4, 3)
        self.assertLess((areas.modulate(level, 2 * ones, ones) - (2 * level + 1)).abs().max(), 1e-5)

    def test_moments_are_weighted_means_and_deviations(self):
        generator = torch.Generator().manual_seed(2)
        level, features = (torch.rand(1, 9, 8, count, generator=generator) for count in (3, 2))
        areas = superpixels.regions(level, torch.tensor([30.0, 1.0]))
        mean, deviation = areas.moments(features)
        for row, column in ((0, 0), (1, 1), (2, 1)):
            total, values, squares = 0.0, 0.0, 0.0
            for y in range(9):
                for x in range(8):
                    down, across = row - y // 4 + 1, column - x // 4 + 1
                    if 0 <= down < 3 and 0 <= across < 3:
                        weight = areas.weights[0, y // 4, x // 4, y % 4 * 4 + x % 4, down * 3 + across].double()
                        value = features[0, y, x].double()
                        total, values, squares = total + weight, values + weight * value, squares + weight * value**2
            expected = values / total
            variance = squares / total - expected**2 + superpixels.VARIANCE_FLOOR
            self.assertLess((mean[0, row, column] - expected).abs().max(), 1e-5)
            self.assertLess((deviation[0, row, column] - variance.sqrt()).abs().max(), 1e-5)


class Loop(unittest.TestCase):
    def test_plans_are_those_of_the_program(self):
        self.assertEqual(plan((18, 23), (41, 61)), [(18, 23), (27, 37), (41, 61)])
        self.assertEqual(plan((10, 10), (40, 40)), [(10, 10), (20, 20), (40, 40)])
        self.assertEqual(plan((10, 10), (40, 40), 4), [(10, 10), (40, 40)])
        self.assertEqual(plan((8, 8), (8, 8)), [(8, 8)])

    def test_a_crop_alone_is_what_the_chain_makes_of_it(self):
        """A chain without border and anchor is steps, one after the other."""
        image = golden.image((12, 12), 8)
        chain = Chain(1, square_sizes(12, 20, 33), golden.PLAIN, 'cpu', ChainOptions(guarded=False))
        chain.low.copy_(image)
        with torch.no_grad():
            first, second = chain.levels(PLAIN)
            given = StepInput(image, StepGeometry((12, 12), (20, 20)), torch.zeros(1, 3), guarded=False)
            self.assertLess((step(PLAIN, golden.PLAIN, given)[0] - first).abs().max(), ROUNDING)
            origin = torch.tensor([[0.0, 0.0, 1.0]])
            given = StepInput(first.clamp(0, 1), StepGeometry((20, 20), (33, 33)), origin, guarded=False)
            self.assertLess((step(PLAIN, golden.PLAIN, given)[0] - second).abs().max(), ROUNDING)

    def test_gradients_reach_every_parameter(self):
        config = golden.WITH_MODULES
        values = {name: value.clone().requires_grad_() for name, value in BOTH.items()}
        chain = Chain(2, square_sizes(16, 24, 36), config, 'cpu')
        chain.low.copy_(torch.cat([golden.image((16, 16), seed) for seed in (1, 2)]))
        loss = sum(level.square().mean() for level in chain.levels(values))
        for name, gradient in zip(values, torch.autograd.grad(loss, list(values.values()))):
            self.assertTrue(torch.isfinite(gradient).all() and gradient.abs().max() > 0, name)


@unittest.skipUnless(golden.FOLDER.is_dir(), 'the golden files are not there')
class Golden(unittest.TestCase):
    def test_the_files_are_what_the_twin_makes(self):
        networks = golden.networks()
        for seed, case in enumerate(golden.CASES):
            stored = load_file(Path(golden.FOLDER) / f'{case.name}.safetensors')
            file, image = networks[case.network], golden.image(case.size, seed)
            sizes = plan(case.size, case.target)
            made = enlarge_levels(file.at_look(case.look), file.config, image, sizes, case.noise, case.compression)
            self.assertEqual(len(stored), 1 + len(made))
            for index, level in enumerate(made, 1):
                difference = np.abs(stored[f'level.{index}'] - golden.by_row(level)).max()
                self.assertLess(difference, 1e-4, f'level {index} of {case.name}')


if __name__ == '__main__':
    unittest.main()
