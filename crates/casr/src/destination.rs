//! Where each result goes; what can be said against it before any work is done.

use crate::inputs::{Found, is_standard};
use anyhow::{anyhow, bail};
use casr_cli::console::Usage;
use casr_codec::{CodecError, Format, SourceFormat, is_tile_set, shown};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

/// What messages call standard output.
pub const STANDARD_OUTPUT: &str = "standard output";

/// Where a result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Into a file.
    File(PathBuf),
    /// To standard output.
    Standard,
}

impl Output {
    /// What messages call it.
    pub fn name(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Standard => Path::new(STANDARD_OUTPUT),
        }
    }
}

/// What the command line says of all results.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// A file, a folder, or `-`; none for results beside their images.
    pub output: Option<&'a Path>,
    /// How results' names end that an image gives, before the extension.
    pub suffix: &'a str,
    /// Overrules file names.
    pub format: Option<Format>,
    /// Whether results may replace files.
    pub overwrite: bool,
}

/// Where the results of a run go.
#[derive(Debug)]
pub struct Destination<'a> {
    wanted: Wanted<'a>,
    place: Place,
    /// The images themselves, by their canonical paths: no result may replace one.
    images: HashSet<PathBuf>,
    /// How many images would give their results the same name.
    stems: HashMap<(PathBuf, OsString), usize>,
    /// Results given out so far, each with its input.
    taken: HashMap<PathBuf, PathBuf>,
}

/// Where results go.
#[derive(Debug)]
enum Place {
    Standard,
    /// All into this file: there is one.
    File(PathBuf),
    /// Into this folder, under names that their images give.
    Folder(PathBuf),
    /// Into their images' folders, under names that these give.
    Beside,
}

/// A page of several: which, and how many there are.
pub type Page = (usize, usize);

impl<'a> Destination<'a> {
    /// For `images`, which are what `inputs` hold. The output is a folder if there are several
    /// inputs, if the input is a folder, if it is a folder already, or if it ends in a slash.
    ///
    /// # Errors
    /// Several results for what is a file, or is named like one; a terminal for an image; standard
    /// output for tiles; a suffix for a name that is given.
    pub fn new<'b>(
        wanted: Wanted<'a>,
        inputs: &[PathBuf],
        images: impl Iterator<Item = &'b Found>,
    ) -> anyhow::Result<Self> {
        let several = inputs.len() > 1 || inputs.iter().any(|input| input.is_dir());
        let place = match wanted.output {
            None => Place::Beside,
            Some(output) => match place(output, several)? {
                Place::Standard | Place::File(_) if !wanted.suffix.is_empty() => {
                    bail!(Usage(format!(
                        "{}: a suffix is for results that are named after their images; name a folder, or leave the suffix out",
                        shown(output)
                    )))
                }
                place => place,
            },
        };
        if let (Place::Standard, Some(format)) = (&place, wanted.format)
            && format.is_tiles()
        {
            bail!(Usage(format!(
                "{STANDARD_OUTPUT}: {format} is a folder of many files; name a file or folder for it"
            )));
        }
        let mut destination = Self {
            wanted,
            place,
            images: HashSet::new(),
            stems: HashMap::new(),
            taken: HashMap::new(),
        };
        for image in images {
            let Some(path) = image.input.file() else {
                continue;
            };
            destination.images.extend(path.canonicalize().ok());
            let stem = path.file_stem().unwrap_or_default().to_owned();
            let key = (destination.folder_of(image, path), stem);
            *destination.stems.entry(key).or_default() += 1;
        }
        Ok(destination)
    }

    /// The folder that an image's result goes to, if results are named after their images.
    fn folder_of(&self, image: &Found, path: &Path) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.join(&image.within),
            _ => path.parent().map(Path::to_owned).unwrap_or_default(),
        }
    }

    /// Where the result of an image goes, or of one of its pages, and its format; `source` is the
    /// image's. Judged as far as names and folders go.
    ///
    /// # Errors
    /// The format is unknown, the result exists, another input has the same result, or it would
    /// replace an input.
    pub fn of(
        &mut self,
        image: &Found,
        source: SourceFormat,
        page: Option<Page>,
    ) -> anyhow::Result<(Output, Format)> {
        let input = image.input.name();
        let by_image = self.wanted.format.unwrap_or(source.output());
        let (path, format) = match &self.place {
            Place::Standard if page.is_some() => bail!(
                "{}: several pages do not fit into {STANDARD_OUTPUT}; choose one, or name a folder",
                shown(input)
            ),
            Place::Standard => return Ok((Output::Standard, by_image)),
            Place::File(file) => {
                let format = match self.wanted.format {
                    Some(format) => format,
                    None => Format::from_path(file)?,
                };
                (file.with_file_name(numbered(file, page)), format)
            }
            Place::Folder(_) | Place::Beside => {
                let Some(file) = image.input.file() else {
                    bail!(Usage(format!(
                        "{}: it gives its result no name; name a file for it",
                        input.display()
                    )));
                };
                let folder = self.folder_of(image, file);
                (
                    folder.join(self.name(file, &folder, by_image, page)),
                    by_image,
                )
            }
        };
        let path = self.take(input, path)?;
        if let Some(tiles) = format.tiles_beside(&path) {
            self.check_free(&tiles)?;
        }
        Ok((Output::File(path), format))
    }

    /// Checks that nothing is there that must not be replaced.
    fn check_free(&self, path: &Path) -> anyhow::Result<()> {
        if path.exists() && !self.wanted.overwrite {
            let path = path.to_owned();
            return Err(CodecError::OutputExists { path }.into());
        }
        Ok(())
    }

    /// Notes a result's file, if nothing stands against it.
    fn take(&mut self, input: &Path, path: PathBuf) -> anyhow::Result<PathBuf> {
        if path
            .canonicalize()
            .is_ok_and(|existing| self.images.contains(&existing))
        {
            bail!(
                "{}: the result would replace an image to enlarge; choose another name or folder, or give results a --suffix",
                shown(&path)
            );
        }
        self.check_free(&path)?;
        if let Some(other) = self.taken.get(&path) {
            bail!(
                "{}: its result {} is also that of {}; enlarge them into different folders",
                shown(input),
                shown(&path),
                shown(other)
            );
        }
        self.taken.insert(path.clone(), input.to_owned());
        Ok(path)
    }

    /// The name of an image's result.
    fn name(&self, image: &Path, folder: &Path, format: Format, page: Option<Page>) -> OsString {
        let stem = image.file_stem().unwrap_or_default();
        let key = (folder.to_owned(), stem.to_owned());
        let shared = self.stems.get(&key).is_some_and(|count| *count > 1);
        let suffix = format!("{}{}", self.wanted.suffix, number(page));
        format.result_name(image, shared, &suffix)
    }

    /// Makes the folders for all results given out, if they go to one.
    ///
    /// # Errors
    /// The system refuses.
    pub fn prepare(&self) -> anyhow::Result<()> {
        let Place::Folder(folder) = &self.place else {
            return Ok(());
        };
        let own = std::iter::once(&**folder);
        for folder in own.chain(self.taken.keys().filter_map(|result| result.parent())) {
            std::fs::create_dir_all(folder).map_err(|error| {
                let folder = shown(folder);
                anyhow!("{folder}: cannot create this folder ({error}); check the permissions or choose another folder")
            })?;
        }
        Ok(())
    }
}

/// Which place an output names.
fn place(output: &Path, several: bool) -> anyhow::Result<Place> {
    if is_standard(output) {
        if several {
            bail!(Usage(format!(
                "{STANDARD_OUTPUT}: it takes one image; name a folder for several"
            )));
        }
        if io::stdout().is_terminal() {
            bail!(Usage(format!(
                "{STANDARD_OUTPUT}: this is a terminal; send it on, as in `casr … > big.png`, or name a file"
            )));
        }
        return Ok(Place::Standard);
    }
    let slash = (output.as_os_str().to_string_lossy()).ends_with(std::path::is_separator);
    // A folder of tiles is a result as a file is.
    let is_folder = output.is_dir() && !is_tile_set(output);
    let is_named =
        SourceFormat::from_extension(output).is_some() || Format::from_path(output).is_ok();
    let is_file = !is_folder && (output.exists() || is_named);
    if several && is_file && !slash {
        bail!(Usage(format!(
            "{}: several images need a folder here; name a folder, with a slash at its end",
            shown(output)
        )));
    }
    Ok(if several || slash || is_folder {
        Place::Folder(output.to_owned())
    } else {
        Place::File(output.to_owned())
    })
}

/// A file's name with the page's number in it.
fn numbered(file: &Path, page: Option<Page>) -> OsString {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(number(page));
    if let Some(extension) = file.extension() {
        name.push(".");
        name.push(extension);
    }
    name
}

/// What a page's number adds to a name: `-07` of 12.
fn number(page: Option<Page>) -> String {
    page.map_or_else(String::new, |(number, count)| {
        let digits = count.to_string().len();
        format!("-{number:0digits$}")
    })
}
