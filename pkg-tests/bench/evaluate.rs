//! Microseconds per atom for energies and forces of 2048 atoms, neighbour list given: one line of JSON per measurement.
//!
//! `cargo bench --bench evaluate [-- FILTER]`; `cargo dev bench` adds the wasm side and prints the table.

use std::path::Path;
use std::time::Instant;

use crucible::dynamics::Limits;
use crucible::io;
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::{ExtrapolationGrade, GradeMode, Grades, Kernel, MtpParameters, MtpPotential};
use crucible::potential::{Evaluation, Potential};

const CASES: [(&str, &str); 2] = [("metal2048", "S1"), ("salt2048", "S2")];
const LEVELS: [&str; 4] = ["08", "12", "16", "20"];
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
    grades(&filter)
}

/// What the extrapolation grade of each atom costs, at every step; a run is graded at every twentieth.
fn grades(filter: &[String]) -> crucible::Result<()> {
    for (structure, species) in CASES {
        for level in LEVELS {
            for (label, kernel) in [("grade-128bit", Kernel::Lanes128), ("grade", Kernel::Lanes)] {
                let name = format!("{structure} L{level} {label} 1");
                if filter.iter().all(|f| name.contains(f.as_str())) {
                    let micros = on_threads(1, || measure_grade(structure, species, level, kernel))?;
                    let line = serde_json::json!({
                        "structure": structure, "level": level.parse::<u32>().unwrap_or(0), "target": label,
                        "threads": 1, "micros_per_atom": micros,
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
    let (parameters, configuration) = read_case(structure, species, level)?;
    let system = &configuration.system;
    let mut potential = MtpPotential::with_kernel(parameters, kernel)?;
    let mut neighbors = NeighborList::new(potential.cutoff(), Limits::default().skin_angstrom)?;
    neighbors.update(system)?;
    let mut evaluation = Evaluation::default();
    let fastest = fastest(|| potential.evaluate(system, &neighbors, &mut evaluation))?;
    Ok(fastest * 1e6 / system.len() as f64)
}

fn measure_grade(structure: &str, species: &str, level: &str, kernel: Kernel) -> crucible::Result<f64> {
    let (parameters, configuration) = read_case(structure, species, level)?;
    let system = &configuration.system;
    let n = parameters.parameter_count();
    // The time does not depend on the numbers.
    let inverse = vec![1e-3; n * n];
    let mut neighbors = NeighborList::new(parameters.radial_basis.max_dist, Limits::default().skin_angstrom)?;
    neighbors.update(system)?;
    let mode = GradeMode::Neighborhood { weight: 1.0 };
    let mut grade = ExtrapolationGrade::with_kernel(&parameters, &inverse, mode, kernel)?;
    let mut grades = Grades::default();
    let fastest = fastest(|| grade.evaluate(system, &neighbors, &mut grades))?;
    Ok(fastest * 1e6 / system.len() as f64)
}

fn read_case(structure: &str, species: &str, level: &str) -> crucible::Result<(MtpParameters, io::Configuration)> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg-tests/bench/data");
    let read = |name: String| {
        let path = data.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let parameters = io::read_mtp(&read(format!("B_L{level}_{species}.mtp")), "benchmark")?;
    let mut configurations = io::read_cfg(&read(format!("{structure}_{species}.cfg")), "benchmark", &[])?;
    Ok((parameters, configurations.swap_remove(0)))
}

/// Seconds of the fastest repeat.
fn fastest(mut body: impl FnMut() -> crucible::Result<()>) -> crucible::Result<f64> {
    let mut fastest = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed().as_secs_f64() < BUDGET {
        let start = Instant::now();
        body()?;
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    Ok(fastest)
}
