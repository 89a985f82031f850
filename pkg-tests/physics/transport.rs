//! Transport estimators against processes whose coefficients are known exactly.

use crucible::analysis::{Estimate, Property, transport};
use crucible::io::read_almtp;
use crucible::math::rng::{Rng, seeded};
use crucible::math::{Mat3, Vec3};
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::MtpPotential;
use crucible::potential::simple::{LennardJones, PairParameters, Soft, Truncation};
use crucible::potential::{Evaluation, Potential};
use crucible::sampling::{Currents, Frame, LoggedFluxes, Msd, Observer, Vacf};
use crucible::system::{Cell, Species, System};
use crucible::units::{BOLTZMANN, FORCE_PER_MASS, MASS_VELOCITY2_TO_EV};
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

fn melt_potential() -> MtpPotential {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("potentials/cacl2-kcl/potential.almtp");
    let almtp = read_almtp(&std::fs::read(path).unwrap(), "potential.almtp").unwrap();
    MtpPotential::new(almtp.parameters).unwrap()
}

/// A cluster of K, Ca and Cl with velocities, in a cell with open or periodic sides.
fn cluster(cell: Cell) -> System {
    let mut rng = seeded(11, 0);
    let species = ["K", "Ca", "Cl"].map(|name| Species::from_name(name).unwrap());
    let grid = (0..27).map(|k| Vec3::new((k % 3) as f64, (k / 3 % 3) as f64, (k / 9) as f64) * 2.9);
    let positions: Vec<Vec3> = grid.map(|x| x + 0.2 * normal(&mut rng)).collect();
    let types = (0..27).map(|k| if k % 2 == 0 { 2 } else { (k / 2) % 2 }).collect();
    let mut system = System::new(cell, species.to_vec(), types, positions).unwrap();
    system.velocities.iter_mut().for_each(|v| *v = 1e-2 * normal(&mut rng));
    system
}

fn evaluate(potential: &mut dyn Potential, system: &System) -> (Evaluation, Vec<Mat3>) {
    let mut neighbors = NeighborList::new(potential.cutoff(), 0.3).unwrap();
    neighbors.update(system).unwrap();
    let (mut evaluation, mut virials) = (Evaluation::default(), Vec::new());
    potential.evaluate(system, &neighbors, &mut evaluation).unwrap();
    assert!(potential.atom_virials(&neighbors, &mut virials));
    (evaluation, virials)
}

fn pairs_and_many_bodies() -> Vec<Box<dyn Potential>> {
    let parameters = [0.01, 0.03, 0.02].map(|epsilon_ev| PairParameters { epsilon_ev, sigma_angstrom: 2.6 });
    let lennard_jones = LennardJones::new(&parameters, 6.0, Truncation::Force).unwrap();
    let species = ["K", "Ca", "Cl"].map(|name| Species::from_name(name).unwrap());
    vec![Box::new(melt_potential()), Box::new(lennard_jones), Box::new(Soft::new(&species))]
}

#[test]
fn atoms_hold_the_whole_virial() {
    let system = cluster(Cell::orthorhombic(8.9, 9.1, 8.7).unwrap());
    for mut potential in pairs_and_many_bodies() {
        let (evaluation, virials) = evaluate(&mut *potential, &system);
        let sum: Mat3 = virials.iter().sum();
        // The same terms in another order.
        assert!(
            (sum - evaluation.virial).amax() < 1e-11 * (1.0 + evaluation.virial.amax()),
            "{sum} {}",
            evaluation.virial
        );
    }
}

/// The energy current is the rate at which the first moment of the energy moves.
#[test]
fn energy_current_is_what_moves_the_energy() {
    let system = cluster(Cell::open());
    for mut potential in pairs_and_many_bodies() {
        let (now, virials) = evaluate(&mut *potential, &system);
        let mut current = Vec3::zeros();
        for (i, velocity) in system.velocities.iter().enumerate() {
            let kinetic = 0.5 * system.mass(i) * velocity.norm_squared() * MASS_VELOCITY2_TO_EV;
            current += velocity * (kinetic + now.site_energies[i]) + virials[i] * velocity;
        }
        // Along the path of Newton's equations, to second order in a time of 0.01 fs.
        let mut moment_at = |time: f64| {
            let mut moved = system.clone();
            for i in 0..system.len() {
                let acceleration = now.forces[i] / system.mass(i) * FORCE_PER_MASS;
                moved.positions[i] += system.velocities[i] * time + 0.5 * acceleration * time * time;
                moved.velocities[i] += acceleration * time;
            }
            let (then, _) = evaluate(&mut *potential, &moved);
            let energy = |i: usize| {
                0.5 * moved.mass(i) * moved.velocities[i].norm_squared() * MASS_VELOCITY2_TO_EV + then.site_energies[i]
            };
            (0..moved.len()).map(|i| moved.positions[i] * energy(i)).sum::<Vec3>()
        };
        let time = 0.01;
        let numeric = (moment_at(time) - moment_at(-time)) / (2.0 * time);
        // Third derivatives of the moment make (0.01 fs)^2/6 of themselves; accelerations and jerks of a few 1e-3 /fs
        // leave a relative 1e-6.
        assert!((numeric - current).amax() < 1e-5 * current.amax(), "{numeric} {current}");
    }
}

/// Ions that forget their velocities over `memory` samples, none knowing of another.
fn forgetful_ions(seed: u64, memory: f64, samples: usize) -> (Currents, Vec<Property>) {
    let species = [("Na", 1.0, 20.0), ("Cl", -1.0, 30.0)].map(|(name, charge, mass_u)| Species {
        name: name.into(),
        mass_u,
        charge_e: Some(charge),
    });
    let cell = Cell::orthorhombic(20.0, 20.0, 20.0).unwrap();
    let types = (0..40).map(|i| i % 2).collect();
    let mut ions = System::new(cell, species.to_vec(), types, vec![Vec3::zeros(); 40]).unwrap();
    let mut rng = seeded(seed, 9);
    ions.velocities.iter_mut().for_each(|v| *v = 1e-3 * normal(&mut rng));
    let keep = 1.0 - 1.0 / memory;
    let (mut currents, mut msd) = (Currents::new(&ions).unwrap(), Msd::new(&ions));
    let virials = vec![Mat3::zeros(); 40];
    for k in 0..samples {
        let seen = Frame { pressure_tensor: Some(Mat3::zeros()), ..frame(&ions, 10.0 * k as f64) };
        currents.observe(&seen, &[0.0; 40], Some(&virials));
        msd.observe(&seen);
        if k == samples / 2 {
            // One that was stored goes on bit for bit.
            let stored = serde_json::to_string(&currents).unwrap();
            currents = serde_json::from_str(&stored).unwrap();
            assert_eq!(serde_json::to_string(&currents).unwrap(), stored);
        }
        for (position, velocity) in ions.positions.iter_mut().zip(&mut ions.velocities) {
            *position += *velocity * 10.0;
            *velocity = keep * *velocity + 1e-3 * (1.0 - keep * keep).sqrt() * normal(&mut rng);
        }
    }
    let (curves, windows) = (msd.curves(), msd.windows());
    let diffusion = curves.iter().zip(&windows).map(|(curve, windows)| transport::self_diffusion(curve, windows));
    let diffusion = diffusion.collect();
    (currents, diffusion)
}

#[test]
fn independent_ions_conduct_as_nernst_and_einstein_say() {
    let memory = 5.0;
    // 20000 samples: more than the table's rows, so that blocks have doubled.
    let (currents, diffusion) = forgetful_ions(1, memory, 20_000);
    assert!(currents.rows() < 8192, "{}", currents.rows());
    let all = transport::collective(Ok(&currents), Ok(&currents), Some(&currents), &diffusion);
    let (phi, velocity2) = (1.0 - 1.0 / memory, 1e-6);
    let diffusion = velocity2 * 10.0 * 0.5 * (1.0 + phi) / (1.0 - phi);
    let conductivity = 40.0 * diffusion / (8000.0 * BOLTZMANN * 1000.0) * 1.602_176_634e6;
    let find = |id: &str, route: &str, of: &str| {
        let found = all.iter().find(|p| p.id == id && p.route == route && p.of == of);
        let estimate = found.unwrap_or_else(|| panic!("{id} {route} {of}")).estimate.clone().unwrap();
        println!("{id} {route} {of}: {} +- {:?} {}", estimate.value, estimate.standard_error, estimate.unit);
        (estimate.value, estimate.standard_error.unwrap())
    };
    for (id, route, of, exact) in [
        ("ionic-conductivity", "Green–Kubo", "", conductivity),
        ("ionic-conductivity", "cepstral analysis", "", conductivity),
        ("ionic-conductivity", "Einstein", "", conductivity),
        ("ionic-conductivity", "Nernst–Einstein", "", conductivity * (1.0 - 1.0 / 40.0)),
        ("haven-ratio", "Nernst–Einstein over Green–Kubo", "", 1.0),
        // With the centre of mass at rest, shares are as the other ion's mass.
        ("transport-number", "centre-of-mass frame", "Na", 0.6),
        ("transport-number", "centre-of-mass frame", "Cl", 0.4),
        ("transport-number", "relative to Cl", "Na", 1.0),
        // All of the current is the cations' where the anions rest: u = sigma V/(N q).
        ("mobility", "relative to Cl", "Na", 2.0 * diffusion / (BOLTZMANN * 1000.0) * 1e3),
    ] {
        let (value, error) = find(id, route, of);
        // Four standard errors; shares that follow from the masses alone have next to none.
        assert!((value - exact).abs() < 4.0 * error + 1e-9 * exact, "{id} {route} {of}: {value} +- {error}, {exact}");
        assert!(error < 0.2 * exact, "{id} {route} {of}: {error}");
    }
}

/// By identifier and route.
fn find<'a>(all: &'a [Property], id: &str, route: &str) -> &'a Estimate {
    let found = all.iter().find(|property| property.id == id && property.route == route);
    found.and_then(|property| property.estimate.as_ref()).unwrap_or_else(|| panic!("{id}, {route}"))
}

#[test]
fn what_is_made_of_doubtful_values_says_so() {
    let (currents, mut diffusion) = forgetful_ions(2, 5.0, 2000);
    for property in &mut diffusion {
        property.estimate.as_mut().unwrap().warnings = vec!["a doubt".to_owned()];
    }
    let all = transport::collective(Ok(&currents), Ok(&currents), Some(&currents), &diffusion);
    for (id, route) in [("ionic-conductivity", "Nernst–Einstein"), ("haven-ratio", "Nernst–Einstein over Green–Kubo")]
    {
        let doubts = find(&all, id, route).warnings.iter().filter(|warning| *warning == "a doubt").count();
        assert_eq!(doubts, 1, "{id}");
    }
    // What is a share of a conductivity has an error where that has one.
    let mut without = 0;
    for seed in 0..40 {
        let (currents, diffusion) = forgetful_ions(seed, 12.0, 300);
        let all = transport::collective(Ok(&currents), Ok(&currents), Some(&currents), &diffusion);
        let known = |id: &str, route: &str| find(&all, id, route).standard_error.is_some();
        let whole = known("ionic-conductivity", "Green–Kubo");
        without += u32::from(!whole);
        for id in ["mobility", "transport-number"] {
            assert_eq!(known(id, "centre-of-mass frame"), whole, "{id}, seed {seed}");
        }
        assert_eq!(known("ionic-conductivity", "cepstral analysis"), whole, "seed {seed}");
    }
    assert!((1..40).contains(&without), "{without}");
}

/// A log of a stress that is remembered over `memory` rows.
fn logged_stress(seed: u64, memory: f64, rows: usize) -> Currents {
    let species = vec![Species { name: "A".into(), mass_u: 20.0, charge_e: None }];
    let cell = Cell::orthorhombic(20.0, 20.0, 20.0).unwrap();
    let gas = System::new(cell, species, vec![0; 2], vec![Vec3::zeros(); 2]).unwrap();
    let (mut rng, keep) = (seeded(seed, 3), 1.0 - 1.0 / memory);
    let mut stress = [0; 6].map(|_| -> f64 { StandardNormal.sample(&mut rng) });
    let mut currents = Currents::new(&gas).unwrap();
    for k in 0..rows {
        let time_fs = 10.0 * k as f64;
        currents.observe_logged(&LoggedFluxes {
            time_fs,
            temperature_kelvin: 1000.0,
            stress,
            energy: None,
            energy_current: None,
        });
        let noise = (1.0 - keep * keep).sqrt();
        stress = stress.map(|s| {
            let fresh: f64 = StandardNormal.sample(&mut rng);
            keep * s + noise * fresh
        });
    }
    currents
}

/// A limit at zero frequency is a guess where the run is not much longer than the memory.
#[test]
fn cepstral_analysis_has_no_error_without_a_plateau() {
    let viscosity = |memory: f64, rows: usize, seed: u64| {
        let currents = logged_stress(seed, memory, rows);
        let all = transport::collective(Ok(&currents), Err("not asked"), None, &[]);
        find(&all, "shear-viscosity", "cepstral analysis").clone()
    };
    for seed in 0..10 {
        let short = viscosity(30.0, 100, seed);
        assert!(short.standard_error.is_none() && short.warnings[0].contains("plateau"), "{short:?}");
    }
    let long = viscosity(5.0, 6000, 1);
    assert!(long.standard_error.unwrap() < 0.2 * long.value && long.warnings.is_empty(), "{long:?}");
}

#[test]
fn velocities_of_a_forgetful_gas_tell_its_diffusion() {
    let memory = 6.0;
    let species = vec![Species { name: "A".into(), mass_u: 20.0, charge_e: None }];
    let cell = Cell::orthorhombic(20.0, 20.0, 20.0).unwrap();
    let mut gas = System::new(cell, species, vec![0; 60], vec![Vec3::zeros(); 60]).unwrap();
    let mut rng = seeded(4, 8);
    gas.velocities.iter_mut().for_each(|v| *v = 1e-3 * normal(&mut rng));
    let keep = 1.0 - 1.0 / memory;
    let mut vacf = Vacf::new(&gas);
    for k in 0..12_000 {
        vacf.observe(&frame(&gas, 10.0 * k as f64));
        for velocity in &mut gas.velocities {
            *velocity = keep * *velocity + 1e-3 * (1.0 - keep * keep).sqrt() * normal(&mut rng);
        }
    }
    let all = transport::from_velocities(&vacf.correlations()[0]);
    let estimate = all[0].estimate.as_ref().unwrap();
    let exact = forgetful_diffusion(memory, 60);
    let error = estimate.standard_error.unwrap();
    assert!((estimate.value - exact).abs() < 4.0 * error && error < 0.05 * exact, "{exact} {estimate:?}");
    // The density of states holds one mode for each: its integral is 1, but for what the drawing leaves out.
    let states = &all[1].charts[0].series[0];
    let step = states.x[1] - states.x[0];
    let total: f64 = states.y.windows(2).map(|pair| 0.5 * step * (pair[0] + pair[1])).sum();
    assert!((total - 1.0).abs() < 0.05, "{total}");
    assert!(all.iter().flat_map(|p| &p.charts).all(|chart| chart.validate().is_ok()));
}
