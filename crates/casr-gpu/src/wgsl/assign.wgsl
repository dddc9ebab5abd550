// How much a pixel belongs to each of the 3×3 cells around it: a softmax over distances in colour
// and place (SSN).

struct Temperatures {
    sharpness: f32,
    compactness: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> temperatures: Temperatures;
@group(0) @binding(2) var<storage, read> pixels: array<f32>;
@group(0) @binding(3) var<storage, read> means: array<vec4<f32>>;
// [9][height][width]; zero for cells outside of the image.
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;

// Exponents end this far below the largest, so that weights stay normal numbers.
const LEAST_EXPONENT = -60.0;
const OUTSIDE = -1e30;

@compute @workgroup_size(32, 4)
fn main(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= step.width || place.y >= step.height {
        return;
    }
    let pixel = place.y * step.width + place.x;
    let colour = vec3<f32>(pixels[3u * pixel], pixels[3u * pixel + 1u], pixels[3u * pixel + 2u]);
    // From the centre of the pixel's own cell, in cells.
    let inside = (vec2<f32>(place.xy % 4u) + 0.5) / 4.0 - 0.5;
    var largest = OUTSIDE;
//#for n in 9
    let e${n} = exponent(place.xy, ${n}u, colour, inside);
    largest = max(largest, e${n});
//#end
    var sum = 0.0;
//#for n in 9
    let w${n} = select(exp(max(e${n} - largest, LEAST_EXPONENT)), 0.0, e${n} == OUTSIDE);
    sum += w${n};
//#end
    let size = step.height * step.width;
//#for n in 9
    weights[${n}u * size + pixel] = w${n} / sum;
//#end
}

fn exponent(place: vec2<u32>, neighbour: u32, colour: vec3<f32>, inside: vec2<f32>) -> f32 {
    // Above and left of the image these are very large.
    let cell = place / 4u + vec2<u32>(neighbour % 3u, neighbour / 3u) - 1u;
    if cell.x >= step.cell_columns || cell.y >= step.cell_rows {
        return OUTSIDE;
    }
    let difference = colour - means[cell.y * step.cell_columns + cell.x].xyz;
    let away = inside - (vec2<f32>(f32(neighbour % 3u), f32(neighbour / 3u)) - 1.0);
    let near = temperatures.compactness * dot(away, away);
    return -(temperatures.sharpness * dot(difference, difference) + near);
}
