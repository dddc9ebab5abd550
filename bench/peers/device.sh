#!/bin/sh
# The network on a device beside the same network in PyTorch, in turn:
#   bench/peers/device.sh [--device gpu|cpu] [--rounds N]
# Needs Python 3 with venv; installs what training/requirements.txt names into target/peers/torch, or uses the Python named by PYTHON. CASR_PEER
# names our side built elsewhere, for machines without a Rust toolchain:
#   cargo build --release -p casr-lab --example device_peer
set -eu
cd "$(dirname "$0")/../.."
if [ -z "${PYTHON:-}" ]; then
    PYTHON=target/peers/torch/bin/python
    if [ ! -x "$PYTHON" ]; then
        mkdir -p target/peers
        python3 -m venv target/peers/torch
    fi
    "$PYTHON" -c 'import numpy, torch, safetensors, PIL' 2>/dev/null ||
        target/peers/torch/bin/pip install --quiet --disable-pip-version-check -r training/requirements.txt
fi
if [ -z "${CASR_PEER:-}" ]; then
    cargo build --quiet --release -p casr-lab --example device_peer
    CASR_PEER="${CARGO_TARGET_DIR:-target}/release/examples/device_peer"
fi
exec "$PYTHON" bench/peers/device.py --ours "$CASR_PEER" "$@"
