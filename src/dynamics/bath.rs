//! Stochastic thermostats. Each returns the heat that it gave, which the conserved energy leaves out.

use rand_distr::{ChiSquared, Distribution, StandardNormal};

use crate::math::rng::Rng;
use crate::system::System;
use crate::units::BOLTZMANN;

use super::velocities::{normal_vector, remove_drift, thermal_speed};

/// What a thermostat acts on and aims at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bath {
    /// K.
    pub temperature: f64,
    /// Relaxation time, fs.
    pub damping: f64,
    pub degrees_of_freedom: usize,
    /// Whether the centre of mass is held.
    pub hold_center: bool,
}

/// Stochastic velocity rescaling over `dt` fs (Bussi, Donadio, Parrinello, doi:10.1063/1.2408420, appendix A): the
/// kinetic energy takes an exact step of `dK = (K0 - K) dt/tau + 2 sqrt(K K0/f) dW/sqrt(tau)`, and all velocities are
/// scaled to it.
///
/// Returns the heat in eV. A system at rest stays so: rescaling cannot start motion.
pub(super) fn rescale_velocities(system: &mut System, bath: &Bath, dt: f64, rng: &mut Rng) -> f64 {
    let before = system.kinetic_energy();
    if before <= 0.0 {
        return 0.0;
    }
    let f = bath.degrees_of_freedom as f64;
    let memory = (-dt / bath.damping).exp();
    let ratio = 0.5 * BOLTZMANN * bath.temperature * (1.0 - memory) / before;
    let first: f64 = StandardNormal.sample(rng);
    let others = ChiSquared::new(f - 1.0).map_or(0.0, |chi| chi.sample(rng));
    let squared = memory + ratio * (first * first + others) + 2.0 * first * (memory * ratio).sqrt();
    let sign = if first + (memory / ratio).sqrt() < 0.0 { -1.0 } else { 1.0 };
    let factor = sign * squared.max(0.0).sqrt();
    system.velocities.iter_mut().for_each(|v| *v *= factor);
    before * (squared.max(0.0) - 1.0)
}

/// The exact step of friction and noise over `dt` fs: `v <- c v + sqrt((1 - c^2) k T/m) xi`, `c = exp(-dt/tau)`.
///
/// Where the centre of mass is held, the net momentum of the noise is taken out. This projection is orthogonal in
/// mass-weighted velocities, so that the other 3N - 3 directions keep their exact canonical distribution.
///
/// Returns the heat in eV.
pub(super) fn friction_and_noise(system: &mut System, bath: &Bath, dt: f64, rng: &mut Rng) -> f64 {
    let before = system.kinetic_energy();
    let memory = (-dt / bath.damping).exp();
    let noise = (1.0 - memory * memory).sqrt();
    for i in 0..system.len() {
        let width = noise * thermal_speed(system.mass(i), bath.temperature);
        system.velocities[i] = system.velocities[i] * memory + normal_vector(rng) * width;
    }
    if bath.hold_center {
        remove_drift(system);
    }
    system.kinetic_energy() - before
}
