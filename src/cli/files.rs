//! Files in and out, with the system's refusals as errors.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crucible::io::{MAX_FILE_BYTES, StructureFormat};
use crucible::{Error, Result};
use serde::Serialize;

/// Bytes that are read at once of files without a limit.
const PIECE: usize = 4 << 20;

/// The system's refusal as an error.
pub fn refused(path: &Path, error: &std::io::Error) -> Error {
    Error::Io { path: path.display().to_string(), reason: error.to_string() }
}

/// The content of a file of at most [`MAX_FILE_BYTES`]; larger ones are not opened.
///
/// # Errors
/// A file that is missing, unreadable, no file or too large.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let metadata = std::fs::metadata(path).map_err(|error| refused(path, &error))?;
    let name = path.display();
    if metadata.is_dir() {
        return Err(Error::Io { path: name.to_string(), reason: "a folder; expected a file".into() });
    }
    let limit = MAX_FILE_BYTES >> 20;
    let too_large = |size: String| Error::invalid(format!("{name}: size"), size, format!("at most {limit} MiB"));
    if metadata.len() > MAX_FILE_BYTES {
        return Err(too_large(format!("{} MiB", metadata.len() >> 20)));
    }
    let mut bytes = Vec::new();
    // A pipe has no length before it is read.
    let file = File::open(path).map_err(|error| refused(path, &error))?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refused(path, &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES { Err(too_large(format!("over {limit} MiB"))) } else { Ok(bytes) }
}

/// Hands the content of a file of any length to `take`, piece by piece.
///
/// # Errors
/// A file that is missing, unreadable or no file, or what `take` refuses.
pub fn read_pieces(path: &Path, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    if path.is_dir() {
        return Err(Error::Io { path: name(path), reason: "a folder; expected a file".into() });
    }
    let mut file = File::open(path).map_err(|error| refused(path, &error))?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece).map_err(|error| refused(path, &error))? {
            0 => return Ok(()),
            length => take(&piece[..length])?,
        }
    }
}

/// Writes a file, or standard output where the path is "-".
///
/// # Errors
/// The system's refusal.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = if path == Path::new("-") { std::io::stdout().write_all(bytes) } else { std::fs::write(path, bytes) };
    written.map_err(|error| refused(path, &error))
}

/// Writes a report as JSON to a file, and its text to standard output unless that is the file. Where one of them can't be
/// written, the other still is.
///
/// # Errors
/// The system's refusal, values that JSON has no form for.
pub fn write_report(json: Option<&Path>, report: &impl Serialize, text: &str) -> Result<()> {
    let write_json = |path| {
        let bytes = serde_json::to_vec_pretty(report);
        write(path, &bytes.map_err(|error| Error::invalid("results", error, "finite values"))?)
    };
    let written = json.map_or(Ok(()), write_json);
    let printed = if json == Some(Path::new("-")) { Ok(()) } else { write("-".as_ref(), text.as_bytes()) };
    first_error([written, printed])
}

/// Succeeds where all did. Of several errors the first is returned, and the others are told.
///
/// # Errors
/// The first of them.
pub fn first_error(outcomes: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let mut errors = outcomes.into_iter().filter_map(Result::err);
    let first = errors.next();
    errors.for_each(|error| eprintln!("error: {error}"));
    first.map_or(Ok(()), Err)
}

/// Writes a file by way of another beside it, so that at any time either the old content is there or the new.
///
/// # Errors
/// The system's refusal.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    // What is no file, such as /dev/null, must not be renamed over, and a link stays a link.
    if path.exists() && !path.is_file() {
        return write(path, bytes);
    }
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, &path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        refused(&path, &error)
    })
}

/// Checks that a file can be written, before work whose result it is to hold. Leaves what is there as it is.
///
/// # Errors
/// A folder of that name, a folder that is not there, the system's refusal.
pub fn check_writable(path: &Path) -> Result<()> {
    if path == Path::new("-") {
        return Ok(());
    }
    let refuse = |reason: String| Err(Error::Io { path: name(path), reason });
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        _ if path.is_dir() => return refuse("a folder; expected a file".into()),
        Some(folder) if !folder.is_dir() => return refuse(format!("there is no folder {}", folder.display())),
        _ => {}
    }
    let exists = path.exists();
    // To open what is no file, such as a pipe, may wait for its reader.
    if exists && !path.is_file() {
        return Ok(());
    }
    OpenOptions::new().append(true).create(true).open(path).map_err(|error| refused(path, &error))?;
    if exists { Ok(()) } else { std::fs::remove_file(path).map_err(|error| refused(path, &error)) }
}

/// Checks, before any work, that nothing that is read would be written over, and that no two outputs are one file.
///
/// # Errors
/// Such a file; standard output for two outputs.
pub fn check_apart<'a>(
    inputs: impl IntoIterator<Item = &'a Path>,
    outputs: impl IntoIterator<Item = &'a Path>,
) -> Result<()> {
    let mut taken: Vec<(PathBuf, &str)> = inputs.into_iter().map(|path| (place(path), "is read as well")).collect();
    // What is no file, as /dev/null, may be named again.
    for path in outputs.into_iter().filter(|path| !path.exists() || path.is_file()) {
        let own = place(path);
        if let Some((_, why)) = taken.iter().find(|(other, _)| *other == own) {
            return Err(Error::invalid("file to write", format!("{}, which {why}", path.display()), "another file"));
        }
        taken.push((own, "is written already"));
    }
    Ok(())
}

/// Where a file is, or would be, whatever the way to it.
fn place(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().ok().zip(path.file_name()).map_or(path.to_owned(), |(folder, name)| folder.join(name))
    })
}

/// The format of a file of labelled or graded structures, by its ending, and whether it can be written: before work whose
/// result it is to hold.
///
/// # Errors
/// Another ending, the system's refusal.
pub fn labelled_format(what: &str, path: &Path) -> Result<StructureFormat> {
    let format = StructureFormat::from_name(&name(path))
        .filter(|format| matches!(format, StructureFormat::ExtXyz | StructureFormat::Cfg))
        .ok_or_else(|| Error::invalid(what, name(path), "a name ending in .extxyz, .xyz or .cfg"))?;
    check_writable(path)?;
    Ok(format)
}

/// Checks the ending of a potential's file; "-" has none.
///
/// # Errors
/// Another ending.
pub fn check_potential_name(what: &str, path: &Path, endings: &[&str]) -> Result<()> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    // What is no file, as a device, has no ending either.
    let any = path == Path::new("-") || path.exists() && !path.is_file();
    if any || ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        return Ok(());
    }
    Err(Error::invalid(what, name(path), format!("a name ending in .{}, or -", endings.join(" or ."))))
}

/// The path as errors name it.
pub fn name(path: &Path) -> String {
    path.display().to_string()
}
