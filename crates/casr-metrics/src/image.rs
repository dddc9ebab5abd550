//! The image that is resampled and measured.

use crate::MetricsError;

/// An image of interleaved red, green and blue, `[height, width, 3]`, in `[0, 1]`; never empty.
///
/// It remembers whether it was made of grey values: benchmarks measure grey files on their values
/// instead of on luma in studio range, which would score 1.3 dB more.
#[derive(Clone, Debug, PartialEq)]
pub struct RgbImage {
    width: usize,
    height: usize,
    grey: bool,
    values: Vec<f32>,
}

impl RgbImage {
    /// The image of these values, `[height, width, 3]`.
    ///
    /// # Errors
    /// [`MetricsError::Empty`] without pixels, [`MetricsError::ValueCount`] when the values do not
    /// fit the size.
    pub fn new(width: usize, height: usize, values: Vec<f32>) -> Result<Self, MetricsError> {
        let size = (width, height);
        if width == 0 || height == 0 {
            return Err(MetricsError::Empty(size));
        }
        if values.len() != width * height * 3 {
            return Err(MetricsError::ValueCount {
                size,
                values: values.len(),
            });
        }
        Ok(Self {
            width,
            height,
            grey: false,
            values,
        })
    }

    /// The image of these grey values, `[height, width]`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_grey(width: usize, height: usize, values: &[f32]) -> Result<Self, MetricsError> {
        let colours = values.iter().flat_map(|&value| [value; 3]).collect();
        Ok(Self::new(width, height, colours)?.with_grey(true))
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Whether the image was made of grey values.
    pub fn is_grey(&self) -> bool {
        self.grey
    }

    pub(crate) fn with_grey(self, grey: bool) -> Self {
        Self { grey, ..self }
    }

    /// The values, `[height, width, 3]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values, `[height, width, 3]`, without a copy.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// The window of `size` (width, height) whose left and top are `corner`.
    ///
    /// # Errors
    /// [`MetricsError::Empty`] for an empty window, [`MetricsError::OutsideImage`] for one that
    /// reaches past the image.
    pub fn crop(&self, corner: (usize, usize), size: (usize, usize)) -> Result<Self, MetricsError> {
        let fits =
            |start: usize, length: usize, whole: usize| start <= whole && length <= whole - start;
        if !fits(corner.0, size.0, self.width) || !fits(corner.1, size.1, self.height) {
            return Err(MetricsError::OutsideImage {
                corner,
                window: size,
                size: self.size(),
            });
        }
        let rows = self
            .values
            .chunks_exact(3 * self.width)
            .skip(corner.1)
            .take(size.1);
        let values = rows
            .flat_map(|row| &row[3 * corner.0..3 * (corner.0 + size.0)])
            .copied()
            .collect();
        Ok(Self::new(size.0, size.1, values)?.with_grey(self.grey))
    }

    /// The window left when `border` pixels are cut off at every side.
    pub(crate) fn without_border(
        &self,
        border: usize,
        needed: usize,
    ) -> Result<Self, MetricsError> {
        let left = |length: usize| {
            length
                .checked_sub(border.saturating_mul(2))
                .filter(|&left| left >= needed)
        };
        match (left(self.width), left(self.height)) {
            (Some(width), Some(height)) => self.crop((border, border), (width, height)),
            _ => Err(MetricsError::TooSmall {
                size: self.size(),
                border,
                needed,
            }),
        }
    }

    /// Every value clamped to `[0, 1]` and rounded to the nearest of 256 levels, halves up.
    pub(crate) fn rounded_to_8_bits(mut self) -> Self {
        for value in &mut self.values {
            *value = (*value * 255.0).round().clamp(0.0, 255.0) / 255.0;
        }
        self
    }
}

/// Refuses images of different sizes.
pub(crate) fn same_size(result: &RgbImage, truth: &RgbImage) -> Result<(), MetricsError> {
    if result.size() == truth.size() {
        Ok(())
    } else {
        Err(MetricsError::SizeMismatch {
            result: result.size(),
            truth: truth.size(),
        })
    }
}
