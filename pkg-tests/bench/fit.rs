//! Microseconds per atom for a pass of the fit (all rows and their Gram matrix) and for a loss with its gradient: one line of
//! JSON per measurement. `cargo bench --bench fit [-- LEVEL...]`

use std::path::Path;
use std::time::Instant;

use crucible::fitting::{DataSet, Fit, FitSpec, Loss, Weights};
use crucible::io::{self, Configuration};
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::{MtpParameters, MtpPotential};
use crucible::potential::{Evaluation, Potential};

/// Repeats of each measurement; the fastest counts.
const REPEATS: usize = 5;

fn main() -> crucible::Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.unwrap_or_else(|error| panic!("no thread pool: {error}"));
    pool.install(|| {
        let levels = ["08", "12", "16", "20"].into_iter();
        levels.filter(|level| wanted.is_empty() || wanted.iter().any(|w| w == level)).try_for_each(measure)
    })
}

/// The 2048 atoms of the benchmark as a labelled configuration: what it costs does not depend on the labels.
fn measure(level: &str) -> crucible::Result<()> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg-tests/bench/data");
    let read = |name: String| {
        let path = data.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let mut parameters = io::read_mtp(&read(format!("B_L{level}_S2.mtp")), "benchmark")?;
    let structure = io::read_cfg(&read("salt2048_S2.cfg".into()), "benchmark", &[])?.swap_remove(0);
    let atoms = structure.system.len() as f64;
    let set = labelled(structure, &parameters)?;
    let loss = Loss::new(&set, parameters.radial_basis.max_dist, Weights::default())?;
    let gradient = fastest(|| loss.value_and_gradient(&parameters).map(|_| ()))?;
    // A trained potential begins with the pass that all later ones are like.
    parameters.trained = true;
    let spec = FitSpec { starts: 1, held_out: 0.0, ..FitSpec::default() };
    let mut fit = Fit::new(parameters, set.clone(), spec)?;
    let pass = fastest(|| fit.advance(&mut || true).map(|_| ()))?;
    let line = serde_json::json!({
        "level": level, "loss_and_gradient_us_per_atom": gradient / atoms * 1e6, "pass_us_per_atom": pass / atoms * 1e6,
    });
    println!("{line}");
    Ok(())
}

fn fastest(mut body: impl FnMut() -> crucible::Result<()>) -> crucible::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..REPEATS {
        let start = Instant::now();
        body()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn labelled(structure: Configuration, parameters: &MtpParameters) -> crucible::Result<DataSet> {
    let mut potential = MtpPotential::new(parameters.clone())?;
    let mut neighbors = NeighborList::new(potential.cutoff(), 0.1)?;
    neighbors.update(&structure.system)?;
    let mut values = Evaluation::default();
    potential.evaluate(&structure.system, &neighbors, &mut values)?;
    let species = structure.system.species.clone();
    let labelled = Configuration { energy: Some(values.energy()), forces: Some(values.forces), ..structure };
    DataSet::new(vec![labelled], species)
}
