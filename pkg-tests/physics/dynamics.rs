//! Integrators, conserved quantities, determinism, checkpoints, blow-ups and relaxation.

use crucible::dynamics::minimize::{FireOptions, fire};
use crucible::dynamics::{Axes, Checkpoint, Ensemble, Limits, Ramp, Simulation, maxwell_boltzmann};
use crucible::error::Error;
use crucible::math::{Vec3, rng};
use crucible::potential::simple::{Harmonic, LennardJones};
use crucible::system::{Cell, Species, System};
use rand_distr::Distribution;

/// Liquid argon near its triple point in reduced units: rho* = 0.84 gives an fcc edge of 5.72 Å.
const ARGON_EDGE: f64 = 5.72;
const ARGON_TEMPERATURE: f64 = 100.0;

pub fn argon() -> Species {
    Species { name: "Ar".into(), mass_u: 39.948, charge_e: Some(0.0) }
}

/// An fcc crystal of `n^3` cells.
pub fn fcc(n: usize, edge: f64) -> System {
    let basis = [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]];
    let mut positions = Vec::new();
    for (x, y, z) in (0..n * n * n).map(|c| (c / (n * n), c / n % n, c % n)) {
        let corner = Vec3::new(x as f64, y as f64, z as f64);
        positions.extend(basis.map(|b| (corner + Vec3::from(b)) * edge));
    }
    let length = n as f64 * edge;
    let cell = Cell::orthorhombic(length, length, length).unwrap();
    System::new(cell, vec![argon()], vec![0; positions.len()], positions).unwrap()
}

pub fn simulate(system: &System, ensemble: Ensemble, timestep_fs: f64, seed: u64) -> Simulation {
    let potential = Box::new(LennardJones::argon());
    Simulation::new(system.clone(), potential, ensemble, timestep_fs, seed, Limits::default()).unwrap()
}

pub fn advance(simulation: &mut Simulation, steps: usize) {
    for _ in 0..steps {
        simulation.step().unwrap();
    }
}

/// A liquid: melted from fcc by Langevin dynamics, then brought to the wanted temperature.
pub fn liquid(cells: usize) -> System {
    let hot = Ensemble::NvtLangevin { temperature_kelvin: 250.0.into(), damping_fs: 200.0 };
    let mut simulation = simulate(&fcc(cells, ARGON_EDGE), hot, 5.0, 7);
    advance(&mut simulation, 600);
    let cold = Ensemble::NvtLangevin { temperature_kelvin: ARGON_TEMPERATURE.into(), damping_fs: 200.0 };
    simulation.set_ensemble(cold).unwrap();
    advance(&mut simulation, 600);
    simulation.system().clone()
}

/// Every ensemble at the liquid's state, with ramps where `ramped`.
pub fn ensembles(ramped: bool) -> Vec<Ensemble> {
    let ramp = |from: f64, to: f64| if ramped { Ramp::Linear { from, to, over_fs: 500.0 } } else { from.into() };
    let (temperature_kelvin, pressure_gpa, damping_fs) = (ramp(100.0, 120.0), ramp(0.05, 0.1), 200.0);
    let (barostat_damping_fs, compressibility_per_gpa) = (500.0, 1.0);
    let mut all = vec![
        Ensemble::Nve,
        Ensemble::NvtBussi { temperature_kelvin, damping_fs },
        Ensemble::NvtNoseHoover { temperature_kelvin, damping_fs },
        Ensemble::NvtLangevin { temperature_kelvin, damping_fs },
    ];
    for axes in [Axes::Isotropic, Axes::Free] {
        all.push(Ensemble::NptScr {
            temperature_kelvin,
            pressure_gpa,
            damping_fs,
            barostat_damping_fs,
            compressibility_per_gpa,
            axes,
        });
        all.push(Ensemble::NptMtk { temperature_kelvin, pressure_gpa, damping_fs, barostat_damping_fs, axes });
    }
    all
}

/// Standard deviation over `steps` of the conserved energy about its start, and its change, both per atom in eV.
fn drift(simulation: &mut Simulation, steps: usize) -> (f64, f64) {
    let n = simulation.system().len() as f64;
    let start = simulation.conserved_energy();
    let mut squares = 0.0;
    for _ in 0..steps {
        simulation.step().unwrap();
        squares += (simulation.conserved_energy() - start).powi(2);
    }
    ((squares / steps as f64).sqrt() / n, (simulation.conserved_energy() - start) / n)
}

#[test]
fn nve_energy_error_scales_with_the_timestep_squared() {
    let system = liquid(3);
    let fluctuation = |dt: f64| {
        let mut simulation = simulate(&system, Ensemble::Nve, dt, 1);
        let mut energies = Vec::new();
        for _ in 0..(2000.0 / dt) as usize {
            simulation.step().unwrap();
            energies.push(simulation.conserved_energy());
        }
        let mean = energies.iter().sum::<f64>() / energies.len() as f64;
        (energies.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / energies.len() as f64).sqrt()
    };
    let (coarse, fine) = (fluctuation(8.0), fluctuation(4.0));
    println!("NVE fluctuation: {coarse:.3e} eV at 8 fs, {fine:.3e} eV at 4 fs, ratio {:.3}", coarse / fine);
    // Velocity Verlet is of second order: 4. Trajectories part within 2 ps and sample the shadow energy apart; the smoothness of the
    // force-shifted cut leaves a rest: 15 %.
    assert!((coarse / fine - 4.0).abs() < 0.6, "{}", coarse / fine);
}

#[test]
fn every_ensemble_holds_its_conserved_energy() {
    let system = liquid(3);
    for ensemble in ensembles(false).into_iter().chain(ensembles(true)) {
        let measure = |dt: f64| {
            let mut simulation = simulate(&system, ensemble, dt, 11);
            drift(&mut simulation, (4000.0 / dt) as usize)
        };
        let (coarse, fine) = (measure(8.0), measure(4.0));
        println!("{ensemble:?}: 8 fs {coarse:?} eV/atom, 4 fs {fine:?} eV/atom");
        // NVE's own fluctuation is 3.3e-7 eV/atom at 4 fs and 1.3e-6 at 8 fs. Baths and cell add splitting errors of the
        // same second order; a wrong term would show as a share of k T = 8.6e-3 eV.
        assert!(fine.0 < 3e-6, "{ensemble:?}: {fine:?}");
        assert!(coarse.0 < 1.2e-5, "{ensemble:?}: {coarse:?}");
    }
}

pub fn in_pool<T: Send>(threads: usize, body: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(body)
}

#[test]
fn trajectories_have_the_same_bits_for_any_number_of_threads() {
    let system = liquid(3);
    for ensemble in ensembles(true) {
        let run = |threads: usize| {
            in_pool(threads, || {
                let mut simulation = simulate(&system, ensemble, 5.0, 3);
                advance(&mut simulation, 150);
                (simulation.system().clone(), simulation.conserved_energy())
            })
        };
        let one = run(1);
        assert_eq!(one, run(2), "{ensemble:?}");
        assert_eq!(one, run(4), "{ensemble:?}");
    }
}

#[test]
fn a_restored_run_goes_on_with_the_same_bits() {
    let system = liquid(3);
    for ensemble in ensembles(true) {
        let mut whole = simulate(&system, ensemble, 5.0, 5);
        // At 77 steps the neighbour list is some steps old, and the ramps are not over.
        advance(&mut whole, 77);
        let checkpoint = whole.checkpoint();
        advance(&mut whole, 150);
        let bytes = postcard::to_stdvec(&checkpoint).unwrap();
        let text = serde_json::to_string(&checkpoint).unwrap();
        let forms: [Checkpoint; 2] = [postcard::from_bytes(&bytes).unwrap(), serde_json::from_str(&text).unwrap()];
        for form in forms {
            let mut restored = Simulation::restore(form, Box::new(LennardJones::argon())).unwrap();
            advance(&mut restored, 150);
            assert_eq!(whole.checkpoint(), restored.checkpoint(), "{ensemble:?}");
            assert_eq!(whole.evaluation().forces, restored.evaluation().forces);
        }
    }
}

#[test]
fn a_checkpoint_that_no_run_wrote_is_refused() {
    let simulation = simulate(&fcc(2, ARGON_EDGE), ensembles(false)[2], 5.0, 5);
    let good = serde_json::to_value(simulation.checkpoint()).unwrap();
    let spoil = |path: &str, value: serde_json::Value| {
        let mut spoiled = good.clone();
        *spoiled.pointer_mut(path).unwrap() = value;
        let checkpoint: Checkpoint = serde_json::from_value(spoiled).unwrap();
        Simulation::restore(checkpoint, Box::new(LennardJones::argon())).map(|_| ())
    };
    spoil("/state/step", 3.into()).unwrap();
    let cases: [(&str, serde_json::Value); 6] = [
        ("/version", 99.into()),
        ("/timestep_fs", 1000.0.into()),
        ("/state/system/types/0", 7.into()),
        ("/state/system/velocities", serde_json::json!([])),
        ("/state/system/cell/vectors/0", 1e-30.into()),
        ("/state/chain", serde_json::Value::Null),
    ];
    for (path, value) in cases {
        assert!(spoil(path, value).is_err(), "{path}");
    }
}

#[test]
fn a_blow_up_names_step_atom_and_pair_and_keeps_a_good_state() {
    let mut simulation = simulate(&liquid(2), Ensemble::Nve, 5.0, 1);
    advance(&mut simulation, 120);
    let mut checkpoint = serde_json::to_value(simulation.checkpoint()).unwrap();
    // Atom 5 flies at 0.15 Å/fs, 0.75 Å in a step: further than half the skin of 0.8 Å.
    checkpoint["state"]["system"]["velocities"][4] = serde_json::json!([0.15, 0.0, 0.0]);
    let checkpoint: Checkpoint = serde_json::from_value(checkpoint).unwrap();
    let mut broken = Simulation::restore(checkpoint, Box::new(LennardJones::argon())).unwrap();
    let kept = broken.system().clone();
    let error = broken.step().unwrap_err();
    let Error::Unstable { step, reason } = &error else { panic!("{error}") };
    assert_eq!(*step, 121);
    assert!(reason.contains("atom 5 (Ar) would move 0.75"), "{reason}");
    assert!(reason.contains("closest pair"), "{reason}");
    assert_eq!(broken.system(), &kept);
    assert_eq!(broken.step().unwrap_err(), error);
}

#[test]
fn a_run_that_heats_up_stops_at_its_limit_with_an_older_state() {
    // The temperature of 32 atoms fluctuates by 15 %: on the ramp to 290 K it meets 300 K.
    let limits = Limits { max_temperature_kelvin: 300.0, ..Limits::default() };
    let temperature_kelvin = Ramp::Linear { from: 50.0, to: 290.0, over_fs: 4000.0 };
    let hot = Ensemble::NvtLangevin { temperature_kelvin, damping_fs: 50.0 };
    let potential = Box::new(LennardJones::argon());
    let mut simulation = Simulation::new(fcc(2, ARGON_EDGE), potential, hot, 5.0, 1, limits).unwrap();
    let mut good = Vec::new();
    let error = loop {
        good.push(simulation.system().clone());
        match simulation.step() {
            Ok(()) => assert!(good.len() < 2000, "never met the limit"),
            Err(error) => break error,
        }
    };
    let Error::Unstable { step, reason } = &error else { panic!("{error}") };
    assert!(reason.contains("is the hottest") && reason.contains("limit 300 K"), "{reason}");
    assert_eq!(*step, good.len() as u64);
    let age = step - simulation.step_count();
    assert!(*step > 100 && (50..=101).contains(&age), "{step} {age}");
    assert_eq!(simulation.system(), &good[simulation.step_count() as usize]);
    // It can go on from there, cooler.
    simulation.set_ensemble(Ensemble::NvtLangevin { temperature_kelvin: 50.0.into(), damping_fs: 50.0 }).unwrap();
    advance(&mut simulation, 10);
}

#[test]
fn overlapping_atoms_are_reported_not_computed() {
    let mut system = fcc(2, ARGON_EDGE);
    system.positions[3] = system.positions[9];
    let outcome = Simulation::new(system, Box::new(LennardJones::argon()), Ensemble::Nve, 2.0, 1, Limits::default());
    let message = outcome.err().expect("the force is infinite").to_string();
    assert!(message.contains("atoms 4") || message.contains("atom 4 (Ar)"), "{message}");
    assert!(message.contains(", 0 Å apart"), "{message}");
}

#[test]
fn senseless_runs_are_refused_with_what_would_do() {
    let start = |timestep: f64, limits: Limits, system: System| {
        Simulation::new(system, Box::new(LennardJones::argon()), ensembles(false)[1], timestep, 1, limits).map(|_| ())
    };
    let (good, limits) = (fcc(2, ARGON_EDGE), Limits::default());
    start(5.0, limits, good.clone()).unwrap();
    for timestep in [1000.0, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        let message = start(timestep, limits, good.clone()).unwrap_err().to_string();
        assert!(message.starts_with("timestep: found") && message.contains("20 fs"), "{message}");
    }
    let mut massless = good.clone();
    massless.species[0].mass_u = 0.0;
    assert!(start(5.0, limits, massless).unwrap_err().to_string().starts_with("mass of Ar"));
    let mut unknown = good.clone();
    unknown.species.push(argon());
    unknown.types[3] = 1;
    assert!(start(5.0, limits, unknown).unwrap_err().to_string().starts_with("species"));
    let mut empty = good.clone();
    (empty.types, empty.positions, empty.velocities) = Default::default();
    assert!(start(5.0, limits, empty).unwrap_err().to_string().starts_with("number of atoms"));
    assert!(start(5.0, Limits { skin_angstrom: f64::NAN, ..limits }, good.clone()).is_err());
    assert!(start(5.0, Limits { max_temperature_kelvin: 50.0, ..limits }, good).is_err());
}

#[test]
fn drawn_velocities_have_no_drift_and_the_exact_temperature() {
    let mut system = fcc(3, ARGON_EDGE);
    system.species.push(Species { mass_u: 6.94, ..argon() });
    system.types.iter_mut().step_by(2).for_each(|t| *t = 1);
    maxwell_boltzmann(&mut system, 300.0, true, &mut rng::seeded(9, 0)).unwrap();
    let momentum: Vec3 = (0..system.len()).map(|i| system.velocities[i] * system.mass(i)).sum();
    // Sums of 108 terms of order 0.1 u Å/fs, and a quotient: rounding only.
    assert!(momentum.norm() < 1e-12, "{momentum}");
    assert!((system.temperature(3 * system.len() - 3) - 300.0).abs() < 1e-9);
    assert!(maxwell_boltzmann(&mut system, -1.0, true, &mut rng::seeded(9, 0)).is_err());
}

#[test]
fn momentum_stays_zero_and_degrees_of_freedom_follow_the_potential() {
    let system = liquid(2);
    for ensemble in ensembles(false) {
        let mut simulation = simulate(&system, ensemble, 5.0, 2);
        advance(&mut simulation, 200);
        let momentum: Vec3 = simulation.system().velocities.iter().sum();
        // 32 atoms at 1e-3 Å/fs, 200 steps of rounding at 1e-16 relative.
        assert!(momentum.norm() < 1e-14, "{ensemble:?}: {momentum}");
        assert_eq!(simulation.degrees_of_freedom(), 93);
    }
    let tied = Box::new(Harmonic::new(&system, 1.0).unwrap());
    let simulation = Simulation::new(system, tied, Ensemble::Nve, 1.0, 1, Limits::default()).unwrap();
    assert_eq!(simulation.degrees_of_freedom(), 96);
}

#[test]
fn changing_the_ensemble_keeps_the_books() {
    let mut simulation = simulate(&liquid(2), Ensemble::Nve, 5.0, 2);
    let start = simulation.conserved_energy();
    for ensemble in ensembles(true) {
        simulation.set_ensemble(ensemble).unwrap();
        advance(&mut simulation, 100);
    }
    simulation.draw_velocities(80.0, 4).unwrap();
    assert!((simulation.temperature() - 80.0).abs() < 1e-9);
    // 3.2 ps of eight methods: the bound of the drift test, for 32 atoms.
    assert!((simulation.conserved_energy() - start).abs() < 32.0 * 1.2e-5);
    let refused = simulation.set_ensemble(Ensemble::NvtBussi { temperature_kelvin: (-1.0).into(), damping_fs: 10.0 });
    assert!(refused.is_err());
    advance(&mut simulation, 1);
}

#[test]
fn another_simulation_goes_on_with_noise_and_books() {
    for langevin in [false, true].map(|ramped| ensembles(ramped)[3]) {
        let mut first = simulate(&liquid(2), langevin, 5.0, 2);
        advance(&mut first, 60);
        let mut second = simulate(first.system(), langevin, 2.5, 2);
        let noise = |simulation: &Simulation| {
            let checkpoint = serde_json::to_value(simulation.checkpoint()).unwrap();
            checkpoint["state"]["rng"].clone()
        };
        assert_ne!(noise(&second), noise(&first));
        second.continue_from(&first);
        assert_eq!(noise(&second), noise(&first));
        // Sums and differences of energies near 2 eV.
        assert!((second.conserved_energy() - first.conserved_energy()).abs() < 1e-12);
        advance(&mut second, 10);
    }
}

#[test]
fn fire_finds_the_lattice_again() {
    let perfect = fcc(3, 5.27);
    let mut system = perfect.clone();
    let mut rng = rng::seeded(8, 0);
    let shift = rand_distr::Uniform::new(-0.5, 0.5).unwrap();
    system.positions.iter_mut().for_each(|x| *x += Vec3::from_fn(|_, _| shift.sample(&mut rng)));
    let options = FireOptions { force_tolerance: 1e-6, max_iterations: 2000, max_displacement: 0.1 };
    let report = fire(&mut system, &mut LennardJones::argon(), &options).unwrap();
    println!("{report:?}");
    assert!(report.converged && report.max_force < 1e-6, "{report:?}");
    assert!(report.energy[1] < report.energy[0]);
    let lattice = fire(&mut perfect.clone(), &mut LennardJones::argon(), &options).unwrap();
    // Energies differ by the square of the largest force over the stiffness, 1e-12/0.1 eV an atom, times 108 atoms.
    assert!((report.energy[1] - lattice.energy[1]).abs() < 1e-8, "{report:?} {lattice:?}");
}

#[test]
fn fire_separates_close_contacts_and_reports_failure_to_converge() {
    let mut system = fcc(2, ARGON_EDGE);
    system.positions[1] = system.positions[0] + Vec3::new(0.3, 0.2, 0.1);
    let before = system.clone();
    let short = FireOptions { max_iterations: 5, ..FireOptions::default() };
    let report = fire(&mut system, &mut LennardJones::argon(), &short).unwrap();
    assert!(!report.converged && report.iterations == 5);
    // Four moves of at most 0.1 Å each, and half a step back.
    let furthest = system.positions.iter().zip(&before.positions).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max);
    assert!(furthest > 0.1 && furthest < 0.5, "{furthest}");
    let report = fire(&mut system, &mut LennardJones::argon(), &FireOptions::default()).unwrap();
    assert!(report.converged, "{report:?}");
    let coincident = &mut before.clone();
    coincident.positions[1] = coincident.positions[0];
    assert!(fire(coincident, &mut LennardJones::argon(), &short).is_err());
}
