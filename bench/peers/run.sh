#!/bin/sh
# Our convolution beside ONNX Runtime's, in turn, on the same number of threads:
#   bench/peers/run.sh [--threads N] [--rounds N] [--silu]
# Needs Python 3 with venv; installs onnxruntime, onnx and numpy into target/peers/venv.
set -eu
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-target}"
venv=target/peers/venv
if [ ! -x "$venv/bin/python" ]; then
    mkdir -p target/peers
    python3 -m venv "$venv"
fi
"$venv/bin/python" -c 'import numpy, onnx, onnxruntime' 2>/dev/null ||
    "$venv/bin/pip" install --quiet --disable-pip-version-check numpy onnx onnxruntime
cargo build --quiet --release -p casr-kernels --example twenty_convolutions
exec "$venv/bin/python" bench/peers/peers.py --ours "$target/release/examples/twenty_convolutions" "$@"
