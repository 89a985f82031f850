//! Files as the page hands them over.

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::{Error, Result};

/// An array of `{ name, bytes }`, in its order.
pub(super) fn named_files(files: &JsValue) -> Result<Vec<(String, Vec<u8>)>> {
    let array = files.dyn_ref::<Array>().ok_or_else(|| unusable("an array of { name, bytes }"))?;
    array.iter().map(|file| named_file(&file)).collect()
}

/// `{ name, bytes }`, `bytes` a `Uint8Array` or text.
pub(super) fn named_file(file: &JsValue) -> Result<(String, Vec<u8>)> {
    let expected = || unusable("{ name, bytes }");
    let part = |name: &str| Reflect::get(file, &JsValue::from_str(name)).unwrap_or_default();
    let (name, content) = (part("name").as_string().ok_or_else(expected)?, part("bytes"));
    match (content.as_string(), content.dyn_ref::<Uint8Array>()) {
        (Some(text), _) => Ok((name, text.into_bytes())),
        (None, Some(bytes)) => Ok((name, bytes.to_vec())),
        (None, None) => Err(expected()),
    }
}

fn unusable(expected: &str) -> Error {
    Error::invalid("files", "something else", expected)
}
