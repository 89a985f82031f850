//! Microseconds per atom for energies and forces of 2048 atoms, neighbour list given: one line of JSON per measurement.
//!
//! `cargo bench --bench evaluate [-- FILTER]`; `cargo dev bench` adds the wasm side and prints the table.

use std::path::Path;
use std::time::Instant;

use crucible::io;
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::{Kernel, MtpPotential};
use crucible::potential::{Evaluation, Potential};

const CASES: [(&str, &str); 2] = [("metal2048", "S1"), ("salt2048", "S2")];
const LEVELS: [&str; 4] = ["08", "12", "16", "20"];
/// The neighbour list's skin in Å, as in dynamics: what lies in it is part of the cost.
const SKIN: f64 = 0.5;
/// Time spent on each measurement, seconds; the fastest of its repeats counts.
const BUDGET: f64 = 0.6;

fn main() -> crucible::Result<()> {
    let filter: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    for (structure, species) in CASES {
        for level in LEVELS {
            for (label, kernel, threads) in
                [("native-128bit", Kernel::Lanes128, 1), ("native", Kernel::Lanes, 1), ("native", Kernel::Lanes, all)]
            {
                let name = format!("{structure} L{level} {label} {threads}");
                if filter.iter().all(|f| name.contains(f.as_str())) {
                    let micros = on_threads(threads, || measure(structure, species, level, kernel))?;
                    let line = serde_json::json!({
                        "structure": structure, "level": level.parse::<u32>().unwrap_or(0), "target": label,
                        "threads": threads, "micros_per_atom": micros,
                    });
                    println!("{line}");
                }
            }
        }
    }
    Ok(())
}

/// Runs `body` in a pool of its own.
fn on_threads<T: Send>(threads: usize, body: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(body),
        Err(error) => panic!("no thread pool: {error}"),
    }
}

fn measure(structure: &str, species: &str, level: &str, kernel: Kernel) -> crucible::Result<f64> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg-tests/bench/data");
    let read = |name: String| {
        let path = data.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let parameters = io::read_mtp(&read(format!("B_L{level}_{species}.mtp")), "benchmark")?;
    let configurations = io::read_cfg(&read(format!("{structure}_{species}.cfg")), "benchmark", &[])?;
    let system = &configurations[0].system;
    let mut potential = MtpPotential::with_kernel(parameters, kernel)?;
    let mut neighbors = NeighborList::new(potential.cutoff(), SKIN)?;
    neighbors.update(system)?;
    let mut evaluation = Evaluation::default();
    let mut fastest = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < BUDGET {
        let start = Instant::now();
        potential.evaluate(system, &neighbors, &mut evaluation)?;
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    Ok(fastest * 1e6 / system.len() as f64)
}
