//! Work that is kept until a result is whole: its finished tiles, each a PNG in a folder beside the
//! result, so that a run that is killed can be gone on with, and several machines can share one.

use anyhow::{Context, anyhow, bail};
use casr_codec::{Format, Header, Limits, Options, Samples, Source, Writer, read, shown};
use casr_zoom::Rectangle;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// What the folder's name has more than the result's.
const SUFFIX: &str = ".casr";

/// The file that says what the work is.
const WORK: &str = "work.json";

/// What makes two runs one work: what it is called for people, and its value; the most telling
/// first.
pub type Identity = Vec<(&'static str, String)>;

/// Finished tiles of a result.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    /// What messages call the result.
    output: PathBuf,
}

/// How much of a result is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Tiles that are finished.
    pub done: usize,
    /// All tiles.
    pub total: usize,
}

impl Share {
    /// In whole percent, rounded down.
    pub fn percent(self) -> usize {
        self.done * 100 / self.total.max(1)
    }
}

impl Kept {
    /// The folder for the work on `output`.
    pub fn folder_of(output: &Path) -> PathBuf {
        let mut name = output.file_name().map(OsString::from).unwrap_or_default();
        name.push(SUFFIX);
        output.with_file_name(name)
    }

    /// Whether an earlier run has left work on `output`.
    pub fn is_there(output: &Path) -> bool {
        Self::is_folder(&Self::folder_of(output))
    }

    /// Whether a folder holds such work.
    pub fn is_folder(folder: &Path) -> bool {
        folder.join(WORK).is_file()
    }

    /// What an earlier run that has left work on `output` says of it; none where there is no such
    /// work, or its file is damaged.
    pub fn said(output: &Path, what: &str) -> Option<String> {
        let bytes = fs::read(Self::folder_of(output).join(WORK)).ok()?;
        let mut said: BTreeMap<String, String> = serde_json::from_slice(&bytes).ok()?;
        said.remove(what)
    }

    /// Forgets what an earlier run has left of `output`.
    ///
    /// # Errors
    /// The system refuses.
    pub fn discard(output: &Path) -> anyhow::Result<()> {
        let kept = Self {
            folder: Self::folder_of(output),
            output: output.to_owned(),
        };
        kept.remove()
    }

    /// The work on `output`, which an earlier run may have begun.
    ///
    /// # Errors
    /// That was other work, which the message says, or the system refuses.
    pub fn open(output: &Path, identity: &Identity) -> anyhow::Result<Self> {
        let kept = Self {
            folder: Self::folder_of(output),
            output: output.to_owned(),
        };
        let place = || {
            format!(
                "{}: cannot keep work there; check the permissions and the room",
                shown(&kept.folder)
            )
        };
        match fs::create_dir(&kept.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(place);
            }
            _ => {}
        }
        let path = kept.folder.join(WORK);
        match fs::read(&path) {
            Ok(bytes) => kept.compare(&bytes, identity)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let work: BTreeMap<_, _> = identity.iter().cloned().collect();
                let text = serde_json::to_vec_pretty(&work)?;
                // Of runs that begin at a time, the last one's file stays: they are compared below.
                casr_codec::write_whole(&path, &text).with_context(place)?;
                let bytes = fs::read(&path).with_context(place)?;
                kept.compare(&bytes, identity)?;
            }
            Err(error) => return Err(error).with_context(place),
        }
        Ok(kept)
    }

    /// Refuses other work.
    fn compare(&self, bytes: &[u8], identity: &Identity) -> anyhow::Result<()> {
        let folder = shown(&self.folder);
        let there: BTreeMap<String, String> = serde_json::from_slice(bytes).map_err(|_| {
            anyhow!("{folder}: {WORK} is damaged; remove this folder to begin anew")
        })?;
        let differing = identity.iter().find_map(|(what, value)| {
            let other = there.get(*what).map_or("none", String::as_str);
            (other != value).then(|| format!("{what}: {other} there, {value} now"))
        });
        match differing {
            None => Ok(()),
            Some(why) => bail!(
                "{}: the work kept in {folder} is another ({why}); repeat what began it, or remove that folder to begin anew",
                shown(&self.output)
            ),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn tile(&self, (x, y): (usize, usize)) -> PathBuf {
        self.folder.join(format!("{y:06}-{x:06}.png"))
    }

    /// Those of some tiles that are not finished.
    pub fn missing(&self, tiles: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let tiles = tiles.iter().copied();
        tiles.filter(|tile| !self.tile(*tile).is_file()).collect()
    }

    /// How many of some tiles are finished.
    pub fn share(&self, tiles: &[(usize, usize)]) -> Share {
        let total = tiles.len();
        Share {
            done: total - self.missing(tiles).len(),
            total,
        }
    }

    /// Keeps a tile, on the disk when this returns. `header` says what kind of samples `rows`
    /// holds.
    ///
    /// # Errors
    /// The system refuses.
    pub fn put(&self, tile: (usize, usize), header: Header, rows: &[f32]) -> anyhow::Result<()> {
        let options = Options {
            overwrite: true,
            ..Options::default()
        };
        let mut writer = Writer::create(&self.tile(tile), Format::Png, header, options)?;
        writer.write_rows(rows)?;
        Ok(writer.finish()?)
    }

    /// The samples of a tile, 65,535 is full; `place` and `channels` say how many there are.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn take(
        &self,
        tile: (usize, usize),
        place: Rectangle,
        channels: usize,
    ) -> anyhow::Result<Vec<u16>> {
        let path = self.tile(tile);
        let picture = read(Source::File(&path), &Limits::default()).with_context(|| {
            format!(
                "{}: a finished tile cannot be read; remove it to have it made again",
                shown(&path)
            )
        })?;
        let colours = picture.colour.channels();
        let has_alpha = picture.alpha.is_some();
        if (picture.width, picture.height) != (place.width, place.height)
            || colours + usize::from(has_alpha) != channels
        {
            bail!(
                "{}: a finished tile is of another size; remove it to have it made again",
                shown(&path)
            );
        }
        let full = |samples: &Samples, index: usize| match samples {
            Samples::Eight(samples) => u16::from(samples[index]) * 257,
            Samples::Sixteen(samples) => samples[index],
            Samples::Float(samples) => (samples[index] * f32::from(u16::MAX)).round() as u16,
        };
        let mut samples = Vec::with_capacity(place.width * place.height * channels);
        for index in 0..place.width * place.height {
            let colours = index * colours..(index + 1) * colours;
            samples.extend(colours.map(|index| full(&picture.pixels, index)));
            samples.extend(picture.alpha.as_ref().map(|alpha| full(alpha, index)));
        }
        Ok(samples)
    }

    /// Removes all that was kept.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self) -> anyhow::Result<()> {
        // The file that makes it a work goes first: what a failure leaves is no work any more.
        let removed = match fs::remove_file(self.folder.join(WORK)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::remove_dir_all(&self.folder),
        };
        removed.with_context(|| {
            format!(
                "{}: cannot remove this folder; it is not needed any more",
                shown(&self.folder)
            )
        })
    }
}
