//! What each observer costs, beside the step that it watches, and how long the analysis of all of them takes.
//!
//! `cargo bench --bench observers` prints a table for the melt of 312 atoms and for liquid argon, on one thread.

use std::path::Path;
use std::time::{Duration, Instant};

use crucible::dynamics::{Ensemble, Limits, Ramp, Simulation};
use crucible::run::{Preset, Run, RunSpec, SamplingSpec, Stage, potential};
use crucible::sampling::{
    Currents, Fluctuations, Frame, MeanCell, Msd, Observer, Rdf, RdfSettings, Shells, StructureFactor, Thermo, Vacf,
};
use crucible::system::System;
use crucible::{Error, Result};

/// Steps that are timed.
const STEPS: u64 = 2000;
/// Production before `results()` is timed, ps.
const PRODUCTION_PS: f64 = 10.0;

fn main() -> Result<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.unwrap_or_else(|error| panic!("no thread pool: {error}"));
    pool.install(|| ["cacl2-kcl-melt", "argon-liquid"].into_iter().try_for_each(measure))
}

fn file(name: &str) -> Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("potentials").join(name);
    std::fs::read(&path).map_err(|error| Error::Io { path: path.display().to_string(), reason: error.to_string() })
}

/// A preset at constant volume, with short stages.
fn preset(name: &str) -> Result<RunSpec> {
    let presets: Vec<Preset> = serde_json::from_slice(&file("gallery.json")?)
        .map_err(|error| Error::invalid("gallery.json", error, "a list of presets"))?;
    let found = presets.into_iter().find(|preset| preset.name == name);
    let mut spec = found.ok_or_else(|| Error::invalid("preset", name, "one of the gallery"))?.spec;
    spec.equilibrate.time_ps = 1.0;
    spec.density = None;
    spec.production = serde_json::from_value(serde_json::json!({ "ensemble": "nvt", "time_ps": PRODUCTION_PS }))
        .map_err(|error| Error::invalid("production", error, "a stage"))?;
    Ok(spec)
}

fn measure(name: &str) -> Result<()> {
    let spec = preset(name)?;
    let mut run = Run::new(spec.clone(), &file)?;
    while run.stage() < Stage::Production {
        run.advance(100, &mut || false)?;
    }
    let mut watched = Watched::new(run.frame(), &spec)?;
    for step in 1..=STEPS {
        watched.step(step)?;
    }
    watched.print(name);
    run.advance(u64::MAX, &mut || false)?;
    let begun = Instant::now();
    let results = run.results();
    let millis = begun.elapsed().as_secs_f64() * 1e3;
    println!("results() of {} properties after {PRODUCTION_PS} ps: {millis:.1} ms\n", results.properties.len());
    Ok(())
}

/// A simulation and every observer, each with the time that it took.
struct Watched {
    simulation: Simulation,
    sampling: SamplingSpec,
    stepping: Duration,
    thermo: (Thermo, Duration),
    fluctuations: (Fluctuations, Duration),
    cell: (MeanCell, Duration),
    rdf: (Rdf, Duration),
    shells: (Shells, Duration),
    factor: (StructureFactor, Duration),
    msd: (Msd, Duration),
    vacf: (Vacf, Duration),
    currents: (Currents, Duration),
}

/// Runs `body` and adds its time.
fn timed<T>(total: &mut Duration, body: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let value = body();
    *total += begun.elapsed();
    value
}

impl Watched {
    fn new(system: &System, spec: &RunSpec) -> Result<Self> {
        let bulk = || Error::invalid("cell", "an open one", "a cell that is periodic in all directions");
        let temperature_kelvin = Ramp::Constant(spec.temperature_k);
        let ensemble = Ensemble::NvtBussi { temperature_kelvin, damping_fs: 100.0 };
        let forces = potential(&spec.potential, &file)?;
        let zero = Duration::ZERO;
        Ok(Self {
            simulation: Simulation::new(system.clone(), forces, ensemble, spec.timestep_fs, 1, Limits::default())?,
            sampling: spec.sampling.clone(),
            stepping: zero,
            thermo: (Thermo::new(), zero),
            fluctuations: (Fluctuations::new(), zero),
            cell: (MeanCell::default(), zero),
            rdf: (Rdf::new(system, &RdfSettings::default())?, zero),
            shells: (Shells::new(system), zero),
            factor: (StructureFactor::new(system).ok_or_else(bulk)?, zero),
            msd: (Msd::new(system), zero),
            vacf: (Vacf::new(system), zero),
            currents: (Currents::new(system).ok_or_else(bulk)?, zero),
        })
    }

    fn step(&mut self, step: u64) -> Result<()> {
        timed(&mut self.stepping, || self.simulation.step())?;
        let simulation = &self.simulation;
        let frame = Frame::of(simulation);
        if step.is_multiple_of(self.sampling.thermo_every) {
            timed(&mut self.thermo.1, || self.thermo.0.observe(&frame));
            timed(&mut self.fluctuations.1, || self.fluctuations.0.observe(&frame));
            timed(&mut self.cell.1, || self.cell.0.observe(&frame.system.cell));
        }
        if step.is_multiple_of(self.sampling.structure_every) {
            timed(&mut self.rdf.1, || self.rdf.0.observe(&frame));
            timed(&mut self.shells.1, || self.shells.0.observe(&frame, &self.rdf.0));
            timed(&mut self.factor.1, || self.factor.0.observe(&frame));
        }
        if step.is_multiple_of(self.sampling.displacements_every) {
            timed(&mut self.msd.1, || self.msd.0.observe(&frame));
        }
        if step.is_multiple_of(self.sampling.transport_every) {
            timed(&mut self.vacf.1, || self.vacf.0.observe(&frame));
            timed(&mut self.currents.1, || {
                let mut virials = Vec::new();
                let known = simulation.atom_virials(&mut virials).then_some(virials.as_slice());
                self.currents.0.observe(&frame, &simulation.evaluation().site_energies, known);
            });
        }
        Ok(())
    }

    fn print(&self, name: &str) {
        let per_step = |time: Duration| time.as_secs_f64() / STEPS as f64 * 1e6;
        let step = per_step(self.stepping);
        let SamplingSpec { thermo_every, structure_every, displacements_every, transport_every } = self.sampling;
        println!("{name}, {} atoms: {step:.1} µs a step\n", self.simulation.system().len());
        println!("| observer | every | µs/step | % of a step |\n|---|---|---|---|");
        let rows = [
            ("Thermo", thermo_every, self.thermo.1),
            ("Fluctuations", thermo_every, self.fluctuations.1),
            ("MeanCell", thermo_every, self.cell.1),
            ("Rdf", structure_every, self.rdf.1),
            ("Shells", structure_every, self.shells.1),
            ("StructureFactor", structure_every, self.factor.1),
            ("Msd", displacements_every, self.msd.1),
            ("Vacf", transport_every, self.vacf.1),
            ("Currents, with virials", transport_every, self.currents.1),
        ];
        for (observer, every, time) in rows {
            println!("| {observer} | {every} | {:.2} | {:.2} |", per_step(time), 100.0 * per_step(time) / step);
        }
        let all: f64 = rows.iter().map(|(_, _, time)| per_step(*time)).sum();
        println!("| all | | {all:.2} | {:.2} |", 100.0 * all / step);
    }
}
