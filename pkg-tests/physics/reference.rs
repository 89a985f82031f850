//! The reference data: potentials, configurations and what the reference programs say of them.
//!
//! The copy in `pkg-tests/reference` is always there; `../shared/reference`, where present, adds larger cases.

use std::path::{Path, PathBuf};

use crucible::io::{Configuration, read_cfg, read_mtp};
use crucible::math::{Mat3, Vec3};
use crucible::potential::mtp::MtpParameters;
use serde_json::Value;

/// One configuration's values.
pub struct Expected {
    pub name: String,
    pub energy: f64,
    pub site_energies: Vec<f64>,
    pub forces: Vec<Vec3>,
    pub plus_stress: Mat3,
}

/// A potential with its configurations and the values expected for each of them.
pub struct Case {
    pub name: String,
    pub parameters: MtpParameters,
    pub configurations: Vec<Configuration>,
    pub expected: Vec<Expected>,
}

/// The folder of the copy in the tree.
pub fn tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg-tests/reference")
}

/// The whole collection, where this machine has it.
pub fn shared() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    path.is_dir().then_some(path)
}

/// Reads a text file.
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every case that this machine has, the copy in the tree first.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for root in [Some(tree()), shared()].into_iter().flatten() {
        for expected in json_files(&root.join("expected")) {
            let name = stem(&expected);
            if cases.iter().any(|case| case.name == name) {
                continue;
            }
            let species = name.split('_').find(|part| part.starts_with('S') && part.len() == 2).unwrap_or("S1");
            let potential = root.join(format!("potentials/{name}.mtp"));
            cases.push(load(name.clone(), &potential, &root.join(format!("configs/{species}.cfg")), &expected));
        }
        for expected in json_files(&root.join("fitted")) {
            cases.push(load(
                stem(&expected),
                &expected.with_extension("mtp"),
                &expected.with_extension("cfg"),
                &expected,
            ));
        }
    }
    cases
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn load(name: String, potential: &Path, configurations: &Path, expected: &Path) -> Case {
    let parameters = read_mtp(&text(potential), &name).unwrap_or_else(|error| panic!("{error}"));
    let configurations = read_cfg(&text(configurations), &name, &[]).unwrap_or_else(|error| panic!("{error}"));
    let json: Value = serde_json::from_str(&text(expected)).expect("reference JSON");
    let expected: Vec<Expected> = json["cfgs"].as_array().expect("cfgs").iter().map(read_expected).collect();
    assert_eq!(configurations.len(), expected.len(), "{name}");
    Case { name, parameters, configurations, expected }
}

fn read_expected(value: &Value) -> Expected {
    let forces = numbers(&value["forces"]);
    Expected {
        name: value["name"].as_str().unwrap_or_default().to_owned(),
        energy: value["energy"].as_f64().expect("energy"),
        site_energies: numbers(&value["site_energies"]),
        forces: forces.chunks(3).map(Vec3::from_column_slice).collect(),
        plus_stress: Mat3::from_row_slice(&numbers(&value["plus_stress_3x3"])),
    }
}

/// A JSON list as numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}
