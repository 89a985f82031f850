//! Averages over equal stretches of a run, in bounded memory: what errors of derived quantities are made from.

use serde::{Deserialize, Serialize};

/// Rows merge in pairs when there are this many, unless told otherwise.
const MAX_ROWS: usize = 64;

/// Averages over equal stretches of the run, fewer than a set number; they merge in pairs when the table is full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rows {
    width: usize,
    most: usize,
    stride: u64,
    filled: u64,
    partial: Vec<f64>,
    full: Vec<f64>,
}

impl Rows {
    pub(super) fn new(width: usize) -> Self {
        Self::with_most(width, MAX_ROWS)
    }

    /// A table that merges when it has `most` rows, an even number.
    pub(super) fn with_most(width: usize, most: usize) -> Self {
        Self { width, most, stride: 1, filled: 0, partial: vec![0.0; width], full: Vec::with_capacity(most * width) }
    }

    /// Frames taken in.
    pub(super) fn frames(&self) -> u64 {
        self.len() as u64 * self.stride + self.filled
    }

    /// Frames that a row averages.
    pub(super) fn stride(&self) -> u64 {
        self.stride
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn len(&self) -> usize {
        self.full.len() / self.width
    }

    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.full[i * self.width..(i + 1) * self.width]
    }

    pub(super) fn column(&self, column: usize) -> Vec<f64> {
        self.full.chunks_exact(self.width).map(|row| row[column]).collect()
    }

    /// Takes the numbers of one frame.
    pub(super) fn push(&mut self, frame: impl Iterator<Item = f64>) {
        for (sum, value) in self.partial.iter_mut().zip(frame) {
            *sum += value;
        }
        self.filled += 1;
        if self.filled == self.stride {
            let scale = 1.0 / self.stride as f64;
            self.full.extend(self.partial.iter().map(|sum| sum * scale));
            self.partial.fill(0.0);
            self.filled = 0;
            self.merge_when_full();
        }
    }

    fn merge_when_full(&mut self) {
        if self.len() < self.most {
            return;
        }
        for i in 0..self.most / 2 {
            for column in 0..self.width {
                let (one, two) = (2 * i * self.width + column, (2 * i + 1) * self.width + column);
                self.full[i * self.width + column] = 0.5 * (self.full[one] + self.full[two]);
            }
        }
        self.full.truncate(self.most / 2 * self.width);
        self.stride *= 2;
    }

    fn sum_of_full(&self) -> Vec<f64> {
        let mut sum = vec![0.0; self.width];
        for row in self.full.chunks_exact(self.width) {
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        sum
    }

    /// Mean of the full rows.
    pub(super) fn mean_of_full(&self) -> Vec<f64> {
        let scale = 1.0 / self.len() as f64;
        self.sum_of_full().into_iter().map(|sum| sum * scale).collect()
    }

    /// Mean over all frames.
    pub(super) fn mean(&self) -> Vec<f64> {
        let frames = self.frames() as f64;
        let full = self.sum_of_full().into_iter().zip(&self.partial);
        full.map(|(sum, partial)| (sum * self.stride as f64 + partial) / frames).collect()
    }
}
