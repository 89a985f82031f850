//! What a run is told, and what it tells: plain serde types, the same on the command line and in the page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::{Estimate, Property};
use crate::sampling::{MsdCurve, RdfCurve};
use crate::system::Lattice;

/// The version of [`RunSpec`] that this crate reads.
pub const SCHEMA: u32 = 1;

/// Everything that decides a run. The same specification and files give the same trajectory, bit by bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The forces.
    pub potential: PotentialSpec,
    /// The atoms.
    pub structure: StructureSpec,
    /// Temperature, K: at the end of the warm-up, and from then on until a stage ends at another.
    pub temperature_k: f64,
    /// Temperatures, K, at which the whole run is carried out again, one after the other: a scan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_temperatures_k: Vec<f64>,
    /// Pressure in NPT stages, GPa, until one ends at another.
    #[serde(default)]
    pub pressure_gpa: f64,
    /// Timestep, fs.
    #[serde(default = "default_timestep")]
    pub timestep_fs: f64,
    /// Seed of everything random.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// From the given positions to a state that can be integrated.
    #[serde(default)]
    pub prepare: PrepareSpec,
    /// The stage whose samples are discarded.
    #[serde(default = "StageSpec::default_equilibration")]
    pub equilibrate: StageSpec,
    /// A stage at constant temperature and pressure that is measured before production, for what fluctuates with the volume;
    /// production then goes on in its mean cell. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<DensitySpec>,
    /// The stage that is measured. At constant volume (`nve`, `nvt`), which viscosities and conductivities need, it goes on in
    /// the mean cell of the density stage, else of the later half of an equilibration under pressure; after one with a ramp, in
    /// the last.
    #[serde(default = "StageSpec::default_production")]
    pub production: StageSpec,
    /// Temperature control of NVT and NPT stages; its kind is that of NVT.
    #[serde(default)]
    pub thermostat: ThermostatSpec,
    /// Pressure control of NPT stages.
    #[serde(default)]
    pub barostat: BarostatSpec,
    /// How often the run is observed.
    #[serde(default)]
    pub sampling: SamplingSpec,
    /// What is done about extrapolation, where the potential has an active set.
    #[serde(default)]
    pub extrapolation: ExtrapolationSpec,
}

fn default_timestep() -> f64 {
    2.0
}

fn default_seed() -> u64 {
    1
}

/// Where the forces come from. File names are looked up among the files that the run is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PotentialSpec {
    /// A potential of the gallery, described by its `card.toml`.
    Card {
        /// The card's file, such as `cacl2-kcl/card.toml`; files that it names are next to it.
        file: String,
    },
    /// A Moment Tensor Potential of the user's: `.mtp`, `.almtp` or `.als`.
    Mtp {
        /// The potential's file.
        file: String,
        /// Element of each of the potential's species, in its order.
        species: Vec<String>,
    },
    /// Lennard-Jones, cut and force-shifted, the same for every pair.
    LennardJones {
        /// The elements that are present.
        species: Vec<String>,
        /// Depth of the well, eV.
        epsilon_ev: f64,
        /// Distance at which the energy changes sign, Å.
        sigma_angstrom: f64,
        /// Cutoff, Å.
        cutoff_angstrom: f64,
    },
    /// Born–Mayer–Huggins: rigid ions of an alkali halide, with the parameters of Fumi and Tosi.
    BornMayerHuggins {
        /// The salt: `NaCl`.
        salt: String,
        /// Cutoff of what is short-ranged, and of the real space of Ewald's sum, Å.
        #[serde(default = "default_ionic_cutoff")]
        cutoff_angstrom: f64,
    },
}

fn default_ionic_cutoff() -> f64 {
    9.0
}

/// Where the atoms start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StructureSpec {
    /// A random melt in a cubic cell.
    Melt {
        /// Amounts by formula unit or element, in any unit: `{"CaCl2": 0.737, "KCl": 0.263}`.
        composition: BTreeMap<String, f64>,
        /// About how many atoms.
        atoms: usize,
        /// Density, g/cm^3; estimated from the composition and the temperature where absent.
        #[serde(default)]
        density_g_cm3: Option<f64>,
        /// Smallest distance by pair, Å, such as `{"Ca-Cl": 2.2}`; from the elements' sizes where absent.
        #[serde(default)]
        minimum_distances_angstrom: BTreeMap<String, f64>,
    },
    /// A crystal.
    Crystal {
        /// Which lattice.
        lattice: Lattice,
        /// Its elements: one for fcc and bcc; cation and anion for rocksalt and fluorite.
        elements: Vec<String>,
        /// Edge of the cubic cell, Å.
        lattice_constant_angstrom: f64,
        /// Cubic cells along each vector.
        repeat: [usize; 3],
    },
    /// A structure file of the user's.
    File {
        /// The file.
        file: String,
        /// Which of its configurations, from 0.
        #[serde(default)]
        configuration: usize,
        /// Copies along each vector.
        #[serde(default = "once")]
        repeat: [usize; 3],
    },
}

fn once() -> [usize; 3] {
    [1; 3]
}

/// How a start structure is made safe for the potential, and brought to temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrepareSpec {
    /// Relax first under soft repulsion and screened charges. Absent: for melts, not for crystals and files.
    pub soft: Option<bool>,
    /// Most FIRE steps under the potential itself; 0 leaves the structure as it is.
    pub relax_steps: u64,
    /// Warm-up, ps: short steps, strong thermostat, fixed cell.
    pub warm_up_ps: f64,
}

impl Default for PrepareSpec {
    fn default() -> Self {
        Self { soft: None, relax_steps: 200, warm_up_ps: 1.0 }
    }
}

/// What is held constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnsembleKind {
    /// Energy and volume.
    Nve,
    /// Temperature and volume.
    Nvt,
    /// Temperature and pressure.
    Npt,
}

/// A stretch of dynamics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageSpec {
    /// What is held constant.
    pub ensemble: EnsembleKind,
    /// Length, ps.
    pub time_ps: f64,
    /// Temperature at the stage's end, K, approached linearly from where the stage before ended; the next goes on from it.
    /// Absent: constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_end_k: Option<f64>,
    /// Pressure at the stage's end, GPa, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_end_gpa: Option<f64>,
}

impl StageSpec {
    pub(super) fn constant(ensemble: EnsembleKind, time_ps: f64) -> Self {
        Self { ensemble, time_ps, temperature_end_k: None, pressure_end_gpa: None }
    }

    fn default_equilibration() -> Self {
        Self::constant(EnsembleKind::Npt, 10.0)
    }

    fn default_production() -> Self {
        Self::constant(EnsembleKind::Npt, 50.0)
    }
}

/// The stage that measures the density and what follows from its fluctuations.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DensitySpec {
    /// Length, ps.
    pub time_ps: f64,
}

/// The algorithms that hold the temperature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThermostatKind {
    /// Stochastic velocity rescaling (Bussi).
    StochasticRescaling,
    /// A Nosé–Hoover chain.
    NoseHoover,
    /// Langevin.
    Langevin,
}

/// Temperature control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThermostatSpec {
    /// Which algorithm, in NVT stages. NPT stages have that of their barostat, whatever is chosen here: see [`BarostatKind`].
    pub kind: ThermostatKind,
    /// Relaxation time in NVT and NPT stages, ps.
    pub time_ps: f64,
}

impl Default for ThermostatSpec {
    fn default() -> Self {
        Self { kind: ThermostatKind::StochasticRescaling, time_ps: 0.1 }
    }
}

/// The algorithms that hold the pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BarostatKind {
    /// Stochastic cell rescaling (Bernetti–Bussi), with stochastic velocity rescaling.
    StochasticCellRescaling,
    /// Martyna–Tobias–Klein, with Nosé–Hoover chains.
    #[serde(alias = "martyna-tobias-klein")]
    Mtk,
}

/// Pressure control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BarostatSpec {
    /// Which algorithm.
    pub kind: BarostatKind,
    /// Relaxation time, ps.
    pub time_ps: f64,
    /// Isothermal compressibility that relates time and rate, 1/GPa.
    pub compressibility_per_gpa: f64,
    /// Whether the cell's axes change independently.
    pub free_axes: bool,
}

impl Default for BarostatSpec {
    /// A molten salt's compressibility: KCl at its melting point has 0.37/GPa, CaCl2 about half of that.
    fn default() -> Self {
        Self {
            kind: BarostatKind::StochasticCellRescaling,
            time_ps: 1.0,
            compressibility_per_gpa: 0.2,
            free_axes: false,
        }
    }
}

/// How often the run is observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplingSpec {
    /// Steps between samples of temperature, pressure, energies, density and volume.
    pub thermo_every: u64,
    /// Steps between samples of structure. Each costs as much as three steps of a melt, and atoms take some hundred steps to
    /// arrange themselves anew.
    pub structure_every: u64,
    /// Steps between samples of displacements.
    pub displacements_every: u64,
    /// Steps between samples of the currents behind the transport coefficients; 0: none.
    pub transport_every: u64,
}

impl Default for SamplingSpec {
    fn default() -> Self {
        Self { thermo_every: 10, structure_every: 150, displacements_every: 20, transport_every: 5 }
    }
}

/// Extrapolation grades in dynamics: how often, and what follows from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtrapolationSpec {
    /// Steps between two grades. One costs about as much as the forces of a step: every 20 steps, a twentieth of the run.
    pub every: u64,
    /// A run that passes this grade warns.
    pub warn: f64,
    /// A run that passes this grade stops.
    pub stop: f64,
    /// Configurations with a grade above this are kept.
    pub keep_above: f64,
    /// Most configurations that are kept; of more, those with smaller grades than their neighbours' go.
    pub max_kept: usize,
}

impl Default for ExtrapolationSpec {
    fn default() -> Self {
        Self { every: 20, warn: 2.0, stop: 10.0, keep_above: 2.0, max_kept: 100 }
    }
}

/// How far a run left what its potential was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtrapolationSummary {
    /// The largest grade.
    pub largest_grade: f64,
    /// Its step.
    pub step: u64,
    /// Its atom, from 0.
    pub atom: usize,
    /// How often the run was graded.
    pub samples: u64,
    /// How many of these grades were above the warning.
    pub above_warning: u64,
    /// Number of configurations kept.
    pub kept: usize,
    /// What to beware of.
    pub warnings: Vec<String>,
}

/// The stages of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Relaxation under the soft model.
    Soften,
    /// Relaxation under the potential.
    Relax,
    /// Short steps up to the temperature.
    WarmUp,
    /// Dynamics whose samples are discarded.
    Equilibrate,
    /// Dynamics under pressure whose volume is measured.
    Density,
    /// Dynamics that is measured.
    Production,
    /// Nothing is left to do.
    Finished,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The present stage.
    pub stage: Stage,
    /// How much of the present stage is done, 0 to 1.
    pub stage_fraction: f64,
    /// Steps of dynamics done, warm-up included.
    pub step: u64,
    /// Steps of dynamics in the whole run.
    pub total_steps: u64,
    /// Simulated time, ps.
    pub time_ps: f64,
    /// Simulated time of one step in the present stage, fs; 0 while relaxing. With steps per second this gives ns/day.
    pub timestep_fs: f64,
    /// Number of atoms.
    pub atoms: usize,
    /// Temperature, K.
    pub temperature_k: f64,
    /// Pressure, GPa; absent without full periodicity.
    pub pressure_gpa: Option<f64>,
    /// Potential energy, eV.
    pub potential_energy_ev: f64,
    /// Kinetic energy, eV.
    pub kinetic_energy_ev: f64,
    /// The ensemble's conserved quantity, eV.
    pub conserved_energy_ev: f64,
    /// Density, g/cm^3; absent without full periodicity.
    pub density_g_cm3: Option<f64>,
    /// Volume, Å^3; absent without full periodicity.
    pub volume_angstrom3: Option<f64>,
    /// Largest force component, eV/Å.
    pub largest_force_ev_angstrom: f64,
    /// Latest extrapolation grade; absent without an active set.
    pub grade: Option<f64>,
    /// Largest extrapolation grade of the run so far.
    pub largest_grade: Option<f64>,
    /// Configurations kept because of their grade.
    pub kept_configurations: usize,
    /// Which of several temperatures this is; absent in a run at one.
    pub scan: Option<ScanPlace>,
}

/// A temperature among those of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScanPlace {
    /// Which one, from 0.
    pub index: usize,
    /// How many there are.
    pub count: usize,
    /// The temperature, K.
    pub temperature_k: f64,
}

/// What a run has measured in its production stage so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Averages by quantity: `temperature`, `pressure`, `density`, … as in [`Quantity`](crate::sampling::Quantity).
    pub estimates: BTreeMap<String, Estimate>,
    /// Partial radial distribution functions, each pair of species once.
    pub rdf: Vec<RdfCurve>,
    /// Mean-square displacement of each species.
    pub msd: Vec<MsdCurve>,
    /// Thermophysical and transport properties, in the order in which they are shown.
    pub properties: Vec<Property>,
    /// Extrapolation grades over the whole run; absent without an active set.
    pub extrapolation: Option<ExtrapolationSummary>,
}

impl Results {
    /// Tells every value what the whole run calls in question.
    pub(super) fn warn(&mut self, warnings: &[String]) {
        let of_properties = self.properties.iter_mut().filter_map(|property| property.estimate.as_mut());
        for estimate in self.estimates.values_mut().chain(of_properties) {
            estimate.warnings.extend_from_slice(warnings);
        }
    }
}

/// A gallery entry: a run with its story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Identifier, as in links: `cacl2-kcl-melt`.
    pub name: String,
    /// Heading.
    pub title: String,
    /// One or two plain sentences.
    pub description: String,
    /// Every file that the run needs, below `potentials/`.
    pub files: Vec<String>,
    /// The run.
    pub spec: RunSpec,
}
