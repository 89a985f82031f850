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
const NO_ENERGY_CURRENT: &str = "Needs the heat flux over time: this potential, or this log, does not tell it.";
const NOT_TAKEN_OUT: &str = "Several species, and no particle currents beside the heat flux: the flow of matter is not taken \
    out, so that the value depends on the zero of each species' energy. It is an upper bound of the conductivity.";
const ROUTES: [&str; 2] = ["Green–Kubo", "cepstral analysis"];

/// Both routes without a value, and why.
pub(super) fn pending(why: &str) -> Vec<Property> {
    ROUTES.map(|route| property(route, why)).into()
}

fn property(route: &str, why: &str) -> Property {
    Property::pending("thermal-conductivity", "", "Thermal conductivity".to_owned(), route, why)
}

/// Thermal conductivity by two routes; `matter` has the particle currents of the same rows, where they are known.
pub(super) fn conductivities(currents: &Currents, matter: Option<&Currents>) -> Vec<Property> {
    let Some(energy) = currents.energy_current() else { return pending(NO_ENERGY_CURRENT) };
    let interval = currents.interval_fs();
    let flux = Flux::new(&energy, interval);
    let matter: Option<Vec<Flux>> = (1..currents.species().len())
        .map(|k| matter?.particle_current(k).map(|current| Flux::new(&current, interval)))
        .collect();
    let mixed = matter.is_none();
    let others = matter.unwrap_or_default();
    let integrals = GreenKubo::new(currents.rows(), interval, 3);
    let factor = TO_WATTS / (currents.volume() * BOLTZMANN * currents.temperature().powi(2));
    let taken_out = currents.species().iter().skip(1).map(|(species, _)| species.name.as_str());
    let text = match (mixed, others.len()) {
        (true, _) => "none: they are not known".to_owned(),
        (false, 0) => "none: one species".to_owned(),
        (false, _) => taken_out.collect::<Vec<_>>().join(", "),
    };
    let [kubo, cepstral] = ROUTES.map(|route| property(route, NO_SAMPLES));
    let integral = integrals.reduced(&flux, &others);
    let both = [
        integrated(kubo, &integrals, integral.as_ref(), factor, UNIT),
        limited(cepstral, cepstrum::limit(&flux, &others), &integrals, integral.as_ref(), factor, UNIT),
    ];
    both.map(|mut property| {
        if let (true, Some(estimate)) = (mixed, &mut property.estimate) {
            estimate.warnings.push(NOT_TAKEN_OUT.to_owned());
        }
        property.with_setting("particle currents taken out", &text)
    })
    .into()
}
