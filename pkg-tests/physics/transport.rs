//! Transport estimators against processes whose coefficients are known exactly.

use crucible::analysis::{Estimate, transport};
use crucible::math::Vec3;
use crucible::math::rng::{Rng, seeded};
use crucible::sampling::{Frame, Msd, Observer};
use crucible::system::{Cell, Species, System};
use rand_distr::{Distribution, StandardNormal};

fn normal(rng: &mut Rng) -> Vec3 {
    Vec3::from_fn(|_, _| StandardNormal.sample(&mut *rng))
}

fn frame(system: &System, time_fs: f64) -> Frame<'_> {
    Frame {
        step: 0,
        time_fs,
        system,
        temperature_kelvin: 1000.0,
        pressure_tensor: None,
        potential_energy: 0.0,
        kinetic_energy: 0.0,
        conserved_energy: 0.0,
    }
}

/// How often the truth lies within one standard error, and how often there is an error at all.
struct Coverage {
    within: f64,
    known: f64,
    /// Mean of the values over the truth.
    mean: f64,
}

fn coverage(exact: f64, runs: u64, estimate: impl Fn(u64) -> Option<Estimate>) -> Coverage {
    let (mut within, mut known, mut sum) = (0.0, 0.0, 0.0);
    for seed in 0..runs {
        let Some(estimate) = estimate(seed) else { continue };
        let Some(error) = estimate.standard_error else { continue };
        known += 1.0;
        sum += estimate.value;
        within += f64::from((estimate.value - exact).abs() < error);
    }
    let of = Coverage { within: within / known, known: known / runs as f64, mean: sum / known / exact };
    println!("within {:.3} known {:.3} mean {:.4}", of.within, of.known, of.mean);
    of
}

/// Atoms that forget their velocities over `memory` frames of 10 fs: D = <v_x^2> times the memory.
fn forgetful_gas(seed: u64, atoms: usize, memory: f64, frames: usize) -> Option<Estimate> {
    let species = vec![Species { name: "A".into(), mass_u: 20.0, charge_e: None }];
    let cell = Cell::orthorhombic(20.0, 20.0, 20.0).unwrap();
    let mut gas = System::new(cell, species, vec![0; atoms], vec![Vec3::zeros(); atoms]).unwrap();
    let mut rng = seeded(seed, 7);
    let mut steps: Vec<Vec3> = (0..atoms).map(|_| normal(&mut rng)).collect();
    let keep = 1.0 - 1.0 / memory;
    let mut msd = Msd::new(&gas);
    for k in 0..frames {
        msd.observe(&frame(&gas, 10.0 * k as f64));
        for (position, step) in gas.positions.iter_mut().zip(&mut steps) {
            *position += *step * 1e-2;
            *step = keep * *step + (1.0 - keep * keep).sqrt() * normal(&mut rng);
        }
    }
    let (curves, windows) = (msd.curves(), msd.windows());
    transport::self_diffusion(&curves[0], &windows[0]).estimate
}

/// In 1e-9 m^2/s; steps of 0.01 Å in 10 fs, geometric memory (1 + phi) / (1 - phi) / 2, and one lost degree of freedom.
fn forgetful_diffusion(memory: f64, atoms: usize) -> f64 {
    let phi = 1.0 - 1.0 / memory;
    1e-4 / 10.0 * 0.5 * (1.0 + phi) / (1.0 - phi) * (1.0 - 1.0 / atoms as f64) * 1e4
}

#[test]
fn self_diffusion_of_a_forgetful_gas_is_exact_within_its_error() {
    for memory in [1.0, 6.0] {
        let exact = forgetful_diffusion(memory, 100);
        let found = forgetful_gas(3, 100, memory, 6000).unwrap();
        let error = found.standard_error.unwrap();
        // Four standard errors, which must themselves be small.
        assert!((found.value - exact).abs() < 4.0 * error && error < 0.05 * exact, "{exact}: {found:?}");
    }
}

#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_self_diffusion_covers_two_thirds() {
    for (memory, frames) in [(1.0, 2000), (6.0, 3000), (20.0, 20_000)] {
        let found = coverage(forgetful_diffusion(memory, 30), 400, |seed| forgetful_gas(seed, 30, memory, frames));
        // 68.3 %, with 400 runs good to 2.3 %, and some 30 stretches' heavier tails.
        assert!((0.60..0.76).contains(&found.within) && found.known > 0.95, "memory {memory}");
        assert!((found.mean - 1.0).abs() < 0.02, "memory {memory}: {}", found.mean);
    }
}
