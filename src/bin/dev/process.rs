//! Child processes: always with a time limit where a network is involved, never with the outer cargo's environment.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

/// A command in `directory` that does not inherit what the outer `cargo dev` has set: its toolchain, compiler,
/// target directory and package variables would otherwise decide for the inner cargo.
pub fn command(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let is_set_by_user = text == "CARGO_HOME" || text.starts_with("CARGO_HTTP_") || text.starts_with("CARGO_NET_");
        let is_cargos = text == "CARGO" || text.starts_with("CARGO_") || text.starts_with("RUSTUP_TOOLCHAIN");
        let decides_for_rustc =
            matches!(text.as_ref(), "RUSTC" | "RUSTDOC" | "RUSTFLAGS" | "RUSTDOCFLAGS" | "LD_LIBRARY_PATH");
        if (is_cargos && !is_set_by_user) || decides_for_rustc {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs to the end and fails with the command line when its status is not zero.
pub fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| format!("{}: {error}", describe(command)))?;
    require_success(command, status)
}

/// As [`run`], but gives up after `limit`: for whatever talks to a server that may not answer.
pub fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    let started = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", describe(command)))?;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| format!("{}: {error}", describe(command)))? {
            return require_success(command, status);
        }
        if started.elapsed() > limit {
            // The child may have ended between the two calls, in which case there is nothing left to stop.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{}: gave up after {} s", describe(command), limit.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Standard output of a command, or nothing where it can't be run or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// True where `program` can be run from the search path.
pub fn exists(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|directory| directory.join(program).is_file()))
}

fn require_success(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", describe(command))) }
}

/// The command line, shortened, for messages.
pub fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    let text = words.join(" ");
    if text.chars().count() > 160 { text.chars().take(160).chain("…".chars()).collect() } else { text }
}
