// The head: coefficients of the heat field, the field at every output, gates, and the bicubic base.
//
// A workgroup takes ${PIXELS} pixels of a row and keeps their coefficients, the largest map of the
// network, in its own memory.

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> features: array<vec4<f32>>;
// [channels][coefficients / 4], then the bias.
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> tables: array<u32>;
// Cosine and sine of every frequency, [outputs][frequencies]; those of the rows times the decay.
@group(0) @binding(4) var<storage, read> phases: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> pixels: array<f32>;
@group(0) @binding(6) var<storage, read_write> field: array<f32>;

const THREADS = 64u;
const FREQUENCIES = ${FREQUENCIES}u;
// Coefficients of a pixel in fours.
const BLOCKS = ${BLOCKS}u;
// Numbers from one pixel's coefficients to the next one's: odd, so that pixels lie in different
// banks.
const STRIDE = ${BLOCKS*4+1}u;

var<workgroup> seen: array<array<vec4<f32>, ${PIXELS}>, ${PLANES}>;
var<workgroup> coefficients: array<f32, ${BLOCKS*4*PIXELS+PIXELS}>;
var<workgroup> gates: array<vec2<f32>, ${PIXELS}>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let row = group.y;
    let left = group.x * ${PIXELS}u;
    let right = min(left + ${PIXELS}u, step.width);
    let outputs = vec4<u32>(
        tables[step.row_starts + row],
        tables[step.row_starts + row + 1u],
        tables[step.column_starts + left],
        tables[step.column_starts + right],
    );
    let count = (outputs.y - outputs.x) * (outputs.w - outputs.z);
    // Pixels of the border make no outputs.
    if count == 0u {
        return;
    }
    for (var i = lane; i < ${PLANES*PIXELS}u; i += THREADS) {
        let pixel = i % ${PIXELS}u;
        let plane = i / ${PIXELS}u;
        let column = min(left + pixel, step.width - 1u);
        seen[plane][pixel] = features[(plane * step.height + row) * step.width + column];
    }
    for (var pixel = lane; pixel < right - left; pixel += THREADS) {
        gates[pixel] = gates_of(row, left + pixel);
    }
    workgroupBarrier();
    for (var block = lane; block < BLOCKS; block += THREADS) {
        let bias = weights[${PLANES*4}u * BLOCKS + block];
//#for p in PIXELS
        var c${p} = bias;
//#end
        for (var plane = 0u; plane < ${PLANES}u; plane += 1u) {
            let first = plane * 4u * BLOCKS + block;
            let w0 = weights[first];
            let w1 = weights[first + BLOCKS];
            let w2 = weights[first + 2u * BLOCKS];
            let w3 = weights[first + 3u * BLOCKS];
//#for p in PIXELS
            {
                let value = seen[plane][${p}];
                c${p} = fma(vec4<f32>(value.x), w0, c${p});
                c${p} = fma(vec4<f32>(value.y), w1, c${p});
                c${p} = fma(vec4<f32>(value.z), w2, c${p});
                c${p} = fma(vec4<f32>(value.w), w3, c${p});
            }
//#end
        }
//#for p in PIXELS
//#for i in 4
        coefficients[${p}u * STRIDE + 4u * block + ${i}u] = c${p}[${i}];
//#end
//#end
    }
    workgroupBarrier();
    let width = outputs.w - outputs.z;
    for (var i = lane; i < count; i += THREADS) {
        let y = outputs.x + i / width;
        let x = outputs.z + i % width;
        let pixel = tables[step.column_cells + x] - left;
        let correction = correction_at(pixel * STRIDE, y, x);
        let gate = gates[pixel];
        let luma = 0.299 * correction.x + 0.587 * correction.y + 0.114 * correction.z;
        let colour = base_at(y, x) + gate.x * (luma + gate.y * (correction - luma));
        let at = 3u * (y * step.made_width + x);
        field[at] = colour.x;
        field[at + 1u] = colour.y;
        field[at + 2u] = colour.z;
    }
}

// The heat field of the pixel whose coefficients begin at `first`.
fn correction_at(first: u32, y: u32, x: u32) -> vec3<f32> {
    let by_row = y * FREQUENCIES;
    let by_column = step.column_phases + x * FREQUENCIES;
    var sum = coefficients_at(first + 6u * FREQUENCIES);
    for (var h = 0u; h < FREQUENCIES; h += 1u) {
        let row = phases[by_row + h];
        let column = phases[by_column + h];
        let cosine = row.x * column.x - row.y * column.y;
        let sine = row.y * column.x + row.x * column.y;
        sum = fma(vec3<f32>(cosine), coefficients_at(first + 3u * h), sum);
        sum = fma(vec3<f32>(sine), coefficients_at(first + 3u * (FREQUENCIES + h)), sum);
    }
    return sum;
}

fn coefficients_at(at: u32) -> vec3<f32> {
    return vec3<f32>(coefficients[at], coefficients[at + 1u], coefficients[at + 2u]);
}

fn pixel_at(y: u32, x: u32) -> vec3<f32> {
    let at = 3u * (y * step.width + x);
    return vec3<f32>(pixels[at], pixels[at + 1u], pixels[at + 2u]);
}

// The bicubic enlargement: rows first, then along them.
fn base_at(y: u32, x: u32) -> vec3<f32> {
    let rows = step.base_rows + y * step.base_row_count;
    let row_weights = rows + step.made_height * step.base_row_count;
    let columns = step.base_columns + x * step.base_column_count;
    let column_weights = columns + step.made_width * step.base_column_count;
    var sum = vec3<f32>();
    for (var j = 0u; j < step.base_column_count; j += 1u) {
        let column = tables[columns + j];
        var line = vec3<f32>();
        for (var i = 0u; i < step.base_row_count; i += 1u) {
            line += bitcast<f32>(tables[row_weights + i]) * pixel_at(tables[rows + i], column);
        }
        sum += bitcast<f32>(tables[column_weights + j]) * line;
    }
    return sum;
}

// How much of the correction, and of its chroma, a pixel lets through: by the ranges of channels
// and of colour differences around it.
fn gates_of(row: u32, column: u32) -> vec2<f32> {
    var largest = vec3<f32>(-1e30);
    var smallest = vec3<f32>(1e30);
    var largest_chroma = vec2<f32>(-1e30);
    var smallest_chroma = vec2<f32>(1e30);
    let last_row = min(row + 2u, step.height - 1u);
    let last_column = min(column + 2u, step.width - 1u);
    for (var y = max(row, 2u) - 2u; y <= last_row; y += 1u) {
        for (var x = max(column, 2u) - 2u; x <= last_column; x += 1u) {
            let pixel = pixel_at(y, x);
            let chroma = pixel.xz - pixel.yy;
            largest = max(largest, pixel);
            smallest = min(smallest, pixel);
            largest_chroma = max(largest_chroma, chroma);
            smallest_chroma = min(smallest_chroma, chroma);
        }
    }
    let ranges = largest - smallest;
    let chroma_ranges = largest_chroma - smallest_chroma;
    let range = max(max(ranges.x, ranges.y), ranges.z);
    let chroma = max(chroma_ranges.x, chroma_ranges.y);
    let code_values = vec2<f32>(range, chroma) * 255.0 - 1.0 / 64.0;
    return clamp(code_values * vec2<f32>(1.0 / 2.0, 1.0 / 4.0), vec2<f32>(0.0), vec2<f32>(1.0));
}
