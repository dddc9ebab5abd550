//! Contact sheets: crops of results side by side, a row for every image and a column for every
//! method.

use super::canvas::{Canvas, Lettering};
use casr_metrics::RgbImage;
use casr_net::LUMA;
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::path::Path;

/// Crops are shown as wide as this, pixels, or as much narrower as whole pixels demand.
const CELL: usize = 256;
/// White between crops and around the sheet, pixels.
const GAP: usize = 4;
const MARGIN: usize = 16;
/// Pixels for the title and for the columns' heads.
const TITLE: usize = 40;
const HEAD: usize = 24;
/// The widest that the rows' labels get, pixels.
const LABELS: f64 = 220.0;
/// Height of a line of a label, pixels.
const LINE: usize = 18;
/// Width and height of what stands for crops in a row that has none, pixels.
const EMPTY: (usize, usize) = (192, 64);
/// Sizes of text.
const LARGE: f64 = 18.0;
const SMALL: f64 = 13.0;

const INK: RGBColor = RGBColor(30, 30, 30);
/// What stands for a missing crop, and what is written on it.
const GREY: RGBColor = RGBColor(215, 215, 215);
const FAILED: &str = "failed";

/// A sheet of crops.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What it shows.
    pub title: String,
    /// The columns' heads.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<SheetRow>,
}

/// A row of crops.
#[derive(Clone, Debug)]
pub struct SheetRow {
    /// What it shows; it may have several lines.
    pub label: String,
    /// A crop for every column, all of the same size; none where there is no result.
    pub cells: Vec<Option<RgbImage>>,
}

/// Draws a sheet as a PNG file, over an older one.
///
/// # Errors
/// The file cannot be written.
pub fn draw(sheet: &Sheet, path: &Path) -> anyhow::Result<()> {
    let lettering = Lettering::new()?;
    let layout = Layout::of(sheet, &lettering);
    let mut canvas = Canvas::new(layout.size, lettering.clone());
    let left_middle = Pos::new(HPos::Left, VPos::Center);
    let middle = Pos::new(HPos::Center, VPos::Center);

    let room = layout.size.0 - 2 * MARGIN;
    let title = lettering.shortened(&sheet.title, LARGE, room as f64);
    canvas.write(
        &title,
        LARGE,
        INK,
        (MARGIN, MARGIN + TITLE / 3),
        left_middle,
    );
    for (index, head) in sheet.columns.iter().enumerate() {
        let head = lettering.shortened(head, SMALL, layout.column as f64);
        let place = (
            layout.left(index) + layout.column / 2,
            MARGIN + TITLE + HEAD / 2,
        );
        canvas.write(&head, SMALL, INK, place, middle);
    }
    let mut top = MARGIN + TITLE + HEAD;
    for (row, &(width, height)) in sheet.rows.iter().zip(&layout.rows) {
        let lines = row.label.lines().count();
        let mut line_top = top + (height / 2).saturating_sub(LINE * lines / 2);
        for line in row.label.lines() {
            let line = lettering.shortened(line, SMALL, LABELS);
            canvas.write(
                &line,
                SMALL,
                INK,
                (MARGIN, line_top + LINE / 2),
                left_middle,
            );
            line_top += LINE;
        }
        for (index, cell) in row.cells.iter().enumerate() {
            let left = layout.left(index) + (layout.column - width) / 2;
            if let Some(crop) = cell {
                canvas.show(crop, (left, top), factor(crop));
            } else {
                canvas.fill((left, top), (width, height), GREY);
                let place = (left + width / 2, top + height / 2);
                canvas.write(FAILED, SMALL, INK, place, middle);
            }
        }
        top += height + GAP;
    }
    canvas.save(path)
}

/// Where the parts of a sheet are, pixels.
struct Layout {
    /// Width and height of the sheet.
    size: (usize, usize),
    /// Width of the rows' labels and the white after them.
    labels: usize,
    /// Width of a column.
    column: usize,
    /// Width and height of every row's crops.
    rows: Vec<(usize, usize)>,
}

impl Layout {
    fn of(sheet: &Sheet, lettering: &Lettering) -> Self {
        let lines = sheet.rows.iter().flat_map(|row| row.label.lines());
        let widths = lines.map(|line| lettering.width(line, SMALL).min(LABELS));
        let labels = match widths.fold(0.0, f64::max).ceil() as usize {
            0 => 0,
            width => width + MARGIN,
        };
        let rows = sheet.rows.iter().map(|row| {
            let shown = row.cells.iter().flatten();
            let sizes =
                shown.map(|crop| (factor(crop) * crop.width(), factor(crop) * crop.height()));
            let largest = sizes.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)));
            let (width, height) = largest.unwrap_or(EMPTY);
            (width, height.max(LINE * row.label.lines().count()))
        });
        let rows: Vec<_> = rows.collect();
        let column = rows.iter().map(|row| row.0).max().unwrap_or(CELL);
        let cells = sheet.rows.iter().map(|row| row.cells.len());
        let columns = cells.chain([sheet.columns.len(), 1]).max().unwrap_or(1);
        let width = 2 * MARGIN + labels + columns * (column + GAP) - GAP;
        let height: usize = rows.iter().map(|row| row.1 + GAP).sum();
        Self {
            size: (width, 2 * MARGIN + TITLE + HEAD + height),
            labels,
            column,
            rows,
        }
    }

    /// Where a column begins.
    fn left(&self, column: usize) -> usize {
        MARGIN + self.labels + column * (self.column + GAP)
    }
}

/// How many pixels a crop's pixel is wide and high on the sheet.
fn factor(crop: &RgbImage) -> usize {
    (CELL / crop.width()).max(1)
}

/// The corner (left, top) of the square window of this side, or as much of it as the image has,
/// whose luma changes most from pixel to pixel: where there is something to see. Windows are a
/// quarter of their side apart; of equals the first counts.
pub fn busiest(image: &RgbImage, side: usize) -> (usize, usize) {
    let (width, height) = image.size();
    let (across, down) = (side.clamp(1, width), side.clamp(1, height));
    let sums = energy_sums(image);
    let stride = width + 1;
    let energy = |left: usize, top: usize| {
        let (right, bottom) = (left + across, top + down);
        sums[bottom * stride + right] + sums[top * stride + left]
            - sums[top * stride + right]
            - sums[bottom * stride + left]
    };
    let step = (side / 4).max(1);
    let mut best = (0, 0);
    for top in starts(height - down, step) {
        for left in starts(width - across, step) {
            if energy(left, top) > energy(best.0, best.1) {
                best = (left, top);
            }
        }
    }
    best
}

/// Every `step` from 0 on, and the last.
fn starts(last: usize, step: usize) -> impl Iterator<Item = usize> {
    (0..last).step_by(step).chain([last])
}

/// For every corner between pixels, `[height + 1, width + 1]`, the gradient energy of luma above
/// and left of it.
fn energy_sums(image: &RgbImage) -> Vec<f64> {
    let (width, height) = image.size();
    let luma = image.values().chunks(3).map(|pixel| {
        let luma: f32 = pixel
            .iter()
            .zip(LUMA)
            .map(|(value, weight)| value * weight)
            .sum();
        // What is no number has no gradient either.
        f64::from(if luma.is_finite() {
            luma.clamp(0.0, 1.0)
        } else {
            0.0
        })
    });
    let luma: Vec<f64> = luma.collect();
    let at = |x: usize, y: usize| luma[y.min(height - 1) * width + x.min(width - 1)];
    let stride = width + 1;
    let mut sums = vec![0.0; stride * (height + 1)];
    for y in 0..height {
        let mut row = 0.0;
        for x in 0..width {
            let (across, down) = (at(x + 1, y) - at(x, y), at(x, y + 1) - at(x, y));
            row += across * across + down * down;
            sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use casr_codec::{Limits, Picture, read};

    /// Grey but for a chequered window.
    fn chequered(size: (usize, usize), corner: (usize, usize), side: usize) -> RgbImage {
        let values = (0..size.1).flat_map(|y| {
            (0..size.0).map(move |x| {
                let inside = |at: usize, start: usize| (start..start + side).contains(&at);
                if inside(x, corner.0) && inside(y, corner.1) {
                    ((x + y) % 2) as f32
                } else {
                    0.5
                }
            })
        });
        RgbImage::from_grey(size.0, size.1, &values.collect::<Vec<_>>()).unwrap()
    }

    fn drawn(sheet: &Sheet) -> Picture {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheet.png");
        draw(sheet, &path).unwrap();
        draw(sheet, &path).unwrap();
        read(&path, &Limits::default()).unwrap()
    }

    fn colours(picture: &Picture) -> Vec<[u8; 3]> {
        let pixels = picture.pixels.to_f32();
        let pixels = pixels.chunks(3);
        pixels
            .map(|pixel| [0, 1, 2].map(|channel| (pixel[channel] * 255.0).round() as u8))
            .collect()
    }

    #[test]
    fn a_sheet_shows_every_crop_enlarged_and_grey_for_failures() {
        let red = RgbImage::new(64, 48, [1.0, 0.0, 0.0].repeat(64 * 48)).unwrap();
        let sheet = Sheet {
            title: "Crops ×8".to_owned(),
            columns: vec!["truth".to_owned(), "a".to_owned(), "b".to_owned()],
            rows: vec![
                SheetRow {
                    label: "baby.png\n×8".to_owned(),
                    cells: vec![Some(red.clone()), None, Some(red)],
                },
                SheetRow {
                    label: String::new(),
                    cells: vec![None; 3],
                },
            ],
        };
        let picture = drawn(&sheet);
        let pixels = colours(&picture);
        let count = |colour| pixels.iter().filter(|&&pixel| pixel == colour).count();
        assert_eq!(count([255, 0, 0]), 2 * (4 * 64) * (4 * 48));
        let grey = count([215, 215, 215]);
        let boxes = 256 * 192 + 3 * EMPTY.0 * EMPTY.1;
        assert!(grey < boxes && grey > boxes - 4 * 600, "{grey} of {boxes}");
        assert_eq!(pixels[0], [255; 3]);
    }

    #[test]
    fn odd_sheets_are_drawn_too() {
        let odd = RgbImage::new(1, 1, vec![f32::NAN, 7.0, -1.0]).unwrap();
        let wide = RgbImage::new(700, 2, vec![0.5; 4200]).unwrap();
        let row = |label: &str, cells| SheetRow {
            label: label.to_owned(),
            cells,
        };
        for (columns, rows) in [
            (vec![], vec![]),
            (vec!["only a head".to_owned()], vec![]),
            (vec![], vec![row("a label\nof\nmany\nlines", vec![])]),
            (
                vec!["a head far too long for a column ".repeat(9)],
                vec![
                    row(&"long ".repeat(99), vec![Some(odd)]),
                    row("", vec![Some(wide), None]),
                ],
            ),
        ] {
            let title = "a title far too long for a sheet ".repeat(9);
            let picture = drawn(&Sheet {
                title,
                columns,
                rows,
            });
            assert!(colours(&picture).iter().any(|pixel| *pixel != [255; 3]));
        }
    }

    #[test]
    fn the_busiest_window_is_where_the_texture_is() {
        for corner in [(0, 0), (96, 0), (0, 56), (96, 56), (40, 24)] {
            let image = chequered((128, 88), corner, 32);
            assert_eq!(busiest(&image, 32), corner);
        }
    }

    #[test]
    fn odd_images_have_a_busiest_window_too() {
        let flat = chequered((50, 40), (0, 0), 0);
        assert_eq!(busiest(&flat, 16), (0, 0));
        assert_eq!(busiest(&flat, 0), (0, 0));
        let image = chequered((50, 40), (30, 0), 20);
        assert_eq!(busiest(&image, 45), (5, 0));
        assert_eq!(busiest(&image, usize::MAX), (0, 0));
        let unknown = RgbImage::new(3, 2, vec![f32::NAN; 18]).unwrap();
        assert_eq!(busiest(&unknown, 1), (0, 0));
    }
}
