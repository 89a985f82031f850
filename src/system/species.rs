//! What a type index stands for, and what the periodic table says of it.

use mendeleev::{Element, Group, OxidationStateCategory};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What an atom's type index stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Species {
    /// Element symbol, or a label of the user's.
    pub name: String,
    /// Mass, u.
    pub mass_u: f64,
    /// Formal charge, e; `None` where it is not known.
    pub charge_e: Option<f64>,
}

impl Species {
    /// The element named by `name`, with its standard atomic weight and [common ionic charge](ionic_charge). A suffix of
    /// digits, signs or an underscore and a label (`Cl1`, `Ca2+`, `O_surface`) is kept in the name and ignored otherwise.
    ///
    /// # Errors
    /// A name that starts with no element's symbol.
    pub fn from_name(name: &str) -> Result<Self> {
        let element = element(name)?;
        let mass_u = f64::from(element.atomic_weight());
        Ok(Self { name: name.trim().to_owned(), mass_u, charge_e: ionic_charge(element) })
    }

    /// A species of which only a label or a number is known; its mass is 1 u, for the user to replace.
    pub fn unknown(name: impl ToString) -> Self {
        Self { name: name.to_string(), mass_u: 1.0, charge_e: None }
    }
}

/// The element that a species' name starts with.
///
/// # Errors
/// A name that starts with no element's symbol.
pub fn element(name: &str) -> Result<Element> {
    let symbol: String = name.trim().chars().take_while(char::is_ascii_alphabetic).collect();
    let found = Element::iter().find(|element| element.symbol() == symbol);
    found.ok_or_else(|| Error::invalid("species", format!("\"{name}\""), "an element's symbol, such as K, Ca or Cl"))
}

/// Charge in e of the element's closed-shell ion: negative for halogens and chalcogens, the one main oxidation state for
/// elements that have one, zero for noble gases, `None` for the others.
pub fn ionic_charge(element: Element) -> Option<f64> {
    match element.group() {
        Some(Group::VIIIA) => Some(0.0),
        Some(Group::VIIA) => Some(-1.0),
        Some(Group::VIA) => Some(-2.0),
        _ => match element.oxidation_states(OxidationStateCategory::Main) {
            [state] => Some(f64::from(*state)),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_mass_and_ionic_charge() {
        for (name, mass, charge) in [
            ("K", 39.0983, Some(1.0)),
            ("Ca", 40.078, Some(2.0)),
            ("Cl", 35.45, Some(-1.0)),
            ("O", 15.999, Some(-2.0)),
            ("Ar", 39.948, Some(0.0)),
            ("Al", 26.9815, Some(3.0)),
            ("Zr", 91.224, Some(4.0)),
            ("Cu", 63.546, Some(2.0)),
            ("Fe", 55.845, None),
        ] {
            let species = Species::from_name(name).unwrap();
            // Standard weights are revised in their last digits.
            assert!((species.mass_u - mass).abs() < 0.05, "{name}: {}", species.mass_u);
            assert_eq!(species.charge_e, charge, "{name}");
        }
    }

    #[test]
    fn labels_keep_their_name() {
        for (name, symbol) in [("Cl1", "Cl"), ("Ca2+", "Ca"), ("O_surface", "O")] {
            let species = Species::from_name(name).unwrap();
            assert_eq!((species.name.as_str(), element(name).unwrap().symbol()), (name, symbol));
        }
    }

    #[test]
    fn what_is_no_element_is_refused() {
        for name in ["", "Xx", "1", "calcium", "ca", "é"] {
            let message = Species::from_name(name).unwrap_err().to_string();
            assert!(message.contains("symbol"), "{message}");
        }
    }
}
