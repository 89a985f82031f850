//! Labelling in the page: inputs for codes that label, their outputs read back, and structures in another format.

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::files::named_files;
use super::session::format_of;
use super::{JsResult, error_object, to_object};
use crate::error::Result;
use crate::io::{Configuration, StructureFormat, read_structure, unite_species, write_structure};
use crate::labelling::{Code, Electrons, Settings, collect, input_folders};

/// A file to write.
#[derive(Serialize)]
struct Written {
    path: String,
    text: String,
}

/// Labels that came back.
#[derive(Serialize)]
struct CollectedLabels {
    labelled: usize,
    failures: Vec<String>,
    /// The labelled configurations as extended XYZ.
    text: String,
    /// Their elements in order of appearance; none where they are only numbered.
    species: Vec<String>,
}

/// Inputs of a code (`cp2k`, `gpaw`, `vasp`, `qe`) for structures: `[{ path, text }]`, a folder a structure. `files` is an
/// array of `{ name, bytes }`; `species` names the elements where files number them.
#[wasm_bindgen(js_name = labelInputs)]
pub fn label_inputs(files: &JsValue, species: Vec<String>, code: &str, metal: bool) -> JsResult<JsValue> {
    let write = || -> Result<Vec<Written>> {
        let folders = input_folders(&structures(files, &species)?, &settings(code, metal)?)?;
        let file = |folder: &str, (name, text): (String, String)| Written { path: format!("{folder}/{name}"), text };
        Ok(folders.into_iter().flat_map(|f| f.files.into_iter().map(move |entry| file(&f.name, entry))).collect())
    };
    to_object(&write().map_err(|error| error_object(&error))?)
}

/// Reads a code's outputs: `{ labelled, failures, text, species }`. `outputs` and `files` are arrays of `{ name, bytes }`,
/// names with their folders; `files` are the structures that outputs without one in their folder belong to.
#[wasm_bindgen(js_name = labelOutputs)]
pub fn label_outputs(
    outputs: &JsValue,
    files: &JsValue,
    species: Vec<String>,
    code: &str,
    metal: bool,
) -> JsResult<JsValue> {
    let read = || -> Result<CollectedLabels> {
        let known = structures(files, &species)?;
        let collected = collect(&named_files(outputs)?, &known, &settings(code, metal)?)?;
        let found = unite_species(&mut collected.labelled.clone(), &[]).unwrap_or_default();
        let named = found.into_iter().map(|species| species.name).filter(|name| name.parse::<usize>().is_err());
        Ok(CollectedLabels {
            labelled: collected.labelled.len(),
            failures: collected.failures.iter().map(ToString::to_string).collect(),
            text: write_structure(StructureFormat::ExtXyz, &collected.labelled)?,
            species: named.collect(),
        })
    };
    to_object(&read().map_err(|error| error_object(&error))?)
}

/// Structures of several files as the text of one, whose ending decides the format.
#[wasm_bindgen(js_name = convertStructures)]
pub fn convert_structures(files: &JsValue, species: Vec<String>, file: &str) -> JsResult<String> {
    let write = || write_structure(format_of(file)?, &structures(files, &species)?);
    write().map_err(|error| error_object(&error))
}

fn structures(files: &JsValue, species: &[String]) -> Result<Vec<Configuration>> {
    let mut configurations = Vec::new();
    for (name, bytes) in named_files(files)? {
        configurations.extend(read_structure(&bytes, &name)?);
    }
    unite_species(&mut configurations, species)?;
    Ok(configurations)
}

fn settings(code: &str, metal: bool) -> Result<Settings> {
    let electrons = if metal { Electrons::Metal } else { Electrons::Insulator };
    Ok(Settings { code: Code::from_name(code)?, electrons })
}
