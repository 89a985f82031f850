//! What `crucible md` writes while the run goes on: trajectory and log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crucible::io::{
    Configuration, DUMP_HEADER, StructureFormat, dump_frame, flux_log_header, flux_log_row, write_extxyz,
};
use crucible::run::{Progress, Run};
use crucible::{Error, Result};

use super::cut::{self, Kind};
use super::{Arguments, files};

/// Bytes of a trajectory or log that are written at once.
const BUFFER: usize = 1 << 16;

/// The format of a trajectory of that name.
///
/// # Errors
/// A name of another format than extended XYZ and LAMMPS dump.
pub fn trajectory_format(path: &Path) -> Result<StructureFormat> {
    let name = files::name(path);
    let known = StructureFormat::from_name(&name);
    known
        .filter(|format| matches!(format, StructureFormat::ExtXyz | StructureFormat::LammpsDump))
        .ok_or_else(|| Error::invalid("--trajectory", name, "a name ending in .extxyz, .xyz or .dump"))
}

/// What is written while the run goes on.
pub struct Outputs {
    trajectory: Option<Trajectory>,
    log: Option<Log>,
}

impl Outputs {
    /// Begins the files anew; after --restore they go on from the step at which the run stands.
    ///
    /// # Errors
    /// A name that stands for no format, a file that can't be written, one to go on with that is no trajectory or log of a run.
    pub fn open(arguments: &Arguments, run: &Run) -> Result<Self> {
        let trajectory = arguments.trajectory.as_deref().map(|path| Trajectory::open(path, arguments, run));
        let log = arguments.log.as_deref().map(|path| Log::open(path, arguments, run));
        Ok(Self { trajectory: trajectory.transpose()?, log: log.transpose()? })
    }

    /// Steps until something is due.
    pub fn steps_until_next(&self, step: u64) -> u64 {
        let every = [self.trajectory.as_ref().map(|own| own.every), self.log.as_ref().map(|own| own.every)];
        every.into_iter().flatten().map(|every| every - step % every).min().unwrap_or(u64::MAX)
    }

    /// Writes what is due at this step.
    pub fn write(&mut self, run: &Run, progress: &Progress) {
        if let Some(trajectory) = self.trajectory.as_mut().filter(|own| progress.step.is_multiple_of(own.every)) {
            trajectory.write(run, progress);
        }
        if let Some(log) = self.log.as_mut().filter(|own| progress.step.is_multiple_of(own.every)) {
            log.write(run, progress);
        }
    }

    /// Bytes that are not in the files yet.
    pub fn waiting(&self) -> usize {
        let outs = [self.trajectory.as_ref().map(|own| &own.out), self.log.as_ref().map(|own| &own.out)];
        outs.into_iter().flatten().map(|out| out.pending.len()).sum()
    }

    /// Writes what waits.
    pub fn flush(&mut self) {
        self.trajectory.iter_mut().for_each(|trajectory| trajectory.out.flush());
        self.log.iter_mut().for_each(|log| log.out.flush());
    }

    /// The first refusal of each, if there was one.
    pub fn close(self) -> [Result<()>; 2] {
        [self.trajectory.map(|own| own.out), self.log.map(|own| own.out)].map(|out| out.map_or(Ok(()), Out::close))
    }
}

/// A text that comes bit by bit. The run goes on without it where the disk is full; the refusal counts at the end.
struct Out {
    path: PathBuf,
    file: File,
    pending: String,
    /// Whether it is for the caller to say when the text goes to the file.
    waits: bool,
    outcome: Result<()>,
}

impl Out {
    /// Empties the file, or cuts it where a run goes on from its checkpoint. An empty file gets a header.
    fn open(path: &Path, header: &str, kind: Kind, arguments: &Arguments, run: &Run) -> Result<Self> {
        let file = match arguments.restore {
            Some(_) => {
                cut::after(path, kind, run.progress().step)?;
                OpenOptions::new().append(true).create(true).open(path)
            }
            None => File::create(path),
        };
        let file = file.map_err(|error| files::refused(path, &error))?;
        let is_empty = file.metadata().is_ok_and(|metadata| metadata.len() == 0);
        let pending = if is_empty { header.to_owned() } else { String::new() };
        let waits = arguments.checkpoint.is_some();
        Ok(Self { path: path.to_owned(), file, pending, waits, outcome: Ok(()) })
    }

    fn write(&mut self, text: Result<String>) {
        match text {
            Ok(text) => self.pending.push_str(&text),
            Err(error) => self.refuse(error),
        }
        if !self.waits && self.pending.len() > BUFFER {
            self.flush();
        }
    }

    fn flush(&mut self) {
        // After a refusal there would be a gap.
        if self.outcome.is_ok()
            && let Err(error) = self.file.write_all(self.pending.as_bytes())
        {
            self.refuse(files::refused(&self.path, &error));
        }
        self.pending.clear();
    }

    /// Keeps the first refusal for the end, and tells it at once.
    fn refuse(&mut self, error: Error) {
        if self.outcome.is_ok() {
            eprintln!("not written any further: {error}");
            self.outcome = Err(error);
        }
    }

    fn close(mut self) -> Result<()> {
        self.flush();
        self.outcome
    }
}

/// The frames of the production stage.
struct Trajectory {
    format: StructureFormat,
    every: u64,
    out: Out,
}

impl Trajectory {
    fn open(path: &Path, arguments: &Arguments, run: &Run) -> Result<Self> {
        let format = trajectory_format(path)?;
        let (header, kind) = match format {
            StructureFormat::LammpsDump => (DUMP_HEADER, Kind::LammpsDump),
            _ => ("", Kind::ExtXyz),
        };
        Ok(Self { format, every: arguments.every, out: Out::open(path, header, kind, arguments, run)? })
    }

    fn write(&mut self, run: &Run, progress: &Progress) {
        let system = run.frame();
        let text = if self.format == StructureFormat::LammpsDump {
            dump_frame(system, progress.step, Some(progress.time_ps))
        } else {
            let evaluation = run.evaluation();
            let mut frame = Configuration::new(system.clone());
            frame.energy = Some(evaluation.energy());
            frame.forces = Some(evaluation.forces.clone());
            frame.features =
                vec![("step".into(), progress.step.to_string()), ("time_ps".into(), progress.time_ps.to_string())];
            Ok(write_extxyz(&[frame]))
        };
        self.out.write(text);
    }
}

/// Stress, energy and heat flux of the production stage.
struct Log {
    every: u64,
    out: Out,
}

impl Log {
    fn open(path: &Path, arguments: &Arguments, run: &Run) -> Result<Self> {
        let header = flux_log_header(run.spec().timestep_fs);
        Ok(Self { every: arguments.log_every, out: Out::open(path, &header, Kind::Log, arguments, run)? })
    }

    fn write(&mut self, run: &Run, progress: &Progress) {
        if let Some(row) = run.fluxes() {
            self.out.write(Ok(flux_log_row(progress.step, &row)));
        }
    }
}
