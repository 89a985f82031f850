//! Lags over decades in bounded memory: level l holds the last [`RING`] samples, one every 2^l frames.

use std::ops::RangeInclusive;

/// Samples that a level holds.
pub(super) const RING: usize = 8;
/// Shortest lag of a level above 0, in its own samples; shorter ones belong to the level below.
pub(super) const FIRST_LAG: usize = RING / 2 + 1;
/// More levels than any run fills.
pub(super) const MAX_LEVELS: usize = 40;

/// How many levels, from the first on, sample the frame of this index, above 0.
pub(super) fn due(index: u64) -> usize {
    (index.trailing_zeros() as usize + 1).min(MAX_LEVELS)
}

/// Lags that a level covers, in its own samples.
pub(super) fn lags(level: usize) -> RangeInclusive<usize> {
    if level == 0 { 1..=RING } else { FIRST_LAG..=RING }
}

/// Frames between two samples of a level.
pub(super) fn stride(level: usize) -> f64 {
    (1u64 << level) as f64
}
