//! What was measured, beside what is computed: the density of a liquid from the correlations on a potential's card.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::card::{Card, DensityCorrelation};

/// Mole fractions that differ by less are the same composition.
const SAME_FRACTION: f64 = 0.005;
/// How far outside its measured range a correlation, linear in temperature, is still shown, K.
const EXTRAPOLATED_K: f64 = 50.0;

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

impl Card {
    /// The measured density at `temperature_k` of a liquid with these amounts by formula unit: of this composition, or linear
    /// in the mole fraction between the nearest ones on both sides, for two components. `None` where nothing near is known.
    pub fn measured_density(&self, amounts: &BTreeMap<String, f64>, temperature_k: f64) -> Option<MeasuredDensity> {
        let wanted = fractions(amounts)?;
        let valid = |known: &&DensityCorrelation| {
            let [low, high] = known.temperature_k;
            (low - EXTRAPOLATED_K..=high + EXTRAPOLATED_K).contains(&temperature_k)
        };
        let known: Vec<(BTreeMap<&str, f64>, &DensityCorrelation)> = self
            .density
            .iter()
            .filter(valid)
            .filter_map(|known| Some((fractions(&known.composition)?, known)))
            .collect();
        let density = |known: &DensityCorrelation| known.a - known.b * temperature_k;
        if let Some((_, same)) = known.iter().find(|(present, _)| is_same(present, &wanted)) {
            let source = same.source.clone();
            return Some(MeasuredDensity { density_g_cm3: density(same), source, interpolated: false });
        }
        let [(first, &at), (second, _)] = wanted.iter().collect::<Vec<_>>().try_into().ok()?;
        let on_the_line: Vec<(f64, &DensityCorrelation)> = known
            .iter()
            .filter(|(present, _)| present.keys().all(|name| name == first || name == second))
            .map(|(present, known)| (present.get(first).copied().unwrap_or(0.0), *known))
            .collect();
        let by_fraction = |a: &&(f64, &DensityCorrelation), b: &&(f64, &DensityCorrelation)| a.0.total_cmp(&b.0);
        let (x0, below) = on_the_line.iter().filter(|(x, _)| *x < at).max_by(by_fraction)?;
        let (x1, above) = on_the_line.iter().filter(|(x, _)| *x > at).min_by(by_fraction)?;
        let share = (at - x0) / (x1 - x0);
        let source = if below.source == above.source {
            below.source.clone()
        } else {
            format!("{}; {}", below.source, above.source)
        };
        let density_g_cm3 = density(below) * (1.0 - share) + density(above) * share;
        Some(MeasuredDensity { density_g_cm3, source, interpolated: true })
    }
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
            density = [
              { composition = { KCl = 1.0 }, a = 2.0, b = 0.0, temperature_k = [1000.0, 1200.0], source = "one" },
              { composition = { KCl = 1.0, CaCl2 = 1.0 }, a = 3.1, b = 1e-3, temperature_k = [1000.0, 1200.0], source = "two" },
            ]"#;
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
        assert!(found.interpolated && found.source == "two; one" || found.source == "one; two");
    }

    #[test]
    fn nothing_is_made_up_beyond_what_was_measured() {
        assert_eq!(card().measured_density(&mixture(1.0, 3.0), 1100.0), None);
        assert_eq!(card().measured_density(&mixture(1.0, 0.0), 1300.0), None);
        assert_eq!(card().measured_density(&BTreeMap::new(), 1100.0), None);
    }
}
