//! What neutrons and X-rays see: weights of the partial structure factors.
//!
//! ```text
//! S(k) = sum_ab w_ab S_ab(k),   w_ab = c_a c_b f_a f_b / (sum_a c_a f_a)^2   (each unordered pair of unlike species twice)
//! ```
//!
//! with f the coherent scattering length for neutrons (bound, natural isotopes) or the form factor of the neutral atom for
//! X-rays, `f(k) = sum_i a_i exp(-b_i (k/4 pi)^2) + c`; sources beside the `tables`. Ions scatter like atoms but for the
//! smallest k.

mod tables;

use std::f64::consts::PI;

use crate::sampling::PartialStructureFactor;
use crate::system::species::element;

use tables::{NEUTRONS, X_RAYS};

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
            // The tables' fits are good to some 0.02 electrons; those of heavy atoms, from zirconium on, to 8 in 10,000 of theirs.
            assert!((found - electrons).abs() < (8e-4 * electrons).clamp(0.02, 0.05), "{name}: {found}");
            assert!(Radiation::XRays.amplitude(name, 6.0).unwrap() < 0.7 * electrons, "{name}");
        }
        assert_eq!(Radiation::Neutrons.amplitude("Cl", 3.0), Some(9.5792));
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
        let (x, y) = (4.70 * a, 9.5792 * b);
        let norm = (x + y) * (x + y);
        for (weight, exact) in weights.into_iter().zip([x * x, 2.0 * x * y, y * y]) {
            assert!((weight - exact / norm).abs() < 1e-12);
        }
        assert!(Radiation::XRays.weights(&[partial("Ca", "Og", [a, b])], 2.0).is_none());
    }
}
