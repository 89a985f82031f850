//! Thermal conductivity from the energy current.
//!
//! ```text
//! kappa = 1/(V k T^2) (L_EE - L_EQ L_QQ^-1 L_QE),      L_ab = 1/3 integral <J_a(0) . J_b(t)>
//! ```
//!
//! where Q runs over the particle currents of all species but one: what the energy current shares with the flow of matter
//! is no heat, and depends on where each species' energy has its zero. Charge flows with matter, so that no current needs
//! to be taken out for it. For one species nothing is taken out, as the centre of mass is at rest.

use super::cepstrum;
use super::green_kubo::GreenKubo;
use super::report::{NO_SAMPLES, integrated, limited};
use super::spectrum::Flux;
use crate::analysis::Property;
use crate::sampling::Currents;
use crate::units::BOLTZMANN;

/// One eV/(Å fs K) in W/(m K).
const TO_WATTS: f64 = 1.602_176_634e6;
const UNIT: &str = "W/(m K)";
const NO_VIRIALS: &str = "This potential does not say which atom holds which part of the virial.";
const ROUTES: [&str; 2] = ["Green–Kubo", "cepstral analysis"];

/// Both routes without a value, and why.
pub(super) fn pending(why: &str) -> Vec<Property> {
    ROUTES.map(|route| property(route, why)).into()
}

fn property(route: &str, why: &str) -> Property {
    Property::pending("thermal-conductivity", "", "Thermal conductivity".to_owned(), route, why)
}

/// Thermal conductivity by two routes.
pub(super) fn conductivities(currents: &Currents) -> Vec<Property> {
    let Some(energy) = currents.energy_current() else { return pending(NO_VIRIALS) };
    let interval = currents.interval_fs();
    let flux = Flux::new(&energy, interval);
    let others: Vec<Flux> =
        (1..currents.species().len()).map(|k| Flux::new(&currents.particle_current(k), interval)).collect();
    let integrals = GreenKubo::new(currents.rows(), interval, 3);
    let factor = TO_WATTS / (currents.volume() * BOLTZMANN * currents.temperature().powi(2));
    let taken_out: Vec<_> = currents.species().iter().skip(1).map(|(species, _)| species.name.as_str()).collect();
    let [kubo, cepstral] = ROUTES.map(|route| property(route, NO_SAMPLES));
    let both = [
        integrated(kubo, &integrals, integrals.reduced(&flux, &others).as_ref(), factor, UNIT),
        limited(cepstral, cepstrum::limit(&flux, &others), &integrals, factor, UNIT),
    ];
    let text = if taken_out.is_empty() { "none: one species".to_owned() } else { taken_out.join(", ") };
    both.map(|property| property.with_setting("particle currents taken out", &text)).into()
}
