//! Tables of means, for people.

use super::metric::Metric;
use super::report::{Means, Report};

/// A table.
pub struct Table {
    /// What it shows.
    pub title: String,
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Default)]
struct Cell {
    text: String,
    /// Whether no other row has a better value.
    best: bool,
}

/// The means of all methods over a set at a scale; none where there is no result.
pub fn of(report: &Report, set: &str, scale: f64) -> Option<Table> {
    let means: Vec<(&String, Means)> = (report.methods.iter())
        .filter_map(|method| Some((method, report.means(set, scale, method)?)))
        .collect();
    let images = means.iter().map(|(_, means)| means.images).max()?;
    let titles = report.metrics.iter().map(|metric| metric.title());
    let head = ["method"].into_iter().chain(titles).chain(["s/MP", "MB"]);
    let best = report.metrics.iter().map(|&metric| best(&means, metric));
    let best: Vec<Option<String>> = best.collect();
    let rows = means.iter().map(|(method, means)| {
        let mut row = vec![Cell::of((*method).clone())];
        for (&metric, best) in report.metrics.iter().zip(&best) {
            let text = means
                .scores
                .get(&metric)
                .map(|&value| number(metric, value));
            let is_best = text.is_some() && text == *best;
            row.push(Cell {
                text: text.unwrap_or_else(|| "–".to_owned()),
                best: is_best,
            });
        }
        row.push(Cell::of(format!("{:.2}", means.seconds_per_megapixel)));
        let megabytes = means
            .peak_bytes
            .map(|bytes| format!("{:.0}", bytes as f64 / 1e6));
        row.push(Cell::of(megabytes.unwrap_or_else(|| "–".to_owned())));
        row
    });
    Some(Table {
        title: format!(
            "{set} ×{scale}, {images} image{}",
            if images == 1 { "" } else { "s" }
        ),
        head: head.map(str::to_owned).collect(),
        rows: rows.collect(),
    })
}

/// The ladder: PSNR on luma and drift of every level on the way to a large scale; none where no
/// method takes two steps.
pub fn ladder(report: &Report, set: &str, scale: f64) -> Option<Table> {
    let means = report.methods.iter().filter_map(|method| {
        let means = report.means(set, scale, method)?;
        Some((method, means.levels))
    });
    let means: Vec<_> = means.collect();
    let steps = means.iter().map(|(_, levels)| levels.len()).max()?;
    if steps < 2 {
        return None;
    }
    let rows = means.into_iter().map(|(method, levels)| {
        let mut row = vec![Cell::of(method.clone())];
        row.extend(levels.iter().map(|level| {
            let psnr = level
                .psnr_y
                .map_or("–".to_owned(), |psnr| format!("{psnr:.2}"));
            Cell::of(format!("×{:.2}: {psnr} / {:.3}", level.scale, level.drift))
        }));
        row.resize(steps + 1, Cell::default());
        row
    });
    let levels = (1..=steps).map(|level| format!("level {level}"));
    Some(Table {
        title: format!(
            "{set} ×{scale}, level by level: scale, PSNR-Y and drift from the level below"
        ),
        head: ["method".to_owned()].into_iter().chain(levels).collect(),
        rows: rows.collect(),
    })
}

/// The best value of a metric as it is written, where methods differ.
fn best(means: &[(&String, Means)], metric: Metric) -> Option<String> {
    let values = means
        .iter()
        .filter_map(|(_, means)| means.scores.get(&metric).copied());
    let values: Vec<f64> = values.collect();
    let choose = if metric.higher_is_better() {
        f64::max
    } else {
        f64::min
    };
    let best = number(metric, values.iter().copied().reduce(choose)?);
    let differ = values.iter().any(|&value| number(metric, value) != best);
    differ.then_some(best)
}

fn number(metric: Metric, value: f64) -> String {
    format!("{value:.*}", metric.decimals())
}

impl Cell {
    fn of(text: String) -> Self {
        Self { text, best: false }
    }
}

impl Table {
    /// In columns of text.
    pub fn text(&self) -> String {
        let length = |text: &str| text.chars().count();
        let mut widths: Vec<usize> = self.head.iter().map(|head| length(head)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(length(&cell.text));
            }
        }
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (index, (cell, &width)) in cells.zip(&widths).enumerate() {
                let gap = " ".repeat(width - length(cell));
                // Names to the left, numbers to the right.
                let (before, after) = if index == 0 { ("", &*gap) } else { (&*gap, "") };
                line += &format!(
                    "{}{before}{cell}{after}",
                    if index == 0 { "" } else { "  " }
                );
            }
            format!("{}\n", line.trim_end())
        };
        let mut text = line(&mut self.head.iter().map(String::as_str));
        for row in &self.rows {
            text += &line(&mut row.iter().map(|cell| &*cell.text));
        }
        text
    }

    /// As Markdown, the best values bold.
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rules = (0..self.head.len()).map(|index| if index == 0 { "---" } else { "---:" });
        let mut text = line(self.head.clone());
        text += &line(rules.map(str::to_owned).collect());
        for row in &self.rows {
            let cells = row.iter().map(|cell| {
                let plain = cell.text.replace('|', "\\|");
                if cell.best {
                    format!("**{plain}**")
                } else {
                    plain
                }
            });
            text += &line(cells.collect());
        }
        text
    }
}
