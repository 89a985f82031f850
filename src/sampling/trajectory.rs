//! Snapshots of a run in bounded memory: as many as fit, evenly spaced over all of it.

use crate::system::System;

/// Atoms that all snapshots together may have: about 30 MB.
const MAX_STORED_ATOMS: usize = 600_000;
/// Bounds of the number of snapshots, whatever the number of atoms.
const FEWEST: usize = 16;
const MOST: usize = 400;

/// The atoms after a step.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Steps of dynamics since the start of the run.
    pub step: u64,
    /// Simulated time, ps.
    pub time_ps: f64,
    /// The atoms, positions unwrapped.
    pub system: System,
}

/// Snapshots at every so many steps from the first on; when the store is full, every other one is dropped and the distance
/// doubled.
#[derive(Debug, Clone)]
pub struct Trajectory {
    every: u64,
    frames: Vec<Snapshot>,
}

impl Trajectory {
    /// An empty store that takes the first state that it is shown, then one every `every` steps (at least 1).
    pub fn new(every: u64) -> Self {
        Self { every: every.max(1), frames: Vec::new() }
    }

    /// Steps from `step` to the next snapshot, at least 1.
    pub fn steps_until_next(&self, step: u64) -> u64 {
        self.every - self.since_first(step) % self.every
    }

    fn since_first(&self, step: u64) -> u64 {
        step.saturating_sub(self.frames.first().map_or(step, |first| first.step))
    }

    /// Keeps `system` as the state after `step`, if a snapshot is due and the step not stored yet.
    pub fn observe(&mut self, step: u64, time_ps: f64, system: &System) {
        if !self.since_first(step).is_multiple_of(self.every)
            || self.frames.last().is_some_and(|last| last.step >= step)
        {
            return;
        }
        self.frames.push(Snapshot { step, time_ps, system: system.clone() });
        let most = (MAX_STORED_ATOMS / system.len().max(1)).clamp(FEWEST, MOST);
        if self.frames.len() > most {
            self.every *= 2;
            let (every, first) = (self.every, self.frames[0].step);
            self.frames.retain(|frame| (frame.step - first).is_multiple_of(every));
        }
    }

    /// What is stored, in time order.
    pub fn frames(&self) -> &[Snapshot] {
        &self.frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Vec3;
    use crate::system::{Cell, Species};

    #[test]
    fn snapshots_stay_few_and_evenly_spaced_over_the_whole_run() {
        let species = vec![Species::from_name("Ar").unwrap()];
        let mut system =
            System::new(Cell::orthorhombic(9.0, 9.0, 9.0).unwrap(), species, vec![0], vec![Vec3::zeros()]).unwrap();
        let mut trajectory = Trajectory::new(5);
        let mut step = 13;
        while step < 100_000 {
            system.positions[0].x = step as f64;
            trajectory.observe(step, 1e-3 * step as f64, &system);
            trajectory.observe(step, 1e-3 * step as f64, &system);
            step += trajectory.steps_until_next(step);
        }
        let frames = trajectory.frames();
        assert!((MOST / 2..=MOST).contains(&frames.len()), "{}", frames.len());
        let distance = frames[1].step - frames[0].step;
        assert!(frames.windows(2).all(|pair| pair[1].step - pair[0].step == distance));
        assert!(frames[0].step == 13 && frames[frames.len() - 1].step + distance >= step);
        assert!(frames.iter().all(|frame| frame.system.positions[0].x == frame.step as f64));
    }
}
