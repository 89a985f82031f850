//! Which column of a log holds what.

use super::{FluxRow, LogUnits};
use crate::io::text::finite;
use crate::math::{Mat3, Vec3};

/// Names of the tensor's components, in the order of LAMMPS's `compute pressure`.
const STRESS: [&str; 6] = ["pxx", "pyy", "pzz", "pxy", "pxz", "pyz"];
const TIMES: [&str; 5] = ["step", "timestep", "time", "time_ps", "time_fs"];

/// What a header names; places are those of the used columns.
#[derive(Debug, PartialEq)]
pub(super) struct Columns {
    /// Names in the header.
    pub(super) width: usize,
    /// Column and name of what is used.
    used: Vec<(usize, String)>,
    clock: (Clock, usize),
    stress: [usize; 6],
    temperature: Option<usize>,
    volume: Option<usize>,
    total_energy: Option<usize>,
    parts: Option<[usize; 2]>,
    heat_flux: Option<[usize; 3]>,
    heat_flux_density: Option<[usize; 3]>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Clock {
    Steps,
    FileUnit,
    Femtoseconds(f64),
}

impl Columns {
    /// Whether a line's words are names of columns.
    pub(super) fn is_header(words: &[&str]) -> bool {
        words.len() > 2 && TIMES.contains(&plain(words[0]).as_str()) && finite(words[1]).is_none()
    }

    /// # Errors
    /// What is missing, in words.
    pub(super) fn new(names: &[&str]) -> Result<Self, String> {
        let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
        let mut used: Vec<(usize, String)> = Vec::new();
        let mut find = |is: &dyn Fn(&str) -> bool| -> Option<usize> {
            let column = names.iter().position(|name| is(name))?;
            used.push((column, names[column].clone()));
            Some(used.len() - 1)
        };
        let stress = std::array::from_fn::<_, 6, _>(|k| {
            find(&|name| name == STRESS[k]).or_else(|| find(&|name| is_component(name, "press", k + 1)))
        });
        let missing: Vec<&str> =
            STRESS.iter().zip(&stress).filter(|(_, at)| at.is_none()).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            return Err(format!("columns {} as well (the pressure tensor)", missing.join(", ")));
        }
        let clocks = [
            ("time_fs", Clock::Femtoseconds(1.0)),
            ("time_ps", Clock::Femtoseconds(1e3)),
            ("time", Clock::FileUnit),
            ("step", Clock::Steps),
            ("timestep", Clock::Steps),
        ];
        let clock = clocks.iter().find_map(|&(own, clock)| Some((clock, find(&|name| name == own)?)));
        let total_energy = find(&|name| name == "toteng" || name == "etotal");
        let potential = find(&|name| name == "poteng" || name == "pe");
        let kinetic = find(&|name| name == "kineng" || name == "ke");
        let three = |at: [Option<usize>; 3]| -> Option<[usize; 3]> {
            let [x, y, z] = at;
            Some([x?, y?, z?])
        };
        let heat_flux = three([1, 2, 3].map(|k| find(&|name| is_component(name, "flux", k))));
        let heat_flux_density = three(["jx", "jy", "jz"].map(|own| find(&|name| name == own)));
        Ok(Self {
            width: names.len(),
            clock: clock.ok_or("a column Step or Time")?,
            stress: stress.map(Option::unwrap_or_default),
            temperature: find(&|name| name == "temp" || name == "temperature"),
            volume: find(&|name| name == "volume" || name == "vol"),
            total_energy,
            parts: potential.zip(kinetic).map(|(potential, kinetic)| [potential, kinetic]),
            heat_flux,
            heat_flux_density,
            used,
        })
    }

    /// Columns to be read, and their names.
    pub(super) fn used(&self) -> impl Iterator<Item = (usize, &str)> {
        self.used.iter().map(|(column, name)| (*column, name.as_str()))
    }

    pub(super) fn is_flux_density(&self) -> bool {
        self.heat_flux.is_none() && self.heat_flux_density.is_some()
    }

    /// The row in internal units; `None` where steps have no length.
    pub(super) fn row(&self, row: &[f64], units: LogUnits, timestep_fs: Option<f64>) -> Option<FluxRow> {
        let (clock, at) = self.clock;
        let time_fs = row[at]
            * match clock {
                Clock::Steps => timestep_fs?,
                Clock::FileUnit => units.time_fs(),
                Clock::Femtoseconds(fs) => fs,
            };
        let [xx, yy, zz, xy, xz, yz] = self.stress.map(|at| row[at] * units.pressure());
        let energy = self.total_energy.map(|at| row[at]).or(self.parts.map(|[one, two]| row[one] + row[two]));
        let flux = units.energy() / units.time_fs();
        let vector = |at: [usize; 3]| Vec3::from(at.map(|at| row[at] * flux));
        Some(FluxRow {
            time_fs,
            pressure: Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz),
            temperature_kelvin: self.temperature.map(|at| row[at]).filter(|kelvin| *kelvin > 0.0),
            volume: self.volume.map(|at| row[at]),
            energy: energy.map(|energy| energy * units.energy()),
            heat_flux: self.heat_flux.map(vector),
            heat_flux_density: self.heat_flux_density.map(vector),
        })
    }
}

/// A name in small letters, without the mark of a variable.
fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("v_").map(str::to_owned).unwrap_or(name)
}

/// Whether a name is component `k` of a compute, or of a fix that averages it, whose own name has `part` in it.
fn is_component(name: &str, part: &str, k: usize) -> bool {
    let compute = name.strip_prefix("c_").or_else(|| name.strip_prefix("f_"));
    compute.and_then(|name| name.strip_suffix(&format!("[{k}]"))).is_some_and(|id| id.contains(part))
}
