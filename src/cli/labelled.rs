//! Reading data sets, and showing errors on them.

use std::path::PathBuf;

use crucible::fitting::{DataSet, Errors};
use crucible::io::{Configuration, read_structure};
use crucible::system::Species;
use crucible::{Error, Result};

use super::{files, species};

/// The labelled configurations of several files. Without names the species are those of the files, in order of appearance,
/// or by number.
///
/// # Errors
/// A file that can't be read, an element that is not named, labels that [`DataSet::new`] refuses.
pub fn read(paths: &[PathBuf], names: &[String]) -> Result<DataSet> {
    let mut configurations = Vec::new();
    for path in paths {
        configurations.extend(read_structure(&files::read(path)?, &files::name(path))?);
    }
    let known = match names.is_empty() {
        true => found_species(&configurations)?,
        false => species::parse(names)?,
    };
    configurations.iter_mut().try_for_each(|configuration| species::assign(configuration, &known))?;
    DataSet::new(configurations, known)
}

/// Elements in order of appearance; numbered species by their numbers.
fn found_species(configurations: &[Configuration]) -> Result<Vec<Species>> {
    let numbered = configurations.iter().filter(|configuration| species::is_numbered(configuration)).count();
    if numbered > 0 {
        if numbered < configurations.len() {
            let found = "some configurations with elements and some with numbers";
            return Err(Error::invalid("--species", found, "the elements that the numbers stand for, in order"));
        }
        let longest = configurations.iter().map(|configuration| &configuration.system.species).max_by_key(|s| s.len());
        return Ok(longest.cloned().unwrap_or_default());
    }
    let mut known: Vec<Species> = Vec::new();
    for found in configurations.iter().flat_map(|configuration| &configuration.system.species) {
        if !known.iter().any(|species| species.name == found.name) {
            known.push(found.clone());
        }
    }
    Ok(known)
}

/// Errors as a few lines.
pub fn table(title: &str, errors: &Errors) -> String {
    let mut out = format!("{title:<22}{:>12}{:>12}{:>12}{:>9}\n", "RMS", "mean", "largest", "count");
    for (name, deviation, scale) in [
        ("energy, meV/atom", errors.energy_per_atom, 1e3),
        ("force component, meV/Å", errors.force_component, 1e3),
        ("force, meV/Å", errors.force_vector, 1e3),
        ("stress, GPa", errors.stress_gpa, 1.0),
    ] {
        let [rms, mean, max] = [deviation.rms, deviation.mean, deviation.max].map(|value| value * scale);
        out.push_str(&format!("  {name:<22}{rms:>10.4}{mean:>12.4}{max:>12.4}{:>9}\n", deviation.count));
    }
    out
}
