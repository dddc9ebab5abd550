// Weighted sums of an image along both axes, a share of which is added to another image: what the
// anchor makes of the result, twice.

struct Resampling {
    // Of the output.
    height: u32,
    width: u32,
    source_width: u32,
    // Where the output lies in the other image.
    other_width: u32,
    other_top: u32,
    other_left: u32,
    // Taps: places, then weights, `count` for each output.
    rows: u32,
    row_count: u32,
    columns: u32,
    column_count: u32,
    share: f32,
}

@group(0) @binding(0) var<uniform> resampling: Resampling;
@group(0) @binding(1) var<storage, read> tables: array<u32>;
@group(0) @binding(2) var<storage, read> source: array<f32>;
@group(0) @binding(3) var<storage, read> other: array<f32>;
@group(0) @binding(4) var<storage, read_write> made: array<f32>;

@compute @workgroup_size(32, 4)
fn main(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= resampling.width || place.y >= resampling.height {
        return;
    }
    let rows = resampling.rows + place.y * resampling.row_count;
    let row_weights = rows + resampling.height * resampling.row_count;
    let columns = resampling.columns + place.x * resampling.column_count;
    let column_weights = columns + resampling.width * resampling.column_count;
    var sum = vec3<f32>();
    for (var i = 0u; i < resampling.row_count; i += 1u) {
        let row = tables[rows + i] * resampling.source_width;
        var line = vec3<f32>();
        for (var j = 0u; j < resampling.column_count; j += 1u) {
            let at = 3u * (row + tables[columns + j]);
            let pixel = vec3<f32>(source[at], source[at + 1u], source[at + 2u]);
            line += bitcast<f32>(tables[column_weights + j]) * pixel;
        }
        sum += bitcast<f32>(tables[row_weights + i]) * line;
    }
    sum *= resampling.share;
    let other_row = (resampling.other_top + place.y) * resampling.other_width;
    let at_other = 3u * (other_row + resampling.other_left + place.x);
    let at = 3u * (place.y * resampling.width + place.x);
    made[at] = other[at_other] + sum.x;
    made[at + 1u] = other[at_other + 1u] + sum.y;
    made[at + 2u] = other[at_other + 2u] + sum.z;
}
