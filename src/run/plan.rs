//! A specification checked and turned into ensembles, timesteps and numbers of steps.

use crate::dynamics::{self, Axes, Ensemble, Limits, Ramp};
use crate::error::{Error, Result};
use crate::system::System;

use super::spec::{BarostatKind, EnsembleKind, ExtrapolationSpec, RunSpec, SCHEMA, Stage, StageSpec, ThermostatKind};

/// Longest stage, ps.
const MAX_TIME_PS: f64 = 1e7;
/// Most configurations kept for labelling.
const MAX_KEPT: usize = 10_000;
/// Most steps under FIRE.
const MAX_RELAX_STEPS: u64 = 1_000_000;
/// Warm-up steps are this part of the run's: fresh from a minimum, atoms may still meet steeply.
const WARM_UP_STEP: f64 = 0.5;
/// Warm-up starts at this part of the temperature, and reaches it after this part of its time.
const WARM_UP_START: f64 = 0.1;
const WARM_UP_RAMP: f64 = 0.6;
/// Inverse friction of the warm-up's Langevin thermostat, fs: strong, so that heat from relaxing contacts leaves at once.
const WARM_UP_DAMPING_FS: f64 = 50.0;
/// Temperature limit of a run over its temperature; small systems at low temperatures fluctuate, hence the floor, K.
const HOT_FACTOR: f64 = 8.0;
const HOT_FLOOR: f64 = 3000.0;

/// One stage of dynamics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StagePlan {
    pub stage: Stage,
    pub ensemble: Ensemble,
    pub timestep_fs: f64,
    pub steps: u64,
}

/// The dynamics of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// Warm-up, equilibration, density, production, in this order; without those that have no steps, but for production.
    pub stages: Vec<StagePlan>,
    pub limits: Limits,
    /// Temperature that production holds, or at constant energy starts from, K; `None` where it has a ramp.
    pub production_kelvin: Option<f64>,
}

impl Plan {
    pub(super) fn new(spec: &RunSpec) -> Result<Self> {
        check_settings(spec)?;
        let mut wanted = vec![(Stage::Equilibrate, "equilibrate", spec.equilibrate.clone())];
        wanted.extend(density(spec)?.map(|density| (Stage::Density, "density", density)));
        wanted.push((Stage::Production, "production", spec.production.clone()));
        let mut held = Conditions { kelvin: spec.temperature_k, gpa: spec.pressure_gpa };
        let mut stages: Vec<StagePlan> = Some(warm_up(spec)?).filter(|warm_up| warm_up.steps > 0).into_iter().collect();
        for (stage, name, wanted) in &wanted {
            let planned = StagePlan {
                stage: *stage,
                ensemble: ensemble(spec, wanted, held),
                timestep_fs: spec.timestep_fs,
                steps: steps(&format!("{name}.time_ps"), wanted.time_ps, spec.timestep_fs)?,
            };
            if planned.steps > 0 || *stage == Stage::Production {
                held = held.after(&planned.ensemble);
                stages.push(planned);
            }
        }
        let is_ramped = stages.last().is_some_and(|production| production.ensemble.is_ramped());
        let production_kelvin = (!is_ramped).then_some(held.kelvin);
        let hottest = [&spec.equilibrate, &spec.production].map(|s| s.temperature_end_k.unwrap_or(0.0));
        let max = HOT_FACTOR * hottest.into_iter().fold(spec.temperature_k, f64::max);
        let limits = Limits { max_temperature_kelvin: max.max(HOT_FLOOR), ..Limits::default() };
        Ok(Self { stages, limits, production_kelvin })
    }

    /// Checks every stage against the atoms, before anything is computed.
    pub(super) fn check(&self, system: &System) -> Result<()> {
        // The user's own timestep first, so that it is what a message speaks of.
        let mut stages = self.stages.iter().rev();
        stages.try_for_each(|stage| dynamics::check_run(system, &stage.ensemble, stage.timestep_fs, &self.limits))
    }

    /// The stage that measures at constant pressure, where there is one.
    pub(super) fn density(&self) -> Option<&StagePlan> {
        self.stages.iter().find(|plan| plan.stage == Stage::Density)
    }

    /// The last stage, which is always there.
    pub(super) fn production(&self) -> &StagePlan {
        &self.stages[self.stages.len() - 1]
    }

    pub(super) fn total_steps(&self) -> u64 {
        self.stages.iter().map(|stage| stage.steps).sum()
    }
}

/// What a stage starts from.
#[derive(Debug, Clone, Copy)]
struct Conditions {
    kelvin: f64,
    gpa: f64,
}

impl Conditions {
    /// What a stage that started from these hands over to the next; what it doesn't hold stays as it is.
    fn after(self, ensemble: &Ensemble) -> Self {
        let (temperature, pressure) = ensemble.ramps();
        let end = |ramp: Option<Ramp>, start| ramp.map_or(start, |ramp| ramp.at(f64::INFINITY));
        Self { kelvin: end(temperature, self.kelvin), gpa: end(pressure, self.gpa) }
    }
}

fn check_settings(spec: &RunSpec) -> Result<()> {
    if spec.schema != SCHEMA {
        return Err(Error::invalid("schema of the run", spec.schema, SCHEMA.to_string()));
    }
    if spec.prepare.relax_steps > MAX_RELAX_STEPS {
        let expected = format!("0 to {MAX_RELAX_STEPS}");
        return Err(Error::invalid("prepare.relax_steps", spec.prepare.relax_steps, expected));
    }
    let sampling = &spec.sampling;
    for (what, every) in [
        ("thermo_every", sampling.thermo_every),
        ("structure_every", sampling.structure_every),
        ("displacements_every", sampling.displacements_every),
    ] {
        if every == 0 {
            return Err(Error::invalid(format!("sampling.{what}"), 0, "a number of steps, 1 or more"));
        }
    }
    check_extrapolation(&spec.extrapolation)
}

fn warm_up(spec: &RunSpec) -> Result<StagePlan> {
    let timestep_fs = spec.timestep_fs * WARM_UP_STEP;
    let time_ps = spec.prepare.warm_up_ps;
    let over_fs = (time_ps * 1e3 * WARM_UP_RAMP).max(timestep_fs);
    let ramp = Ramp::Linear { from: spec.temperature_k * WARM_UP_START, to: spec.temperature_k, over_fs };
    Ok(StagePlan {
        stage: Stage::WarmUp,
        ensemble: Ensemble::NvtLangevin { temperature_kelvin: ramp, damping_fs: WARM_UP_DAMPING_FS },
        timestep_fs,
        steps: steps("prepare.warm_up_ps", time_ps, timestep_fs)?,
    })
}

/// The density stage, where it is asked for.
fn density(spec: &RunSpec) -> Result<Option<StageSpec>> {
    let Some(density) = &spec.density else { return Ok(None) };
    if spec.production.ensemble == EnsembleKind::Npt {
        let expected = "nvt or nve after a density stage, which is at constant pressure already";
        return Err(Error::invalid("production.ensemble", "npt", expected));
    }
    if spec.equilibrate.ensemble != EnsembleKind::Npt {
        let expected = "npt before a density stage, which measures from its first step";
        return Err(Error::invalid("equilibrate.ensemble", "a constant volume", expected));
    }
    Ok(Some(StageSpec::constant(EnsembleKind::Npt, density.time_ps)))
}

fn check_extrapolation(spec: &ExtrapolationSpec) -> Result<()> {
    if spec.every == 0 {
        return Err(Error::invalid("extrapolation.every", 0, "a number of steps, 1 or more"));
    }
    for (what, grade) in [("warn", spec.warn), ("stop", spec.stop), ("keep_above", spec.keep_above)] {
        if grade.is_nan() || grade <= 0.0 {
            return Err(Error::invalid(format!("extrapolation.{what}"), grade, "a grade above 0"));
        }
    }
    match spec.max_kept {
        0..=MAX_KEPT => Ok(()),
        more => Err(Error::invalid("extrapolation.max_kept", more, format!("0 to {MAX_KEPT}"))),
    }
}

fn steps(what: &str, time_ps: f64, timestep_fs: f64) -> Result<u64> {
    if !(0.0..=MAX_TIME_PS).contains(&time_ps) {
        return Err(Error::invalid(what, format!("{time_ps} ps"), format!("0 to {MAX_TIME_PS} ps")));
    }
    if !(timestep_fs > 0.0 && timestep_fs.is_finite()) {
        return Err(Error::invalid("timestep", format!("{timestep_fs} fs"), "a positive time in fs"));
    }
    Ok((time_ps * 1e3 / timestep_fs).round() as u64)
}

/// What samples a stage that starts from these conditions.
fn ensemble(spec: &RunSpec, stage: &StageSpec, start: Conditions) -> Ensemble {
    let over_fs = stage.time_ps * 1e3;
    let ramp = |from: f64, end: Option<f64>| match end {
        Some(to) => Ramp::Linear { from, to, over_fs },
        None => Ramp::Constant(from),
    };
    let temperature_kelvin = ramp(start.kelvin, stage.temperature_end_k);
    let pressure_gpa = ramp(start.gpa, stage.pressure_end_gpa);
    let damping_fs = spec.thermostat.time_ps * 1e3;
    let barostat_damping_fs = spec.barostat.time_ps * 1e3;
    let axes = if spec.barostat.free_axes { Axes::Free } else { Axes::Isotropic };
    match (stage.ensemble, spec.thermostat.kind, spec.barostat.kind) {
        (EnsembleKind::Nve, _, _) => Ensemble::Nve,
        (EnsembleKind::Nvt, ThermostatKind::StochasticRescaling, _) => {
            Ensemble::NvtBussi { temperature_kelvin, damping_fs }
        }
        (EnsembleKind::Nvt, ThermostatKind::NoseHoover, _) => {
            Ensemble::NvtNoseHoover { temperature_kelvin, damping_fs }
        }
        (EnsembleKind::Nvt, ThermostatKind::Langevin, _) => Ensemble::NvtLangevin { temperature_kelvin, damping_fs },
        (EnsembleKind::Npt, _, BarostatKind::StochasticCellRescaling) => Ensemble::NptScr {
            temperature_kelvin,
            pressure_gpa,
            damping_fs,
            barostat_damping_fs,
            compressibility_per_gpa: spec.barostat.compressibility_per_gpa,
            axes,
        },
        (EnsembleKind::Npt, _, BarostatKind::Mtk) => {
            Ensemble::NptMtk { temperature_kelvin, pressure_gpa, damping_fs, barostat_damping_fs, axes }
        }
    }
}
