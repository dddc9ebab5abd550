// Weighted mean and standard deviation of the features of every cell, over the pixels of the 3×3
// cells around it; of colours the mean.

@group(0) @binding(0) var<uniform> step: Step;
// [9][height][width].
@group(0) @binding(1) var<storage, read> weights: array<f32>;
//#if FEATURES
@group(0) @binding(2) var<storage, read> features: array<vec4<f32>>;
// [2][planes][cells]: means, then deviations.
//#end
//#if COLOURS
@group(0) @binding(2) var<storage, read> pixels: array<f32>;
// [cells].
//#end
@group(0) @binding(3) var<storage, read_write> moments: array<vec4<f32>>;

const VARIANCE_FLOOR = 1e-4;

@compute @workgroup_size(32, 2)
fn main(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= step.cell_columns || place.y >= step.cell_rows {
        return;
    }
    let top = 4u * (max(place.y, 1u) - 1u);
    let left = 4u * (max(place.x, 1u) - 1u);
    let bottom = min(4u * place.y + 8u, step.height);
    let right = min(4u * place.x + 8u, step.width);
    let plane = place.z;
    var sum = vec4<f32>();
    var total = 0.0;
    for (var y = top; y < bottom; y += 1u) {
        for (var x = left; x < right; x += 1u) {
            let weight = weight_at(place.xy, y, x);
            sum += weight * value_at(plane, y, x);
            total += weight;
        }
    }
    let mean = sum / total;
    let cell = place.y * step.cell_columns + place.x;
    let cells = step.cell_rows * step.cell_columns;
    moments[plane * cells + cell] = mean;
//#if FEATURES
    var squares = vec4<f32>();
    for (var y = top; y < bottom; y += 1u) {
        for (var x = left; x < right; x += 1u) {
            let difference = value_at(plane, y, x) - mean;
            squares += weight_at(place.xy, y, x) * difference * difference;
        }
    }
    moments[(${PLANES}u + plane) * cells + cell] = sqrt(squares / total + VARIANCE_FLOOR);
//#end
}

// The pixel's weight for the cell, which lies on the opposite side seen from the pixel: above
// becomes below.
fn weight_at(cell: vec2<u32>, y: u32, x: u32) -> f32 {
    let neighbour = (cell.y + 1u - y / 4u) * 3u + cell.x + 1u - x / 4u;
    return weights[(neighbour * step.height + y) * step.width + x];
}

fn value_at(plane: u32, y: u32, x: u32) -> vec4<f32> {
//#if FEATURES
    return features[(plane * step.height + y) * step.width + x];
//#end
//#if COLOURS
    let at = 3u * (y * step.width + x);
    return vec4<f32>(pixels[at], pixels[at + 1u], pixels[at + 2u], 0.0);
//#end
}
