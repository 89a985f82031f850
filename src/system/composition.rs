//! From a composition in formula units or mole fractions to whole numbers of atoms, neutral where there are ions.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::error::{Error, Result};

use super::MAX_ATOMS;
use super::species::{Species, element};

/// More formula units than this are refused: rounding searches all ways of going up and down.
const MAX_UNITS: usize = 8;
/// A composition counts as neutral if its net charge is below this part of the sum of all charges' sizes: fractions such
/// as 0.333 are meant.
const NEUTRAL: f64 = 2e-3;

/// What a melt is made of: formula units with amounts, in any unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Composition {
    units: Vec<Unit>,
}

#[derive(Debug, Clone, PartialEq)]
struct Unit {
    amount: f64,
    /// Element and how many of it.
    elements: Vec<(String, usize)>,
}

impl Unit {
    fn atoms(&self) -> usize {
        self.elements.iter().map(|(_, n)| n).sum()
    }

    /// Net charge in e; `None` where an element's is not known.
    fn charge(&self) -> Option<f64> {
        self.elements.iter().map(|(name, n)| Some(charge(name)? * *n as f64)).sum()
    }
}

fn charge(name: &str) -> Option<f64> {
    Species::from_name(name).ok().and_then(|species| species.charge_e)
}

impl Composition {
    /// From amounts by formula unit or element: `CaCl2`: 0.737, `KCl`: 0.263. Amounts of zero are dropped.
    ///
    /// # Errors
    /// Nothing in it, a formula that cannot be read, an amount that is negative or not finite, ions that do not add up
    /// to zero charge.
    pub fn new(amounts: &BTreeMap<String, f64>) -> Result<Self> {
        let mut units = Vec::new();
        for (formula, &amount) in amounts {
            if !(amount >= 0.0 && amount.is_finite()) {
                return Err(Error::invalid(format!("amount of {formula}"), amount, "a number, zero or more"));
            }
            let elements = parse_formula(formula)?;
            if amount > 0.0 {
                units.push(Unit { amount, elements });
            }
        }
        if units.is_empty() {
            return Err(Error::invalid("composition", "nothing", "at least one formula unit, such as CaCl2"));
        }
        if units.len() > MAX_UNITS {
            let expected = format!("at most {MAX_UNITS}");
            return Err(Error::invalid("composition", format!("{} formula units", units.len()), expected));
        }
        let composition = Self { units };
        composition.check_neutral()?;
        Ok(composition)
    }

    fn check_neutral(&self) -> Result<()> {
        if !self.is_ionic() {
            return Ok(());
        }
        let totals = self.element_amounts();
        let charges: Vec<f64> = totals.iter().map(|(name, x)| x * charge(name).unwrap_or(0.0)).collect();
        let (net, size) = (charges.iter().sum::<f64>(), charges.iter().map(|q| q.abs()).sum::<f64>());
        if net.abs() <= NEUTRAL * size {
            return Ok(());
        }
        let found = format!("a net charge of {:+.3} e per {:.3} atoms", net, totals.values().sum::<f64>());
        Err(Error::invalid("composition", found, "ions whose charges add up to zero, such as CaCl2 or K: 1, Cl: 1"))
    }

    /// Whether there is an anion, and the charge of every element is known.
    pub fn is_ionic(&self) -> bool {
        let charges: Option<Vec<f64>> = self.element_amounts().keys().map(|name| charge(name)).collect();
        charges.is_some_and(|charges| charges.iter().any(|&q| q < 0.0))
    }

    /// Amount of each element, in the unit that the formula units were given in.
    pub fn element_amounts(&self) -> BTreeMap<String, f64> {
        let mut totals = BTreeMap::new();
        for unit in &self.units {
            for (name, n) in &unit.elements {
                *totals.entry(name.clone()).or_insert(0.0) += unit.amount * *n as f64;
            }
        }
        totals
    }

    /// Net charge of each formula unit, e; zero where there are no ions.
    fn charges(&self) -> Vec<f64> {
        let ionic = self.is_ionic();
        self.units.iter().map(|unit| if ionic { unit.charge().unwrap_or(0.0) } else { 0.0 }).collect()
    }

    /// The amounts without the net charge that rounded fractions leave: that of either sign is the mean of both.
    fn neutral_amounts(&self, charges: &[f64]) -> Vec<f64> {
        let units = || self.units.iter().map(|unit| unit.amount).zip(charges.iter().copied());
        let positive: f64 = units().map(|(amount, charge)| amount * charge.max(0.0)).sum();
        let negative: f64 = units().map(|(amount, charge)| amount * (-charge).max(0.0)).sum();
        let mean = 0.5 * (positive + negative);
        let factor = |charge: f64| match charge.partial_cmp(&0.0) {
            Some(Ordering::Greater) => mean / positive,
            Some(Ordering::Less) => mean / negative,
            _ => 1.0,
        };
        units().map(|(amount, charge)| amount * factor(charge)).collect()
    }

    /// Whole numbers of atoms of each element for about `atoms` atoms; ions are neutral exactly.
    ///
    /// Formula units are rounded up or down so that the composition and the number are met as closely as possible.
    ///
    /// # Errors
    /// No atoms or more than [`MAX_ATOMS`]; so few that an element would be missing, or that no neutral choice exists.
    pub fn atom_counts(&self, atoms: usize) -> Result<BTreeMap<String, usize>> {
        if atoms == 0 || atoms > MAX_ATOMS {
            return Err(Error::invalid("number of atoms", atoms, format!("1 to {MAX_ATOMS}")));
        }
        let charges = self.charges();
        let amounts = self.neutral_amounts(&charges);
        let per_amount: f64 = amounts.iter().zip(&self.units).map(|(amount, unit)| amount * unit.atoms() as f64).sum();
        let ideal: Vec<f64> = amounts.iter().map(|amount| amount * atoms as f64 / per_amount).collect();
        let Some(whole) = round(&ideal, &charges) else {
            let expected = "enough atoms for at least one of each formula unit, in numbers that are neutral";
            return Err(Error::invalid("number of atoms", atoms, expected));
        };
        let mut counts = BTreeMap::new();
        for (unit, n) in self.units.iter().zip(whole) {
            for (name, each) in &unit.elements {
                *counts.entry(name.clone()).or_insert(0) += n * each;
            }
        }
        Ok(counts)
    }
}

/// The whole numbers nearest to `ideal` that are neutral, searched within two of each (one, where there are many).
fn round(ideal: &[f64], charges: &[f64]) -> Option<Vec<usize>> {
    let offsets: &[f64] = if ideal.len() > 5 { &[0.0, 1.0] } else { &[-2.0, -1.0, 0.0, 1.0, 2.0, 3.0] };
    let mut best: Option<(f64, Vec<f64>)> = None;
    for mut code in 0..offsets.len().pow(ideal.len() as u32) {
        let mut candidate = Vec::with_capacity(ideal.len());
        for x in ideal {
            candidate.push(x.floor() + offsets[code % offsets.len()]);
            code /= offsets.len();
        }
        let net: f64 = candidate.iter().zip(charges).map(|(n, q)| n * q).sum();
        // Whole charges: anything else than zero is at least one.
        if net.abs() > 0.5 || candidate.iter().any(|&n| n < 1.0) {
            continue;
        }
        let miss: f64 = candidate.iter().zip(ideal).map(|(n, x)| (n - x).powi(2)).sum();
        if best.as_ref().is_none_or(|(least, _)| miss < *least) {
            best = Some((miss, candidate));
        }
    }
    best.map(|(_, counts)| counts.into_iter().map(|n| n as usize).collect())
}

/// Elements of a formula without brackets, in order: `CaCl2` is one Ca and two Cl.
///
/// # Errors
/// What is not an element or a whole number from 1 to 999.
pub fn parse_formula(formula: &str) -> Result<Vec<(String, usize)>> {
    let bad = |found: &str| {
        let what = format!("formula \"{formula}\"");
        Error::invalid(what, found, "elements and numbers without brackets, such as CaCl2")
    };
    let mut elements: Vec<(String, usize)> = Vec::new();
    let mut rest = formula.trim();
    while let Some(first) = rest.chars().next() {
        if !first.is_ascii_uppercase() {
            return Err(bad(&format!("\"{first}\"")));
        }
        let lower = rest[1..].bytes().take_while(u8::is_ascii_lowercase).count();
        let (symbol, after) = rest.split_at(1 + lower);
        element(symbol)?;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = after.split_at(digits);
        let count = if number.is_empty() { Some(1) } else { number.parse().ok().filter(|n| (1..=999).contains(n)) };
        elements.push((symbol.to_owned(), count.ok_or_else(|| bad(number))?));
        rest = after;
    }
    if elements.is_empty() { Err(bad("nothing")) } else { Ok(elements) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composition(amounts: &[(&str, f64)]) -> Result<Composition> {
        Composition::new(&amounts.iter().map(|(name, x)| ((*name).to_owned(), *x)).collect())
    }

    fn net_charge(counts: &BTreeMap<String, usize>) -> f64 {
        counts.iter().map(|(name, n)| charge(name).unwrap() * *n as f64).sum()
    }

    #[test]
    fn formulas_are_read() {
        assert_eq!(parse_formula("CaCl2").unwrap(), [("Ca".to_owned(), 1), ("Cl".to_owned(), 2)]);
        assert_eq!(parse_formula("Na3AlF6").unwrap().iter().map(|(_, n)| n).sum::<usize>(), 10);
        for bad in ["", "cacl2", "Ca(NO3)2", "Xy2", "Cl0", "Cl1000", "K-Cl", "é"] {
            assert!(parse_formula(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn formula_units_become_neutral_counts_of_about_the_number_asked_for() {
        let melt = composition(&[("CaCl2", 0.737), ("KCl", 0.263)]).unwrap();
        for atoms in [20, 50, 312, 1000, 99_999] {
            let counts = melt.atom_counts(atoms).unwrap();
            let total: usize = counts.values().sum();
            assert_eq!(net_charge(&counts), 0.0);
            // Two formula units of three and two atoms, each rounded by at most one.
            assert!(total.abs_diff(atoms) <= 3, "{total} for {atoms}");
        }
        let counts = melt.atom_counts(312).unwrap();
        assert_eq!((counts["Ca"], counts["K"], counts["Cl"]), (84, 30, 198));
    }

    #[test]
    fn mole_fractions_become_neutral_counts() {
        let melt = composition(&[("K", 0.2), ("Ca", 0.2), ("Cl", 0.6)]).unwrap();
        for atoms in 30..60 {
            let counts = melt.atom_counts(atoms).unwrap();
            assert_eq!(net_charge(&counts), 0.0, "{atoms}");
            assert!(counts.values().sum::<usize>().abs_diff(atoms) <= 6);
        }
    }

    #[test]
    fn rounded_mole_fractions_become_neutral_counts_of_any_number_of_atoms() {
        let salt = composition(&[("Ca", 0.333), ("Cl", 0.667)]).unwrap();
        let traced = composition(&[("Ca", 0.333), ("Cl", 0.666), ("K", 0.001)]).unwrap();
        for atoms in [100, 10_000, 999_999] {
            for melt in [&salt, &traced] {
                let counts = melt.atom_counts(atoms).unwrap();
                assert_eq!(net_charge(&counts), 0.0, "{atoms}");
                assert!(counts.values().sum::<usize>().abs_diff(atoms) <= 6, "{counts:?} for {atoms}");
            }
        }
        // What there is little of keeps its share, though the charge that goes is as large as all of its own.
        assert_eq!(traced.atom_counts(10_000).unwrap()["K"], 10);
    }

    #[test]
    fn metals_need_no_neutrality() {
        let alloy = composition(&[("Ca", 0.3), ("Cu", 0.7)]).unwrap();
        let counts = alloy.atom_counts(100).unwrap();
        assert_eq!((counts["Ca"], counts["Cu"]), (30, 70));
    }

    #[test]
    fn what_cannot_be_built_is_said() {
        let message = |result: Result<Composition>| result.unwrap_err().to_string();
        assert!(message(composition(&[("Ca", 1.0), ("Cl", 1.0)])).contains("net charge of +1"));
        assert!(message(composition(&[("Cl", 1.0)])).contains("net charge of -1"));
        assert!(message(composition(&[])).contains("nothing"));
        assert!(message(composition(&[("KCl", -1.0)])).contains("amount of KCl"));
        assert!(message(composition(&[("KCl", f64::NAN)])).contains("amount of KCl"));
        let melt = composition(&[("CaCl2", 0.9), ("KCl", 0.1)]).unwrap();
        for atoms in [0, 10_000_000] {
            assert!(melt.atom_counts(atoms).unwrap_err().to_string().contains("number of atoms"));
        }
    }
}
