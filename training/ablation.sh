#!/usr/bin/env bash
# What the modules are worth in the vivid loop: at equal steps from the same weights, without modules, with SDAM, with SARM, with both, and
# with a noise channel beside both. Every variant is a run in slices; call this again, with the same arguments, until it exits with 0. It
# then prints the command that measures them.
#
#   ./ablation.sh WEIGHTS [OPTIONS…]     WEIGHTS: of the vivid end, with its exact values and its discriminator beside it, where there are any
#   ./ablation.sh state/vivid.safetensors --discriminator state/sharp.safetensors.discriminator.pt
#
# OPTIONS are of `python -m casr_training vivid`. STEPS: of each variant (3500); TIME: seconds of this call (540); RUNS: where results go (runs).
# Exit codes: 0 all done, 3 time is up, others are failures.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
start=$(realpath "$1")
shift
[ -f "$start" ] || { echo "ablation: there is no $start" >&2; exit 1; }
if [ -n "${CASR_DATA:-}" ]; then CASR_DATA=$(realpath -m "$CASR_DATA"); export CASR_DATA; fi
cd "$(dirname "${BASH_SOURCE[0]}")"
runs=${RUNS:-runs} steps=${STEPS:-3500} ends=$((SECONDS + ${TIME:-540}))
mkdir -p "$runs"

# What a slice needs before and after its steps, in seconds.
overhead=20

variant() {
    local name=$1 left=$((ends - SECONDS - overhead)) code=0
    shift
    [ "$left" -gt "$overhead" ] || exit 3
    echo "$name"
    "${PYTHON:-python3}" -u -m casr_training vivid --start "$start" --out "$runs/$name.safetensors" --steps "$steps" \
        --drawn 60 --slice "$left" --resume "$@" 2>&1 | tee -a "$runs/$name.log" || code=${PIPESTATUS[0]}
    [ "$code" = 0 ] || exit "$code"
}

sdam=(--alignment --alignment-loss 0.002)
sarm=(--similarity --autocorrelation-loss 0.1)
variant none "$@"
variant sdam "${sdam[@]}" "$@"
variant sarm "${sarm[@]}" "$@"
variant both "${sdam[@]}" "${sarm[@]}" "$@"
variant noise "${sdam[@]}" "${sarm[@]}" --noise-channel "$@"

# The program has no noise channel: the twin enlarges for that variant.
cat <<END
All is trained. In the repository, with RUNS and START as they are called there, and CASR_DATA where it is not ../shared/data:

RUNS=$(realpath "$runs") START=$start
cargo run --release -p casr-lab -- eval "\${CASR_DATA:-../shared/data}"/benchmarks/{Set14,B100} --scales 4,8,16,32 --restore 0 \\
    --metrics psnr_y,psnr_lr,lpips_alex,sifid,texture,drift,drift_truth --cache "\$RUNS/cache" --network start="\$START" \\
    --network none="\$RUNS/none.safetensors" --network sdam="\$RUNS/sdam.safetensors" --network sarm="\$RUNS/sarm.safetensors" \\
    --network both="\$RUNS/both.safetensors" --methods start,none,sdam,sarm,both --method "noise=env PYTHONPATH=training \\
    python3 -m casr_training enlarge \$RUNS/noise.safetensors {in} {out} --size {width}x{height} --levels {levels}"
END
