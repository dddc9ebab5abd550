//! Enlarges an image file by any factor, whole:
//! `cargo run --release -p casr-zoom --example enlarge -- samples/city.png 2.5 big.png`.

use casr_codec::{Colour, Format, Header, Limits, Options, Samples, Writer, read};
use casr_zoom::{Enlarger, ImageView, Look, Model, Samples as View, Target};
use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, factor, output] = &*arguments else {
        return Err("enlarge INPUT FACTOR OUTPUT".into());
    };
    let picture = read(Path::new(input), &Limits::default())?;
    let (width, height) = (picture.width, picture.height);
    // A view: the samples stay where they are, grey or RGB, in the depth of their file.
    let samples: View = match &picture.pixels {
        Samples::Eight(samples) => samples.into(),
        Samples::Sixteen(samples) => samples.into(),
        Samples::Float(samples) => samples.into(),
    };
    let image = match picture.colour {
        Colour::Grey => ImageView::grey(width, height, samples)?,
        Colour::Rgb => ImageView::rgb(width, height, samples)?,
    };
    let enlarger = Enlarger::new(Model::embedded()?).look(Look::BALANCED);
    let large = enlarger.enlarge(image, Target::Factor(factor.parse()?))?;

    let format = Format::from_path(Path::new(output))?;
    let mut header = Header::of(&picture, large.width(), large.height(), format);
    header.alpha = false;
    let mut writer = Writer::create(Path::new(output), format, header, Options::default())?;
    match picture.colour {
        Colour::Grey => writer.write_rows(&large.to_grey())?,
        Colour::Rgb => writer.write_rows(large.pixels())?,
    }
    Ok(writer.finish()?)
}
