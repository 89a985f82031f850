//! `W` numbers that move together: the shape in which compilers find SIMD instructions.
//!
//! Every operation is written element by element. With `W` = 2 it becomes one wasm `f64x2` or SSE2 instruction, with 4
//! AVX, with 8 AVX-512. No fused multiply-add: wasm has none, and results should not depend on who has it.

#[cfg(target_feature = "simd128")]
use std::arch::wasm32::{f64x2, f64x2_extract_lane, v128};
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// `W` values in f64.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(transparent)]
pub struct Lanes<const W: usize>(pub [f64; W]);

impl<const W: usize> Lanes<W> {
    /// All zero.
    pub const ZERO: Self = Self([0.0; W]);

    /// The same value in each lane.
    #[inline(always)]
    pub fn splat(value: f64) -> Self {
        Self([value; W])
    }

    /// Applies `f` to each lane.
    #[inline(always)]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k])))
    }

    /// Combines lane by lane.
    #[inline(always)]
    pub fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|k| f(self.0[k], other.0[k])))
    }

    /// Square root of each lane.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    /// Reciprocal of each lane.
    #[inline(always)]
    pub fn recip(self) -> Self {
        self.map(|x| 1.0 / x)
    }

    /// Sum over the lanes, halving each time.
    #[inline(always)]
    pub fn sum(self) -> f64 {
        let mut values = self.0;
        let mut half = W / 2;
        while half > 0 {
            for k in 0..half {
                values[k] += values[k + half];
            }
            half /= 2;
        }
        values[0]
    }
}

/// Belongs in the body of every loop over entries of lanes, and does nothing: the compiler may otherwise make lanes of
/// the entries as well, with gathers and scatters between them. With AVX-512 that took nearly twice as long from 64
/// neighbours on.
#[inline(always)]
pub fn entry_by_entry() {
    // SAFETY: no instruction, no memory, no flags; a loop with such a statement is not vectorised.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    unsafe {
        std::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:tt, $instruction:ident) => {
        impl<const W: usize> $trait for Lanes<W> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                #[cfg(target_feature = "simd128")]
                return self.pairwise(other, |a, b| std::arch::wasm32::$instruction(a, b));
                #[cfg(not(target_feature = "simd128"))]
                return self.zip(other, |a, b| a $op b);
            }
        }
    };
}
operator!(Add, add, +, f64x2_add);
operator!(Sub, sub, -, f64x2_sub);
operator!(Mul, mul, *, f64x2_mul);

/// In wasm the compiler leaves many of these operations scalar unless it is told which instruction to use.
#[cfg(target_feature = "simd128")]
impl<const W: usize> Lanes<W> {
    #[inline(always)]
    fn pairwise(self, other: Self, f: impl Fn(v128, v128) -> v128) -> Self {
        let mut result = [0.0; W];
        for k in (0..W).step_by(2) {
            let pair = f(f64x2(self.0[k], self.0[k + 1]), f64x2(other.0[k], other.0[k + 1]));
            result[k] = f64x2_extract_lane::<0>(pair);
            result[k + 1] = f64x2_extract_lane::<1>(pair);
        }
        Self(result)
    }
}

impl<const W: usize> Neg for Lanes<W> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

impl<const W: usize> AddAssign for Lanes<W> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const W: usize> SubAssign for Lanes<W> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
