//! `casr zoom`: a film that zooms into an image.

use crate::film::{Film, Length, Place};
use crate::inputs::{Inputs, Search};
use crate::memory::MemoryOptions;
use anyhow::bail;
use casr_cli::Outcome;
use casr_cli::console::{self, Usage};
use casr_cli::options::{
    EffortOptions, LimitOptions, ModelOptions, TreatmentOptions, parse_factor, parse_size,
    parse_time,
};
use casr_codec::shown;
use casr_zoom::{Enlarger, Look, Size};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// The longest side of a frame, in pixels.
const MAX_SIDE: usize = 16_384;

/// The longest film, in frames.
const MAX_FRAMES: f64 = 1e6;

/// The arguments of `casr zoom`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  casr zoom scan.tif --at 0.4,0.6 --to 64 -o film.y4m
  casr zoom scan.tif --at 1730,912 --to 256 --seconds 20 -o - | ffmpeg -i - -pix_fmt yuv420p film.mp4
  casr zoom scan.tif --at 0.4,0.6 --to 64 -o frames/                 a PNG file for each frame
  casr zoom scan.tif --at 0.5,0.5 --to 8 --size 1080x1920 --fps 60 -o tall.y4m
  casr zoom scan.tif --at 0.5,0.5 --from 4 --to 32 --ease 0 -o even.y4m")]
pub struct ZoomArguments {
    /// The image; - is standard input
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// The point to zoom into: X,Y, each a share of the image from 0.0 to 1.0, written with a
    /// point, or a pixel of it, a whole number. It comes to the middle of the frame as soon as the
    /// image's borders let it
    #[arg(long, value_name = "X,Y", value_parser = parse_point)]
    at: (Length, Length),
    /// How far to zoom in, any number from 1 up: each pixel of the image is as many pixels of the
    /// frame wide in the end
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true, value_parser = parse_factor)]
    to: f64,
    /// Where to begin [default: the smallest factor at which the image fills the frame]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true, value_parser = parse_positive)]
    from: Option<f64>,
    /// Where the film goes: a .y4m file, - for a pipe, or a folder, which is made if missing and
    /// gets a PNG file for each frame
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// How long the film is
    #[arg(long, value_name = "TIME", default_value = "12s", value_parser = parse_time)]
    seconds: Duration,
    /// Frames per second, such as 25, 29.97 or 30000/1001
    #[arg(long, value_name = "RATE", default_value = "30", value_parser = parse_rate)]
    fps: (u32, u32),
    /// The size of frames
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x720", value_parser = parse_frame)]
    size: Size,
    /// How long it takes to get up to speed, and to come to rest at the end; at most half of the
    /// film, and 0 for one speed throughout
    #[arg(long, value_name = "TIME", default_value = "1.5s", value_parser = parse_time)]
    ease: Duration,
    /// Replace a film that exists
    #[arg(long)]
    overwrite: bool,
    /// Do not write into the XMP of PNG files that they were enlarged
    #[arg(long)]
    no_mark: bool,
    #[command(flatten)]
    treatment: TreatmentOptions,
    #[command(flatten)]
    effort: EffortOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    limits: LimitOptions,
    #[command(flatten)]
    memory: MemoryOptions,
    /// Say beforehand what will be done, and how long it takes
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
    /// Show no progress and no remarks, only failures
    #[arg(short, long)]
    quiet: bool,
}

/// Makes the film.
pub fn run(arguments: &ZoomArguments) -> anyhow::Result<Outcome> {
    let place = Place::of(&arguments.output)?;
    let frames =
        arguments.seconds.as_secs_f64() * f64::from(arguments.fps.0) / f64::from(arguments.fps.1);
    if !(2.0..=MAX_FRAMES).contains(&frames.round()) {
        bail!(Usage(format!(
            "a film of {:.0} frames cannot be made: it has from 2 to {MAX_FRAMES} (--seconds, --fps)",
            frames.round()
        )));
    }
    arguments.model.start()?;
    let model = arguments.effort.apply(arguments.model.model()?)?;
    let look = arguments.treatment.look();
    if look != Look::Auto && !model.has_looks() && !arguments.quiet {
        console::remark("--look changes nothing: these weights have one look");
    }
    let input = std::slice::from_ref(&arguments.input);
    let mut images = Inputs::find(input, &Search::default())?.images.into_iter();
    let (Some(image), None) = (images.next(), images.next()) else {
        bail!(Usage(format!(
            "{}: a film is made of one image; name a file",
            shown(&arguments.input)
        )));
    };
    let film = Film {
        enlarger: Enlarger::new(model)
            .restoration(arguments.treatment.restoration())
            .look(look),
        point: arguments.at,
        from: arguments.from,
        to: arguments.to,
        size: arguments.size,
        length: arguments.seconds,
        ease: arguments.ease,
        rate: arguments.fps,
        limits: arguments.limits.limits(),
        memory: arguments.memory.bytes,
        mark: !arguments.no_mark,
        overwrite: arguments.overwrite,
        verbose: arguments.verbose,
        quiet: arguments.quiet,
    };
    Ok(match film.make(&image?.input, &place)? {
        true => Outcome::Interrupted,
        false => Outcome::Done,
    })
}

/// Reads a point, `X,Y`.
fn parse_point(text: &str) -> Result<(Length, Length), &'static str> {
    const HOW: &str = "write it as X,Y: shares of the image from 0.0 to 1.0, with a point, such as 0.4,0.6, or pixels of it, such as 1730,912";
    let length = |text: &str| {
        let text = text.trim();
        match text.parse() {
            Ok(pixel) => Some(Length::Pixel(pixel)),
            Err(_) => {
                let share = text.parse().ok();
                (share.filter(|share| (0.0..=1.0).contains(share))).map(Length::Share)
            }
        }
    };
    let (across, down) = text.split_once(',').ok_or(HOW)?;
    Ok((length(across).ok_or(HOW)?, length(down).ok_or(HOW)?))
}

/// Reads a factor above 0.
fn parse_positive(text: &str) -> Result<f64, &'static str> {
    match text.trim().parse() {
        Ok(factor) if factor > 0.0 && f64::is_finite(factor) => Ok(factor),
        _ => Err("write a number above 0, such as 0.5 or 4"),
    }
}

/// Reads frames per second: a number with at most three places, or a fraction.
fn parse_rate(text: &str) -> Result<(u32, u32), &'static str> {
    const HOW: &str = "write frames per second from 1 to 240 as a number or a fraction, such as 25, 29.97 or 30000/1001";
    let rate = match text.split_once('/') {
        Some((frames, seconds)) => match (frames.trim().parse(), seconds.trim().parse()) {
            (Ok(frames), Ok(seconds)) => Some((frames, seconds)),
            _ => None,
        },
        None => match text.trim().parse::<f64>() {
            Ok(rate) if rate.fract() == 0.0 => Some((rate as u32, 1)),
            Ok(rate) => Some(((rate * 1000.0).round() as u32, 1000)),
            Err(_) => None,
        },
    };
    rate.filter(|&(frames, seconds)| {
        (1.0..=240.0).contains(&(f64::from(frames) / f64::from(seconds)))
    })
    .ok_or(HOW)
}

/// Reads the size of frames.
fn parse_frame(text: &str) -> Result<Size, String> {
    let size = parse_size(text)?;
    if size.width > MAX_SIDE || size.height > MAX_SIDE {
        return Err(format!(
            "frames are at most {MAX_SIDE} pixels wide and high"
        ));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_shares_or_pixels() {
        use Length::{Pixel, Share};
        assert_eq!(parse_point("0.4,0.6"), Ok((Share(0.4), Share(0.6))));
        assert_eq!(parse_point("1.0, 1"), Ok((Share(1.0), Pixel(1))));
        assert_eq!(parse_point("0,912"), Ok((Pixel(0), Pixel(912))));
        for wrong in [
            "", "0.5", "0.5,1.5", "-1,3", "-0.1,0.2", "NaN,0.1", "a,b", "1,2,3",
        ] {
            assert!(parse_point(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_numbers_or_fractions() {
        assert_eq!(parse_rate("30"), Ok((30, 1)));
        assert_eq!(parse_rate("29.97"), Ok((29_970, 1000)));
        assert_eq!(parse_rate("30000/1001"), Ok((30_000, 1001)));
        for wrong in [
            "0", "-3", "1/0", "0/1", "1e9", "NaN", "inf", "a/b", "30/", "0.5",
        ] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }
}
