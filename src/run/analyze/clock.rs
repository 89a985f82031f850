//! The time between a trajectory's frames.

use super::AnalyzeSettings;
use crate::error::{Error, Result};
use crate::io::TrajectoryFrame;

/// Frames that do not follow each other at this share of their interval are uneven.
const UNEVEN: f64 = 1e-3;

/// Knows the interval from the second frame on, where anything tells it.
pub(super) struct Clock {
    given_fs: Option<f64>,
    timestep_fs: Option<f64>,
    /// Times of the first and the last frame, if they had one; intervals in between, and the first of them.
    first_fs: Option<f64>,
    last_fs: Option<f64>,
    intervals: usize,
    interval_fs: Option<f64>,
    started: bool,
}

impl Clock {
    pub(super) fn new(settings: &AnalyzeSettings) -> Self {
        let (given_fs, timestep_fs) = (settings.interval_fs, settings.timestep_fs);
        Self { given_fs, timestep_fs, first_fs: None, last_fs: None, intervals: 0, interval_fs: None, started: false }
    }

    /// Takes the time of a frame, the file's `number`th.
    ///
    /// # Errors
    /// A frame that does not follow at the interval of those before.
    pub(super) fn take(&mut self, frame: &TrajectoryFrame, number: usize) -> Result<()> {
        let steps = || Some(frame.step? as f64 * self.timestep_fs?);
        let time = frame.time_fs.or_else(steps);
        if let (Some(last), Some(time)) = (self.last_fs, time) {
            let step = time - last;
            let interval = *self.interval_fs.get_or_insert(step);
            if step <= 0.0 || (step - interval).abs() > UNEVEN * interval {
                let found = format!("{step} fs between frames {} and {number}, {interval} fs before", number - 1);
                return Err(Error::invalid("times of the frames", found, "frames that are equally spaced"));
            }
            self.intervals += 1;
        } else if self.started && time.is_some() != self.last_fs.is_some() {
            let found = format!("frames with and without a time up to frame {number}");
            return Err(Error::invalid("times of the frames", found, "a time in each frame, or in none"));
        }
        if !self.started {
            self.first_fs = time;
        }
        (self.last_fs, self.started) = (time, true);
        Ok(())
    }

    /// Time of the first frame, fs, on the clock of the run, where the file tells it and nothing else was given.
    pub(super) fn start_fs(&self) -> Option<f64> {
        self.first_fs.filter(|_| self.given_fs.is_none())
    }

    /// The mean time between two frames, fs; what was given counts more than what the file says.
    pub(super) fn interval_fs(&self) -> Option<f64> {
        let mean = || {
            let span = self.last_fs? - self.first_fs?;
            (self.intervals > 0).then(|| span / self.intervals as f64)
        };
        self.given_fs.or_else(mean)
    }
}
