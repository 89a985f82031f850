//! What neutrons and X-rays see: weights of the partial structure factors.
//!
//! ```text
//! S(k) = sum_ab w_ab S_ab(k),   w_ab = c_a c_b f_a f_b / (sum_a c_a f_a)^2   (each unordered pair of unlike species twice)
//! ```
//!
//! with f the coherent scattering length for neutrons (bound, natural isotopes; Sears, Neutron News 3(3), 26 (1992),
//! doi:10.1080/10448639208218770) or the form factor of the neutral atom for X-rays,
//! `f(k) = sum_i a_i exp(-b_i (k/4 pi)^2) + c` (International Tables for Crystallography C, 6.1.1.4; Cromer and Mann 1968,
//! doi:10.1107/S0567739468000550). Ions scatter like atoms but for the smallest k.

use std::f64::consts::PI;

use crate::sampling::PartialStructureFactor;
use crate::system::species::element;

/// Element, neutron scattering length in fm.
const NEUTRONS: [(&str, f64); 20] = [
    ("Li", -1.90),
    ("Be", 7.79),
    ("O", 5.803),
    ("F", 5.654),
    ("Na", 3.63),
    ("Mg", 5.375),
    ("Al", 3.449),
    ("Cl", 9.577),
    ("Ar", 1.909),
    ("K", 3.67),
    ("Ca", 4.70),
    ("Fe", 9.45),
    ("Ni", 10.3),
    ("Cu", 7.718),
    ("Zn", 5.680),
    ("Br", 6.795),
    ("Rb", 7.09),
    ("Sr", 7.02),
    ("Zr", 7.16),
    ("I", 5.28),
];

/// Element, (a_i, b_i in Å^2), c.
type FormFactor = (&'static str, [(f64, f64); 4], f64);

const X_RAYS: [FormFactor; 8] = [
    ("Li", [(1.1282, 3.9546), (0.7508, 1.0524), (0.6175, 85.3905), (0.4653, 168.261)], 0.0377),
    ("F", [(3.5392, 10.2825), (2.6412, 4.2944), (1.5170, 0.2615), (1.0243, 26.1476)], 0.2776),
    ("Na", [(4.7626, 3.2850), (3.1736, 8.8422), (1.2674, 0.3136), (1.1128, 129.424)], 0.6760),
    ("Cl", [(11.4604, 0.0104), (7.1964, 1.1662), (6.2556, 18.5194), (1.6455, 47.7784)], -9.5574),
    ("Ar", [(7.4845, 0.9072), (6.7723, 14.8407), (0.6539, 43.8983), (1.6442, 33.3929)], 1.4445),
    ("K", [(8.2186, 12.7949), (7.4398, 0.7748), (1.0519, 213.187), (0.8659, 41.6841)], 1.4228),
    ("Ca", [(8.6266, 10.4421), (7.3873, 0.6599), (1.5899, 85.7484), (1.0211, 178.437)], 1.3751),
    ("Cu", [(13.3380, 3.5828), (7.1676, 0.2470), (5.6158, 11.3966), (1.6735, 64.8126)], 1.1910),
];

/// The radiation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Radiation {
    /// Neutrons.
    Neutrons,
    /// X-rays.
    XRays,
}

impl Radiation {
    /// Amplitude that an atom of this name scatters at wave number k (1/Å), in fm or electrons; `None` where the tables lack
    /// it.
    pub fn amplitude(self, name: &str, k: f64) -> Option<f64> {
        let symbol = element(name).ok()?.symbol();
        match self {
            Self::Neutrons => NEUTRONS.iter().find(|(known, _)| *known == symbol).map(|(_, length)| *length),
            Self::XRays => X_RAYS.iter().find(|(known, _, _)| *known == symbol).map(|(_, terms, c)| {
                let s2 = (k / (4.0 * PI)).powi(2);
                terms.iter().map(|(a, b)| a * (-b * s2).exp()).sum::<f64>() + c
            }),
        }
    }

    /// Weights of the partial structure factors in the total at wave number k (1/Å), which add up to 1; `None` for an element
    /// that the tables lack, or where nothing scatters.
    pub fn weights(self, partials: &[PartialStructureFactor], k: f64) -> Option<Vec<f64>> {
        let weight = |partial: &PartialStructureFactor| {
            let [fa, fb] = [self.amplitude(&partial.first, k)?, self.amplitude(&partial.second, k)?];
            let twice = if partial.first == partial.second { 1.0 } else { 2.0 };
            Some(twice * partial.fractions[0] * partial.fractions[1] * fa * fb)
        };
        let mut weights = partials.iter().map(weight).collect::<Option<Vec<f64>>>()?;
        let norm: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= norm);
        (norm.abs() > 1e-9).then_some(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_factors_start_at_the_number_of_electrons() {
        for (name, _, _) in X_RAYS {
            let own = element(name).unwrap();
            let electrons = mendeleev::Element::iter().position(|each| each == own).unwrap() as f64 + 1.0;
            let found = Radiation::XRays.amplitude(name, 0.0).unwrap();
            // The tables' fits are good to some 0.02 electrons.
            assert!((found - electrons).abs() < 0.02, "{name}: {found}");
            assert!(Radiation::XRays.amplitude(name, 6.0).unwrap() < 0.7 * electrons);
        }
        assert_eq!(Radiation::Neutrons.amplitude("Cl", 3.0), Some(9.577));
        assert_eq!(Radiation::Neutrons.amplitude("Og", 3.0), None);
    }

    #[test]
    fn what_scatters_alike_weighs_by_fractions() {
        let partial = |first: &str, second: &str, fractions: [f64; 2]| PartialStructureFactor {
            first: first.into(),
            second: second.into(),
            fractions,
            k: vec![],
            s: vec![],
            errors: vec![],
        };
        let (a, b) = (1.0 / 3.0, 2.0 / 3.0);
        let partials = [partial("Ca", "Ca", [a, a]), partial("Ca", "Cl", [a, b]), partial("Cl", "Cl", [b, b])];
        let weights = Radiation::Neutrons.weights(&partials, 2.0).unwrap();
        let (x, y) = (4.70 * a, 9.577 * b);
        let norm = (x + y) * (x + y);
        for (weight, exact) in weights.into_iter().zip([x * x, 2.0 * x * y, y * y]) {
            assert!((weight - exact / norm).abs() < 1e-12);
        }
        assert!(Radiation::XRays.weights(&[partial("Ca", "Og", [a, b])], 2.0).is_none());
    }
}
