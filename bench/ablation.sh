#!/bin/sh
# Trains every variant of the ablation at one budget, and measures all of them into docs/ablation.md:
#   bench/ablation.sh DATA BENCHMARKS WEIGHTS [RUNS]
# DATA: the folder of training images. BENCHMARKS: the folder of Set5, Set14 and B100. WEIGHTS: that of lpips_alex.safetensors and
# lpips_vgg.safetensors. RUNS: where trainings are kept, target/ablation if not said; what was stopped goes on.
# All variants start from recipes/ablation/start.safetensors, `full` by way of `both`, and leave their weights beside it. CASR names
# the program; else it is built.
set -eu
cd "$(dirname "$0")/.."
data=$1 benchmarks=$2 weights=$3 runs=${4:-target/ablation}
if [ -z "${CASR:-}" ]; then
    cargo build --quiet --release -p casr
    CASR="${CARGO_TARGET_DIR:-target}/release/casr"
fi
mkdir -p "$runs"
start=recipes/ablation/start.safetensors

networks="--network start=$start"
for variant in plain unrolled alignment similarity both full; do
    run="$runs/$variant" from="$start"
    [ "$variant" != full ] || from=recipes/ablation/both.safetensors
    if [ -e "$run/checkpoint.safetensors" ]; then
        set -- --resume
    else
        set -- --recipe "recipes/ablation/$variant.toml" --init "$from"
    fi
    "$CASR" train "$data" -o "$run" "$@"
    cp "$run/weights.safetensors" "recipes/ablation/$variant.safetensors"
    networks="$networks --network $variant=recipes/ablation/$variant.safetensors"
done

# shellcheck disable=SC2086 # one word for each option
"$CASR" eval "$benchmarks/Set5" "$benchmarks/Set14" "$benchmarks/B100" --scales 4,8,16,32 \
    --degrade clean,noise:5,jpeg:75 $networks \
    --methods bicubic,truth,start,plain-one-step,plain,unrolled,alignment,similarity,full@0,full,full-x4-lanczos \
    --metrics psnr_y,ssim_y,lpips_alex,sifid,texture,drift,drift_truth --metric-weights "$weights" \
    --sheets none --report docs/ablation.md --cache "$runs/cache"
# What the variants are and what was found, then the tables.
{
    sed 's#](\([a-z]*\.toml\))#](../recipes/ablation/\1)#g; s#](../../docs/#](#' recipes/ablation/README.md
    sed 1d docs/ablation.md
} >docs/ablation.new
mv docs/ablation.new docs/ablation.md
