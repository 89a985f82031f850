//! Every pair of images within a range of each other, once, from a cell list whose buffers are reused.
//!
//! The range may exceed the cell: each image of a neighbour counts, an atom's own images included (each such pair of
//! images once, as for two different atoms).

use crate::math::Vec3;
use crate::system::{Cell, System};

/// More bins than this per atom cost more than they save.
const BINS_PER_ATOM: usize = 4;

/// Reusable buffers of the search.
#[derive(Debug, Clone, Default)]
pub(super) struct PairSearch {
    homes: Vec<u32>,
    starts: Vec<u32>,
    cursors: Vec<u32>,
    order: Vec<u32>,
    positions: Vec<Vec3>,
    types: Vec<u32>,
}

/// How the cell is cut: bins along each vector, and how many bins the range reaches.
#[derive(Debug, Clone, Copy)]
struct Grid {
    counts: [i32; 3],
    reach: [i32; 3],
}

impl Grid {
    fn new(cell: &Cell, atoms: usize, range: f64) -> Self {
        let faces = cell.face_distances();
        let most = (atoms * BINS_PER_ATOM).clamp(1, 1 << 24) as f64;
        // Bins of half the range: fewer atoms to look at than with bins of the whole range.
        let mut counts = faces.map(|face| (2.0 * face / range).floor().clamp(1.0, most) as i32);
        while counts.map(f64::from).iter().product::<f64>() > most {
            counts = counts.map(|n| (n + 1) / 2);
        }
        let reach = std::array::from_fn(|k| (range * f64::from(counts[k]) / faces[k]).ceil() as i32);
        Self { counts, reach }
    }

    fn total(&self) -> usize {
        self.counts.iter().map(|&n| n as usize).product()
    }

    fn index(&self, bin: [i32; 3]) -> usize {
        ((bin[0] * self.counts[1] + bin[1]) * self.counts[2] + bin[2]) as usize
    }

    fn bin_of(&self, fractional: &Vec3) -> [i32; 3] {
        std::array::from_fn(|k| ((fractional[k] * f64::from(self.counts[k])) as i32).clamp(0, self.counts[k] - 1))
    }

    fn coordinates(&self, index: usize) -> [i32; 3] {
        let [_, b, c] = self.counts;
        let index = index as i32;
        [index / (b * c), index / c % b, index % c]
    }
}

impl PairSearch {
    /// Calls `visit(type, type, squared distance)` for every pair of images closer than `range`. The cell must be periodic
    /// in all directions.
    pub(super) fn for_each(&mut self, system: &System, range: f64, mut visit: impl FnMut(u32, u32, f64)) {
        let grid = Grid::new(&system.cell, system.len(), range);
        self.sort(system, &grid);
        self.scan(system, &grid, range, |i, j, _, distance2| visit(self.types[i], self.types[j], distance2));
    }

    /// The same with the atoms' indices and the vector from the first to the second: `visit(i, j, vector, squared distance)`.
    pub(super) fn for_each_bond(&mut self, system: &System, range: f64, mut visit: impl FnMut(u32, u32, &Vec3, f64)) {
        let grid = Grid::new(&system.cell, system.len(), range);
        self.sort(system, &grid);
        self.scan(system, &grid, range, |i, j, vector, distance2| {
            visit(self.order[i], self.order[j], vector, distance2)
        });
    }

    /// Visits pairs by their place in the sorted order.
    #[inline]
    fn scan(&self, system: &System, grid: &Grid, range: f64, mut visit: impl FnMut(usize, usize, &Vec3, f64)) {
        let cell = system.cell.vectors();
        let range2 = range * range;
        let mut measure = |i: usize, j: usize, shift: &Vec3| {
            let vector = self.positions[j] + shift - self.positions[i];
            let distance2 = vector.norm_squared();
            if distance2 < range2 {
                visit(i, j, &vector, distance2);
            }
        };
        for home in 0..grid.total() {
            let own = self.bin(home);
            if own.is_empty() {
                continue;
            }
            for i in own.clone() {
                for j in i + 1..own.end {
                    measure(i, j, &Vec3::zeros());
                }
            }
            let at = grid.coordinates(home);
            for offset in half_space(grid.reach) {
                let raw: [i32; 3] = std::array::from_fn(|k| at[k] + offset[k]);
                let there = self.bin(grid.index(std::array::from_fn(|k| raw[k].rem_euclid(grid.counts[k]))));
                if there.is_empty() {
                    continue;
                }
                let image = |k: usize| f64::from(raw[k].div_euclid(grid.counts[k]));
                let shift = cell.column(0) * image(0) + cell.column(1) * image(1) + cell.column(2) * image(2);
                for i in own.clone() {
                    for j in there.clone() {
                        measure(i, j, &shift);
                    }
                }
            }
        }
    }

    fn bin(&self, index: usize) -> std::ops::Range<usize> {
        self.starts[index] as usize..self.starts[index + 1] as usize
    }

    /// Wrapped positions and types, bin by bin.
    fn sort(&mut self, system: &System, grid: &Grid) {
        let cell = &system.cell;
        let fractional = |position: &Vec3| cell.fractional(position).map(|s| s - s.floor());
        self.homes.clear();
        self.homes.extend(system.positions.iter().map(|p| grid.index(grid.bin_of(&fractional(p))) as u32));
        self.starts.clear();
        self.starts.resize(grid.total() + 1, 0);
        for &home in &self.homes {
            self.starts[home as usize + 1] += 1;
        }
        for k in 1..self.starts.len() {
            self.starts[k] += self.starts[k - 1];
        }
        self.cursors.clear();
        self.cursors.extend_from_slice(&self.starts);
        self.order.clear();
        self.order.resize(system.len(), 0);
        for (atom, &home) in self.homes.iter().enumerate() {
            let cursor = &mut self.cursors[home as usize];
            self.order[*cursor as usize] = atom as u32;
            *cursor += 1;
        }
        self.positions.clear();
        self.positions
            .extend(self.order.iter().map(|&atom| cell.cartesian(&fractional(&system.positions[atom as usize]))));
        self.types.clear();
        self.types.extend(self.order.iter().map(|&atom| system.types[atom as usize]));
    }
}

/// Half of the offsets around a bin: of each offset and its negative, one; not the bin itself.
fn half_space(reach: [i32; 3]) -> impl Iterator<Item = [i32; 3]> {
    let [a, b, c] = reach;
    (0..=a).flat_map(move |x| {
        (-b..=b).flat_map(move |y| (-c..=c).map(move |z| [x, y, z])).filter(|&[x, y, z]| (x, y, z) > (0, 0, 0))
    })
}
