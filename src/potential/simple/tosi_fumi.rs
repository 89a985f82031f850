//! The parameters of Fumi and Tosi for alkali halides (doi:10.1016/0022-3697(64)90159-3; Tosi and Fumi,
//! doi:10.1016/0022-3697(64)90160-X).
//!
//! | symbol | value |
//! |---|---|
//! | `A_ab` | `b (1 + z_a/n_a + z_b/n_b)`: b times Pauling's factor, with n = 8 outer electrons, 2 for Li |
//! | `b` | 0.338e-19 J, the same for all salts |
//! | `sigma_ab` | sum of the ions' radii, the same for an ion in all its salts |
//! | `rho` | one per salt, fitted to its lattice constant and compressibility |
//! | `C_ab`, `D_ab` | Mayer's dispersion coefficients (doi:10.1063/1.1749283), in 1e-79 J m^6 and 1e-99 J m^8 |
//!
//! Crystals with the structure of rocksalt only: the other caesium halides have none. Polarisation is not in the model.

use super::born_mayer_huggins::ShortRange;
use crate::error::{Error, Result};
use crate::system::Species;

/// `b` in eV.
const STRENGTH_EV: f64 = 0.338 / 1.602_176_634;
/// 1e-79 J m^6 in eV Å^6, and 1e-99 J m^8 in eV Å^8.
const DISPERSION: f64 = 1.0 / 1.602_176_634;

/// One salt: `rho` in Å, then C and D of (cation-cation, cation-anion, anion-anion).
type Row = (&'static str, &'static str, f64, [f64; 3], [f64; 3]);

#[expect(clippy::approx_constant, reason = "a hardness of 0.318 Å is no 1/pi")]
const SALTS: [Row; 17] = [
    ("Li", "F", 0.299, [0.073, 0.8, 14.5], [0.03, 0.6, 17.0]),
    ("Li", "Cl", 0.342, [0.073, 2.0, 111.0], [0.03, 2.4, 223.0]),
    ("Li", "Br", 0.353, [0.073, 2.5, 185.0], [0.03, 3.3, 423.0]),
    ("Li", "I", 0.430, [0.073, 3.3, 378.0], [0.03, 5.3, 1060.0]),
    ("Na", "F", 0.330, [1.68, 4.5, 16.5], [0.8, 3.8, 20.0]),
    ("Na", "Cl", 0.317, [1.68, 11.2, 116.0], [0.8, 13.9, 233.0]),
    ("Na", "Br", 0.340, [1.68, 14.0, 196.0], [0.8, 19.0, 450.0]),
    ("Na", "I", 0.386, [1.68, 19.1, 392.0], [0.8, 31.0, 1100.0]),
    ("K", "F", 0.338, [24.3, 19.5, 18.6], [24.0, 21.0, 22.0]),
    ("K", "Cl", 0.337, [24.3, 48.0, 124.5], [24.0, 73.0, 250.0]),
    ("K", "Br", 0.335, [24.3, 60.0, 206.0], [24.0, 99.0, 470.0]),
    ("K", "I", 0.355, [24.3, 82.0, 403.0], [24.0, 156.0, 1130.0]),
    ("Rb", "F", 0.328, [59.4, 31.0, 18.9], [82.0, 40.0, 23.0]),
    ("Rb", "Cl", 0.318, [59.4, 79.0, 130.0], [82.0, 134.0, 260.0]),
    ("Rb", "Br", 0.335, [59.4, 99.0, 215.0], [82.0, 180.0, 490.0]),
    ("Rb", "I", 0.337, [59.4, 135.0, 428.0], [82.0, 280.0, 1200.0]),
    ("Cs", "F", 0.282, [152.0, 52.0, 19.1], [278.0, 78.0, 23.0]),
];

/// Radius of an ion, Å, and `z/n` of Pauling's factor.
fn ion(name: &str) -> (f64, f64) {
    match name {
        "Li" => (0.816, 0.5),
        "Na" => (1.170, 0.125),
        "K" => (1.463, 0.125),
        "Rb" => (1.587, 0.125),
        "Cs" => (1.720, 0.125),
        "F" => (1.179, -0.125),
        "Cl" => (1.585, -0.125),
        "Br" => (1.716, -0.125),
        _ => (1.907, -0.125),
    }
}

/// A salt of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlkaliHalide(Row);

impl AlkaliHalide {
    /// Every salt of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        SALTS.into_iter().map(Self)
    }

    /// The salt called `formula`, such as `NaCl`.
    ///
    /// # Errors
    /// A salt that is not in the table.
    pub fn from_formula(formula: &str) -> Result<Self> {
        Self::all().find(|salt| salt.formula() == formula.trim()).ok_or_else(|| {
            let known: Vec<String> = Self::all().map(|salt| salt.formula()).collect();
            Error::invalid("Tosi–Fumi salt", format!("\"{formula}\""), format!("one of {}", known.join(", ")))
        })
    }

    /// Its formula.
    pub fn formula(&self) -> String {
        format!("{}{}", self.0.0, self.0.1)
    }

    /// Cation and anion, in this order.
    ///
    /// # Errors
    /// Never: both are elements.
    pub fn species(&self) -> Result<[Species; 2]> {
        let with_charge = |name, charge| Species::from_name(name).map(|s| Species { charge_e: Some(charge), ..s });
        Ok([with_charge(self.0.0, 1.0)?, with_charge(self.0.1, -1.0)?])
    }

    /// Short-range parameters of cation-cation, cation-anion and anion-anion.
    pub(super) fn pairs(&self) -> [ShortRange; 3] {
        let (cation, anion, rho, c, d) = self.0;
        let ions = [ion(cation), ion(anion)];
        let pair = |k: usize, a: (f64, f64), b: (f64, f64)| ShortRange {
            repulsion_ev: STRENGTH_EV * (1.0 + a.1 + b.1),
            contact_angstrom: a.0 + b.0,
            range_angstrom: rho,
            c6: c[k] * DISPERSION,
            c8: d[k] * DISPERSION,
        };
        [pair(0, ions[0], ions[0]), pair(1, ions[0], ions[1]), pair(2, ions[1], ions[1])]
    }
}
