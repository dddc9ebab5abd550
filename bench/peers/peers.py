"""Times twenty 48-to-48 convolutions of side 3 with our kernels and with ONNX Runtime, in turn.

Both sides compute the same numbers from the same weights, which is checked. Each round times one pass of either side, so that
whatever else the machine does disturbs both. Run it through run.sh.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import onnx
import onnxruntime

CHANNELS = 48
LAYERS = 20
# Threads of the side that has just run may spin for a moment; they must not disturb the other side.
PAUSE_SECONDS = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", required=True, help="the example program twenty_convolutions")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--size", type=int, default=256, help="width and height of the image")
    parser.add_argument("--silu", action="store_true", help="a SiLU after every convolution")
    options = parser.parse_args()

    generator = numpy.random.default_rng(1)
    # Variance one over the inputs of a sum keeps the numbers the same size through all layers.
    bound = (3 / (9 * CHANNELS)) ** 0.5
    weights = generator.uniform(-bound, bound, (LAYERS, 3, 3, CHANNELS, CHANNELS)).astype("<f4")
    image = generator.uniform(-1, 1, (options.size, options.size, CHANNELS)).astype("<f4")

    theirs, their_input = onnx_session(weights, image, options)
    with tempfile.TemporaryDirectory() as folder:
        weights.tofile(Path(folder, "weights.f32"))
        image.tofile(Path(folder, "input.f32"))
        ours = start_ours(folder, options)
        times = {"ours": [], "ONNX Runtime": []}
        for round_number in range(options.rounds + 1):
            time.sleep(PAUSE_SECONDS)
            ours.stdin.write("\n")
            ours.stdin.flush()
            our_time = float(ours.stdout.readline())
            time.sleep(PAUSE_SECONDS)
            start = time.perf_counter()
            result = theirs.run(None, their_input)[0]
            their_time = (time.perf_counter() - start) * 1e3
            if round_number > 0:  # the first warms up
                times["ours"].append(our_time)
                times["ONNX Runtime"].append(their_time)
        ours.stdin.close()
        if ours.wait() != 0:
            raise SystemExit("our side failed")
        our_result = numpy.fromfile(Path(folder, "output.f32"), "<f4").reshape(image.shape)

    difference = numpy.abs(our_result - result[0].transpose(1, 2, 0)).max()
    size = numpy.abs(result).max()
    if not difference <= 1e-4 * size:
        raise SystemExit(f"the results differ by {difference} where numbers reach {size}")
    report(times, options)


def onnx_session(weights, image, options):
    """A session on the model, and its input."""
    shape = [1, CHANNELS, options.size, options.size]
    nodes, constants, name = [], [], "input"
    for index, layer in enumerate(weights):
        kernel = onnx.numpy_helper.from_array(layer.transpose(3, 2, 0, 1).copy(), f"weights{index}")
        constants.append(kernel)
        convolved = f"convolved{index}"
        nodes.append(
            onnx.helper.make_node(
                "Conv", [name, kernel.name], [convolved], kernel_shape=[3, 3], pads=[1, 1, 1, 1]
            )
        )
        name = convolved
        if options.silu:
            nodes.append(onnx.helper.make_node("Sigmoid", [name], [f"sigmoid{index}"]))
            nodes.append(onnx.helper.make_node("Mul", [name, f"sigmoid{index}"], [f"silu{index}"]))
            name = f"silu{index}"
    value = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        "twenty convolutions",
        [onnx.helper.make_tensor_value_info("input", value, shape)],
        [onnx.helper.make_tensor_value_info(name, value, shape)],
        constants,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=10)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    return session, {"input": image.transpose(2, 0, 1)[None].copy()}


def start_ours(folder, options):
    """Our program: a line in starts a pass, a line out is its time in milliseconds."""
    size = str(options.size)
    activation = "silu" if options.silu else "none"
    return subprocess.Popen(
        [options.ours, folder, size, size, activation],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "RAYON_NUM_THREADS": str(options.threads)},
    )


def report(times, options):
    operations = LAYERS * 2 * 9 * CHANNELS**2 * options.size**2
    activation = " and SiLUs" if options.silu else ""
    print(
        f"{LAYERS} convolutions {CHANNELS} to {CHANNELS}, 3x3{activation}, {options.size}x{options.size} pixels, "
        f"{options.threads} threads, {options.rounds} rounds in turn, ONNX Runtime {onnxruntime.__version__}"
    )
    for name, values in times.items():
        median = statistics.median(values)
        print(
            f"{name:>12}: median {median:7.1f} ms, {operations / median / 1e6:6.1f} GFLOP/s; "
            f"fastest {min(values):7.1f} ms, {operations / min(values) / 1e6:6.1f} GFLOP/s"
        )
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["ONNX Runtime"] / medians["ours"]
    rounds = [theirs / ours for ours, theirs in zip(times["ours"], times["ONNX Runtime"])]
    print(f"ours is {ratio:.2f} times as fast by the medians ({statistics.median(rounds):.2f} by the median round)")


if __name__ == "__main__":
    main()
