//! `crucible grade`: how far structures lie outside what a potential was trained on.

use std::path::PathBuf;

use clap::Args;
use crucible::fitting::grade_configurations;
use crucible::io::{Configuration, read_almtp, write_labelled};
use crucible::potential::mtp::Grades;
use crucible::{Error, Result};
use serde::Serialize;

use super::{files, species};

/// Extrapolation grades of structures under a potential with an active set (as `mlp calc-grade`). Up to 1 the potential
/// interpolates; above 2 it extrapolates; above 10 it can't be trusted.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible grade potential.almtp structures.cfg --json grades.json
  crucible grade potential.almtp melt.extxyz --species K,Ca,Cl --out graded.cfg")]
pub struct Arguments {
    /// Potential with an active set: .almtp or .als.
    potential: PathBuf,
    /// Structures: .cfg, .extxyz, .xyz, LAMMPS .data or POSCAR.
    structures: PathBuf,
    /// Elements of the potential's species in its order; for files that name elements, unless the potential's tag tells.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    species: Vec<String>,
    /// Write the grades of configurations and atoms as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Write the structures with their grades (MV_grade, and nbh_grades of each atom): .cfg or .extxyz.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    cfgs: Vec<Graded<'a>>,
}

/// One configuration.
#[derive(Serialize)]
struct Graded<'a> {
    name: Option<&'a str>,
    grade: f64,
    site_grades: &'a [f64],
}

/// Runs the command.
///
/// # Errors
/// Files that can't be read, a potential without an active set, structures that do not fit it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let outputs = [&arguments.json, &arguments.out].into_iter().flatten().map(PathBuf::as_path);
    files::check_apart([arguments.potential.as_path(), &arguments.structures], outputs)?;
    let format = arguments.out.as_deref().map(|path| files::labelled_format("--out", path)).transpose()?;
    arguments.json.as_deref().map_or(Ok(()), files::check_writable)?;
    let almtp = read_almtp(&files::read(&arguments.potential)?, &files::name(&arguments.potential))?;
    let name = files::name(&arguments.structures);
    let mut structures = species::read(&arguments.structures)?;
    let names = species::of_potential(&almtp.parameters, &arguments.species);
    species::match_potential(&mut structures, &almtp.parameters, &names, &name)?;
    let grades = grade_configurations(&almtp, &structures)?;
    if let Some((out, format)) = arguments.out.as_deref().zip(format) {
        let graded = with_grades(structures.clone(), &grades);
        files::write(out, write_labelled(format, &graded, &almtp.parameters.species_labels)?.as_bytes())?;
    }
    if let Some(out) = &arguments.json {
        let report = Report { cfgs: structures.iter().zip(&grades).map(|(s, grades)| graded(s, grades)).collect() };
        let json = serde_json::to_vec(&report).map_err(|error| Error::invalid("JSON", error, "finite values"))?;
        return files::write(out, &json);
    }
    files::write("-".as_ref(), table(&structures, &grades).as_bytes())
}

fn graded<'a>(structure: &'a Configuration, grades: &'a Grades) -> Graded<'a> {
    Graded { name: structure.name.as_deref(), grade: grades.grade, site_grades: &grades.sites }
}

fn with_grades(mut structures: Vec<Configuration>, grades: &[Grades]) -> Vec<Configuration> {
    for (structure, grades) in structures.iter_mut().zip(grades) {
        add_grade(structure, grades.grade);
        structure.columns.retain(|(column, _)| column != "nbh_grades");
        structure.columns.push(("nbh_grades".to_owned(), grades.sites.clone()));
    }
    structures
}

/// States the grade where MLIP does.
pub fn add_grade(structure: &mut Configuration, grade: f64) {
    structure.features.retain(|(feature, _)| feature != "MV_grade");
    structure.features.push(("MV_grade".to_owned(), grade.to_string()));
}

fn table(structures: &[Configuration], grades: &[Grades]) -> String {
    let mut out = format!("{:>5}  {:>7}  {:>12}  {:>7}  name\n", "cfg", "atoms", "grade", "atom");
    for (k, (structure, grades)) in structures.iter().zip(grades).enumerate() {
        let name = structure.name.as_deref().unwrap_or("-");
        let (atoms, grade, atom) = (structure.system.len(), grades.grade, grades.atom + 1);
        out.push_str(&format!("{:>5}  {atoms:>7}  {grade:>12.4}  {atom:>7}  {name}\n", k + 1));
    }
    out
}
