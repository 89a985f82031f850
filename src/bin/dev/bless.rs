//! Writing the reference outputs anew, after a change that is meant to change them. Look at the difference before committing it.

use std::fs;
use std::path::{Path, PathBuf};

use crucible::io::{Configuration, read_almtp, read_cfg, write_cfg};
use crucible::math::{Mat3, Vec3};
use crucible::potential::Potential;
use crucible::potential::mtp::{Kernel, MtpPotential};
use crucible::run::{self, EvaluatedConfiguration, PotentialSpec, evaluate_all};

use crate::Outcome;

/// Writes every `potentials/<system>/check.cfg` with what the reference kernel says of its own structures.
pub fn bless(root: &Path) -> Outcome {
    let folders = fs::read_dir(root.join("potentials")).map_err(|error| format!("potentials: {error}"))?;
    let mut folders: Vec<PathBuf> = folders.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    for folder in folders {
        let check = folder.join("check.cfg");
        if check.is_file() {
            bless_check(&folder, &check).map_err(|error| format!("{}: {error}", check.display()))?;
            println!("blessed {}", check.strip_prefix(root).unwrap_or(&check).display());
        }
    }
    Ok(())
}

/// A Moment Tensor Potential with its reference kernel; any other as its card says.
fn potential(folder: &Path) -> Outcome<Box<dyn Potential>> {
    let words = |error: crucible::Error| error.to_string();
    let almtp = folder.join("potential.almtp");
    if almtp.is_file() {
        let bytes = fs::read(almtp).map_err(|error| error.to_string())?;
        let parameters = read_almtp(&bytes, "potential.almtp").map_err(words)?.parameters;
        return Ok(Box::new(MtpPotential::with_kernel(parameters, Kernel::Reference).map_err(words)?));
    }
    let read = |name: &str| {
        let refused = |error: std::io::Error| crucible::Error::Io { path: name.to_owned(), reason: error.to_string() };
        fs::read(folder.join(name)).map_err(refused)
    };
    run::potential(&PotentialSpec::Card { file: "card.toml".into() }, &read).map_err(words)
}

fn bless_check(folder: &Path, check: &Path) -> Outcome {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| error.to_string());
    let words = |error: crucible::Error| error.to_string();
    let mut potential = potential(folder)?;
    let mut configurations = read_cfg(&read(check)?, "check.cfg", &[]).map_err(words)?;
    let values = evaluate_all(&mut *potential, &configurations).map_err(words)?;
    for (configuration, values) in configurations.iter_mut().zip(&values.cfgs) {
        record(configuration, values);
    }
    fs::write(check, write_cfg(&configurations)).map_err(|error| error.to_string())
}

fn record(configuration: &mut Configuration, values: &EvaluatedConfiguration) {
    configuration.energy = Some(values.energy);
    configuration.forces = Some(values.forces.chunks_exact(3).map(Vec3::from_column_slice).collect());
    configuration.plus_stress = Some(Mat3::from_row_slice(&values.plus_stress_3x3));
}
