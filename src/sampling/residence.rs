//! How long neighbours stay: the share of pairs that are neighbours again after a lag.
//!
//! ```text
//! C(t) = < pairs bonded at t0 and at t0 + t > / < pairs bonded at t0 >,   c(t) = (C(t) - p)/(1 - p)
//! ```
//!
//! whatever happened in between (the intermittent function; Rapaport, Mol. Phys. 50, 1151 (1983),
//! doi:10.1080/00268978300102931). p is the share of all possible pairs that are bonded, what C falls to once partners are
//! mixed. The residence time is where c has fallen to 1/e.
//!
//! Lags and memory are those of the mean-square displacement ([`Msd`](super::Msd)).

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::levels::{RING, due, lags, stride};
use crate::analysis::Estimate;
use crate::math::statistics::{Blocking, MeanError};

/// Where more than this share of all possible pairs is bonded, none can part.
const ALL: f64 = 1.0 - 1e-9;

/// Why there is no residence time.
const TOO_SHORT: &str = "The run is still too short.";
const NOT_PARTED: &str = "Most neighbours have not parted yet.";
const TOO_RARE: &str = "Frames are too far apart: most neighbours have parted already from one to the next.";
const NO_OTHERS: &str = "All of these atoms are neighbours of each other: there is nowhere to part to.";

/// The survival of one kind of pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Residence {
    frames: u64,
    start_fs: f64,
    last_fs: f64,
    /// Share of possible pairs that are bonded.
    share: Blocking,
    /// The first frame's pairs, which every level starts with.
    first: Vec<(u32, u32)>,
    levels: Vec<Level>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Level {
    filled: u64,
    /// Sorted pairs of the last samples.
    ring: Vec<Vec<(u32, u32)>>,
    averages: Vec<Blocking>,
}

/// c(t) with its errors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survival {
    /// Lags, ps.
    pub time_ps: Vec<f64>,
    /// c.
    pub share: Vec<f64>,
    /// Standard errors.
    pub errors: Vec<Option<f64>>,
}

impl Residence {
    pub(super) fn new() -> Self {
        Self { frames: 0, start_fs: 0.0, last_fs: 0.0, share: Blocking::new(), first: Vec::new(), levels: Vec::new() }
    }

    /// Takes the pairs that are bonded now, sorted, of so many possible ones.
    pub(super) fn push(&mut self, time_fs: f64, pairs: &[(u32, u32)], possible: f64) {
        self.last_fs = time_fs;
        self.share.push(pairs.len() as f64 / possible);
        if self.frames == 0 {
            self.start_fs = time_fs;
            self.first = pairs.to_vec();
        } else {
            for l in 0..due(self.frames) {
                if l == self.levels.len() {
                    self.levels.push(Level::new(&self.first));
                }
                self.levels[l].take(pairs, lags(l));
            }
        }
        self.frames += 1;
    }

    /// c(t) so far; empty where all possible pairs are bonded.
    pub fn survival(&self) -> Survival {
        let interval_ps = 1e-3 * (self.last_fs - self.start_fs) / self.frames.saturating_sub(1).max(1) as f64;
        let random = self.share.mean();
        let mut curve = Survival::default();
        if random > ALL {
            return curve;
        }
        for (l, level) in self.levels.iter().enumerate() {
            for lag in lags(l) {
                let average = &level.averages[lag - 1];
                if average.count() > 0 {
                    curve.time_ps.push(interval_ps * lag as f64 * stride(l));
                    curve.share.push((average.mean() - random) / (1.0 - random));
                    curve.errors.push(average.mean_error().standard_error.map(|error| error / (1.0 - random)));
                }
            }
        }
        curve
    }

    /// The lag at which c has fallen to 1/e, ps.
    ///
    /// # Errors
    /// Why there is none, in plain words.
    pub fn time(&self) -> Result<Estimate, &'static str> {
        let Survival { time_ps, share, errors } = self.survival();
        let level = (-1.0_f64).exp();
        match share.first() {
            None if self.share.mean() > ALL => return Err(NO_OTHERS),
            None => return Err(TOO_SHORT),
            Some(first) if *first <= level => return Err(TOO_RARE),
            Some(_) => {}
        }
        let k = (1..share.len()).find(|&k| share[k] <= level).ok_or(NOT_PARTED)?;
        let slope = (share[k] - share[k - 1]) / (time_ps[k] - time_ps[k - 1]);
        let value = time_ps[k - 1] + (level - share[k - 1]) / slope;
        let error = errors[k].or(errors[k - 1]).map(|error| error / slope.abs());
        let independent = self.levels.iter().flat_map(|l| &l.averages).map(|a| a.mean_error().independent_samples);
        let samples = independent.fold(f64::INFINITY, |a, b| if b > 0.0 { a.min(b) } else { a });
        let independent_samples = if samples.is_finite() { samples } else { 0.0 };
        Ok(Estimate::new(value, MeanError { standard_error: error, independent_samples }, "ps"))
    }
}

impl Level {
    fn new(first: &[(u32, u32)]) -> Self {
        let mut ring = vec![Vec::new(); RING];
        ring[0] = first.to_vec();
        Self { filled: 1, ring, averages: vec![Blocking::new(); RING] }
    }

    fn take(&mut self, pairs: &[(u32, u32)], lags: RangeInclusive<usize>) {
        for lag in lags.take_while(|&lag| lag as u64 <= self.filled) {
            let then = &self.ring[((self.filled - lag as u64) % RING as u64) as usize];
            if !then.is_empty() {
                self.averages[lag - 1].push(common(then, pairs) as f64 / then.len() as f64);
            }
        }
        let slot = &mut self.ring[(self.filled % RING as u64) as usize];
        slot.clear();
        slot.extend_from_slice(pairs);
        self.filled += 1;
    }
}

/// Entries that two sorted lists share.
fn common(a: &[(u32, u32)], b: &[(u32, u32)]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                i += 1;
                j += 1;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::math::rng::seeded;

    /// 400 pairs that each part with a fixed chance per frame of 0.1 ps, and are then replaced by new ones.
    fn parting(chance: f64, frames: u32) -> Residence {
        let (mut rng, mut residence) = (seeded(3, 0), Residence::new());
        let mut partners: Vec<u32> = (0..400).collect();
        let mut next = 400;
        for frame in 0..frames {
            for partner in &mut partners {
                if rng.random::<f64>() < chance {
                    *partner = next;
                    next += 1;
                }
            }
            let pairs: Vec<(u32, u32)> = (0..).zip(partners.iter().copied()).collect();
            residence.push(f64::from(frame) * 100.0, &pairs, 1e9);
        }
        residence
    }

    #[test]
    fn pairs_that_part_at_random_stay_as_long_as_they_should() {
        let residence = parting(0.05, 4000);
        let found = residence.time().unwrap();
        // 0.95^n = 1/e after 19.5 frames of 0.1 ps; the curve is read between lags of 16 and 20 frames, off by under 1 %.
        let truth = 0.1 / -(0.95_f64.ln());
        println!("{} ± {:?}, exactly {truth}", found.value, found.standard_error);
        assert!((found.value - truth).abs() < 4.0 * found.standard_error.unwrap() + 0.01 * truth);
        assert!(found.standard_error.unwrap() < 0.03 * truth);
        assert!((residence.survival().share[0] - 0.95).abs() < 0.005);
    }

    #[test]
    fn why_there_is_no_time_is_told() {
        assert_eq!(parting(0.05, 1).time(), Err(TOO_SHORT));
        assert_eq!(parting(0.0, 100).time(), Err(NOT_PARTED));
        assert_eq!(parting(0.9, 100).time(), Err(TOO_RARE));
        let mut two = Residence::new();
        (0..20).for_each(|frame| two.push(f64::from(frame), &[(0, 1)], 1.0));
        assert_eq!(two.time(), Err(NO_OTHERS));
        assert_eq!(two.survival(), Survival::default());
    }

    #[test]
    fn lists_share_what_they_share() {
        assert_eq!(common(&[(0, 1), (0, 3), (2, 2)], &[(0, 3), (1, 1), (2, 2), (4, 0)]), 2);
        assert_eq!(common(&[], &[(0, 3)]), 0);
        assert_eq!(Residence::new().time(), Err(TOO_SHORT));
    }
}
