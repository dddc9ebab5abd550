"""The command line."""

import argparse
import math
import os
from pathlib import Path
from typing import Any

from .provenance import FAITHFUL, VIVID

REPOSITORY = Path(__file__).resolve().parents[2]

#: Options that change nothing in the values of a run, or only name places.
_NOT_SETTINGS = ('command', 'out', 'tiles', 'validation', 'vgg', 'slice', 'resume', 'log_every', 'device')

_DESCRIPTION = 'Trains the network of CASR, packs and tries its weights.'
_EPILOG = 'The README beside the package has a command for every stage.'


def data_folder() -> Path:
    """The folder of `train`, `benchmarks` and `weights`: the environment variable CASR_DATA, or ../shared/data beside the repository."""
    return Path(os.environ.get('CASR_DATA') or REPOSITORY.parent / 'shared/data')


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """The options that a run's values depend on, for its provenance and its state: those that are not at zero or off."""
    settings = {name: value for name, value in vars(options).items() if name not in _NOT_SETTINGS}
    for name in ('start', 'discriminator'):
        if settings.get(name) is not None:
            settings[name] = Path(settings[name]).name
    if math.isinf(settings.get('clip', 0)):
        del settings['clip']
    return {name: value for name, value in settings.items() if value is not None and value is not False}


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    result = argparse.ArgumentParser(prog='python -m casr_training', description=_DESCRIPTION, epilog=_EPILOG)
    commands = result.add_subparsers(dest='command', required=True)
    _add_faithful(commands)
    _add_vivid(commands)
    _add_pack(commands)
    _add_average(commands)
    _add_enlarge(commands)
    return result


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options of a command; wrong ones end the process with code 2."""
    commands = parser()
    options = commands.parse_args(arguments)
    if options.command in (FAITHFUL, VIVID) and options.steps is None and options.seconds is None:
        commands.error('--steps or --seconds must say how long the run is')
    return options


def _new_command(commands, name: str, help: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=help, description=help, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )


def _default_device() -> str:
    import torch

    return 'cuda' if torch.cuda.is_available() else 'cpu'


def _add_run(command: argparse.ArgumentParser, rate: float) -> None:
    """Options of both stages."""
    data = data_folder()
    benchmark = data / 'benchmarks/Set5'
    files = command.add_argument_group('files')
    files.add_argument(
        '--out', required=True, help='weights file to write; its state and exact values are kept beside it'
    )
    files.add_argument(
        '--start', help='weights file to go on from, with its exact values (.pt) where they lie beside it'
    )
    files.add_argument('--tiles', nargs='+', default=[str(data / 'train')], help='folders of images to train on')
    files.add_argument('--drawn', type=int, default=0, help='drawn tiles beside them: facades, text, flat colours')
    files.add_argument(
        '--validation',
        default=str(benchmark) if benchmark.is_dir() else None,
        help='folder of PNG images to measure on, never trained on',
    )
    files.add_argument('--no-validation', dest='validation', action='store_const', const=None, help='measure nothing')

    length = command.add_argument_group('length; the schedule follows whichever comes first')
    length.add_argument('--steps', type=int, help='optimizer steps of the run')
    length.add_argument('--seconds', type=float, help='seconds of the run, all slices together')
    length.add_argument(
        '--slice', type=float, default=540, help='seconds after which this process stops, with exit code 3'
    )
    length.add_argument('--resume', action='store_true', help='go on from the state beside --out, where there is one')

    network = command.add_argument_group('network')
    network.add_argument('--channels', type=int, default=48, help='features; with --start, those of the file')
    network.add_argument('--blocks', type=int, default=6, help='residual blocks; with --start, those of the file')
    network.add_argument(
        '--frequencies', type=int, default=32, help='of the heat field; with --start, those of the file'
    )
    network.add_argument('--alignment', action='store_true', help='with SDAM, fresh where --start has none')
    network.add_argument('--similarity', action='store_true', help='with SARM, fresh where --start has none')
    network.add_argument('--noise-channel', action='store_true', help='with a channel of white noise; an experiment')
    network.add_argument(
        '--no-guards',
        dest='guards',
        action='store_false',
        help='without gates, anchor and mirrored border; an experiment',
    )

    training = command.add_argument_group('training')
    training.add_argument('--rate', type=float, default=rate, help='peak of the learning rate')
    training.add_argument('--degraded', type=float, default=0.35, help='share of LRs with noise, JPEG or blur')
    training.add_argument('--average-rate', type=float, default=1e-3, help="of the parameters' moving average")
    training.add_argument('--seed', type=int, default=1, help='of all random numbers')

    machine = command.add_argument_group('machine')
    machine.add_argument('--device', default=_default_device(), help='cuda, cuda:N or cpu')
    machine.add_argument('--half', action='store_true', help='bfloat16 on the processor too: faster where it has AMX')
    machine.add_argument('--tiny', action='store_true', help='few small chains: a smoke run')
    machine.add_argument('--log-every', type=int, default=500, help='steps between lines of the log')


def _add_faithful(commands) -> None:
    command = _new_command(commands, FAITHFUL, 'Stage 1: least error.')
    _add_run(command, rate=1.2e-3)
    command.add_argument('--batch', type=int, default=64, help='images of a batch, half as many through several steps')
    command.add_argument('--patch', type=int, default=48, help='side of the LRs, in pixels')
    command.add_argument('--unroll', type=float, default=0.35, help='share of batches through two and three steps')
    command.add_argument(
        '--polish-from', type=float, default=0.85, help='share of the run before single precision and squares'
    )


def _add_vivid(commands) -> None:
    command = _new_command(commands, VIVID, 'Stage 2: best look, through the whole loop.')
    _add_run(command, rate=3e-4)
    vgg = data_folder() / 'weights/lpips_vgg.safetensors'
    command.add_argument('--vgg', default=str(vgg), help='VGG16 with the heads of LPIPS')
    command.add_argument(
        '--discriminator', help='discriminator to go on with, where it is not that which lies beside --start'
    )
    command.add_argument('--batch-share', type=float, default=1.0, help='of the usual sizes of batches')
    command.add_argument(
        '--discriminator-rate', type=float, default=3e-4, help="peak of the discriminator's learning rate"
    )
    command.add_argument('--hold', type=float, default=0.6, help='share of the run before rates fall')
    command.add_argument('--clip', type=float, default=math.inf, help='largest size of a gradient')
    losses = command.add_argument_group('weights of the losses')
    losses.add_argument('--l1', type=float, default=0.5, help='of L1')
    losses.add_argument('--chroma', type=float, default=0.5, help="of Cb's and Cr's L1")
    losses.add_argument(
        '--consistency', type=float, default=0.5, help='of L1 between the level, shrunk again, and the LR'
    )
    losses.add_argument('--lpips', type=float, default=1.0, help='of LPIPS (VGG16)')
    losses.add_argument(
        '--adversarial', type=float, default=0.5, help="size of the adversarial gradient beside the others'"
    )
    losses.add_argument('--autocorrelation-loss', type=float, default=0.0, help="of SARM's loss; 0.1 is usual")
    losses.add_argument('--alignment-loss', type=float, default=0.0, help="of SDAM's loss; 0.002 is usual")


def _add_pack(commands) -> None:
    command = _new_command(commands, 'pack', 'Put a faithful and a vivid network into one weights file.')
    command.add_argument('faithful', help='weights file')
    command.add_argument('vivid', help='weights file of a network of the same size')
    command.add_argument('-o', '--out', required=True, help='weights file to write')


def _add_average(commands) -> None:
    command = _new_command(commands, 'average', 'Average the networks of two weights files of one end each.')
    command.add_argument('first', help='weights file, with its exact values (.pt) where they lie beside it')
    command.add_argument(
        'second', help='weights file of a network of the same size, such as of a run that began with the first'
    )
    command.add_argument('--share', type=float, default=0.5, help='of the second, from 0 to 1')
    command.add_argument('-o', '--out', required=True, help='weights file to write, and its exact values beside it')


def _add_enlarge(commands) -> None:
    command = _new_command(commands, 'enlarge', 'Enlarge one image as the program does, in float32, without tiles.')
    command.add_argument('weights', help='weights file')
    command.add_argument('image', help='image to read')
    command.add_argument('result', help='image to write')
    size = command.add_mutually_exclusive_group(required=True)
    size.add_argument('--scale', type=float, help='factor of both sides')
    size.add_argument('--size', help='WIDTHxHEIGHT of the result, in pixels')
    command.add_argument('--look', type=float, default=1.0, help='from 0, faithful, to 1, vivid, for files of both')
    command.add_argument('--noise', type=float, default=0.0, help='how noisy the image is, 0 to 1')
    command.add_argument('--compression', type=float, default=0.0, help='how compressed the image is, 0 to 1')
    command.add_argument('--levels', help='folder for the images between, 01.png and so on')
    command.add_argument('--max-step', type=float, default=2.0, help='largest factor of one step')
    command.add_argument('--seed', type=int, default=0, help='of a noise channel')
    command.add_argument('--device', default=_default_device(), help='cuda, cuda:N or cpu')
    command.add_argument(
        '--no-guards', dest='guards', action='store_false', help='without gates, anchor and mirrored border'
    )
