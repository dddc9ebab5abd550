//! The kernels, as text, and the numbers that make them a network's own.

use crate::context::KernelSource;
use crate::layout::Channels;
use crate::template::Values;

/// A kernel that knows of the step, or of half precision: in front of its text stands what that
/// takes.
macro_rules! text {
    ($file:literal) => {
        concat!(
            "//#if HALF\nenable f16;\n//#end\n",
            include_str!("wgsl/step.wgsl"),
            include_str!(concat!("wgsl/", $file)),
        )
    };
}

/// Pixels along the side of a cell of superpixels, as the kernels have it.
pub(crate) const CELL: usize = casr_kernels::superpixel::CELL;

/// Threads of a workgroup of pixels, along a row and down.
pub(crate) const PIXELS: [usize; 2] = [32, 4];

/// Threads of a workgroup of cells, along a row and down.
pub(crate) const CELLS: [usize; 2] = [32, 2];

/// Bytes of workgroup memory that every device has.
const WORKGROUP_MEMORY: usize = 16_384;

/// What the texts of a network's kernels have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts {
    pub channels: Channels,
    /// Whether maps between convolutions are in half precision.
    pub half: bool,
    /// Rows of pixels that a thread of the convolution makes.
    pub rows: usize,
    /// Frequencies of the heat field.
    pub frequencies: usize,
}

impl Texts {
    fn values(self) -> Values {
        Values::default()
            .choice("HALF", self.half)
            .number("CHANNELS", self.channels.count)
            .number("PLANES", self.channels.planes)
    }

    /// Kernels that know of no half precision have none enabled, so that a device without it takes
    /// them.
    fn single(self) -> Values {
        self.values().choice("HALF", false)
    }

    /// 3×3 between maps.
    pub fn convolution(self) -> KernelSource {
        let (kind, sum, depth) = match self.half {
            true => ("f16", "p", 2),
            false => ("f32", "a", 1),
        };
        KernelSource {
            name: "convolution",
            template: text!("conv.wgsl"),
            values: (self.values())
                .text("T", kind)
                .text("SUM", sum)
                .number("DEPTH", depth)
                .number("ROWS", self.rows)
                .number("GROUPS", self.channels.groups),
        }
    }

    /// 3×3 from the pixels.
    pub fn encoder(self) -> KernelSource {
        self.few_channels("encoder", 3, false)
    }

    /// 3×3 from matches, added to what is there.
    pub fn matches(self, inputs: usize) -> KernelSource {
        self.few_channels("matches", inputs, true)
    }

    fn few_channels(self, name: &'static str, inputs: usize, added: bool) -> KernelSource {
        KernelSource {
            name,
            template: text!("encode.wgsl"),
            values: (self.values())
                .number("INPUTS", inputs)
                .choice("ADDED", added)
                .choice("CENTRED", !added),
        }
    }

    /// Coefficients, heat field, gates and base.
    pub fn head(self) -> KernelSource {
        KernelSource {
            name: "head",
            template: text!("head.wgsl"),
            values: (self.single())
                .number("PIXELS", self.head_pixels())
                .number("FREQUENCIES", self.frequencies)
                .number("BLOCKS", self.head_blocks()),
        }
    }

    /// Coefficients of a pixel in fours.
    fn head_blocks(self) -> usize {
        (3 * (2 * self.frequencies + 1)).div_ceil(4)
    }

    /// Pixels whose coefficients a workgroup keeps: as many as every device has room for.
    pub fn head_pixels(self) -> usize {
        let bytes = 16 * self.channels.planes + 4 * (4 * self.head_blocks() + 1) + 8;
        let fits = |pixels: &usize| pixels * bytes <= WORKGROUP_MEMORY;
        [16, 8, 4, 2].into_iter().find(fits).unwrap_or(1)
    }

    /// Weighted sums along both axes.
    pub fn resampling(self) -> KernelSource {
        KernelSource {
            name: "resampling",
            template: text!("resample.wgsl"),
            values: self.single(),
        }
    }

    /// Mean colours of cells.
    pub fn means(self) -> KernelSource {
        KernelSource {
            name: "means",
            template: text!("means.wgsl"),
            values: self.single(),
        }
    }

    /// Weights of pixels for cells.
    pub fn assignment(self) -> KernelSource {
        KernelSource {
            name: "assignment",
            template: text!("assign.wgsl"),
            values: self.single(),
        }
    }

    /// Means and deviations of features.
    pub fn moments(self) -> KernelSource {
        self.moments_of("moments", true)
    }

    /// Weighted means of colours.
    pub fn colours(self) -> KernelSource {
        self.moments_of("colours", false)
    }

    fn moments_of(self, name: &'static str, features: bool) -> KernelSource {
        KernelSource {
            name,
            template: text!("moments.wgsl"),
            values: (self.single())
                .choice("FEATURES", features)
                .choice("COLOURS", !features),
        }
    }

    /// Gains and offsets from cells to pixels.
    pub fn modulation(self) -> KernelSource {
        KernelSource {
            name: "modulation",
            template: text!("modulate.wgsl"),
            values: self.values(),
        }
    }

    /// The layers of SARM.
    pub fn texture(self, lags: usize) -> KernelSource {
        KernelSource {
            name: "texture",
            template: text!("texture.wgsl"),
            values: self.single().number("LAGS", lags),
        }
    }

    /// The layers of SDAM.
    pub fn alignment(self) -> KernelSource {
        KernelSource {
            name: "alignment",
            template: text!("align.wgsl"),
            values: self.single(),
        }
    }
}

/// Workgroups of four cells; more than a device counts along one axis are many rows.
pub(crate) fn fours(cells: usize) -> [usize; 3] {
    const ROW: usize = 32_768;
    let groups = cells.div_ceil(4);
    [groups.min(ROW), groups.div_ceil(ROW), 1]
}

/// Workgroups that cover some columns and rows.
pub(crate) fn cover(columns: usize, rows: usize, group: [usize; 2], depth: usize) -> [usize; 3] {
    [columns.div_ceil(group[0]), rows.div_ceil(group[1]), depth]
}
