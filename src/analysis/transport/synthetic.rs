//! Currents whose integrals are known exactly.

use rand_distr::{Distribution, StandardNormal};

use crate::math::rng::Rng;

/// A part of a current with correlation `weight exp(-t/memory) cos(frequency t)`, times in samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    pub weight: f64,
    pub memory: f64,
    pub frequency: f64,
}

/// `count` independent components of the sum of `modes`.
pub(super) fn current(rng: &mut Rng, modes: &[Mode], samples: usize, count: usize) -> Vec<Vec<f64>> {
    (0..count).map(|_| component(rng, modes, samples)).collect()
}

fn component(rng: &mut Rng, modes: &[Mode], samples: usize) -> Vec<f64> {
    let mut sum = vec![0.0; samples];
    let mut normal = || -> f64 { StandardNormal.sample(rng) };
    for mode in modes {
        let (keep, (sine, cosine)) = ((-1.0 / mode.memory).exp(), mode.frequency.sin_cos());
        let fresh = (1.0 - keep * keep).sqrt();
        let (mut x, mut y) = (normal(), normal());
        for value in &mut sum {
            *value += mode.weight.sqrt() * x;
            (x, y) =
                (keep * (cosine * x - sine * y) + fresh * normal(), keep * (sine * x + cosine * y) + fresh * normal());
        }
    }
    sum
}

/// The integral of the correlation: half of lag 0 and all later lags.
pub(super) fn exact(modes: &[Mode]) -> f64 {
    let one = |mode: &Mode| {
        let (keep, cosine) = ((-1.0 / mode.memory).exp(), mode.frequency.cos());
        mode.weight * ((1.0 - keep * cosine) / (1.0 - 2.0 * keep * cosine + keep * keep) - 0.5)
    };
    modes.iter().map(one).sum()
}

/// Shapes that liquids show, with samples and components of a run: noise, one memory, a viscosity with a slow tail, the
/// current of a salt with its optical mode.
pub(super) fn cases() -> Vec<(&'static str, Vec<Mode>, usize, usize)> {
    let mode = |weight, memory, frequency| Mode { weight, memory, frequency };
    vec![
        ("noise", vec![mode(1.0, 0.05, 0.0)], 4000, 3),
        ("one memory", vec![mode(1.0, 5.0, 0.0)], 6000, 5),
        ("one component", vec![mode(1.0, 5.0, 0.0)], 8000, 1),
        ("slow tail", vec![mode(0.8, 4.0, 0.0), mode(0.2, 25.0, 0.0)], 8000, 5),
        ("salt", vec![mode(0.95, 6.0, 0.5), mode(0.05, 10.0, 0.0)], 8000, 3),
    ]
}

/// Fails unless the one-sigma intervals of `estimate` over these runs hold the integral of `modes` about two thirds of the time,
/// nearly always have an error, and are right on average.
pub(super) fn check_coverage(what: &str, modes: &[Mode], runs: u64, estimate: impl Fn(u64) -> Option<(f64, f64)>) {
    let (within, known, mean) = coverage(exact(modes), runs, estimate);
    println!("{what}: within {within:.3} known {known:.3} mean {mean:.3}");
    // 68.3 %, good to 0.47 over the root of the number of runs.
    let noise = 1.0 / (runs as f64).sqrt();
    assert!((0.60 - noise..0.76 + noise).contains(&within), "{what}: {within}");
    assert!(known > 0.95 && (mean - 1.0).abs() < 0.02 + 0.5 * noise, "{what}: {known} {mean}");
}

/// How often `estimate` of run 0, 1, … gives value and error such that the truth is within, and the mean value.
pub(super) fn coverage(exact: f64, runs: u64, estimate: impl Fn(u64) -> Option<(f64, f64)>) -> (f64, f64, f64) {
    let known: Vec<(f64, f64)> = (0..runs).filter_map(estimate).collect();
    let within = known.iter().filter(|(value, error)| (value - exact).abs() < *error).count();
    let n = known.len() as f64;
    (within as f64 / n, n / runs as f64, known.iter().map(|(value, _)| value).sum::<f64>() / n / exact)
}
