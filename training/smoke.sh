#!/usr/bin/env bash
# A smoke run on the processor: the tests, a few tiny steps of both stages with and without modules, runs that are stopped and go on, packing,
# enlarging, an ablation. It needs samples/*.png alone; the vivid stage wants weights/lpips_vgg.safetensors of the data folder as well, and is
# skipped without.
#
#   ./smoke.sh       PYTHON: the interpreter (python3); CASR_DATA: the data folder (../../shared/data)
set -euo pipefail
if [ -n "${CASR_DATA:-}" ]; then CASR_DATA=$(realpath -m "$CASR_DATA"); export CASR_DATA; fi
cd "$(dirname "${BASH_SOURCE[0]}")"
python=${PYTHON:-python3}
data=${CASR_DATA:-../../shared/data}
# So little work is done faster by one thread than by several that wait for each other.
export OMP_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

casr() { "$python" -m casr_training "$@"; }
fail() {
    echo "smoke: $*" >&2
    exit 1
}

# Runs a stage in one go, and stopped after its first step; both must come to the same values, bit for bit. NAME STAGE OPTIONS…
both_ways() {
    local name=$1 stage=$2 code=0
    shift 2
    local options=(--tiny --device cpu --tiles ../samples --no-validation --log-every 1 "$@")
    casr "$stage" "${options[@]}" --out "$work/$name.safetensors"
    options+=(--out "$work/$name-cut.safetensors")
    casr "$stage" "${options[@]}" --slice 0 || code=$?
    [ "$code" = 3 ] || fail "$name ended its first slice with code $code"
    casr "$stage" "${options[@]}" --resume
    cmp "$work/$name.safetensors.pt" "$work/$name-cut.safetensors.pt" || fail "$name depends on its slices"
}

"$python" -m unittest

small=(--channels 16 --blocks 2 --frequencies 8)
faithful=("${small[@]}" --steps 3 --batch 2 --patch 16 --drawn 1)
modules=(--alignment --similarity)
both_ways faithful faithful "${faithful[@]}"
both_ways faithful-modules faithful "${faithful[@]}" "${modules[@]}"
casr faithful "${faithful[@]}" --tiny --device cpu --tiles ../samples --no-validation --no-guards --out "$work/unguarded.safetensors"

vivid=$work/faithful.safetensors
if [ -e "$data/weights/lpips_vgg.safetensors" ]; then
    start=(--start "$work/faithful.safetensors" --steps 2)
    both_ways vivid vivid "${start[@]}"
    both_ways vivid-modules vivid "${start[@]}" "${modules[@]}" --alignment-loss 0.002 --autocorrelation-loss 0.1 --noise-channel
    cmp "$work/vivid.safetensors.discriminator.pt" "$work/vivid-cut.safetensors.discriminator.pt" || fail 'the discriminator differs'
    cmp -s "$work/faithful.safetensors.pt" "$work/vivid.safetensors.pt" && fail 'the vivid stage changed nothing'
    vivid=$work/vivid.safetensors
    STEPS=1 RUNS=$work/runs ./ablation.sh "$vivid" --tiny --device cpu --tiles ../samples --no-validation --drawn 0
else
    echo "smoke: no $data/weights/lpips_vgg.safetensors: the vivid stage is skipped"
fi

casr average "$work/faithful.safetensors" "$vivid" --share 0.3 -o "$work/average.safetensors"
casr pack "$work/faithful.safetensors" "$work/average.safetensors" -o "$work/packed.safetensors"
"$python" -c "from PIL import Image; Image.open('../samples/city.png').crop((0, 0, 48, 32)).save('$work/small.png')"
casr enlarge "$work/packed.safetensors" "$work/small.png" "$work/large.png" --size 150x99 --look 0.5 --levels "$work/levels"
casr enlarge "$work/faithful-modules.safetensors" "$work/small.png" "$work/modules.png" --scale 2.5 --noise 0.2
"$python" -c "
from PIL import Image
sizes = [Image.open(f'$work/{name}.png').size for name in ('large', 'modules')]
sizes.append(Image.open('$work/levels/01.png').size)
assert sizes == [(150, 99), (120, 80), (85, 56)], sizes"
"$python" golden.py "$work/golden"
echo 'smoke: all is well'
