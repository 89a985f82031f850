//! Shear and bulk viscosity from the fluctuating pressure tensor.
//!
//! ```text
//! eta   = V/(k T) integral <P_s(0) P_s(t)>      over five independent components s
//! eta_v = V/(k T) integral <dp(0) dp(t)>        p = (Pxx + Pyy + Pzz)/3,  dp = p - <p>
//! ```
//!
//! The five: xy, xz, yz, (xx - yy)/2 and (xx + yy - 2 zz)/(2 sqrt 3). They are orthogonal and in a liquid equivalent, which
//! (xx - yy)/2, (yy - zz)/2 are not. Where a thermostat lets the energy vary, the part of p that follows it is taken
//! out: it belongs to the bath's fluctuations.

use super::cepstrum;
use super::green_kubo::GreenKubo;
use super::report::{NO_SAMPLES, integrated, limited};
use super::spectrum::Flux;
use crate::analysis::Property;
use crate::sampling::Currents;
use crate::units::{BOLTZMANN, EV_PER_A3_TO_GPA};

/// One eV fs/Å^3 in mPa s.
pub(super) const TO_MILLIPASCAL_SECONDS: f64 = EV_PER_A3_TO_GPA * 1e-3;
/// Unit of viscosities.
const UNIT: &str = "mPa s";

const NO_STRESS: &str = "Needs the six components of the pressure tensor over time.";
const NO_ENERGY: &str =
    "The total energy is not known: under a thermostat, pressure that follows it counts here, and should not.";

/// Identifier, what is printed, route.
const ALL: [(&str, &str, &str); 3] = [
    ("shear-viscosity", "Shear viscosity", "Green–Kubo"),
    ("shear-viscosity", "Shear viscosity", "cepstral analysis"),
    ("bulk-viscosity", "Bulk viscosity", "Green–Kubo"),
];

/// All of them without a value, and why.
pub(super) fn pending(why: &str) -> Vec<Property> {
    ALL.map(|(id, name, route)| Property::pending(id, "", name.to_owned(), route, why)).into()
}

/// Shear viscosity by two routes, and bulk viscosity.
pub(super) fn viscosities(currents: &Currents) -> Vec<Property> {
    let Some(stress) = currents.stress() else { return pending(NO_STRESS) };
    let factor = TO_MILLIPASCAL_SECONDS / (currents.volume() * BOLTZMANN * currents.temperature());
    let interval = currents.interval_fs();
    let shear = Flux::new(&shear_components(&stress), interval);
    let bulk = Flux::new(&[pressure_fluctuation(&stress, currents.energy())], interval);
    let [five, one] = [5, 1].map(|components| GreenKubo::new(currents.rows(), interval, components));
    let [kubo, cepstral, bulk_kubo] =
        ALL.map(|(id, name, route)| Property::pending(id, "", name.to_owned(), route, NO_SAMPLES));
    let mut bulk_kubo = integrated(bulk_kubo, &one, one.integral(&bulk).as_ref(), factor, UNIT);
    if let (None, Some(estimate)) = (currents.energy(), &mut bulk_kubo.estimate) {
        estimate.warnings.push(NO_ENERGY.to_owned());
    }
    let integral = five.integral(&shear);
    vec![
        integrated(kubo, &five, integral.as_ref(), factor, UNIT),
        limited(cepstral, cepstrum::limit(&shear, &[]), &five, integral.as_ref(), factor, UNIT),
        bulk_kubo,
    ]
}

fn shear_components([xx, yy, zz, yz, xz, xy]: &[Vec<f64>; 6]) -> [Vec<f64>; 5] {
    let first = xx.iter().zip(yy).map(|(x, y)| 0.5 * (x - y)).collect();
    let second = xx.iter().zip(yy).zip(zz).map(|((x, y), z)| (x + y - 2.0 * z) / 12f64.sqrt()).collect();
    [yz.clone(), xz.clone(), xy.clone(), first, second]
}

/// p less what of it follows the total energy, where that is known.
fn pressure_fluctuation([xx, yy, zz, ..]: &[Vec<f64>; 6], energy: Option<Vec<f64>>) -> Vec<f64> {
    let pressure: Vec<f64> = xx.iter().zip(yy).zip(zz).map(|((x, y), z)| (x + y + z) / 3.0).collect();
    let energy = energy.unwrap_or_else(|| vec![0.0; pressure.len()]);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (mean_pressure, mean_energy) = (mean(&pressure), mean(&energy));
    let (mut covariance, mut variance, mut own) = (0.0, 0.0, 0.0);
    for (p, e) in pressure.iter().zip(&energy) {
        covariance += (p - mean_pressure) * (e - mean_energy);
        variance += (e - mean_energy).powi(2);
        own += (p - mean_pressure).powi(2);
    }
    // At constant energy what varies is the integrator's error, and follows nothing.
    let slope = if variance > 1e-3 * own { covariance / variance } else { 0.0 };
    pressure.iter().zip(&energy).map(|(p, e)| p - mean_pressure - slope * (e - mean_energy)).collect()
}
