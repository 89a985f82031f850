//! The mean cell of a stage under pressure, or of its second half: where a stage at constant volume shall go on.

use serde::{Deserialize, Serialize};

use super::rows::Rows;
use crate::math::Mat3;
use crate::system::Cell;

/// Averages of the lattice vectors over stretches of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeanCell {
    stretches: Rows,
}

impl Default for MeanCell {
    fn default() -> Self {
        Self { stretches: Rows::new(9) }
    }
}

impl MeanCell {
    /// Takes in a cell.
    pub fn observe(&mut self, cell: &Cell) {
        self.stretches.push(cell.vectors().iter().copied());
    }

    /// Mean lattice vectors over all of it; `None` before there is anything.
    pub fn mean(&self) -> Option<Mat3> {
        self.mean_from(0)
    }

    /// Mean lattice vectors over the later half; `None` before there are two stretches.
    pub fn late_mean(&self) -> Option<Mat3> {
        let rows = self.stretches.len();
        if rows >= 2 { self.mean_from(rows / 2) } else { None }
    }

    fn mean_from(&self, first: usize) -> Option<Mat3> {
        let rows = first..self.stretches.len();
        let scale = 1.0 / rows.len() as f64;
        let sum =
            |rows: std::ops::Range<usize>| rows.map(|i| Mat3::from_column_slice(self.stretches.row(i))).sum::<Mat3>();
        (first < self.stretches.len()).then(|| sum(rows) * scale)
    }
}
