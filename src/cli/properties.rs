//! Properties as a table on the terminal.

use crucible::analysis::{Estimate, Property};
use crucible::run::{Measured, ScanPoint};

/// Errors below this part of the value are those of rounding.
const EXACT: f64 = 1e-12;

/// One line for each property, its warnings and what was measured below.
pub fn table(properties: &[Property], measured: &[Measured]) -> String {
    let mut out = String::new();
    for property in properties {
        let name = if property.of.is_empty() || property.name.contains(&property.of) {
            property.name.clone()
        } else {
            format!("{} ({})", property.name, property.of)
        };
        let said = match &property.estimate {
            Some(estimate) => value(estimate),
            None => property.pending.clone().unwrap_or_else(|| "a curve: see --json".to_owned()),
        };
        out.push_str(&format!("{name:<40} {said}  [{}]\n", property.route));
        for warning in property.estimate.iter().flat_map(|estimate| &estimate.warnings) {
            out.push_str(&format!("{:<40}   {warning}\n", ""));
        }
        for experiment in measured.iter().filter(|m| m.id == property.id && m.of == property.of) {
            out.push_str(&format!("{:<40}   {}\n", "", comparison(property, experiment)));
        }
    }
    out
}

/// What the change with temperature and the runs at each temperature say of the same, side by side; empty where there is no such.
pub fn by_both_routes(changes: &[Property], points: &[ScanPoint]) -> String {
    let mut out = String::new();
    for change in changes {
        let same = |p: &&Property| p.id == change.id && p.of == change.of;
        let at = |point: &ScanPoint| {
            let own = point.results.properties.iter().find(same)?;
            Some(format!("{}  [{}, {} K]", value(own.estimate.as_ref()?), own.route, point.temperature_k))
        };
        let others: Vec<String> = points.iter().filter_map(at).collect();
        let Some(estimate) = change.estimate.as_ref().filter(|_| !others.is_empty()) else { continue };
        out.push_str(&format!("\n{} by both routes\n  {}  [{}]\n", change.name, value(estimate), change.route));
        others.iter().for_each(|line| out.push_str(&format!("  {line}\n")));
    }
    out
}

/// To the place of its error, with the unit.
pub fn value(estimate: &Estimate) -> String {
    // What no fluctuation enters, as a share that masses fix, is exact but for rounding.
    let shown = estimate.standard_error.filter(|error| *error > EXACT * estimate.value.abs());
    let text = shown.map_or_else(|| format!("{:.5}", estimate.value), |error| with_error(estimate.value, error));
    format!("{text} {}", estimate.unit)
}

/// A value to the place that its error, with two digits, has.
fn with_error(value: f64, error: f64) -> String {
    let places = (1.0 - error.log10().floor()).clamp(0.0, 12.0) as usize;
    format!("{value:.places$} ± {error:.places$}")
}

/// The measured value, and by how much the computed one differs.
fn comparison(property: &Property, experiment: &Measured) -> String {
    let known = experiment.uncertainty.filter(|error| *error > 0.0);
    let value = known.map_or_else(|| format!("{:.5}", experiment.value), |error| with_error(experiment.value, error));
    let mut text = format!("experiment: {value} {} ({})", experiment.unit, experiment.source);
    if experiment.interpolated {
        text.push_str(", between measured compositions");
    }
    let Some(deviation) = property.estimate.as_ref().and_then(|estimate| experiment.deviation(estimate)) else {
        return text;
    };
    // Without the experiment's own uncertainty that is no judgement of the two.
    let whose = if experiment.uncertainty.is_some() { "" } else { " of this run alone" };
    let sigma = deviation.sigma.map_or_else(String::new, |sigma| format!(", {sigma:+.1} sigma{whose}"));
    format!("{text}: {:+.1} %{sigma}", deviation.percent)
}
