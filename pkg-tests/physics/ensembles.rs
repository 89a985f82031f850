//! Distributions that the ensembles must have, against exact laws.
//!
//! Every tolerance is four standard errors of the mean of a correlated series, from the scatter of 64 blocks, each of which
//! must be longer than the correlation lasts. Seeds are fixed, so that a test that passes once passes always; for a right
//! program the chance of meeting a bad seed was 2e-4 per check (Student's t, 63 degrees of freedom).

use crucible::dynamics::{Axes, Ensemble, Limits, Simulation};
use crucible::math::{Vec3, rng};
use crucible::potential::Potential;
use crucible::potential::simple::{Harmonic, IdealGas, LennardJones, PairParameters, Truncation};
use crucible::run::{EnsembleKind, Run, StageSpec, StructureSpec};
use crucible::system::{Cell, Species, System};
use crucible::units::{BOLTZMANN, EV_PER_A3_TO_GPA};
use rand_distr::{Distribution, Uniform};

use crate::dynamics::{advance, argon, fcc, liquid};
use crate::run::{file, preset};

/// Standard errors that a mean may be off.
const SIGMAS: f64 = 4.0;
const BLOCKS: usize = 64;

/// A correlated series with its mean and what that is worth.
struct Mean {
    value: f64,
    error: f64,
    independent: f64,
}

fn mean(series: &[f64]) -> Mean {
    let average = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let variance = |x: &[f64]| average(&x.iter().map(|y| (y - average(x)).powi(2)).collect::<Vec<_>>());
    let blocks: Vec<f64> = series.chunks_exact(series.len() / BLOCKS).take(BLOCKS).map(average).collect();
    let error2 = variance(&blocks) / (BLOCKS as f64 - 1.0);
    Mean {
        value: average(series),
        error: error2.sqrt(),
        independent: (variance(series) / error2).min(series.len() as f64),
    }
}

/// Holds mean and variance of a series to exact values.
fn check_law(what: &str, series: &[f64], exact_mean: f64, exact_variance: f64) {
    check_mean(what, series, exact_mean);
    let squares: Vec<f64> = series.iter().map(|x| (x - exact_mean).powi(2)).collect();
    check_mean(&format!("variance of {what}"), &squares, exact_variance);
}

fn check_mean(what: &str, series: &[f64], exact: f64) {
    let found = mean(series);
    let sigmas = (found.value - exact) / found.error;
    let Mean { value, error, independent } = found;
    println!("{what}: {value:.6e} +- {error:.1e}, exact {exact:.6e}: {sigmas:+.2} sigma, {independent:.0} independent");
    // Two per block, else the blocks are not independent of each other.
    assert!(independent > 2.0 * BLOCKS as f64, "{what}: too few independent samples, {independent}");
    assert!(sigmas.abs() < SIGMAS, "{what}: {value} +- {error}, expected {exact}");
}

/// Runs and collects `observe` every `every` steps.
fn collect<const K: usize>(
    simulation: &mut Simulation,
    samples: usize,
    every: usize,
    observe: impl Fn(&Simulation) -> [f64; K],
) -> [Vec<f64>; K] {
    let mut series = std::array::from_fn(|_| Vec::with_capacity(samples));
    for _ in 0..samples {
        advance(simulation, every);
        for (list, value) in series.iter_mut().zip(observe(simulation)) {
            list.push(value);
        }
    }
    series
}

fn volume(simulation: &Simulation) -> f64 {
    simulation.system().cell.volume().unwrap()
}

fn start(system: System, potential: impl Potential + 'static, ensemble: Ensemble, dt: f64, seed: u64) -> Simulation {
    Simulation::new(system, Box::new(potential), ensemble, dt, seed, Limits::default()).unwrap()
}

/// Argon with a cutoff of 1.8 sigma: the laws hold for every potential, and few neighbours make many samples.
fn short_argon() -> LennardJones {
    let argon = PairParameters { epsilon_ev: 119.8 * BOLTZMANN, sigma_angstrom: 3.405 };
    LennardJones::new(&[argon], 1.8 * 3.405, Truncation::Force).unwrap()
}

fn thermostats(temperature: f64) -> [Ensemble; 3] {
    let (temperature_kelvin, damping_fs) = (temperature.into(), 100.0);
    [
        Ensemble::NvtBussi { temperature_kelvin, damping_fs },
        Ensemble::NvtNoseHoover { temperature_kelvin, damping_fs },
        Ensemble::NvtLangevin { temperature_kelvin, damping_fs },
    ]
}

fn scr(temperature: f64, pressure: f64, compressibility: f64, axes: Axes) -> Ensemble {
    Ensemble::NptScr {
        temperature_kelvin: temperature.into(),
        pressure_gpa: (pressure * EV_PER_A3_TO_GPA).into(),
        damping_fs: 100.0,
        barostat_damping_fs: 500.0,
        compressibility_per_gpa: compressibility / EV_PER_A3_TO_GPA,
        axes,
    }
}

fn mtk(temperature: f64, pressure: f64, axes: Axes) -> Ensemble {
    Ensemble::NptMtk {
        temperature_kelvin: temperature.into(),
        pressure_gpa: (pressure * EV_PER_A3_TO_GPA).into(),
        damping_fs: 100.0,
        barostat_damping_fs: 500.0,
        axes,
    }
}

/// Liquid argon of `8 * 4` or more atoms: kinetic energy is Gamma-distributed with mean `f k T/2`, variance `f (k T)^2/2`.
fn kinetic_energy_is_gamma(ensemble: Ensemble, system: System, dt: f64, samples: usize) {
    let mut simulation = start(system, short_argon(), ensemble, dt, 21);
    // Ten relaxation times and more at every timestep used here.
    advance(&mut simulation, 1000);
    let f = simulation.degrees_of_freedom() as f64;
    let thermal = BOLTZMANN * ensemble.targets(0.0).temperature;
    let [kinetic] = collect(&mut simulation, samples, 5, |s| [s.kinetic_energy()]);
    check_law(&format!("K, {ensemble:?}"), &kinetic, 0.5 * f * thermal, 0.5 * f * thermal * thermal);
}

#[test]
fn thermostats_give_the_kinetic_energy_its_distribution() {
    let system = liquid(2);
    for ensemble in thermostats(100.0) {
        kinetic_energy_is_gamma(ensemble, system.clone(), 8.0, 4000);
    }
}

fn ideal_gas(atoms: usize, volume: f64) -> System {
    let mut rng = rng::seeded(17, 0);
    let length = volume.cbrt();
    let within = Uniform::new(0.0, length).unwrap();
    let positions = (0..atoms).map(|_| Vec3::from_fn(|_, _| within.sample(&mut rng))).collect();
    let cell = Cell::orthorhombic(length, length, length).unwrap();
    System::new(cell, vec![argon()], vec![0; atoms], positions).unwrap()
}

/// With the centre of mass held, `rho(V) ~ V^(N-1) exp(-P V/k T)`: mean `N k T/P`, variance `N (k T/P)^2`.
fn ideal_gas_volume(label: &str, series: &[f64], atoms: usize, thermal_over_pressure: f64) {
    let n = atoms as f64;
    check_law(label, series, n * thermal_over_pressure, n * thermal_over_pressure.powi(2));
}

const GAS_TEMPERATURE: f64 = 300.0;
/// 30 Å^3 an atom.
const GAS_PRESSURE: f64 = BOLTZMANN * GAS_TEMPERATURE / 30.0;

fn ideal_gas_under(label: &str, ensemble: Ensemble, atoms: usize, runs: u64, samples: usize) {
    let mut volumes = Vec::new();
    for run in 0..runs {
        let mut simulation = start(ideal_gas(atoms, 30.0 * atoms as f64), IdealGas, ensemble, 5.0, 40 + run);
        advance(&mut simulation, 1000);
        let [series] = collect(&mut simulation, samples, 10, |s| [volume(s)]);
        volumes.extend(series);
    }
    ideal_gas_volume(label, &volumes, atoms, 30.0);
}

#[test]
fn an_ideal_gas_has_its_volume_under_every_barostat() {
    let compressibility = 1.0 / GAS_PRESSURE;
    let isotropic = Axes::Isotropic;
    ideal_gas_under("SCR", scr(GAS_TEMPERATURE, GAS_PRESSURE, compressibility, isotropic), 24, 1, 20_000);
    // A gas lets the shape of a cell with free axes wander: many short runs.
    ideal_gas_under("SCR free", scr(GAS_TEMPERATURE, GAS_PRESSURE, compressibility, Axes::Free), 24, 20, 1000);
    ideal_gas_under("MTK", mtk(GAS_TEMPERATURE, GAS_PRESSURE, isotropic), 24, 1, 20_000);
}

/// An Einstein crystal of three masses, so that phases do not stay locked, brought to temperature by Langevin dynamics.
fn einstein_crystal(ensemble: Ensemble, bulk_modulus: Option<f64>) -> Simulation {
    let mut system = fcc(2, 5.3);
    system.species = [20.0, 35.0, 60.0].map(|mass_u| Species { mass_u, ..argon() }).to_vec();
    system.types = (0..32).map(|i| i % 3).collect();
    let mut potential = Harmonic::new(&system, 1.0).unwrap();
    if let Some(modulus) = bulk_modulus {
        potential = potential.with_elastic_cell(&system, modulus).unwrap();
    }
    let temperature = ensemble.targets(0.0).temperature;
    let warm = Ensemble::NvtLangevin { temperature_kelvin: temperature.into(), damping_fs: 100.0 };
    let mut simulation = start(system, potential, warm, 2.0, 31);
    advance(&mut simulation, 1000);
    simulation.set_ensemble(ensemble).unwrap();
    simulation
}

#[test]
fn an_einstein_crystal_has_its_energies() {
    let temperature = 300.0;
    let [_, _, langevin] = thermostats(temperature);
    let mut simulation = einstein_crystal(langevin, None);
    let [kinetic, potential] = collect(&mut simulation, 4000, 20, |s| [s.kinetic_energy(), s.potential_energy()]);
    // 96 quadratic terms in either energy. With omega dt = 0.05 at most, BAOAB's error of K is (omega dt)^2/8 = 3e-4.
    let thermal = BOLTZMANN * temperature;
    check_law("Einstein K", &kinetic, 48.0 * thermal, 48.0 * thermal * thermal);
    check_law("Einstein U", &potential, 48.0 * thermal, 48.0 * thermal * thermal);
}

/// For stochastic cell rescaling only: springs never exchange energy, so that a deterministic barostat keeps for ever what
/// each had at the start.
#[test]
fn an_elastic_cell_has_a_gaussian_volume() {
    let (temperature, pressure, modulus) = (300.0, 0.01, 0.2);
    let mut simulation = einstein_crystal(scr(temperature, pressure, 1.0 / modulus, Axes::Isotropic), Some(modulus));
    let reference = volume(&simulation);
    advance(&mut simulation, 2000);
    let [volumes] = collect(&mut simulation, 10_000, 10, |s| [volume(s)]);
    let variance = BOLTZMANN * temperature * reference / modulus;
    check_law("V of an elastic cell", &volumes, reference * (1.0 - pressure / modulus), variance);
}

/// Values of a series far enough apart that neither they nor their squares are correlated.
fn decorrelated(series: &[f64]) -> Vec<f64> {
    let Mean { value, independent, .. } = mean(series);
    let squares: Vec<f64> = series.iter().map(|x| (x - value).powi(2)).collect();
    let stride = (series.len() as f64 / independent.min(mean(&squares).independent)).ceil() as usize;
    series.iter().copied().step_by(stride).collect()
}

/// Maximum-likelihood slope `s` of `ln p_b(x)/p_a(x) = c + s x` and its standard error: logistic regression of which of two
/// runs a value came from (Shirts, doi:10.1021/ct300688p).
fn log_ratio_slope(a: &[f64], b: &[f64]) -> (f64, f64) {
    let (a, b) = (decorrelated(a), decorrelated(b));
    assert!(a.len() > 100 && b.len() > 100, "{} {}", a.len(), b.len());
    let all = || a.iter().map(|&x| (x, 0.0)).chain(b.iter().map(|&x| (x, 1.0)));
    let n = (a.len() + b.len()) as f64;
    let center = all().map(|(x, _)| x).sum::<f64>() / n;
    let width = (all().map(|(x, _)| (x - center).powi(2)).sum::<f64>() / n).sqrt();
    let (mut c, mut s) = (0.0, 0.0);
    let mut error = 0.0;
    for _ in 0..30 {
        let (mut gradient, mut hessian) = ([0.0; 2], [0.0; 3]);
        for (x, label) in all() {
            let z = (x - center) / width;
            let p = 1.0 / (1.0 + f64::exp(-(c + s * z)));
            let w = p * (1.0 - p);
            gradient = [gradient[0] + label - p, gradient[1] + (label - p) * z];
            hessian = [hessian[0] + w, hessian[1] + w * z, hessian[2] + w * z * z];
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        c += (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant;
        s += (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant;
        error = (hessian[0] / determinant).sqrt();
    }
    (s / width, error / width)
}

fn check_slope(what: &str, (slope, error): (f64, f64), exact: f64) {
    println!("{what}: slope {slope:.4} +- {error:.4}, exact {exact:.4}: {:+.2} sigma", (slope - exact) / error);
    // The check must be able to tell: the slope is known to a fifth at least.
    assert!(error < 0.2 * exact.abs(), "{what}: {slope} +- {error}");
    assert!((slope - exact).abs() < SIGMAS * error, "{what}: {slope} +- {error}, expected {exact}");
}

/// Potential energies of the liquid at two temperatures: `ln p_2(U)/p_1(U) = c - (1/k T_2 - 1/k T_1) U`.
fn two_temperatures(choice: impl Fn(f64) -> Ensemble, samples: usize) {
    let temperatures = [100.0, 120.0];
    let [low, high] = temperatures.map(|temperature| {
        let mut simulation = start(liquid(2), short_argon(), choice(temperature), 8.0, 51);
        advance(&mut simulation, 2000);
        let [energies] = collect(&mut simulation, samples, 10, |s| [s.potential_energy()]);
        energies
    });
    let exact = (1.0 / temperatures[0] - 1.0 / temperatures[1]) / BOLTZMANN;
    check_slope(&format!("two temperatures, {:?}", choice(100.0)), log_ratio_slope(&low, &high), exact);
}

#[test]
fn energies_at_two_temperatures_have_boltzmann_s_ratio() {
    two_temperatures(|temperature| thermostats(temperature)[0], 2000);
}

/// Volumes at two pressures: `ln p_2(V)/p_1(V) = c - (P_2 - P_1) V/k T`.
fn two_pressures(
    start_from: &System,
    temperature: f64,
    gpa: [f64; 2],
    choice: impl Fn(f64) -> Ensemble,
    samples: usize,
) {
    let [low, high] = gpa.map(|pressure| {
        let ensemble = choice(pressure / EV_PER_A3_TO_GPA);
        let mut simulation = start(start_from.clone(), short_argon(), ensemble, 8.0, 61);
        advance(&mut simulation, 2000);
        let [volumes] = collect(&mut simulation, samples, 10, |s| [volume(s)]);
        volumes
    });
    let exact = -(gpa[1] - gpa[0]) / EV_PER_A3_TO_GPA / (BOLTZMANN * temperature);
    check_slope(&format!("two pressures, {:?}", choice(0.0)), log_ratio_slope(&low, &high), exact);
}

/// A dense fluid well above freezing.
const FLUID_TEMPERATURE: f64 = 150.0;
const FLUID_PRESSURES_GPA: [f64; 2] = [0.10, 0.16];
/// About 1.5/GPa, in Å^3/eV.
const FLUID_COMPRESSIBILITY: f64 = 1.5 * EV_PER_A3_TO_GPA;

/// Stochastic cell rescaling and Martyna-Tobias-Klein at the fluid's temperature.
fn barostats() -> [fn(f64, Axes) -> Ensemble; 2] {
    [
        |pressure, axes| scr(FLUID_TEMPERATURE, pressure, FLUID_COMPRESSIBILITY, axes),
        |pressure, axes| mtk(FLUID_TEMPERATURE, pressure, axes),
    ]
}

#[test]
fn volumes_at_two_pressures_have_boltzmann_s_ratio() {
    for barostat in barostats() {
        let choose = |pressure| barostat(pressure, Axes::Isotropic);
        two_pressures(&liquid(2), FLUID_TEMPERATURE, FLUID_PRESSURES_GPA, choose, 3000);
    }
}

#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_kinetic_energy_distribution() {
    for ensemble in thermostats(100.0) {
        kinetic_energy_is_gamma(ensemble, liquid(2), 4.0, 60_000);
    }
}

#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_two_temperatures() {
    for k in 0..3 {
        two_temperatures(|temperature| thermostats(temperature)[k], 20_000);
    }
}

#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_ideal_gas_volume() {
    let compressibility = 1.0 / GAS_PRESSURE;
    let isotropic = Axes::Isotropic;
    ideal_gas_under("SCR", scr(GAS_TEMPERATURE, GAS_PRESSURE, compressibility, isotropic), 64, 1, 100_000);
    ideal_gas_under("SCR free", scr(GAS_TEMPERATURE, GAS_PRESSURE, compressibility, Axes::Free), 64, 60, 1500);
    ideal_gas_under("MTK", mtk(GAS_TEMPERATURE, GAS_PRESSURE, isotropic), 64, 1, 100_000);
}

/// A crystal gives the shape of the cell something to return to, so that free axes can be sampled for long.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_two_pressures() {
    for barostat in barostats() {
        let choose = |pressure| barostat(pressure, Axes::Isotropic);
        two_pressures(&liquid(2), FLUID_TEMPERATURE, FLUID_PRESSURES_GPA, choose, 20_000);
    }
    let temperature = 50.0;
    let compressibility = 0.5 * EV_PER_A3_TO_GPA;
    for axes in [Axes::Isotropic, Axes::Free] {
        let rescaling = |pressure| scr(temperature, pressure, compressibility, axes);
        two_pressures(&fcc(2, 5.4), temperature, [0.10, 0.20], rescaling, 20_000);
        two_pressures(&fcc(2, 5.4), temperature, [0.10, 0.20], |pressure| mtk(temperature, pressure, axes), 20_000);
    }
}

/// The isothermal compressibility from the fluctuation of the volume and from its change with pressure.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_compressibility_by_two_routes() {
    let gpa = [0.11, 0.13, 0.15];
    for barostat in barostats() {
        let [low, middle, high] = gpa.map(|pressure| {
            let ensemble = barostat(pressure / EV_PER_A3_TO_GPA, Axes::Isotropic);
            let mut simulation = start(liquid(2), short_argon(), ensemble, 8.0, 71);
            advance(&mut simulation, 2000);
            let [volumes] = collect(&mut simulation, 30_000, 10, |s| [volume(s)]);
            volumes
        });
        let center = mean(&middle);
        let squares: Vec<f64> = middle.iter().map(|v| (v - center.value).powi(2)).collect();
        let (variance, ends) = (mean(&squares), [mean(&low), mean(&high)]);
        let thermal = BOLTZMANN * FLUID_TEMPERATURE * EV_PER_A3_TO_GPA;
        let fluctuation = variance.value / (thermal * center.value);
        let slope = (ends[0].value - ends[1].value) / ((gpa[2] - gpa[0]) * center.value);
        let slope_error = ends[0].error.hypot(ends[1].error) / ((gpa[2] - gpa[0]) * center.value);
        let error = slope_error.hypot(variance.error / (thermal * center.value));
        println!("compressibility: {fluctuation:.4} and {slope:.4} +- {error:.4} per GPa");
        assert!(error < 0.05 * slope, "too short: {error}");
        // A power law V ~ P^-n with n near 0.3 makes the chord steeper than the tangent by
        // (n + 1) (n + 2)/6 (0.02/0.13)^2 = 1.2 %.
        assert!((fluctuation - slope).abs() < SIGMAS * error + 0.012 * slope);
    }
}

/// What the conserved energy gains over so many times ten steps, eV/atom.
fn drift(what: &str, simulation: &mut Simulation, samples: usize) -> f64 {
    let atoms = simulation.system().len() as f64;
    let [energies] = collect(simulation, samples, 10, |s| [s.conserved_energy() / atoms]);
    // Least-squares slope over the run, times its length.
    let n = energies.len() as f64;
    let average = energies.iter().sum::<f64>() / n;
    let moment: f64 = energies.iter().enumerate().map(|(k, e)| (k as f64 / n - 0.5) * (e - average)).sum();
    let drift = 12.0 * moment / n;
    let fluctuation = (energies.iter().map(|e| (e - average).powi(2)).sum::<f64>() / n).sqrt();
    println!("{what}: drift {drift:.2e} eV/atom, fluctuation {fluctuation:.2e} eV/atom");
    drift
}

/// 500 atoms of liquid argon over 100 ps.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_nve_drift() {
    let mut simulation = start(liquid(5), LennardJones::argon(), Ensemble::Nve, 4.0, 81);
    let drift = drift("NVE, 500 argon atoms, 100 ps at 4 fs", &mut simulation, 2500);
    // Ten times the fluctuation of the shadow energy, 1e-4 of k T.
    assert!(drift.abs() < 1e-6, "{drift}");
}

/// 510 ions of CaCl2-KCl under the potential that is shipped, over 100 ps at the gallery's 2 fs and 1100 K.
#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_nve_drift_of_a_salt() {
    let mut spec = preset("cacl2-kcl-melt");
    let StructureSpec::Melt { atoms, .. } = &mut spec.structure else { panic!("the gallery's salt is a melt") };
    *atoms = 510;
    spec.density = None;
    spec.equilibrate = StageSpec { ensemble: EnsembleKind::Nvt, time_ps: 1.0, ..spec.equilibrate };
    spec.production = StageSpec { time_ps: 0.0, ..spec.equilibrate.clone() };
    let mut run = Run::new(spec.clone(), &file).unwrap();
    run.advance(u64::MAX, &mut || false).unwrap();
    let potential = crucible::run::potential(&spec.potential, &file).unwrap();
    let system = run.frame().clone();
    let limits = Limits::default();
    let mut simulation = Simulation::new(system, potential, Ensemble::Nve, spec.timestep_fs, 1, limits).unwrap();
    let ions = simulation.system().len();
    assert!((500..520).contains(&ions), "{ions}");
    let drift = drift(&format!("NVE, {ions} ions, 100 ps at {} fs", spec.timestep_fs), &mut simulation, 5000);
    // Seen: 5e-6, as much as the energy fluctuates by from step to step.
    assert!(drift.abs() < 3e-5, "{drift}");
}
