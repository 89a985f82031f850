//! One folder a structure: what goes to the machine that labels, and what comes back from it.

use std::collections::BTreeSet;

use super::{METHOD, Settings};
use crate::error::{Error, Result};
use crate::io::{Configuration, decode, read_extxyz, write_extxyz};

/// The structure of a folder, beside the inputs that were written for it.
pub const STRUCTURE: &str = "structure.extxyz";

/// Inputs for one structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFolder {
    /// Its name.
    pub name: String,
    /// Names and contents of its files, the structure among them.
    pub files: Vec<(String, String)>,
}

/// Labels that came back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Collected {
    /// Structures with their labels.
    pub labelled: Vec<Configuration>,
    /// What is wrong with the others.
    pub failures: Vec<Error>,
}

/// Inputs for every structure, each in a folder named after it. Structures keep what their files say of them, but no labels.
///
/// # Errors
/// As [`Settings::inputs`]; two structures of one name.
pub fn input_folders(structures: &[Configuration], settings: &Settings) -> Result<Vec<InputFolder>> {
    let mut known = BTreeSet::new();
    let mut folders = Vec::new();
    for (k, structure) in structures.iter().enumerate() {
        let name = structure.name.clone().unwrap_or_else(|| format!("{:04}", k + 1));
        let folder = folder_name(&name);
        if !known.insert(folder.clone()) {
            return Err(Error::invalid("structures to label", format!("two named {name}"), "a name for each"));
        }
        let mut bare = Configuration::new(structure.system.clone());
        bare.features = structure.features.iter().filter(|(feature, _)| feature != METHOD).cloned().collect();
        bare.name = Some(name);
        let inputs = settings.inputs(&bare)?;
        let mut files: Vec<(String, String)> =
            inputs.into_iter().map(|input| (input.name.into(), input.text)).collect();
        files.push((STRUCTURE.to_owned(), write_extxyz(&[bare])));
        folders.push(InputFolder { name: folder, files });
    }
    Ok(folders)
}

/// A name that every system takes for one of a folder.
pub fn folder_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let safe: String = name.chars().map(safe).collect();
    let visible = safe.trim_start_matches('.');
    if visible.is_empty() { "structure".to_owned() } else { visible.to_owned() }
}

/// Reads a folder's structure.
///
/// # Errors
/// A text that holds none.
pub fn read_folder_structure(bytes: &[u8], file: &str) -> Result<Configuration> {
    let one = read_extxyz(decode(bytes, file)?, file)?.pop();
    one.ok_or_else(|| Error::invalid(file, "no structure", "the structure that was written with the inputs"))
}

/// Reads outputs, given as paths and contents. An output belongs to the structure in its folder; without one, to the one of
/// `structures` that its folder or file is named after, or to the only one.
///
/// # Errors
/// No output at all. What is wrong with a single one is among the failures.
pub fn collect(files: &[(String, Vec<u8>)], structures: &[Configuration], settings: &Settings) -> Result<Collected> {
    let mut collected = Collected::default();
    let outputs = outputs(files, settings);
    if outputs.is_empty() {
        let names = settings.outputs().join(" or ");
        let expected = format!("{names} of each structure, in a folder of its own or named after it");
        return Err(Error::invalid("outputs", format!("{} files, none of them one", files.len()), expected));
    }
    for (path, bytes) in outputs {
        match label(path, bytes, files, structures, settings) {
            Ok(labelled) => collected.labelled.push(labelled),
            Err(error) => collected.failures.push(error),
        }
    }
    Ok(collected)
}

/// The outputs among files: one of each folder, that which the code's list names first.
fn outputs<'a>(files: &'a [(String, Vec<u8>)], settings: &Settings) -> Vec<(&'a str, &'a [u8])> {
    let rank = |path: &str| settings.outputs().iter().position(|name| file_of(path) == *name);
    let mut outputs = Vec::new();
    for (path, bytes) in files {
        let others = files.iter().filter(|(other, _)| folder_of(other) == folder_of(path));
        let named = match rank(path) {
            Some(own) => others.filter_map(|(other, _)| rank(other)).min() == Some(own),
            // "melt-3.out" is as good as "melt-3/cp2k.out".
            None => others.clone().all(|(other, _)| rank(other).is_none()) && looks_like_output(path, settings),
        };
        if named {
            outputs.push((path.as_str(), bytes.as_slice()));
        }
    }
    outputs
}

/// Whether a file has the ending of the code's outputs and is not its input.
fn looks_like_output(path: &str, settings: &Settings) -> bool {
    let ending = |name: &str| name.rsplit_once('.').map(|(_, ending)| ending.to_owned());
    let own = file_of(path);
    let outcar = settings.outputs().iter().any(|name| ending(name).is_none() && own.contains(name));
    own != STRUCTURE
        && (outcar || settings.outputs().iter().any(|name| ending(name).is_some() && ending(name) == ending(own)))
}

fn label(
    path: &str,
    bytes: &[u8],
    files: &[(String, Vec<u8>)],
    structures: &[Configuration],
    settings: &Settings,
) -> Result<Configuration> {
    let beside = files.iter().find(|(other, _)| folder_of(other) == folder_of(path) && file_of(other) == STRUCTURE);
    let structure = match beside {
        Some((name, bytes)) => read_folder_structure(bytes, name)?,
        None => named_after(path, structures)?,
    };
    settings.attach(&structure, settings.read(decode(bytes, path)?, path)?, path)
}

fn named_after(path: &str, structures: &[Configuration]) -> Result<Configuration> {
    if let [only] = structures {
        return Ok(only.clone());
    }
    let stem = file_of(path).split_once('.').map_or(file_of(path), |(stem, _)| stem);
    let is_of = |k: usize, structure: &Configuration| {
        let name = folder_name(&structure.name.clone().unwrap_or_else(|| format!("{:04}", k + 1)));
        path.split('/').rev().skip(1).any(|part| part == name)
            || file_of(path).starts_with(&format!("{name}."))
            || stem == name
    };
    let found = structures.iter().enumerate().find(|(k, structure)| is_of(*k, structure));
    found.map(|(_, structure)| structure.clone()).ok_or_else(|| {
        let expected = format!("{STRUCTURE} beside it, or a file or folder named after one of the structures given");
        Error::invalid(path, "an output without its structure", expected)
    })
}

fn file_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
