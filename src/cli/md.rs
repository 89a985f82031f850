//! `crucible md`: a run from its specification to its results.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use crucible::io::{
    Configuration, StructureFormat, flux_log_header, flux_log_row, write_extxyz, write_lammps_dump, write_structure,
};
use crucible::run::{Measured, Progress, Results, Run, RunSpec, SCHEMA, Stage};
use crucible::{Error, Result};
use serde::Serialize;

use super::{files, properties};

/// Carry out a molecular-dynamics run: relaxation, warm-up, equilibration, production.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible md run.json --json results.json
  crucible md run.json --trajectory melt.extxyz --every 100 --threads 4
  crucible md run.json --trajectory melt.extxyz --log melt.log
  crucible md run.json --checkpoint run.checkpoint
  crucible md run.json --kept to-label.extxyz
  crucible md run.json --restore run.checkpoint

A specification:
  { \"schema\": 1,
    \"potential\": { \"kind\": \"mtp\", \"file\": \"potential.mtp\", \"species\": [\"K\", \"Ca\", \"Cl\"] },
    \"structure\": { \"kind\": \"melt\", \"composition\": { \"CaCl2\": 0.737, \"KCl\": 0.263 }, \"atoms\": 312 },
    \"temperature_k\": 1100,
    \"equilibrate\": { \"ensemble\": \"npt\", \"time_ps\": 10 },
    \"production\": { \"ensemble\": \"npt\", \"time_ps\": 50 } }
Files that it names are looked for beside it, then in --files.")]
pub struct Arguments {
    /// Specification of the run, JSON.
    specification: PathBuf,
    /// Folder to look for files in that are not beside the specification.
    #[arg(long, value_name = "FOLDER", default_value = "potentials")]
    files: PathBuf,
    /// Write the results (averages with error bars, RDFs, MSDs) as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Write the production's trajectory: .extxyz, .xyz, or LAMMPS .dump (unwrapped positions).
    #[arg(long, value_name = "FILE")]
    trajectory: Option<PathBuf>,
    /// Write stress, energy and heat flux over production, as a log for crucible analyze.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Steps between two rows of the log.
    #[arg(long, value_name = "STEPS", default_value_t = 5, requires = "log", value_parser = clap::value_parser!(u64).range(1..))]
    log_every: u64,
    /// Steps between two frames of the trajectory.
    #[arg(long, value_name = "STEPS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Write the last structure, also after a run that blew up: .extxyz, .cfg, .data, .dump or POSCAR.
    #[arg(long, value_name = "FILE")]
    last: Option<PathBuf>,
    /// Write the configurations that were kept because the potential extrapolates there, to be labelled: .extxyz or .cfg.
    #[arg(long, value_name = "FILE")]
    kept: Option<PathBuf>,
    /// Write a checkpoint every minute and at the end.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Go on from a checkpoint of the same specification.
    #[arg(long, value_name = "FILE")]
    restore: Option<PathBuf>,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
}

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    specification: &'a RunSpec,
    progress: Progress,
    results: Results,
    /// What experiments say, by the properties' identifiers.
    measured: Vec<Measured>,
}

/// Runs the command.
///
/// # Errors
/// A specification or file that can't be used, a run that blows up, files that can't be written.
pub fn run(arguments: &Arguments) -> Result<()> {
    let specification = read_specification(&arguments.specification)?;
    let trajectory_format = arguments.trajectory.as_deref().map(trajectory_format).transpose()?;
    let last_format = arguments.last.as_deref().map(format_of).transpose()?;
    arguments.kept.as_deref().map(format_of).transpose()?;
    let folder = arguments.specification.parent().unwrap_or(Path::new(""));
    let find = file_finder(folder, &arguments.files);
    let mut run = Run::new(specification, &find)?;
    if let Some(path) = &arguments.restore {
        run.restore(&files::read(path)?)?;
    }
    let mut trajectory = match (&arguments.trajectory, trajectory_format) {
        (Some(path), Some(format)) => Some(Trajectory::create(path, format)?),
        _ => None,
    };
    let mut log = arguments.log.as_deref().map(Out::create).transpose()?;
    if let Some(log) = &mut log {
        log.write(&flux_log_header(run.spec().timestep_fs))?;
    }
    let carried_out = carry_out(&mut run, arguments, trajectory.as_mut(), log.as_mut());
    // What there is is kept, also after a run that blew up.
    trajectory.map_or(Ok(()), |trajectory| trajectory.out.close())?;
    log.map_or(Ok(()), Out::close)?;
    if let (Some(path), Some(format)) = (&arguments.last, last_format) {
        let last = Configuration::new(run.frame().clone());
        files::write(path, write_structure(format, &[last])?.as_bytes())?;
    }
    write_kept(&run, arguments)?;
    carried_out?;
    if let Some(path) = &arguments.checkpoint {
        files::write(path, &run.checkpoint()?)?;
    }
    report(&run, arguments)
}

/// Files beside the specification, else in the folder given.
pub fn file_finder<'a>(folder: &'a Path, other: &'a Path) -> impl Fn(&str) -> Result<Vec<u8>> + 'a {
    move |name| {
        let places = [folder.join(name), other.join(name)];
        // Where it is nowhere, the error names the first place.
        let found = places.iter().find(|path| path.exists()).unwrap_or(&places[0]);
        files::read(found)
    }
}

/// A specification, with the line of what is wrong with it.
///
/// # Errors
/// A file that can't be read or is no specification.
pub fn read_specification(path: &Path) -> Result<RunSpec> {
    let bytes = files::read(path)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let line = bytes.split(|&byte| byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
        let found = String::from_utf8_lossy(line);
        let expected = format!("a run specification (crucible md --help shows one): {error}");
        Error::parse(&files::name(path), error.line().max(1), &found, expected)
    })
}

fn format_of(path: &Path) -> Result<StructureFormat> {
    let name = files::name(path);
    StructureFormat::from_name(&name).ok_or_else(|| {
        Error::invalid("structures to write", name, "a name ending in .extxyz, .cfg, .data, .dump, or POSCAR")
    })
}

fn trajectory_format(path: &Path) -> Result<StructureFormat> {
    let name = files::name(path);
    let known = StructureFormat::from_name(&name);
    known
        .filter(|format| matches!(format, StructureFormat::ExtXyz | StructureFormat::LammpsDump))
        .ok_or_else(|| Error::invalid("--trajectory", name, "a name ending in .extxyz, .xyz or .dump"))
}

/// Writes what the run kept, and says what it met.
fn write_kept(run: &Run, arguments: &Arguments) -> Result<()> {
    let Some(summary) = run.results().extrapolation else { return Ok(()) };
    for warning in &summary.warnings {
        eprintln!("warning: {warning}");
    }
    match &arguments.kept {
        Some(path) => files::write(path, write_structure(format_of(path)?, &run.kept())?.as_bytes()),
        None if summary.kept > 0 => {
            eprintln!("{} configurations were kept; --kept FILE writes them", summary.kept);
            Ok(())
        }
        None => Ok(()),
    }
}

/// Steps until the end of the run.
fn carry_out(
    run: &mut Run,
    arguments: &Arguments,
    mut trajectory: Option<&mut Trajectory>,
    mut log: Option<&mut Out>,
) -> Result<()> {
    let mut monitor = Monitor::new(arguments.quiet);
    let mut saved = Instant::now();
    while !run.is_finished() {
        // Up to the next frame, and not so far that progress or a checkpoint waits.
        let step = run.progress().step;
        let until_frame = arguments.every - step % arguments.every;
        let until_row = log.as_ref().map_or(u64::MAX, |_| arguments.log_every - step % arguments.log_every);
        let slice = Instant::now();
        let progress = run.advance(until_frame.min(until_row), &mut || slice.elapsed() > Duration::from_millis(500))?;
        let producing = matches!(progress.stage, Stage::Production | Stage::Finished);
        if let Some(trajectory) = trajectory.as_deref_mut()
            && producing
            && progress.step != step
            && progress.step % arguments.every == 0
        {
            trajectory.write(run, &progress)?;
        }
        if let Some(log) = log.as_deref_mut()
            && producing
            && progress.step != step
            && progress.step % arguments.log_every == 0
            && let Some(row) = run.fluxes()
        {
            log.write(&flux_log_row(progress.step, &row))?;
        }
        monitor.show(&progress);
        if let Some(path) = arguments.checkpoint.as_ref().filter(|_| saved.elapsed() > Duration::from_secs(60)) {
            files::write(path, &run.checkpoint()?)?;
            saved = Instant::now();
        }
    }
    monitor.end(&run.progress());
    Ok(())
}

/// A text that is written as it comes.
struct Out {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Out {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|error| files::refused(path, &error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    fn write(&mut self, text: &str) -> Result<()> {
        self.file.write_all(text.as_bytes()).map_err(|error| files::refused(&self.path, &error))
    }

    fn close(mut self) -> Result<()> {
        self.file.flush().map_err(|error| files::refused(&self.path, &error))
    }
}

/// The frames of the production stage.
struct Trajectory {
    format: StructureFormat,
    out: Out,
}

impl Trajectory {
    fn create(path: &Path, format: StructureFormat) -> Result<Self> {
        Ok(Self { format, out: Out::create(path)? })
    }

    fn write(&mut self, run: &Run, progress: &Progress) -> Result<()> {
        let system = run.frame();
        let text = if self.format == StructureFormat::LammpsDump {
            write_lammps_dump(system, progress.step)?
        } else {
            let evaluation = run.evaluation();
            let mut frame = Configuration::new(system.clone());
            frame.energy = Some(evaluation.energy());
            frame.forces = Some(evaluation.forces.clone());
            frame.features =
                vec![("step".into(), progress.step.to_string()), ("time_ps".into(), progress.time_ps.to_string())];
            write_extxyz(&[frame])
        };
        self.out.write(&text)
    }
}

/// Progress on standard error: one line that changes on a terminal, else a line now and then.
pub struct Monitor {
    quiet: bool,
    terminal: bool,
    shown: Option<(Stage, Instant)>,
    start: Instant,
    first_step: Option<u64>,
}

impl Monitor {
    /// A monitor; a quiet one prints nothing.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { quiet, terminal, shown: None, start: Instant::now(), first_step: None }
    }

    /// Tells, if it is time to.
    pub fn show(&mut self, progress: &Progress) {
        let first = *self.first_step.get_or_insert(progress.step);
        let pause = Duration::from_millis(if self.terminal { 200 } else { 10_000 });
        let due = self.shown.is_none_or(|(stage, when)| stage != progress.stage || when.elapsed() > pause);
        if self.quiet || !due {
            return;
        }
        self.shown = Some((progress.stage, Instant::now()));
        let rate = (progress.step - first.min(progress.step)) as f64 / self.start.elapsed().as_secs_f64();
        let line = line(progress, rate);
        if self.terminal {
            eprint!("\r\x1b[K{line}");
        } else {
            eprintln!("{line}");
        }
    }

    /// Tells the last state.
    pub fn end(&mut self, progress: &Progress) {
        self.shown = None;
        self.show(progress);
        if self.terminal && !self.quiet {
            eprintln!();
        }
    }
}

fn line(progress: &Progress, steps_per_second: f64) -> String {
    let percent = 100.0 * progress.stage_fraction;
    let stage = serde_json::to_value(progress.stage).unwrap_or_default();
    let mut line = format!("{:<11} {percent:3.0} %  {:9.2} ps", stage.as_str().unwrap_or("?"), progress.time_ps);
    line.push_str(&format!("  {:7.1} K", progress.temperature_k));
    if let Some(pressure) = progress.pressure_gpa {
        line.push_str(&format!("  {pressure:8.3} GPa"));
    }
    if let Some(density) = progress.density_g_cm3 {
        line.push_str(&format!("  {density:6.3} g/cm³"));
    }
    line.push_str(&format!("  {:12.4} eV", progress.potential_energy_ev));
    if let (Some(grade), Some(largest)) = (progress.grade, progress.largest_grade) {
        line.push_str(&format!("  grade {grade:5.2}, at most {largest:.2}"));
    }
    if steps_per_second > 0.0 && progress.timestep_fs > 0.0 {
        let ns_per_day = steps_per_second * progress.timestep_fs * 86_400.0 * 1e-6;
        line.push_str(&format!("  {steps_per_second:6.0} steps/s  {ns_per_day:6.2} ns/day"));
    }
    line
}

fn report(run: &Run, arguments: &Arguments) -> Result<()> {
    let results = run.results();
    let measured = run.measured().to_vec();
    if arguments.json.as_deref() != Some(Path::new("-")) {
        let text = format!("{}\n{}", table(&results.estimates), properties::table(&results.properties, &measured));
        files::write("-".as_ref(), text.as_bytes())?;
    }
    let Some(path) = &arguments.json else { return Ok(()) };
    let report = Report { schema: SCHEMA, specification: run.spec(), progress: run.progress(), results, measured };
    let json = serde_json::to_vec_pretty(&report);
    files::write(path, &json.map_err(|error| Error::invalid("results", error, "finite values"))?)
}

fn table(estimates: &BTreeMap<String, crucible::analysis::Estimate>) -> String {
    let mut out = String::new();
    for (name, estimate) in estimates {
        let error = estimate.standard_error.map_or_else(String::new, |error| format!(" ± {error:.3e}"));
        out.push_str(&format!("{name:<20} {:.6}{error} {}\n", estimate.value, estimate.unit));
        for warning in &estimate.warnings {
            out.push_str(&format!("{:<20}   {warning}\n", ""));
        }
    }
    out
}
