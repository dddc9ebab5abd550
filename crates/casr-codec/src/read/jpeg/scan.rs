//! One scan: blocks of one or several components, sequential or a part of a progressive image (ITU
//! T.81, annexes F.2 and G.2).

use super::frame::{Component, Frame};
use super::huffman::{Bits, Codes};
use super::{Fault, idct};

/// The row-by-row index of each coefficient of the zigzag order.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A component's part in a scan: its index in the frame and its tables for the first coefficient
/// and the others.
pub(super) struct Part {
    pub(super) component: usize,
    pub(super) first: usize,
    pub(super) others: usize,
}

/// A scan's header.
pub(super) struct Scan {
    pub(super) parts: Vec<Part>,
    /// The coefficients it holds, first and last in zigzag order.
    pub(super) from: usize,
    pub(super) to: usize,
    /// How many low bits were missing before this scan and are missing after it; 0 before means
    /// that this is the first scan of these coefficients.
    pub(super) before: u8,
    pub(super) behind: u8,
    /// Where its data begin.
    pub(super) at: usize,
}

/// The Huffman tables that are defined at this point of the file.
#[derive(Clone, Default)]
pub(super) struct Tables {
    pub(super) first: [Option<Codes>; 4],
    pub(super) others: [Option<Codes>; 4],
}

/// The state that a scan's blocks share.
struct State<'a> {
    bits: Bits<'a>,
    /// The first coefficient of each part's last block.
    last: [i32; 4],
    /// How many of the next blocks have no further coefficients in this scan.
    empty_run: u32,
}

/// Decodes a scan into the frame's planes or coefficients. Returns where its data end and whether
/// some of them were not used.
pub(super) fn decode(
    frame: &mut Frame,
    scan: &Scan,
    tables: &Tables,
    restart_interval: usize,
    bytes: &[u8],
) -> Result<(usize, bool), Fault> {
    let mut state = State {
        bits: Bits::new(bytes, scan.at),
        last: [0; 4],
        empty_run: 0,
    };
    let progressive = frame.progressive;
    if progressive {
        note_progress(frame, scan)?;
    }
    let (units_across, units_down) = match &scan.parts[..] {
        [only] => {
            let component = &frame.components[only.component];
            (component.blocks_across, component.blocks_down)
        }
        _ => frame.units(),
    };
    let alone = scan.parts.len() == 1;
    let (mut stray, mut left, mut restarts) = (false, restart_interval, 0u8);
    for unit_row in 0..units_down {
        for unit_column in 0..units_across {
            if restart_interval > 0 && left == 0 {
                stray |= state.bits.restart(restarts % 8)?;
                (state.last, state.empty_run) = ([0; 4], 0);
                (left, restarts) = (restart_interval, restarts.wrapping_add(1));
            }
            left = left.wrapping_sub(1);
            for (index, part) in scan.parts.iter().enumerate() {
                let component = &mut frame.components[part.component];
                let (across, down) = if alone {
                    (1, 1)
                } else {
                    (component.across, component.down)
                };
                for inner in 0..across * down {
                    let row = unit_row * down + inner / across;
                    let column = unit_column * across + inner % across;
                    if progressive {
                        let at = 64 * (row * component.stride + column);
                        let Some(block) = component.coefficients[at..].first_chunk_mut() else {
                            return Err(Fault::damaged("a block lies outside the image"));
                        };
                        state.progressive(block, index, part, scan, tables)?;
                    } else {
                        state.sequential(component, index, part, (row, column), tables)?;
                    }
                }
            }
            if state.bits.ran_out() {
                return Err(state.bits.shortage());
            }
        }
    }
    let (at, more) = state.bits.finish();
    Ok((at, stray | more))
}

/// Checks that a progressive scan continues the earlier ones, and records which bits it adds.
fn note_progress(frame: &mut Frame, scan: &Scan) -> Result<(), Fault> {
    let Scan {
        from,
        to,
        before,
        behind,
        ..
    } = *scan;
    let sound = from <= to
        && to < 64
        && (from > 0 || to == 0)
        && (from == 0 || scan.parts.len() == 1)
        && behind <= 13
        && (before == 0 || before == behind + 1);
    if !sound {
        return Err(Fault::damaged("a progressive scan contradicts itself"));
    }
    for part in &scan.parts {
        let component = &mut frame.components[part.component];
        for pending in &mut component.pending[from..=to] {
            let follows = match *pending {
                None => before == 0,
                Some(known) => before == known,
            };
            if !follows {
                return Err(Fault::damaged(
                    "its progressive scans do not follow each other",
                ));
            }
            *pending = Some(behind);
        }
    }
    Ok(())
}

fn missing_table() -> Fault {
    Fault::damaged("a Huffman table is missing")
}

impl State<'_> {
    /// Decodes a block of a sequential image and writes its samples.
    fn sequential(
        &mut self,
        component: &mut Component,
        index: usize,
        part: &Part,
        (row, column): (usize, usize),
        tables: &Tables,
    ) -> Result<(), Fault> {
        let first = tables.first[part.first]
            .as_ref()
            .ok_or_else(missing_table)?;
        let others = tables.others[part.others]
            .as_ref()
            .ok_or_else(missing_table)?;
        let mut block = [0i16; 64];
        block[0] = self.first_of(first, index)? as i16;
        let mut at = 1;
        while at < 64 {
            let symbol = self.bits.symbol(others)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run < 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += run;
            let value = self.bits.signed(size);
            *place(&mut block, at, 63)? = value as i16;
            at += 1;
        }
        let steps = component
            .steps
            .as_ref()
            .ok_or_else(|| Fault::damaged("a quantisation table is missing"))?;
        let stride = 8 * component.stride;
        idct::block(
            &block,
            steps,
            &mut component.plane,
            8 * (row * stride + column),
            stride,
        );
        Ok(())
    }

    /// The first coefficient of a block, which is stored as its difference from the one of the
    /// block before.
    fn first_of(&mut self, codes: &Codes, index: usize) -> Result<i32, Fault> {
        let size = self.bits.symbol(codes)?;
        let difference = self.bits.signed(size.into());
        self.last[index] = self.last[index].wrapping_add(difference);
        Ok(self.last[index])
    }

    fn progressive(
        &mut self,
        block: &mut [i16; 64],
        index: usize,
        part: &Part,
        scan: &Scan,
        tables: &Tables,
    ) -> Result<(), Fault> {
        match (scan.from, scan.before) {
            (0, 0) => {
                let codes = tables.first[part.first]
                    .as_ref()
                    .ok_or_else(missing_table)?;
                block[0] = (self.first_of(codes, index)? << scan.behind) as i16;
                Ok(())
            }
            (0, _) => {
                block[0] |= (self.bits.take(1) << scan.behind) as i16;
                Ok(())
            }
            (_, before) => {
                let codes = tables.others[part.others]
                    .as_ref()
                    .ok_or_else(missing_table)?;
                if before == 0 {
                    self.others_begin(block, scan, codes)
                } else {
                    self.others_refine(block, scan, codes)
                }
            }
        }
    }

    /// The first bits of a block's other coefficients (G.1.2.2).
    fn others_begin(
        &mut self,
        block: &mut [i16; 64],
        scan: &Scan,
        codes: &Codes,
    ) -> Result<(), Fault> {
        if self.empty_run > 0 {
            self.empty_run -= 1;
            return Ok(());
        }
        let mut at = scan.from;
        while at <= scan.to {
            let symbol = self.bits.symbol(codes)?;
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run < 15 {
                    self.empty_run = (1 << run) - 1 + self.bits.take(run);
                    break;
                }
                at += 16;
                continue;
            }
            at += run as usize;
            let value = self.bits.signed(size) << scan.behind;
            *place(block, at, scan.to)? = value as i16;
            at += 1;
        }
        Ok(())
    }

    /// One more bit of a block's other coefficients (G.1.2.3): new coefficients, and one more
    /// bit for each earlier one that is skipped on the way to them.
    fn others_refine(
        &mut self,
        block: &mut [i16; 64],
        scan: &Scan,
        codes: &Codes,
    ) -> Result<(), Fault> {
        let step = 1i16 << scan.behind;
        let mut at = scan.from;
        if self.empty_run == 0 {
            while at <= scan.to {
                let symbol = self.bits.symbol(codes)?;
                let (mut run, size) = (u32::from(symbol >> 4), symbol & 15);
                let value = match size {
                    0 if run < 15 => {
                        self.empty_run = (1 << run) + self.bits.take(run);
                        break;
                    }
                    0 => 0,
                    1 if self.bits.take(1) == 1 => step,
                    1 => -step,
                    _ => return Err(Fault::damaged("a code has no meaning")),
                };
                loop {
                    if at > scan.to && value == 0 {
                        break;
                    }
                    let coefficient = place(block, at, scan.to)?;
                    at += 1;
                    if *coefficient != 0 {
                        refine(&mut self.bits, coefficient, step);
                    } else if run == 0 {
                        *coefficient = value;
                        break;
                    } else {
                        run -= 1;
                    }
                }
            }
        }
        if self.empty_run > 0 {
            for &index in &ZIGZAG[at..=scan.to] {
                let coefficient = &mut block[usize::from(index)];
                if *coefficient != 0 {
                    refine(&mut self.bits, coefficient, step);
                }
            }
            self.empty_run -= 1;
        }
        Ok(())
    }
}

fn refine(bits: &mut Bits<'_>, coefficient: &mut i16, step: i16) {
    if bits.take(1) == 1 && *coefficient & step == 0 {
        *coefficient = coefficient.wrapping_add(if *coefficient > 0 { step } else { -step });
    }
}

/// The coefficient at a place in zigzag order, of which `last` is the last one that the scan holds.
fn place(block: &mut [i16; 64], at: usize, last: usize) -> Result<&mut i16, Fault> {
    match ZIGZAG.get(at) {
        Some(&index) if at <= last => Ok(&mut block[usize::from(index)]),
        _ => Err(Fault::damaged("a block has too many coefficients")),
    }
}
