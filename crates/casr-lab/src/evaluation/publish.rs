//! The report's files: Markdown, comma-separated values, JSON, charts and contact sheets.

use super::report::Report;
use super::sheet::{self, Sheet};
use super::{charts, table};
use anyhow::{anyhow, bail};
use casr_codec::write_whole;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The scale above which the report shows every level.
const LADDER_FROM: f64 = 8.0;

/// Where a report and its parts go: `quality.md` has its parts in the folder `quality` beside it.
#[derive(Clone, Debug)]
pub struct Place {
    file: PathBuf,
    folder: PathBuf,
}

impl Place {
    /// The place of a report in `file`.
    ///
    /// # Errors
    /// It is not named like a Markdown file.
    pub fn new(file: &Path) -> anyhow::Result<Self> {
        if file.extension().is_none_or(|extension| extension != "md") {
            bail!(
                "{}: a report is Markdown; name it so, such as quality.md",
                file.display()
            );
        }
        Ok(Self {
            file: file.to_owned(),
            folder: file.with_extension(""),
        })
    }

    /// The folder of the report's parts.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Writes a report, and into its folder, which is made, `scores.csv`, `report.json`, charts and
/// contact sheets. Files of these names are replaced.
///
/// # Errors
/// The folder cannot be made or written to.
pub fn publish(report: &Report, sheets: &[Sheet], place: &Place) -> anyhow::Result<()> {
    let Place { file, folder } = place;
    let on = |error: std::io::Error| {
        anyhow!(
            "{}: cannot be written ({error}); name another place",
            file.display()
        )
    };
    fs::create_dir_all(folder).map_err(on)?;
    let mut charts = charts::draw(report, folder)?;
    let mut names = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        let name = format!("sheet-{}.png", index + 1);
        sheet::draw(sheet, &folder.join(&name))?;
        names.push((sheet.title.clone(), name));
    }
    // Links from the report into its folder.
    let inside = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for chart in &mut charts {
        *chart = Path::new(&inside).join(&chart);
    }
    let charts: Vec<String> = charts
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    for (_, name) in &mut names {
        *name = format!("{inside}/{name}");
    }
    write_whole(
        &folder.join("scores.csv"),
        comma_separated(report).as_bytes(),
    )
    .map_err(on)?;
    let json = serde_json::to_vec_pretty(report)?;
    write_whole(&folder.join("report.json"), &json).map_err(on)?;
    write_whole(file, markdown(report, &charts, &names).as_bytes()).map_err(on)
}

fn markdown(report: &Report, charts: &[String], sheets: &[(String, String)]) -> String {
    let mut text = format!("# Evaluation\n\n```sh\n{}\n```\n\n", report.command);
    text += "Images are cropped to a multiple of the scale, shrunk by MATLAB's antialiased bicubic to 8 bits, enlarged by every \
             method, and compared. Means over the images of a set; bold is best.\n\n";
    for metric in &report.metrics {
        let better = if metric.higher_is_better() {
            "higher"
        } else {
            "lower"
        };
        let _ = writeln!(
            text,
            "- **{}** ({better} is better): {}.",
            metric.title(),
            metric.explanation()
        );
    }
    text += "- **s/MP**, **MB**: time for a megapixel of results, and the most memory an enlargement held beyond what the program \
             held before; of external programs, with their start and files, and all their memory.\n";
    if !report.parameters.is_empty() {
        let counts = report.parameters.iter();
        let counts = counts.map(|(method, count)| format!("{method} {:.3} M", *count as f64 / 1e6));
        let counts: Vec<String> = counts.collect();
        let _ = writeln!(text, "- Parameters: {}.", counts.join(", "));
    }
    for remark in &report.remarks {
        let _ = writeln!(text, "- {remark}.");
    }
    for set in &report.sets {
        let _ = writeln!(text, "\n## {set}");
        for &scale in &report.scales {
            let tables = [
                table::of(report, set, scale),
                table::ladder(report, set, scale).filter(|_| scale > LADDER_FROM),
            ];
            for table in tables.into_iter().flatten() {
                let _ = write!(text, "\n{}\n\n{}", table.title, table.markdown());
            }
        }
    }
    if !charts.is_empty() {
        text += "\n## Charts\n";
        for chart in charts {
            let _ = write!(text, "\n![{chart}]({chart})\n");
        }
    }
    if !sheets.is_empty() {
        text += "\n## Contact sheets\n\nThe busiest part of each image, pixels enlarged.\n";
        for (title, name) in sheets {
            let _ = write!(text, "\n{title}:\n\n![{title}]({name})\n");
        }
    }
    if !report.left_out.is_empty() {
        text += "\n## Left out\n\nImages too small for a scale:\n\n";
        for entry in &report.left_out {
            let _ = writeln!(text, "- {} ×{}: {}", entry.set, entry.scale, entry.images);
        }
    }
    if !report.failures.is_empty() {
        text += "\n## Failed\n\n";
        for failure in &report.failures {
            let scale = failure
                .scale
                .map_or(String::new(), |scale| format!(" ×{scale}"));
            let _ = writeln!(text, "- {}{scale}: {}", failure.set, failure.message);
        }
    }
    text
}

/// A line for every result.
fn comma_separated(report: &Report) -> String {
    let metrics = report.metrics.iter().map(|metric| metric.name());
    let head = ["set", "image", "scale", "method"]
        .into_iter()
        .chain(metrics);
    let mut text = head
        .chain(["seconds", "peak_bytes"])
        .collect::<Vec<_>>()
        .join(",");
    for record in &report.records {
        let measured = &record.measured;
        let mut line = vec![
            quoted(&record.set),
            quoted(&record.image),
            record.scale.to_string(),
            quoted(&record.method),
        ];
        for metric in &report.metrics {
            let score = measured.scores.get(metric);
            line.push(score.map_or(String::new(), |score| format!("{score:.6}")));
        }
        line.push(format!("{:.4}", measured.seconds));
        line.push(
            measured
                .peak_bytes
                .map_or(String::new(), |bytes| bytes.to_string()),
        );
        text += "\n";
        text += &line.join(",");
    }
    text + "\n"
}

/// A value that may hold commas.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}
