//! Barostats: changes of the cell at constant fractional coordinates, along the axes x, y and z.
//!
//! Both sample `rho(V) ~ V^(f/3) exp(-P V/(k T)) Z(V)` with `f` momentum degrees of freedom and `Z` the configurational
//! integral over fractional coordinates. For an ideal gas that is a Gamma distribution of shape `f/3 + 1`: `<V> = N k T/P`
//! where the centre of mass is held. With free axes the measure is `dLx dLy dLz`, which leaves that law as it is.

use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::math::rng::Rng;
use crate::math::{Mat3, Vec3};
use crate::system::System;
use crate::units::{BOLTZMANN, EV_PER_A3_TO_GPA, MASS_VELOCITY2_TO_EV};

use super::ensemble::{Axes, Targets};
use super::nose_hoover::Chain;

/// `sum_i m v (x) v` in eV: the kinetic part of pressure times volume.
pub(super) fn kinetic_tensor(system: &System) -> Mat3 {
    let sum: Mat3 =
        (0..system.len()).map(|i| system.velocities[i] * system.velocities[i].transpose() * system.mass(i)).sum();
    sum * MASS_VELOCITY2_TO_EV
}

/// The diagonal of pressure times volume, eV.
pub(super) fn pressure_volume(system: &System, virial: &Mat3) -> Vec3 {
    let squares: Vec3 =
        (0..system.len()).map(|i| system.velocities[i].component_mul(&system.velocities[i]) * system.mass(i)).sum();
    squares * MASS_VELOCITY2_TO_EV + virial.diagonal()
}

/// Stochastic cell rescaling (Bernetti and Bussi, doi:10.1063/5.0020514; free axes: Del Tatto et al.,
/// doi:10.3390/app12031139).
#[derive(Debug, Clone, Copy)]
pub(super) struct CellRescaling {
    /// Relaxation time, fs.
    pub damping: f64,
    /// 1/GPa.
    pub compressibility: f64,
    pub axes: Axes,
}

impl CellRescaling {
    /// The logarithmic strain of each axis over `dt` fs, from pressure times volume (eV).
    ///
    /// With `e = ln V`, beta the compressibility: `de = -(beta/tau) (P0 - P) dt + sqrt(2 k T beta/(V tau)) dW`; for an
    /// axis, `ln L` moves with its own pressure component and a third of both rates.
    pub(super) fn strain(&self, pv: Vec3, volume: f64, targets: &Targets, dt: f64, rng: &mut Rng) -> Vec3 {
        let mobility = self.compressibility * EV_PER_A3_TO_GPA / self.damping * dt;
        let noise = (2.0 * BOLTZMANN * targets.temperature * mobility / volume).sqrt();
        match self.axes {
            Axes::Isotropic => {
                let xi: f64 = StandardNormal.sample(rng);
                Vec3::repeat((mobility * (pv.mean() / volume - targets.pressure) + noise * xi) / 3.0)
            }
            Axes::Free => {
                let xi = Vec3::from_fn(|_, _| StandardNormal.sample(rng));
                (pv / volume).add_scalar(-targets.pressure) * (mobility / 3.0) + xi * (noise / 3f64.sqrt())
            }
        }
    }
}

/// The cell as a particle with a mass (Martyna, Tobias, Klein, doi:10.1063/1.467468), coupled to its own chain.
///
/// Isotropic: `W = (f + 3) k T tau^2` for the rate of `ln L`, driven by `3 V (P - P0) + (3/f) sum m v^2`.
/// Free axes: a third of that mass for each, driven by `V (P_aa - P0) + (1/f) sum m v^2`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Piston {
    axes: Axes,
    degrees_of_freedom: f64,
    damping: f64,
    temperature: f64,
    /// d ln L/dt of each axis, 1/fs.
    rates: Vec3,
    chain: Chain,
}

impl Piston {
    pub(super) fn new(axes: Axes, degrees_of_freedom: usize, damping: f64, temperature: f64) -> Self {
        let own = if axes == Axes::Isotropic { 1 } else { 3 };
        Self {
            axes,
            degrees_of_freedom: degrees_of_freedom as f64,
            damping,
            temperature,
            rates: Vec3::zeros(),
            chain: Chain::new(own, damping, temperature),
        }
    }

    pub(super) fn set_temperature(&mut self, temperature: f64) {
        self.temperature = temperature;
        self.chain.set_temperature(temperature);
    }

    /// Rates at which the axes grow, 1/fs.
    pub(super) fn rates(&self) -> Vec3 {
        self.rates
    }

    /// Rates at which velocities shrink, 1/fs.
    pub(super) fn friction(&self) -> Vec3 {
        self.rates.add_scalar(self.rates.sum() / self.degrees_of_freedom)
    }

    fn mass(&self) -> f64 {
        let full = (self.degrees_of_freedom + 3.0) * BOLTZMANN * self.temperature * self.damping * self.damping;
        if self.axes == Axes::Isotropic { full } else { full / 3.0 }
    }

    fn kinetic_energy(&self) -> f64 {
        let squared =
            if self.axes == Axes::Isotropic { self.rates.x * self.rates.x } else { self.rates.norm_squared() };
        0.5 * self.mass() * squared
    }

    /// Lets the chain act for `dt` fs.
    pub(super) fn thermalise(&mut self, dt: f64) {
        let factor = self.chain.act(self.kinetic_energy(), dt);
        self.rates *= factor;
    }

    /// Accelerates for `dt` fs under pressure times volume (eV) against `pressure` (eV/Å^3).
    pub(super) fn push(&mut self, pv: Vec3, kinetic_energy: f64, volume: f64, pressure: f64, dt: f64) {
        let force = pv.add_scalar(2.0 * kinetic_energy / self.degrees_of_freedom - pressure * volume);
        let force = if self.axes == Axes::Isotropic { Vec3::repeat(force.sum()) } else { force };
        self.rates += force * (dt / self.mass());
    }

    /// The piston's and its chain's part of the conserved energy, eV (without P V).
    pub(super) fn energy(&self) -> f64 {
        self.kinetic_energy() + self.chain.energy()
    }

    pub(super) fn is_finite(&self) -> bool {
        self.rates.iter().all(|x| x.is_finite()) && self.chain.is_finite()
    }
}
