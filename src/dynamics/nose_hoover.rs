//! Nosé-Hoover chains (Martyna, Klein, Tuckerman, doi:10.1063/1.463940), integrated reversibly (Martyna, Tuckerman,
//! Tobias, Klein, doi:10.1080/00268979600100761) with a fourth-order Suzuki-Yoshida splitting.
//!
//! `Q_1 = g k T tau^2`, `Q_j = k T tau^2`; the first link's friction acts on `g` degrees of freedom.

use serde::{Deserialize, Serialize};

use crate::units::BOLTZMANN;

/// Links of a chain. Three already make a harmonic oscillator ergodic in practice.
const LINKS: usize = 3;

/// A chain on `degrees_of_freedom` of a system or a piston.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Chain {
    degrees_of_freedom: f64,
    /// tau, fs.
    damping: f64,
    /// k T, eV.
    thermal: f64,
    /// Positions, without dimension.
    eta: [f64; LINKS],
    /// Velocities, 1/fs.
    rate: [f64; LINKS],
}

impl Chain {
    pub(super) fn new(degrees_of_freedom: usize, damping: f64, temperature: f64) -> Self {
        Self {
            degrees_of_freedom: degrees_of_freedom as f64,
            damping,
            thermal: BOLTZMANN * temperature,
            eta: [0.0; LINKS],
            rate: [0.0; LINKS],
        }
    }

    pub(super) fn set_temperature(&mut self, temperature: f64) {
        self.thermal = BOLTZMANN * temperature;
    }

    /// Lets the chain act for `dt` fs on a kinetic energy in eV; returns the factor for the velocities.
    pub(super) fn act(&mut self, kinetic_energy: f64, dt: f64) -> f64 {
        let outer = 1.0 / (2.0 - f64::cbrt(2.0));
        let mut factor = 1.0;
        for weight in [outer, 1.0 - 2.0 * outer, outer] {
            factor *= self.substep(2.0 * kinetic_energy * factor * factor, weight * dt);
        }
        factor
    }

    fn substep(&mut self, twice_kinetic: f64, h: f64) -> f64 {
        for j in (0..LINKS).rev() {
            self.accelerate(j, twice_kinetic, h);
        }
        let factor = (-self.rate[0] * h).exp();
        self.eta.iter_mut().zip(self.rate).for_each(|(eta, rate)| *eta += rate * h);
        for j in 0..LINKS {
            self.accelerate(j, twice_kinetic * factor * factor, h);
        }
        factor
    }

    /// Half a substep of link `j`, under its own force and the friction of the next link.
    fn accelerate(&mut self, j: usize, twice_kinetic: f64, h: f64) {
        let friction = self.rate.get(j + 1).map_or(1.0, |next| (-0.25 * h * next).exp());
        self.rate[j] = (self.rate[j] * friction + 0.5 * h * self.force(j, twice_kinetic) / self.mass(j)) * friction;
    }

    fn force(&self, j: usize, twice_kinetic: f64) -> f64 {
        match j {
            0 => twice_kinetic - self.degrees_of_freedom * self.thermal,
            _ => self.mass(j - 1) * self.rate[j - 1] * self.rate[j - 1] - self.thermal,
        }
    }

    fn mass(&self, j: usize) -> f64 {
        self.share(j) * self.thermal * self.damping * self.damping
    }

    fn share(&self, j: usize) -> f64 {
        if j == 0 { self.degrees_of_freedom } else { 1.0 }
    }

    /// The chain's part of the conserved energy, eV.
    pub(super) fn energy(&self) -> f64 {
        let link =
            |j: usize| 0.5 * self.mass(j) * self.rate[j] * self.rate[j] + self.share(j) * self.thermal * self.eta[j];
        (0..LINKS).map(link).sum()
    }

    pub(super) fn is_finite(&self) -> bool {
        self.eta.iter().chain(&self.rate).all(|x| x.is_finite())
    }
}
