//! The command line over the library: a part of the `crucible` binary, since only binaries touch files.
//!
//! Any bad input ends with exit code 2 and a message that says what, where and what was expected.

mod analyze;
mod calculation;
mod convert;
mod efs;
mod errors;
mod files;
mod grade;
mod interrupt;
mod label;
mod labelled;
mod md;
mod properties;
mod scan;
mod select;
mod species;
mod template;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use crucible::{Error, Result};

/// Exit code for bad input, as clap uses for bad arguments.
const BAD_INPUT: u8 = 2;

/// Molten salts and metals simulated with Moment Tensor Potentials.
#[derive(Parser)]
#[command(name = "crucible", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Arguments {
    /// Threads to use; all of the machine's by default.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  crucible md run.json --json results.json
  crucible scan run.json --temperatures 1050,1100,1150
  crucible analyze melt.dump --timestep-fs 1
  crucible efs potential.mtp structures.cfg --json values.json
  crucible convert melt.extxyz melt.data
Each command's --help shows more.";

#[derive(Subcommand)]
enum Command {
    Md(md::Arguments),
    Scan(scan::Arguments),
    Analyze(analyze::Arguments),
    #[command(alias = "calc-efs")]
    Efs(efs::Arguments),
    #[command(alias = "convert-cfg")]
    Convert(convert::Arguments),
    Template(template::Arguments),
    #[command(alias = "calc-grade")]
    Grade(grade::Arguments),
    #[command(alias = "select-add")]
    Select(select::Arguments),
    Train(train::Arguments),
    Label(label::Arguments),
    #[command(alias = "calc-errors")]
    Errors(errors::Arguments),
}

/// Runs the command line and reports errors.
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(hint) = error.hint() {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    if let Some(threads) = arguments.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        pool.map_err(|error| Error::invalid("--threads", threads, error.to_string()))?;
    }
    match arguments.command {
        Command::Md(arguments) => md::run(&arguments),
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Analyze(arguments) => analyze::run(&arguments),
        Command::Efs(arguments) => efs::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Template(arguments) => template::run(&arguments),
        Command::Grade(arguments) => grade::run(&arguments),
        Command::Select(arguments) => select::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Label(arguments) => label::run(&arguments),
        Command::Errors(arguments) => errors::run(&arguments),
    }
}
