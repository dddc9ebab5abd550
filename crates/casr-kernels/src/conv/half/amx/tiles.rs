//! The registers of the matrix unit: their configuration, and products of tiles.

use super::super::BLOCK;
use super::super::map::GROUP;
use super::{LANES, detect::Unit};
use std::arch::asm;
use std::marker::PhantomData;

/// Rows of a tile.
const ROWS: usize = 16;
/// Bytes of a tile's row.
const ROW_BYTES: usize = 64;
/// Elements of a tile of weights.
pub(super) const WEIGHTS: usize = BLOCK * LANES;
const _: () = assert!(GROUP == 4 * ROWS && ROW_BYTES == 2 * BLOCK && ROW_BYTES == 4 * LANES);

/// The operand of LDTILECFG.
#[repr(C, align(64))]
struct Configuration([u8; 64]);

/// All eight tiles with all their rows.
static WHOLE_TILES: Configuration = {
    let mut bytes = [0; 64];
    // The palette.
    bytes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        bytes[16 + 2 * tile] = ROW_BYTES as u8;
        bytes[48 + tile] = ROWS as u8;
        tile += 1;
    }
    Configuration(bytes)
};

/// The sums of a group, `[pixels][output channels]`.
#[repr(C, align(64))]
pub(super) struct Sums(pub [f32; GROUP * LANES]);

/// The tiles of this thread, configured from its making to its end.
pub(super) struct Tiles {
    /// Other threads have other tiles.
    of_this_thread: PhantomData<*const ()>,
}

impl Tiles {
    /// Configures the tiles of this thread, as their only owner.
    pub fn new(_: Unit) -> Self {
        // SAFETY: `Unit` proves that the instruction exists and that the system lets this process
        // use it. Its operand is 64 bytes of a valid configuration of palette 1. No other code of
        // this process uses the tiles, which it sets to zero.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const WHOLE_TILES,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, preserves_flags));
        }
        Self {
            of_this_thread: PhantomData,
        }
    }

    /// The sums of a group of 64 pixels and 16 output channels: of the products of the map's values
    /// from `start` on and `weights`, tile by tile. A tile takes 32 values of each pixel; `steps`
    /// leads from those of one tile to those of the next, in elements; the last step is not taken.
    ///
    /// # Panics
    ///
    /// If the pixels reach beyond the end of `values`, or there is not a tile of weights for every
    /// step.
    pub fn multiply(
        &self,
        values: &[u16],
        start: usize,
        channels: usize,
        weights: &[u16],
        steps: &[usize],
        sums: &mut Sums,
    ) {
        let (_, taken) = steps.split_last().expect("a product has a step");
        let farthest = start + taken.iter().sum::<usize>() + (GROUP - 1) * channels + BLOCK;
        assert!(farthest <= values.len() && weights.len() == steps.len() * WEIGHTS);
        let first = values[start..].as_ptr();
        let pixels = |tile: usize| first.wrapping_add(tile * ROWS * channels);
        // SAFETY: `self` proves that the tiles are configured on this thread, each with 16 rows of
        // 64 bytes. The assertion holds the rows of all tiles of pixels, which lie `channels`
        // elements apart, within `values`, as steps only lead onwards and the farthest row of the
        // last tile ends at `farthest`; the tiles of weights, one for each step, within `weights`;
        // the four tiles of sums fill `sums`. After the last step pointers are not used any more,
        // wherever they lead. The steps are read one for each tile. The code uses no stack, and
        // changes nothing but the registers that are named, the flags and `sums`.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                // Registers of tiles are not renamed: two take turns for the weights, and two for
                // the pixels, so that one is loaded while the other is multiplied.
                "2:",
                "tileloadd tmm4, [{weights} + {row}]",
                "tileloadd tmm6, [{a} + {pixel}]",
                "tdpbf16ps tmm0, tmm6, tmm4",
                "tileloadd tmm7, [{b} + {pixel}]",
                "tdpbf16ps tmm1, tmm7, tmm4",
                "tileloadd tmm6, [{c} + {pixel}]",
                "tdpbf16ps tmm2, tmm6, tmm4",
                "tileloadd tmm7, [{d} + {pixel}]",
                "tdpbf16ps tmm3, tmm7, tmm4",
                "mov {step}, [{steps}]",
                "add {steps}, 8",
                "add {weights}, 1024",
                "lea {a}, [{a} + 2*{step}]",
                "lea {b}, [{b} + 2*{step}]",
                "lea {c}, [{c} + 2*{step}]",
                "lea {d}, [{d} + 2*{step}]",
                "dec {count}",
                "jz 3f",
                "tileloadd tmm5, [{weights} + {row}]",
                "tileloadd tmm6, [{a} + {pixel}]",
                "tdpbf16ps tmm0, tmm6, tmm5",
                "tileloadd tmm7, [{b} + {pixel}]",
                "tdpbf16ps tmm1, tmm7, tmm5",
                "tileloadd tmm6, [{c} + {pixel}]",
                "tdpbf16ps tmm2, tmm6, tmm5",
                "tileloadd tmm7, [{d} + {pixel}]",
                "tdpbf16ps tmm3, tmm7, tmm5",
                "mov {step}, [{steps}]",
                "add {steps}, 8",
                "add {weights}, 1024",
                "lea {a}, [{a} + 2*{step}]",
                "lea {b}, [{b} + 2*{step}]",
                "lea {c}, [{c} + 2*{step}]",
                "lea {d}, [{d} + 2*{step}]",
                "dec {count}",
                "jnz 2b",
                "3:",
                "tilestored [{sums} + {row}], tmm0",
                "tilestored [{sums} + {row} + 1024], tmm1",
                "tilestored [{sums} + {row} + 2048], tmm2",
                "tilestored [{sums} + {row} + 3072], tmm3",
                a = inout(reg) pixels(0) => _,
                b = inout(reg) pixels(1) => _,
                c = inout(reg) pixels(2) => _,
                d = inout(reg) pixels(3) => _,
                weights = inout(reg) weights.as_ptr() => _,
                steps = inout(reg) steps.as_ptr() => _,
                step = out(reg) _,
                count = inout(reg) steps.len() => _,
                pixel = in(reg) 2 * channels,
                row = in(reg) ROW_BYTES,
                sums = in(reg) sums.0.as_mut_ptr(),
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: `self` proves that the instruction exists; it ends what `Tiles::new` began.
        unsafe {
            asm!("tilerelease",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, preserves_flags));
        }
    }
}
