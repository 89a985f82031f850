//! One calculation of a code that labels, in a folder of its own: its run, its output, and whether that was cut short.

use std::path::{Path, PathBuf};
use std::process::Command;

use crucible::io::Configuration;
use crucible::labelling::{Code, Settings, is_collected};
use crucible::{Error, Result};

use super::files;

/// What codes say where the electrons did not converge. Some stop at once then: that is no interruption.
const UNCONVERGED: [&str; 4] =
    ["SCF run NOT converged", "SCF loop FAILED to converge", "convergence NOT achieved", "EDIFF was not reached"];

/// The first of the code's outputs that is there.
pub fn output(place: &Path, settings: &Settings) -> Option<PathBuf> {
    outputs(place, settings).next()
}

fn outputs(place: &Path, settings: &Settings) -> impl Iterator<Item = PathBuf> {
    settings.outputs().iter().map(|name| place.join(name)).filter(|path| path.is_file())
}

/// Paths and contents of the outputs, and of the structures beside them, in a folder and those in it; without `others`, which lie
/// there for another reason.
///
/// # Errors
/// A folder or file that can't be read.
pub fn outputs_under<'a>(
    folder: &Path,
    settings: &Settings,
    others: impl Iterator<Item = &'a Path>,
) -> Result<Vec<(String, Vec<u8>)>> {
    let others: Vec<PathBuf> = others.filter_map(|path| path.canonicalize().ok()).collect();
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| files::refused(&folder, &error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            // Links to folders are not followed: they may lead round in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if is_collected(&files::name(&path), settings)
                && path.canonicalize().is_ok_and(|path| path.is_file() && !others.contains(&path))
            {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    let text =
        |path: &Path| path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    found.into_iter().map(|path| Ok((text(&path), files::read(&path)?))).collect()
}

/// Whether there is an output that stops before its end, as where the code was killed. One that holds a label, or tells that
/// the electrons did not converge, is no such: to run it again would change nothing.
pub fn was_interrupted(place: &Path, settings: &Settings) -> bool {
    let Some(path) = output(place, settings) else { return false };
    let Ok(bytes) = files::read(&path) else { return false };
    // It may stop in the middle of a character.
    let (text, name) = (String::from_utf8_lossy(&bytes), files::name(&path));
    let ended = end_mark(settings.code, &name).is_some_and(|mark| text.contains(mark));
    let unconverged = || UNCONVERGED.iter().any(|mark| text.contains(mark));
    !ended && !unconverged() && settings.read(&text, &name).is_err()
}

/// What the code writes at the end of an output, whatever came out. GPAW's has none: its script writes it at once, and only
/// if GPAW has converged, so that one that can't be read was cut.
fn end_mark(code: Code, file: &str) -> Option<&'static str> {
    match code {
        Code::Cp2k => Some("PROGRAM ENDED AT"),
        Code::Gpaw => None,
        Code::Vasp if file.ends_with("xml") => Some("</modeling>"),
        Code::Vasp => Some("General timing and accounting"),
        Code::Qe => Some("JOB DONE."),
    }
}

/// Removes the outputs: some codes append to what they find.
///
/// # Errors
/// The system's refusal.
pub fn remove_outputs(place: &Path, settings: &Settings) -> Result<()> {
    outputs(place, settings)
        .try_for_each(|path| std::fs::remove_file(&path).map_err(|error| files::refused(&path, &error)))
}

/// Runs the code in the folder.
///
/// # Errors
/// A command that is not there.
pub fn run(place: &Path, command: &str) -> Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(place);
    // One thread and one process unless the command says otherwise; Open MPI refuses to run as root unless told twice.
    for (name, value) in
        [("OMP_NUM_THREADS", "1"), ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")]
    {
        if std::env::var_os(name).is_none() {
            shell.env(name, value);
        }
    }
    let status = shell.status().map_err(|error| files::refused(place, &error))?;
    // The shell's codes for a program that is not there or may not be run.
    if matches!(status.code(), Some(126 | 127)) {
        let expected = "a command that runs the code (--command), or --write to run it elsewhere";
        return Err(Error::invalid("command of the code", format!("\"{command}\", which is not installed"), expected));
    }
    Ok(())
}

/// The structure with the label that the output holds.
///
/// # Errors
/// No output, or one without a label of this structure.
pub fn read_label(place: &Path, settings: &Settings, structure: &Configuration) -> Result<Configuration> {
    let path = output(place, settings).ok_or_else(|| {
        let expected = format!("{} (see its log)", settings.outputs().join(" or "));
        Error::invalid(files::name(place), "no output", expected)
    })?;
    let name = files::name(&path);
    let bytes = files::read(&path)?;
    let label = settings.read(&String::from_utf8_lossy(&bytes), &name)?;
    settings.attach(structure, label, &name)
}
