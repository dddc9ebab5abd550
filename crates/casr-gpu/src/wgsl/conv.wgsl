// 3×3 convolution between maps of many channels, with bias, and either SiLU or a sum with an
// earlier map.
//
// A map is [planes][height][width] of four channels. A workgroup makes ${ROWS} rows of 32 pixels
// for ${GROUPS} times eight channels: the threads of a row in x share their channels, so that
// reading weights is a broadcast, and lie side by side in all they read and write, so that no two
// meet in a bank. A thread makes ${ROWS} pixels of a column and eight channels; a weight read
// serves all of these, and a pixel read three taps. Input and weights pass through workgroup
// memory, ${DEPTH} planes at a time.
//
// In half precision the products of ${DEPTH} planes, 72 for each output, are summed in half, and
// these sums in single.

struct Mode {
    // Whether the result is added to `sums`; else it passes SiLU into `made`.
    sum: u32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<uniform> mode: Mode;
@group(0) @binding(2) var<storage, read> source: array<vec4<${T}>>;
// [parts][planes][3 columns of taps][groups][3 rows of taps][4 inputs][2] of four outputs.
@group(0) @binding(3) var<storage, read> weights: array<vec4<${T}>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> made: array<vec4<${T}>>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec4<f32>>;

const THREADS = ${32*GROUPS}u;
const LINES = ${ROWS+2}u;
const WEIGHTS = ${DEPTH*3*GROUPS*24}u;

// [planes · lines][columns], a column of the halo on each side.
var<workgroup> tile: array<array<vec4<${T}>, 34>, ${DEPTH*ROWS+DEPTH*2}>;
// [planes · columns of taps · groups][rows of taps · inputs · 2].
var<workgroup> taps: array<array<vec4<${T}>, 24>, ${DEPTH*3*GROUPS}>;

@compute @workgroup_size(32, ${GROUPS})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let top = group.y * ${ROWS}u;
    let left = group.x * 32u;
    let plane = (group.z * ${GROUPS}u + local.y) * 2u;
//#for h in 2
    let start${h} = bias[plane + ${h}u];
//#for r in ROWS
    var a${h}_${r} = start${h};
//#end
//#end
    for (var first = 0u; first < ${PLANES}u; first += ${DEPTH}u) {
        workgroupBarrier();
        for (var i = lane; i < ${DEPTH}u * LINES * 34u; i += THREADS) {
            let line = i / 34u;
            let column = i % 34u;
            // Above and left of the map these are very large.
            let y = top + line % LINES - 1u;
            let x = left + column - 1u;
            var value = vec4<${T}>();
            if y < step.height && x < step.width {
                value = source[((first + line / LINES) * step.height + y) * step.width + x];
            }
            tile[line][column] = value;
        }
        let block = (group.z * ${PLANES}u + first) * ${3*GROUPS*24}u;
        for (var i = lane; i < WEIGHTS; i += THREADS) {
            taps[i / 24u][i % 24u] = weights[block + i];
        }
        workgroupBarrier();
//#if HALF
//#for h in 2
//#for r in ROWS
        var p${h}_${r} = vec4<f16>();
//#end
//#end
//#end
//#for k in DEPTH
        {
            for (var kx = 0u; kx < 3u; kx += 1u) {
                let column = local.x + kx;
                let slot = (${k*3}u + kx) * ${GROUPS}u + local.y;
//#for r in ROWS+2
                let x${r} = tile[${k*ROWS+k*2+r}][column];
//#end
//#for ky in 3
//#for c in 4
//#for h in 2
                {
                    let w = taps[slot][${ky*8+c*2+h}];
//#for r in ROWS
                    ${SUM}${h}_${r} = fma(vec4<${T}>(x${r+ky}[${c}]), w, ${SUM}${h}_${r});
//#end
                }
//#end
//#end
//#end
            }
        }
//#end
//#if HALF
//#for h in 2
//#for r in ROWS
        a${h}_${r} += vec4<f32>(p${h}_${r});
//#end
//#end
//#end
    }
    let x = left + local.x;
    if x >= step.width {
        return;
    }
//#for h in 2
//#for r in ROWS
    finish(plane + ${h}u, top + ${r}u, x, a${h}_${r});
//#end
//#end
}

fn finish(plane: u32, y: u32, x: u32, value: vec4<f32>) {
    if plane >= ${PLANES}u || y >= step.height {
        return;
    }
    let at = (plane * step.height + y) * step.width + x;
    if mode.sum == 0u {
        // The exponential is held inside the numbers; SiLU is zero there.
        made[at] = vec4<${T}>(value / (1.0 + exp(-max(value, vec4<f32>(-80.0)))));
        return;
    }
    let sum = sums[at] + value;
    sums[at] = sum;
//#if HALF
    made[at] = vec4<f16>(sum);
//#end
}
