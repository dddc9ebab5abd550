//! Between the samples of a stream and RGB.

use super::{Chroma, VideoHeader};

/// What samples of a stream mean.
pub(super) struct Colours {
    /// Black, in sample values, and white less black.
    black: f32,
    luma_span: f32,
    /// No colour, and twice the largest colour difference.
    neutral: f32,
    chroma_span: f32,
    /// The largest value of a sample.
    top: f32,
    red: f32,
    blue: f32,
}

impl Colours {
    pub fn new(header: &VideoHeader) -> Self {
        let top = ((1_u32 << header.bits) - 1) as f32;
        // The values of narrow range are those of 8 bits, shifted.
        let scale = (1_u32 << (header.bits - 8)) as f32;
        let (black, luma_span, chroma_span) = if header.full_range {
            (0.0, top, top)
        } else {
            (16.0 * scale, 219.0 * scale, 224.0 * scale)
        };
        Self {
            black,
            luma_span,
            neutral: 128.0 * scale,
            chroma_span,
            top,
            red: header.luma.0,
            blue: header.luma.1,
        }
    }

    /// Luma of a sample, 0 for black and 1 for white, and beyond.
    pub fn luma(&self, sample: u16) -> f32 {
        (f32::from(sample) - self.black) / self.luma_span
    }

    /// A colour difference, -1/2 to 1/2 and beyond.
    pub fn difference(&self, sample: u16) -> f32 {
        (f32::from(sample) - self.neutral) / self.chroma_span
    }

    /// The sample of a luma.
    pub fn luma_sample(&self, luma: f32) -> u16 {
        self.sample(luma * self.luma_span + self.black)
    }

    /// The sample of a colour difference.
    pub fn difference_sample(&self, difference: f32) -> u16 {
        self.sample(difference * self.chroma_span + self.neutral)
    }

    fn sample(&self, value: f32) -> u16 {
        (value + 0.5).clamp(0.0, self.top) as u16
    }

    /// Luma, Cb and Cr -> RGB in `[0, 1]`: what lies beyond is cut off.
    pub fn rgb(&self, [luma, cb, cr]: [f32; 3]) -> [f32; 3] {
        let red = luma + 2.0 * (1.0 - self.red) * cr;
        let blue = luma + 2.0 * (1.0 - self.blue) * cb;
        let green = (luma - self.red * red - self.blue * blue) / (1.0 - self.red - self.blue);
        [red, green, blue].map(|value| value.clamp(0.0, 1.0))
    }

    /// RGB -> luma, Cb and Cr.
    pub fn ycbcr(&self, [red, green, blue]: [f32; 3]) -> [f32; 3] {
        let luma = self.red * red + (1.0 - self.red - self.blue) * green + self.blue * blue;
        let cb = (blue - luma) / (2.0 * (1.0 - self.blue));
        let cr = (red - luma) / (2.0 * (1.0 - self.red));
        [luma, cb, cr]
    }
}

impl VideoHeader {
    /// Whether there are planes of chroma.
    pub(super) fn has_chroma(&self) -> bool {
        self.chroma != Chroma::Grey
    }
}
