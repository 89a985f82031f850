//! Integrators, conserved quantities, determinism, checkpoints, blow-ups and relaxation.

use crucible::dynamics::{Axes, Ensemble, Limits, Ramp, Simulation};
use crucible::math::Vec3;
use crucible::potential::simple::LennardJones;
use crucible::system::{Cell, Species, System};

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
