//! Where what is counted in first shells goes: a table for each ordered pair of linked species, each angle and each kind of
//! cluster.
//!
//! A table rests on one or two links, and starts anew when the cutoff of one of them moves: what is known of other pairs stays.

use serde::{Deserialize, Serialize};

use super::rows::Rows;
use super::shells::{ANGLES, COORDINATIONS, Histogram, SIZES};
use crate::analysis::Estimate;
use crate::math::statistics::rows_error;

/// Kinds of angles that are told apart at most, of 46 kB each: eight species that may all be neighbours have 288.
const MOST_ANGLES: usize = 512;
/// Stands where there is no table.
const NONE: u32 = u32::MAX;

/// Averages over stretches of the run of some numbers of each frame.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Table {
    /// Its first number among all those of a frame.
    start: usize,
    /// The links that it rests on; twice the same one where it is one.
    links: [usize; 2],
    rows: Rows,
}

impl Table {
    /// Where its numbers are among all those of a frame.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Means over the run with their errors; `None` before the first frame.
    pub(super) fn histogram(&self, bins: usize) -> Option<Histogram> {
        if self.rows.frames() == 0 {
            return None;
        }
        let errors = (0..bins).map(|k| rows_error(&self.rows.column(k)).standard_error).collect();
        Some(Histogram { values: self.rows.mean()[..bins].to_vec(), errors })
    }

    /// A number read off a row: of the mean over the run, with the error of the rows' own.
    pub(super) fn estimate(&self, of: impl Fn(&[f64]) -> f64, unit: &str) -> Option<Estimate> {
        if self.rows.frames() == 0 {
            return None;
        }
        let rows: Vec<f64> = (0..self.rows.len()).map(|i| of(self.rows.row(i))).collect();
        Some(Estimate::new(of(&self.rows.mean()), rows_error(&rows), unit))
    }
}

/// All tables. Species and links are told by their numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Tables {
    species: usize,
    /// Numbers of a frame.
    width: usize,
    all: Vec<Table>,
    /// By centre and neighbour: which table.
    coordination: Vec<u32>,
    /// By centre and two neighbours: which table; empty where there would be too many.
    angle: Vec<u32>,
    /// By link: which table.
    cluster: Vec<u32>,
}

impl Tables {
    /// For so many species, of which those of each link can be neighbours.
    pub(super) fn new(species: usize, links: &[(usize, usize)]) -> Self {
        let mut tables =
            Self { species, width: 0, all: vec![], coordination: vec![], angle: vec![], cluster: Vec::new() };
        tables.coordination = vec![NONE; species * species];
        // By centre: the neighbours that it may have, and over which link.
        let mut neighbours: Vec<Vec<(usize, usize)>> = vec![Vec::new(); species];
        for (link, &(a, b)) in links.iter().enumerate() {
            for (centre, neighbour) in if a == b { vec![(a, b)] } else { vec![(a, b), (b, a)] } {
                tables.coordination[centre * species + neighbour] = tables.add([link; 2], COORDINATIONS);
                neighbours[centre].push((neighbour, link));
            }
            let own = tables.add([link; 2], SIZES + 3);
            tables.cluster.push(own);
        }
        let angles: usize = neighbours.iter().map(|own| own.len() * (own.len() + 1) / 2).sum();
        if angles > MOST_ANGLES {
            return tables;
        }
        tables.angle = vec![NONE; species * species * species];
        for (centre, own) in neighbours.iter().enumerate() {
            for (k, &(x, first)) in own.iter().enumerate() {
                for &(y, second) in &own[k..] {
                    let table = tables.add([first, second], ANGLES + 1);
                    tables.angle[(centre * species + x) * species + y] = table;
                    tables.angle[(centre * species + y) * species + x] = table;
                }
            }
        }
        tables
    }

    fn add(&mut self, links: [usize; 2], width: usize) -> u32 {
        self.all.push(Table { start: self.width, links, rows: Rows::new(width) });
        self.width += width;
        self.all.len() as u32 - 1
    }

    /// Numbers of a frame.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Whether angles are counted.
    pub(super) fn has_angles(&self) -> bool {
        !self.angle.is_empty()
    }

    /// Shares of atoms of `centre` by number of neighbours.
    pub(super) fn coordination(&self, centre: usize, neighbour: usize) -> Option<&Table> {
        self.all.get(self.coordination[centre * self.species + neighbour] as usize)
    }

    /// Bond angles at `centre`.
    pub(super) fn angle(&self, centre: usize, x: usize, y: usize) -> Option<&Table> {
        let table = self.angle.get((centre * self.species + x) * self.species + y)?;
        self.all.get(*table as usize)
    }

    /// Clusters of a link.
    pub(super) fn cluster(&self, link: usize) -> Option<&Table> {
        self.all.get(*self.cluster.get(link)? as usize)
    }

    /// Takes the numbers of a frame into the tables whose links are known.
    pub(super) fn push(&mut self, sums: &[f64], is_known: impl Fn(usize) -> bool) {
        for table in self.all.iter_mut().filter(|table| table.links.iter().all(|link| is_known(*link))) {
            let own = &sums[table.start..table.start + table.rows.width()];
            table.rows.push(own.iter().copied());
        }
    }

    /// Forgets everything that rests on a link.
    pub(super) fn restart(&mut self, link: usize) {
        for table in self.all.iter_mut().filter(|table| table.links.contains(&link)) {
            table.rows = Rows::new(table.rows.width());
        }
    }
}
