// SARM's gains and offsets: two small layers on the autocorrelation of the original image at every
// cell. A workgroup takes four cells, the components of a vector.

@group(0) @binding(0) var<uniform> step: Step;
// [cells][${LAGS}].
@group(0) @binding(1) var<storage, read> autocorrelation: array<f32>;
// Inner weights [${LAGS}][${CHANNELS}] and bias, outer ones [${CHANNELS}][2 · ${CHANNELS}] and
// bias.
@group(0) @binding(2) var<storage, read> parameters: array<f32>;
// [2][planes][cells] of four channels: gains, then offsets.
@group(0) @binding(3) var<storage, read_write> modulation: array<f32>;

const THREADS = 64u;
const CHANNELS = ${CHANNELS}u;
const LAGS = ${LAGS}u;
const INNER_BIAS = ${LAGS*CHANNELS}u;
const OUTER = ${LAGS*CHANNELS+CHANNELS}u;
const OUTER_BIAS = ${LAGS*CHANNELS+CHANNELS+CHANNELS*2*CHANNELS}u;

var<workgroup> seen: array<vec4<f32>, ${LAGS}>;
var<workgroup> hidden: array<vec4<f32>, ${CHANNELS}>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cells = step.cell_rows * step.cell_columns;
    let first = 4u * (group.x + group.y * 32768u);
    if first >= cells {
        return;
    }
    let four = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(cells - 1u));
    for (var lag = lane; lag < LAGS; lag += THREADS) {
        seen[lag] = vec4<f32>(
            autocorrelation[four.x * LAGS + lag],
            autocorrelation[four.y * LAGS + lag],
            autocorrelation[four.z * LAGS + lag],
            autocorrelation[four.w * LAGS + lag],
        );
    }
    workgroupBarrier();
    for (var channel = lane; channel < CHANNELS; channel += THREADS) {
        var sum = vec4<f32>(parameters[INNER_BIAS + channel]);
        for (var lag = 0u; lag < LAGS; lag += 1u) {
            sum += parameters[lag * CHANNELS + channel] * seen[lag];
        }
        hidden[channel] = sum / (1.0 + exp(-max(sum, vec4<f32>(-80.0))));
    }
    workgroupBarrier();
    for (var channel = lane; channel < ${PLANES*4}u; channel += THREADS) {
        // Channels that only fill up the last planes are let through as they are.
        var gain = vec4<f32>(1.0);
        var offset = vec4<f32>();
        if channel < CHANNELS {
            gain += parameters[OUTER_BIAS + channel];
            offset += parameters[OUTER_BIAS + CHANNELS + channel];
            for (var i = 0u; i < CHANNELS; i += 1u) {
                let at = OUTER + i * 2u * CHANNELS + channel;
                gain += parameters[at] * hidden[i];
                offset += parameters[at + CHANNELS] * hidden[i];
            }
        }
        for (var cell = 0u; cell < min(cells - first, 4u); cell += 1u) {
            let at = 4u * ((channel / 4u) * cells + first + cell) + channel % 4u;
            modulation[at] = gain[cell];
            modulation[${PLANES*4}u * cells + at] = offset[cell];
        }
    }
}
