//! First shells of neighbours: how many, at which angles, how they link up, how long they stay.
//!
//! Neighbours are atoms closer than the first minimum of their g(r). Each minimum is read from the run's own [`Rdf`] as soon
//! as it shows, and is looked for again ever more rarely. In a salt only ions of opposite charge are neighbours, else any
//! pair is.
//!
//! | kept, as averages over stretches of the run | for |
//! |---|---|
//! | share of atoms of a with n neighbours of b | each ordered pair (a, b) |
//! | bond angles x-a-y, by 2 degrees, and the share of a that link an x with a y | each centre a and pair of neighbours (x, y) |
//! | sizes of clusters of a linked by b, the largest one's share, whether one is endless | each pair (a, b) |
//! | share of neighbours that are neighbours again after a lag | each pair (a, b) |
//!
//! A cluster is endless (percolates) where a path along its bonds comes back to an atom's own periodic image.

use serde::{Deserialize, Serialize};

use super::pairs::PairSearch;
use super::residence::Residence;
use super::shell_tables::{Table, Tables};
use super::{Frame, Rdf, RdfCurve};
use crate::analysis::Estimate;
use crate::math::Vec3;
use crate::system::System;

/// Numbers of neighbours that are told apart: 0 to 31, the last for all above.
pub const COORDINATIONS: usize = 32;
/// Bins of bond angles, of 2 degrees each.
pub const ANGLES: usize = 90;
/// Sizes of clusters that are told apart: 1 to 20, and one for all above.
pub const SIZES: usize = 21;
/// The cutoffs are looked for after so many frames and then whenever their number has doubled: each look costs some time.
const FIRST_LOOK: u64 = 10;
/// Once a look finds that a cutoff is off by more than this, Å, and by more than so many standard errors of the minimum, what
/// is counted within it is counted anew with the better one. A minimum that is merely noisy is not worth what is lost.
const MOVED: f64 = 0.05;
const SURELY: f64 = 2.0;
/// A path that comes back this far from where it started has gone around the cell, Å.
const WINDS: f64 = 0.5;

/// Two species whose atoms can be neighbours, as places among those that have atoms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Link {
    a: u32,
    b: u32,
    /// Å; zero until it is known.
    cutoff: f64,
}

/// Two species whose atoms are neighbours within a known distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShellLink<'a> {
    /// The number by which [`Shells`] knows the pair.
    pub index: usize,
    /// One species.
    pub first: &'a str,
    /// The other.
    pub second: &'a str,
    /// Å.
    pub cutoff: f64,
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
    /// Squared cutoffs by pair of species, Å^2; zero where there are no bonds.
    cutoffs: Vec<f64>,
    bonds: Vec<Bond>,
    starts: Vec<u32>,
    /// Neighbours of one atom by species.
    numbers: Vec<u32>,
    /// The numbers of one frame, table by table.
    sums: Vec<f64>,
    places: Vec<Option<Vec3>>,
    queue: Vec<u32>,
    pairs: Vec<(u32, u32)>,
}

/// Follows the first shells. Frames must be equally spaced in time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shells {
    /// Species that have atoms, and how many.
    names: Vec<String>,
    counts: Vec<usize>,
    /// By type: which of them.
    place: Vec<u32>,
    /// Pairs that can be neighbours.
    links: Vec<Link>,
    seen: u64,
    tables: Tables,
    /// By link.
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
        let all = system.counts();
        let present: Vec<usize> = (0..all.len()).filter(|&s| all[s] > 0).collect();
        let charges: Vec<f64> = present.iter().map(|&s| system.species[s].charge_e.unwrap_or(0.0)).collect();
        let ionic = charges.iter().any(|&q| q > 0.0) && charges.iter().any(|&q| q < 0.0);
        let pairs = (0..present.len()).flat_map(|a| (0..present.len()).map(move |b| (a, b)));
        let linked = |&(a, b): &(usize, usize)| if ionic { charges[a] > 0.0 && charges[b] < 0.0 } else { a <= b };
        let linked: Vec<(usize, usize)> = pairs.filter(linked).collect();
        let place = |s: usize| present.iter().position(|&own| own == s).unwrap_or(0) as u32;
        Self {
            names: present.iter().map(|&s| system.species[s].name.clone()).collect(),
            counts: present.iter().map(|&s| all[s]).collect(),
            place: (0..all.len()).map(place).collect(),
            tables: Tables::new(present.len(), &linked),
            residence: linked.iter().map(|_| Residence::new()).collect(),
            links: linked.into_iter().map(|(a, b)| Link { a: a as u32, b: b as u32, cutoff: 0.0 }).collect(),
            seen: 0,
            scratch: Scratch::default(),
        }
    }

    /// Pairs of species that are neighbours within a known distance.
    pub fn links(&self) -> Vec<ShellLink<'_>> {
        let name = |s: u32| self.names[s as usize].as_str();
        let known = self.links.iter().enumerate().filter(|(_, link)| link.cutoff > 0.0);
        known
            .map(|(index, link)| ShellLink { index, first: name(link.a), second: name(link.b), cutoff: link.cutoff })
            .collect()
    }

    /// Whether there are few enough species to tell bond angles apart.
    pub fn has_angles(&self) -> bool {
        self.tables.has_angles()
    }

    /// Takes in one frame; `rdf` has already seen it.
    pub fn observe(&mut self, frame: &Frame, rdf: &Rdf) {
        self.seen += 1;
        if self.seen.is_multiple_of(FIRST_LOOK) && (self.seen / FIRST_LOOK).is_power_of_two() {
            self.find_cutoffs(&rdf.curves());
        }
        if self.links.iter().all(|link| link.cutoff == 0.0) {
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        self.find_bonds(frame.system, &mut scratch);
        scratch.sums.clear();
        scratch.sums.resize(self.tables.width(), 0.0);
        self.count_neighbours(frame.system, &mut scratch);
        for k in 0..self.links.len() {
            if self.links[k].cutoff > 0.0 {
                self.count_clusters(frame.system, k, &mut scratch);
                self.follow(frame, k, &mut scratch);
            }
        }
        self.tables.push(&scratch.sums, |k| self.links[k].cutoff > 0.0);
        self.scratch = scratch;
    }

    /// Sets the cutoffs to the first minima that are known, and forgets what was counted within one that has moved.
    fn find_cutoffs(&mut self, curves: &[RdfCurve]) {
        for (k, link) in self.links.iter_mut().enumerate() {
            let (a, b) = (&self.names[link.a as usize], &self.names[link.b as usize]);
            let same = |c: &&RdfCurve| [(&c.first, &c.second), (&c.second, &c.first)].contains(&(a, b));
            let Some(minimum) = curves.iter().find(same).and_then(|curve| curve.first_minimum.as_ref()) else {
                continue;
            };
            let noise = SURELY * minimum.standard_error.unwrap_or(0.0);
            if link.cutoff > 0.0 && (link.cutoff - minimum.value).abs() <= MOVED.max(noise) {
                continue;
            }
            link.cutoff = minimum.value;
            self.tables.restart(k);
            self.residence[k] = Residence::new();
        }
    }

    /// Which of the species that have atoms.
    fn kind(&self, system: &System, atom: usize) -> u32 {
        self.place[system.types[atom] as usize]
    }

    /// All bonds, from either end, sorted by the atom that they start from.
    fn find_bonds(&self, system: &System, scratch: &mut Scratch) {
        let species = self.names.len();
        let Scratch { search, cutoffs, bonds, starts, .. } = scratch;
        cutoffs.clear();
        cutoffs.resize(species * species, 0.0);
        let index = |a: u32, b: u32| a as usize * species + b as usize;
        for link in &self.links {
            cutoffs[index(link.a, link.b)] = link.cutoff * link.cutoff;
            cutoffs[index(link.b, link.a)] = link.cutoff * link.cutoff;
        }
        let range = self.links.iter().map(|link| link.cutoff).fold(0.0, f64::max);
        bonds.clear();
        search.for_each_bond(system, range, |i, j, vector, distance2| {
            if distance2 < cutoffs[index(self.kind(system, i as usize), self.kind(system, j as usize))] {
                bonds.push(Bond { from: i, to: j, vector: *vector });
                bonds.push(Bond { from: j, to: i, vector: -vector });
            }
        });
        bonds.sort_unstable_by_key(|bond| (bond.from, bond.to));
        starts.clear();
        starts.resize(system.len() + 1, 0);
        bonds.iter().for_each(|bond| starts[bond.from as usize + 1] += 1);
        for i in 0..system.len() {
            starts[i + 1] += starts[i];
        }
    }

    /// Shares of atoms by number of neighbours, and bond angles.
    fn count_neighbours(&self, system: &System, scratch: &mut Scratch) {
        let Scratch { bonds, starts, numbers, sums, .. } = scratch;
        for i in 0..system.len() {
            let centre = self.kind(system, i) as usize;
            let bonds = &bonds[starts[i] as usize..starts[i + 1] as usize];
            numbers.clear();
            numbers.resize(self.names.len(), 0);
            for (k, bond) in bonds.iter().enumerate() {
                let other = self.kind(system, bond.to as usize) as usize;
                numbers[other] += 1;
                for second in &bonds[k + 1..] {
                    let third = self.kind(system, second.to as usize) as usize;
                    let Some(table) = self.tables.angle(centre, other, third) else { continue };
                    let cosine = bond.vector.dot(&second.vector) / (bond.vector.norm() * second.vector.norm());
                    let degrees = cosine.clamp(-1.0, 1.0).acos().to_degrees();
                    sums[table.start() + ((0.5 * degrees) as usize).min(ANGLES - 1)] += 1.0;
                }
            }
            self.count_bridges(centre, numbers, sums);
            for (other, &number) in numbers.iter().enumerate() {
                let Some(table) = self.tables.coordination(centre, other) else { continue };
                sums[table.start() + (number as usize).min(COORDINATIONS - 1)] += 1.0 / self.counts[centre] as f64;
            }
        }
    }

    /// Whether an atom with these neighbours by species links two of them.
    fn count_bridges(&self, centre: usize, numbers: &[u32], sums: &mut [f64]) {
        for (x, &first) in numbers.iter().enumerate() {
            for (y, &second) in numbers.iter().enumerate().skip(x) {
                let links = if x == y { first >= 2 } else { first >= 1 && second >= 1 };
                let Some(table) = self.tables.angle(centre, x, y).filter(|_| links) else { continue };
                sums[table.start() + ANGLES] += 1.0 / self.counts[centre] as f64;
            }
        }
    }

    /// Clusters of link `k`, whose size is the number of its first species.
    fn count_clusters(&self, system: &System, k: usize, scratch: &mut Scratch) {
        let link = self.links[k];
        let Some(at) = self.tables.cluster(k).map(Table::start) else { return };
        let centres = self.counts[link.a as usize] as f64;
        let Scratch { bonds, starts, sums, places, queue, .. } = scratch;
        places.clear();
        places.resize(system.len(), None);
        let (mut largest, mut endless) = (0usize, false);
        for seed in (0..system.len()).filter(|&i| self.kind(system, i) == link.a) {
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
                size += usize::from(self.kind(system, i) == link.a);
                for bond in &bonds[starts[i] as usize..starts[i + 1] as usize] {
                    let j = bond.to as usize;
                    let ends = [self.kind(system, i), self.kind(system, j)];
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
        let kind = |atom: u32| self.kind(frame.system, atom as usize);
        let own = |bond: &&Bond| {
            (kind(bond.from), kind(bond.to)) == (link.a, link.b) && (link.a != link.b || bond.from < bond.to)
        };
        scratch.pairs.clear();
        scratch.pairs.extend(scratch.bonds.iter().filter(own).map(|bond| (bond.from, bond.to)));
        // An atom may be bonded to two images of another.
        scratch.pairs.dedup();
        let [a, b] = [link.a, link.b].map(|species| self.counts[species as usize] as f64);
        let possible = if link.a == link.b { (0.5 * a * (a - 1.0)).max(1.0) } else { a * b };
        self.residence[k].push(frame.time_fs, &scratch.pairs, possible);
    }

    /// Share of atoms of species `a` with n = 0, 1, ... neighbours of species `b`.
    pub fn coordination(&self, a: &str, b: &str) -> Option<Histogram> {
        self.tables.coordination(self.species(a)?, self.species(b)?)?.histogram(COORDINATIONS)
    }

    /// Mean number of neighbours of species `b` around an atom of `a`.
    pub fn mean_coordination(&self, a: &str, b: &str) -> Option<Estimate> {
        let mean = |row: &[f64]| (0..COORDINATIONS).map(|n| n as f64 * row[n]).sum::<f64>();
        self.tables.coordination(self.species(a)?, self.species(b)?)?.estimate(mean, "")
    }

    /// Distribution of angles x-a-y per degree, normalised to 1; `None` where there were none.
    pub fn angles(&self, a: &str, x: &str, y: &str) -> Option<Histogram> {
        let raw = self.tables.angle(self.species(a)?, self.species(x)?, self.species(y)?)?.histogram(ANGLES)?;
        let total: f64 = raw.values.iter().sum::<f64>() * 180.0 / ANGLES as f64;
        let scaled = |v: &f64| v / total;
        let errors = raw.errors.iter().map(|e| e.map(|e| e / total)).collect();
        (total > 0.0).then(|| Histogram { values: raw.values.iter().map(scaled).collect(), errors })
    }

    /// Mean angle x-a-y, degrees.
    pub fn mean_angle(&self, a: &str, x: &str, y: &str) -> Option<Estimate> {
        let table = self.tables.angle(self.species(a)?, self.species(x)?, self.species(y)?)?;
        let width = 180.0 / ANGLES as f64;
        let mean = |row: &[f64]| {
            let total: f64 = row[..ANGLES].iter().sum();
            (0..ANGLES).map(|k| (k as f64 + 0.5) * width * row[k]).sum::<f64>() / total
        };
        table.estimate(mean, "°").filter(|estimate| estimate.value.is_finite())
    }

    /// Share of atoms of `a` that are neighbours of an atom of `x` and of another one of `y`.
    pub fn bridges(&self, a: &str, x: &str, y: &str) -> Option<Estimate> {
        self.tables.angle(self.species(a)?, self.species(x)?, self.species(y)?)?.estimate(|row| row[ANGLES], "")
    }

    /// Of link `k`: share of centres in clusters of each size; mean size as a centre sees it; the largest cluster's share of
    /// all centres; share of frames in which a cluster is endless.
    pub fn clusters(&self, k: usize) -> Option<(Histogram, [Estimate; 3])> {
        let table = self.tables.cluster(k)?;
        let one = |offset: usize| table.estimate(|row| row[SIZES + offset], "");
        Some((table.histogram(SIZES)?, [one(0)?, one(1)?, one(2)?]))
    }

    /// How long neighbours of link `k` stay.
    pub fn residence(&self, k: usize) -> &Residence {
        &self.residence[k]
    }

    fn species(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own == name)
    }
}
