//! From a specification to results: what the command line and the page both drive.
//!
//! A run goes through fixed stages. *Soften* and *relax* minimise the energy, first under a soft pair model, then under the
//! potential; *warm-up* takes short steps up to the temperature; *equilibrate* is discarded; *production* is measured.
//! Where density and transport are both wanted, a *density* stage under pressure comes before a production at constant volume:
//! `"density": { "time_ps": 20 }, "production": { "ensemble": "nvt", "time_ps": 50 }`.
//!
//! With `"further_temperatures_k": [1050, 1150, 1200]` a [`Scan`] carries the whole run out at each of them as well, and finds
//! what follows from the change.
//!
//! # A complete specification
//!
//! Only `schema`, `potential`, `structure` and `temperature_k` are required; the rest is shown with its default. A stage may go
//! to another temperature or pressure (`temperature_end_k`, `pressure_end_gpa`), from which the next goes on. The thermostat's
//! kind is that of NVT: NPT has the thermostat that belongs to its barostat.
//!
//! ```
//! let text = r#"{
//!   "schema": 1,
//!   "potential": { "kind": "card", "file": "cacl2-kcl/card.toml" },
//!   "structure": {
//!     "kind": "melt",
//!     "composition": { "CaCl2": 0.737, "KCl": 0.263 },
//!     "atoms": 312,
//!     "density_g_cm3": null,
//!     "minimum_distances_angstrom": {}
//!   },
//!   "temperature_k": 1100,
//!   "pressure_gpa": 0,
//!   "timestep_fs": 2,
//!   "seed": 1,
//!   "prepare": { "soft": null, "relax_steps": 200, "warm_up_ps": 1 },
//!   "equilibrate": { "ensemble": "npt", "time_ps": 10 },
//!   "production": { "ensemble": "npt", "time_ps": 50 },
//!   "thermostat": { "kind": "stochastic-rescaling", "time_ps": 0.1 },
//!   "barostat": {
//!     "kind": "stochastic-cell-rescaling",
//!     "time_ps": 1,
//!     "compressibility_per_gpa": 0.2,
//!     "free_axes": false
//!   },
//!   "sampling": { "thermo_every": 10, "structure_every": 150, "displacements_every": 20, "transport_every": 5 },
//!   "extrapolation": { "every": 20, "warn": 2, "stop": 10, "keep_above": 2, "max_kept": 100 }
//! }"#;
//! let full: crucible::run::RunSpec = serde_json::from_str(text).unwrap();
//!
//! let short = r#"{
//!   "schema": 1,
//!   "potential": { "kind": "card", "file": "cacl2-kcl/card.toml" },
//!   "structure": { "kind": "melt", "composition": { "CaCl2": 0.737, "KCl": 0.263 }, "atoms": 312 },
//!   "temperature_k": 1100
//! }"#;
//! assert_eq!(full, serde_json::from_str(short).unwrap());
//! ```
//!
//! Where the potential has an active set (.almtp), the run is graded every so many steps: above `warn` its results say so,
//! above `keep_above` configurations are kept for labelling, above `stop` it ends at its last good state.
//!
//! Other potentials and structures:
//!
//! ```json
//! { "kind": "mtp", "file": "my.almtp", "species": ["K", "Ca", "Cl"] }
//! { "kind": "lennard-jones", "species": ["Ar"], "epsilon_ev": 0.0103, "sigma_angstrom": 3.4, "cutoff_angstrom": 8.5 }
//! { "kind": "born-mayer-huggins", "salt": "NaCl", "cutoff_angstrom": 9 }
//! { "kind": "file", "file": "start.extxyz", "configuration": 0, "repeat": [1, 1, 1] }
//! { "kind": "crystal", "lattice": "rocksalt", "elements": ["K", "Cl"], "lattice_constant_angstrom": 6.3, "repeat": [4, 4, 4] }
//! ```

mod analyze;
mod card;
mod checkpoint;
mod efs;
mod extrapolation;
mod ingredients;
mod measured;
mod melt;
mod observers;
mod plan;
mod scan;
mod spec;
mod stages;
mod transport;

pub use analyze::{Analysis, AnalyzeSettings, TrajectoryReport, analyze};
pub use card::{Card, CardPotential, CardSpecies, Fit, Law, MeasuredLaw, MeasuredRdf, ValidRange};
pub use efs::{Efs, EvaluatedConfiguration, evaluate_all};
pub use ingredients::{Files, potential};
pub use measured::{Deviation, Measured, MeasuredDensity};
pub use scan::{Scan, ScanPoint, scan_properties};
pub use spec::{
    BarostatKind, BarostatSpec, DensitySpec, EnsembleKind, ExtrapolationSpec, ExtrapolationSummary, PotentialSpec,
    PrepareSpec, Preset, Progress, Results, RunSpec, SCHEMA, SamplingSpec, ScanPlace, Stage, StageSpec, StructureSpec,
    ThermostatKind, ThermostatSpec,
};
pub use stages::Run;
