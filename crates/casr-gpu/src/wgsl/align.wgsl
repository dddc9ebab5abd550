// SDAM: what is done to the features of every superpixel, and the statistics that the next step is
// held to. A workgroup takes four cells, the components of a vector.

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
// [2][planes][cells] of four channels: means, then deviations.
@group(0) @binding(2) var<storage, read> moments: array<f32>;
@group(0) @binding(3) var<storage, read> colours: array<vec4<f32>>;
// Statistics of the step before, [earlier rows][earlier columns][2 · ${CHANNELS} + 3]; not read
// where it has no rows.
@group(0) @binding(4) var<storage, read> earlier: array<f32>;
// Inner weights [4 · ${CHANNELS}][${CHANNELS}] and bias, outer ones [${CHANNELS}][3 · ${CHANNELS}]
// and bias.
@group(0) @binding(5) var<storage, read> parameters: array<f32>;
// [2][planes][cells] of four channels: gains, then offsets.
@group(0) @binding(6) var<storage, read_write> modulation: array<f32>;
// [cells][2 · ${CHANNELS} + 3].
@group(0) @binding(7) var<storage, read_write> statistics: array<f32>;

const THREADS = 64u;
const CHANNELS = ${CHANNELS}u;
const STATISTICS = ${CHANNELS*2+3}u;
const INNER_BIAS = ${CHANNELS*4*CHANNELS}u;
const OUTER = ${CHANNELS*4*CHANNELS+CHANNELS}u;
const OUTER_BIAS = ${CHANNELS*4*CHANNELS+CHANNELS+CHANNELS*3*CHANNELS}u;
// Bounds of the logarithm of a gain.
const LARGEST_GAIN = 3.0;
// Colours this far apart weigh as much as places one cell apart, and farther ones than this count
// as this far.
const COLOUR_DISTANCE = 0.1;
const MAX_SQUARED_DISTANCE = 80.0;

// Mean, logarithm of the deviation, and what these would change by, [4][channels].
var<workgroup> seen: array<vec4<f32>, ${CHANNELS*4}>;
var<workgroup> hidden: array<vec4<f32>, ${CHANNELS}>;
// Which earlier cells a cell looks at, and how much each weighs, [4][9].
var<workgroup> looked: array<u32, 36>;
var<workgroup> shares: array<f32, 36>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cells = step.cell_rows * step.cell_columns;
    let first = 4u * (group.x + group.y * 32768u);
    if first >= cells {
        return;
    }
    let four = min(vec4<u32>(first) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(cells - 1u));
    if lane < 4u && step.earlier_rows > 0u {
        look(four[lane], 9u * lane);
    }
    workgroupBarrier();
    for (var channel = lane; channel < CHANNELS; channel += THREADS) {
        let mean = moments_of(channel, four, cells);
        let spread = log(moments_of(${PLANES*4}u + channel, four, cells));
        seen[channel] = mean;
        seen[CHANNELS + channel] = spread;
        var mean_change = vec4<f32>();
        var spread_change = vec4<f32>();
        if step.earlier_rows > 0u {
            mean_change = found(channel) - mean;
            spread_change = found(CHANNELS + channel) - spread;
        }
        seen[2u * CHANNELS + channel] = mean_change;
        seen[3u * CHANNELS + channel] = spread_change;
    }
    workgroupBarrier();
    for (var channel = lane; channel < CHANNELS; channel += THREADS) {
        var sum = vec4<f32>(parameters[INNER_BIAS + channel]);
        for (var i = 0u; i < 4u * CHANNELS; i += 1u) {
            sum += parameters[i * CHANNELS + channel] * seen[i];
        }
        hidden[channel] = sum / (1.0 + exp(-max(sum, vec4<f32>(-80.0))));
    }
    workgroupBarrier();
    let count = min(cells - first, 4u);
    for (var channel = lane; channel < ${PLANES*4}u; channel += THREADS) {
        // Channels that only fill up the last planes are let through as they are.
        var gain = vec4<f32>(1.0);
        var offset = vec4<f32>();
        if channel < CHANNELS {
            var opening = vec4<f32>(parameters[OUTER_BIAS + channel]);
            var stretch = vec4<f32>(parameters[OUTER_BIAS + CHANNELS + channel]);
            var shift = vec4<f32>(parameters[OUTER_BIAS + 2u * CHANNELS + channel]);
            for (var i = 0u; i < CHANNELS; i += 1u) {
                let at = OUTER + i * 3u * CHANNELS + channel;
                opening += parameters[at] * hidden[i];
                stretch += parameters[at + CHANNELS] * hidden[i];
                shift += parameters[at + 2u * CHANNELS] * hidden[i];
            }
            let mean = seen[channel];
            let spread = seen[CHANNELS + channel];
            let gate = 1.0 / (1.0 + exp(-max(opening, vec4<f32>(-80.0))));
            stretch = gate * seen[3u * CHANNELS + channel] + stretch;
            stretch = clamp(stretch, vec4<f32>(-LARGEST_GAIN), vec4<f32>(LARGEST_GAIN));
            let deviation = moments_of(${PLANES*4}u + channel, four, cells);
            let moved = mean + gate * seen[2u * CHANNELS + channel] + shift * deviation;
            gain = exp(stretch);
            offset = moved - mean * gain;
            for (var cell = 0u; cell < count; cell += 1u) {
                let at = (first + cell) * STATISTICS + channel;
                statistics[at] = moved[cell];
                statistics[at + CHANNELS] = spread[cell] + stretch[cell];
            }
        }
        for (var cell = 0u; cell < count; cell += 1u) {
            let at = 4u * ((channel / 4u) * cells + first + cell) + channel % 4u;
            modulation[at] = gain[cell];
            modulation[${PLANES*4}u * cells + at] = offset[cell];
        }
    }
    if lane < count {
        let colour = colours[first + lane];
        let at = (first + lane) * STATISTICS + 2u * CHANNELS;
        statistics[at] = colour.x;
        statistics[at + 1u] = colour.y;
        statistics[at + 2u] = colour.z;
    }
}

fn moments_of(channel: u32, four: vec4<u32>, cells: u32) -> vec4<f32> {
    let places = 4u * ((channel / 4u) * cells + four) + channel % 4u;
    return vec4<f32>(moments[places.x], moments[places.y], moments[places.z], moments[places.w]);
}

// The earlier cells around the place of a cell and their weights, by nearness in place and colour.
fn look(cell: u32, slot: u32) {
    let row = cell / step.cell_columns;
    let column = cell % step.cell_columns;
    let nearest_row = tables[step.earlier_row_places + row];
    let nearest_column = tables[step.earlier_column_places + column];
    let row_offset = bitcast<f32>(tables[step.earlier_row_places + step.cell_rows + row]);
    let column_offset = bitcast<f32>(tables[step.earlier_column_places + step.cell_columns + column]);
    let colour = colours[cell].xyz;
    var sum = 0.0;
    for (var n = 0u; n < 9u; n += 1u) {
        // Before the first earlier cell these are very large.
        let y = nearest_row + n / 3u - 1u;
        let x = nearest_column + n % 3u - 1u;
        var weight = 0.0;
        var place = 0u;
        if y < step.earlier_rows && x < step.earlier_columns {
            place = (y * step.earlier_columns + x) * STATISTICS;
            let behind = vec2<f32>(f32(n / 3u), f32(n % 3u)) - 1.0 - vec2<f32>(row_offset, column_offset);
            let at = place + 2u * CHANNELS;
            let difference = vec3<f32>(earlier[at], earlier[at + 1u], earlier[at + 2u]) - colour;
            let apart = dot(difference, difference) / (COLOUR_DISTANCE * COLOUR_DISTANCE);
            weight = exp(-min(dot(behind, behind) + apart, MAX_SQUARED_DISTANCE));
        }
        looked[slot + n] = place;
        shares[slot + n] = weight;
        sum += weight;
    }
    for (var n = 0u; n < 9u; n += 1u) {
        shares[slot + n] /= sum;
    }
}

// The weighted mean of a statistic over the earlier cells that each of the four looks at.
fn found(statistic: u32) -> vec4<f32> {
    var sum = vec4<f32>();
    for (var n = 0u; n < 9u; n += 1u) {
        sum += vec4<f32>(
            shares[n] * earlier[looked[n] + statistic],
            shares[n + 9u] * earlier[looked[n + 9u] + statistic],
            shares[n + 18u] * earlier[looked[n + 18u] + statistic],
            shares[n + 27u] * earlier[looked[n + 27u] + statistic],
        );
    }
    return sum;
}
