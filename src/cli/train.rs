//! `crucible train`: fits a potential to labelled configurations.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use crucible::fitting::{
    ActiveSetSpan, DataSet, DataSummary, Fit, FitEnd, FitProgress, FitReport, FitSpec, SizePoint, TemplateSpec,
    Weighting, Weights,
};
use crucible::io::{read_almtp, write_almtp, write_mtp};
use crucible::potential::mtp::MtpParameters;
use crucible::{Error, Result};

use super::{errors, files, interrupt, labelled, species};

/// Time between two lines of progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// Time between two states on disk: what a fit loses that is killed.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// Shares of the training part that are fitted to for the errors over the size of the data.
const DATA_CURVE: [f64; 3] = [0.125, 0.25, 0.5];

/// Fits a potential to labelled configurations and writes it.
#[derive(Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:
  crucible train salt.extxyz -o salt.mtp --level 14 --cutoff 6 --species K,Ca,Cl
  crucible train train.cfg -o fitted.mtp --template 16.mtp --energy-weight 1 --force-weight 0.01 --stress-weight 0.001
  crucible train more.cfg -o better.mtp --template fitted.mtp --starts 1 --json report.json --save fit.state

Ctrl-C ends the fit at its next step and writes the best potential so far; a second one ends at once."
)]
pub struct Arguments {
    /// Labelled configurations: .cfg or extended XYZ; several files one after the other.
    #[arg(required = true, num_args = 1.., value_name = "DATA")]
    data: Vec<PathBuf>,
    /// Potential to write: .mtp, or .almtp with the active set of the training part; "-" is standard output.
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
    /// Potential to start from, trained or not; instead of --level and --cutoff.
    #[arg(long, value_name = "MTP", conflicts_with_all = ["level", "cutoff", "basis_size"])]
    template: Option<PathBuf>,
    /// Level of the potential: an even number from 2 to 28.
    #[arg(long, default_value_t = 16)]
    level: usize,
    /// Cutoff (max_dist), Å.
    #[arg(long, default_value_t = 5.0, value_name = "ANGSTROM")]
    cutoff: f64,
    /// Number of radial basis functions.
    #[arg(long, default_value_t = 8, value_name = "R")]
    basis_size: usize,
    /// Elements in the order of the potential's species; by default in the order of the files. A trained template whose
    /// tag does not tell needs it for files that name elements.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    species: Vec<String>,
    /// Weight of the energy.
    #[arg(long, default_value_t = Weights::default().energy)]
    energy_weight: f64,
    /// Weight of the forces, Å^2.
    #[arg(long, default_value_t = Weights::default().force)]
    force_weight: f64,
    /// Weight of the stress.
    #[arg(long, default_value_t = Weights::default().stress)]
    stress_weight: f64,
    /// How weights depend on the number of atoms.
    #[arg(long, value_enum, default_value_t = WeightingName::Vibrations)]
    weighting: WeightingName,
    /// e of the factor e/(|F|^2 + e) on each atom's force weight, (eV/Å)^2.
    #[arg(long, value_name = "E")]
    scale_by_force: Option<f64>,
    /// Weight of the penalty that holds the norm of radial functions.
    #[arg(long, default_value_t = 0.0)]
    penalty: f64,
    /// Seed of the random starts.
    #[arg(long, default_value_t = FitSpec::default().seed)]
    seed: u64,
    /// Random starts; the best of them goes on.
    #[arg(long, default_value_t = FitSpec::default().starts)]
    starts: usize,
    /// Share of the configurations that is held out, to end before the fit follows noise.
    #[arg(long, default_value_t = FitSpec::default().held_out, value_name = "SHARE")]
    held_out: f64,
    /// Most steps after the starts.
    #[arg(long, default_value_t = FitSpec::default().max_iterations, value_name = "STEPS")]
    max_iterations: usize,
    /// End where ten steps gain less than this share of the loss.
    #[arg(long, default_value_t = FitSpec::default().tolerance)]
    tolerance: f64,
    /// End after so many seconds with the best so far.
    #[arg(long, value_name = "SECONDS")]
    max_time: Option<f64>,
    /// Write what the data hold, errors, the learning curve and what the active set spans as JSON; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Folder for parity plots and the learning curve.
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
    /// Fit to an eighth, a quarter and a half of the training part too, to see what more data would bring.
    #[arg(long)]
    data_curve: bool,
    /// File that holds the state of the fit: written every minute and at the end, and read at the start if it exists.
    #[arg(long, value_name = "STATE")]
    save: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum WeightingName {
    Vibrations,
    Molecules,
    Structures,
}

/// Runs the command.
///
/// # Errors
/// Files that can't be read or written, data that can't be fitted to, values out of range.
pub fn run(arguments: &Arguments) -> Result<()> {
    let started = Instant::now();
    let limit = limit(arguments)?.map(|limit| started + limit);
    check_outputs(arguments)?;
    let given = arguments.template.as_deref().map(read_template).transpose()?;
    // Coefficients belong to elements; an untrained template takes any.
    let trained = given.as_ref().filter(|template| template.trained);
    let names = match trained {
        Some(trained) => species::of_potential(trained, &arguments.species),
        None => arguments.species.clone(),
    };
    let (summary, data) = labelled::read(&arguments.data, &names, trained)?;
    data.note_on_units().iter().for_each(|note| eprintln!("note: {note}"));
    let template = template(arguments, given, &data)?;
    let for_curve = arguments.data_curve.then(|| (template.clone(), data.clone()));
    let mut fit = open(arguments, template, data)?;
    announce(&fit);
    interrupt::watch("the fit");
    let (mut shown, mut saved) = (Instant::now(), Instant::now());
    loop {
        let progress = fit.advance(&mut || true)?;
        // An end that is asked for waits for the first potential: there is nothing to write before.
        let stops = stop_asked(limit).filter(|_| fit.potential().is_some());
        if shown.elapsed() > PROGRESS_EVERY || progress.end.is_some() || stops.is_some() {
            shown = Instant::now();
            eprintln!("{}", line(&progress, started.elapsed()));
        }
        if let Some(why) = progress.end.map(FitEnd::in_words).or(stops) {
            eprintln!("ended: {why}");
            break;
        }
        if saved.elapsed() > SAVE_EVERY {
            saved = Instant::now();
            // The fit may well outlast a full disk.
            save(arguments, &fit).unwrap_or_else(|error| eprintln!("state of the fit not saved: {error}"));
        }
    }
    write(arguments, &fit, summary, || match for_curve {
        Some((template, data)) => sizes(arguments, &fit, &template, &data, limit),
        None => Ok(Vec::new()),
    })
}

/// Why the fit should end, where it should.
fn stop_asked(limit: Option<Instant>) -> Option<&'static str> {
    let late = || limit.is_some_and(|limit| Instant::now() > limit).then_some("--max-time is over");
    if interrupt::asked() { Some("Ctrl-C") } else { late() }
}

/// The time that the fit may take.
fn limit(arguments: &Arguments) -> Result<Option<Duration>> {
    let Some(seconds) = arguments.max_time else { return Ok(None) };
    match seconds.is_finite() && seconds > 0.0 {
        true => Ok(Some(Duration::from_secs_f64(seconds.min(1e9)))),
        false => Err(Error::invalid("--max-time", seconds, "a finite number of seconds above 0")),
    }
}

/// Checks that all can be written that the end of the fit will write.
fn check_outputs(arguments: &Arguments) -> Result<()> {
    files::check_potential_name("--output", &arguments.output, &["mtp", "almtp"])?;
    let files = [Some(&arguments.output), arguments.json.as_ref(), arguments.save.as_ref()];
    let outputs = || files.into_iter().flatten().map(PathBuf::as_path);
    files::check_apart(arguments.data.iter().chain(&arguments.template).map(PathBuf::as_path), outputs())?;
    outputs().try_for_each(files::check_writable)?;
    match &arguments.svg {
        Some(folder) => std::fs::create_dir_all(folder).map_err(|error| files::refused(folder, &error)),
        None => Ok(()),
    }
}

fn read_template(path: &Path) -> Result<MtpParameters> {
    Ok(read_almtp(&files::read(path)?, &files::name(path))?.parameters)
}

/// Fits to parts of the data, then to the whole. A part that is too small for the potential is left out, as is one that there is no time for.
fn sizes(
    arguments: &Arguments,
    whole: &Fit,
    template: &MtpParameters,
    data: &DataSet,
    limit: Option<Instant>,
) -> Result<Vec<SizePoint>> {
    let mut points = Vec::new();
    for share in DATA_CURVE {
        match SizePoint::fit(template, data, spec(arguments), share, &mut || stop_asked(limit).is_some()) {
            Ok(Some(point)) => {
                let errors = point.held_out.as_ref().unwrap_or(&point.training);
                eprintln!("fit to {}: {:.1} meV/Å", point.configurations, errors.force_component.rms * 1e3);
                points.push(point);
            }
            Ok(None) => {
                eprintln!("the fits to parts of the data ended: {}", stop_asked(limit).unwrap_or_default());
                break;
            }
            Err(error) => eprintln!("no fit to {share} of the training part: {error}"),
        }
    }
    points.push(SizePoint::of(whole)?);
    Ok(points)
}

/// The potential to start from: the one that was given, else an untrained one.
fn template(arguments: &Arguments, given: Option<MtpParameters>, data: &DataSet) -> Result<MtpParameters> {
    if let Some(given) = given {
        return Ok(given);
    }
    let mut spec = TemplateSpec::new(arguments.level, data.species.len(), arguments.cutoff);
    spec.radial_basis.size = arguments.basis_size;
    spec.build()
}

fn spec(arguments: &Arguments) -> FitSpec {
    let weighting = match arguments.weighting {
        WeightingName::Vibrations => Weighting::Vibrations,
        WeightingName::Molecules => Weighting::Molecules,
        WeightingName::Structures => Weighting::Structures,
    };
    let weights = Weights {
        energy: arguments.energy_weight,
        force: arguments.force_weight,
        stress: arguments.stress_weight,
        weighting,
        force_scaling: arguments.scale_by_force,
        penalty: arguments.penalty,
    };
    FitSpec {
        weights,
        seed: arguments.seed,
        starts: arguments.starts,
        held_out: arguments.held_out,
        max_iterations: arguments.max_iterations,
        tolerance: arguments.tolerance,
        ..FitSpec::default()
    }
}

fn open(arguments: &Arguments, template: MtpParameters, data: DataSet) -> Result<Fit> {
    let spec = spec(arguments);
    match arguments.save.as_deref().filter(|path| path.exists()) {
        None => Fit::new(template, data, spec),
        Some(path) => {
            let state = serde_json::from_slice(&files::read(path)?).map_err(|error| {
                let expected = "the state of a fit, unchanged, from --save of this version";
                Error::invalid(files::name(path), format!("something else ({error})"), expected)
            })?;
            Fit::resume(template, data, spec, state)
        }
    }
}

fn announce(fit: &Fit) {
    let (training, held_out) = (fit.training(), fit.held_out());
    let names: Vec<&str> = training.species.iter().map(|species| species.name.as_str()).collect();
    eprintln!("species {}: {} configurations, {} held out", names.join(", "), training.len(), held_out.len());
}

/// One line of progress.
fn line(progress: &FitProgress, elapsed: Duration) -> String {
    let stage = match progress.stage < progress.starts && progress.starts > 1 {
        true => format!("start {}/{}", progress.stage + 1, progress.starts),
        false => "fit".to_owned(),
    };
    let mut out = format!("{:>6.0} s  {stage}, step {}", elapsed.as_secs_f64(), progress.iteration);
    if let Some(point) = &progress.point {
        let errors = point.held_out.as_ref().unwrap_or(&point.training);
        let which = if point.held_out.is_some() { "held out" } else { "training" };
        out.push_str(&format!(
            ": loss {:.4e}; {which}: {:.2} meV/atom, {:.1} meV/Å",
            point.loss,
            errors.energy_per_atom.rms * 1e3,
            errors.force_component.rms * 1e3,
        ));
        if errors.stress_gpa.count > 0 {
            out.push_str(&format!(", {:.3} GPa", errors.stress_gpa.rms));
        }
    }
    out
}

/// Writes the potential, then all that the report says of it; `sizes` makes the points over the
/// size of the data.
fn write(
    arguments: &Arguments,
    fit: &Fit,
    summary: DataSummary,
    sizes: impl FnOnce() -> Result<Vec<SizePoint>>,
) -> Result<()> {
    // First, since all else can be made of it; but the potential is not lost with it.
    let saved = save(arguments, fit);
    let Some(potential) = fit.potential() else {
        return Err(Error::invalid("--max-time", "no pass over the data was complete", "more time"));
    };
    let span = write_potential(&arguments.output, fit, &potential)?;
    saved?;
    let mut report = FitReport::new(summary, fit, &potential)?;
    report.active_set = span;
    report.sizes = sizes()?;
    report.parts.iter().for_each(|part| eprint!("{}", errors::text(part)));
    if let Some(folder) = &arguments.svg {
        errors::pictures(folder, &report.charts())?;
    }
    match &arguments.json {
        Some(path) => write_json(path, &report),
        None => Ok(()),
    }
}

/// Writes the state of the fit, where it is asked for.
fn save(arguments: &Arguments, fit: &Fit) -> Result<()> {
    match &arguments.save {
        Some(path) => files::replace(path, &json(fit.state())?),
        None => Ok(()),
    }
}

/// Writes the potential, with the active set of the training part where the name asks for one; returns what that spans. Where
/// it can't be built, the potential is kept without, under another name.
fn write_potential(output: &Path, fit: &Fit, potential: &MtpParameters) -> Result<Option<ActiveSetSpan>> {
    if output.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("almtp")) {
        files::write(output, write_mtp(potential).as_bytes())?;
        return Ok(None);
    }
    let built = fit.with_active_set(potential);
    if built.is_err() {
        // Not over another potential, perhaps the one that the fit began with.
        let plain = output.with_extension("mtp");
        let beside = if plain.exists() { output.with_extension("almtp.mtp") } else { plain };
        files::write(&beside, write_mtp(potential).as_bytes())?;
        eprintln!("without its active set, the potential is in {}", beside.display());
    }
    let (mut almtp, span) = built?;
    species::label_active_set(&mut almtp);
    files::write(output, &write_almtp(&almtp))?;
    Ok(span)
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<()> {
    files::write(path, &json(value)?)
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::invalid("JSON", error, "finite values"))
}
