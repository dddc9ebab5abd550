"""What both stages have in common: the schedule, slices of bounded time, logs, validation, and the files of a run."""

import argparse
import platform
import time
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .chain import Chain, ChainOptions
from .checkpoint import Checkpoint, Position, SavedState, state_path
from .degradation import Degradation
from .errors import TrainingError
from .graphs import GraphRunner
from .network import NetworkConfig, Parameters, fresh_parameters, trainable
from .options import settings_of
from .precision import allow_fast_products, has_half
from .provenance import Provenance, Run
from .tiles import SIDE, Photographs, load_tiles
from .validation import Validation
from .weights import WeightsFile, read, read_exact, write, write_exact

#: Steps after which a CUDA device is waited for, so that the clock is right.
_STEPS_IN_FLIGHT = 25
#: How much faster parameters learn that the starting file lacks.
FRESH_RATE = 10.0

_started = time.monotonic()


def log(*parts: object) -> None:
    """A line with the seconds since this process began."""
    print(f'[{time.monotonic() - _started:6.1f}]', *parts, flush=True)


def begin(stage: str, options: argparse.Namespace) -> tuple[Checkpoint, Parameters, SavedState | None]:
    """What a run begins with: that of a stopped run, of a weights file, or random values.

    Raises TrainingError where a state is in the way, CheckpointError where it is of another run.
    """
    path = state_path(options.out)
    settings = settings_of(options)
    if options.resume and path.exists():
        saved = SavedState(path)
        saved.check(stage, settings)
        checkpoint = saved.checkpoint
        values = fresh_parameters(checkpoint.config, options.seed, checkpoint.noise_channel)
        return checkpoint, trainable(values, options.device), saved
    if path.exists():
        raise TrainingError(f'{path} is the state of an earlier run: --resume goes on with it; or remove it')

    modules = {'alignment': options.alignment, 'similarity': options.similarity}
    if options.start is None:
        config = NetworkConfig(options.channels, options.blocks, options.frequencies, **modules)
        values = fresh_parameters(config, options.seed, options.noise_channel)
        checkpoint = Checkpoint(stage, settings, config, options.noise_channel, [], Provenance())
        return checkpoint, trainable(values, options.device), None

    file = read(options.start)
    known = file.end(stage)
    if file.vivid is None:
        known = read_exact(options.start) or known
    wanted = {name: used or getattr(file.config, name) for name, used in modules.items()}
    sizes = file.config.channels, file.config.blocks, file.config.frequencies
    config = NetworkConfig(*sizes, **wanted)
    noise_channel = options.noise_channel or 'noise.weights' in known
    values = fresh_parameters(config, options.seed, noise_channel)
    fresh = sorted(values.keys() - known.keys())
    values = {name: known.get(name, value) for name, value in values.items()}
    checkpoint = Checkpoint(stage, settings, config, noise_channel, fresh, file.provenance)
    return checkpoint, trainable(values, options.device), None


class Stage(ABC):
    """A stage of training: its chains, its losses and its schedule. All that it changes, it changes in place."""

    #: The stage's name, that of the end that it trains.
    name: str
    #: Shares of a run at which intermediate results are written.
    marks: tuple[float, ...]
    #: What [`Stage.sums`] adds up.
    logged: tuple[str, ...]

    def __init__(self, options: argparse.Namespace, checkpoint: Checkpoint, parameters: Parameters):
        self.options, self.checkpoint, self.parameters = options, checkpoint, parameters
        self.config, self.device = checkpoint.config, options.device
        self.average = {name: value.detach().clone() for name, value in parameters.items()}
        self.precision = has_half(options.device, options.half)
        self.runner = GraphRunner(options.device)
        #: Sums of what is logged, and at the end the number of steps.
        self.sums = torch.zeros(len(self.logged) + 1, device=self.device)

    def chain(self, batch: int, sizes: list) -> Chain:
        """A chain of levels for this stage's network."""
        return Chain(batch, sizes, self.config, self.device, ChainOptions(guarded=self.options.guards))

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """Everything that a step changes, by name: the tensors themselves."""

    @abstractmethod
    def warm_up(self, photographs: Photographs) -> None:
        """Records all graphs. Changes the state."""

    @abstractmethod
    def step(self, photographs: Photographs, generator: np.random.Generator, steps: int, progress: float) -> None:
        """One step, after so many and at this share of the run."""

    def save_more(self) -> None:
        """Writes what the stage keeps beside the weights; nothing by default."""

    def update_average(self) -> None:
        """The moving average of parameters, which is what a run results in."""
        with torch.no_grad():
            for name, value in self.parameters.items():
                self.average[name].lerp_(value, self.options.average_rate)

    def add_to_sums(self, values: Tensor) -> None:
        with torch.no_grad():
            self.sums.add_(torch.cat([values, torch.ones(1, device=self.device)]))


class Training:
    """One slice of a run."""

    def __init__(self, stage_type: type[Stage], options: argparse.Namespace):
        self.options = options
        self.checkpoint, parameters, self.saved = begin(stage_type.name, options)
        self.stage = stage_type(options, self.checkpoint, parameters)
        self.position: Position = self.checkpoint.position
        self.generator = np.random.default_rng(options.seed)

    def run(self) -> bool:
        """Trains until the run or the slice ends; whether the run is finished.

        Raises TrainingError where values are not finite any more.
        """
        options, position = self.options, self.position
        if position.finished:
            log(f'{options.out} is finished, after {position.steps} steps')
            return True
        allow_fast_products(True)
        self.photographs = self._photographs()
        self.validation = self._validation()
        self._prepare()
        self._begun, self._seconds_before = time.monotonic(), position.seconds
        logged_at, logged_steps = self._begun, position.steps
        first_step = position.steps
        while (progress := self._progress()) < 1:
            # A slice makes a step at least, however short it is.
            if time.monotonic() - _started > options.slice and position.steps > first_step:
                return self._stop()
            marks = self.stage.marks
            if position.marks < len(marks) and progress > marks[position.marks]:
                position.marks += 1
                self._write()
                self._save_state()
            self.stage.step(self.photographs, self.generator, position.steps, progress)
            position.steps += 1
            if position.steps % _STEPS_IN_FLIGHT == 0 and self.stage.runner.records:
                torch.cuda.synchronize()
            if position.steps % options.log_every == 0:
                now = time.monotonic()
                self._log(progress, (position.steps - logged_steps) / max(now - logged_at, 1e-9))
                logged_at, logged_steps = now, position.steps
        self._finish()
        return True

    def _progress(self) -> float:
        """The share of the run that is done: of its steps or its seconds, whichever is more."""
        options, position = self.options, self.position
        position.seconds = self._seconds_before + time.monotonic() - self._begun
        of_steps = position.steps / options.steps if options.steps else 0.0
        of_seconds = position.seconds / options.seconds if options.seconds else 0.0
        return max(of_steps, of_seconds)

    def _photographs(self) -> Photographs:
        tiles = load_tiles(self.options.tiles, self.options.drawn)
        self.data = f'{len(tiles)} tiles of {SIDE}×{SIDE} pixels, {self.options.drawn} of them drawn'
        log(self.data)
        return Photographs(tiles, self.options.device, Degradation(self.options.degraded, self.options.device))

    def _validation(self) -> Validation | None:
        folder = self.options.validation
        if folder is None:
            return None
        return Validation(Path(folder), self.checkpoint.config, self.options.device, self.options.guards)

    @torch.no_grad()
    def _prepare(self) -> None:
        """Records graphs, then begins, or goes on, with what the run has."""
        tensors = self.stage.state()
        if self.stage.runner.records:
            before = {name: value.clone() for name, value in tensors.items()}
            with torch.enable_grad():
                self.stage.warm_up(self.photographs)
            torch.cuda.synchronize()
            for name, value in tensors.items():
                value.copy_(before[name])
            self.stage.sums.zero_()
            log(f'graphs recorded, {torch.cuda.max_memory_allocated() / 1e9:.1f} GB')
        torch.manual_seed(self.options.seed)
        if self.saved is not None:
            self.saved.restore(tensors, self.generator)
            log(f'goes on after {self.position.steps} steps and {self.position.seconds:.0f} s')
            self.saved = None

    def _log(self, progress: float, rate: float) -> None:
        *sums, count = self.stage.sums.tolist()
        self.stage.sums.zero_()
        means = ' '.join(f'{name} {value / count:.4f}' for name, value in zip(self.stage.logged, sums))
        log(f'{self.position.steps} {100 * progress:.0f} % {means} {rate:.1f} steps/s')
        self._check_finite()

    def _check_finite(self) -> None:
        if not all(torch.isfinite(value).all() for value in self.stage.parameters.values()):
            raise TrainingError(f'values are not finite any more after {self.position.steps} steps: lower the rate')

    def _stop(self) -> bool:
        """Ends a slice."""
        self._check_finite()
        self._save_state()
        log(f'slice ended after {self.position.steps} steps; --resume goes on from {state_path(self.options.out)}')
        return False

    def _finish(self) -> None:
        self._check_finite()
        self._write()
        self.position.finished = True
        self._save_state()

    def _save_state(self) -> None:
        self.checkpoint.save(state_path(self.options.out), self.stage.state(), self.generator)

    def _write(self) -> None:
        """Writes the moving average as weights file and as exact values, and measures it."""
        options, position, average = self.options, self.position, self.stage.average
        quality = self.validation(average) if self.validation else {}
        log(f'{position.steps} steps', quality or '')
        device = torch.cuda.get_device_name() if self.stage.runner.records else f'processor ({platform.machine()})'
        run = Run(
            self.stage.name, 'casr_training', device, position.steps, round(position.seconds, 1), settings_of(options)
        )
        provenance = self.checkpoint.provenance.with_run(run, self.data, quality)
        write(options.out, WeightsFile(self.checkpoint.config, average, None, provenance))
        write_exact(options.out, average)
        self.stage.save_more()


def train(stage_type: type[Stage], options: argparse.Namespace) -> int:
    """Runs a slice; the exit code: 0 where the run is finished, 3 where it is not."""
    return 0 if Training(stage_type, options).run() else 3
