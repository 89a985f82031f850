//! `crucible md`: a run from its specification to its results.

mod cut;
mod outputs;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use crucible::io::{Configuration, StructureFormat};
use crucible::run::{Measured, Progress, Results, Run, RunSpec, SCHEMA, Stage, StructureSpec};
use crucible::{Error, Result};
use serde::Serialize;

use super::{files, interrupt, properties};
use outputs::{Outputs, trajectory_format};

/// Time between two checkpoints: what a run loses that is killed.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// Bytes of trajectory and log that wait for a checkpoint; then it is written early.
const MOST_WAITING: usize = 1 << 26;
/// Characters before the place of a mistake that its message shows.
const SHOWN_BEFORE: usize = 40;

/// Carry out a molecular-dynamics run: relaxation, warm-up, equilibration, production.
#[derive(Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:
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
Files that it names are looked for beside it, then in --files.
A stage may end at another temperature or pressure (\"temperature_end_k\", \"pressure_end_gpa\"); the next goes on from there.
\"thermostat\": { \"kind\": … } is that of NVT; in NPT it follows from the barostat: stochastic velocity rescaling with
stochastic-cell-rescaling, Nosé–Hoover chains with mtk."
)]
pub struct Arguments {
    /// Specification of the run, JSON.
    specification: PathBuf,
    /// Folder to look for files in that are not beside the specification.
    #[arg(long, value_name = "FOLDER", default_value = "potentials")]
    files: PathBuf,
    /// Write the results (averages with error bars, RDFs, MSDs) as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Write the production's trajectory: .extxyz, .xyz, or LAMMPS .dump (unwrapped positions). With --restore, frames are
    /// added to those that the file has up to the checkpoint; later ones are cut off.
    #[arg(long, value_name = "FILE")]
    trajectory: Option<PathBuf>,
    /// Write stress, energy and heat flux over production, as a log for crucible analyze. With --restore, rows are
    /// added to those that the file has up to the checkpoint; later ones are cut off.
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
    /// Write the configurations that were kept because the potential extrapolates there, to be labelled: .extxyz, .cfg or
    /// .dump. Needs a potential with an active set.
    #[arg(long, value_name = "FILE")]
    kept: Option<PathBuf>,
    /// Write a checkpoint every minute and at the end. Trajectory and log are then written together with it, so that a run that
    /// was killed and goes on from its checkpoint leaves no gap in them and repeats nothing.
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
    check_outputs(arguments)?;
    let folder = arguments.specification.parent().unwrap_or(Path::new(""));
    let opened = RefCell::new(Vec::new());
    let find = file_finder(folder, &arguments.files, &opened);
    let mut run = Run::new(specification, &find)?;
    files::check_apart(opened.borrow().iter().map(PathBuf::as_path), outputs_of(arguments))?;
    // A checkpoint may well be gone on from and written again.
    let others = outputs_of(arguments).filter(|path| Some(*path) != arguments.checkpoint.as_deref());
    files::check_apart(arguments.restore.as_deref(), others)?;
    if arguments.kept.is_some() && !run.is_graded() {
        let expected = "one with an active set (.almtp), without which nothing is kept";
        return Err(Error::invalid("potential for --kept", "one without an active set", expected));
    }
    if let Some(path) = &arguments.restore {
        run.restore(&files::read(path)?)?;
    }
    warn_of_charge(&run);
    if !arguments.quiet {
        tell_rounding(&run);
    }
    let mut outputs = Outputs::open(arguments, &run)?;
    interrupt::watch("the run");
    let mut outcomes = vec![carry_out(&mut run, arguments, &mut outputs)];
    // What can't be written keeps nothing else from being so, and what there is is kept after a run that did not reach its end.
    match &outcomes[0] {
        Ok(()) => outcomes.extend([report(&run, arguments), save(&run, arguments)]),
        Err(_) if arguments.json.is_some() => outcomes.push(report(&run, arguments)),
        Err(_) => {}
    }
    if interrupt::asked() {
        outcomes.push(save(&run, arguments));
    }
    outcomes.extend(outputs.close());
    outcomes.extend([write_last(&run, arguments), write_kept(&run, arguments)]);
    files::first_error(outcomes)
}

/// Checks that all can be written that the run will write, before it begins.
fn check_outputs(arguments: &Arguments) -> Result<()> {
    arguments.trajectory.as_deref().map(trajectory_format).transpose()?;
    arguments.last.as_deref().map(format_of).transpose()?;
    arguments.kept.as_deref().map(kept_format).transpose()?;
    files::check_apart([arguments.specification.as_path()], outputs_of(arguments))?;
    outputs_of(arguments).try_for_each(files::check_writable)
}

fn outputs_of(arguments: &Arguments) -> impl Iterator<Item = &Path> {
    let Arguments { json, trajectory, log, last, kept, checkpoint, .. } = arguments;
    [json, trajectory, log, last, kept, checkpoint].into_iter().flatten().map(PathBuf::as_path)
}

/// Files beside the specification, else in the folder given; those that were read are added to `opened`.
pub fn file_finder<'a>(
    folder: &'a Path,
    other: &'a Path,
    opened: &'a RefCell<Vec<PathBuf>>,
) -> impl Fn(&str) -> Result<Vec<u8>> + 'a {
    move |name| {
        let (beside, further) = (folder.join(name), other.join(name));
        let found = [&beside, &further].into_iter().find(|path| path.exists());
        let found = found.ok_or_else(|| {
            let (beside, further) = (files::name(&beside), files::name(&further));
            let expected = format!("{beside} (beside the specification) or {further} (--files)");
            Error::invalid(format!("file {name} of the specification"), "none", expected)
        })?;
        opened.borrow_mut().push(found.clone());
        files::read(found)
    }
}

/// Warns of ions that are not neutral, which a potential of the user's without a card may well be meant for.
pub fn warn_of_charge(run: &Run) {
    let system = run.frame();
    if let Some(charge) = system.ionic_charge().filter(|charge| system.cell.is_bulk() && charge.abs() > 1e-3) {
        eprintln!(
            "warning: the charges of the cell add up to {charge:+} e: without neutrality there is no conductivity"
        );
    }
}

/// Says that a melt has another number of atoms than was asked for.
pub fn tell_rounding(run: &Run) {
    let found = run.frame().len();
    match &run.spec().structure {
        StructureSpec::Melt { atoms, .. } if *atoms != found => {
            eprintln!("note: {found} atoms, not {atoms}: whole formula units, in amounts near those asked for");
        }
        _ => {}
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
        let expected = format!("a run specification (crucible md --help shows one): {error}");
        Error::parse(&files::name(path), error.line().max(1), &around(line, error.column()), expected)
    })
}

/// A line from shortly before one of its columns (from 1, in bytes) on: a whole specification may be one line.
fn around(line: &[u8], column: usize) -> String {
    let before = String::from_utf8_lossy(&line[..column.min(line.len())]).chars().count();
    let skipped = before.saturating_sub(SHOWN_BEFORE);
    let shown = String::from_utf8_lossy(line).chars().skip(skipped).collect();
    if skipped == 0 { shown } else { format!("…{shown}") }
}

fn format_of(path: &Path) -> Result<StructureFormat> {
    let name = files::name(path);
    StructureFormat::from_name(&name).ok_or_else(|| {
        Error::invalid("structures to write", name, "a name ending in .extxyz, .cfg, .data, .dump, or POSCAR")
    })
}

/// The format of what is kept: one that holds many structures.
fn kept_format(path: &Path) -> Result<StructureFormat> {
    let format = format_of(path)?;
    match format {
        StructureFormat::ExtXyz | StructureFormat::Cfg | StructureFormat::LammpsDump => Ok(format),
        StructureFormat::LammpsData | StructureFormat::Poscar => {
            let found = format!("{}, a format that holds one structure", files::name(path));
            Err(Error::invalid("--kept", found, "a name ending in .extxyz, .cfg or .dump"))
        }
    }
}

fn write_last(run: &Run, arguments: &Arguments) -> Result<()> {
    let Some(path) = &arguments.last else { return Ok(()) };
    let last = Configuration::new(run.frame().clone());
    files::write(path, run.write(format_of(path)?, &[last])?.as_bytes())
}

/// Writes what the run kept, and says what it met.
fn write_kept(run: &Run, arguments: &Arguments) -> Result<()> {
    let summary = run.results().extrapolation;
    for warning in summary.iter().flat_map(|summary| &summary.warnings) {
        eprintln!("warning: {warning}");
    }
    match (&arguments.kept, run.progress().kept_configurations) {
        (Some(path), _) => files::write(path, run.write(kept_format(path)?, &run.kept())?.as_bytes()),
        (None, 0) => Ok(()),
        (None, kept) => {
            eprintln!("{kept} configurations were kept; --kept FILE writes them");
            Ok(())
        }
    }
}

/// Writes a checkpoint, where it is asked for.
fn save(run: &Run, arguments: &Arguments) -> Result<()> {
    match &arguments.checkpoint {
        Some(path) => files::replace(path, &run.checkpoint()?),
        None => Ok(()),
    }
}

/// Steps until the end of the run.
fn carry_out(run: &mut Run, arguments: &Arguments, outputs: &mut Outputs) -> Result<()> {
    let mut monitor = Monitor::new(arguments.quiet);
    let mut saved = Instant::now();
    while !run.is_finished() {
        if interrupt::asked() {
            outputs.flush();
            let Progress { step, total_steps, .. } = run.progress();
            let expected = "its end; from a checkpoint (--checkpoint) it goes on (--restore)";
            return Err(Error::invalid("run", format!("Ctrl-C at step {step} of {total_steps}"), expected));
        }
        // Up to the next frame or row, and not so far that progress or a checkpoint waits.
        let step = run.progress().step;
        let slice = Instant::now();
        let progress =
            run.advance(outputs.steps_until_next(step), &mut || slice.elapsed() > Duration::from_millis(500))?;
        if progress.step != step && matches!(progress.stage, Stage::Production | Stage::Finished) {
            outputs.write(run, &progress);
        }
        monitor.show(&progress);
        if arguments.checkpoint.is_some() && (saved.elapsed() > SAVE_EVERY || outputs.waiting() > MOST_WAITING) {
            saved = Instant::now();
            outputs.flush();
            // The run may well outlast a full disk.
            save(run, arguments).unwrap_or_else(|error| monitor.note(&format!("checkpoint not written: {error}")));
        }
    }
    outputs.flush();
    monitor.end(&run.progress());
    Ok(())
}

/// Progress on standard error: one line that changes on a terminal, else a line now and then.
pub struct Monitor {
    quiet: bool,
    terminal: bool,
    shown: Option<(Stage, Instant)>,
    /// Whether a line stands on the terminal that the next one replaces.
    open: bool,
    /// The first step of dynamics that was seen, and when: relaxation has another speed.
    first: Option<(u64, Instant)>,
}

impl Monitor {
    /// A monitor; a quiet one prints nothing.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { quiet, terminal, shown: None, open: false, first: None }
    }

    /// Tells, if it is time to.
    pub fn show(&mut self, progress: &Progress) {
        if progress.timestep_fs > 0.0 {
            self.first.get_or_insert_with(|| (progress.step, Instant::now()));
        }
        let pause = Duration::from_millis(if self.terminal { 200 } else { 10_000 });
        let due = self.shown.is_none_or(|(stage, when)| stage != progress.stage || when.elapsed() > pause);
        if self.quiet || !due {
            return;
        }
        self.shown = Some((progress.stage, Instant::now()));
        let rate =
            |(step, when): (u64, Instant)| progress.step.saturating_sub(step) as f64 / when.elapsed().as_secs_f64();
        let line = line(progress, self.first.map_or(0.0, rate));
        self.open = self.terminal;
        if self.terminal {
            eprint!("\r\x1b[K{line}");
        } else {
            eprintln!("{line}");
        }
    }

    /// Tells something else, on a line of its own.
    pub fn note(&mut self, words: &str) {
        self.end_line();
        eprintln!("{words}");
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.open) {
            eprintln!();
        }
    }

    /// Tells the last state.
    pub fn end(&mut self, progress: &Progress) {
        self.shown = None;
        self.show(progress);
        self.end_line();
    }
}

impl Drop for Monitor {
    /// What follows, as the error that ended the run, has a line of its own.
    fn drop(&mut self) {
        self.end_line();
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

/// Writes the results, and prints them unless they were asked for on standard output.
fn report(run: &Run, arguments: &Arguments) -> Result<()> {
    let (results, measured) = (run.results(), run.measured().to_vec());
    let text = format!("{}\n{}", table(&results.estimates), properties::table(&results.properties, &measured));
    let report = Report { schema: SCHEMA, specification: run.spec(), progress: run.progress(), results, measured };
    files::write_report(arguments.json.as_deref(), &report, &text)
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
