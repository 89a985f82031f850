//! `crucible label`: energies, forces and stresses by density-functional theory.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use crucible::io::{Configuration, StructureFormat, assign_species, read_structure, write_structure};
use crucible::labelling::{
    Code, Electrons, STRUCTURE, Settings, check_same_method, input_folders, read_folder_structure,
};
use crucible::{Error, Result};

use super::{files, species};

/// Label structures by density-functional theory: write the inputs of a code, run it where it is installed, and append
/// energies, forces and stresses to a data set. PBE-D3(BJ); settings suit molten salts and metals.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible label selected.extxyz --code cp2k --run labels --out training.extxyz
  crucible label selected.extxyz --code vasp --write labels
  crucible label --code vasp --collect labels --out training.extxyz
  crucible label alloy.extxyz --code gpaw --metal --run labels --out alloy-labelled.extxyz

Each configuration has a folder of its own. What is labelled already is not run again. GPAW's scripts take D3(BJ) from
Python's package dftd3. VASP needs your POTCAR, Quantum ESPRESSO your pseudo/*.upf in each folder. Never mix labels of
two codes or settings in one fit.")]
pub struct Arguments {
    /// Structures to label: .extxyz, .cfg, LAMMPS .data or POSCAR. Without them, those of earlier inputs.
    structures: Option<PathBuf>,
    /// The code.
    #[arg(long, value_enum)]
    code: CodeName,
    /// The electrons have no gap: smearing and 2x2x2 points.
    #[arg(long)]
    metal: bool,
    #[command(flatten)]
    task: Task,
    /// Data set that converged labels are appended to: .extxyz or .cfg.
    #[arg(long, value_name = "FILE", conflicts_with = "write")]
    out: Option<PathBuf>,
    /// Elements of the type indices, for structures that only number their species.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    species: Vec<String>,
    /// Command that runs the code in a configuration's folder.
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
}

/// What to do with the folders.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Task {
    /// Write the inputs into this folder, to be run elsewhere.
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
    /// Write the inputs, run the code on each, one after another, and collect.
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Read the outputs that are there.
    #[arg(long, value_name = "FOLDER")]
    collect: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum CodeName {
    Cp2k,
    Gpaw,
    Vasp,
    Qe,
}

impl CodeName {
    fn code(self) -> Code {
        match self {
            Self::Cp2k => Code::Cp2k,
            Self::Gpaw => Code::Gpaw,
            Self::Vasp => Code::Vasp,
            Self::Qe => Code::Qe,
        }
    }

    /// What runs it where it is installed as packages install it.
    fn command(self) -> &'static str {
        match self {
            Self::Cp2k => "cp2k.psmp -i cp2k.inp -o cp2k.out > log 2>&1",
            Self::Gpaw => "python3 label.py > log 2>&1",
            Self::Vasp => "vasp_std > log 2>&1",
            Self::Qe => "pw.x -in pw.in > pw.out 2> log",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Files that can't be read or written; structures that can't be labelled; in the end, how many labels failed and why.
pub fn run(arguments: &Arguments) -> Result<()> {
    let electrons = if arguments.metal { Electrons::Metal } else { Electrons::Insulator };
    let settings = Settings { code: arguments.code.code(), electrons };
    let Task { write, run, collect } = &arguments.task;
    let Some(folder) = write.as_ref().or(run.as_ref()).or(collect.as_ref()) else { return Ok(()) };
    let format = arguments.out.as_deref().map(out_format).transpose()?;
    if let (Some(structures), None) = (&arguments.structures, collect) {
        write_all(structures, folder, &settings, arguments)?;
    }
    if write.is_some() {
        return Ok(());
    }
    let mut known = match &arguments.out {
        Some(path) if path.exists() => read_structure(&files::read(path)?, &files::name(path))?,
        _ => Vec::new(),
    };
    check_same_method(&known, &settings, "the data set")?;
    let (mut labelled, mut failures) = (0, Vec::new());
    for place in places(folder)? {
        let structure = read_one(&place, &settings)?;
        if structure.name.is_some() && known.iter().any(|other| other.name == structure.name) {
            continue;
        }
        if run.is_some() && output(&place, &settings).is_none() {
            run_code(&place, arguments)?;
        }
        let label = match read_label(&place, &settings, &structure) {
            Ok(label) => label,
            Err(error) => {
                eprintln!("{error}");
                failures.push(place);
                continue;
            }
        };
        eprintln!("{}", summary(&label));
        if let (Some(path), Some(format)) = (&arguments.out, format) {
            append(path, format, &label)?;
        }
        labelled += 1;
        known.push(label);
    }
    eprintln!("{labelled} labelled, {} failed", failures.len());
    match failures.first() {
        Some(first) => {
            let found = format!("{} of {}, first {}", failures.len(), labelled + failures.len(), first.display());
            Err(Error::invalid("labels that failed", found, "outputs that converged and ended"))
        }
        None => Ok(()),
    }
}

fn out_format(path: &Path) -> Result<StructureFormat> {
    StructureFormat::from_name(&files::name(path))
        .filter(|format| matches!(format, StructureFormat::ExtXyz | StructureFormat::Cfg))
        .ok_or_else(|| Error::invalid("--out", files::name(path), "a name ending in .extxyz, .xyz or .cfg"))
}

/// A folder with inputs for each structure.
fn write_all(structures: &Path, folder: &Path, settings: &Settings, arguments: &Arguments) -> Result<()> {
    let mut configurations = read_structure(&files::read(structures)?, &files::name(structures))?;
    if !arguments.species.is_empty() {
        let known = species::parse(&arguments.species)?;
        configurations.iter_mut().try_for_each(|configuration| assign_species(configuration, &known))?;
    }
    for (inputs, structure) in input_folders(&configurations, settings)?.into_iter().zip(&configurations) {
        let place = folder.join(&inputs.name);
        std::fs::create_dir_all(&place).map_err(|error| files::refused(&place, &error))?;
        if place.join(STRUCTURE).exists() {
            if read_one(&place, settings)?.system.positions != structure.system.positions {
                let expected = "another name for another structure";
                return Err(Error::invalid(format!("inputs in {}", place.display()), "another structure", expected));
            }
            continue;
        }
        for (name, text) in inputs.files {
            files::write(&place.join(name), text.as_bytes())?;
        }
    }
    Ok(())
}

/// The folders with a structure, by name.
fn places(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| files::refused(folder, &error))?;
    let mut places: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.join(STRUCTURE).is_file()).collect();
    places.sort_unstable();
    match places.is_empty() {
        true => Err(Error::invalid(files::name(folder), "no inputs", "folders that `crucible label --write` made")),
        false => Ok(places),
    }
}

/// The structure of a folder; its inputs must be those of `settings`.
fn read_one(place: &Path, settings: &Settings) -> Result<Configuration> {
    let path = place.join(STRUCTURE);
    read_folder_structure(&files::read(&path)?, &files::name(&path), settings)
}

/// The first of the code's outputs that is there.
fn output(place: &Path, settings: &Settings) -> Option<PathBuf> {
    settings.outputs().iter().map(|name| place.join(name)).find(|path| path.is_file())
}

fn run_code(place: &Path, arguments: &Arguments) -> Result<()> {
    let command = arguments.command.as_deref().unwrap_or(arguments.code.command());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(place);
    // One thread and one process unless the command says otherwise; Open MPI refuses to run as root unless told twice.
    for (name, value) in
        [("OMP_NUM_THREADS", "1"), ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")]
    {
        if std::env::var_os(name).is_none() {
            shell.env(name, value);
        }
    }
    let status = shell.status().map_err(|error| files::refused(place, &error))?;
    // The shell's codes for a program that is not there or may not be run.
    if matches!(status.code(), Some(126 | 127)) {
        let expected = "a command that runs the code (--command), or --write to run it elsewhere";
        return Err(Error::invalid("command of the code", format!("\"{command}\", which is not installed"), expected));
    }
    Ok(())
}

fn read_label(place: &Path, settings: &Settings, structure: &Configuration) -> Result<Configuration> {
    let path = output(place, settings).ok_or_else(|| {
        let expected = format!("{} (see its log)", settings.outputs().join(" or "));
        Error::invalid(files::name(place), "no output", expected)
    })?;
    let name = files::name(&path);
    let bytes = files::read(&path)?;
    let label = settings.read(crucible::io::decode(&bytes, &name)?, &name)?;
    settings.attach(structure, label, &name)
}

fn append(path: &Path, format: StructureFormat, label: &Configuration) -> Result<()> {
    let text = write_structure(format, std::slice::from_ref(label))?;
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| files::refused(path, &error))
}

fn summary(label: &Configuration) -> String {
    let atoms = label.system.len();
    let energy = label.energy.unwrap_or(f64::NAN) / atoms.max(1) as f64;
    let largest = label.forces.iter().flatten().map(|force| force.norm()).fold(0.0, f64::max);
    let name = label.name.as_deref().unwrap_or("-");
    format!("{name}: {atoms} atoms, {energy:.4} eV/atom, largest force {largest:.2} eV/Å")
}
