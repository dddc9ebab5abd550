// What every kernel may know of a step. Sizes are in pixels or cells; the last part says where the
// parts of `tables` and `phases` begin.
struct Step {
    height: u32,
    width: u32,
    // Outputs of the heat field.
    made_height: u32,
    made_width: u32,
    cell_rows: u32,
    cell_columns: u32,
    // Cells of the step before.
    earlier_rows: u32,
    earlier_columns: u32,
    // The first output of every row of pixels, and one past the last.
    row_starts: u32,
    column_starts: u32,
    // The column of pixels that an output lies in.
    column_cells: u32,
    // Taps of the bicubic enlargement: places, then weights, `count` for each output.
    base_rows: u32,
    base_row_count: u32,
    base_columns: u32,
    base_column_count: u32,
    // For every cell the nearest one of the step before, then how far behind its centre the cell's
    // lies.
    earlier_row_places: u32,
    earlier_column_places: u32,
    // Phases of the columns begin here, those of the rows at 0.
    column_phases: u32,
}
