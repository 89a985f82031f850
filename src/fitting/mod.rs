//! Fitting potentials to labelled configurations.

pub mod template;

pub use template::TemplateSpec;
