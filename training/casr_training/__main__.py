"""`python -m casr_training`: the commands."""

import argparse
import sys
from pathlib import Path

from .errors import UserError
from .options import parse
from .provenance import FAITHFUL, VIVID


def enlarge(options: argparse.Namespace) -> int:
    """`enlarge`: one image."""
    import torch

    from .chain import ChainOptions
    from .enlarge import enlarge_levels, plan, read_image, write_image
    from .resampling import round_half_up
    from .weights import read

    file = read(options.weights)
    device = options.device
    parameters = {name: value.to(device) for name, value in file.at_look(options.look).items()}
    image = read_image(options.image).to(device)
    size = tuple(image.shape[2:])
    if options.size:
        width, height = (int(length) for length in options.size.split('x'))
    else:
        height, width = (round_half_up(length * options.scale) for length in size)
    sizes = plan(size, (height, width), options.max_step)
    torch.manual_seed(options.seed)
    chain = ChainOptions(guarded=options.guards, whole=options.guards)
    levels = enlarge_levels(parameters, file.config, image, sizes, options.noise, options.compression, chain)
    write_image(options.result, levels[-1] if levels else image)
    if options.levels:
        Path(options.levels).mkdir(parents=True, exist_ok=True)
        for index, level in enumerate(levels[:-1], 1):
            write_image(Path(options.levels) / f'{index:02}.png', level)
    return 0


def run(options: argparse.Namespace) -> int:
    """Runs a command; its exit code."""
    if options.command == FAITHFUL:
        from .faithful import Faithful
        from .trainer import train

        return train(Faithful, options)
    if options.command == VIVID:
        from .trainer import train
        from .vivid import Vivid

        return train(Vivid, options)
    if options.command == 'pack':
        from .weights import pack

        pack(options.faithful, options.vivid, options.out)
        return 0
    if options.command == 'average':
        from .weights import average

        average(options.first, options.second, options.share, options.out)
        return 0
    return enlarge(options)


def main() -> int:
    options = parse()
    try:
        return run(options)
    except (OSError, UserError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
