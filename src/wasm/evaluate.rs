//! `evaluate`: configurations under a potential in one call, for node and for scripts.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{JsResult, error_object, to_object};
use crate::error::Result;
use crate::io::{read_cfg, read_mtp, types_from_labels};
use crate::potential::mtp::MtpPotential;
use crate::run::{Efs, evaluate_all};

/// Energy, site energies, forces and PlusStress of every configuration of a .cfg text, as
/// `{ cfgs: [{ name, n, energy, site_energies, forces, plus_stress_3x3 }] }` in eV and Å.
///
/// # Errors
/// Throws `{ kind, message, hint }` where a text can't be read or a configuration not evaluated.
#[wasm_bindgen(unchecked_return_type = "{ cfgs: object[] }")]
pub fn evaluate(potential_text: &str, cfg_text: &str) -> JsResult<JsValue> {
    let efs = evaluate_texts(potential_text, cfg_text).map_err(|error| error_object(&error))?;
    to_object(&efs)
}

fn evaluate_texts(potential_text: &str, cfg_text: &str) -> Result<Efs> {
    let parameters = read_mtp(potential_text, "potential")?;
    let mut configurations = read_cfg(cfg_text, "configurations", &[])?;
    types_from_labels(&mut configurations, &parameters.species_labels)?;
    evaluate_all(&mut MtpPotential::new(parameters)?, &configurations)
}
