//! GIF: the first frame, on its canvas.

mod extensions;

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::decoded::{Decoded, apart, zeros};
use super::{Decoder, Fault, Header, Input};
use crate::orientation::Orientation;
use crate::{Colour, Depth, Limits, Loss, Metadata};

use extensions::Extensions;

struct Gif<'a> {
    inner: gif::Decoder<Input<'a>>,
    header: Header,
    frame: Frame,
    extensions: Extensions,
}

/// Where the first frame lies on the canvas, and how its indices become colours.
struct Frame {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    palette: Vec<u8>,
    transparent: Option<u8>,
}

pub(super) fn open<'a>(
    mut file: Input<'a>,
    limits: &Limits,
) -> Result<Box<dyn Decoder + 'a>, Fault> {
    let extensions = extensions::of(&mut file)?;
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(
        NonZeroU64::new(limits.max_pixels).map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes),
    );
    let mut inner = options.read_info(file)?;
    let (width, height) = (inner.width(), inner.height());
    limits.check(width.into(), height.into())?;
    let global = inner.global_palette().map(<[u8]>::to_vec);
    let info = inner.next_frame_info()?.ok_or(Fault::Truncated)?;
    let palette = info
        .palette
        .clone()
        .or(global)
        .ok_or_else(|| Fault::damaged("it has no palette"))?;
    let frame = Frame {
        left: info.left.into(),
        top: info.top.into(),
        width: info.width.into(),
        height: info.height.into(),
        palette,
        transparent: info.transparent,
    };
    limits.check(frame.width as u64, frame.height as u64)?;
    let covers = frame.left == 0 && frame.top == 0 && info.width >= width && info.height >= height;
    let header = Header {
        width: width.into(),
        height: height.into(),
        colour: Colour::Rgb,
        // The part of the canvas that the frame does not cover is transparent.
        alpha: info.transparent.is_some() || !covers,
        depth: Depth::Eight,
        orientation: Orientation::UPRIGHT,
    };
    Ok(Box::new(Gif {
        inner,
        header,
        frame,
        extensions,
    }))
}

impl Decoder for Gif<'_> {
    fn header(&self) -> Header {
        self.header
    }

    fn reading_bytes(&self) -> u64 {
        let indices = self.frame.width as u64 * self.frame.height as u64;
        self.header.sample_bytes() + indices.max(self.header.alpha_bytes())
    }

    fn decode(mut self: Box<Self>) -> Result<Decoded, Fault> {
        let Header {
            width,
            height,
            alpha,
            colour,
            ..
        } = self.header;
        let mut indices = zeros::<u8>(self.frame.width * self.frame.height)?;
        self.inner.read_into_buffer(&mut indices)?;
        let stride = colour.channels() + usize::from(alpha);
        let mut samples = zeros::<u8>(width * height * stride)?;
        self.frame.paint(&indices, &mut samples, width, stride);
        drop(indices);
        let (colours, alpha) = apart(samples, &self.header)?;
        // Damage in a later frame does not matter for the first.
        let later = matches!(self.inner.next_frame_info(), Ok(Some(_)));
        let mut losses = Vec::new();
        if later {
            losses.push(Loss::LaterFrames);
        }
        if self.extensions.unknown {
            losses.push(Loss::ApplicationData);
        }
        Ok(Decoded {
            header: self.header,
            premultiplied: false,
            colours,
            alpha,
            metadata: Metadata {
                icc: self.inner.icc_profile().map(<[u8]>::to_vec),
                xmp: self.inner.xmp_metadata().map(<[u8]>::to_vec),
                comments: self.extensions.comments,
                ..Metadata::default()
            },
            losses,
        })
    }
}

impl Frame {
    /// Paints the frame on an empty canvas of `width` pixels a row and `stride` samples a pixel,
    /// clipped to the canvas.
    fn paint(&self, indices: &[u8], canvas: &mut [u8], width: usize, stride: usize) {
        let shown = self.width.min(width.saturating_sub(self.left));
        let rows = canvas.chunks_exact_mut(width * stride).skip(self.top);
        for (indices, row) in indices.chunks_exact(self.width).zip(rows) {
            for (&index, pixel) in indices[..shown]
                .iter()
                .zip(row[self.left.min(width) * stride..].chunks_mut(stride))
            {
                if self.transparent == Some(index) {
                    continue;
                }
                // An index beyond the palette is black, as browsers show it.
                let colour = self
                    .palette
                    .chunks_exact(3)
                    .nth(index.into())
                    .unwrap_or(&[0, 0, 0]);
                pixel[..3].copy_from_slice(colour);
                if let Some(alpha) = pixel.get_mut(3) {
                    *alpha = u8::MAX;
                }
            }
        }
    }
}

impl From<DecodingError> for Fault {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::Io(error) => error.into(),
            DecodingError::UnexpectedEof => Self::Truncated,
            error => Self::damaged_by(error),
        }
    }
}
