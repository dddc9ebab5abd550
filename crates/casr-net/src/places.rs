//! Where the cells of a level find those of the level below it.

pub use casr_kernels::earlier::CellPlaces;
use casr_kernels::superpixel::CELL;
use std::sync::Arc;

/// Rows and columns of cells among earlier ones.
pub type Places = Arc<[CellPlaces; 2]>;

/// Where the cells of a level lie among those of the level below it, along one axis; lengths in
/// pixels.
pub fn cell_places(level: usize, below: usize) -> CellPlaces {
    let scale = below as f64 / level as f64;
    let centre = move |cell: usize| (cell as f64 + 0.5) * scale;
    CellPlaces::new(below.div_ceil(CELL), (0..level.div_ceil(CELL)).map(centre))
}

/// [`cell_places`] of both axes, each (level, level below).
pub fn whole_places(rows: (usize, usize), columns: (usize, usize)) -> Places {
    Arc::new([
        cell_places(rows.0, rows.1),
        cell_places(columns.0, columns.1),
    ])
}
