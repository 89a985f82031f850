//! Reading data sets, and showing errors on them.

use std::path::PathBuf;

use crucible::Result;
use crucible::fitting::{DataSet, DataSummary, Errors};
use crucible::io::{read_structure, unite_species};

use super::files;

/// The labelled configurations of several files with what is in them, which is shown before anything is refused. Without
/// names the species are those of the files, in order of appearance, or by number.
///
/// # Errors
/// A file that can't be read, an element that is not named, labels that [`DataSet::new`] refuses.
pub fn read(paths: &[PathBuf], names: &[String]) -> Result<(DataSummary, DataSet)> {
    let mut configurations = Vec::new();
    for path in paths {
        configurations.extend(read_structure(&files::read(path)?, &files::name(path))?);
    }
    let species = unite_species(&mut configurations, names)?;
    let summary = DataSummary::new(&configurations, &species)?;
    eprint!("{}", summary.text());
    let data = DataSet::new(configurations, species)?;
    data.notes.iter().for_each(|note| eprintln!("note: {note}"));
    Ok((summary, data))
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
