//! Velocities of a temperature.

use rand_distr::{Distribution, StandardNormal};

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::math::rng::Rng;
use crate::system::System;
use crate::units::{BOLTZMANN, MASS_VELOCITY2_TO_EV};

/// Draws velocities from the Maxwell-Boltzmann distribution at `temperature` in K and takes out the motion of the centre
/// of mass. With `exact`, scales them so that the temperature over 3N - 3 degrees of freedom is met to rounding.
///
/// # Errors
/// A temperature that is negative or not finite.
pub fn maxwell_boltzmann(system: &mut System, temperature: f64, exact: bool, rng: &mut Rng) -> Result<()> {
    if !(temperature >= 0.0 && temperature.is_finite()) {
        return Err(Error::invalid("temperature", temperature, "a temperature in K, zero or more"));
    }
    for i in 0..system.len() {
        let width = thermal_speed(system.mass(i), temperature);
        system.velocities[i] = normal_vector(rng) * width;
    }
    remove_drift(system);
    let degrees = if system.len() > 1 { 3 * system.len() - 3 } else { return Ok(()) };
    let drawn = system.temperature(degrees);
    if exact && drawn > 0.0 {
        let factor = (temperature / drawn).sqrt();
        system.velocities.iter_mut().for_each(|v| *v *= factor);
    }
    Ok(())
}

/// Takes out the velocity of the centre of mass; a lone atom keeps its own.
pub fn remove_drift(system: &mut System) {
    if system.len() < 2 {
        return;
    }
    let momentum: Vec3 = (0..system.len()).map(|i| system.velocities[i] * system.mass(i)).sum();
    let drift = momentum / system.total_mass();
    system.velocities.iter_mut().for_each(|v| *v -= drift);
}

/// Standard deviation of one velocity component, Å/fs.
pub(super) fn thermal_speed(mass: f64, temperature: f64) -> f64 {
    (BOLTZMANN * temperature / (mass * MASS_VELOCITY2_TO_EV)).sqrt()
}

pub(super) fn normal_vector(rng: &mut Rng) -> Vec3 {
    Vec3::from_fn(|_, _| StandardNormal.sample(rng))
}
