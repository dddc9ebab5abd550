//! Which images to enlarge and where each result goes; what can be said against it before any work is done.

use anyhow::{anyhow, bail};
use casr_codec::{CodecError, Format, SourceFormat, contents_of, shown};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// An image to enlarge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its file.
    pub path: PathBuf,
    /// The folders between the input that it was found in and itself: its result goes into folders of these names.
    pub within: PathBuf,
}

/// What inputs hold.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The images, in order. A folder without images is an error in its place.
    pub images: Vec<Result<Found, CodecError>>,
    /// What was left that may be an image, each with the reason: a user who deletes the originals has to hear of it.
    pub left: Vec<anyhow::Error>,
    /// Files that are likely no images.
    pub others: Vec<PathBuf>,
}

impl Inputs {
    /// What `paths` name: files as they are, folders as the images in them, and with `recursive` in their folders. `output` is not
    /// searched: what it holds is results.
    pub fn find(paths: &[PathBuf], recursive: bool, output: &Path) -> Self {
        let mut inputs = Self::default();
        let output = output.canonicalize().ok();
        for path in paths {
            if path.is_dir() {
                let before = inputs.images.len();
                match inputs.search(path, Path::new(""), recursive, output.as_deref()) {
                    Ok(()) if inputs.images.len() == before => {
                        let path = path.clone();
                        inputs.images.push(Err(CodecError::NoImages { path }));
                    }
                    Ok(()) => {}
                    Err(error) => inputs.images.push(Err(error)),
                }
            } else {
                inputs.images.push(Ok(Found {
                    path: path.clone(),
                    within: PathBuf::new(),
                }));
            }
        }
        inputs
    }

    fn search(
        &mut self,
        folder: &Path,
        within: &Path,
        recursive: bool,
        output: Option<&Path>,
    ) -> Result<(), CodecError> {
        let contents = contents_of(folder)?;
        self.images.extend(contents.images.into_iter().map(|path| {
            Ok(Found {
                path,
                within: within.to_owned(),
            })
        }));
        let mut left = |path: &Path, why: &str| {
            self.left.push(anyhow!("{}: {why}", shown(path)));
        };
        for path in &contents.foreign {
            left(
                path,
                "left, as CASR does not read such files; convert it to TIFF or PNG first",
            );
        }
        for path in &contents.broken_links {
            left(path, "left, as it is a link to nothing");
        }
        self.others.extend(contents.others);
        for path in contents.folders {
            let result = output.is_some() && path.canonicalize().ok().as_deref() == output;
            let name = path.file_name().unwrap_or_default();
            if result {
                continue;
            } else if recursive && !path.is_symlink() {
                self.search(&path, &within.join(name), recursive, output)?;
            } else {
                let why = if recursive {
                    "left, as links to folders are not followed; name the folder itself"
                } else {
                    "left, as folders in folders are not searched; --recursive searches them"
                };
                self.left.push(anyhow!("{}: {why}", shown(&path)));
            }
        }
        Ok(())
    }

    /// The images' files.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.images.iter().flatten().map(|image| &image.path)
    }
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
    pub fn of(&mut self, image: &Found, source: SourceFormat) -> anyhow::Result<(PathBuf, Format)> {
        let input = &*image.path;
        let (path, format) = if self.folder {
            let format = self.format.unwrap_or(source.output());
            let folder = self.output.join(&image.within);
            (folder.join(name_in_folder(input, format)), format)
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

    /// Makes the folders for all results given out, if they go to one.
    ///
    /// # Errors
    /// The system refuses.
    pub fn prepare(&self) -> anyhow::Result<()> {
        if !self.folder {
            return Ok(());
        }
        let own = std::iter::once(&*self.output);
        for folder in own.chain(self.taken.keys().filter_map(|result| result.parent())) {
            std::fs::create_dir_all(folder).map_err(|error| {
                let folder = folder.display();
                anyhow!("{folder}: cannot create this folder ({error}); check the permissions or choose another folder")
            })?;
        }
        Ok(())
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
