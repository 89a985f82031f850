//! Trajectories made by others: LAMMPS dumps, extended XYZ, XDATCAR.
//!
//! | format | times | paths | velocities |
//! |---|---|---|---|
//! | LAMMPS dump | `ITEM: TIME`, or steps | `xu`, `x` with `ix`, or wrapped | `vx vy vz` |
//! | extended XYZ | `time_ps` in the comment, or `step` | the nearest image from frame to frame | `vel`, `momenta` |
//! | XDATCAR | none | wrapped | none |

mod lammps_dump;
mod reader;
mod xdatcar;

use super::Configuration;
use crate::error::{Error, Result};
use crate::math::Vec3;

pub use reader::TrajectoryReader;

/// One frame, with what its file says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrajectoryFrame {
    /// Atoms and cell; velocities are zero where the file has none.
    pub configuration: Configuration,
    /// Steps since the start of the run.
    pub step: Option<u64>,
    /// Time, fs.
    pub time_fs: Option<f64>,
    /// Whether the file states unwrapped positions, or the images that unwrap them.
    pub unwrapped: bool,
    /// Whether the file has velocities.
    pub has_velocities: bool,
}

/// Reads every frame of a trajectory; the format is known by the name, else by the content.
///
/// # Errors
/// An unknown format, what the format's reader finds wrong, or a last frame that is cut off.
pub fn read_trajectory(bytes: &[u8], file: &str) -> Result<Vec<TrajectoryFrame>> {
    let mut frames = Vec::new();
    let mut keep = |frame| {
        frames.push(frame);
        Ok(())
    };
    let mut reader = TrajectoryReader::new(file);
    reader.feed(bytes, &mut keep)?;
    match reader.finish(&mut keep)? {
        None => Ok(frames),
        Some(cut) => Err(Error::invalid(file, cut, "whole frames")),
    }
}

fn from_extxyz(configuration: Configuration) -> TrajectoryFrame {
    let feature = |name: &str| {
        let found = configuration.features.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.parse::<f64>().ok()).filter(|value| value.is_finite())
    };
    let time_fs = feature("time_ps").map(|ps| 1e3 * ps).or_else(|| feature("time_fs"));
    let step = feature("step").filter(|step| *step >= 0.0).map(|step| step as u64);
    let has_velocities = configuration.system.velocities.iter().any(|v| *v != Vec3::zeros());
    TrajectoryFrame { step, time_fs, unwrapped: false, has_velocities, configuration }
}
