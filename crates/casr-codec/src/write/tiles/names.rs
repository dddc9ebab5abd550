//! What the files of a picture in tiles are called, and the file that describes them: the layouts
//! of `vips dzsave`, but that IIIF also has the whole image, which viewers ask for by that name.

use std::fmt::Write;
use std::path::Path;

use super::super::band::Grid;
use super::super::layout::TileFormat;
use super::{deep_zoom, grid, sizes};
use crate::{Format, Header};

/// The names of tiles.
pub(super) struct Names {
    format: Format,
    extension: &'static str,
    grid: Grid,
    sizes: Vec<(usize, usize)>,
}

impl Names {
    pub(super) fn new(
        format: Format,
        tile_format: TileFormat,
        grid: Grid,
        sizes: &[(usize, usize)],
    ) -> Self {
        Self {
            format,
            extension: tile_format.extension(),
            grid,
            sizes: sizes.to_vec(),
        }
    }

    /// Whether each tile has folders of its own.
    pub(super) fn are_deep(&self) -> bool {
        self.format != Format::DeepZoom
    }

    /// Folders that are there before the tiles.
    pub(super) fn folders(&self) -> Vec<String> {
        match self.format {
            Format::DeepZoom => (0..self.sizes.len()).map(|at| at.to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// The file of a tile of a level, counted from the image itself, with its size.
    pub(super) fn of(
        &self,
        level: usize,
        (column, row): (usize, usize),
        size: (usize, usize),
    ) -> String {
        let extension = self.extension;
        if self.format == Format::DeepZoom {
            // Deep Zoom counts from the smallest.
            let level = self.sizes.len() - 1 - level;
            return format!("{level}/{column}_{row}.{extension}");
        }
        // The part of the whole image that the tile shows.
        let (width, height) = self.sizes[0];
        let part = |index: usize, tile: usize, side: usize| {
            let start = (index * tile) << level;
            (start, (tile << level).min(side - start))
        };
        let (x, columns) = part(column, self.grid.tile.0, width);
        let (y, rows) = part(row, self.grid.tile.1, height);
        let (width, height) = size;
        format!("{x},{y},{columns},{rows}/{width},{height}/0/default.{extension}")
    }

    /// Further files of a level that is whole in a tile.
    pub(super) fn of_whole(&self, level: usize, (width, height): (usize, usize)) -> Vec<String> {
        let extension = self.extension;
        let mut names = Vec::new();
        if self.format == Format::Iiif {
            names.push(format!("full/{width},{height}/0/default.{extension}"));
            if level == 0 {
                names.push(format!("full/max/0/default.{extension}"));
            }
        }
        names
    }
}

/// The text that describes the tiles of an image: a Deep Zoom's `.dzi`, or IIIF's `info.json`.
pub(in super::super) fn description(
    path: &Path,
    format: Format,
    tile_format: TileFormat,
    header: &Header,
) -> String {
    let Header { width, height, .. } = header;
    if format == Format::DeepZoom {
        return deep_zoom::description(*width, *height, tile_format);
    }
    let side = grid(format).tile.0;
    let sizes = sizes(*width, *height, format);
    let factors: Vec<String> = (0..sizes.len())
        .map(|at| (1u64 << at).to_string())
        .collect();
    let factors = factors.join(", ");
    let (small_width, small_height) = sizes[sizes.len() - 1];
    let formats = match tile_format {
        // What every reader expects.
        TileFormat::Jpeg => "",
        TileFormat::Png => "\n  \"extraFormats\": [\"png\"],\n  \"preferredFormats\": [\"png\"],",
    };
    let name = escaped(path);
    format!(
        r#"{{
  "@context": "http://iiif.io/api/image/3/context.json",
  "id": "https://example.com/iiif/{name}",
  "type": "ImageService3",
  "protocol": "http://iiif.io/api/image",
  "profile": "level0",
  "width": {width},
  "height": {height},{formats}
  "sizes": [{{ "width": {small_width}, "height": {small_height} }}],
  "tiles": [{{ "width": {side}, "scaleFactors": [{factors}] }}]
}}
"#
    )
}

/// The name of a file, as a part of an address (RFC 3986).
fn escaped(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    let mut escaped = String::new();
    for &byte in name.as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// Whether a folder holds the tiles of a picture, and so is a result and no folder of pictures:
/// IIIF's with its `info.json`, or Deep Zoom's `…_files` beside its `….dzi`.
pub fn is_tile_set(folder: &Path) -> bool {
    if folder.join(INFO).is_file() {
        return true;
    }
    let name = folder.file_name().and_then(|name| name.to_str());
    let stem = name.and_then(|name| name.strip_suffix(FILES));
    stem.is_some_and(|stem| {
        folder.is_dir() && folder.with_file_name(format!("{stem}.dzi")).is_file()
    })
}

/// The file that describes the tiles of IIIF.
pub(super) const INFO: &str = "info.json";

/// How the names of Deep Zoom's folders of tiles end.
const FILES: &str = "_files";

impl Format {
    /// The folder of tiles that comes with a result of this name; `None` for formats of one file
    /// or folder.
    pub fn tiles_beside(self, path: &Path) -> Option<std::path::PathBuf> {
        (self == Self::DeepZoom).then(|| {
            let mut name = path.file_stem().unwrap_or_default().to_owned();
            name.push(FILES);
            path.with_file_name(name)
        })
    }
}

/// Whether what lies in a folder is nothing but what tiles of the format consist of, so that the
/// folder may be replaced.
pub(super) fn holds_only_tiles(folder: &Path, format: Format) -> std::io::Result<bool> {
    let mut is_described = format == Format::DeepZoom;
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.as_encoded_bytes();
        let of = |letters: &[u8]| name.iter().all(|letter| letters.contains(letter));
        is_described |= name == INFO.as_bytes();
        let fits = match format {
            Format::DeepZoom => of(b"0123456789"),
            _ => of(b"0123456789,") || name == INFO.as_bytes() || name == b"full",
        };
        // What libvips writes beside them.
        if !fits && name != b"vips-properties.xml" {
            return Ok(false);
        }
    }
    Ok(is_described)
}
