// 3×3 convolution from few channels, [height][width][${INPUTS}], to a map of many, in single
// precision: the encoder, and what SARM makes of matches. A thread makes eight channels of a pixel;
// all threads of a workgroup read the same weights.

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> source: array<f32>;
// [groups][3][3][${INPUTS}][2] of four outputs.
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec4<f32>>;
//#if HALF
@group(0) @binding(5) var<storage, read_write> copy: array<vec4<f16>>;
//#end

@compute @workgroup_size(32, 4)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(global_invocation_id) place: vec3<u32>,
) {
    if place.x >= step.width || place.y >= step.height {
        return;
    }
    let plane = 2u * group.z;
    var first = bias[plane];
    var second = bias[plane + 1u];
    for (var tap = 0u; tap < 9u; tap += 1u) {
        // Above and left of the image these are very large.
        let y = place.y + tap / 3u - 1u;
        let x = place.x + tap % 3u - 1u;
        if y < step.height && x < step.width {
            let pixel = (y * step.width + x) * ${INPUTS}u;
            let row = (group.z * 9u + tap) * ${INPUTS}u;
            for (var channel = 0u; channel < ${INPUTS}u; channel += 1u) {
//#if CENTRED
                // Centred, so that zero padding is mid-grey and not black.
                let value = source[pixel + channel] - 0.5;
//#end
//#if ADDED
                let value = source[pixel + channel];
//#end
                first = fma(vec4<f32>(value), weights[2u * (row + channel)], first);
                second = fma(vec4<f32>(value), weights[2u * (row + channel) + 1u], second);
            }
        }
    }
    let size = step.height * step.width;
    let at = plane * size + place.y * step.width + place.x;
//#if ADDED
    first += sums[at];
    second += sums[at + size];
//#end
    sums[at] = first;
    sums[at + size] = second;
//#if HALF
    copy[at] = vec4<f16>(first);
    copy[at + size] = vec4<f16>(second);
//#end
}
