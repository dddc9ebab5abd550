// Mean colours of the pixels of every cell, the seeds of superpixels.

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> pixels: array<f32>;
@group(0) @binding(2) var<storage, read_write> means: array<vec4<f32>>;

@compute @workgroup_size(32, 2)
fn main(@builtin(global_invocation_id) cell: vec3<u32>) {
    if cell.x >= step.cell_columns || cell.y >= step.cell_rows {
        return;
    }
    let bottom = min(4u * cell.y + 4u, step.height);
    let right = min(4u * cell.x + 4u, step.width);
    var sum = vec4<f32>();
    for (var y = 4u * cell.y; y < bottom; y += 1u) {
        for (var x = 4u * cell.x; x < right; x += 1u) {
            let at = 3u * (y * step.width + x);
            sum += vec4<f32>(pixels[at], pixels[at + 1u], pixels[at + 2u], 1.0);
        }
    }
    means[cell.y * step.cell_columns + cell.x] = sum / sum.w;
}
