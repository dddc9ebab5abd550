//! Whether the processor has the matrix unit, and whether the system lets this process use it.

use fearless_simd::Level;
use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::sync::OnceLock;

/// Leaf 1, ECX: the system has switched on XSAVE, and XGETBV is there.
const OSXSAVE: u32 = 1 << 27;
/// Leaf 7, EDX: AMX-BF16 and AMX-TILE.
const AMX: u32 = 1 << 22 | 1 << 24;
/// XCR0: the system saves the tiles' configuration and their data.
const TILE_STATE: u64 = 1 << 17 | 1 << 18;
/// The system call `arch_prctl`.
const ARCH_PRCTL: usize = 158;
/// Its request for a component of the processor's state.
const ARCH_REQ_XCOMP_PERM: usize = 0x1023;
/// The component: the tiles' data.
const TILE_DATA: usize = 18;

/// The proof that this process may use the matrix unit, and AVX-512.
#[derive(Clone, Copy)]
pub(in super::super) struct Unit {
    pub(super) vectors: fearless_simd::Avx512,
}

impl Unit {
    /// The unit, where there is one. The first call asks the system, for all threads.
    pub fn get() -> Option<Self> {
        static GRANTED: OnceLock<bool> = OnceLock::new();
        let vectors = Level::new().as_avx512()?;
        (*GRANTED.get_or_init(|| is_there() && is_granted())).then_some(Self { vectors })
    }
}

fn is_there() -> bool {
    // Leaf 7 exists where there is AVX-512.
    let (basic, extended) = (__cpuid(1), __cpuid_count(7, 0));
    if basic.ecx & OSXSAVE == 0 || extended.edx & AMX != AMX {
        return false;
    }
    let (low, high): (u32, u32);
    // SAFETY: XGETBV exists where OSXSAVE is set, and register 0 where XGETBV does. It writes
    // nothing but its two results.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") high,
            options(nomem, nostack, preserves_flags));
    }
    (u64::from(high) << 32 | u64::from(low)) & TILE_STATE == TILE_STATE
}

/// Asks the system to keep room for the tiles of this process's threads; without that, their first
/// use would end the process.
fn is_granted() -> bool {
    let result: isize;
    // SAFETY: this is how Linux is called on x86-64; the call overwrites RCX and R11 and otherwise
    // returns a number. It takes no pointers.
    unsafe {
        asm!("syscall", inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM, in("rsi") TILE_DATA,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result == 0
}
