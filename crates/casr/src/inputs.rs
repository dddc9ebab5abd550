//! Which images to enlarge: files, what folders hold, and standard input.

use crate::kept::Kept;
use anyhow::{Context, anyhow, bail};
use casr_cli::console::Usage;
use casr_codec::{CodecError, Source, contents_of, is_tile_set, shown};
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What messages call standard input.
pub const STANDARD_INPUT: &str = "standard input";

/// Where an image comes from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input's content: it can be read only once.
    Standard(Arc<[u8]>),
}

impl Input {
    /// Takes all of standard input.
    fn standard() -> anyhow::Result<Self> {
        let mut input = io::stdin().lock();
        if input.is_terminal() {
            bail!(Usage(format!(
                "{STANDARD_INPUT}: this is a terminal; send an image into it, as in `casr … < photo.jpg`, or name a file"
            )));
        }
        let mut bytes = Vec::new();
        (input.read_to_end(&mut bytes))
            .with_context(|| format!("{STANDARD_INPUT}: cannot be read; name a file"))?;
        Ok(Self::Standard(bytes.into()))
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Standard(_) => None,
        }
    }

    /// What messages call it.
    pub fn name(&self) -> &Path {
        self.file().unwrap_or(Path::new(STANDARD_INPUT))
    }

    /// For the codec.
    pub fn source(&self) -> Source<'_> {
        match self {
            Self::File(path) => Source::File(path),
            Self::Standard(bytes) => Source::Bytes {
                name: Path::new(STANDARD_INPUT),
                bytes,
            },
        }
    }
}

/// An image to enlarge.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it comes from.
    pub input: Input,
    /// The folders between the input that it was found in and itself: its result goes into folders
    /// of these names.
    pub within: PathBuf,
}

/// What is not to be searched for images.
#[derive(Debug, Default)]
pub struct Search<'a> {
    /// Whether folders in folders are searched.
    pub recursive: bool,
    /// The folder that results go to: what it holds is results.
    pub output: Option<&'a Path>,
    /// How results' names end that stand beside their images: a file so named beside one without is
    /// a result.
    pub suffix: Option<&'a str>,
}

/// What inputs hold.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The images, in order. A folder without images is an error in its place.
    pub images: Vec<anyhow::Result<Found>>,
    /// What was left that may be an image, each with the reason: a user who deletes the originals
    /// has to know.
    pub left: Vec<anyhow::Error>,
    /// Files that are likely no images.
    pub others: Vec<PathBuf>,
    /// Results of earlier runs.
    pub results: Vec<PathBuf>,
}

impl Inputs {
    /// What `paths` name: files as they are, folders as the images in them, `-` as standard input.
    ///
    /// # Errors
    /// Standard input is a terminal, or named twice.
    pub fn find(paths: &[PathBuf], search: &Search) -> anyhow::Result<Self> {
        let mut inputs = Self::default();
        let standard = paths.iter().filter(|path| is_standard(path)).count();
        if standard > 1 {
            bail!(Usage(format!(
                "{STANDARD_INPUT}: it holds one image, so name it once"
            )));
        }
        let output = search.output.and_then(|output| output.canonicalize().ok());
        for path in paths {
            if is_standard(path) {
                inputs.images.push(Input::standard().map(Found::named));
            } else if path.is_dir() {
                let before = inputs.images.len() + inputs.results.len();
                match inputs.search(path, Path::new(""), search, output.as_deref()) {
                    Ok(()) if inputs.images.len() + inputs.results.len() == before => {
                        let path = path.clone();
                        inputs
                            .images
                            .push(Err(CodecError::NoImages { path }.into()));
                    }
                    Ok(()) => {}
                    Err(error) => inputs.images.push(Err(error.into())),
                }
            } else {
                inputs
                    .images
                    .push(Ok(Found::named(Input::File(path.clone()))));
            }
        }
        Ok(inputs)
    }

    fn search(
        &mut self,
        folder: &Path,
        within: &Path,
        search: &Search,
        output: Option<&Path>,
    ) -> Result<(), CodecError> {
        let contents = contents_of(folder)?;
        let (results, images) = match search.suffix {
            Some(suffix) => (contents.images.iter().cloned())
                .partition(|path| is_result(path, suffix, &contents.images)),
            None => (Vec::new(), contents.images),
        };
        self.results.extend(results);
        self.images.extend(images.into_iter().map(|path| {
            Ok(Found {
                input: Input::File(path),
                within: within.to_owned(),
            })
        }));
        for path in &contents.foreign {
            self.leave(
                path,
                "CASR does not read such files; convert it to TIFF or PNG first",
            );
        }
        for path in &contents.broken_links {
            self.leave(path, "it is a link to nothing");
        }
        self.others.extend(contents.others);
        for path in contents.folders {
            let name = path.file_name().unwrap_or_default();
            if output.is_some() && path.canonicalize().ok().as_deref() == output {
                continue;
            } else if is_tile_set(&path) || Kept::is_folder(&path) {
                self.results.push(path);
            } else if !search.recursive {
                self.leave(
                    &path,
                    "folders in folders are not searched; --recursive searches them",
                );
            } else if path.is_symlink() {
                self.leave(
                    &path,
                    "links to folders are not followed; name the folder itself",
                );
            } else {
                self.search(&path, &within.join(name), search, output)?;
            }
        }
        Ok(())
    }

    fn leave(&mut self, path: &Path, why: &str) {
        self.left.push(anyhow!("{}: left, as {why}", shown(path)));
    }
}

impl Found {
    /// What the command line names itself.
    fn named(input: Input) -> Self {
        Self {
            input,
            within: PathBuf::new(),
        }
    }
}

/// Whether a path of the command line means standard input or output. A file of that name is `./-`.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Whether a file is named as the result of another one beside it.
fn is_result(path: &Path, suffix: &str, beside: &[PathBuf]) -> bool {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_owned();
    let own = stem(path);
    let Some(original) = own.to_str().and_then(|stem| stem.strip_suffix(suffix)) else {
        return false;
    };
    (beside.iter()).any(|other| {
        let name = other.file_name();
        other != path && (stem(other) == original || name == Some(OsStr::new(original)))
    })
}
