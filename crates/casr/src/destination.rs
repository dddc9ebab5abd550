//! Which images to enlarge and where each result goes; what can be said against it before any work is done.

use anyhow::{anyhow, bail};
use casr_codec::{CodecError, Format, SourceFormat, images_in};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The images that `inputs` name: files as they are, folders as the images in them. A folder without images is an error
/// in its place.
pub fn expand(inputs: &[PathBuf]) -> Vec<Result<PathBuf, CodecError>> {
    let expand_one = |input: &PathBuf| {
        if !input.is_dir() {
            return vec![Ok(input.clone())];
        }
        match images_in(input) {
            Ok(images) => images.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    };
    inputs.iter().flat_map(expand_one).collect()
}

/// Where the results of a run go.
#[derive(Debug)]
pub struct Destination {
    output: PathBuf,
    /// Whether `output` is a folder that takes results under their inputs' names.
    folder: bool,
    format: Option<Format>,
    overwrite: bool,
    /// The images themselves, by their canonical paths: no result may replace one.
    images: HashSet<PathBuf>,
    /// Results given out so far, each with its input.
    taken: HashMap<PathBuf, PathBuf>,
}

impl Destination {
    /// For `images`, expanded from `inputs`. `output` is a folder if there are several inputs, if the input is a folder,
    /// if it is a folder already, or if it ends in a slash. `format` overrules file names.
    ///
    /// # Errors
    /// Several results for what is a file, or is named like one.
    pub fn new<'a>(
        inputs: &[PathBuf],
        images: impl Iterator<Item = &'a PathBuf>,
        output: &Path,
        format: Option<Format>,
        overwrite: bool,
    ) -> anyhow::Result<Self> {
        let several = inputs.len() > 1 || inputs.iter().any(|input| input.is_dir());
        let slash = output
            .as_os_str()
            .to_string_lossy()
            .ends_with(std::path::is_separator);
        let is_folder = output.is_dir();
        let is_file =
            !is_folder && (output.exists() || SourceFormat::from_extension(output).is_some());
        if several && is_file && !slash {
            bail!(
                "{}: several images need a folder here; name a folder, with a slash at its end",
                output.display()
            );
        }
        Ok(Self {
            output: output.to_owned(),
            folder: several || slash || is_folder,
            format,
            overwrite,
            images: images
                .filter_map(|image| image.canonicalize().ok())
                .collect(),
            taken: HashMap::new(),
        })
    }

    /// The result's file and format for `input`, which is of format `source`; judged as far as names and folders go.
    ///
    /// # Errors
    /// The format is unknown, the result exists, another input has the same result, or it would replace an input.
    pub fn of(&mut self, input: &Path, source: SourceFormat) -> anyhow::Result<(PathBuf, Format)> {
        let (path, format) = if self.folder {
            let format = self.format.unwrap_or(source.output());
            (self.output.join(name_in_folder(input, format)), format)
        } else {
            let format = self
                .format
                .map_or_else(|| Format::from_path(&self.output), Ok)?;
            (self.output.clone(), format)
        };
        if path
            .canonicalize()
            .is_ok_and(|existing| self.images.contains(&existing))
        {
            bail!(
                "{}: the result would replace an image to enlarge; choose another name or folder",
                path.display()
            );
        }
        if path.exists() && !self.overwrite {
            return Err(CodecError::OutputExists { path }.into());
        }
        if let Some(other) = self.taken.insert(path.clone(), input.to_owned()) {
            self.taken.insert(path.clone(), other.clone());
            bail!(
                "{}: its result {} is also that of {}; enlarge them into different folders",
                input.display(),
                path.display(),
                other.display()
            );
        }
        Ok((path, format))
    }

    /// Makes the folder for the results, if they go to one.
    ///
    /// # Errors
    /// The system refuses.
    pub fn prepare(&self) -> anyhow::Result<()> {
        if !self.folder {
            return Ok(());
        }
        std::fs::create_dir_all(&self.output).map_err(|error| {
            let output = self.output.display();
            anyhow!("{output}: cannot create this folder ({error}); check the permissions or choose another folder")
        })
    }
}

/// The input's own name if its extension means `format`, otherwise its stem with the usual extension.
fn name_in_folder(input: &Path, format: Format) -> OsString {
    if Format::from_path(input).ok() == Some(format) {
        return input.file_name().unwrap_or_default().to_owned();
    }
    let mut name = input.file_stem().unwrap_or_default().to_owned();
    name.push(".");
    name.push(format.extension());
    name
}
