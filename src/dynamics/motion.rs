//! The two elementary moves of every integrator: kicks of the velocities, drifts of the positions.

use crate::math::Vec3;
use crate::parallel;
use crate::system::System;
use crate::units::FORCE_PER_MASS;

/// Atoms that one task moves.
const CHUNK: usize = 1024;

/// `y <- keep * y + add * x`, component by component.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub keep: Vec3,
    pub add: Vec3,
}

impl Move {
    /// `y <- y + dt x`.
    pub(super) fn plain(dt: f64) -> Self {
        Self { keep: Vec3::repeat(1.0), add: Vec3::repeat(dt) }
    }

    /// The exact flow of `dy/dt = rate y + x` over `dt` with constant `x`.
    pub(super) fn exponential(rate: Vec3, dt: f64) -> Self {
        let half = rate * (0.5 * dt);
        let keep = half.map(|h| (2.0 * h).exp());
        let add = half.map(|h| dt * h.exp() * sinh_over(h));
        Self { keep, add }
    }
}

/// `sinh(x)/x`; the series is exact to rounding where the quotient would cancel.
fn sinh_over(x: f64) -> f64 {
    if x.abs() < 1e-2 {
        let x2 = x * x;
        return 1.0 + x2 / 6.0 * (1.0 + x2 / 20.0 * (1.0 + x2 / 42.0));
    }
    x.sinh() / x
}

/// Changes velocities by the accelerations.
pub(super) fn kick(system: &mut System, forces: &[Vec3], by: Move) {
    let (species, types) = (&system.species, &system.types);
    parallel::for_each_chunk(&mut system.velocities, CHUNK, |chunk, velocities| {
        let first = chunk * CHUNK;
        for (k, v) in velocities.iter_mut().enumerate() {
            let inverse_mass = FORCE_PER_MASS / species[types[first + k] as usize].mass_u;
            let acceleration = forces[first + k] * inverse_mass;
            *v = v.component_mul(&by.keep) + acceleration.component_mul(&by.add);
        }
    });
}

/// Changes positions by the velocities.
pub(super) fn drift(system: &mut System, by: Move) {
    let velocities = &system.velocities;
    parallel::for_each_chunk(&mut system.positions, CHUNK, |chunk, positions| {
        let first = chunk * CHUNK;
        for (k, x) in positions.iter_mut().enumerate() {
            *x = x.component_mul(&by.keep) + velocities[first + k].component_mul(&by.add);
        }
    });
}

/// The first atom that a drift would carry further than `limit` Å, or by a distance that is not a number.
pub(super) fn runaway(system: &System, by: Move, limit: f64) -> Option<usize> {
    let step = |v: &Vec3| v.component_mul(&by.add).norm_squared();
    system.velocities.iter().position(|v| step(v).is_nan() || step(v) > limit * limit)
}
