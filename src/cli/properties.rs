//! Properties as a table on the terminal.

use crucible::analysis::Property;
use crucible::run::Measured;

/// One line for each property, its warnings and what was measured below.
pub fn table(properties: &[Property], measured: &[Measured]) -> String {
    let mut out = String::new();
    for property in properties {
        let name = if property.of.is_empty() || property.name.contains(&property.of) {
            property.name.clone()
        } else {
            format!("{} ({})", property.name, property.of)
        };
        let value = match &property.estimate {
            Some(estimate) => {
                let error = estimate.standard_error.map_or_else(String::new, |error| format!(" ± {error:.2e}"));
                format!("{:.5}{error} {}", estimate.value, estimate.unit)
            }
            None => property.pending.clone().unwrap_or_default(),
        };
        out.push_str(&format!("{name:<40} {value}  [{}]\n", property.route));
        for warning in property.estimate.iter().flat_map(|estimate| &estimate.warnings) {
            out.push_str(&format!("{:<40}   {warning}\n", ""));
        }
        for experiment in measured.iter().filter(|m| m.id == property.id && m.of == property.of) {
            out.push_str(&format!("{:<40}   {}\n", "", comparison(property, experiment)));
        }
    }
    out
}

/// The measured value, and by how much the computed one differs.
fn comparison(property: &Property, experiment: &Measured) -> String {
    let error = experiment.uncertainty.map_or_else(String::new, |error| format!(" ± {error:.1e}"));
    let mut text = format!("experiment: {:.5}{error} {} ({})", experiment.value, experiment.unit, experiment.source);
    if experiment.interpolated {
        text.push_str(", between measured compositions");
    }
    let Some(deviation) = property.estimate.as_ref().and_then(|estimate| experiment.deviation(estimate)) else {
        return text;
    };
    let sigma = deviation.sigma.map_or_else(String::new, |sigma| format!(", {sigma:+.1} sigma"));
    format!("{text}: {:+.1} %{sigma}", deviation.percent)
}
