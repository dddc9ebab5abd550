"""Tests of training: weights files, optimizer, degradation, tiles, and runs that are stopped. Run by `python -m unittest`."""

import io
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open

import golden
from casr_training import weights
from casr_training.checkpoint import SavedState, state_path
from casr_training.degradation import Degradation, Jpeg, blurred
from casr_training.discriminator import Discriminator
from casr_training.drawn import drawn_tile, drawn_tiles
from casr_training.errors import CheckpointError, TrainingError, WeightsError
from casr_training.faithful import Faithful
from casr_training.losses import alignment_loss, autocorrelation_loss
from casr_training.optimizer import Optimizer, orthogonalized
from casr_training.options import REPOSITORY, parse, settings_of
from casr_training.provenance import FAITHFUL, VIVID, Provenance, Run
from casr_training.tiles import Photographs, load_tiles
from casr_training.trainer import Training
from casr_training.weights import WeightsFile

SAMPLES, STATE = REPOSITORY / 'samples', REPOSITORY / 'training/state'


class Folder(unittest.TestCase):
    """Tests that write files."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)


class Weights(Folder):
    def test_a_file_gives_back_what_was_written(self):
        for name, file in golden.networks().items():
            path = self.folder / f'{name}.safetensors'
            weights.write(path, file)
            found = weights.read(path)
            self.assertEqual((found.config, found.provenance), (file.config, file.provenance))
            for ours, theirs in ((file.parameters, found.parameters), (file.vivid or {}, found.vivid or {})):
                self.assertEqual(ours.keys(), theirs.keys())
                self.assertTrue(all(torch.equal(ours[key], theirs[key]) for key in ours))
            again = self.folder / 'again.safetensors'
            weights.write(again, found)
            self.assertEqual(path.read_bytes(), again.read_bytes())

    def test_two_ends_are_packed_into_one_file(self):
        both = golden.networks()['plain']
        start = Run(FAITHFUL, 'first')
        ends = []
        for end, values in ((FAITHFUL, both.parameters), (VIVID, both.vivid)):
            runs = [start] if end == FAITHFUL else [start, Run(VIVID, 'second', steps=7)]
            ends.append(self.folder / f'{end}.safetensors')
            provenance = Provenance('tiles', runs, {'Set5 x4': 30.0})
            weights.write(ends[-1], WeightsFile(both.config, values, None, provenance))
        packed = self.folder / 'packed.safetensors'
        weights.pack(*ends, packed)
        found = weights.read(packed)
        self.assertEqual([run.stage for run in found.provenance.runs], ['first', 'second'])
        self.assertEqual(found.provenance.quality, {'Set5 x4': 30.0, 'Set5 x4, vivid': 30.0})
        for look, end in ((0, both.parameters), (1, both.vivid)):
            at_look = found.at_look(look)
            self.assertTrue(all(torch.allclose(at_look[key], end[key], atol=1e-6) for key in end))
        with safe_open(packed, 'np') as file:
            names = list(file.keys())
        self.assertEqual(sum(name.startswith('vivid.') for name in names) * 2, len(names))
        modules = self.folder / 'modules.safetensors'
        weights.write(modules, golden.networks()['modules'])
        with self.assertRaises(WeightsError):
            weights.pack(packed, modules, self.folder / 'none.safetensors')

    def test_networks_are_averaged(self):
        both = golden.networks()['plain']
        paths = []
        for end, values in ((FAITHFUL, both.parameters), (VIVID, both.vivid)):
            paths.append(self.folder / f'{end}.safetensors')
            weights.write(paths[-1], WeightsFile(both.config, values, None, Provenance('tiles', [Run(end, end)])))
        exact = {name: value + 1e-5 for name, value in both.vivid.items()}
        weights.write_exact(paths[1], exact)
        output = self.folder / 'average.safetensors'
        weights.average(*paths, 0.25, output)
        for name, value in weights.read_exact(output).items():
            self.assertTrue(torch.allclose(value, 0.75 * both.parameters[name] + 0.25 * exact[name], atol=1e-6), name)
        runs = weights.read(output).provenance.runs
        self.assertEqual([(run.end, run.stage) for run in runs], [(FAITHFUL,) * 2, (VIVID,) * 2, (VIVID, 'average')])
        self.assertEqual(runs[2].settings['share'], 0.25)
        packed = self.folder / 'packed.safetensors'
        weights.pack(*paths, packed)
        with self.assertRaisesRegex(WeightsError, 'two networks'):
            weights.average(packed, paths[0], 0.5, output)

    def test_looks_are_mixed(self):
        self.assertEqual([weights.mix_of_look(look) for look in (-1, 0, 1, 2)], [0, 0, 1, 1])
        self.assertAlmostEqual(weights.mix_of_look(0.4), 0.5512, places=4)

    def test_the_first_version_is_read(self):
        file = golden.networks()['modules']
        tensors = {name: value.numpy() for name, value in weights.to_tensors(file.parameters, file.config).items()}
        config = '{"channels": 16, "blocks": 2, "frequencies": 8, "alignment": true, "similarity": true}'
        recipe = '{"training": "9 steps of look on one GPU", "data": "tiles", "steps": 9, "psnr": {"Set5 x4:2": 31.0}}'
        path = self.folder / 'first.safetensors'
        weights.write_safetensors(path, tensors, {'format': 'casr-network-1', 'config': config, 'recipe': recipe})
        found = weights.read(path)
        self.assertEqual(found.config, file.config)
        self.assertEqual(found.provenance.runs, [Run(VIVID, '9 steps of look on one GPU', steps=9)])
        self.assertEqual(found.provenance.quality, {'Set5 x4': 31.0})

    def test_what_does_not_fit_is_refused(self):
        file = golden.networks()['modules']
        path = self.folder / 'file.safetensors'
        path.write_bytes(b'no weights')
        with self.assertRaisesRegex(WeightsError, 'file.safetensors is not a safetensors file'):
            weights.read(path)
        weights.write(path, replace(file, config=replace(file.config, blocks=2)))
        tensors = {name: value.numpy() for name, value in weights.to_tensors(file.parameters, file.config).items()}
        with safe_open(path, 'np') as opened:
            metadata = opened.metadata()
        for change, message in (
            (lambda t: t.pop('head.kappa'), 'head.kappa is missing'),
            (_add, 'extra is not a parameter'),
        ):
            changed = dict(tensors)
            change(changed)
            weights.write_safetensors(path, changed, metadata)
            with self.assertRaisesRegex(WeightsError, message):
                weights.read(path)
        broken = {name: value * float('nan') for name, value in file.parameters.items()}
        with self.assertRaisesRegex(WeightsError, 'half precision does not hold'):
            weights.write(path, replace(file, parameters=broken))


class State(unittest.TestCase):
    """The files in `state`, which the next runs begin with."""

    def test_exact_values_are_those_of_the_weights_files(self):
        for name in ('faithful', 'sharp'):
            file, exact = weights.read(STATE / f'{name}.safetensors'), weights.read_exact(STATE / f'{name}.safetensors')
            self.assertEqual(exact.keys(), file.parameters.keys())
            for key, value in file.parameters.items():
                self.assertTrue(torch.equal(exact[key].half().float(), value), f'{key} of {name}')
                self.assertFalse(key == 'body.weights' and torch.equal(exact[key], value), 'rounded')

    def test_the_discriminator_is_read_whole(self):
        discriminator = Discriminator('cpu')
        before = {name: value.detach().clone() for name, value in discriminator.state().items()}
        discriminator.load(STATE / 'sharp.safetensors.discriminator.pt')
        unchanged = [name for name, value in discriminator.state().items() if torch.equal(value, before[name])]
        # A constant cancels out where images are judged in pairs, so these learn nothing.
        self.assertEqual(
            unchanged, [f'{layer}.bias' for layer in ('pixels.4', 'features.1.2', 'features.2.2', 'features.3.2')]
        )


def _add(tensors: dict[str, np.ndarray]) -> None:
    tensors['extra'] = np.zeros(1, np.float32)


class OptimizerTest(unittest.TestCase):
    def test_muon_steps_are_orthogonal(self):
        matrices = torch.randn(3, 16, 40, generator=torch.Generator().manual_seed(1))
        values = torch.linalg.svdvals(orthogonalized(matrices))
        self.assertTrue((values > 0.6).all() and (values < 1.3).all())

    def test_it_goes_on_from_its_state(self):
        def steps(optimizer: Optimizer, first: int, last: int) -> None:
            for index in range(first, last):
                generator = torch.Generator().manual_seed(index)
                gradients = {
                    name: torch.randn(value.shape, generator=generator) for name, value in optimizer.parameters.items()
                }
                optimizer.step(gradients, torch.tensor(0.01))

        def new() -> Optimizer:
            return Optimizer({'body.weights': torch.ones(2, 4, 4, 3, 3), 'other': torch.ones(5)}, fast=['other'])

        whole, first, second = new(), new(), new()
        steps(whole, 0, 6)
        steps(first, 0, 3)
        for name, value in second.state().items():
            value.copy_(first.state()[name])
        for name, value in second.parameters.items():
            value.copy_(first.parameters[name])
        steps(second, 3, 6)
        for name, value in whole.parameters.items():
            self.assertTrue(torch.equal(value, second.parameters[name]))

    def test_fresh_parameters_learn_faster(self):
        parameters = {'slow': torch.zeros(1), 'quick': torch.zeros(1)}
        optimizer = Optimizer(parameters, fast=['quick'], fast_rate=10)
        optimizer.step({name: torch.ones(1) for name in parameters}, torch.tensor(0.01))
        self.assertAlmostEqual(parameters['quick'].item(), 10 * parameters['slow'].item(), places=6)


class DegradationTest(unittest.TestCase):
    def test_conditions_lie_in_their_range(self):
        torch.manual_seed(1)
        images = (
            torch.from_numpy(load_tiles([SAMPLES])[:1, :24, :24]).permute(0, 3, 1, 2).float().expand(400, -1, -1, -1)
            / 255
        )
        degraded, origin = Degradation(1.0, 'cpu')(images)
        self.assertTrue(((degraded >= 0) & (degraded <= 1)).all())
        self.assertTrue(((origin >= 0) & (origin <= 1)).all())
        self.assertEqual(origin[:, 2].abs().max(), 0)
        self.assertGreater(origin[:, 0].max(), 0.8)
        self.assertGreater(origin[:, 1].max(), 0.8)
        self.assertGreater((degraded != images).flatten(1).any(1).float().mean(), 0.99)
        clean, origin = Degradation(0.0, 'cpu')(images)
        self.assertTrue(torch.equal(clean, images))
        self.assertEqual(origin[:, 1].max(), 0)
        self.assertLessEqual(origin[:, 0].max(), 0.15)

    def test_jpeg_is_that_of_a_library(self):
        pixels = load_tiles([SAMPLES])[0, :64, :48]
        for quality in (50, 75, 95):
            for halved, sampling in ((False, 0), (True, 2)):
                buffer = io.BytesIO()
                Image.fromarray(pixels).save(buffer, 'JPEG', quality=quality, subsampling=sampling)
                expected = np.asarray(Image.open(buffer)).astype(float)
                image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
                nothing = torch.zeros(1, 2, dtype=torch.long)
                made = Jpeg('cpu')(image, torch.tensor([float(quality)]), torch.tensor([halved]), nothing)
                difference = np.abs(made[0].permute(1, 2, 0).numpy() * 255 - expected)
                damage = np.abs(expected - pixels).mean()
                self.assertLess(difference.mean(), max(0.25 * damage, 0.5), f'quality {quality}, {sampling}')

    def test_blur_keeps_the_mean_of_flat_areas(self):
        flat = torch.full((2, 3, 9, 9), 0.3)
        self.assertLess((blurred(flat, torch.tensor([0.2, 0.8])) - 0.3).abs().max(), 1e-6)


class Tiles(unittest.TestCase):
    def test_drawn_tiles_depend_on_their_seed_alone(self):
        first, second = drawn_tiles(2, 64, 3)
        again = drawn_tiles(2, 64, 3)[1]
        self.assertTrue(np.array_equal(second, again))
        self.assertFalse(np.array_equal(first, second))
        self.assertEqual((first.shape, first.dtype), ((64, 64, 3), np.uint8))
        self.assertGreater(np.mean([drawn_tile(64, seed).std() for seed in range(8)]), 10)

    def test_batches_agree_with_their_truths(self):
        torch.manual_seed(2)
        photographs = Photographs(load_tiles([SAMPLES]), 'cpu', Degradation(0.0, 'cpu'))
        batch = photographs.batch(3, [(16, 16), (40, 40), (64, 64)])
        self.assertTrue(torch.equal(batch.low, batch.clean))
        self.assertEqual([tuple(truth.shape) for truth in batch.truths], [(3, 3, 40, 40), (3, 3, 64, 64)])
        means = [level.mean((2, 3)) for level in (batch.clean, *batch.truths)]
        self.assertLess((means[0] - means[1]).abs().max(), 0.01)
        self.assertLess((means[1] - means[2]).abs().max(), 0.01)


class Losses(unittest.TestCase):
    def test_those_of_the_modules_see_what_they_are_for(self):
        generator = torch.Generator().manual_seed(1)
        truth = torch.rand(1, 3, 40, 40, generator=generator)
        self.assertEqual(autocorrelation_loss(truth, truth), 0)
        stripes = truth.clone()
        stripes[..., ::4] = 0
        self.assertGreater(autocorrelation_loss(stripes, truth), 0.05)
        cells = torch.eye(40), torch.eye(40)
        self.assertLess(alignment_loss(truth, truth, cells).abs(), 1e-4)
        self.assertGreater(alignment_loss(truth, truth * 0.8, cells), 0.05)


class Runs(Folder):
    def options(self, name: str, *more: str):
        small = [
            '--channels',
            '16',
            '--blocks',
            '2',
            '--frequencies',
            '8',
            '--batch',
            '2',
            '--patch',
            '12',
            '--seed',
            '5',
        ]
        files = ['--out', str(self.folder / name), '--tiles', str(SAMPLES), '--no-validation']
        return parse([FAITHFUL, *files, *small, '--tiny', '--device', 'cpu', '--steps', '5', '--alignment', *more])

    def test_a_run_that_was_stopped_ends_with_the_same_values(self):
        self.assertTrue(Training(Faithful, self.options('whole')).run())
        ended = Training(Faithful, self.options('cut', '--slice', '0')).run()
        slices = 1
        while not ended:
            ended = Training(Faithful, self.options('cut', '--slice', '0', '--resume')).run()
            slices += 1
        self.assertEqual(slices, 5)
        whole, cut = (weights.exact_path(self.folder / name).read_bytes() for name in ('whole', 'cut'))
        self.assertEqual(whole, cut)
        self.assertTrue(SavedState(state_path(self.folder / 'cut')).checkpoint.position.finished)
        run = weights.read(self.folder / 'cut').provenance.runs[-1]
        self.assertEqual((run.end, run.steps, run.settings['patch']), (FAITHFUL, 5, 12))

        with self.assertRaisesRegex(CheckpointError, '--patch was 12'):
            Training(Faithful, self.options('cut', '--resume', '--patch', '16'))
        with self.assertRaisesRegex(TrainingError, 'remove it'):
            Training(Faithful, self.options('cut'))

    def test_a_run_goes_on_from_the_exact_values_and_adds_modules(self):
        start = self.folder / 'start.safetensors'
        file = golden.networks()['plain']
        weights.write(start, replace(file, vivid=None))
        exact = {name: value + 1e-5 for name, value in file.parameters.items()}
        weights.write_exact(start, exact)
        training = Training(Faithful, self.options('next', '--start', str(start)))
        parameters = training.stage.parameters
        self.assertTrue(all(torch.equal(parameters[name], exact[name]) for name in exact))
        self.assertEqual(training.checkpoint.fresh, sorted(parameters.keys() - exact.keys()))
        self.assertIn('alignment.inner.weights', training.checkpoint.fresh)
        self.assertTrue(training.run())
        runs = weights.read(self.folder / 'next').provenance.runs
        self.assertEqual(len(runs), len(file.provenance.runs) + 1)
        self.assertEqual(settings_of(training.options)['start'], 'start.safetensors')


if __name__ == '__main__':
    unittest.main()
