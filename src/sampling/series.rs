//! Series for plots whose number of points stays bounded: neighbours merge in pairs when the table is full.

use serde::{Deserialize, Serialize};

/// Most points that a series keeps; after a merge it has half as many.
const MAX_POINTS: usize = 2000;

/// A series ready to be drawn: each value is an average over its stretch of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeSeries {
    /// What it is.
    pub name: String,
    /// Unit of the values.
    pub unit: String,
    /// Middle of each stretch, ps.
    pub time_ps: Vec<f64>,
    /// Average over each stretch, in `unit`.
    pub values: Vec<f64>,
}

/// Several columns over one time axis, each point an average over `stride` samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MergingSeries<const COLUMNS: usize> {
    stride: u64,
    filled: u64,
    partial: Row<COLUMNS>,
    rows: Vec<Row<COLUMNS>>,
}

/// Time in fs and one value per column; sums while it fills, averages once stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Row<const COLUMNS: usize> {
    time_fs: f64,
    #[serde(with = "columns")]
    values: [f64; COLUMNS],
}

impl<const COLUMNS: usize> Row<COLUMNS> {
    const ZERO: Self = Self { time_fs: 0.0, values: [0.0; COLUMNS] };

    fn combined(&self, other: &Self, scale: f64) -> Self {
        let values = std::array::from_fn(|c| scale * (self.values[c] + other.values[c]));
        Self { time_fs: scale * (self.time_fs + other.time_fs), values }
    }
}

impl<const COLUMNS: usize> MergingSeries<COLUMNS> {
    pub(super) fn new() -> Self {
        Self { stride: 1, filled: 0, partial: Row::ZERO, rows: Vec::with_capacity(MAX_POINTS) }
    }

    pub(super) fn push(&mut self, time_fs: f64, values: [f64; COLUMNS]) {
        self.partial = self.partial.combined(&Row { time_fs, values }, 1.0);
        self.filled += 1;
        if self.filled == self.stride {
            self.rows.push(self.partial.combined(&Row::ZERO, 1.0 / self.stride as f64));
            self.partial = Row::ZERO;
            self.filled = 0;
            self.merge_when_full();
        }
    }

    fn merge_when_full(&mut self) {
        if self.rows.len() >= MAX_POINTS {
            for k in 0..MAX_POINTS / 2 {
                self.rows[k] = self.rows[2 * k].combined(&self.rows[2 * k + 1], 0.5);
            }
            self.rows.truncate(MAX_POINTS / 2);
            self.stride *= 2;
        }
    }

    /// One column with its times in ps. A stretch that is not full yet is the last point, if at least half full.
    pub(super) fn column(&self, column: usize, name: &str, unit: &str) -> TimeSeries {
        let unfinished = (2 * self.filled >= self.stride && self.filled > 0)
            .then(|| self.partial.combined(&Row::ZERO, 1.0 / self.filled as f64));
        let rows = || self.rows.iter().chain(&unfinished);
        TimeSeries {
            name: name.to_owned(),
            unit: unit.to_owned(),
            time_ps: rows().map(|row| row.time_fs * 1e-3).collect(),
            values: rows().map(|row| row.values[column]).collect(),
        }
    }
}

/// serde for arrays of any length, as sequences.
mod columns {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer, const N: usize>(values: &[f64; N], serializer: S) -> Result<S::Ok, S::Error> {
        values.as_slice().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[f64; N], D::Error> {
        let values = Vec::<f64>::deserialize(deserializer)?;
        values.try_into().map_err(|_| D::Error::custom(format!("a series row needs {N} values")))
    }
}
