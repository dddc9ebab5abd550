//! Taking every image at every scale through every method.

use super::cache::{Cache, Region, digest};
use super::files::colours;
use super::meter::{Meter, Task};
use super::method::Method;
use super::report::{Failure, LeftOut, Measured, Record, Report};
use super::sheet::{Sheet, SheetRow, busiest};
use super::table;
use anyhow::{Context, anyhow};
use casr_cli::Progress;
use casr_cli::{console, interrupt};
use casr_codec::{Limits, read};
use casr_metrics::{MetricsError, Protocol, RgbImage, nearest};
use casr_train::DegradationModel;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Pixels a side that an input must have to be worth enlarging.
const SMALLEST_INPUT: usize = 4;

/// Images of a set on a contact sheet, at most.
const SHEET_ROWS: usize = 4;

/// Pixels of the input a side that a contact sheet shows, as far as the pixels of the truth are in
/// bounds.
const SHEET_INPUT_SIDE: f64 = 24.0;
const SHEET_SIDES: RangeInclusive<usize> = 96..=256;

/// Images that are measured together.
pub struct ImageSet {
    /// Its name in reports.
    pub name: String,
    /// Its files.
    pub images: Vec<PathBuf>,
    /// Whether it is to have contact sheets.
    pub sheet: bool,
    /// What happens to the inputs beside being shrunk.
    pub degradation: DegradationModel,
}

impl ImageSet {
    /// The same images, degraded, as a set of their own.
    pub fn degraded(&self, degradation: DegradationModel) -> Self {
        let name = if degradation == DegradationModel::default() {
            self.name.clone()
        } else {
            format!("{} {degradation}", self.name)
        };
        Self {
            name,
            images: self.images.clone(),
            sheet: self.sheet,
            degradation,
        }
    }
}

/// What to do.
pub struct Evaluation {
    /// The images.
    pub sets: Vec<ImageSet>,
    /// The scales.
    pub scales: Vec<f64>,
    /// The methods.
    pub methods: Vec<Method>,
    /// What measures.
    pub meter: Meter,
    /// Measurements of earlier runs.
    pub cache: Cache,
    /// Limits of the files read.
    pub limits: Limits,
    /// Whether to show no progress.
    pub quiet: bool,
}

/// What an image is at a scale.
struct Case<'a> {
    path: &'a Path,
    scale: f64,
    degradation: DegradationModel,
    /// Digest of the file.
    digest: String,
    image: RgbImage,
    /// Made when it is needed first.
    task: Option<Task>,
}

/// Measures everything and prints a table for every set and scale. None where Ctrl-C came.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(
    evaluation: &Evaluation,
    mut report: Report,
) -> anyhow::Result<Option<(Report, Vec<Sheet>)>> {
    let mut sheets = Vec::new();
    for set in &evaluation.sets {
        for &scale in &evaluation.scales {
            let progress = Progress::new(&format!("{} ×{scale}", set.name), evaluation.quiet);
            let total = (set.images.len() * evaluation.methods.len()) as u64;
            let mut done = 0;
            let mut sheet = evaluation.sheet(set, scale);
            for path in &set.images {
                progress.update(done, total);
                let fail = |report: &mut Report, method: Option<&Method>, error: anyhow::Error| {
                    let message = match method {
                        Some(method) => format!("{}: {}: {error:#}", path.display(), method.name),
                        None => format!("{error:#}"),
                    };
                    progress.suspend(|| console::failure(&anyhow!(message.clone())));
                    report.failures.push(Failure {
                        set: set.name.clone(),
                        image: file_name(path),
                        scale: Some(scale),
                        method: method.map(|method| method.name.clone()),
                        message,
                    });
                };
                let mut case = match Case::new(path, scale, set.degradation, &evaluation.limits) {
                    Ok(Some(case)) => case,
                    Ok(None) => {
                        leave_out(&mut report, &set.name, scale);
                        continue;
                    }
                    Err(error) => {
                        fail(&mut report, None, error);
                        continue;
                    }
                };
                // Only a sheet needs the busiest part of the image.
                let region = match &sheet {
                    Some(sheet) if sheet.rows.len() < SHEET_ROWS => Some(case.region()),
                    _ => None,
                };
                let mut row = region.map(|region| case.row(region)).transpose()?;
                for method in &evaluation.methods {
                    if interrupt::requested() {
                        return Ok(None);
                    }
                    match evaluation.measure(&mut case, method, region) {
                        Ok((measured, crop)) => {
                            if let Some(row) = &mut row {
                                row.cells.push(crop);
                            }
                            report.records.push(Record {
                                set: set.name.clone(),
                                image: file_name(path),
                                scale,
                                method: method.name.clone(),
                                measured,
                            });
                        }
                        Err(_) if interrupt::requested() => return Ok(None),
                        Err(error) => {
                            if let Some(row) = &mut row {
                                row.cells.push(None);
                            }
                            fail(&mut report, Some(method), error);
                        }
                    }
                    done += 1;
                    progress.update(done, total);
                }
                if let (Some(sheet), Some(row)) = (&mut sheet, row) {
                    sheet.rows.push(row);
                }
            }
            drop(progress);
            if let Some(table) = table::of(&report, &set.name, scale) {
                console::print(&format!("{}\n{}\n", table.title, table.text()))?;
            }
            sheets.extend(sheet.filter(|sheet| !sheet.rows.is_empty()));
        }
    }
    Ok(Some((report, sheets)))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Counts an image that is too small for a scale.
fn leave_out(report: &mut Report, set: &str, scale: f64) {
    let mut entries = report.left_out.iter_mut();
    match entries.find(|entry| entry.set == set && entry.scale == scale) {
        Some(entry) => entry.images += 1,
        None => report.left_out.push(LeftOut {
            set: set.to_owned(),
            scale,
            images: 1,
        }),
    }
}

impl Evaluation {
    /// The contact sheet to be filled for a set at a scale.
    fn sheet(&self, set: &ImageSet, scale: f64) -> Option<Sheet> {
        let methods = self.methods.iter().map(|method| method.name.clone());
        set.sheet.then(|| Sheet {
            title: format!("{} ×{scale}", set.name),
            columns: ["truth", "input"]
                .map(str::to_owned)
                .into_iter()
                .chain(methods)
                .collect(),
            rows: Vec::new(),
        })
    }

    /// What a method makes of a case, measured, and its crop to the region that the contact sheet
    /// shows.
    fn measure(
        &self,
        case: &mut Case,
        method: &Method,
        region: Option<Region>,
    ) -> anyhow::Result<(Measured, Option<RgbImage>)> {
        let scale = case.scale.to_string();
        let key = Cache::key(&[
            &case.digest,
            &scale,
            &case.degradation.to_string(),
            &method.identity(),
            self.meter.identity(),
        ]);
        let metrics = self.meter.metrics();
        if let Some(measured) = self.cache.load(&key, metrics) {
            let Some(region) = region else {
                return Ok((measured, None));
            };
            if let Some(image) = self.cache.load_crop(&key, region) {
                return Ok((measured, Some(image)));
            }
        }
        let task = case.task()?;
        let made = method.enlarge(&task.input, &task.truth)?;
        let measured = self.meter.measure(task, &made)?;
        self.cache.store(&key, metrics, &measured);
        let (Some(region), Some(result)) = (region, made.levels.last()) else {
            return Ok((measured, None));
        };
        let crop = result.crop(region.0, region.1)?;
        self.cache.store_crop(&key, region, &crop);
        Ok((measured, Some(crop)))
    }
}

impl<'a> Case<'a> {
    /// Reads an image; none if it is too small for the scale.
    fn new(
        path: &'a Path,
        scale: f64,
        degradation: DegradationModel,
        limits: &Limits,
    ) -> anyhow::Result<Option<Self>> {
        let picture = read(path, limits)?;
        let image = colours(picture).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        let small = match Protocol::new(image.size(), scale) {
            Ok(protocol) => protocol.input.0.min(protocol.input.1) < SMALLEST_INPUT,
            Err(MetricsError::Scale { .. }) => true,
            Err(error) => return Err(error.into()),
        };
        if small {
            return Ok(None);
        }
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        Ok(Some(Self {
            path,
            scale,
            degradation,
            digest: digest(&bytes),
            image,
            task: None,
        }))
    }

    fn task(&mut self) -> anyhow::Result<&mut Task> {
        let task = match self.task.take() {
            Some(task) => task,
            None => Task::new(&self.image, self.scale, self.degradation)?,
        };
        Ok(self.task.insert(task))
    }

    /// The part of the truth that a contact sheet shows: corner and size.
    fn region(&self) -> Region {
        let Ok(protocol) = Protocol::new(self.image.size(), self.scale) else {
            return ((0, 0), self.image.size());
        };
        let side = (SHEET_INPUT_SIDE * self.scale) as usize;
        let side = side.clamp(*SHEET_SIDES.start(), *SHEET_SIDES.end());
        let size = (side.min(protocol.truth.0), side.min(protocol.truth.1));
        let place = busiest(&self.image, side);
        let fit = |place: usize, side: usize, whole: usize| place.min(whole - side);
        let corner = (
            fit(place.0, size.0, protocol.truth.0),
            fit(place.1, size.1, protocol.truth.1),
        );
        (corner, size)
    }

    /// The row of a contact sheet, with the truth and the input.
    fn row(&mut self, (corner, size): Region) -> anyhow::Result<SheetRow> {
        let label = file_name(self.path);
        let task = self.task()?;
        let input = nearest(&task.input, task.truth.size())?;
        Ok(SheetRow {
            label,
            cells: vec![
                Some(task.truth.crop(corner, size)?),
                Some(input.crop(corner, size)?),
            ],
        })
    }
}
