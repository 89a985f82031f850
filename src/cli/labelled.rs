//! Reading data sets, and showing errors on them.

use std::path::PathBuf;

use crucible::Result;
use crucible::fitting::{DataSet, DataSummary, Errors};
use crucible::io::match_files;
use crucible::potential::mtp::MtpParameters;

use super::{files, species};

/// The labelled configurations of several files with what is in them, which is shown before labels are refused. Their
/// species are those of `potential`, if there is one, whose elements `names` tells; else `names`; else those of the files,
/// in order of appearance, or by number.
///
/// # Errors
/// A file that can't be read, an element that is not named, elements without `names` beside a potential, labels that
/// [`DataSet::new`] refuses.
pub fn read(paths: &[PathBuf], names: &[String], potential: Option<&MtpParameters>) -> Result<(DataSummary, DataSet)> {
    let files = paths.iter().map(|path| Ok((files::name(path), species::read(path)?))).collect::<Result<_>>()?;
    let (configurations, species) = match_files(files, names, potential, "--species")?;
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
        if deviation.count == 0 {
            continue;
        }
        let [rms, mean, max] = [deviation.rms, deviation.mean, deviation.max].map(|value| value * scale);
        out.push_str(&format!("  {name:<22}{rms:>10.4}{mean:>12.4}{max:>12.4}{:>9}\n", deviation.count));
    }
    out
}
