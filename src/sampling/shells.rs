//! First shells of neighbours: how many, at which angles, how they link up, how long they stay.
//!
//! Neighbours are atoms closer than the first minimum of their g(r). The minima are read from the run's own [`Rdf`] as soon
//! as it shows them, and kept from then on. In a salt only ions of opposite charge are neighbours, else any pair is.
//!
//! | kept, as averages over stretches of the run | for |
//! |---|---|
//! | share of atoms of a with n neighbours of b | each ordered pair (a, b) |
//! | bond angles x-a-y, by 2 degrees | each centre a and pair of neighbours (x, y) |
//! | sizes of clusters of a linked by b, the largest one's share, whether one is endless | each pair (a, b) |
//! | share of neighbours that are neighbours again after a lag | each pair (a, b) |
//!
//! A cluster is endless (percolates) where a path along its bonds comes back to an atom's own periodic image.

use serde::{Deserialize, Serialize};

use super::pairs::PairSearch;
use super::residence::Residence;
use super::rows::Rows;
use super::{Frame, Rdf};
use crate::analysis::Estimate;
use crate::math::Vec3;
use crate::math::statistics::rows_error;
use crate::system::System;

/// Numbers of neighbours that are told apart: 0 to 15, the last for all above.
pub const COORDINATIONS: usize = 16;
/// Bins of bond angles, of 2 degrees each.
pub const ANGLES: usize = 90;
/// Sizes of clusters that are told apart: 1 to 20, and one for all above.
pub const SIZES: usize = 21;
/// Frames at which the cutoffs are looked for, before and between which it is not worth the time.
const LOOKS: [u64; 6] = [10, 20, 40, 80, 160, 320];
/// Once a look finds a cutoff that is off by more than this, Å, everything is counted anew with the better ones.
const MOVED: f64 = 0.05;
/// A path that comes back this far from where it started has gone around the cell, Å.
const WINDS: f64 = 0.5;

/// Two species whose atoms can be neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Link {
    a: u32,
    b: u32,
    cutoff: f64,
}

/// A bond from one atom to another.
#[derive(Debug, Clone, Copy, Default)]
struct Bond {
    from: u32,
    to: u32,
    vector: Vec3,
}

/// Buffers that need not be stored.
#[derive(Debug, Clone, Default)]
struct Scratch {
    search: PairSearch,
    bonds: Vec<Bond>,
    starts: Vec<u32>,
    sums: Vec<f64>,
    places: Vec<Option<Vec3>>,
    queue: Vec<u32>,
    pairs: Vec<(u32, u32)>,
}

/// Follows the first shells. Frames must be equally spaced in time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shells {
    names: Vec<String>,
    /// Pairs that can be neighbours; cutoffs are zero until they are known.
    links: Vec<Link>,
    ready: bool,
    seen: u64,
    frames: u64,
    rows: Rows,
    residence: Vec<Residence>,
    #[serde(skip)]
    scratch: Scratch,
}

/// A histogram with errors.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Values, one per bin.
    pub values: Vec<f64>,
    /// Their standard errors.
    pub errors: Vec<Option<f64>>,
}

impl Shells {
    /// An observer for runs of `system`.
    pub fn new(system: &System) -> Self {
        let counts = system.counts();
        let present: Vec<u32> = (0..counts.len()).filter(|&s| counts[s] > 0).map(|s| s as u32).collect();
        let charge = |s: u32| system.species[s as usize].charge_e.unwrap_or(0.0);
        let ionic = present.iter().any(|&s| charge(s) > 0.0) && present.iter().any(|&s| charge(s) < 0.0);
        let pairs = present.iter().flat_map(|&a| present.iter().map(move |&b| (a, b)));
        let linked = |&(a, b): &(u32, u32)| if ionic { charge(a) > 0.0 && charge(b) < 0.0 } else { a <= b };
        let links: Vec<Link> = pairs.filter(linked).map(|(a, b)| Link { a, b, cutoff: 0.0 }).collect();
        let names = system.species.iter().map(|s| s.name.clone()).collect();
        let width = Layout { species: system.species.len(), links: links.len() }.width();
        let residence = links.iter().map(|_| Residence::new()).collect();
        let (rows, scratch) = (Rows::new(width), Scratch::default());
        Self { names, links, ready: false, seen: 0, frames: 0, rows, residence, scratch }
    }

    /// Frames taken in since the cutoffs were set.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Pairs of species that can be neighbours, with their cutoffs in Å; none before these are known.
    pub fn links(&self) -> Vec<(&str, &str, f64)> {
        let name = |s: u32| self.names[s as usize].as_str();
        let known = if self.ready { &self.links[..] } else { &[] };
        known.iter().map(|link| (name(link.a), name(link.b), link.cutoff)).collect()
    }

    /// Takes in one frame; `rdf` has already seen it.
    pub fn observe(&mut self, frame: &Frame, rdf: &Rdf) {
        self.seen += 1;
        if LOOKS.contains(&self.seen) {
            self.find_cutoffs(rdf);
        }
        if !self.ready || self.links.is_empty() {
            return;
        }
        self.frames += 1;
        let mut scratch = std::mem::take(&mut self.scratch);
        self.find_bonds(frame.system, &mut scratch);
        scratch.sums.clear();
        scratch.sums.resize(self.rows.width(), 0.0);
        self.count_neighbours(frame.system, &mut scratch);
        for k in 0..self.links.len() {
            self.count_clusters(frame.system, k, &mut scratch);
            self.follow(frame, k, &mut scratch);
        }
        self.rows.push(scratch.sums.iter().copied());
        self.scratch = scratch;
    }

    /// Sets the cutoffs to the first minima, if all are known and some are new.
    fn find_cutoffs(&mut self, rdf: &Rdf) {
        let curves = rdf.curves();
        let minimum = |link: &Link| {
            let (a, b) = (&self.names[link.a as usize], &self.names[link.b as usize]);
            let same = |first: &String, second: &String| (first == a && second == b) || (first == b && second == a);
            curves.iter().find(|c| same(&c.first, &c.second))?.first_minimum.as_ref().map(|minimum| minimum.value)
        };
        let Some(minima) = self.links.iter().map(minimum).collect::<Option<Vec<f64>>>() else { return };
        if self.links.iter().zip(&minima).all(|(link, minimum)| (link.cutoff - minimum).abs() <= MOVED) {
            return;
        }
        for (link, minimum) in self.links.iter_mut().zip(minima) {
            link.cutoff = minimum;
        }
        (self.ready, self.frames) = (true, 0);
        self.rows = Rows::new(self.rows.width());
        self.residence.fill_with(Residence::new);
    }

    /// All bonds, from either end, sorted by the atom that they start from.
    fn find_bonds(&self, system: &System, scratch: &mut Scratch) {
        let species = self.names.len();
        let mut cutoffs = [0.0; 64];
        let index = |a: u32, b: u32| (a as usize * species + b as usize).min(63);
        for link in &self.links {
            cutoffs[index(link.a, link.b)] = link.cutoff * link.cutoff;
            cutoffs[index(link.b, link.a)] = link.cutoff * link.cutoff;
        }
        let range = self.links.iter().map(|link| link.cutoff).fold(0.0, f64::max);
        let bonds = &mut scratch.bonds;
        bonds.clear();
        scratch.search.for_each_bond(system, range, |i, j, vector, distance2| {
            if distance2 < cutoffs[index(system.types[i as usize], system.types[j as usize])] {
                bonds.push(Bond { from: i, to: j, vector: *vector });
                bonds.push(Bond { from: j, to: i, vector: -vector });
            }
        });
        bonds.sort_unstable_by_key(|bond| (bond.from, bond.to));
        scratch.starts.clear();
        scratch.starts.resize(system.len() + 1, 0);
        scratch.bonds.iter().for_each(|bond| scratch.starts[bond.from as usize + 1] += 1);
        for i in 0..system.len() {
            scratch.starts[i + 1] += scratch.starts[i];
        }
    }

    /// Shares of atoms by number of neighbours, and bond angles.
    fn count_neighbours(&self, system: &System, scratch: &mut Scratch) {
        let layout = self.layout();
        let counts = system.counts();
        let mut numbers = [0usize; 64];
        for i in 0..system.len() {
            let kind = system.types[i] as usize;
            let bonds = &scratch.bonds[scratch.starts[i] as usize..scratch.starts[i + 1] as usize];
            numbers[..self.names.len().min(64)].fill(0);
            for (k, bond) in bonds.iter().enumerate() {
                let other = system.types[bond.to as usize] as usize;
                numbers[other.min(63)] += 1;
                for second in &bonds[k + 1..] {
                    let cosine = bond.vector.dot(&second.vector) / (bond.vector.norm() * second.vector.norm());
                    let degrees = cosine.clamp(-1.0, 1.0).acos().to_degrees();
                    let bin = ((0.5 * degrees) as usize).min(ANGLES - 1);
                    scratch.sums[layout.angle(kind, other, system.types[second.to as usize] as usize) + bin] += 1.0;
                }
            }
            for (other, &number) in numbers[..self.names.len().min(64)].iter().enumerate() {
                scratch.sums[layout.coordination(kind, other) + number.min(COORDINATIONS - 1)] +=
                    1.0 / counts[kind] as f64;
            }
        }
    }

    /// Clusters of link `k`, whose size is the number of its first species.
    fn count_clusters(&self, system: &System, k: usize, scratch: &mut Scratch) {
        let link = self.links[k];
        let at = self.layout().cluster(k);
        let centres = system.counts()[link.a as usize] as f64;
        let Scratch { bonds, starts, sums, places, queue, .. } = scratch;
        places.clear();
        places.resize(system.len(), None);
        let (mut largest, mut endless) = (0usize, false);
        for seed in (0..system.len()).filter(|&i| system.types[i] == link.a) {
            if places[seed].is_some() {
                continue;
            }
            places[seed] = Some(Vec3::zeros());
            queue.clear();
            queue.push(seed as u32);
            let mut size = 0usize;
            while let Some(i) = queue.pop() {
                let i = i as usize;
                let Some(here) = places[i] else { continue };
                size += usize::from(system.types[i] == link.a);
                for bond in &bonds[starts[i] as usize..starts[i + 1] as usize] {
                    let j = bond.to as usize;
                    let ends = [system.types[i], system.types[j]];
                    if ends != [link.a, link.b] && ends != [link.b, link.a] {
                        continue;
                    }
                    let there = here + bond.vector;
                    match places[j] {
                        Some(known) => endless |= (known - there).norm() > WINDS,
                        None => {
                            places[j] = Some(there);
                            queue.push(j as u32);
                        }
                    }
                }
            }
            largest = largest.max(size);
            sums[at + (size - 1).min(SIZES - 1)] += size as f64 / centres;
            sums[at + SIZES] += (size * size) as f64 / centres;
        }
        sums[at + SIZES + 1] = largest as f64 / centres;
        sums[at + SIZES + 2] = f64::from(u8::from(endless));
    }

    fn follow(&mut self, frame: &Frame, k: usize, scratch: &mut Scratch) {
        let link = self.links[k];
        let types = &frame.system.types;
        scratch.pairs.clear();
        let own = |bond: &&Bond| {
            let ends = (types[bond.from as usize], types[bond.to as usize]);
            ends == (link.a, link.b) && (link.a != link.b || bond.from < bond.to)
        };
        scratch.pairs.extend(scratch.bonds.iter().filter(own).map(|bond| (bond.from, bond.to)));
        // An atom may be bonded to two images of another.
        scratch.pairs.dedup();
        let counts = frame.system.counts();
        let possible = counts[link.a as usize] as f64 * counts[link.b as usize] as f64;
        self.residence[k].push(frame.time_fs, &scratch.pairs, possible);
    }

    fn layout(&self) -> Layout {
        Layout { species: self.names.len(), links: self.links.len() }
    }

    /// Share of atoms of species `a` with n = 0, 1, ... neighbours of species `b`.
    pub fn coordination(&self, a: &str, b: &str) -> Option<Histogram> {
        let (a, b) = (self.species(a)?, self.species(b)?);
        self.histogram(self.layout().coordination(a, b), COORDINATIONS)
    }

    /// Mean number of neighbours of species `b` around an atom of `a`.
    pub fn mean_coordination(&self, a: &str, b: &str) -> Option<Estimate> {
        let at = self.layout().coordination(self.species(a)?, self.species(b)?);
        let mean = |row: &[f64]| (0..COORDINATIONS).map(|n| n as f64 * row[at + n]).sum::<f64>();
        self.estimate(mean, "")
    }

    /// Distribution of angles x-a-y per degree, normalised to 1; `None` where there were none.
    pub fn angles(&self, a: &str, x: &str, y: &str) -> Option<Histogram> {
        let at = self.layout().angle(self.species(a)?, self.species(x)?, self.species(y)?);
        let raw = self.histogram(at, ANGLES)?;
        let total: f64 = raw.values.iter().sum::<f64>() * 180.0 / ANGLES as f64;
        let scaled = |v: &f64| v / total;
        let errors = raw.errors.iter().map(|e| e.map(|e| e / total)).collect();
        (total > 0.0).then(|| Histogram { values: raw.values.iter().map(scaled).collect(), errors })
    }

    /// Mean angle x-a-y, degrees.
    pub fn mean_angle(&self, a: &str, x: &str, y: &str) -> Option<Estimate> {
        let at = self.layout().angle(self.species(a)?, self.species(x)?, self.species(y)?);
        let width = 180.0 / ANGLES as f64;
        let mean = |row: &[f64]| {
            let total: f64 = row[at..at + ANGLES].iter().sum();
            (0..ANGLES).map(|k| (k as f64 + 0.5) * width * row[at + k]).sum::<f64>() / total
        };
        self.estimate(mean, "°").filter(|estimate| estimate.value.is_finite())
    }

    /// Of link `k`: share of centres in clusters of each size; mean size as a centre sees it; the largest cluster's share of
    /// all centres; share of frames in which a cluster is endless.
    pub fn clusters(&self, k: usize) -> Option<(Histogram, [Estimate; 3])> {
        let at = self.layout().cluster(k);
        let one = |offset: usize| self.estimate(|row| row[at + SIZES + offset], "");
        Some((self.histogram(at, SIZES)?, [one(0)?, one(1)?, one(2)?]))
    }

    /// How long neighbours of link `k` stay.
    pub fn residence(&self, k: usize) -> &Residence {
        &self.residence[k]
    }

    fn species(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own == name)
    }

    fn histogram(&self, at: usize, bins: usize) -> Option<Histogram> {
        if self.frames == 0 {
            return None;
        }
        let mean = self.rows.mean();
        let errors = (0..bins).map(|k| rows_error(&self.rows.column(at + k)).standard_error).collect();
        Some(Histogram { values: mean[at..at + bins].to_vec(), errors })
    }

    /// A number read off a row: of the mean over the run, with the error of the rows' own.
    fn estimate(&self, of: impl Fn(&[f64]) -> f64, unit: &str) -> Option<Estimate> {
        if self.frames == 0 {
            return None;
        }
        let rows: Vec<f64> = (0..self.rows.len()).map(|i| of(self.rows.row(i))).collect();
        Some(Estimate::new(of(&self.rows.mean()), rows_error(&rows), unit))
    }
}

/// Where things lie in a row.
#[derive(Clone, Copy)]
struct Layout {
    species: usize,
    links: usize,
}

impl Layout {
    fn coordination(self, a: usize, b: usize) -> usize {
        (a * self.species + b) * COORDINATIONS
    }

    fn angle(self, centre: usize, x: usize, y: usize) -> usize {
        let (low, high) = (x.min(y), x.max(y));
        self.species * self.species * COORDINATIONS + ((centre * self.species + low) * self.species + high) * ANGLES
    }

    fn cluster(self, link: usize) -> usize {
        let s = self.species;
        s * s * COORDINATIONS + s * s * s * ANGLES + link * (SIZES + 3)
    }

    fn width(self) -> usize {
        self.cluster(self.links).max(1)
    }
}
