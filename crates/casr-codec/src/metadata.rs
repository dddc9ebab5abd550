//! What travels with the pixels: profile, descriptions, resolution.

use std::fmt;

/// What travels with the pixels, byte for byte as the file held it but for the few values that
/// would be wrong beside turned or resized pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The ICC profile.
    pub icc: Option<Vec<u8>>,
    /// EXIF, from its TIFF header (`II` or `MM`) on; its orientation is 1, since the pixels are
    /// upright.
    pub exif: Option<Vec<u8>>,
    /// The XMP packet, with what a JPEG keeps in further segments.
    pub xmp: Option<Vec<u8>>,
    /// Photoshop's image resources, each beginning with `8BIM`; IPTC is resource 0x0404 among them.
    pub photoshop: Option<Vec<u8>>,
    /// JPEG's and GIF's comments, in whatever encoding.
    pub comments: Vec<Vec<u8>>,
    /// PNG's texts, XMP not among them.
    pub texts: Vec<Text>,
    /// How a PNG says what its colours mean, beside its ICC profile: `cICP`, `sRGB`, `gAMA`,
    /// `cHRM`, `mDCV`, `cLLI`.
    pub colour_chunks: Vec<ColourChunk>,
    /// The resolution that the file holds outside its EXIF.
    pub resolution: Option<Resolution>,
}

/// A text of a PNG.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// What the text is about, such as `Title`; 1 to 79 characters of Latin-1.
    pub keyword: String,
    /// The text.
    pub text: String,
    /// Whether the file holds it compressed.
    pub compressed: bool,
    /// Whether the file holds it as UTF-8 with a language (`iTXt`).
    pub international: bool,
    /// The text's language, such as `de`; empty if unknown.
    pub language: String,
    /// The keyword in that language.
    pub translated_keyword: String,
}

/// A chunk of a PNG that says what colours mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourChunk {
    /// Its name.
    pub name: [u8; 4],
    /// Its content.
    pub content: Vec<u8>,
}

/// How large the pixels are on paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolution {
    /// Pixels per unit across.
    pub x: f64,
    /// Pixels per unit down.
    pub y: f64,
    /// The unit.
    pub unit: Unit,
}

/// A unit of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 25.4 mm.
    Inch,
    /// 10 mm.
    Centimetre,
    /// 1000 mm.
    Metre,
    /// None: only the ratio of the two numbers counts.
    Ratio,
}

/// What becomes of the resolution of an image that is enlarged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResolutionChange {
    /// The number stays, and the print grows.
    #[default]
    Keep,
    /// The number grows with the image, and the print stays as large as it was.
    Scale,
}

impl Resolution {
    /// A resolution; `None` if it says nothing: numbers that are not positive, or pixels of unknown
    /// size that are square.
    pub(crate) fn new(x: f64, y: f64, unit: Unit) -> Option<Self> {
        let sound = x.is_finite() && y.is_finite() && x > 0.0 && y > 0.0;
        (sound && (unit != Unit::Ratio || x != y)).then_some(Self { x, y, unit })
    }

    /// The same, of an image whose sides have become so many times longer.
    pub(crate) fn scaled(self, (across, down): (f64, f64)) -> Self {
        Self {
            x: self.x * across,
            y: self.y * down,
            ..self
        }
    }

    /// The same of the image turned by a quarter.
    pub(crate) fn turned(self) -> Self {
        Self {
            x: self.y,
            y: self.x,
            ..self
        }
    }

    /// Pixels per inch, rounded to hundredths so that 11811 per metre are the 300 that were meant;
    /// a ratio stays one.
    pub(crate) fn per_inch(self) -> (f64, f64) {
        let factor = match self.unit {
            Unit::Inch | Unit::Ratio => return (self.x, self.y),
            Unit::Centimetre => 2.54,
            Unit::Metre => 0.0254,
        };
        let rounded = |value: f64| (value * factor * 100.0).round() / 100.0;
        (rounded(self.x), rounded(self.y))
    }

    /// Pixels per metre; a ratio stays one.
    pub(crate) fn per_metre(self) -> (f64, f64) {
        let factor = match self.unit {
            Unit::Metre | Unit::Ratio => 1.0,
            Unit::Centimetre => 100.0,
            Unit::Inch => 1.0 / 0.0254,
        };
        (self.x * factor, self.y * factor)
    }
}

impl ColourChunk {
    /// Whether this says no more than that colours are sRGB, which is the default without any such
    /// chunk.
    pub(crate) fn means_srgb(&self) -> bool {
        let number = |at: usize| {
            let bytes = self.content.get(4 * at..4 * at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(bytes))
        };
        let near =
            |at: usize, value: u32| number(at).is_some_and(|number| number.abs_diff(value) <= 100);
        match &self.name {
            b"sRGB" => true,
            b"gAMA" => near(0, 45_455),
            b"cHRM" => {
                let primaries = [
                    31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000,
                ];
                primaries
                    .into_iter()
                    .enumerate()
                    .all(|(at, value)| near(at, value))
            }
            // BT.709's primaries, sRGB's curve, RGB, full range.
            b"cICP" => self.content == [1, 13, 0, 1],
            _ => false,
        }
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Inch => "per inch",
            Unit::Centimetre => "per centimetre",
            Unit::Metre => "per metre",
            Unit::Ratio => "in ratio",
        };
        write!(formatter, "{}×{} {unit}", self.x, self.y)
    }
}
