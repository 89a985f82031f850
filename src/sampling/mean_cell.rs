//! The mean cell of a run's second half: where a stage at constant volume shall go on.

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

    /// Mean lattice vectors over the later half; `None` before there are two stretches.
    pub fn late_mean(&self) -> Option<Mat3> {
        let rows = self.stretches.len();
        let late = rows / 2..rows;
        let scale = 1.0 / late.len() as f64;
        let sum =
            |late: std::ops::Range<usize>| late.map(|i| Mat3::from_column_slice(self.stretches.row(i))).sum::<Mat3>();
        (rows >= 2).then(|| sum(late) * scale)
    }
}
