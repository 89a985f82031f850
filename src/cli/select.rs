//! `crucible select`: active sets, and what to label next.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use crucible::fitting::{Selection, grade_mode};
use crucible::io::{Almtp, Configuration, StructureFormat, read_almtp, write_almtp, write_als, write_labelled};
use crucible::potential::mtp::{GradeMode, MtpParameters};
use crucible::{Error, Result};
use serde::Serialize;

use super::{files, grade, species};

/// Choose by MaxVol which candidates extend a training set most (as `mlp select-add`), or build the active set of a
/// potential from its training set.
#[derive(Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:
  crucible select potential.almtp train.cfg candidates.cfg --out selected.cfg
  crucible select potential.mtp train.cfg --almtp potential.almtp
  crucible select potential.almtp train.cfg kept.extxyz --species K,Ca,Cl --most 40 --out selected.extxyz"
)]
pub struct Arguments {
    /// Potential: .mtp, or .almtp or .als, whose active set's configurations then count as training too.
    potential: PathBuf,
    /// Training set that the potential was fitted to: .cfg, .extxyz, ...
    training: PathBuf,
    /// Structures to choose from; may be unlabelled.
    candidates: Option<PathBuf>,
    /// Write the chosen candidates to this file, with their grades against the training set (MV_grade).
    #[arg(long, value_name = "FILE", requires = "candidates")]
    out: Option<PathBuf>,
    /// Write the potential with the active set of its training set: .almtp or .als.
    #[arg(long, value_name = "FILE", required_unless_present = "candidates")]
    almtp: Option<PathBuf>,
    /// Write which candidates were chosen, with grades, as JSON; "-" is standard output.
    #[arg(long, value_name = "OUT", requires = "candidates")]
    json: Option<PathBuf>,
    /// Elements of the potential's species in its order; for files that name elements, unless the potential's tag tells.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    species: Vec<String>,
    /// Rows of the active set: each atom's energy, or each configuration's. By default as in the potential, else nbh.
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Rows are exchanged while that enlarges the volume by more than this factor.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.001)]
    threshold: f64,
    /// Keep at most this many of the chosen, those with the largest grades.
    #[arg(long, value_name = "N")]
    most: Option<usize>,
}

/// The modes of selection.
#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// Neighbourhoods: a row for each atom.
    Nbh,
    /// Configurations: a row for each.
    Cfg,
}

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    candidates: usize,
    selected: Vec<Selected<'a>>,
}

/// A chosen candidate.
#[derive(Serialize)]
struct Selected<'a> {
    /// Place in the file, from 0.
    index: usize,
    name: Option<&'a str>,
    /// Grade against the training set.
    grade: f64,
}

/// Runs the command.
///
/// # Errors
/// Files that can't be read or written, structures that do not fit the potential.
pub fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { potential, training, candidates, out, almtp, json, .. } = arguments;
    let inputs = [potential, training].into_iter().chain(candidates).map(PathBuf::as_path);
    files::check_apart(inputs, [out, almtp, json].into_iter().flatten().map(PathBuf::as_path))?;
    almtp.as_deref().map_or(Ok(()), |path| files::check_potential_name("--almtp", path, &["almtp", "als"]))?;
    [almtp, json].into_iter().flatten().try_for_each(|path| files::check_writable(path))?;
    let format = out.as_deref().map(|path| files::labelled_format("--out", path)).transpose()?;
    let Almtp { parameters, active_set } =
        read_almtp(&files::read(&arguments.potential)?, &files::name(&arguments.potential))?;
    let (known_mode, mut known) = match active_set {
        Some(set) => (Some(grade_mode(&set.weights)?), set.configurations),
        None => (None, Vec::new()),
    };
    let mode = match arguments.mode {
        Some(Mode::Nbh) => GradeMode::Neighborhood { weight: 1.0 },
        Some(Mode::Cfg) => GradeMode::Configuration { weight: 1.0, scaling: 2 },
        None => known_mode.unwrap_or(GradeMode::Neighborhood { weight: 1.0 }),
    };
    species::match_potential(&mut known, &parameters, &[], &files::name(&arguments.potential))?;
    // The active set counts its configurations from 1, and each file its own.
    let numbers = (1..=known.len()).chain(1..);
    let names = species::of_potential(&parameters, &arguments.species);
    let read = |path: &Path| read_matched(path, &parameters, &names);
    known.extend(read(&arguments.training)?);
    let candidates = arguments.candidates.as_deref().map(read).transpose()?.unwrap_or_default();

    let mut selection = Selection::new(&parameters, mode, arguments.threshold)?;
    selection.offer(numbers.zip(&known))?;
    if let Some(path) = &arguments.almtp {
        write_potential(path, &parameters, &selection)?;
    }
    let Some(path) = &arguments.candidates else { return Ok(()) };
    let grades: Vec<f64> = selection.grades(&candidates)?.iter().map(|grades| grades.grade).collect();
    selection.offer((1..).zip(&candidates))?;
    let rows = selection.rows_chosen().split_off(known.len());
    let chosen =
        largest(rows.iter().enumerate().filter(|(_, rows)| **rows > 0).map(|(k, _)| k), &grades, arguments.most);
    eprintln!("chosen: {} of the {} configurations of {}", chosen.len(), candidates.len(), files::name(path));
    write_chosen(arguments, format, candidates, &grades, &chosen, &parameters.species_labels)
}

fn read_matched(path: &Path, parameters: &MtpParameters, names: &[String]) -> Result<Vec<Configuration>> {
    let mut configurations = species::read(path)?;
    species::match_potential(&mut configurations, parameters, names, &files::name(path))?;
    Ok(configurations)
}

fn write_potential(path: &Path, parameters: &MtpParameters, selection: &Selection) -> Result<()> {
    let mut almtp = Almtp { parameters: parameters.clone(), active_set: Some(selection.finish()) };
    species::label_active_set(&mut almtp);
    let old = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("als"));
    files::write(path, &if old { write_als(&almtp)? } else { write_almtp(&almtp) })
}

/// The chosen places in order; of more than `most` those with the largest grades.
fn largest(chosen: impl Iterator<Item = usize>, grades: &[f64], most: Option<usize>) -> Vec<usize> {
    let mut chosen: Vec<usize> = chosen.collect();
    if let Some(most) = most.filter(|&most| most < chosen.len()) {
        chosen.sort_by(|&a, &b| grades[b].total_cmp(&grades[a]));
        chosen.truncate(most);
        chosen.sort_unstable();
    }
    chosen
}

fn write_chosen(
    arguments: &Arguments,
    format: Option<StructureFormat>,
    mut candidates: Vec<Configuration>,
    grades: &[f64],
    chosen: &[usize],
    labels: &[usize],
) -> Result<()> {
    if let Some(path) = &arguments.json {
        let selected =
            |&index: &usize| Selected { index, name: candidates[index].name.as_deref(), grade: grades[index] };
        let report = Report { candidates: candidates.len(), selected: chosen.iter().map(selected).collect() };
        let json = serde_json::to_vec(&report).map_err(|error| Error::invalid("JSON", error, "finite values"))?;
        files::write(path, &json)?;
    }
    let Some((path, format)) = arguments.out.as_ref().zip(format) else { return Ok(()) };
    let mut kept = Vec::new();
    for &index in chosen {
        grade::add_grade(&mut candidates[index], grades[index]);
        kept.push(candidates[index].clone());
    }
    files::write(path, write_labelled(format, &kept, labels)?.as_bytes())
}
