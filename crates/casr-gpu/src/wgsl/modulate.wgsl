// Features times gains plus offsets, both spread from the cells to their pixels.

@group(0) @binding(0) var<uniform> step: Step;
// [9][height][width].
@group(0) @binding(1) var<storage, read> weights: array<f32>;
// [2][planes][cells]: gains, then offsets.
@group(0) @binding(2) var<storage, read> modulation: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4<f32>>;
//#if HALF
@group(0) @binding(4) var<storage, read_write> copy: array<vec4<f16>>;
//#end

@compute @workgroup_size(32, 4)
fn main(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= step.width || place.y >= step.height {
        return;
    }
    let size = step.height * step.width;
    let pixel = place.y * step.width + place.x;
    let cells = step.cell_rows * step.cell_columns;
    let gains = place.z * cells;
    let offsets = (${PLANES}u + place.z) * cells;
    var gain = vec4<f32>();
    var offset = vec4<f32>();
    for (var neighbour = 0u; neighbour < 9u; neighbour += 1u) {
        // Above and left of the image these are very large.
        let y = place.y / 4u + neighbour / 3u - 1u;
        let x = place.x / 4u + neighbour % 3u - 1u;
        if y < step.cell_rows && x < step.cell_columns {
            let weight = weights[neighbour * size + pixel];
            let cell = y * step.cell_columns + x;
            gain += weight * modulation[gains + cell];
            offset += weight * modulation[offsets + cell];
        }
    }
    let at = place.z * size + pixel;
    let value = fma(sums[at], gain, offset);
    sums[at] = value;
//#if HALF
    copy[at] = vec4<f16>(value);
//#end
}
