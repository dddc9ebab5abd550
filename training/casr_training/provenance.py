"""Where the values of a weights file come from, as JSON that programs read: data, runs, measured quality."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

FAITHFUL, VIVID = 'faithful', 'vivid'


@dataclass
class Run:
    """One run of a trainer."""

    #: The end that it trained: [`FAITHFUL`] or [`VIVID`].
    end: str
    #: What was run.
    stage: str
    #: On what machine; empty where nobody knows.
    device: str = ''
    #: Optimizer steps.
    steps: int = 0
    #: How long they took; 0 where nobody knows.
    seconds: float = 0.0
    #: What the trainer was given.
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Provenance:
    """How a network was trained, and how good it is."""

    #: The images it saw.
    data: str = ''
    #: The runs that led to it, first to last.
    runs: list[Run] = field(default_factory=list)
    #: Measured quality, such as "Set5 x4": 31.63, in dB.
    quality: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'Provenance':
        values = json.loads(text)
        runs = [Run(**run) for run in values.get('runs', [])]
        return cls(values.get('data', ''), runs, values.get('quality', {}))

    @classmethod
    def from_first_version(cls, recipe: str) -> 'Provenance':
        """From the metadata `recipe` of the first version of weights files, where runs are described in prose."""
        values = json.loads(recipe)
        stage = values.get('training', '')
        end = VIVID if re.search(r'\blook\b', stage) else FAITHFUL
        run = Run(end, stage, steps=values.get('steps', 0))
        quality = {
            name.replace(':1', ' in one step').replace(':2', ''): value for name, value in values['psnr'].items()
        }
        if 'Set5 x2 in one step' in quality:
            quality['Set5 x2'] = quality.pop('Set5 x2 in one step')
        return cls(values.get('data', ''), [run], quality)

    def with_run(self, run: Run, data: str, quality: dict[str, float]) -> 'Provenance':
        """What it is after another run."""
        return Provenance(data, [*self.runs, run], quality)

    def averaged_with(self, other: 'Provenance', settings: dict[str, Any]) -> 'Provenance':
        """That of an average of this one's network and another one's. Nothing is measured yet."""
        runs = self.runs + [run for run in other.runs if run not in self.runs]
        average = Run(runs[-1].end if runs else '', 'average', settings=settings)
        data = self.data if other.data in ('', self.data) else f'{self.data}; {other.data}'
        return Provenance(data, [*runs, average])

    def packed_with(self, vivid: 'Provenance') -> 'Provenance':
        """That of a file with two ends, this one's and a vivid one's: runs that led to both are named once."""
        runs = self.runs + [run for run in vivid.runs if run not in self.runs]
        data = self.data if vivid.data in ('', self.data) else f'{self.data}; {vivid.data}'
        quality = self.quality | {f'{name}, vivid': value for name, value in vivid.quality.items()}
        return Provenance(data, runs, quality)
