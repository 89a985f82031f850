//! One folder a structure: what goes to the machine that labels, and what comes back from it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{METHOD, Settings, method_of};
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

/// Inputs for every structure, each in a folder named after it. Structures keep their names and features, without labels; a
/// feature more states the method of the inputs. Of several structures of one name the later get numbers.
///
/// # Errors
/// As [`Settings::inputs`]; one structure twice.
pub fn input_folders(structures: &[Configuration], settings: &Settings) -> Result<Vec<InputFolder>> {
    let mut known: BTreeMap<String, &Configuration> = BTreeMap::new();
    let mut folders = Vec::new();
    for (k, structure) in structures.iter().enumerate() {
        let own = structure.name.clone().unwrap_or_else(|| format!("{:04}", k + 1));
        let (mut name, mut folder) = (own.clone(), folder_name(&own));
        let mut number = 1;
        while let Some(earlier) = known.get(&folder) {
            if earlier.system.coincides_with(&structure.system) {
                return Err(Error::invalid("structures to label", format!("{own} twice"), "each structure once"));
            }
            number += 1;
            name = format!("{own}-{number}");
            folder = format!("{}-{number}", folder_name(&own));
        }
        known.insert(folder.clone(), structure);
        let mut bare = Configuration::new(structure.system.clone());
        bare.features = structure.features.iter().filter(|(feature, _)| feature != METHOD).cloned().collect();
        bare.features.push((METHOD.to_owned(), settings.method().to_owned()));
        bare.name = Some(name);
        let text = write_extxyz(&[bare]);
        // Of the structure as it is read back with the outputs: codes group atoms by species, in the order of that text.
        let inputs = settings.inputs(&read_folder_structure(text.as_bytes(), STRUCTURE, settings)?)?;
        let mut files: Vec<(String, String)> =
            inputs.into_iter().map(|input| (input.name.into(), input.text)).collect();
        files.push((STRUCTURE.to_owned(), text));
        folders.push(InputFolder { name: folder, files });
    }
    Ok(folders)
}

/// Letters of a folder's name: file systems take 255 bytes, and some programs fewer.
const MOST_LETTERS: usize = 100;

/// A structure's name as one of a folder: of letters, digits, `_`, `-` and `.`, not hidden, not long, the others made `_`.
pub fn folder_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let safe: String = name.chars().map(safe).collect();
    let visible = safe.trim_start_matches('.');
    let visible = visible.get(..MOST_LETTERS).unwrap_or(visible);
    if visible.is_empty() { "structure".to_owned() } else { visible.to_owned() }
}

/// Reads a folder's structure. Its inputs must be those of `settings`, where it says of which method they are.
///
/// # Errors
/// A text that holds none; inputs of another method.
pub fn read_folder_structure(bytes: &[u8], file: &str, settings: &Settings) -> Result<Configuration> {
    let one = read_extxyz(decode(bytes, file)?, file)?.pop();
    let one =
        one.ok_or_else(|| Error::invalid(file, "no structure", "the structure that was written with the inputs"))?;
    match method_of(&one).filter(|method| *method != settings.method()) {
        Some(other) => {
            let expected = format!("{}: choose the code and the electrons that its inputs are for", settings.method());
            Err(Error::invalid(format!("{file}: method of the inputs"), other, expected))
        }
        None => Ok(one),
    }
}

/// Reads outputs, given as paths and contents. An output belongs to the structure in its folder; without one, to the one of
/// `structures` that its file is named after, else its innermost folder that one is; a single output to a single structure.
///
/// # Errors
/// No output at all. What is wrong with a single one is among the failures.
pub fn collect(files: &[(String, Vec<u8>)], structures: &[Configuration], settings: &Settings) -> Result<Collected> {
    let mut collected = Collected::default();
    let outputs = outputs(files, structures, settings);
    if outputs.is_empty() {
        let names = settings.outputs().join(" or ");
        let expected = format!("{names} of each structure, in a folder of its own or named after it");
        return Err(Error::invalid("outputs", format!("{} files, none of them one", files.len()), expected));
    }
    let only = match structures {
        [only] if outputs.len() == 1 => Some(only),
        _ => None,
    };
    for (path, bytes) in outputs {
        let structure = || only.map_or_else(|| named_after(path, structures), Ok);
        match label(path, bytes, files, structure, settings) {
            Ok(labelled) => collected.labelled.push(labelled),
            Err(error) => collected.failures.push(error),
        }
    }
    Ok(collected)
}

/// Whether [`collect`] may read a file of this path, as the structure of its folder or as an output.
pub fn is_collected(path: &str, settings: &Settings) -> bool {
    let own = file_of(path);
    own == STRUCTURE || settings.outputs().contains(&own) || looks_like_output(path, settings)
}

/// The outputs among files: one of each folder, that which the code's list names first.
fn outputs<'a>(
    files: &'a [(String, Vec<u8>)],
    structures: &[Configuration],
    settings: &Settings,
) -> Vec<(&'a str, &'a [u8])> {
    let rank = |path: &str| settings.outputs().iter().position(|name| file_of(path) == *name);
    let mut outputs = Vec::new();
    for (path, bytes) in files {
        let others = files.iter().filter(|(other, _)| folder_of(other) == folder_of(path));
        let named = match rank(path) {
            Some(own) => others.filter_map(|(other, _)| rank(other)).min() == Some(own),
            // "melt-3.out" is as good as "melt-3/cp2k.out"; other names beside the code's own are a queue's.
            None => {
                let is_alone = others.clone().all(|(other, _)| rank(other).is_none());
                let names = || structures.iter().filter_map(|structure| structure.name.as_deref());
                looks_like_output(path, settings) && (is_alone || names().any(|name| is_named(file_of(path), name)))
            }
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

/// The label of an output; `structure` gives its structure where none lies beside it.
fn label<'a>(
    path: &str,
    bytes: &[u8],
    files: &[(String, Vec<u8>)],
    structure: impl FnOnce() -> Result<&'a Configuration>,
    settings: &Settings,
) -> Result<Configuration> {
    let beside = files.iter().find(|(other, _)| folder_of(other) == folder_of(path) && file_of(other) == STRUCTURE);
    // Titles and paths may be in any encoding; what is read is not.
    let read = |structure: &Configuration| {
        settings.attach(structure, settings.read(&String::from_utf8_lossy(bytes), path)?, path)
    };
    match beside {
        Some((name, bytes)) => read(&read_folder_structure(bytes, name, settings)?),
        None => read(structure()?),
    }
}

/// Whether a file is named after a structure, with whatever endings.
fn is_named(file: &str, name: &str) -> bool {
    file == name || file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

/// The structure that the file is named after, else the innermost folder that is; of several names the longest.
fn named_after<'a>(path: &str, structures: &'a [Configuration]) -> Result<&'a Configuration> {
    let file = file_of(path);
    // How far out the name stands, and its length.
    let rank = |name: &str| {
        let of_file = is_named(file, name);
        let of_folder = || path.rsplit('/').skip(1).position(|part| part == name).map(|depth| depth + 1);
        let depth = if of_file { Some(0) } else { of_folder() };
        depth.map(|depth| (depth, Reverse(name.len())))
    };
    let name = |k: usize, structure: &Configuration| structure.name.clone().unwrap_or_else(|| format!("{:04}", k + 1));
    let ranked = structures.iter().enumerate().filter_map(|(k, structure)| {
        let rank = rank(&folder_name(&name(k, structure)))?;
        Some((rank, structure))
    });
    let mut found: Vec<((usize, Reverse<usize>), &Configuration)> = ranked.collect();
    found.sort_by_key(|(rank, _)| *rank);
    match found.as_slice() {
        [] => {
            let expected =
                format!("{STRUCTURE} beside it, or a file or folder named after one of the structures given");
            Err(Error::invalid(path, "an output without its structure", expected))
        }
        [(first, _), (second, _), ..] if first == second => {
            Err(Error::invalid(path, "an output of two structures of one name", "a name for each structure"))
        }
        [(_, structure), ..] => Ok(*structure),
    }
}

fn file_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
