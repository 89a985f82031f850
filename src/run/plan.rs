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
    /// Warm-up, equilibration, density where it is asked for, production, in this order.
    pub stages: Vec<StagePlan>,
    pub limits: Limits,
}

impl Plan {
    pub(super) fn new(spec: &RunSpec) -> Result<Self> {
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
        check_extrapolation(&spec.extrapolation)?;
        let temperature = spec.temperature_k;
        let warm_step = spec.timestep_fs * WARM_UP_STEP;
        let warm_time = spec.prepare.warm_up_ps;
        let over_fs = (warm_time * 1e3 * WARM_UP_RAMP).max(warm_step);
        let ramp = Ramp::Linear { from: temperature * WARM_UP_START, to: temperature, over_fs };
        let warm_up = StagePlan {
            stage: Stage::WarmUp,
            ensemble: Ensemble::NvtLangevin { temperature_kelvin: ramp, damping_fs: WARM_UP_DAMPING_FS },
            timestep_fs: warm_step,
            steps: steps("prepare.warm_up_ps", warm_time, warm_step)?,
        };
        let stage = |stage, name: &str, wanted: &StageSpec| {
            Ok(StagePlan {
                stage,
                ensemble: ensemble(spec, wanted),
                timestep_fs: spec.timestep_fs,
                steps: steps(&format!("{name}.time_ps"), wanted.time_ps, spec.timestep_fs)?,
            })
        };
        let mut stages = vec![warm_up, stage(Stage::Equilibrate, "equilibrate", &spec.equilibrate)?];
        if let Some(density) = &spec.density {
            if spec.production.ensemble == EnsembleKind::Npt {
                let expected = "nvt or nve after a density stage, which is at constant pressure already";
                return Err(Error::invalid("production.ensemble", "npt", expected));
            }
            if spec.equilibrate.ensemble != EnsembleKind::Npt {
                let expected = "npt before a density stage, which measures from its first step";
                return Err(Error::invalid("equilibrate.ensemble", "a constant volume", expected));
            }
            let wanted = StageSpec::constant(EnsembleKind::Npt, density.time_ps);
            let planned = stage(Stage::Density, "density", &wanted)?;
            stages.extend((planned.steps > 0).then_some(planned));
        }
        stages.push(stage(Stage::Production, "production", &spec.production)?);
        let hottest = [&spec.equilibrate, &spec.production].map(|s| s.temperature_end_k.unwrap_or(0.0));
        let max = HOT_FACTOR * hottest.into_iter().fold(temperature, f64::max);
        let limits = Limits { max_temperature_kelvin: max.max(HOT_FLOOR), ..Limits::default() };
        Ok(Self { stages, limits })
    }

    /// Checks every stage against the atoms, before anything is computed.
    pub(super) fn check(&self, system: &System) -> Result<()> {
        // The user's own timestep first, so that it is what a message speaks of.
        let counts = |stage: &&StagePlan| stage.steps > 0 || stage.stage == Stage::Production;
        for stage in self.stages.iter().rev().filter(counts) {
            dynamics::check_run(system, &stage.ensemble, stage.timestep_fs, &self.limits)?;
        }
        Ok(())
    }

    /// Index of the first stage that has steps; the last one if none has.
    pub(super) fn first(&self) -> usize {
        self.stages.iter().position(|stage| stage.steps > 0).unwrap_or(self.stages.len() - 1)
    }

    pub(super) fn total_steps(&self) -> u64 {
        self.stages.iter().map(|stage| stage.steps).sum()
    }
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

fn ensemble(spec: &RunSpec, stage: &StageSpec) -> Ensemble {
    let over_fs = stage.time_ps * 1e3;
    let ramp = |from: f64, end: Option<f64>| match end {
        Some(to) => Ramp::Linear { from, to, over_fs },
        None => Ramp::Constant(from),
    };
    let temperature_kelvin = ramp(spec.temperature_k, stage.temperature_end_k);
    let pressure_gpa = ramp(spec.pressure_gpa, stage.pressure_end_gpa);
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
