//! What was measured, beside what is computed: properties of a liquid from the laws on a potential's card.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::card::{Card, Law, MeasuredLaw, MeasuredRdf};
use crate::analysis::Estimate;

/// Mole fractions that differ by less are the same composition.
const SAME_FRACTION: f64 = 0.005;
/// How far outside its measured range a law is still shown, K, and at most as a part of the temperature.
const EXTRAPOLATED_K: f64 = 50.0;
const EXTRAPOLATED_PART: f64 = 0.05;
/// Points of a line over temperature.
const LINE: usize = 41;

/// A density from experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredDensity {
    /// Density, g/cm^3.
    pub density_g_cm3: f64,
    /// Where it is published.
    pub source: String,
    /// Whether it lies between two measured compositions, rather than being one.
    pub interpolated: bool,
}

/// A value from experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Identifier of the property: `density`, `shear-viscosity`, …
    pub id: String,
    /// What it belongs to, if not to the whole system, as in [`Property`](crate::analysis::Property).
    #[serde(default)]
    pub of: String,
    /// The value, in `unit`.
    pub value: f64,
    /// The uncertainty that the source states, in `unit`.
    pub uncertainty: Option<f64>,
    /// Unit as it is printed.
    pub unit: String,
    /// Where it is published.
    pub source: String,
    /// Whether it lies between two measured compositions, rather than being one.
    pub interpolated: bool,
    /// Temperature, K, and value, over the range of the measurement; empty where it is a single one.
    #[serde(default)]
    pub line: Vec<[f64; 2]>,
}

/// How a computed value compares with a measured one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// Computed less measured, % of the measured value's size.
    pub percent: f64,
    /// The difference over the combined errors of both, where the computed one is known.
    pub sigma: Option<f64>,
}

impl Measured {
    /// Compares an estimate; `None` where the units differ, or the measured value is zero.
    pub fn deviation(&self, estimate: &Estimate) -> Option<Deviation> {
        let difference = estimate.value - self.value;
        let combined = estimate.standard_error.map(|error| error.hypot(self.uncertainty.unwrap_or(0.0)));
        let sigma = combined.filter(|combined| *combined > 0.0).map(|combined| difference / combined);
        let comparable = self.unit == estimate.unit && self.value != 0.0;
        comparable.then(|| Deviation { percent: 100.0 * difference / self.value.abs(), sigma })
    }
}

impl Card {
    /// Everything that was measured at `temperature_k` of a liquid with these amounts by formula unit, thermal expansion by
    /// the slope of the density included. Density is interpolated as in [`Card::measured_density`], nothing else is.
    pub fn measured_properties(&self, amounts: &BTreeMap<String, f64>, temperature_k: f64) -> Vec<Measured> {
        let Some(wanted) = fractions(amounts) else { return Vec::new() };
        let mut found: Vec<Measured> = Vec::new();
        if let Some(density) = self.interpolated_density(&wanted, temperature_k) {
            found.push(density);
        }
        for known in self.measured.iter().filter(|known| reaches(known, temperature_k)) {
            if !fractions(&known.composition).is_some_and(|present| is_same(&present, &wanted)) {
                continue;
            }
            let measured = at(known, temperature_k);
            if let (true, Law::Linear([_, slope])) = (known.property == "density" && temperature_k > 0.0, known.law) {
                let expansion = |kelvin| -1e4 * slope / known.law.at(kelvin);
                found.push(Measured {
                    line: line(known.temperature_k, expansion),
                    unit: "10⁻⁴ K⁻¹".to_owned(),
                    ..from_law("thermal-expansion", expansion(temperature_k), known)
                });
            }
            if !found.iter().any(|other| other.id == measured.id) {
                found.push(measured);
            }
        }
        found
    }

    /// How what was measured of a liquid with these amounts by formula unit changes with temperature: slopes of lines, and
    /// activation energies of Arrhenius' laws, by the identifiers of [`scan_properties`](super::scan_properties).
    pub fn measured_changes(&self, amounts: &BTreeMap<String, f64>) -> Vec<Measured> {
        let Some(wanted) = fractions(amounts) else { return Vec::new() };
        let is_wanted =
            |known: &&MeasuredLaw| fractions(&known.composition).is_some_and(|present| is_same(&present, &wanted));
        let change = |known: &MeasuredLaw| match (known.property.as_str(), known.law) {
            ("density", Law::Linear([_, slope])) => {
                let unit = "10⁻⁴ g/(cm³ K)".to_owned();
                Some(Measured { unit, ..from_law("density-slope", 1e4 * slope, known) })
            }
            ("thermal-conductivity", Law::Linear([_, slope])) => {
                let unit = "10⁻³ W/(m K²)".to_owned();
                Some(Measured { unit, ..from_law("thermal-conductivity-slope", 1e3 * slope, known) })
            }
            (of, Law::Arrhenius([_, energy])) => {
                // What falls with temperature, as a viscosity does, has exp(+E/(R T)).
                let sign = if of == "shear-viscosity" { 1.0 } else { -1.0 };
                let (of, unit) = (of.to_owned(), "kJ/mol".to_owned());
                Some(Measured { of, unit, ..from_law("activation-energy", sign * 1e-3 * energy, known) })
            }
            _ => None,
        };
        self.measured.iter().filter(is_wanted).filter_map(change).collect()
    }

    /// The measured density at `temperature_k` of a liquid with these amounts by formula unit: of this composition, or linear
    /// in the mole fraction between the nearest ones on both sides, for two components. `None` where nothing near is known.
    pub fn measured_density(&self, amounts: &BTreeMap<String, f64>, temperature_k: f64) -> Option<MeasuredDensity> {
        let Measured { value, source, interpolated, .. } =
            self.interpolated_density(&fractions(amounts)?, temperature_k)?;
        Some(MeasuredDensity { density_g_cm3: value, source, interpolated })
    }

    /// The radial distribution functions that were measured near `temperature_k` of a liquid with these amounts by formula unit.
    pub fn measured_rdfs(&self, amounts: &BTreeMap<String, f64>, temperature_k: f64) -> Vec<&MeasuredRdf> {
        let Some(wanted) = fractions(amounts) else { return Vec::new() };
        let is_near = |known: &&MeasuredRdf| {
            (known.temperature_k - temperature_k).abs() <= extrapolated(temperature_k)
                && fractions(&known.composition).is_some_and(|present| is_same(&present, &wanted))
        };
        self.measured_rdf.iter().filter(is_near).collect()
    }

    fn interpolated_density(&self, wanted: &BTreeMap<&str, f64>, temperature_k: f64) -> Option<Measured> {
        let known: Vec<(BTreeMap<&str, f64>, &MeasuredLaw)> = self
            .measured
            .iter()
            .filter(|known| known.property == "density" && reaches(known, temperature_k))
            .filter_map(|known| Some((fractions(&known.composition)?, known)))
            .collect();
        if let Some((_, same)) = known.iter().find(|(present, _)| is_same(present, wanted)) {
            return Some(at(same, temperature_k));
        }
        let [(first, &x), (second, _)] = wanted.iter().collect::<Vec<_>>().try_into().ok()?;
        let on_the_line: Vec<(f64, &MeasuredLaw)> = known
            .iter()
            .filter(|(present, _)| present.keys().all(|name| name == first || name == second))
            .map(|(present, known)| (present.get(first).copied().unwrap_or(0.0), *known))
            .collect();
        let by_fraction = |a: &&(f64, &MeasuredLaw), b: &&(f64, &MeasuredLaw)| a.0.total_cmp(&b.0);
        let &(x0, low) = on_the_line.iter().filter(|(each, _)| *each < x).max_by(by_fraction)?;
        let &(x1, high) = on_the_line.iter().filter(|(each, _)| *each > x).min_by(by_fraction)?;
        let (below, above) = (at(low, temperature_k), at(high, temperature_k));
        let share = (x - x0) / (x1 - x0);
        let source = if below.source == above.source {
            below.source.clone()
        } else {
            format!("{}; {}", below.source, above.source)
        };
        let between = |a: f64, b: f64| a * (1.0 - share) + b * share;
        let ([from, to], [other_from, other_to]) = (low.temperature_k, high.temperature_k);
        let both = [from.max(other_from), to.min(other_to)];
        Some(Measured {
            line: line(both, |kelvin| between(low.law.at(kelvin), high.law.at(kelvin))),
            value: between(below.value, above.value),
            uncertainty: below.uncertainty.zip(above.uncertainty).map(|(a, b)| between(a, b)),
            source,
            interpolated: true,
            ..below.clone()
        })
    }
}

fn reaches(known: &MeasuredLaw, temperature_k: f64) -> bool {
    let [low, high] = known.temperature_k;
    let beyond = extrapolated(temperature_k);
    (low - beyond..=high + beyond).contains(&temperature_k)
}

/// How far from a measurement something may be to be compared with it, K.
fn extrapolated(temperature_k: f64) -> f64 {
    EXTRAPOLATED_K.min(EXTRAPOLATED_PART * temperature_k)
}

fn at(known: &MeasuredLaw, temperature_k: f64) -> Measured {
    let value = known.law.at(temperature_k);
    Measured {
        id: known.property.clone(),
        of: String::new(),
        value,
        uncertainty: known.uncertainty_percent.map(|percent| 1e-2 * percent * value.abs()),
        unit: known.unit.clone(),
        source: known.source.clone(),
        interpolated: false,
        line: line(known.temperature_k, |kelvin| known.law.at(kelvin)),
    }
}

/// What follows from how a law changes with temperature, of which no source states an uncertainty.
fn from_law(id: &str, value: f64, known: &MeasuredLaw) -> Measured {
    let quantity = known.property.replace('-', " ");
    Measured {
        id: id.to_owned(),
        value,
        uncertainty: None,
        source: format!("from the {quantity} over temperature, {}", known.source),
        line: Vec::new(),
        ..at(known, known.temperature_k[0])
    }
}

/// A law over its range; nothing where that is a single temperature, or none.
fn line([low, high]: [f64; 2], value: impl Fn(f64) -> f64) -> Vec<[f64; 2]> {
    if low >= high {
        return Vec::new();
    }
    let at = |k: usize| low + (high - low) * k as f64 / (LINE - 1) as f64;
    (0..LINE).map(|k| [at(k), value(at(k))]).collect()
}

/// Mole fractions of what is present.
fn fractions(amounts: &BTreeMap<String, f64>) -> Option<BTreeMap<&str, f64>> {
    let present = amounts.iter().filter(|(_, amount)| **amount > 0.0);
    let total: f64 = present.clone().map(|(_, amount)| amount).sum();
    (total > 0.0 && total.is_finite()).then(|| present.map(|(name, amount)| (name.as_str(), amount / total)).collect())
}

fn is_same(a: &BTreeMap<&str, f64>, b: &BTreeMap<&str, f64>) -> bool {
    a.len() == b.len() && a.iter().all(|(name, x)| b.get(name).is_some_and(|y| (x - y).abs() < SAME_FRACTION))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Card {
        let text = r#"
            title = "t"
            description = "d"
            licence = "MIT"
            units = "metal"
            species = [{ name = "K" }]
            potential = { kind = "lennard-jones", epsilon_ev = 0.01, sigma_angstrom = 3.4, cutoff_angstrom = 8.5 }
            fit = { data = "d" }
            valid = { temperature_k = [1.0, 2.0], range = "r" }
            [[measured]]
            property = "density"
            composition = { KCl = 1.0 }
            law = { constant = 2.0 }
            unit = "g/cm³"
            temperature_k = [1000.0, 1200.0]
            uncertainty_percent = 1.0
            source = "one"
            [[measured]]
            property = "density"
            composition = { KCl = 1.0, CaCl2 = 1.0 }
            law = { linear = [3.1, -1e-3] }
            unit = "g/cm³"
            temperature_k = [1000.0, 1200.0]
            source = "two"
            [[measured]]
            property = "shear-viscosity"
            composition = { KCl = 1.0 }
            law = { arrhenius = [0.07, 2.4e4] }
            unit = "mPa s"
            temperature_k = [1050.0, 1200.0]
            source = "three"
            [[measured_rdf]]
            pair = ["K", "Cl"]
            composition = { KCl = 2.0 }
            temperature_k = 1100.0
            points = [[2.0, 0.0], [3.0, 4.0]]
            author = "four"
            source = "five""#;
        Card::read(text.as_bytes(), "card.toml").unwrap()
    }

    fn mixture(kcl: f64, cacl2: f64) -> BTreeMap<String, f64> {
        BTreeMap::from([("KCl".to_owned(), kcl), ("CaCl2".to_owned(), cacl2)])
    }

    #[test]
    fn a_measured_composition_is_taken_as_it_is_whatever_the_unit_of_its_amounts() {
        let found = card().measured_density(&mixture(30.0, 30.0), 1100.0).unwrap();
        assert!((found.density_g_cm3 - 2.0).abs() < 1e-12 && !found.interpolated && found.source == "two");
        assert_eq!(card().measured_density(&mixture(7.0, 0.0), 1100.0).unwrap().source, "one");
    }

    #[test]
    fn between_two_compositions_it_is_linear_and_says_so() {
        let found = card().measured_density(&mixture(3.0, 1.0), 1000.0).unwrap();
        assert!((found.density_g_cm3 - 2.05).abs() < 1e-12, "{found:?}");
        assert!(found.interpolated);
        assert_eq!(found.source, "one; two");
    }

    #[test]
    fn nothing_is_made_up_beyond_what_was_measured() {
        assert_eq!(card().measured_density(&mixture(1.0, 3.0), 1100.0), None);
        assert_eq!(card().measured_density(&mixture(1.0, 0.0), 1300.0), None);
        assert_eq!(card().measured_density(&BTreeMap::new(), 1100.0), None);
    }

    #[test]
    fn all_that_was_measured_of_a_composition_is_told() {
        let found = card().measured_properties(&mixture(1.0, 0.0), 1100.0);
        let values: Vec<(&str, f64)> = found.iter().map(|m| (m.id.as_str(), m.value)).collect();
        let viscosity = 0.07 * (2.4e4 / (8.314 * 1100.0_f64)).exp();
        assert_eq!(values, [("density", 2.0), ("shear-viscosity", viscosity)]);
        assert_eq!(found[0].uncertainty, Some(0.02));
        let even = card().measured_properties(&mixture(1.0, 1.0), 1100.0);
        assert_eq!(even.iter().map(|m| m.id.as_str()).collect::<Vec<_>>(), ["density", "thermal-expansion"]);
        assert!((even[1].value - 5.0).abs() < 1e-12, "1e-3 of 2.0 per K: {}", even[1].value);
        let between = card().measured_properties(&mixture(3.0, 1.0), 1000.0);
        assert_eq!(between.len(), 1, "only density lies on a line between compositions: {between:?}");
    }

    #[test]
    fn lines_reach_over_what_was_measured() {
        let even = card().measured_properties(&mixture(1.0, 1.0), 1030.0);
        let [density, expansion] = [&even[0], &even[1]].map(|m| (m.line[0], m.line[LINE - 1]));
        let is_at = |[x, y]: [f64; 2], kelvin: f64, value: f64| x == kelvin && (y - value).abs() < 1e-12;
        assert!(is_at(density.0, 1000.0, 2.1) && is_at(density.1, 1200.0, 1.9), "{density:?}");
        assert!(is_at(expansion.1, 1200.0, 10.0 / 1.9), "{expansion:?}");
        let between = &card().measured_properties(&mixture(3.0, 1.0), 1000.0)[0];
        assert!((between.line[0][1] - between.value).abs() < 1e-12 && between.line[LINE - 1][0] == 1200.0);
    }

    #[test]
    fn slopes_and_activation_energies_follow_from_the_laws() {
        let changes = |kcl: f64, cacl2: f64| -> Vec<(String, String, f64)> {
            card().measured_changes(&mixture(kcl, cacl2)).into_iter().map(|m| (m.id, m.of, m.value)).collect()
        };
        assert_eq!(changes(1.0, 0.0), [("activation-energy".into(), "shear-viscosity".into(), 24.0)]);
        assert_eq!(changes(1.0, 1.0), [("density-slope".into(), String::new(), -10.0)]);
        assert!(changes(3.0, 1.0).is_empty(), "nothing between compositions");
    }

    #[test]
    fn the_measured_structure_is_that_of_the_composition_near_its_temperature() {
        let card = card();
        let found = card.measured_rdfs(&mixture(9.0, 0.0), 1140.0);
        assert_eq!(found.iter().map(|known| known.author.as_str()).collect::<Vec<_>>(), ["four"]);
        assert!(card.measured_rdfs(&mixture(1.0, 1.0), 1100.0).is_empty());
        assert!(card.measured_rdfs(&mixture(1.0, 0.0), 1200.0).is_empty());
    }

    #[test]
    fn deviations_count_both_errors() {
        let measured = card().measured_properties(&mixture(1.0, 0.0), 1100.0).remove(0);
        let estimate = |value: f64, unit: &str| Estimate {
            value,
            standard_error: Some(0.015),
            unit: unit.to_owned(),
            independent_samples: 20.0,
            warnings: Vec::new(),
        };
        let deviation = measured.deviation(&estimate(2.05, "g/cm³")).unwrap();
        assert!((deviation.percent - 2.5).abs() < 1e-9 && (deviation.sigma.unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(measured.deviation(&estimate(2.05, "mPa s")), None);
    }
}
