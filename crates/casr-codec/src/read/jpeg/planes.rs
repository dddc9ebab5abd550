//! From planes of components, some of them with fewer samples, to interleaved grey or RGB.
//! Upsampling and colours are rounded as the Independent JPEG Group's library does by default
//! ("fancy upsampling").

use super::super::decoded::zeros;
use super::Fault;
use super::frame::{Component, Frame};

/// The colour space of the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Grey,
    Rgb,
    YCbCr,
    /// Inks, stored inverted: 255 is no ink.
    Cmyk,
    /// The same with their first three as YCbCr.
    Ycck,
}

/// The image's samples: one for grey, otherwise three a pixel.
pub(super) fn interleaved(frame: &Frame, space: Space) -> Result<Vec<u8>, Fault> {
    let channels = if space == Space::Grey { 1 } else { 3 };
    let mut pixels = zeros::<u8>(frame.width * frame.height * channels)?;
    let mut rows = Rows::new(frame)?;
    for (y, out) in pixels.chunks_exact_mut(frame.width * channels).enumerate() {
        let [first, second, third, fourth] = rows.at(frame, y);
        match space {
            Space::Grey => out.copy_from_slice(&first[..frame.width]),
            Space::Rgb => {
                let colours = first.iter().zip(second).zip(third);
                for (pixel, ((&red, &green), &blue)) in out.chunks_exact_mut(3).zip(colours) {
                    pixel.copy_from_slice(&[red, green, blue]);
                }
            }
            Space::YCbCr => {
                let colours = first.iter().zip(second).zip(third);
                for (pixel, ((&luma, &blue), &red)) in out.chunks_exact_mut(3).zip(colours) {
                    pixel.copy_from_slice(&rgb(luma, blue, red));
                }
            }
            Space::Cmyk | Space::Ycck => {
                let inks = first.iter().zip(second).zip(third).zip(fourth);
                for (pixel, (((&one, &two), &three), &black)) in out.chunks_exact_mut(3).zip(inks) {
                    let light = if space == Space::Ycck {
                        rgb(one, two, three).map(|sample| 255 - sample)
                    } else {
                        [one, two, three]
                    };
                    pixel.copy_from_slice(
                        &light.map(|sample| {
                            ((u32::from(sample) * u32::from(black) + 127) / 255) as u8
                        }),
                    );
                }
            }
        }
    }
    Ok(pixels)
}

/// The components' samples, interleaved without colour conversion.
pub(super) fn components(frame: &Frame) -> Result<Vec<u8>, Fault> {
    let channels = frame.components.len();
    let mut samples = zeros::<u8>(frame.width * frame.height * channels)?;
    let mut rows = Rows::new(frame)?;
    for (y, out) in samples.chunks_exact_mut(frame.width * channels).enumerate() {
        for (channel, row) in rows.at(frame, y).iter().take(channels).enumerate() {
            let places = out.iter_mut().skip(channel).step_by(channels);
            places.zip(row).for_each(|(place, &sample)| *place = sample);
        }
    }
    Ok(samples)
}

/// One row of every component, long enough for what a repeated last sample adds.
struct Rows([Vec<u8>; 4]);

impl Rows {
    fn new(frame: &Frame) -> Result<Self, Fault> {
        let mut rows: [Vec<u8>; 4] = Default::default();
        for row in rows.iter_mut().take(frame.components.len()) {
            *row = zeros(frame.width + 8)?;
        }
        Ok(Self(rows))
    }

    fn at(&mut self, frame: &Frame, y: usize) -> &[Vec<u8>; 4] {
        for (component, row) in frame.components.iter().zip(&mut self.0) {
            upsampled(component, frame, y, row);
        }
        &self.0
    }
}

/// Full-range YCbCr as RGB (ITU T.871), with 16 bits of fraction.
pub(in super::super) fn rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (luma, blue, red) = (i32::from(luma), i32::from(blue) - 128, i32::from(red) - 128);
    [
        luma + ((91_881 * red + HALF) >> 16),
        luma + ((-22_554 * blue - 46_802 * red + HALF) >> 16),
        luma + ((116_130 * blue + HALF) >> 16),
    ]
    .map(|sample| sample.clamp(0, 255) as u8)
}

/// Row `y` of the image from a component's samples. Where it has half as many, those between are
/// interpolated with weights of 3 and 1, otherwise samples are repeated.
fn upsampled(component: &Component, frame: &Frame, y: usize, out: &mut [u8]) {
    let (across, down) = (frame.across / component.across, frame.down / component.down);
    let stride = 8 * component.stride;
    let row =
        |at: usize| &component.plane[at.min(component.height - 1) * stride..][..component.width];
    let near = row(y / down);
    // The neighbouring row that is nearer to `y`.
    let far = |half: bool| {
        if half {
            row(y / down + 1)
        } else {
            row((y / down).saturating_sub(1))
        }
    };
    match (across, down) {
        (1, 1) => out[..near.len()].copy_from_slice(near),
        (2, 1) if component.width > 2 => {
            let last = near.len() - 1;
            for at in 0..near.len() {
                let middle = 3 * u16::from(near[at]);
                let (left, right) = (near[at.saturating_sub(1)], near[(at + 1).min(last)]);
                out[2 * at] = ((middle + u16::from(left) + 1) >> 2) as u8;
                out[2 * at + 1] = ((middle + u16::from(right) + 2) >> 2) as u8;
            }
        }
        (1, 2) => {
            let (lower, bias) = if y.is_multiple_of(2) {
                (false, 1)
            } else {
                (true, 2)
            };
            for ((out, &near), &far) in out.iter_mut().zip(near).zip(far(lower)) {
                *out = ((3 * u16::from(near) + u16::from(far) + bias) >> 2) as u8;
            }
        }
        (2, 2) if component.width > 2 => {
            let far = far(y % 2 == 1);
            let sum = |at: usize| 3 * u16::from(near[at]) + u16::from(far[at]);
            let last = near.len() - 1;
            let (mut left, mut middle) = (sum(0), sum(0));
            for at in 0..near.len() {
                let right = sum((at + 1).min(last));
                out[2 * at] = ((3 * middle + left + 8) >> 4) as u8;
                out[2 * at + 1] = ((3 * middle + right + 7) >> 4) as u8;
                (left, middle) = (middle, right);
            }
        }
        _ => {
            for (repeated, &sample) in out.chunks_mut(across).zip(near) {
                repeated.fill(sample);
            }
        }
    }
}
