//! Phases `exp(i k r)` of several atoms at once, and the rows of wave vectors that share a part of them.

use super::{WIDTH, Wide};
use crate::math::lanes::Lanes;

/// `exp(i x)` of several atoms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phase {
    pub(super) re: Wide,
    pub(super) im: Wide,
}

impl Phase {
    pub(super) const ONE: Self = Self { re: Lanes([1.0; WIDTH]), im: Wide::ZERO };

    #[inline(always)]
    pub(super) fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    /// `self * other` and `self * conjugate(other)`, from the same four products.
    #[inline(always)]
    pub(super) fn times_both(self, other: Self) -> [Self; 2] {
        let (rr, ii) = (self.re * other.re, self.im * other.im);
        let (ri, ir) = (self.re * other.im, self.im * other.re);
        [Self { re: rr - ii, im: ir + ri }, Self { re: rr + ii, im: ir - ri }]
    }

    #[inline(always)]
    pub(super) fn conjugate_if(self, yes: bool) -> Self {
        if yes { Self { re: self.re, im: -self.im } } else { self }
    }

    #[inline(always)]
    pub(super) fn scaled(self, factor: Wide) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }
}

/// `exp(i (x b_1 + y b_2) r)` of one group of atoms.
#[inline(always)]
pub(super) fn in_plane_phase(phases: &[Vec<Phase>; 3], groups: usize, row: Row, group: usize) -> Phase {
    let power = |axis: usize, n: i32| phases[axis][n.unsigned_abs() as usize * groups + group];
    power(0, row.x).times(power(1, row.y).conjugate_if(row.y < 0))
}

/// Wave vectors `x b_1 + y b_2 + z b_3` with the same x and y and `|z| <= reach`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) reach: usize,
}
