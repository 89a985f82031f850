//! `crucible label`: energies, forces and stresses by density-functional theory.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use crucible::io::{Configuration, StructureFormat, is_numbered, write_structure};
use crucible::labelling::{
    Code, Electrons, STRUCTURE, Settings, check_same_method, collect, input_folders, method_of, read_folder_structure,
};
use crucible::{Error, Result};

use super::{calculation, files, species};

/// Label structures by density-functional theory: write the inputs of a code, run it where it is installed, and append
/// energies, forces and stresses to a data set. PBE, with D3(BJ) for salts; settings suit molten salts and metals.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible label selected.extxyz --code cp2k --run labels --out training.extxyz
  crucible label selected.extxyz --code vasp --write labels
  crucible label --code vasp --collect labels --out training.extxyz
  crucible label mine.extxyz --code vasp --collect my-runs --out training.extxyz
  crucible label alloy.extxyz --code gpaw --metal --run labels --out alloy-labelled.extxyz

Each configuration has a folder of its own. Outputs of your own calculations are read if their structures are given with --collect:
melt-3.out or melt-3/OUTCAR belongs to the structure named melt-3, a single output to a single structure. What is labelled already is not run again, what was interrupted is. GPAW's
scripts for salts take D3(BJ) from Python's package dftd3. VASP needs your POTCAR, Quantum ESPRESSO your pseudo/*.upf in each folder.
Never mix labels of two codes or settings in one fit. A .cfg data set numbers species by their places in --species, from 0;
for `crucible train --template` with a potential that numbers them otherwise, write .extxyz.")]
pub struct Arguments {
    /// Structures to label: .extxyz, .cfg, LAMMPS .data or POSCAR. Without them, those of earlier inputs. With --collect, those
    /// that outputs belong to whose folder holds none: the ones that the outputs or their folders are named after.
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
    /// Elements of the type indices, for structures, or a data set (.cfg), that only number their species.
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
    let format = arguments.out.as_deref().map(|path| files::labelled_format("--out", path)).transpose()?;
    if format == Some(StructureFormat::Cfg) && arguments.species.is_empty() {
        let expected = "the elements in the order of the types of a .cfg file, which can't name them";
        return Err(Error::invalid("--species", "none", expected));
    }
    files::check_apart(arguments.structures.as_deref(), arguments.out.as_deref())?;
    let mut set = LabelledSet { path: arguments.out.as_deref().zip(format), known: known(arguments)?, labelled: 0 };
    if run.is_some() {
        // Before hours of work; outputs that are there may be of any settings, which each label states.
        check_same_method(&set.known, &settings, "the data set")?;
    }
    if let Some(structures) = &arguments.structures {
        if collect.is_some() {
            return collect_for(structures, folder, &settings, arguments, &mut set);
        }
        write_all(structures, folder, &settings, arguments, &set.known)?;
    } else if write.is_some() {
        return Err(Error::invalid("structures", "none", "a file of structures to write inputs for"));
    }
    if write.is_some() {
        return Ok(());
    }
    let mut structures = Vec::new();
    for place in places(folder)? {
        let mut structure = read_one(&place, &settings)?;
        if format == Some(StructureFormat::Cfg) {
            species::assign(std::slice::from_mut(&mut structure), &arguments.species)?;
        }
        structures.push((place, structure));
    }
    check_names(&structures, &set.known)?;
    let mut failures = Vec::new();
    for (place, structure) in structures {
        // The names were checked: the atoms are the same.
        if set.has(&structure) {
            continue;
        }
        if run.is_some() {
            run_if_needed(&place, &settings, arguments)?;
        }
        let label = calculation::read_label(&place, &settings, &structure);
        match label.and_then(|label| set.check_method(&label).map(|()| label)) {
            Ok(label) => set.take(label)?,
            Err(error) => {
                eprintln!("{error}");
                failures.push(place.display().to_string());
            }
        }
    }
    set.end(&failures)
}

/// The labels so far.
struct LabelledSet<'a> {
    /// The file that they are appended to.
    path: Option<(&'a Path, StructureFormat)>,
    /// What the file holds.
    known: Vec<Configuration>,
    /// Labels of this command.
    labelled: usize,
}

impl LabelledSet<'_> {
    fn has(&self, structure: &Configuration) -> bool {
        self.known.iter().any(|other| same_name(structure, other))
    }

    /// # Errors
    /// A label by another method than those before it.
    fn check_method(&self, label: &Configuration) -> Result<()> {
        let [before, own] = [self.known.iter().find_map(method_of), method_of(label)];
        match before.zip(own).filter(|(before, own)| before != own) {
            Some((before, own)) => {
                let expected = format!("{before}, as in the data set: the energies' zeros differ");
                let name = label.name.as_deref().unwrap_or("-");
                Err(Error::invalid(format!("method of the label of {name}"), own, expected))
            }
            None => Ok(()),
        }
    }

    /// Takes a label whose method was checked.
    fn take(&mut self, label: Configuration) -> Result<()> {
        eprintln!("{}", summary(&label));
        if let Some((path, format)) = self.path {
            append(path, format, &label)?;
        }
        self.labelled += 1;
        self.known.push(label);
        Ok(())
    }

    /// Says how many labels there are, and which failed.
    fn end(&self, failures: &[String]) -> Result<()> {
        eprintln!("{} labelled, {} failed", self.labelled, failures.len());
        match failures.first() {
            Some(first) => {
                let found = format!("{} of {}, first {first}", failures.len(), self.labelled + failures.len());
                Err(Error::invalid("labels that failed", found, "outputs that converged and ended"))
            }
            None => Ok(()),
        }
    }
}

/// Reads the outputs that are in a folder, whoever wrote their inputs, as labels of the structures that they are named after.
fn collect_for(
    structures: &Path,
    folder: &Path,
    settings: &Settings,
    arguments: &Arguments,
    set: &mut LabelledSet,
) -> Result<()> {
    let mut given = species::read(structures)?;
    for (k, structure) in given.iter_mut().enumerate() {
        structure.name.get_or_insert_with(|| format!("{:04}", k + 1));
    }
    let own = [Some(structures), arguments.out.as_deref()];
    let outputs = calculation::outputs_under(folder, settings, own.into_iter().flatten())?;
    let collected = collect(&outputs, &given, settings)?;
    let mut labels: Vec<(PathBuf, Configuration)> =
        collected.labelled.into_iter().map(|label| (folder.to_owned(), label)).collect();
    for (_, label) in &mut labels {
        species::assign(std::slice::from_mut(label), &arguments.species)?;
    }
    check_names(&labels, &set.known)?;
    collected.failures.iter().for_each(|failure| eprintln!("{failure}"));
    for (_, label) in labels {
        if set.has(&label) {
            continue;
        }
        match set.check_method(&label) {
            Ok(()) => set.take(label)?,
            Err(error) => eprintln!("{error}"),
        }
    }
    let unlabelled: Vec<String> =
        given.iter().filter(|structure| !set.has(structure)).filter_map(|structure| structure.name.clone()).collect();
    unlabelled.iter().for_each(|name| eprintln!("{name}: no label"));
    // What else lies there, as a queue's own output, was told, and is no failure where every structure has its label.
    set.end(&unlabelled)
}

/// What the data set holds already.
fn known(arguments: &Arguments) -> Result<Vec<Configuration>> {
    let mut known = match &arguments.out {
        Some(path) if path.metadata().is_ok_and(|file| file.len() > 0) => species::read(path)?,
        _ => Vec::new(),
    };
    for configuration in known.iter_mut().filter(|configuration| is_numbered(configuration)) {
        species::assign(std::slice::from_mut(configuration), &arguments.species)?;
    }
    match known.iter().filter(|configuration| configuration.energy.is_none() || configuration.forces.is_none()).count()
    {
        0 => Ok(known),
        count => {
            let found = format!("{count} of {} configurations without labels", known.len());
            Err(Error::invalid("--out", found, "a data set of labels, or a new file"))
        }
    }
}

/// Refuses a name that stands for other atoms already, in the data set or in another folder: they would pass for labelled.
fn check_names(structures: &[(PathBuf, Configuration)], known: &[Configuration]) -> Result<()> {
    for (k, (place, structure)) in structures.iter().enumerate() {
        let earlier = structures[..k].iter().map(|(_, earlier)| earlier);
        let mut others = known.iter().chain(earlier).filter(|other| same_name(structure, other)).peekable();
        if others.peek().is_some() && !others.any(|other| structure.system.coincides_with(&other.system)) {
            let what = format!("structure {} of {}", structure.name.as_deref().unwrap_or("-"), place.display());
            let found = "other atoms than in the data set, or an earlier folder, under this name";
            let expected = "another name for another structure (name=...), or another --out";
            return Err(Error::invalid(what, found, expected));
        }
    }
    Ok(())
}

fn same_name(a: &Configuration, b: &Configuration) -> bool {
    a.name.is_some() && a.name == b.name
}

/// A folder with inputs for each structure.
fn write_all(
    structures: &Path,
    folder: &Path,
    settings: &Settings,
    arguments: &Arguments,
    known: &[Configuration],
) -> Result<()> {
    let mut configurations = species::read(structures)?;
    species::assign(&mut configurations, &arguments.species)?;
    let inputs = input_folders(&configurations, settings)?;
    // As they will be read back: those without a name have got one.
    let mut structures = Vec::new();
    for inputs in &inputs {
        let place = folder.join(&inputs.name);
        for (_, text) in inputs.files.iter().filter(|(name, _)| name == STRUCTURE) {
            let structure = read_folder_structure(text.as_bytes(), &files::name(&place), settings)?;
            structures.push((place.clone(), structure));
        }
    }
    check_names(&structures, known)?;
    if settings.electrons == Electrons::Insulator && structures.iter().any(|(_, structure)| is_metallic(structure)) {
        eprintln!("note: there are structures of metals alone, whose electrons have no gap: is --metal meant?");
    }
    let mut written = 0;
    for (inputs, (place, structure)) in inputs.into_iter().zip(structures) {
        std::fs::create_dir_all(&place).map_err(|error| files::refused(&place, &error))?;
        if place.join(STRUCTURE).exists() {
            if !read_one(&place, settings)?.system.coincides_with(&structure.system) {
                let expected = "another name for another structure";
                return Err(Error::invalid(format!("inputs in {}", place.display()), "another structure", expected));
            }
            continue;
        }
        for (name, text) in inputs.files {
            files::write(&place.join(name), text.as_bytes())?;
        }
        written += 1;
    }
    if written > 0 {
        eprintln!("inputs for {written} structures written to {}", folder.display());
    }
    Ok(())
}

/// Whether no element of it takes electrons up.
fn is_metallic(structure: &Configuration) -> bool {
    let of_atom = |kind: &u32| structure.system.species.get(*kind as usize)?.charge_e;
    // Of elements without one main ion nothing is known.
    structure.system.types.iter().all(|kind| of_atom(kind).is_some_and(|charge| charge > 0.0))
}

/// The folders with a structure, by name.
fn places(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| files::refused(folder, &error))?;
    let mut places: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.join(STRUCTURE).is_file()).collect();
    places.sort_unstable();
    match places.is_empty() {
        true => Err(Error::invalid(
            files::name(folder),
            "no inputs",
            "folders that `crucible label --write` made, or the structures of your own outputs",
        )),
        false => Ok(places),
    }
}

/// The structure of a folder; its inputs must be those of `settings`.
fn read_one(place: &Path, settings: &Settings) -> Result<Configuration> {
    let path = place.join(STRUCTURE);
    read_folder_structure(&files::read(&path)?, &files::name(&path), settings)
}

/// Runs the code where there is no output yet, or one that was cut short.
fn run_if_needed(place: &Path, settings: &Settings, arguments: &Arguments) -> Result<()> {
    if calculation::was_interrupted(place, settings) {
        eprintln!("{}: the output stops before its end; running again", place.display());
        calculation::remove_outputs(place, settings)?;
    }
    match calculation::output(place, settings) {
        Some(_) => Ok(()),
        None => calculation::run(place, arguments.command.as_deref().unwrap_or(arguments.code.command())),
    }
}

fn append(path: &Path, format: StructureFormat, label: &Configuration) -> Result<()> {
    let text = write_structure(format, std::slice::from_ref(label))?;
    let file = OpenOptions::new().read(true).create(true).append(true).open(path);
    let written = file.and_then(|mut file| {
        let end = if last_line_ended(&mut file)? { "" } else { "\n" };
        file.write_all((end.to_owned() + &text).as_bytes())
    });
    written.map_err(|error| files::refused(path, &error))
}

/// Whether what is appended begins a line of its own: not so in files that others wrote without a line's end at theirs.
fn last_line_ended(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn summary(label: &Configuration) -> String {
    let atoms = label.system.len();
    let energy = label.energy.unwrap_or(f64::NAN) / atoms.max(1) as f64;
    let largest = label.forces.iter().flatten().map(|force| force.norm()).fold(0.0, f64::max);
    let name = label.name.as_deref().unwrap_or("-");
    format!("{name}: {atoms} atoms, {energy:.4} eV/atom, largest force {largest:.2} eV/Å")
}
