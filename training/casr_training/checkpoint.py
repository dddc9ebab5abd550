"""The full state of a run, from which it goes on as if it had not been stopped."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .errors import CheckpointError
from .network import NetworkConfig
from .provenance import Provenance
from .weights import save_tensors


def state_path(output: str | Path) -> Path:
    """Where the state of a run is kept."""
    return Path(f'{output}.state.pt')


@dataclass
class Position:
    """How far a run is."""

    #: Optimizer steps, and the seconds that they took.
    steps: int = 0
    seconds: float = 0.0
    #: Intermediate results that have been written.
    marks: int = 0
    finished: bool = False


@dataclass
class Checkpoint:
    """What a run must know to go on."""

    stage: str
    settings: dict[str, Any]
    config: NetworkConfig
    #: Whether the network has a noise channel, and which of its parameters the run began with fresh.
    noise_channel: bool
    fresh: list[str]
    #: That of the file that the run began with.
    provenance: Provenance
    position: Position = field(default_factory=Position)

    def save(self, path: Path, tensors: dict[str, Tensor], generator: np.random.Generator) -> None:
        """Writes the state, whole or not at all: `tensors` by name, and all generators of random numbers."""
        content = {
            'about': json.dumps(asdict(self)),
            'tensors': {name: value.detach().cpu() for name, value in tensors.items()},
            'numpy': json.dumps(generator.bit_generator.state),
            'torch': torch.get_rng_state(),
            'cuda': torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }
        save_tensors(path, content)


class SavedState:
    """A state that was read."""

    def __init__(self, path: Path):
        self.path = path
        self._content = torch.load(path, map_location='cpu', weights_only=True)
        about = json.loads(self._content['about'])
        about['config'] = NetworkConfig(**about['config'])
        about['provenance'] = Provenance.from_json(json.dumps(about['provenance']))
        about['position'] = Position(**about['position'])
        self.checkpoint = Checkpoint(**about)

    def check(self, stage: str, settings: dict[str, Any]) -> None:
        """Raises CheckpointError where a run with these settings would not be the same."""
        if stage != self.checkpoint.stage:
            raise CheckpointError(f'{self.path} is of the stage {self.checkpoint.stage}')
        saved = self.checkpoint.settings
        differing = sorted(name for name in saved.keys() | settings if saved.get(name) != settings.get(name))
        if differing:
            options = ', '.join(f'--{name.replace("_", "-")} was {saved.get(name)}' for name in differing)
            raise CheckpointError(f'{self.path} is of a run with other options: {options}')

    @torch.no_grad()
    def restore(self, tensors: dict[str, Tensor], generator: np.random.Generator) -> None:
        """Copies what was saved into the tensors, in place, and sets all generators."""
        saved = self._content['tensors']
        if saved.keys() != tensors.keys():
            raise CheckpointError(f'{self.path} holds other tensors than this run')
        for name, value in tensors.items():
            value.copy_(saved[name])
        generator.bit_generator.state = json.loads(self._content['numpy'])
        torch.set_rng_state(self._content['torch'])
        if self._content['cuda'] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(self._content['cuda'])
