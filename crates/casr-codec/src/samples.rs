//! Samples in memory, as finely divided as their file has them.

use std::ops::Range;

/// Samples, row by row from the top, in the file's own encoding.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 8 bits: 255 is full.
    Eight(Vec<u8>),
    /// 16 bits: 65,535 is full.
    Sixteen(Vec<u16>),
    /// Floating point, in `[0, 1]`: of a file that holds such numbers, or one whose colours are
    /// multiplied by alpha, which leaves fractions of steps.
    Float(Vec<f32>),
}

/// A sample of one kind.
pub(crate) trait Sample: Copy + PartialEq + PartialOrd + Default {
    /// That of the brightest, or the most opaque.
    const FULL: Self;

    /// In `[0, 1]`.
    fn value(self) -> f32;
}

impl Sample for u8 {
    const FULL: Self = Self::MAX;

    fn value(self) -> f32 {
        f32::from(self) / 255.0
    }
}

impl Sample for u16 {
    const FULL: Self = Self::MAX;

    fn value(self) -> f32 {
        f32::from(self) / 65_535.0
    }
}

impl Sample for f32 {
    const FULL: Self = 1.0;

    fn value(self) -> f32 {
        self
    }
}

/// The same for samples of every kind.
macro_rules! with {
    ($all:expr, $samples:ident => $body:expr) => {
        match $all {
            $crate::Samples::Eight($samples) => $body,
            $crate::Samples::Sixteen($samples) => $body,
            $crate::Samples::Float($samples) => $body,
        }
    };
}

pub(crate) use with;

impl Samples {
    /// How many there are.
    pub fn len(&self) -> usize {
        with!(self, samples => samples.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them in `[0, 1]`.
    ///
    /// # Panics
    ///
    /// There is no such one.
    pub fn at(&self, index: usize) -> f32 {
        with!(self, samples => samples[index].value())
    }

    /// All of them in `[0, 1]`, one by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f32> + '_ {
        (0..self.len()).map(|index| self.at(index))
    }

    /// Appends some of them to `values`, in `[0, 1]`.
    ///
    /// # Panics
    ///
    /// There are fewer.
    pub fn append_to(&self, values: &mut Vec<f32>, range: Range<usize>) {
        with!(self, samples => values.extend(samples[range].iter().map(|sample| sample.value())));
    }

    /// All of them in `[0, 1]`: up to four times the memory.
    pub fn to_f32(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.len());
        self.append_to(&mut values, 0..self.len());
        values
    }

    /// As [`Samples::to_f32`], and without a copy where that is what they are.
    pub fn into_f32(self) -> Vec<f32> {
        match self {
            Self::Float(samples) => samples,
            others => others.to_f32(),
        }
    }

    /// All of them as another library holds samples of these three kinds; nothing is copied.
    pub fn into_kind<T: From<Vec<u8>> + From<Vec<u16>> + From<Vec<f32>>>(self) -> T {
        with!(self, samples => samples.into())
    }
}

impl From<Vec<u8>> for Samples {
    fn from(samples: Vec<u8>) -> Self {
        Self::Eight(samples)
    }
}

impl From<Vec<u16>> for Samples {
    fn from(samples: Vec<u16>) -> Self {
        Self::Sixteen(samples)
    }
}

impl From<Vec<f32>> for Samples {
    fn from(samples: Vec<f32>) -> Self {
        Self::Float(samples)
    }
}
