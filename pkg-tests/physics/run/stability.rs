//! Every preset comes up from random positions.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crucible::Error;
use crucible::run::{Preset, Run, Stage};

use super::{advance, file, presets};

/// Runs a preset's preparation and `time_ps` of its production conditions; the error names preset and seed.
fn comes_up_stable(preset: &Preset, seed: u64, time_ps: f64) -> std::result::Result<(), String> {
    let mut spec = preset.spec.clone();
    spec.seed = seed;
    spec.equilibrate.time_ps = time_ps;
    spec.density = None;
    spec.production.time_ps = 0.0;
    let told = |e: Error| format!("{}, seed {seed}: {e}", preset.name);
    let mut run = Run::new(spec.clone(), &file).map_err(told)?;
    let target = spec.temperature_k;
    while !run.is_finished() {
        let progress = advance(&mut run, 200).map_err(told)?;
        // Fluctuations of 300 atoms are 5 % of the temperature: twice the target is a blow-up, not noise.
        if progress.stage == Stage::Equilibrate && progress.temperature_k > 2.0 * target {
            return Err(format!("{}, seed {seed}: {progress:?}", preset.name));
        }
    }
    Ok(())
}

#[test]
fn presets_come_up_stable() {
    for preset in presets() {
        comes_up_stable(&preset, 1, 0.5).unwrap();
    }
}

/// What `of` says of each seed, a seed to a core: forces in a pool of their own would wait for whole runs of other seeds.
fn of_seeds<T: Send>(seeds: std::ops::Range<u64>, of: impl Fn(u64) -> Option<T> + Sync) -> Vec<T> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(Vec::new());
    let work = || {
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let said = alone.install(|| of(seed));
            found.lock().unwrap().extend(said);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap()
}

#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_presets_are_stable_for_100_seeds() {
    let mut failures = Vec::new();
    for preset in presets() {
        failures.extend(of_seeds(1..101, |seed| comes_up_stable(&preset, seed, 2.0).err()));
        // For who waits: all of them take half an hour of two cores.
        println!("{}: 100 seeds done, {} failures so far", preset.name, failures.len());
    }
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
}
