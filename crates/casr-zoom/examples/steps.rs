//! Enlarges an image file by steps of one's own choice, at the vivid look, and interpolates what is
//! missing to a size; fewer and larger steps take less time:
//! `cargo run --release -p casr-zoom --example steps -- samples/city.png 2,4 4608 4608 big.png`.
//! A step of 1 is none.

use casr_codec::{Colour, Format, Header, Limits, Options, Writer, read};
use casr_zoom::{
    Enlarger, Look, Model, OwnedImage, OwnedSamples, Rectangle, ScalePlan, Size, Span,
};
use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, factors, across, down, output] = &*arguments else {
        return Err("steps INPUT FACTOR,FACTOR,… WIDTH HEIGHT OUTPUT".into());
    };
    let wanted = Size {
        width: across.parse()?,
        height: down.parse()?,
    };
    let picture = read(Path::new(input), &Limits::default())?;
    let (width, height) = (picture.width, picture.height);
    let format = Format::from_path(Path::new(output))?;
    let mut below = Size { width, height };
    let mut levels = Vec::new();
    for factor in factors.split(',') {
        let factor: f64 = factor.parse()?;
        if factor == 1.0 {
            continue;
        }
        let side = |side: usize| (side as f64 * factor).round() as usize;
        below = Size {
            width: side(below.width),
            height: side(below.height),
        };
        levels.push(below);
    }
    let mut header = Header::of(&picture, wanted.width, wanted.height, format);
    header.alpha = false;
    let colour = picture.colour;
    let samples: OwnedSamples = picture.pixels.into_kind();
    let image = match colour {
        Colour::Grey => OwnedImage::grey(width, height, samples)?,
        Colour::Rgb => OwnedImage::rgb(width, height, samples)?,
    };
    let plan = ScalePlan::through(image.size(), &levels)?;
    let enlarger = Enlarger::new(Model::embedded()?).look(Look::VIVID);
    let pyramid = enlarger.pyramid(image, &plan)?;
    let large = match below == wanted {
        true => pyramid.region(levels.len(), Rectangle::whole(below))?,
        false => {
            let whole = Span {
                columns: (0.0, below.width as f64),
                rows: (0.0, below.height as f64),
            };
            pyramid.resized(levels.len(), whole, wanted)?
        }
    };

    let mut writer = Writer::create(Path::new(output), format, header, Options::default())?;
    match colour {
        Colour::Grey => writer.write_rows(&large.to_grey())?,
        Colour::Rgb => writer.write_rows(large.pixels())?,
    }
    Ok(writer.finish()?)
}
