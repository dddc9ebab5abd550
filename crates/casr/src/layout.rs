//! What results are on the command line: their formats, how a TIFF is laid out, and what tiles are.

use anyhow::bail;
use casr_cli::console::Usage;
use casr_codec::{Format, Options, TiffCompression, TiffLayout, TileFormat};
use clap::{Args, ValueEnum};

/// A format's name on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FormatName {
    Png,
    #[value(alias = "jpg")]
    Jpeg,
    Webp,
    #[value(alias = "tif")]
    Tiff,
    /// Deep Zoom: tiles in a folder, and a file that describes them
    #[value(alias = "deepzoom")]
    Dzi,
    /// IIIF Image API 3.0, level 0: tiles in a folder
    Iiif,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Png => Self::Png,
            FormatName::Jpeg => Self::Jpeg,
            FormatName::Webp => Self::WebP,
            FormatName::Tiff => Self::Tiff,
            FormatName::Dzi => Self::DeepZoom,
            FormatName::Iiif => Self::Iiif,
        }
    }
}

/// How results of some formats are laid out.
#[derive(Debug, Args)]
#[command(next_help_heading = "TIFF, Deep Zoom and IIIF")]
pub struct LayoutOptions {
    /// How a TIFF is compressed [default: deflate]
    #[arg(long, value_name = "METHOD", value_enum)]
    tiff_compression: Option<CompressionName>,
    /// Cut a TIFF into tiles of SIZE pixels a side, a multiple of 16 up to 4096 [default: strips of
    /// rows; without =SIZE, or with --tiff-pyramid, 256]
    #[arg(
        long,
        value_name = "SIZE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "256",
        value_parser = parse_tile
    )]
    tiff_tiles: Option<u16>,
    /// Add overviews to a TIFF, each half as large as the one before: programs such as QuPath, QGIS
    /// and vips show it at once at any zoom
    #[arg(long)]
    tiff_pyramid: bool,
    /// What the tiles of Deep Zoom and IIIF are; transparency needs png [default: jpeg]
    #[arg(long, value_name = "FORMAT", value_enum)]
    tile_format: Option<TileName>,
}

/// The names of [`TiffCompression`]s.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CompressionName {
    /// Without loss, read by everything
    Deflate,
    /// Without loss, for old programs
    Lzw,
    /// Without loss, smaller and faster, but not read by everything, nor written by every build
    Zstd,
    /// With loss, of the --quality, 8 bits, without transparency
    Jpeg,
    /// Large and fast
    None,
}

/// The names of [`TileFormat`]s.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TileName {
    /// Small, of the --quality
    #[value(alias = "jpg")]
    Jpeg,
    /// Exact
    Png,
}

/// Reads the side of a tile.
fn parse_tile(text: &str) -> Result<u16, String> {
    let side = text.parse().ok();
    let fits = |side: &u16| side.is_multiple_of(16) && (16..=TiffLayout::MAX_TILE).contains(side);
    side.filter(fits)
        .ok_or_else(|| format!("write a multiple of 16 up to {}", TiffLayout::MAX_TILE))
}

impl LayoutOptions {
    /// How a TIFF is laid out.
    pub fn tiff(&self) -> TiffLayout {
        TiffLayout {
            compression: match self.tiff_compression {
                None | Some(CompressionName::Deflate) => TiffCompression::Deflate,
                Some(CompressionName::Lzw) => TiffCompression::Lzw,
                Some(CompressionName::Zstd) => TiffCompression::Zstd,
                Some(CompressionName::Jpeg) => TiffCompression::Jpeg,
                Some(CompressionName::None) => TiffCompression::None,
            },
            tile: self.tiff_tiles,
            pyramid: self.tiff_pyramid,
        }
    }

    /// What tiles are.
    pub fn tile_format(&self) -> TileFormat {
        match self.tile_format {
            None | Some(TileName::Jpeg) => TileFormat::Jpeg,
            Some(TileName::Png) => TileFormat::Png,
        }
    }

    /// Checks that some result has a format that takes what was chosen, if there are results.
    ///
    /// # Errors
    /// An option that no result's format takes.
    pub fn check(&self, mut formats: impl Iterator<Item = Format> + Clone) -> anyhow::Result<()> {
        if formats.clone().next().is_none() {
            return Ok(());
        }
        let of_tiff = [
            ("--tiff-compression", self.tiff_compression.is_some()),
            ("--tiff-tiles", self.tiff_tiles.is_some()),
            ("--tiff-pyramid", self.tiff_pyramid),
        ];
        let chosen = of_tiff.iter().find(|(_, is_chosen)| *is_chosen);
        if let Some((option, _)) = chosen
            && !formats.clone().any(|format| format == Format::Tiff)
        {
            bail!(Usage(format!(
                "{option} is for TIFF, and no result is one; end OUT in .tif, give --format tiff, or leave it out"
            )));
        }
        if self.tile_format.is_some() && !formats.any(Format::is_tiles) {
            bail!(Usage(
                "--tile-format is for Deep Zoom and IIIF, and no result is either; end OUT in .dzi, give --format iiif, or leave it out"
                    .to_owned()
            ));
        }
        Ok(())
    }
}

/// Whether the quality of JPEG and WebP changes a result of this format.
pub fn takes_quality(format: Format, options: &Options) -> bool {
    match format {
        Format::Jpeg | Format::WebP => true,
        Format::Png => false,
        Format::Tiff => options.tiff.compression == TiffCompression::Jpeg,
        Format::DeepZoom | Format::Iiif => options.tile_format == TileFormat::Jpeg,
    }
}
