//! Paths made continuous where a file has wrapped them.

use crate::io::TrajectoryFrame;
use crate::math::Vec3;

/// A step of this part of the cell's width between two frames is too long to know which image it went to.
const FAR: f64 = 0.35;

/// Where each atom was in the last frame, and what had to be undone so far.
#[derive(Default)]
pub(super) struct Paths {
    /// Fractional coordinates, unwrapped.
    last: Vec<Vec3>,
    jumps: usize,
    longest: f64,
}

impl Paths {
    /// Gives a wrapped frame the images nearest to the frame before. Frames of other atoms are left as they are.
    pub(super) fn unwrap(&mut self, frame: &mut TrajectoryFrame) {
        if frame.unwrapped {
            return;
        }
        let system = &mut frame.configuration.system;
        let periodic = system.cell.periodic();
        let mut now: Vec<Vec3> = system.positions.iter().map(|x| system.cell.fractional(x)).collect();
        if now.len() == self.last.len() {
            for (s, before) in now.iter_mut().zip(&self.last) {
                for axis in (0..3).filter(|&axis| periodic[axis]) {
                    let images = (s[axis] - before[axis]).round();
                    self.jumps += usize::from(images != 0.0);
                    s[axis] -= images;
                    self.longest = self.longest.max((s[axis] - before[axis]).abs());
                }
            }
            system.positions = now.iter().map(|s| system.cell.cartesian(s)).collect();
        }
        self.last = now;
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.jumps > 0 {
            let jumps = self.jumps;
            notes.push(format!(
                "Positions are wrapped and the file has no images: {jumps} jumps of more than half the cell were undone by the nearest image."
            ));
        }
        if self.jumps > 0 && self.longest > FAR {
            notes.push(format!(
                "Atoms move up to {:.0} % of the cell's width between frames: which image they went to is a guess, and so is all motion. Store frames more often.",
                100.0 * self.longest
            ));
        }
        notes
    }
}
