#!/usr/bin/env bash
# Lays what training needs into training/.gpu, which git ignores, in numbered parts of bounded size, to be carried to a GPU machine one
# after the other; all parts together end in one folder there. Part 1: the package, VGG16, Set5, the weights to start from, then the most
# varied tiles; every further part: more tiles.
#
#   ./stage.sh PART [WEIGHTS...]       CASR_DATA: the data folder (../../shared/data); LIMIT: bytes of a part (40e6)
#
# WEIGHTS are the same for every part, for the sake of the sizes; each goes with its exact values and its discriminator, if it has any, and
# may be any other file. There: CASR_DATA=data python -m casr_training vivid --start WEIGHTS …
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
part=$1
shift
for weights in "$@"; do
    [ -f "$weights" ] || { echo "stage: there is no $weights" >&2; exit 1; }
    set -- "${@:2}" "$(realpath "$weights")"
done
if [ -n "${CASR_DATA:-}" ]; then CASR_DATA=$(realpath -m "$CASR_DATA"); export CASR_DATA; fi
cd "$(dirname "${BASH_SOURCE[0]}")"
data=$(realpath "${CASR_DATA:-../../shared/data}")
rm -rf .gpu
mkdir -p .gpu/data/train
if [ "$part" = 1 ]; then
    mkdir -p .gpu/data/weights .gpu/data/benchmarks .gpu/casr_training
    cp casr_training/*.py .gpu/casr_training/
    cp ablation.sh requirements.txt .gpu/
    cp "$data/weights/lpips_vgg.safetensors" .gpu/data/weights/
    cp -r "$data/benchmarks/Set5" .gpu/data/benchmarks/
    for weights in "$@"; do
        for file in "$weights" "$weights".{pt,discriminator.pt}; do
            [ ! -e "$file" ] || cp "$file" .gpu/
        done
    done
fi
"${PYTHON:-python3}" - "$data/train" "$part" "${LIMIT:-40e6}" "$data/weights/lpips_vgg.safetensors" "$data/benchmarks/Set5" "$@" <<'END'
"""Copies the tiles of a part: those that core.txt names, then the others in random order, things made by people first."""
import random
import shutil
import sys
from pathlib import Path

source, part, limit = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
vgg, benchmark, *weights = map(Path, sys.argv[4:])


def size(path):
    return path.stat().st_size if path.is_file() else 0


def carried(path):
    """Bytes of a weights file and of what lies beside it."""
    return sum(size(Path(f'{path}{ending}')) for ending in ('', '.pt', '.discriminator.pt'))


names = sorted(path.name for path in source.glob('*.jpg'))
core = [line.strip() for line in (source / 'core.txt').read_text().splitlines() if line.strip()]
core = [name if name.endswith('.jpg') else f'{name}.jpg' for name in core]
rest = sorted(set(names) - set(core))
random.Random(0).shuffle(rest)
rest.sort(key=lambda name: not name.startswith('made-'))
used = size(vgg) + sum(map(size, benchmark.iterdir())) + sum(map(carried, weights)) + 0.5e6  # the package
if used > limit:
    sys.exit(f'stage: all but tiles is {used:.0f} bytes: name fewer weights, or raise LIMIT')
now = 1
for name in core + rest:
    tile = size(source / name)
    if used + tile > limit:
        now, used = now + 1, 0
    used += tile
    if now == part:
        shutil.copy(source / name, '.gpu/data/train')
print(f'part {part} of {now}')
END
du -sh .gpu
