//! Thermodynamic properties from fluctuations, against exact answers.

use crucible::analysis::thermodynamics::{Amount, Held, properties};
use crucible::analysis::{Estimate, Property};
use crucible::dynamics::{Axes, Ensemble, Limits, Ramp, Simulation, maxwell_boltzmann};
use crucible::math::{Vec3, rng};
use crucible::potential::Potential;
use crucible::potential::simple::{Harmonic, IdealGas};
use crucible::run::{Measured, Results, ScanPoint, scan_properties};
use crucible::sampling::{Fluctuations, Frame, Observer};
use crucible::system::{Cell, Lattice, Species, System};
use crucible::units::{BOLTZMANN, EV_PER_A3_TO_GPA};
use rand_distr::{Distribution, Gamma, StandardNormal};

const GAS: f64 = 8.314_462_618;
const KELVIN: f64 = 300.0;

fn gas(atoms: usize, volume: f64) -> System {
    let species = vec![Species::from_name("Ar").unwrap()];
    let edge = volume.cbrt();
    System::new(Cell::orthorhombic(edge, edge, edge).unwrap(), species, vec![0; atoms], vec![Vec3::zeros(); atoms])
        .unwrap()
}

fn frame<'a>(system: &'a System, step: u64, potential_energy: f64) -> Frame<'a> {
    Frame {
        step,
        time_fs: step as f64,
        system,
        temperature_kelvin: KELVIN,
        pressure_tensor: None,
        potential_energy,
        kinetic_energy: 0.0,
        conserved_energy: 0.0,
    }
}

fn find<'a>(properties: &'a [Property], id: &str) -> &'a Estimate {
    properties.iter().find(|p| p.id == id).and_then(|p| p.estimate.as_ref()).unwrap_or_else(|| panic!("{id}"))
}

fn agrees(estimate: &Estimate, truth: f64) -> bool {
    (estimate.value - truth).abs() < 4.0 * estimate.standard_error.unwrap()
}

/// Volumes of an ideal gas at constant pressure are Gamma-distributed: exactly N k T/P on average.
#[test]
fn an_ideal_gas_has_its_textbook_response() {
    let (atoms, gpa) = (50, 0.1);
    let kt_over_p = BOLTZMANN * KELVIN * EV_PER_A3_TO_GPA / gpa;
    let volumes = Gamma::new(f64::from(atoms), kt_over_p).unwrap();
    let (mut rng, mut fluctuations) = (rng::seeded(1, 0), Fluctuations::new());
    let mut system = gas(atoms as usize, f64::from(atoms) * kt_over_p);
    let amount = Amount::new(&system);
    for step in 0..40_000 {
        let edge = volumes.sample(&mut rng).cbrt();
        system.cell = Cell::orthorhombic(edge, edge, edge).unwrap();
        fluctuations.observe(&frame(&system, step, 0.0));
    }
    let found = properties(&fluctuations, &amount, Held::Pressure { kelvin: KELVIN, gpa });
    for (id, truth) in [
        ("compressibility", 1.0 / gpa),
        ("thermal-expansion", 1e4 / KELVIN),
        ("heat-capacity-cp", 2.5 * GAS),
        ("enthalpy", 2.5e-3 * GAS * KELVIN),
        ("molar-volume", kt_over_p * 0.602_214_076),
    ] {
        let estimate = find(&found, id);
        println!("{id}: {} ± {:?}, exactly {truth}", estimate.value, estimate.standard_error);
        assert!(agrees(estimate, truth), "{id}");
        // 40 000 independent samples: averages to 0.1 %, variances to 0.7 %.
        assert!(estimate.standard_error.unwrap() < 0.015 * truth, "{id}");
    }
}

/// Correlated pairs of volume and energy with known covariances: one standard error covers the truth 60 to 76 % of the time.
#[test]
fn one_sigma_covers_two_thirds() {
    const MEMORY: f64 = 0.9;
    let (spread_v, spread_u) = (20.0, 0.4);
    let volume = 5000.0;
    let mut system = gas(40, volume);
    let amount = Amount::new(&system);
    let held = Held::Pressure { kelvin: KELVIN, gpa: 0.0 };
    let kt = BOLTZMANN * KELVIN;
    let truth = [
        ("compressibility", spread_v * spread_v / (kt * volume) / EV_PER_A3_TO_GPA),
        ("thermal-expansion", 1e4 * 0.6 * spread_v * spread_u / (kt * KELVIN * volume)),
        ("heat-capacity-cp", (1.5 + spread_u * spread_u / (40.0 * kt * kt)) * GAS),
    ];
    let mut within = [0.0; 3];
    let series = 300;
    for seed in 0..series {
        let mut rng = rng::seeded(seed, 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let (mut a, mut b) = (normal(), normal());
        let mut fluctuations = Fluctuations::new();
        for step in 0..8000 {
            a = MEMORY * a + (1.0 - MEMORY * MEMORY).sqrt() * normal();
            b = MEMORY * b + (1.0 - MEMORY * MEMORY).sqrt() * normal();
            let edge = (volume + spread_v * a).cbrt();
            system.cell = Cell::orthorhombic(edge, edge, edge).unwrap();
            fluctuations.observe(&frame(&system, step, spread_u * (0.6 * a + 0.8 * b)));
        }
        let found = properties(&fluctuations, &amount, held);
        for (count, (id, truth)) in within.iter_mut().zip(truth) {
            let estimate = find(&found, id);
            *count +=
                f64::from((estimate.value - truth).abs() < estimate.standard_error.unwrap_or(0.0)) / series as f64;
        }
    }
    println!("coverage of variances and covariances: {within:.3?}");
    // 68.3 % to 2.7 %; variances are skewed, which costs a few percent.
    assert!(within.iter().all(|share| (0.60..0.76).contains(share)), "{within:?}");
}

#[test]
fn what_is_not_held_has_no_fluctuation_formula() {
    let system = gas(10, 1000.0);
    let mut fluctuations = Fluctuations::new();
    let ids = |fluctuations: &Fluctuations, held| -> Vec<String> {
        properties(fluctuations, &Amount::new(&system), held).into_iter().map(|p| p.id).collect()
    };
    assert!(ids(&fluctuations, Held::Nothing).is_empty());
    assert_eq!(ids(&fluctuations, Held::Temperature { kelvin: 1.0 }), ["heat-capacity-cv"]);
    fluctuations.observe(&frame(&system, 0, 1.0));
    let early = properties(&fluctuations, &Amount::new(&system), Held::Energy);
    assert!(early[0].estimate.is_none() && early[0].pending.is_some());
}

fn published_viscosity() -> Measured {
    Measured {
        id: "shear-viscosity".into(),
        of: String::new(),
        value: 7.4,
        uncertainty: None,
        unit: "mPa s".into(),
        source: "s".into(),
        interpolated: false,
        line: vec![[295.0, 7.4], [305.0, 7.5]],
    }
}

/// A scan of an ideal gas: V = N k T/P and H = 5/2 N k T, so that alpha = 1/T in the middle and Cp = 5/2 R.
#[test]
fn a_scan_gives_expansion_and_heat_capacity() {
    let estimate = |value: f64, unit: &str| {
        Some(Estimate {
            value,
            standard_error: Some(1e-3 * value),
            unit: unit.into(),
            independent_samples: 50.0,
            warnings: vec![],
        })
    };
    let property = |id: &str, value: f64, unit: &str| Property {
        id: id.into(),
        of: String::new(),
        name: id.into(),
        route: "mean".into(),
        estimate: estimate(value, unit),
        pending: None,
        charts: vec![],
        settings: Default::default(),
    };
    let points: Vec<ScanPoint> = [290.0, 300.0, 310.0]
        .map(|kelvin| {
            let properties = vec![
                property("molar-volume", GAS * kelvin, "cm³/mol"),
                property("enthalpy", 2.5e-3 * GAS * kelvin, "kJ/mol"),
                property("shear-viscosity", (5000.0 / (GAS * kelvin)).exp(), "mPa s"),
                property("thermal-conductivity", 1.0 - 1e-3 * kelvin, "W/(m K)"),
                Property {
                    route: "another".into(),
                    ..property("thermal-conductivity", 1.2 - 1e-3 * kelvin, "W/(m K)")
                },
            ];
            ScanPoint {
                temperature_k: kelvin,
                results: Results { properties, ..Results::default() },
                measured: vec![published_viscosity()],
            }
        })
        .to_vec();
    let found = scan_properties(&points);
    // The chord of a logarithm over 20 K differs from its tangent by (10/300)^2/6 of itself.
    assert!((find(&found, "thermal-expansion").value - 1e4 / 300.0).abs() < 0.05);
    assert!((find(&found, "heat-capacity-cp").value - 2.5 * GAS).abs() < 1e-9);
    assert!((find(&found, "activation-energy").value - 5.0).abs() < 1e-9);
    let routes: Vec<&str> =
        found.iter().filter(|p| p.id == "thermal-conductivity-slope").map(|p| p.route.as_str()).collect();
    assert_eq!(routes, ["temperature scan, mean", "temperature scan, another"]);
    assert!((find(&found, "thermal-conductivity-slope").value + 1.0).abs() < 1e-9);
    let energy = found.iter().find(|p| p.id == "activation-energy").unwrap();
    assert!(energy.estimate.as_ref().unwrap().warnings[0].contains("No stage was under pressure"));
    let [fit, runs, experiment] = &energy.charts[0].series[..] else { panic!("{:?}", energy.charts[0]) };
    assert!((fit.x[0] - 1e3 / 290.0).abs() < 1e-12 && (runs.x[2] - 1e3 / 310.0).abs() < 1e-12, "over 1000 K/T");
    assert_eq!((experiment.x[1], experiment.y[1]), (1e3 / 305.0, 7.5));
    assert_eq!(energy.settings["law"], "A exp(E/(R T)), R = 8.31446 J/(mol K)");
    let single = scan_properties(&points[..1]);
    assert!(single.iter().all(|p| p.estimate.is_none() && p.pending.as_ref().unwrap().contains("at least 2")));
}

/// Properties of production, from a simulation that is observed every `every` steps.
fn simulate(
    system: System,
    potential: Box<dyn Potential>,
    ensemble: Ensemble,
    steps: u64,
    held: Held,
) -> Vec<Property> {
    let mut system = system;
    maxwell_boltzmann(&mut system, KELVIN, potential.conserves_momentum(), &mut rng::seeded(9, 0)).unwrap();
    let amount = Amount::new(&system);
    let mut simulation = Simulation::new(system, potential, ensemble, 5.0, 3, Limits::default()).unwrap();
    let mut fluctuations = Fluctuations::new();
    for step in 0..steps {
        simulation.step().unwrap();
        if step > steps / 10 && step % 5 == 0 {
            fluctuations.observe(&Frame::of(&simulation));
        }
    }
    let found = properties(&fluctuations, &amount, held);
    for property in &found {
        let estimate = property.estimate.as_ref().unwrap();
        println!("{} {} ± {:?} {}", property.id, estimate.value, estimate.standard_error, estimate.unit);
    }
    found
}

#[test]
#[ignore = "slow: cargo dev test --slow"]
fn slow_simulated_ideal_gas_and_harmonic_crystal() {
    let gpa = 0.05;
    let atoms = 100;
    let volume = atoms as f64 * BOLTZMANN * KELVIN * EV_PER_A3_TO_GPA / gpa;
    let (damping_fs, temperature_kelvin) = (50.0, Ramp::Constant(KELVIN));
    let barostat = Ensemble::NptScr {
        temperature_kelvin,
        pressure_gpa: Ramp::Constant(gpa),
        damping_fs,
        barostat_damping_fs: 200.0,
        compressibility_per_gpa: 1.0 / gpa,
        axes: Axes::Isotropic,
    };
    let found =
        simulate(gas(atoms, volume), Box::new(IdealGas), barostat, 600_000, Held::Pressure { kelvin: KELVIN, gpa });
    // With the centre of mass at rest V has one factor less: 1 % of 1/P.
    for (id, truth) in [("compressibility", 20.0), ("thermal-expansion", 1e4 / KELVIN), ("heat-capacity-cp", 2.5 * GAS)]
    {
        let estimate = find(&found, id);
        let error = estimate.standard_error.unwrap();
        assert!((estimate.value - truth).abs() < 4.0 * error + 0.01 * truth && error < 0.06 * truth, "{id}");
    }
    let species = vec![Species::from_name("Ar").unwrap()];
    let crystal = Lattice::Fcc.build(&species, &[0], 5.3, [2, 2, 2]).unwrap();
    let springs = Box::new(Harmonic::new(&crystal, 2.0).unwrap());
    let langevin = Ensemble::NvtLangevin { temperature_kelvin, damping_fs: 200.0 };
    let found = simulate(crystal, springs, langevin, 400_000, Held::Temperature { kelvin: KELVIN });
    let cv = find(&found, "heat-capacity-cv");
    assert!(agrees(cv, 3.0 * GAS) && cv.standard_error.unwrap() < 0.05 * 3.0 * GAS);
}
