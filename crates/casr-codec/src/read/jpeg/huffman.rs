//! Huffman codes and the bits of a scan (ITU T.81, annex F.2.2).

use super::Fault;

const LOOK_AHEAD: usize = 9;

/// A table of codes.
#[derive(Clone)]
pub(super) struct Codes {
    /// For the next `LOOK_AHEAD` bits: the code's length, 0 if it is longer, and its symbol.
    short: Box<[(u8, u8); 1 << LOOK_AHEAD]>,
    /// For each length: the first code's symbol less the first code, and the code behind the last
    /// one.
    longer: [(i32, i32); 17],
    symbols: Vec<u8>,
}

impl Codes {
    /// The codes of a table's 16 counts and its symbols.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, Fault> {
        let mut codes = Self {
            short: Box::new([(0, 0); 1 << LOOK_AHEAD]),
            longer: [(0, 0); 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut at) = (0usize, 0usize);
        for (index, &count) in counts.iter().enumerate() {
            let length = index + 1;
            let last = code + usize::from(count);
            // No code is all ones (annex C.2).
            if count > 0 && last >= 1 << length {
                return Err(Fault::damaged("a Huffman table has too many codes"));
            }
            codes.longer[length] = (at as i32 - code as i32, last as i32);
            for _ in 0..count {
                let symbol = *symbols.get(at).ok_or(Fault::Truncated)?;
                if length <= LOOK_AHEAD {
                    let spare = LOOK_AHEAD - length;
                    codes.short[code << spare..(code + 1) << spare].fill((length as u8, symbol));
                }
                (code, at) = (code + 1, at + 1);
            }
            code <<= 1;
        }
        Ok(codes)
    }
}

/// Reads bits until the next marker. From there on it returns zeros, and [`Bits::ran_out`] returns
/// true.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next byte to be read.
    at: usize,
    /// The bits that were read but not used yet, the next one highest.
    held: u64,
    count: u32,
    /// How many of them are zeros from beyond the end.
    made_up: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            held: 0,
            count: 0,
            made_up: 0,
        }
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let byte = match self.bytes.get(self.at) {
                // The marker that ends the data was found before.
                _ if self.made_up > 0 => None,
                Some(0xff) => {
                    let fill = self.bytes[self.at..]
                        .iter()
                        .take_while(|&&byte| byte == 0xff);
                    let next = self.at + fill.count();
                    match self.bytes.get(next) {
                        Some(0) => {
                            self.at = next + 1;
                            Some(0xff)
                        }
                        _ => None,
                    }
                }
                Some(&byte) => {
                    self.at += 1;
                    Some(byte)
                }
                None => None,
            };
            if byte.is_none() {
                self.made_up += 8;
            }
            self.held |= u64::from(byte.unwrap_or(0)) << (56 - self.count);
            self.count += 8;
        }
    }

    fn drop_bits(&mut self, count: u32) {
        self.held <<= count;
        self.count -= count;
    }

    /// The next `count` bits, at most 16.
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        if self.count < count {
            self.fill();
        }
        let bits = (self.held >> (64 - count)) as u32;
        self.drop_bits(count);
        bits
    }

    /// A number of `size` bits of which the smaller half stands for negative ones (F.2.2.1,
    /// EXTEND).
    pub(super) fn signed(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        let bits = self.take(size) as i32;
        if bits < 1 << (size - 1) {
            bits - (1 << size) + 1
        } else {
            bits
        }
    }

    /// The next symbol.
    pub(super) fn symbol(&mut self, codes: &Codes) -> Result<u8, Fault> {
        if self.count < 16 {
            self.fill();
        }
        let (length, symbol) = codes.short[(self.held >> (64 - LOOK_AHEAD)) as usize];
        if length > 0 {
            self.drop_bits(length.into());
            return Ok(symbol);
        }
        for length in LOOK_AHEAD + 1..=16 {
            let code = (self.held >> (64 - length)) as i32;
            let (offset, end) = codes.longer[length];
            if code < end {
                self.drop_bits(length as u32);
                return codes
                    .symbols
                    .get((code + offset) as usize)
                    .copied()
                    .ok_or_else(|| Fault::damaged("a code has no meaning"));
            }
        }
        if self.ran_out() || self.made_up > 0 {
            return Err(self.shortage());
        }
        Err(Fault::damaged("a code has no meaning"))
    }

    /// Whether more bits were taken than there were.
    pub(super) fn ran_out(&self) -> bool {
        self.count < self.made_up
    }

    /// The error for data that end here.
    pub(super) fn shortage(&self) -> Fault {
        match self.marker() {
            None | Some(0xd9) => Fault::Truncated,
            Some(_) => Fault::damaged("a part of its data is missing"),
        }
    }

    /// The marker that the data end in, if that is where the reader is.
    fn marker(&self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        rest.iter().copied().find(|&byte| byte != 0xff)
    }

    /// Continues after a restart marker, which must have this number. Returns whether there were
    /// unused bytes before it.
    pub(super) fn restart(&mut self, number: u8) -> Result<bool, Fault> {
        let unread = self.end();
        let next = next_marker(self.bytes, self.at);
        let stray = unread
            || next.is_some_and(|(start, _)| {
                self.bytes[self.at..start].iter().any(|&byte| byte != 0xff)
            });
        match next {
            Some((start, marker)) if marker == 0xd0 + number => {
                *self = Self::new(self.bytes, start + 2);
                Ok(stray)
            }
            None | Some((_, 0xd9)) => Err(Fault::Truncated),
            Some(_) => Err(Fault::damaged("a restart marker is missing")),
        }
    }

    /// Whether whole bytes before the current position were not used.
    fn end(&self) -> bool {
        self.count.saturating_sub(self.made_up) >= 8
    }

    /// Where the scan's data end, and whether some of them were not used.
    pub(super) fn finish(self) -> (usize, bool) {
        (self.at, self.end())
    }
}

/// The next marker at or after `at`: the position of the last `0xff` before its code, and its code.
pub(super) fn next_marker(bytes: &[u8], mut at: usize) -> Option<(usize, u8)> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        match *bytes.get(at + 1)? {
            0 => at += 2,
            0xff => at += 1,
            code => return Some((at, code)),
        }
    }
}
