//! Sorting atoms into bins along the cell's vectors, so that pairs are found in time proportional to their number.

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::system::System;

use super::Slot;

/// Bins per atom are kept about here: finer bins cost more to walk than they save.
const MAX_BINS_PER_ATOM: usize = 8;
/// A cell whose faces are this many times closer than atoms reach is no cell of atoms.
const MAX_REACH_OVER_FACES: f64 = 100.0;
/// Most lattice shifts that pairs can have: each is stored, and each atom looks at all of them where a cell is one bin.
const MAX_SHIFTS: u64 = 1_000_000;

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
        check_faces(&extent, &periodic, reach)?;
        let steps: [i32; 3] = std::array::from_fn(|k| {
            let steps = (reach * f64::from(counts[k]) / extent[k]).ceil();
            // Where nothing repeats, no bin is further away than there are bins.
            if periodic[k] { steps as i32 } else { steps.min(f64::from(counts[k])) as i32 }
        });
        let images = std::array::from_fn(|k| if periodic[k] { steps[k].div_euclid(counts[k]) + 1 } else { 0 });
        check_shifts(images, reach)?;
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
                        // One atom alone may have more than fit in memory.
                        if pairs.len() == limit {
                            return Err(too_many_pairs(limit, reach));
                        }
                        pairs.push((i as u32, Slot { atom: j, shift }));
                    }
                }
                Ok(())
            })?;
        }
        Ok(pairs)
    }

    /// Visits every bin within reach of `home` with the lattice shift that its atoms then have, up to the first error.
    fn around(&self, home: [i32; 3], mut visit: impl FnMut(usize, u32) -> Result<()>) -> Result<()> {
        let resolve = |k: usize, offset: i32| {
            let raw = home[k] + offset;
            let (bin, image) = (raw.rem_euclid(self.counts[k]), raw.div_euclid(self.counts[k]));
            (self.periodic[k] || image == 0).then_some((bin, image))
        };
        for (x, nx) in (-self.reach[0]..=self.reach[0]).filter_map(|d| resolve(0, d)) {
            for (y, ny) in (-self.reach[1]..=self.reach[1]).filter_map(|d| resolve(1, d)) {
                for (z, nz) in (-self.reach[2]..=self.reach[2]).filter_map(|d| resolve(2, d)) {
                    visit(self.index([x, y, z]), self.shift_index([nx, ny, nz]))?;
                }
            }
        }
        Ok(())
    }
}

fn check_faces(extent: &[f64; 3], periodic: &[bool; 3], reach: f64) -> Result<()> {
    let nearest = (0..3).filter(|&k| periodic[k]).map(|k| extent[k]).fold(f64::INFINITY, f64::min);
    if nearest * MAX_REACH_OVER_FACES >= reach {
        return Ok(());
    }
    let found = format!("{nearest:.3} Å between two faces");
    Err(Error::invalid("cell", found, format!("at least a hundredth of the interaction range, {reach:.2} Å")))
}

fn check_shifts(images: [i32; 3], reach: f64) -> Result<()> {
    let shifts: u64 = images.iter().map(|&n| 2 * u64::from(n.unsigned_abs()) + 1).product();
    if shifts <= MAX_SHIFTS {
        return Ok(());
    }
    let found = format!("{shifts} of its images within {reach:.2} Å");
    Err(Error::invalid("cell", found, format!("at most {MAX_SHIFTS}: a larger cell, or a shorter cutoff")))
}

fn too_many_pairs(limit: usize, reach: f64) -> Error {
    let found = format!("over {limit} pairs within {reach:.2} Å");
    Error::invalid("structure", found, "fewer: positions of ordinary density, a shorter cutoff, or fewer atoms")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{Cell, Species};

    #[test]
    fn a_single_atom_is_held_to_the_limit_of_pairs() {
        let argon = vec![Species::from_name("Ar").expect("an element")];
        let cell = Cell::orthorhombic(1.0, 1.0, 1.0).expect("a cell");
        let system = System::new(cell, argon, vec![0], vec![Vec3::zeros()]).expect("an atom");
        let (wrapped, reach) = (&system.positions, 3.1);
        let bins = Bins::new(&system, wrapped, reach).expect("a few images");
        let shifts: Vec<Vec3> = bins.shifts().into_iter().map(|n| Vec3::from(n.map(f64::from))).collect();
        let pairs = |limit| bins.pairs(wrapped, &shifts, reach, limit).map(|pairs| pairs.len());
        // Points of the lattice within 3.1 of the origin: 122 others, of which one of each two opposite ones counts.
        assert_eq!(pairs(usize::MAX), Ok(61));
        assert_eq!(pairs(61), Ok(61));
        assert!(pairs(60).is_err_and(|error| error.to_string().starts_with("structure: found over 60 pairs")));
    }
}
