//! Configurations whose energy, forces or distances are unlike those of the others: mistakes, or what is worth a look.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::io::Configuration;

/// Deviations from the median, in robust standard deviations, from which a configuration counts as unlike the others.
pub(super) const FAR: f64 = 8.0;
/// The median of the magnitudes of normal deviates is a standard deviation over this.
const MAD_TO_DEVIATION: f64 = 1.4826;
/// Fewer configurations have no others to be unlike.
const FEWEST: usize = 8;
/// Most outliers that are named: more are not outliers.
const MOST: usize = 20;

/// A configuration unlike the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlier {
    /// Its number, from 1.
    pub configuration: usize,
    /// Its name, where its file gives one.
    pub name: Option<String>,
    /// What is unlike.
    pub quantity: String,
    /// Its value.
    pub value: f64,
    /// Median of all.
    pub median: f64,
    /// Unit of both.
    pub unit: String,
}

impl fmt::Display for Outlier {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Self { configuration, name, quantity, value, median, unit } = self;
        let name = name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
        write!(out, "configuration {configuration}{name}: {quantity} {value:.3} {unit}, typical {median:.3}")
    }
}

/// Energies less those of the composition (eV an atom), largest forces (eV/Å) and shortest distances (Å) that lie far from
/// the median; one entry a configuration and quantity, the farthest first.
pub(super) fn outliers(
    configurations: &[Configuration],
    energies: &[Option<f64>],
    forces: &[Option<f64>],
    distances: &[Option<f64>],
) -> Vec<Outlier> {
    let mut found: Vec<(f64, Outlier)> = Vec::new();
    for (quantity, unit, values, least) in [
        ("energy beyond its composition's", "eV/atom", energies, 0.02),
        ("largest force", "eV/Å", forces, 0.2),
        ("shortest distance", "Å", distances, 0.1),
    ] {
        let Some((median, deviation)) = typical(values) else { continue };
        for (k, value) in values.iter().enumerate() {
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            let distance = (value - median).abs() / deviation.max(least);
            // Only short distances and large forces are suspicious.
            let harmless = match unit {
                "Å" => value > median,
                "eV/Å" => value < median,
                _ => false,
            };
            if distance > FAR && !harmless {
                let (name, quantity, unit) = (configurations[k].name.clone(), quantity.to_owned(), unit.to_owned());
                found.push((distance, Outlier { configuration: k + 1, name, quantity, value, median, unit }));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(MOST).map(|(_, outlier)| outlier).collect()
}

/// Median of at least eight, and a standard deviation from the median of the deviations.
pub(super) fn typical(values: &[Option<f64>]) -> Option<(f64, f64)> {
    let finite: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    if finite.len() < FEWEST {
        return None;
    }
    let middle = median(finite.clone());
    let deviations = finite.iter().map(|value| (value - middle).abs()).collect();
    Some((middle, MAD_TO_DEVIATION * median(deviations)))
}

/// Of at least one number.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
