//! The JS boundary: the only folder that names JS types.
//!
//! | feature | exports |
//! |---|---|
//! | `engine` | `evaluate`; `Evaluator` for timing; the sessions of a run and of a fit; labelling; `Analysis` of a trajectory |
//! | `threads` | the same, and `initThreadPool`, to be called from a worker that then drives the session |
//! | `charts` | drawing on a canvas |
//!
//! Errors cross as plain objects `{ kind, message, hint }`, data as copies: never a view of wasm memory.

#[cfg(feature = "engine")]
mod analysis;
#[cfg(feature = "charts")]
mod charts;
#[cfg(feature = "engine")]
mod evaluate;
#[cfg(feature = "engine")]
mod evaluator;
#[cfg(feature = "engine")]
mod files;
#[cfg(feature = "engine")]
mod fit;
#[cfg(feature = "engine")]
mod label;
#[cfg(feature = "engine")]
mod session;

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::Error;

#[cfg(feature = "threads")]
pub use wasm_bindgen_rayon::init_thread_pool;

/// What an export gives to JS: a value, or a thrown `{ kind, message, hint }`.
type JsResult<T> = Result<T, JsValue>;

/// Sends the message of a panic, which is a defect of ours, to the console instead of a bare "unreachable".
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// An [`Error`] as the page sees it.
#[derive(Serialize)]
struct ErrorObject {
    kind: &'static str,
    message: String,
    hint: Option<&'static str>,
}

impl From<&Error> for ErrorObject {
    fn from(error: &Error) -> Self {
        Self { kind: error.kind(), message: error.to_string(), hint: error.hint() }
    }
}

/// The plain object `{ kind, message, hint }` that every export throws.
pub fn error_object(error: &Error) -> JsValue {
    to_object(&ErrorObject::from(error)).unwrap_or_else(|_| JsValue::from_str(&error.to_string()))
}

/// Any serialisable value as a plain JS object: maps as objects, nothing as `null`, 64-bit counts as numbers.
pub fn to_object(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(JsValue::from)
}

/// A plain object by way of JSON: the same words and the same complaints as on the command line.
#[cfg(feature = "engine")]
fn plain<T: serde::de::DeserializeOwned>(object: &JsValue, what: &str, expected: &str) -> Result<T, Error> {
    let unusable = |reason: String| Error::invalid(what, reason, expected);
    // Of what JSON has no form for, such as undefined, there is no text.
    let text = js_sys::JSON::stringify(object).ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| unusable("a value that is no JSON".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))
}
