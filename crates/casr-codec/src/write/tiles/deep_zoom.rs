//! Deep Zoom: how its tiles are cut, by default in libvips as well, and the file that says so.

use super::TileFormat;

/// The side of a tile in pixels, without the pixels that it shares with its neighbours.
pub const TILE: usize = 254;

/// Pixels of each neighbour that a tile repeats.
pub const OVERLAP: usize = 1;

/// The `.dzi` of an image of `width × height` pixels.
pub fn description(width: usize, height: usize, tiles: TileFormat) -> String {
    let extension = tiles.extension();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008"
  Format="{extension}"
  Overlap="{OVERLAP}"
  TileSize="{TILE}"
  >
  <Size
    Height="{height}"
    Width="{width}"
  />
</Image>
"#
    )
}
