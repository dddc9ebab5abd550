//! Charts of a report: every metric against the scale, and what happens level by level.

mod axis;
mod chart;
mod marks;
mod names;
mod picture;

use super::canvas::Lettering;
use super::report::{MeanLevel, Means, Report};
use axis::{Across, times};
use chart::{Chart, Line};
use names::Names;
use picture::Picture;
use std::path::{Path, PathBuf};

/// Levels are shown for scales above this one, the largest, so many at most.
const LARGEST_WITHOUT_LEVELS: f64 = 4.0;
const MOST_SCALES_WITH_LEVELS: usize = 4;
/// From above this scale on there are levels enough to show how PSNR falls with them.
const LARGEST_WITHOUT_LADDER: f64 = 8.0;

/// Draws a report's charts as PNG files into a folder, over older ones: for every set of images
/// `metrics-SET.png`, every metric against the scale, and `levels-SET.png`, drift at every step and
/// PSNR of every level. What has no data is not drawn. Gives the files' names.
///
/// # Errors
/// A file cannot be written.
pub fn draw(report: &Report, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let lettering = Lettering::new()?;
    let mut names = Names::default();
    let mut files = Vec::new();
    for set in &report.sets {
        let name = names.of(set);
        let results = Results::of(report, set);
        for (kind, picture) in [("metrics", results.metrics()), ("levels", results.levels())] {
            if let Some(canvas) = picture.draw(&report.methods, &lettering)? {
                let file = PathBuf::from(format!("{kind}-{name}.png"));
                canvas.save(&folder.join(&file))?;
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// What was found on a set of images.
struct Results<'a> {
    report: &'a Report,
    set: &'a str,
    /// Every scale, from the smallest on, and the means of every method that has results there.
    scales: Vec<(f64, Vec<Option<Means>>)>,
}

impl<'a> Results<'a> {
    fn of(report: &'a Report, set: &'a str) -> Self {
        let mut scales = report.scales.clone();
        scales.sort_by(f64::total_cmp);
        scales.dedup();
        let means = |scale| {
            let methods = report.methods.iter();
            methods
                .map(|method| report.means(set, scale, method))
                .collect()
        };
        let scales = scales.into_iter().map(|scale| (scale, means(scale)));
        Self {
            report,
            set,
            scales: scales.collect(),
        }
    }

    /// Every metric against the scale.
    fn metrics(&self) -> Picture {
        let charts = self.report.metrics.iter().map(|&metric| {
            let points = |method: usize| {
                let scales = self.scales.iter().map(|(scale, means)| {
                    let means = means[method].as_ref();
                    let score = means.and_then(|means| means.scores.get(&metric));
                    (*scale, score.copied())
                });
                scales.collect()
            };
            Chart {
                title: metric.title().to_owned(),
                note: better(metric.higher_is_better()),
                across: Across::Scales,
                lines: self.lines(points),
            }
        });
        let charts: Vec<Chart> = charts.filter(Chart::has_data).collect();
        let columns = match charts.len() {
            count @ 0..=3 => count.max(1),
            4 => 2,
            5..=9 => 3,
            _ => 4,
        };
        Picture {
            title: format!("{}: metrics by scale", self.set),
            rows: charts.chunks(columns).map(<[Chart]>::to_vec).collect(),
        }
    }

    /// Drift and PSNR level by level, a row of charts for each of the largest scales.
    fn levels(&self) -> Picture {
        let several = |means: &Means| means.levels.len() > 1;
        let scales = self.scales.iter().filter(|(scale, means)| {
            *scale > LARGEST_WITHOUT_LEVELS && means.iter().flatten().any(several)
        });
        let scales: Vec<_> = scales.collect();
        let largest = &scales[scales.len().saturating_sub(MOST_SCALES_WITH_LEVELS)..];
        let rows = largest
            .iter()
            .map(|(scale, means)| self.levels_of(*scale, means));
        Picture {
            title: format!("{}: level by level", self.set),
            rows: rows.filter(|row| !row.is_empty()).collect(),
        }
    }

    fn levels_of(&self, scale: f64, means: &[Option<Means>]) -> Vec<Chart> {
        type Point = fn(f64, &MeanLevel) -> (f64, Option<f64>);
        let chart = |title: &str, higher: bool, across: Across, point: Point| Chart {
            title: format!("{}: {title}", times(scale)),
            note: better(higher),
            across,
            lines: self.lines(|method| {
                let levels = means[method].iter().flat_map(|means| &means.levels);
                let steps = (1..).map(f64::from);
                steps
                    .zip(levels)
                    .map(|(step, level)| point(step, level))
                    .collect()
            }),
        };
        let mut charts = vec![
            chart("drift of colours", false, Across::Steps, |step, level| {
                (step, Some(level.drift))
            }),
            chart("drift of gradients", false, Across::Steps, |step, level| {
                (step, Some(level.drift_gradients))
            }),
        ];
        if scale > LARGEST_WITHOUT_LADDER {
            let ladder = |_, level: &MeanLevel| (level.scale, level.psnr_y);
            charts.push(chart("PSNR-Y of every level", true, Across::Levels, ladder));
        }
        charts.retain(Chart::has_data);
        charts
    }

    /// A line for every method.
    fn lines(&self, points: impl Fn(usize) -> Vec<(f64, Option<f64>)>) -> Vec<Line> {
        let methods = 0..self.report.methods.len();
        methods
            .map(|method| Line {
                method,
                points: points(method),
            })
            .collect()
    }
}

fn better(higher: bool) -> &'static str {
    if higher {
        "↑ higher is better"
    } else {
        "↓ lower is better"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::metric::Metric;
    use crate::evaluation::report::{Level, Measured, Record};
    use casr_codec::{Limits, read};
    use plotters::style::Color;

    /// A report of invented figures; `value` gives them for a metric of a method, by its place, at
    /// a scale.
    fn report(methods: usize, scales: &[f64], value: fn(Metric, usize, f64) -> f64) -> Report {
        let methods: Vec<String> = (0..methods).map(|method| format!("m{method}")).collect();
        let mut records = Vec::new();
        for &scale in scales {
            for (place, method) in methods.iter().enumerate() {
                let scores = Metric::ALL.map(|metric| (metric, value(metric, place, scale)));
                let levels = (0..=place).map(|level| Level {
                    width: 30 * (level + 1),
                    height: 20,
                    psnr_y: Some(value(Metric::PsnrY, place, scale)),
                    drift: value(Metric::Drift, place, scale),
                    drift_gradients: value(Metric::DriftGradients, place, scale),
                });
                records.push(Record {
                    set: "a set".to_owned(),
                    image: "image.png".to_owned(),
                    scale,
                    method: method.clone(),
                    measured: Measured {
                        scores: scores.into(),
                        seconds: 1.0,
                        peak_bytes: None,
                        levels: levels.collect(),
                    },
                });
            }
        }
        Report {
            sets: vec!["a set".to_owned()],
            scales: scales.to_vec(),
            methods,
            metrics: Metric::ALL.to_vec(),
            records,
            ..Report::default()
        }
    }

    fn plausible(_: Metric, method: usize, scale: f64) -> f64 {
        40.0 - 3.0 * scale.log2() + method as f64
    }

    /// Draws, reads every file again, and gives its name and the number of its pixels of the mark
    /// of every method.
    fn drawn(report: &Report) -> Vec<(String, Vec<usize>)> {
        let folder = tempfile::tempdir().unwrap();
        let files = draw(report, folder.path()).unwrap();
        assert_eq!(draw(report, folder.path()).unwrap(), files);
        let entries = folder.path().read_dir().unwrap();
        assert_eq!(entries.count(), files.len());
        let counts = files.iter().map(|file| {
            let picture = read(&folder.path().join(file), &Limits::default()).unwrap();
            let pixels = picture.pixels.into_f32();
            let methods = 0..report.methods.len();
            let counts = methods.map(|method| {
                let colour = marks::Mark::of(method).line().color.to_backend_color().rgb;
                let colour = [colour.0, colour.1, colour.2].map(|sample| f32::from(sample) / 255.0);
                let pixels = pixels.chunks(3);
                pixels.filter(|&pixel| pixel == colour).count()
            });
            (file.to_str().unwrap().to_owned(), counts.collect())
        });
        counts.collect()
    }

    #[test]
    fn every_method_is_seen() {
        let drawn = drawn(&report(12, &[2.0, 3.0, 4.0, 8.0, 16.0, 64.0], plausible));
        let names: Vec<&str> = drawn.iter().map(|file| file.0.as_str()).collect();
        assert_eq!(names, ["metrics-a_set.png", "levels-a_set.png"]);
        for (name, counts) in drawn {
            for (method, count) in counts.into_iter().enumerate() {
                assert!(count > 100, "{method} in {name}: {count} pixels");
            }
        }
    }

    #[test]
    fn a_point_is_seen_as_much_as_a_line() {
        let one = drawn(&report(1, &[4.0], plausible));
        assert_eq!(one.len(), 1);
        assert!(one[0].1[0] > 12 * 20, "{} pixels", one[0].1[0]);
        let two = drawn(&report(1, &[3.0, 4.0], plausible));
        assert!(two[0].1[0] > one[0].1[0] + 12 * 300);
    }

    #[test]
    fn nothing_is_drawn_without_data() {
        assert!(drawn(&Report::default()).is_empty());
        assert!(drawn(&report(0, &[4.0], plausible)).is_empty());
        assert!(drawn(&report(3, &[], plausible)).is_empty());
        for nothing in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(drawn(&report(3, &[nothing], plausible)).is_empty());
        }
        assert!(drawn(&report(3, &[2.0, 16.0], |_, _, _| f64::NAN)).is_empty());
        assert!(drawn(&report(3, &[2.0, 16.0], |_, _, _| f64::INFINITY)).is_empty());
    }

    #[test]
    fn odd_figures_are_drawn_too() {
        let values: [fn(Metric, usize, f64) -> f64; 5] = [
            |_, _, _| 0.0,
            |_, method, _| [f64::NAN, 1.0, f64::INFINITY][method],
            |_, method, scale| [-1e99, 1e99, 1e-300][method] * scale,
            |_, method, _| [f64::MAX, f64::MIN, 3.0][method],
            |_, _, scale| if scale == 16.0 { f64::NAN } else { -1e-9 },
        ];
        for value in values {
            assert_eq!(
                drawn(&report(3, &[1e-9, 9.0, 16.0, 1e12, 1e80], value)).len(),
                2
            );
        }
    }

    #[test]
    fn levels_are_drawn_above_four_times_where_there_are_several() {
        let names = |methods, scales| {
            let drawn = drawn(&report(methods, scales, plausible));
            drawn.into_iter().map(|file| file.0).collect::<Vec<_>>()
        };
        assert_eq!(names(3, &[2.0, 4.0]), ["metrics-a_set.png"]);
        assert_eq!(names(1, &[8.0, 16.0]), ["metrics-a_set.png"]);
        assert_eq!(names(2, &[4.5]).len(), 2);
        let report = report(2, &[4.0, 5.0, 6.0, 8.0, 9.0, 16.0], plausible);
        let rows = Results::of(&report, "a set").levels().rows;
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 2, 3, 3]);
        assert!(rows[0][0].title.starts_with("×6: "), "{}", rows[0][0].title);
    }
}
