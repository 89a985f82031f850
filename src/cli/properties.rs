//! Properties as a table on the terminal.

use crucible::analysis::Property;

/// One line for each property, its warnings below.
pub fn table(properties: &[Property]) -> String {
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
    }
    out
}
