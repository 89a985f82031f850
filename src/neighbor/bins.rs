//! Sorting atoms into bins along the cell's vectors, so that pairs are found in time proportional to their number.

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::system::System;

use super::Slot;

/// Bins per atom are kept about here: finer bins cost more to walk than they save.
const MAX_BINS_PER_ATOM: usize = 8;

/// Atoms sorted into bins; along each vector a search covers `reach[k]` bins either side.
pub(super) struct Bins {
    counts: [i32; 3],
    reach: [i32; 3],
    periodic: [bool; 3],
    /// Largest lattice shift along each vector.
    images: [i32; 3],
    /// Bin of each atom.
    homes: Vec<[i32; 3]>,
    starts: Vec<u32>,
    atoms: Vec<u32>,
}

impl Bins {
    pub(super) fn new(system: &System, wrapped: &[Vec3], reach: f64) -> Result<Self> {
        let cell = &system.cell;
        let periodic = cell.periodic();
        let faces = cell.face_distances();
        let fractional: Vec<Vec3> = wrapped.iter().map(|p| cell.fractional(p)).collect();
        let mut low = Vec3::zeros();
        let mut width = Vec3::repeat(1.0);
        for k in (0..3).filter(|&k| !periodic[k]) {
            let (min, max) = fractional.iter().fold((f64::MAX, f64::MIN), |(a, b), s| (a.min(s[k]), b.max(s[k])));
            low[k] = min.min(max);
            width[k] = (max - min).max(1.0);
        }
        // Non-periodic vectors have length 1, so that their fractional width is in Å.
        let extent: [f64; 3] = std::array::from_fn(|k| if periodic[k] { faces[k] } else { width[k] });
        let most = (system.len() * MAX_BINS_PER_ATOM).max(1) as f64;
        let mut counts: [i32; 3] = extent.map(|length| (2.0 * length / reach).floor().clamp(1.0, most) as i32);
        while counts.map(f64::from).iter().product::<f64>() > most {
            counts = counts.map(|n| (n + 1) / 2);
        }
        let steps: [f64; 3] = std::array::from_fn(|k| (reach * f64::from(counts[k]) / extent[k]).ceil());
        if steps.iter().any(|&s| s > 500.0) {
            let found = format!("{:.3} Å between two faces", extent.iter().fold(f64::MAX, |a, &b| a.min(b)));
            return Err(Error::invalid(
                "cell",
                found,
                format!("at least a hundredth of the interaction range, {reach:.2} Å"),
            ));
        }
        let steps = steps.map(|s| s as i32);
        let images = std::array::from_fn(|k| if periodic[k] { steps[k].div_euclid(counts[k]) + 1 } else { 0 });
        let homes: Vec<[i32; 3]> = fractional
            .iter()
            .map(|s| {
                std::array::from_fn(|k| {
                    let x = (s[k] - low[k]) / width[k] * f64::from(counts[k]);
                    (x as i32).clamp(0, counts[k] - 1)
                })
            })
            .collect();
        let mut bins = Self { counts, reach: steps, periodic, images, homes, starts: Vec::new(), atoms: Vec::new() };
        bins.sort();
        Ok(bins)
    }

    fn index(&self, bin: [i32; 3]) -> usize {
        ((bin[0] * self.counts[1] + bin[1]) * self.counts[2] + bin[2]) as usize
    }

    fn sort(&mut self) {
        let total = self.counts.iter().map(|&n| n as usize).product::<usize>();
        let mut starts = vec![0u32; total + 1];
        for home in &self.homes {
            starts[self.index(*home) + 1] += 1;
        }
        for k in 1..starts.len() {
            starts[k] += starts[k - 1];
        }
        let mut cursors = starts.clone();
        self.atoms = vec![0; self.homes.len()];
        for (atom, home) in self.homes.iter().enumerate() {
            let bin = self.index(*home);
            self.atoms[cursors[bin] as usize] = atom as u32;
            cursors[bin] += 1;
        }
        self.starts = starts;
    }

    /// Every lattice shift that a pair can have; a shift's index is its place here.
    pub(super) fn shifts(&self) -> Vec<[i32; 3]> {
        let [a, b, c] = self.images;
        let mut shifts = Vec::new();
        for x in -a..=a {
            for y in -b..=b {
                shifts.extend((-c..=c).map(|z| [x, y, z]));
            }
        }
        shifts
    }

    fn shift_index(&self, n: [i32; 3]) -> u32 {
        let [a, b, c] = self.images;
        (((n[0] + a) * (2 * b + 1) + n[1] + b) * (2 * c + 1) + n[2] + c) as u32
    }

    /// Index of the negative of a shift.
    pub(super) fn opposite(&self, shift: u32) -> u32 {
        let last = self.shift_index(self.images);
        last - shift
    }

    /// Each pair of images closer than `reach`, once: as (i, slot of j) with j > i, or j = i and a positive shift.
    ///
    /// # Errors
    /// More than `limit` pairs.
    pub(super) fn pairs(
        &self,
        wrapped: &[Vec3],
        shift_vectors: &[Vec3],
        reach: f64,
        limit: usize,
    ) -> Result<Vec<(u32, Slot)>> {
        let zero = self.shift_index([0; 3]);
        let mut pairs = Vec::with_capacity(self.homes.len() * 32);
        for (i, home) in self.homes.iter().enumerate() {
            self.around(*home, |bin, shift| {
                let origin = wrapped[i] - shift_vectors[shift as usize];
                for &j in &self.atoms[self.starts[bin] as usize..self.starts[bin + 1] as usize] {
                    let once = j as usize > i || (j as usize == i && shift > zero);
                    if once && (wrapped[j as usize] - origin).norm_squared() < reach * reach {
                        pairs.push((i as u32, Slot { atom: j, shift }));
                    }
                }
            });
            if pairs.len() > limit {
                let found = format!("over {limit} pairs within {reach:.2} Å");
                return Err(Error::invalid("structure", found, "a cell and positions of ordinary density"));
            }
        }
        Ok(pairs)
    }

    /// Visits every bin within reach of `home` with the lattice shift that its atoms then have.
    fn around(&self, home: [i32; 3], mut visit: impl FnMut(usize, u32)) {
        let resolve = |k: usize, offset: i32| {
            let raw = home[k] + offset;
            let (bin, image) = (raw.rem_euclid(self.counts[k]), raw.div_euclid(self.counts[k]));
            (self.periodic[k] || image == 0).then_some((bin, image))
        };
        for (x, nx) in (-self.reach[0]..=self.reach[0]).filter_map(|d| resolve(0, d)) {
            for (y, ny) in (-self.reach[1]..=self.reach[1]).filter_map(|d| resolve(1, d)) {
                for (z, nz) in (-self.reach[2]..=self.reach[2]).filter_map(|d| resolve(2, d)) {
                    visit(self.index([x, y, z]), self.shift_index([nx, ny, nz]));
                }
            }
        }
    }
}
