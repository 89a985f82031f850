//! The compiler of the wasm builds.
//!
//! Threads in wasm need the standard library compiled anew with atomics, so a compiler that has its library's source at
//! hand: a rustup toolchain with `rust-src`, or Debian's `rustc-web`. It need not be the one that builds the native side.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Outcome;
use crate::process::{command, exists, output, run_within};
use crate::provision::{install_debian, rustup_by_hand};

/// The nightly that is installed where rustup can reach its server.
const PINNED_NIGHTLY: &str = "nightly-2026-05-20";
/// rustup has no time-out of its own.
const RUSTUP_LIMIT: Duration = Duration::from_secs(120);
/// Debian's compiler for web targets, its cargo, its library's source and its linker.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const DEBIAN_LINTS: &str = "rust-web-clippy";
const DEBIAN_LINKER: &str = "wasm-ld-22";

/// A compiler and its cargo that can build the standard library for wasm.
pub struct WasmToolchain {
    cargo: PathBuf,
    rustc: PathBuf,
    /// Linker to name on the command line, where the compiler brings none along.
    pub linker: Option<&'static str>,
}

impl WasmToolchain {
    /// A cargo of this toolchain in `directory`, with the unstable options unlocked that building std needs.
    pub fn cargo(&self, directory: &Path) -> Command {
        let mut cargo = command(&self.cargo, directory);
        cargo.env("RUSTC", &self.rustc).env("RUSTC_BOOTSTRAP", "1");
        // So that the subcommands (clippy) of the same toolchain are found first.
        if let Some(bin) = self.cargo.parent() {
            let mut path = vec![bin.to_owned()];
            path.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
            if let Ok(joined) = std::env::join_paths(path) {
                cargo.env("PATH", joined);
            }
        }
        cargo
    }

    /// Makes sure that this compiler's own lints are there.
    pub fn provide_clippy(&self, root: &Path) -> Outcome {
        if self.rustc.with_file_name("clippy-driver").is_file() {
            return Ok(());
        }
        let reason =
            "The wasm side is checked by the lints of the compiler that builds it, and they are not installed.";
        if self.linker.is_some() {
            return install_debian(&[DEBIAN_LINTS], reason, &rustup_by_hand(PINNED_NIGHTLY));
        }
        println!("{reason}\nAsking rustup for the component clippy.");
        let mut rustup = command("rustup", root);
        rustup.args(["component", "add", "clippy", "--toolchain", PINNED_NIGHTLY]);
        run_within(&mut rustup, RUSTUP_LIMIT)
    }
}

/// Finds a toolchain or installs one: rustup's if there already, Debian's if there already, then either by download.
pub fn provide(root: &Path) -> Outcome<WasmToolchain> {
    if let Some(found) = rustup_toolchain(root).or_else(debian_toolchain) {
        return Ok(found);
    }
    let reason = "Threads in WebAssembly need a Rust compiler with its library's source, and none is installed.";
    if exists("rustup") {
        println!(
            "{reason}\nAsking rustup for {PINNED_NIGHTLY} with rust-src (for at most {} s).",
            RUSTUP_LIMIT.as_secs()
        );
        let mut rustup = command("rustup", root);
        rustup.args([
            "toolchain",
            "install",
            PINNED_NIGHTLY,
            "--profile",
            "minimal",
            "--component",
            "rust-src",
            "--no-self-update",
        ]);
        match run_within(&mut rustup, RUSTUP_LIMIT) {
            Ok(()) => {
                if let Some(found) = rustup_toolchain(root) {
                    return Ok(found);
                }
            }
            Err(error) => println!("rustup could not: {error}"),
        }
    }
    let by_hand = rustup_by_hand(PINNED_NIGHTLY);
    install_debian(&DEBIAN_PACKAGES, reason, &by_hand).map_err(|error| {
        let other = format!("\nOr, where rustup can download:\n{by_hand}");
        if exists("apt-get") { error + &other } else { error }
    })?;
    debian_toolchain().ok_or_else(|| "Debian's packages were installed but give no compiler for wasm".to_owned())
}

/// The pinned nightly, if rustup has it with rust-src. Other nightlies could lack or rename an unstable option.
fn rustup_toolchain(root: &Path) -> Option<WasmToolchain> {
    let rustc = output(
        command("rustup", root).args(["which", "rustc", "--toolchain", PINNED_NIGHTLY]).env("RUSTUP_AUTO_INSTALL", "0"),
    )?;
    let rustc = PathBuf::from(rustc);
    let cargo = rustc.with_file_name("cargo");
    let has_source = library_source(&rustc).is_some();
    (has_source && cargo.is_file()).then_some(WasmToolchain { cargo, rustc, linker: None })
}

fn debian_toolchain() -> Option<WasmToolchain> {
    let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
    let found = cargo.is_file() && library_source(&rustc).is_some() && exists(DEBIAN_LINKER);
    found.then_some(WasmToolchain { cargo, rustc, linker: Some(DEBIAN_LINKER) })
}

fn library_source(rustc: &Path) -> Option<PathBuf> {
    let sysroot = output(Command::new(rustc).args(["--print", "sysroot"]))?;
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock");
    library.is_file().then_some(library)
}
