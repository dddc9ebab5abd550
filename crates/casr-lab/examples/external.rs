//! A program that `casr-lab eval --method` can measure, with every level between:
//!
//! ```sh
//! cargo build --release -p casr-lab --examples
//! program='target/release/examples/external {in} {out} {width} {height} {levels}'
//! casr-lab eval photographs --method "other=$program"
//! ```
//!
//! It reads the image IN and writes it, WIDTH × HEIGHT pixels large, as the PNG file OUT; where
//! there is a folder LEVELS, it gets the images between as 1.png, 2.png and so on. Here the network
//! that ships does the work, to be compared with the same inside of `casr-lab`.

use casr_codec::{Format, Header, Limits, Options, Writer, read};
use casr_zoom::{Enlarger, Image, Model, Size, Target};
use std::error::Error;
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, width, height, levels @ ..] = &*arguments else {
        return Err("external IN OUT WIDTH HEIGHT [LEVELS]".into());
    };
    let picture = read(Path::new(input), &Limits::default())?;
    let image = Image::new(picture.width, picture.height, picture.pixels.into_f32())?;
    let enlarger = Enlarger::new(Model::embedded()?);
    let size = Size {
        width: width.parse()?,
        height: height.parse()?,
    };
    let plan = enlarger.plan(image.size(), Target::Size(size))?;
    let mut made = vec![Vec::new(); plan.levels().len()];
    let bands = enlarger.bands(&image, &plan)?;
    for band in bands.view(|level, band| made[level].extend_from_slice(&band.pixels)) {
        band?;
    }
    let last = made.pop().unwrap_or_else(|| image.pixels().to_vec());
    if let Some(folder) = levels.first() {
        for (index, (pixels, size)) in made.iter().zip(plan.levels()).enumerate() {
            let path = Path::new(folder).join(format!("{}.png", index + 1));
            write(&path, *size, pixels)?;
        }
    }
    write(Path::new(output), size, &last)
}

fn write(path: &Path, size: Size, pixels: &[f32]) -> Result<()> {
    let header = Header::rgb(size.width, size.height);
    let mut writer = Writer::create(path, Format::Png, header, Options::default())?;
    writer.write_rows(pixels)?;
    Ok(writer.finish()?)
}
