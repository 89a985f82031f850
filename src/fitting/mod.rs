//! Fitting potentials to labelled configurations.

pub mod active_set;
pub mod maxvol;
pub mod template;

pub use active_set::{Selection, build_active_set, grade_configurations, grade_mode, grade_of};
pub use maxvol::MaxVol;
pub use template::TemplateSpec;
