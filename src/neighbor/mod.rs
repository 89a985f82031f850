//! The full neighbour list with skin and reverse index, for any triclinic cell.
//!
//! Each atom owns a run of slots, one per neighbour image within `cutoff + skin`, grouped by the neighbour's species.
//! [`NeighborList::reverse`] maps the slot of (i -> j, n) to that of (j -> i, -n), so that forces can be gathered in a
//! fixed order without atomics.
//!
//! # When the list is rebuilt
//!
//! With `F` the cell's deformation since the build and `u` the largest displacement beyond it, a pair that was further than
//! `cutoff + skin` apart is now further than `(1 - |F - I|)(cutoff + skin) - 2u`. The list holds while that exceeds the
//! cutoff.

mod bins;

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::system::System;

use bins::Bins;

/// Atoms that are closer than this are at the same place, Å: no calculation and no rounding moves them so near, while a list
/// of positions that has an atom twice does.
const SAME_PLACE: f64 = 1e-3;
/// More neighbour slots than this are refused: the cell is far too small for the cutoff, or atoms have collapsed. While the
/// list is made a slot takes some 30 bytes, and up to 24 in a potential: on a page, all must fit in 512 MB.
const MAX_SLOTS: usize = if cfg!(target_arch = "wasm32") { 6_000_000 } else { 400_000_000 };

/// One neighbour of an atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slot {
    /// Index of the neighbouring atom.
    pub atom: u32,
    /// Index into [`NeighborList::shift_vectors`].
    pub shift: u32,
}

/// Two atoms, or an atom and its own image, and their distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Index of the one.
    pub first: usize,
    /// Index of the other.
    pub second: usize,
    /// Distance, Å.
    pub distance: f64,
}

impl Pair {
    /// Both by number and species, and how far apart they are.
    pub fn in_words(&self, system: &System) -> String {
        let first = system.atom_name(self.first);
        let second = if self.first == self.second { "its own image".into() } else { system.atom_name(self.second) };
        // Three decimals would leave nothing of a very short distance.
        let apart = match self.distance {
            0.0 => "0 Å".to_owned(),
            short if short < 0.01 => format!("{short:.1e} Å"),
            distance => format!("{distance:.3} Å"),
        };
        format!("{first} and {second}, {apart} apart")
    }
}

/// Neighbours of every atom. The vector from atom i to a slot's atom j is
/// `wrapped[j] + shift_vectors[shift] - wrapped[i]`.
#[derive(Debug, Clone)]
pub struct NeighborList {
    cutoff: f64,
    skin: f64,
    offsets: Vec<usize>,
    slots: Vec<Slot>,
    reverse: Vec<u32>,
    shifts: Vec<[i32; 3]>,
    shift_vectors: Vec<Vec3>,
    images: Vec<[i32; 3]>,
    wrapped: Vec<Vec3>,
    built: Option<Built>,
    rebuilds: u64,
}

/// The state that the list was built for.
#[derive(Debug, Clone)]
struct Built {
    positions: Vec<Vec3>,
    inverse_cell: Mat3,
}

impl NeighborList {
    /// An empty list for a cutoff and a skin in Å.
    ///
    /// # Errors
    /// A cutoff that is not positive, or a negative skin.
    pub fn new(cutoff: f64, skin: f64) -> Result<Self> {
        if !(cutoff > 0.0 && cutoff.is_finite()) {
            return Err(Error::invalid("cutoff", cutoff, "a positive length in Å"));
        }
        if !(skin >= 0.0 && skin.is_finite()) {
            return Err(Error::invalid("neighbour skin", skin, "a length in Å, zero or more"));
        }
        Ok(Self {
            cutoff,
            skin,
            offsets: Vec::new(),
            slots: Vec::new(),
            reverse: Vec::new(),
            shifts: Vec::new(),
            shift_vectors: Vec::new(),
            images: Vec::new(),
            wrapped: Vec::new(),
            built: None,
            rebuilds: 0,
        })
    }

    /// Cutoff, Å.
    pub fn cutoff(&self) -> f64 {
        self.cutoff
    }

    /// Skin, Å.
    pub fn skin(&self) -> f64 {
        self.skin
    }

    /// Times that the list was built.
    pub fn rebuilds(&self) -> u64 {
        self.rebuilds
    }

    /// Number of atoms that the list was built for.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether the list covers no atom.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Index range of atom `i`'s slots.
    pub fn range(&self, i: usize) -> std::ops::Range<usize> {
        self.offsets[i]..self.offsets[i + 1]
    }

    /// All slots, atom by atom.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// For each slot (i -> j), the slot (j -> i) of the same pair of images.
    pub fn reverse(&self) -> &[u32] {
        &self.reverse
    }

    /// Positions inside the cell (as of the build), Å.
    pub fn wrapped(&self) -> &[Vec3] {
        &self.wrapped
    }

    /// Lattice translations that slots refer to, Å.
    pub fn shift_vectors(&self) -> &[Vec3] {
        &self.shift_vectors
    }

    /// Vector from atom `i` to the atom of slot `s`, Å.
    pub fn vector(&self, i: usize, s: usize) -> Vec3 {
        let slot = self.slots[s];
        self.wrapped[slot.atom as usize] + self.shift_vectors[slot.shift as usize] - self.wrapped[i]
    }

    /// The two images that are closest to each other; `None` where no two are within the list's reach.
    pub fn closest_pair(&self) -> Option<Pair> {
        let slots = (0..self.len()).flat_map(|i| self.range(i).map(move |s| (i, s)));
        slots
            .map(|(first, s)| Pair {
                first,
                second: self.slots[s].atom as usize,
                distance: self.vector(first, s).norm(),
            })
            .filter(|pair| pair.distance.is_finite())
            .min_by(|a, b| a.distance.total_cmp(&b.distance))
    }

    /// # Errors
    /// Two atoms of `system`, whose list this is, at the same place; `what` names it.
    pub fn check_apart(&self, system: &System, what: &str) -> Result<()> {
        match self.closest_pair().filter(|pair| pair.distance < SAME_PLACE) {
            Some(pair) => {
                let expected = format!("atoms at least {SAME_PLACE} Å apart");
                Err(Error::invalid(what, pair.in_words(system), expected))
            }
            None => Ok(()),
        }
    }

    /// Forgets the build, so that the next [`NeighborList::update`] starts from the system alone.
    pub fn invalidate(&mut self) {
        self.built = None;
    }

    /// Brings the list up to date; returns whether it was rebuilt.
    ///
    /// # Errors
    /// A cell so small that the list would not fit in memory.
    pub fn update(&mut self, system: &System) -> Result<bool> {
        let rebuild = !self.still_valid(system);
        if rebuild {
            self.build(system)?;
        }
        self.refresh(system);
        Ok(rebuild)
    }

    fn still_valid(&self, system: &System) -> bool {
        let Some(built) = &self.built else { return false };
        if built.positions.len() != system.len() {
            return false;
        }
        let deformation = system.cell.vectors() * built.inverse_cell;
        let strain = (deformation - Mat3::identity()).norm();
        let allowed = 0.5 * ((1.0 - strain) * (self.cutoff + self.skin) - self.cutoff);
        if allowed < 0.0 {
            return false;
        }
        let moved = |(now, then): (&Vec3, &Vec3)| (now - deformation * then).norm_squared() > allowed * allowed;
        !system.positions.iter().zip(&built.positions).any(moved)
    }

    /// Current wrapped positions and shift vectors for an unchanged topology.
    fn refresh(&mut self, system: &System) {
        let cell = system.cell.vectors();
        let lattice = |n: &[i32; 3]| {
            cell.column(0) * f64::from(n[0]) + cell.column(1) * f64::from(n[1]) + cell.column(2) * f64::from(n[2])
        };
        self.shift_vectors.clear();
        self.shift_vectors.extend(self.shifts.iter().map(lattice));
        self.wrapped.clear();
        let unwrapped = system.positions.iter().zip(&self.images);
        self.wrapped.extend(
            unwrapped.map(|(position, image)| if *image == [0; 3] { *position } else { position - lattice(image) }),
        );
    }

    fn build(&mut self, system: &System) -> Result<()> {
        let reach = self.cutoff + self.skin;
        let periodic = system.cell.periodic();
        self.images.clear();
        self.images.extend(system.positions.iter().map(|position| {
            let s = system.cell.fractional(position);
            std::array::from_fn(|k| if periodic[k] { s[k].floor() as i32 } else { 0 })
        }));
        self.shifts.clear();
        self.refresh(system);
        let bins = Bins::new(system, &self.wrapped, reach)?;
        self.shifts = bins.shifts();
        self.refresh(system);
        let pairs = bins.pairs(&self.wrapped, &self.shift_vectors, reach, MAX_SLOTS / 2)?;
        self.fill(system, &pairs, |shift| bins.opposite(shift));
        self.built = Some(Built { positions: system.positions.clone(), inverse_cell: *system.cell.inverse() });
        self.rebuilds += 1;
        Ok(())
    }

    /// Places both slots of every pair, grouped by atom and, within an atom, by the neighbour's species.
    fn fill(&mut self, system: &System, pairs: &[(u32, Slot)], opposite: impl Fn(u32) -> u32) {
        let species = system.species.len();
        let group = |owner: u32, other: u32| owner as usize * species + system.types[other as usize] as usize;
        let mut cursors = vec![0usize; system.len() * species + 1];
        for &(i, slot) in pairs {
            cursors[group(i, slot.atom) + 1] += 1;
            cursors[group(slot.atom, i) + 1] += 1;
        }
        for k in 1..cursors.len() {
            cursors[k] += cursors[k - 1];
        }
        self.offsets.clear();
        self.offsets.extend((0..=system.len()).map(|i| cursors[i * species]));
        self.slots.clear();
        self.slots.resize(2 * pairs.len(), Slot::default());
        self.reverse.clear();
        self.reverse.resize(2 * pairs.len(), 0);
        for &(i, slot) in pairs {
            let forward = cursors[group(i, slot.atom)];
            cursors[group(i, slot.atom)] += 1;
            let backward = cursors[group(slot.atom, i)];
            cursors[group(slot.atom, i)] += 1;
            self.slots[forward] = slot;
            self.slots[backward] = Slot { atom: i, shift: opposite(slot.shift) };
            self.reverse[forward] = backward as u32;
            self.reverse[backward] = forward as u32;
        }
    }
}
