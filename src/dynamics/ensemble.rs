//! What a run holds constant: the user's choice of ensemble, thermostat and barostat.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::system::System;
use crate::units::EV_PER_A3_TO_GPA;

/// Highest temperature that can be asked for, K.
const MAX_TEMPERATURE: f64 = 100_000.0;
/// Largest pressure of either sign that can be asked for, GPa.
const MAX_PRESSURE: f64 = 1000.0;
/// Extended-system and stochastic-cell methods need their period resolved by this many steps.
const MIN_STEPS_PER_PERIOD: f64 = 10.0;

/// The ensemble and the method that samples it. In JSON: `{"kind": "nvt-bussi", "temperature_kelvin": 1100}`;
/// all but temperature and pressure have defaults.
///
/// | kind | method | momentum |
/// |---|---|---|
/// | `nve` | velocity Verlet | conserved |
/// | `nvt-bussi` | stochastic velocity rescaling (doi:10.1063/1.2408420): gentle, fit for transport when weak | conserved |
/// | `nvt-nose-hoover` | Nosé-Hoover chain (doi:10.1063/1.463940): deterministic | conserved |
/// | `nvt-langevin` | BAOAB (doi:10.1093/amrx/abs010): robust, spoils transport | noise has its net momentum removed |
/// | `npt-scr` | stochastic cell rescaling (doi:10.1063/5.0020514, doi:10.3390/app12031139) with `nvt-bussi` | conserved |
/// | `npt-mtk` | Martyna-Tobias-Klein (doi:10.1063/1.467468) with Nosé-Hoover chains on atoms and cell | conserved |
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ensemble {
    /// Constant energy and volume.
    Nve,
    /// Constant temperature by stochastic velocity rescaling.
    NvtBussi {
        /// Temperature, K, or a ramp.
        temperature_kelvin: Ramp,
        /// Relaxation time of the kinetic energy, fs.
        #[serde(default = "thermostat_damping")]
        damping_fs: f64,
    },
    /// Constant temperature by a Nosé-Hoover chain of three.
    NvtNoseHoover {
        /// Temperature, K, or a ramp.
        temperature_kelvin: Ramp,
        /// Period scale `tau` of the chain's masses, fs.
        #[serde(default = "thermostat_damping")]
        damping_fs: f64,
    },
    /// Constant temperature by friction and noise on every atom.
    NvtLangevin {
        /// Temperature, K, or a ramp.
        temperature_kelvin: Ramp,
        /// Inverse friction, fs.
        #[serde(default = "thermostat_damping")]
        damping_fs: f64,
    },
    /// Constant temperature and pressure by stochastic rescaling of velocities and cell.
    NptScr {
        /// Temperature, K, or a ramp.
        temperature_kelvin: Ramp,
        /// Pressure, GPa, or a ramp.
        pressure_gpa: Ramp,
        /// Relaxation time of the kinetic energy, fs.
        #[serde(default = "thermostat_damping")]
        damping_fs: f64,
        /// Relaxation time of the volume, fs, as far as the compressibility is right.
        #[serde(default = "barostat_damping")]
        barostat_damping_fs: f64,
        /// A guess of the isothermal compressibility, 1/GPa: sets the rate only, not what is sampled.
        #[serde(default = "compressibility")]
        compressibility_per_gpa: f64,
        /// How the cell may change.
        #[serde(default)]
        axes: Axes,
    },
    /// Constant temperature and pressure by Martyna-Tobias-Klein.
    NptMtk {
        /// Temperature, K, or a ramp.
        temperature_kelvin: Ramp,
        /// Pressure, GPa, or a ramp.
        pressure_gpa: Ramp,
        /// Period scale of the atoms' chain, fs.
        #[serde(default = "thermostat_damping")]
        damping_fs: f64,
        /// Period scale of the cell's mass and of its chain, fs.
        #[serde(default = "barostat_damping")]
        barostat_damping_fs: f64,
        /// How the cell may change.
        #[serde(default)]
        axes: Axes,
    },
}

fn thermostat_damping() -> f64 {
    100.0
}

fn barostat_damping() -> f64 {
    1000.0
}

/// Typical of a molten salt.
fn compressibility() -> f64 {
    0.1
}

/// How a barostat may change the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axes {
    /// All lengths by one factor.
    #[default]
    Isotropic,
    /// The three edges each by its own factor; needs a cell whose vectors lie along x, y and z.
    Free,
}

/// A constant, or a straight line over a given time and constant after it. In JSON: `1100`, or
/// `{"from": 300, "to": 1100, "over_fs": 20000}`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ramp {
    /// The same value at all times.
    Constant(f64),
    /// From one value to another.
    Linear {
        /// Value when the ensemble is set.
        from: f64,
        /// Value at the end.
        to: f64,
        /// Duration, fs.
        over_fs: f64,
    },
}

impl From<f64> for Ramp {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

impl Ramp {
    /// The value `elapsed_fs` after the ensemble was set.
    pub fn at(&self, elapsed_fs: f64) -> f64 {
        match *self {
            Self::Constant(value) => value,
            Self::Linear { to, over_fs, .. } if elapsed_fs >= over_fs => to,
            Self::Linear { from, to, over_fs } => from + (to - from) * elapsed_fs.max(0.0) / over_fs,
        }
    }

    /// The value, where it is the same at all times.
    pub fn constant(&self) -> Option<f64> {
        match *self {
            Self::Constant(value) => Some(value),
            Self::Linear { from, to, .. } => (from == to).then_some(from),
        }
    }

    fn check(&self, what: &str, ok: impl Fn(f64) -> bool, expected: &str) -> Result<()> {
        let ends = match *self {
            Self::Constant(value) => [value; 2],
            Self::Linear { from, to, over_fs } => {
                positive(&format!("duration of the ramp of the {what}"), over_fs, "fs")?;
                [from, to]
            }
        };
        match ends.into_iter().find(|&value| !ok(value)) {
            Some(value) => Err(Error::invalid(what, value, expected)),
            None => Ok(()),
        }
    }
}

fn positive(what: &str, value: f64, unit: &str) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::invalid(what, value, format!("a positive number in {unit}")))
}

impl Ensemble {
    /// Whether the cell stays as it is.
    pub fn keeps_volume(&self) -> bool {
        !matches!(self, Self::NptScr { .. } | Self::NptMtk { .. })
    }

    /// Temperature in K and pressure in eV/Å^3 that are held, `elapsed_fs` after the ensemble was set.
    pub fn targets(&self, elapsed_fs: f64) -> Targets {
        let (temperature, pressure) = self.ramps();
        Targets {
            temperature: temperature.map_or(0.0, |ramp| ramp.at(elapsed_fs)),
            pressure: pressure.map_or(0.0, |ramp| ramp.at(elapsed_fs) / EV_PER_A3_TO_GPA),
        }
    }

    /// The ramps of temperature (K) and pressure (GPa), where the ensemble holds them.
    pub fn ramps(&self) -> (Option<Ramp>, Option<Ramp>) {
        match *self {
            Self::Nve => (None, None),
            Self::NvtBussi { temperature_kelvin, .. }
            | Self::NvtNoseHoover { temperature_kelvin, .. }
            | Self::NvtLangevin { temperature_kelvin, .. } => (Some(temperature_kelvin), None),
            Self::NptScr { temperature_kelvin, pressure_gpa, .. }
            | Self::NptMtk { temperature_kelvin, pressure_gpa, .. } => (Some(temperature_kelvin), Some(pressure_gpa)),
        }
    }

    /// Whether temperature or pressure are driven from one value to another.
    pub fn is_ramped(&self) -> bool {
        let (temperature, pressure) = self.ramps();
        [temperature, pressure].into_iter().flatten().any(|ramp| ramp.constant().is_none())
    }

    /// Checks every number, and that the system's cell is one that the barostat can change.
    ///
    /// # Errors
    /// What is out of range, with what would be accepted.
    pub fn check(&self, system: &System, timestep_fs: f64) -> Result<()> {
        let (temperature, pressure) = self.ramps();
        if let Some(ramp) = temperature {
            let expected = format!("a temperature in K above 0 and up to {MAX_TEMPERATURE}");
            ramp.check("temperature", |t| t > 0.0 && t <= MAX_TEMPERATURE, &expected)?;
        }
        if let Some(ramp) = pressure {
            let expected = format!("a pressure in GPa between -{MAX_PRESSURE} and {MAX_PRESSURE}");
            ramp.check("pressure", |p| p.abs() <= MAX_PRESSURE, &expected)?;
        }
        let resolved = |what: &str, damping: f64| {
            positive(what, damping, "fs")?;
            if damping >= MIN_STEPS_PER_PERIOD * timestep_fs {
                return Ok(());
            }
            let expected =
                format!("at least {MIN_STEPS_PER_PERIOD} timesteps, {} fs", MIN_STEPS_PER_PERIOD * timestep_fs);
            Err(Error::invalid(what, format!("{damping} fs"), expected))
        };
        let (thermostat, barostat) = ("thermostat damping time", "barostat damping time");
        match *self {
            Self::Nve => Ok(()),
            Self::NvtBussi { damping_fs, .. } | Self::NvtLangevin { damping_fs, .. } => {
                positive(thermostat, damping_fs, "fs")
            }
            Self::NvtNoseHoover { damping_fs, .. } => resolved(thermostat, damping_fs),
            Self::NptScr { damping_fs, barostat_damping_fs, compressibility_per_gpa, axes, .. } => {
                positive(thermostat, damping_fs, "fs")?;
                positive("compressibility", compressibility_per_gpa, "1/GPa")?;
                resolved(barostat, barostat_damping_fs)?;
                check_cell(system, axes)
            }
            Self::NptMtk { damping_fs, barostat_damping_fs, axes, .. } => {
                resolved(thermostat, damping_fs)?;
                resolved(barostat, barostat_damping_fs)?;
                check_cell(system, axes)
            }
        }
    }
}

fn check_cell(system: &System, axes: Axes) -> Result<()> {
    if !system.cell.is_bulk() {
        let found = "a cell with a direction that is not periodic";
        return Err(Error::invalid("constant pressure", found, "a cell periodic in all three directions"));
    }
    let vectors = system.cell.vectors();
    let off_diagonal = (vectors - crate::math::Mat3::from_diagonal(&vectors.diagonal())).norm();
    if axes == Axes::Free && off_diagonal > 1e-9 * vectors.norm() {
        let found = "a cell whose vectors do not lie along x, y and z";
        return Err(Error::invalid("barostat with free axes", found, "an orthorhombic cell along x, y and z"));
    }
    Ok(())
}

/// What thermostat and barostat aim at; zero where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Targets {
    /// Temperature, K.
    pub temperature: f64,
    /// Pressure, eV/Å^3.
    pub pressure: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{Cell, Species};

    #[test]
    fn json_by_hand_is_read_with_defaults_and_ramps() {
        let text = r#"{"kind": "npt-scr", "temperature_kelvin": {"from": 300, "to": 1100, "over_fs": 1000}, "pressure_gpa": 0}"#;
        let ensemble: Ensemble = serde_json::from_str(text).unwrap();
        let expected = Ensemble::NptScr {
            temperature_kelvin: Ramp::Linear { from: 300.0, to: 1100.0, over_fs: 1000.0 },
            pressure_gpa: Ramp::Constant(0.0),
            damping_fs: 100.0,
            barostat_damping_fs: 1000.0,
            compressibility_per_gpa: 0.1,
            axes: Axes::Isotropic,
        };
        assert_eq!(ensemble, expected);
        assert_eq!(ensemble.targets(500.0).temperature, 700.0);
        assert_eq!(ensemble.targets(5000.0).temperature, 1100.0);
        assert_eq!(serde_json::from_str::<Ensemble>(r#"{"kind":"nve"}"#).unwrap(), Ensemble::Nve);
        assert!(serde_json::from_str::<Ensemble>(r#"{"kind":"nvt-bussi","temperature":300}"#).is_err());
    }

    #[test]
    fn impossible_requests_are_refused_by_name() {
        let argon = vec![Species { name: "Ar".into(), mass_u: 39.948, charge_e: None }];
        let slab = Cell::new([Some(crate::math::Vec3::x() * 9.0), Some(crate::math::Vec3::y() * 9.0), None]).unwrap();
        let system = System::new(slab, argon, vec![0], vec![crate::math::Vec3::zeros()]).unwrap();
        let cases = [
            (r#"{"kind":"nvt-bussi","temperature_kelvin":-5}"#, "temperature"),
            (r#"{"kind":"nvt-bussi","temperature_kelvin":300,"damping_fs":0}"#, "thermostat damping time"),
            (r#"{"kind":"nvt-nose-hoover","temperature_kelvin":300,"damping_fs":3}"#, "thermostat damping time"),
            (r#"{"kind":"npt-scr","temperature_kelvin":300,"pressure_gpa":1e9}"#, "pressure"),
            (r#"{"kind":"npt-scr","temperature_kelvin":300,"pressure_gpa":0}"#, "constant pressure"),
            (
                r#"{"kind":"npt-mtk","temperature_kelvin":{"from":1,"to":2,"over_fs":0},"pressure_gpa":0}"#,
                "duration of the ramp",
            ),
        ];
        for (text, what) in cases {
            let ensemble: Ensemble = serde_json::from_str(text).unwrap();
            let message = ensemble.check(&system, 1.0).unwrap_err().to_string();
            assert!(message.starts_with(what), "{text}: {message}");
        }
    }
}
