//! PNG: every colour type and depth, and the first image of an animated one.

use std::io::{Read, Seek};

use png::{BitDepth, ColorType, DecodingError, SourceChromaticities, Transformations};

use super::chunks::{self, Chunks};
use super::decoded::{Decoded, apart, with_room, zeros};
use super::{Decoder, Fault, Header, Input};
use crate::exif;
use crate::limits::METADATA_BYTES;
use crate::samples::Sample;
use crate::{Colour, ColourChunk, Depth, Limits, Loss, Metadata, Resolution, Samples, Text, Unit};

/// The keyword under which XMP travels in an iTXt chunk.
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";

/// Bytes of the signature, of the first chunk's length and name, and of the width and height in it.
const HEAD_BYTES: usize = 24;

struct PngDecoder<'a> {
    reader: png::Reader<Input<'a>>,
    header: Header,
    chunks: Chunks,
}

pub(super) fn open<'a>(
    mut file: Input<'a>,
    limits: &Limits,
) -> Result<Box<dyn Decoder + 'a>, Fault> {
    let chunks = chunks::of_png(&mut file)?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    file.by_ref()
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)?;
    file.rewind()?;
    match head.get(12..16) {
        Some(b"IHDR") => {}
        Some(b"CgBI") => {
            return Err(Fault::unsupported(
                "Apple's own variant from inside of apps, CgBI",
            ));
        }
        Some(_) => return Err(Fault::damaged("it does not begin with its header")),
        None => return Err(Fault::Truncated),
    }
    // The size, which opens the first chunk, is checked before the decoder allocates even one row.
    let size = head
        .get(16..24)
        .and_then(|size| size.first_chunk::<8>())
        .ok_or(Fault::Truncated)?;
    let [width, height] =
        [0, 4].map(|at| u32::from_be_bytes([size[at], size[at + 1], size[at + 2], size[at + 3]]));
    limits.check(width.into(), height.into())?;
    let mut decoder = png::Decoder::new_with_limits(
        file,
        png::Limits {
            bytes: METADATA_BYTES,
        },
    );
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info()?;
    // The decoder fails on a palette that ends within a colour.
    let palette = reader.info().palette.as_deref().unwrap_or_default();
    if !palette.len().is_multiple_of(3) {
        return Err(Fault::damaged("its palette ends within a colour"));
    }
    let (width, height) = (width as usize, height as usize);
    let (colour_type, depth) = reader.output_color_type();
    let (colour, alpha) = match colour_type {
        ColorType::Grayscale => (Colour::Grey, false),
        ColorType::GrayscaleAlpha => (Colour::Grey, true),
        ColorType::Rgb => (Colour::Rgb, false),
        ColorType::Rgba => (Colour::Rgb, true),
        ColorType::Indexed => return Err(Fault::damaged("it has no palette")),
    };
    let depth = match depth {
        BitDepth::Sixteen => Depth::Sixteen,
        _ => Depth::Eight,
    };
    let orientation = exif::orientation(reader.info().exif_metadata.as_deref());
    let header = Header {
        width,
        height,
        colour,
        alpha,
        depth,
        orientation,
    };
    Ok(Box::new(PngDecoder {
        reader,
        header,
        chunks,
    }))
}

impl Decoder for PngDecoder<'_> {
    fn header(&self) -> Header {
        self.header
    }

    fn held_bytes(&self) -> u64 {
        let samples = self.header.sample_bytes();
        if self.is_by_rows() {
            samples
        } else {
            samples + self.header.alpha_bytes()
        }
    }

    fn reading_bytes(&self) -> u64 {
        let held = self.held_bytes();
        match (self.is_by_rows(), self.header.depth) {
            (false, Depth::Sixteen) => held.max(2 * self.header.sample_bytes()),
            _ => held,
        }
    }

    fn decode(mut self: Box<Self>) -> Result<Decoded, Fault> {
        let (colours, alpha) = match (self.header.depth, self.is_by_rows()) {
            (Depth::Eight, true) => self.rows(|row| row, |byte| *byte)?,
            (Depth::Sixteen, true) => self.rows(
                |row| row.as_chunks::<2>().0,
                |pair| u16::from_be_bytes(*pair),
            )?,
            (depth, false) => self.whole(depth)?,
        };
        // Metadata may follow the pixels, and a file that ends before its IEND was cut off.
        self.reader.finish()?;
        let (metadata, mut losses) = metadata(self.reader.info());
        if self.chunks.profile && metadata.icc.is_none() {
            losses.push(Loss::BrokenProfile);
        }
        if self.chunks.unknown {
            losses.push(Loss::ApplicationData);
        }
        let orientation = exif::orientation(metadata.exif.as_deref());
        Ok(Decoded {
            // The EXIF may come after the pixels.
            header: Header {
                orientation,
                ..self.header
            },
            premultiplied: false,
            colours,
            alpha,
            metadata,
            losses,
        })
    }
}

impl PngDecoder<'_> {
    /// Whether rows come whole and in order: it is not interlaced, nor an animation whose first
    /// frame is smaller than its canvas.
    fn is_by_rows(&self) -> bool {
        let info = self.reader.info();
        let frame = info.frame_control.as_ref();
        !info.interlaced
            && frame.is_none_or(|frame| (frame.width, frame.height) == (info.width, info.height))
    }

    /// Decodes row by row; `parts` cuts a row into the bytes of samples, which `sample` reads.
    fn rows<P, S: Sample>(
        &mut self,
        parts: impl Fn(&[u8]) -> &[P],
        sample: impl Fn(&P) -> S,
    ) -> Result<(Samples, Option<Samples>), Fault>
    where
        Samples: From<Vec<S>>,
    {
        let Header {
            width,
            height,
            colour,
            alpha,
            ..
        } = self.header;
        let channels = colour.channels();
        let mut colours = with_room(width * height * channels)?;
        let mut alphas = with_room(if alpha { width * height } else { 0 })?;
        while let Some(row) = self.reader.next_row()? {
            let parts = parts(row.data());
            if !alpha {
                colours.extend(parts.iter().map(&sample));
                continue;
            }
            for pixel in parts.chunks_exact(channels + 1) {
                colours.extend(pixel[..channels].iter().map(&sample));
                alphas.push(sample(&pixel[channels]));
            }
        }
        Ok((colours.into(), alpha.then(|| alphas.into())))
    }

    /// Decodes all rows at once.
    fn whole(&mut self, depth: Depth) -> Result<(Samples, Option<Samples>), Fault> {
        let bytes = self
            .reader
            .output_buffer_size()
            .ok_or(Fault::OutOfMemory { bytes: usize::MAX })?;
        let mut buffer = zeros::<u8>(bytes)?;
        self.reader.next_frame(&mut buffer)?;
        match depth {
            Depth::Eight => apart(buffer, &self.header),
            Depth::Sixteen => {
                let mut samples = with_room(bytes / 2)?;
                let pairs = buffer.as_chunks::<2>().0;
                samples.extend(pairs.iter().map(|pair| u16::from_be_bytes(*pair)));
                drop(buffer);
                apart(samples, &self.header)
            }
        }
    }
}

/// How many bytes texts may still take. They may be compressed a thousandfold, so all of them
/// together are limited.
struct Room(usize);

impl Room {
    /// The text, if it can be inflated to no more bytes than there is room for; `inflate` gets that
    /// number.
    fn take(
        &mut self,
        inflate: impl FnOnce(usize) -> Result<String, DecodingError>,
    ) -> Option<String> {
        let text = inflate(self.0).ok().filter(|text| text.len() <= self.0);
        // One that fails may have been inflated up to the limit, and there may be thousands of
        // them.
        self.0 = match &text {
            Some(text) => self.0 - text.len(),
            None => self.0 / 2,
        };
        text
    }
}

/// The metadata of the chunks, and what of it was left out because it is damaged or too large.
fn metadata(info: &png::Info<'_>) -> (Metadata, Vec<Loss>) {
    let (mut texts, mut losses, mut xmp) = (Vec::new(), Vec::new(), None);
    let mut room = Room(METADATA_BYTES);
    let mut complete = true;
    for chunk in &info.uncompressed_latin1_text {
        let text = room.take(|_| Ok(chunk.text.clone()));
        complete &= text.is_some();
        texts.extend(text.map(|text| Text {
            keyword: chunk.keyword.clone(),
            text,
            ..Text::default()
        }));
    }
    for chunk in &info.compressed_latin1_text {
        let text = room.take(|most| {
            let mut chunk = chunk.clone();
            chunk.decompress_text_with_limit(most)?;
            chunk.get_text()
        });
        complete &= text.is_some();
        texts.extend(text.map(|text| Text {
            keyword: chunk.keyword.clone(),
            text,
            compressed: true,
            ..Text::default()
        }));
    }
    for chunk in &info.utf8_text {
        let text = room.take(|most| {
            let mut chunk = chunk.clone();
            chunk.decompress_text_with_limit(most)?;
            chunk.get_text()
        });
        if chunk.keyword == XMP_KEYWORD {
            match text {
                Some(packet) => xmp = xmp.or(Some(packet.into_bytes())),
                None => losses.push(Loss::Xmp),
            }
            continue;
        }
        complete &= text.is_some();
        texts.extend(text.map(|text| Text {
            keyword: chunk.keyword.clone(),
            text,
            compressed: chunk.compressed,
            international: true,
            language: chunk.language_tag.clone(),
            translated_keyword: chunk.translated_keyword.clone(),
        }));
    }
    if !complete {
        losses.push(Loss::Texts);
    }
    if info
        .animation_control
        .is_some_and(|animation| animation.num_frames > 1)
    {
        losses.push(Loss::LaterFrames);
    }
    let resolution = info.pixel_dims.and_then(|size| {
        let unit = match size.unit {
            png::Unit::Meter => Unit::Metre,
            png::Unit::Unspecified => Unit::Ratio,
        };
        Resolution::new(size.xppu.into(), size.yppu.into(), unit)
    });
    let metadata = Metadata {
        icc: info.icc_profile.as_ref().map(|profile| profile.to_vec()),
        exif: info
            .exif_metadata
            .as_ref()
            .map(|exif| exif::without_prefix(exif.to_vec())),
        xmp,
        texts,
        colour_chunks: colour_chunks(info),
        resolution,
        ..Metadata::default()
    };
    (metadata, losses)
}

/// The chunks that say what colours mean, as the file has them.
fn colour_chunks(info: &png::Info<'_>) -> Vec<ColourChunk> {
    let numbers = |numbers: &[u32]| {
        numbers
            .iter()
            .flat_map(|number| number.to_be_bytes())
            .collect::<Vec<u8>>()
    };
    let primaries = |all: &SourceChromaticities| {
        [all.white, all.red, all.green, all.blue]
            .iter()
            .flat_map(|point| [point.0.into_scaled(), point.1.into_scaled()])
            .collect::<Vec<u32>>()
    };
    // ITU-T H.273's numbers.
    let code_points = info.coding_independent_code_points.map(|points| {
        vec![
            points.color_primaries,
            points.transfer_function,
            points.matrix_coefficients,
            u8::from(points.is_video_full_range_image),
        ]
    });
    // This chunk has red, green and blue before white, in steps of a 50,000th.
    let mastering = info.mastering_display_color_volume.map(|volume| {
        let all = volume.chromaticities;
        let points = [all.red, all.green, all.blue, all.white];
        let halves = points.iter().flat_map(|point| [point.0, point.1]);
        let mut content: Vec<u8> = halves
            .flat_map(|half| ((half.into_scaled() / 2) as u16).to_be_bytes())
            .collect();
        content.extend(numbers(&[volume.max_luminance, volume.min_luminance]));
        content
    });
    let light = info.content_light_level.map(|level| {
        numbers(&[
            level.max_content_light_level,
            level.max_frame_average_light_level,
        ])
    });
    let chunks = [
        (*b"cICP", code_points),
        (*b"mDCV", mastering),
        (*b"cLLI", light),
        (*b"sRGB", info.srgb.map(|intent| vec![intent as u8])),
        (
            *b"gAMA",
            info.gama_chunk.map(|gamma| numbers(&[gamma.into_scaled()])),
        ),
        (
            *b"cHRM",
            info.chrm_chunk.as_ref().map(|all| numbers(&primaries(all))),
        ),
    ];
    let chunk = |(name, content): ([u8; 4], Option<Vec<u8>>)| {
        content.map(|content| ColourChunk { name, content })
    };
    chunks.into_iter().filter_map(chunk).collect()
}

impl From<DecodingError> for Fault {
    fn from(error: DecodingError) -> Self {
        match error {
            DecodingError::IoError(error) => error.into(),
            DecodingError::LimitsExceeded => Self::damaged("its metadata is larger than 64 MiB"),
            error => Self::Damaged {
                reason: plain(&error.to_string()),
                source: Some(error.into()),
            },
        }
    }
}

/// The decoder's message with chunks called by their names.
fn plain(words: &str) -> String {
    if words.starts_with("Corrupt deflate stream") {
        return "its compressed data make no sense".to_owned();
    }
    const BEGIN: &str = "ChunkType { type: ";
    let Some((before, rest)) = words.split_once(BEGIN) else {
        return words.trim_end_matches('.').to_owned();
    };
    let name: String = rest
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let after = rest.split_once('}').map_or("", |(_, after)| after);
    format!("{before}{name}{}", plain(after))
}
