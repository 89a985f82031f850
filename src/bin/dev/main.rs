//! Developer commands: `cargo dev serve | test | check | build | bench | bless`. CI calls the same entry.
//!
//! Everything that a command needs and the machine lacks is provided first (see [`provision`]): what and why is said
//! before it is done, nothing asks a question, and the second time it takes no time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod bless;
mod check;
mod fixed_memory;
mod node_modules;
mod process;
mod provision;
mod rules;
mod serve;
mod simd;
mod site;
mod test;
mod toolchain;
mod wasm;

use wasm::Speed;

/// Result of a developer command; the message is printed as it is.
pub type Outcome<T = ()> = Result<T, String>;

#[derive(Parser)]
#[command(name = "cargo dev", about = "Crucible's developer commands", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the site and serve it on this machine
    Serve {
        /// Port to listen on
        #[arg(long, default_value_t = 8000)]
        port: u16,
        /// Send no isolation headers, as a plain static host would (the page's service worker then isolates it)
        #[arg(long)]
        plain: bool,
        /// Compile in seconds what runs several times slower: for work on the page
        #[arg(long)]
        quick: bool,
    },
    /// Run every test: natively, the built module under node, the built site in Chromium
    Test {
        /// Also run the slow statistical tests
        #[arg(long)]
        slow: bool,
    },
    /// Check format, lints, docs, JS types, the boundary rule and the SIMD of the built modules
    Check,
    /// Build the three wasm modules and the static site in target/site
    Build {
        /// Compile in seconds what runs several times slower: for work on the page
        #[arg(long)]
        quick: bool,
    },
    /// Time the kernels natively and in wasm
    Bench,
    /// Write the reference outputs anew
    Bless,
}

fn main() -> ExitCode {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    match run(&root, Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, command: Command) -> Outcome {
    match command {
        Command::Serve { port, plain, quick } => {
            site::build(root, Speed::of(quick))?;
            serve::serve(&root.join(site::SITE), port, !plain)
        }
        Command::Test { slow } => test::test(root, slow),
        Command::Check => check::check(root),
        Command::Build { quick } => site::build(root, Speed::of(quick)),
        Command::Bench => bench::bench(root),
        Command::Bless => bless::bless(root),
    }
}
