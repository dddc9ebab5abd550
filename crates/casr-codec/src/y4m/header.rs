//! The first line of a stream, and what it says of the frames.

use super::FrameError;
use std::fmt::Write;
use std::path::Path;

/// The most bytes of a header.
pub(super) const MAX_HEADER: usize = 4096;

/// The largest side of a frame, in pixels.
const MAX_SIDE: usize = 1 << 16;

/// Where chroma samples of half the resolution lie among the luma samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Siting {
    /// In the middle of four (JPEG, MPEG-1).
    Centre,
    /// Beside the left ones, in the middle between two rows (MPEG-2, H.264, HEVC).
    Left,
    /// On the upper left ones (DV in PAL, HEVC in UHD).
    TopLeft,
}

/// How chroma is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chroma {
    /// There is none.
    Grey,
    /// At half the resolution along both axes.
    Quarter(Siting),
    /// At half the resolution across, on the left ones.
    Half,
    /// At the full resolution.
    Full,
}

impl Chroma {
    /// How many luma samples go to one of chroma, across and down.
    pub fn steps(self) -> (usize, usize) {
        match self {
            Self::Grey | Self::Full => (1, 1),
            Self::Half => (2, 1),
            Self::Quarter(_) => (2, 2),
        }
    }
}

/// What is the same for all frames of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoHeader {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// How chroma is sampled.
    pub chroma: Chroma,
    /// Bits of a sample, 8 to 16.
    pub bits: u32,
    /// Whether samples use all their values; black is at 16 of 255 and white at 235 otherwise.
    pub full_range: bool,
    /// The matrix between RGB and Y'CbCr: luma of red and of blue.
    pub(super) luma: (f32, f32),
    /// All parameters but the size, as they were and in their order.
    parameters: Vec<String>,
}

impl VideoHeader {
    /// Reads the first line, without its end.
    pub(super) fn parse(line: &str, path: &Path) -> Result<Self, FrameError> {
        let wrong = |reason: &str| FrameError::Header {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let mut words = line.split(' ');
        if words.next() != Some("YUV4MPEG2") {
            return Err(wrong("it does not begin with YUV4MPEG2"));
        }
        let (mut width, mut height, mut tag, mut full_range) = (None, None, None, false);
        let mut parameters = Vec::new();
        for word in words.filter(|word| !word.is_empty()) {
            let side = |text: &str| match text.parse() {
                Ok(side) if (1..=MAX_SIDE).contains(&side) => Ok(Some(side)),
                _ => Err(wrong(&format!("{word} is no size"))),
            };
            let kind = word.chars().next().unwrap_or_default();
            let value = &word[kind.len_utf8()..];
            match kind {
                'W' => width = side(value)?,
                'H' => height = side(value)?,
                'C' => tag = Some(value),
                'I' if !matches!(value, "p" | "?") => {
                    return Err(FrameError::Unsupported {
                        path: path.to_owned(),
                        what: "interlaced video".to_owned(),
                        remedy: "make whole frames of its fields first, such as by ffmpeg -vf bwdif",
                    });
                }
                _ => full_range |= word == "XCOLORRANGE=FULL",
            }
            if !matches!(kind, 'W' | 'H') {
                parameters.push(word.to_owned());
            }
        }
        let (Some(width), Some(height)) = (width, height) else {
            return Err(wrong("it says no size"));
        };
        let (chroma, bits) = match tag {
            None => (Chroma::Quarter(Siting::Centre), 8),
            Some(tag) => sampling(tag).ok_or_else(|| FrameError::Unsupported {
                path: path.to_owned(),
                what: format!("video with the chroma format {tag:?}"),
                remedy: "convert it to 4:2:0, 4:2:2, 4:4:4 or grey first, such as by ffmpeg -pix_fmt yuv444p",
            })?,
        };
        Ok(Self {
            width,
            height,
            chroma,
            bits,
            full_range,
            luma: matrix(height),
            parameters,
        })
    }

    /// Of a stream of one's own: 8 bits, chroma at the full resolution, the range of television
    /// (black is 16 and white 235), which players take where nothing is said, and square pixels.
    /// `rate` is frames per second as a fraction.
    pub fn full_chroma(width: usize, height: usize, rate: (u32, u32)) -> Self {
        Self {
            width,
            height,
            chroma: Chroma::Full,
            bits: 8,
            full_range: false,
            luma: matrix(height),
            parameters: vec![
                format!("F{}:{}", rate.0, rate.1),
                "Ip".to_owned(),
                "A1:1".to_owned(),
                "C444".to_owned(),
            ],
        }
    }

    /// The same at another size.
    pub fn resized(&self, width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            ..self.clone()
        }
    }

    /// Samples of a pixel: 1 where there is no chroma, else 3.
    pub fn channels(&self) -> usize {
        match self.chroma {
            Chroma::Grey => 1,
            _ => 3,
        }
    }

    /// Columns and rows of a plane of chroma.
    pub(super) fn chroma_size(&self) -> (usize, usize) {
        let (across, down) = self.chroma.steps();
        (self.width.div_ceil(across), self.height.div_ceil(down))
    }

    /// Samples of a frame.
    pub(super) fn samples(&self) -> usize {
        let (width, height) = self.chroma_size();
        let chroma = if self.channels() == 1 {
            0
        } else {
            2 * width * height
        };
        self.width * self.height + chroma
    }

    /// Bytes of a frame in the stream, with the line that it begins with where that says nothing
    /// more.
    pub fn frame_bytes(&self) -> u64 {
        (self.samples() * self.sample_bytes() + b"FRAME\n".len()) as u64
    }

    /// Bytes of a sample.
    pub(super) fn sample_bytes(&self) -> usize {
        if self.bits > 8 { 2 } else { 1 }
    }

    /// The first line, with its end.
    pub(super) fn line(&self) -> String {
        let mut line = format!("YUV4MPEG2 W{} H{}", self.width, self.height);
        for word in &self.parameters {
            // Writing to a string cannot fail.
            let _ = write!(line, " {word}");
        }
        line.push('\n');
        line
    }
}

/// The matrix of a video of so many rows, by convention: BT.601 up to those of PAL, BT.709 above.
fn matrix(height: usize) -> (f32, f32) {
    if height <= 576 {
        (0.299, 0.114)
    } else {
        (0.2126, 0.0722)
    }
}

/// What the chroma parameter says: how chroma is sampled, and the bits of a sample.
fn sampling(tag: &str) -> Option<(Chroma, u32)> {
    Some(match tag {
        "420" | "420jpeg" => (Chroma::Quarter(Siting::Centre), 8),
        "420mpeg2" => (Chroma::Quarter(Siting::Left), 8),
        "420paldv" => (Chroma::Quarter(Siting::TopLeft), 8),
        "422" => (Chroma::Half, 8),
        "444" => (Chroma::Full, 8),
        "mono" => (Chroma::Grey, 8),
        deep => {
            let digits = deep
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(0);
            let (chroma, bits) = match deep.strip_prefix("mono") {
                Some(bits) => (Chroma::Grey, bits),
                None => {
                    let chroma = match &deep[..digits] {
                        // Deeper video than 8 bits is newer than MPEG-2's siting.
                        "420" => Chroma::Quarter(Siting::Left),
                        "422" => Chroma::Half,
                        "444" => Chroma::Full,
                        _ => return None,
                    };
                    (chroma, deep[digits..].strip_prefix('p')?)
                }
            };
            let bits = bits.parse().ok()?;
            (9..=16).contains(&bits).then_some((chroma, bits))?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<VideoHeader, String> {
        VideoHeader::parse(line, Path::new("a pipe")).map_err(|error| error.to_string())
    }

    #[test]
    fn parameters_are_read_and_kept() {
        let line = "YUV4MPEG2 W720 H576 F25:1 Ip A16:15 C420p10 XYSCSS=420P10 XCOLORRANGE=FULL";
        let header = parse(line).expect("a header");
        assert_eq!((header.width, header.height, header.bits), (720, 576, 10));
        assert_eq!(header.chroma, Chroma::Quarter(Siting::Left));
        assert!(header.full_range);
        let line = header.resized(1441, 1153).line();
        let again = parse(line.trim_end()).expect("a header");
        assert_eq!((again.width, again.height), (1441, 1153));
        for word in [
            "F25:1",
            "A16:15",
            "C420p10",
            "XYSCSS=420P10",
            "XCOLORRANGE=FULL",
        ] {
            assert!(line.contains(word), "no {word} in {line}");
        }
        assert_eq!(again.chroma_size(), (721, 577));
        let plain = parse("YUV4MPEG2 H4 W6").expect("a header");
        assert_eq!(plain.chroma, Chroma::Quarter(Siting::Centre));
        assert_eq!(
            (plain.samples(), plain.sample_bytes()),
            (6 * 4 + 2 * 3 * 2, 1)
        );
        assert_eq!(plain.line(), "YUV4MPEG2 W6 H4\n");
        let grey = parse("YUV4MPEG2 W3 H3 Cmono12").expect("a header");
        assert_eq!(
            (grey.samples(), grey.sample_bytes(), grey.channels()),
            (9, 2, 1)
        );
    }

    #[test]
    fn a_header_of_ones_own_is_read_back() {
        for (width, height) in [(321, 181), (1280, 720)] {
            let header = VideoHeader::full_chroma(width, height, (30_000, 1001));
            assert_eq!(parse(header.line().trim_end()).as_ref(), Ok(&header));
        }
    }

    #[test]
    fn others_are_refused() {
        for (line, message) in [
            ("PNG", "YUV4MPEG2"),
            ("YUV4MPEG2 W4", "no size"),
            ("YUV4MPEG2 W4 H0", "H0 is no size"),
            ("YUV4MPEG2 W4 H99999999", "is no size"),
            ("YUV4MPEG2 W4 H4 It", "interlaced"),
            ("YUV4MPEG2 W4 H4 C411", "411"),
            ("YUV4MPEG2 W4 H4 C444alpha", "444alpha"),
            ("YUV4MPEG2 W4 H4 C420p99", "420p99"),
            ("YUV4MPEG2 W4 H4 Cé", "é"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(message), "{line}: {error}");
        }
    }
}
