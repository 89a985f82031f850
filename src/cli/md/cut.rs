//! Cutting a trajectory or log that reaches further than the checkpoint from which a run goes on, such as that of a run that
//! was killed while it wrote.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;

use crucible::{Error, Result};

use super::files;

/// What a file consists of, as [`Outputs`](super::outputs::Outputs) writes it.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Frames with their step in the comment.
    ExtXyz,
    /// Frames with `ITEM: TIMESTEP`.
    LammpsDump,
    /// Rows that begin with their step, below a header.
    Log,
}

/// Leaves of a file what it has up to a step; a frame or row that is not whole goes too. A file that is not there may stay so.
///
/// # Errors
/// A file that can't be read or written, or is of another kind; it is then as it was.
pub fn after(path: &Path, kind: Kind, step: u64) -> Result<()> {
    // What is no file, such as /dev/null, keeps nothing.
    if !path.is_file() {
        return Ok(());
    }
    let refused = |error: std::io::Error| files::refused(path, &error);
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(refused)?;
    let length = file.metadata().map_err(refused)?.len();
    let mut lines = Lines::new(path, &file);
    let mut kept = 0;
    loop {
        match kind.next_step(&mut lines) {
            Ok(next) if next <= step => kept = lines.end,
            Ok(_) | Err(Stop::End) => break,
            Err(Stop::Refused(error)) => return Err(error),
        }
    }
    if kept < length {
        eprintln!("{}: cut off what comes after step {step}, from which the run goes on", path.display());
        file.set_len(kept).map_err(refused)?;
    }
    Ok(())
}

/// Why there is no further frame or row.
enum Stop {
    End,
    Refused(Error),
}

type Next<T> = std::result::Result<T, Stop>;

impl Kind {
    /// Reads a frame or row, and returns its step.
    fn next_step(self, lines: &mut Lines) -> Next<u64> {
        match self {
            Self::ExtXyz => frame_of_extxyz(lines),
            Self::LammpsDump => frame_of_dump(lines),
            Self::Log => row_of_log(lines),
        }
    }
}

fn frame_of_extxyz(lines: &mut Lines) -> Next<u64> {
    lines.advance()?;
    let atoms = lines.whole_number(Some(&lines.line), "a frame's number of atoms")?;
    lines.advance()?;
    let step = lines.line.split_whitespace().find_map(|word| word.strip_prefix("step="));
    let step = lines.whole_number(step, "a frame with step=… in its comment")?;
    lines.skip(atoms)?;
    Ok(step)
}

fn frame_of_dump(lines: &mut Lines) -> Next<u64> {
    let (mut step, mut atoms) = (None, None);
    loop {
        lines.advance()?;
        match lines.line.strip_prefix("ITEM: ") {
            None => return Err(lines.refuse("a line with ITEM:")),
            Some("TIMESTEP") => {
                lines.advance()?;
                step = Some(lines.whole_number(Some(&lines.line), "a step")?);
            }
            Some("NUMBER OF ATOMS") => {
                lines.advance()?;
                atoms = Some(lines.whole_number(Some(&lines.line), "a frame's number of atoms")?);
            }
            Some(item) if item.starts_with("BOX BOUNDS") => lines.skip(3)?,
            Some(item) if item.starts_with("ATOMS") => {
                let Some((step, atoms)) = step.zip(atoms) else {
                    return Err(lines.refuse("ITEM: TIMESTEP and ITEM: NUMBER OF ATOMS before the atoms"));
                };
                lines.skip(atoms)?;
                return Ok(step);
            }
            Some(_) => lines.skip(1)?,
        }
    }
}

fn row_of_log(lines: &mut Lines) -> Next<u64> {
    lines.advance()?;
    while lines.line.starts_with('#') {
        lines.advance()?;
    }
    lines.whole_number(lines.line.split_whitespace().next(), "a row that begins with its step")
}

/// The lines of a file, one after the other.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<&'a File>,
    /// The present line, trimmed.
    line: String,
    number: usize,
    /// Bytes of the file up to its end.
    end: u64,
}

impl<'a> Lines<'a> {
    fn new(path: &'a Path, file: &'a File) -> Self {
        Self { path, reader: BufReader::new(file), line: String::new(), number: 0, end: 0 }
    }

    /// Goes to the next line; one without its end does not count.
    fn advance(&mut self) -> Next<()> {
        self.line.clear();
        let length = self.reader.read_line(&mut self.line);
        let length = length.map_err(|error| Stop::Refused(files::refused(self.path, &error)))?;
        if self.line.pop() != Some('\n') {
            return Err(Stop::End);
        }
        self.line.truncate(self.line.trim_end().len());
        self.number += 1;
        self.end += length as u64;
        Ok(())
    }

    fn skip(&mut self, lines: u64) -> Next<()> {
        (0..lines).try_for_each(|_| self.advance())
    }

    fn whole_number(&self, word: Option<&str>, expected: &str) -> Next<u64> {
        word.and_then(|word| word.parse().ok()).ok_or_else(|| self.refuse(expected))
    }

    fn refuse(&self, expected: &str) -> Stop {
        let expected = format!("{expected}, as a run writes it that --restore goes on with");
        Stop::Refused(Error::parse(&files::name(self.path), self.number, &self.line, expected))
    }
}
