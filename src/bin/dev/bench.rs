//! `cargo dev bench`: the kernels natively and in wasm, as one table of microseconds per atom and their ratios.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use crate::process::{self, describe};
use crate::wasm::Speed;
use crate::{Outcome, site};

/// (structure, level) to (target, threads) to µs/atom.
type Table = BTreeMap<(String, u64), BTreeMap<(String, u64), f64>>;

/// Builds, measures one target after the other, and prints the table.
pub fn bench(root: &Path) -> Outcome {
    site::build(root, Speed::Full)?;
    let mut table = Table::new();
    println!("Timing natively …");
    let mut native = process::command("cargo", root);
    collect(native.args(["bench", "--quiet", "--bench", "evaluate"]), &mut table)?;
    println!("Timing the built modules in Chromium …");
    collect(process::command("node", root).arg("pkg-tests/bench/wasm.mjs"), &mut table)?;
    print(&table);
    Ok(())
}

/// Adds the lines of JSON that a command prints.
fn collect(command: &mut std::process::Command, table: &mut Table) -> Outcome {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| format!("{}: {error}", describe(command)))?;
    if !output.status.success() {
        return Err(format!("{}: {}", describe(command), output.status));
    }
    for line in String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with('{')) {
        let value: serde_json::Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| value[key].as_u64().unwrap_or_default();
        let micros = value["micros_per_atom"].as_f64().ok_or_else(|| format!("no time in {line}"))?;
        let row = table.entry((text("structure"), number("level"))).or_default();
        row.insert((text("target"), number("threads")), micros);
    }
    Ok(())
}

fn print(table: &Table) {
    println!("\nµs/atom for energies and forces of 2048 atoms; the fastest of repeated evaluations");
    println!(
        "| structure | level | native 128-bit | native | wasm | wasm / native 128-bit | wasm / native | native, all threads | wasm, all threads | native scaling | wasm scaling |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for ((structure, level), row) in table {
        let one = |target: &str| row.get(&(target.to_owned(), 1)).copied().unwrap_or(f64::NAN);
        let all = |target: &str| {
            let most = row.iter().rev().find(|((name, _), _)| name == target);
            most.map_or(f64::NAN, |(_, &micros)| micros)
        };
        println!(
            "| {structure} | {level} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            one("native-128bit"),
            one("native"),
            one("wasm"),
            one("wasm") / one("native-128bit"),
            one("wasm") / one("native"),
            all("native"),
            all("wasm"),
            one("native") / all("native"),
            one("wasm") / all("wasm"),
        );
    }
}
