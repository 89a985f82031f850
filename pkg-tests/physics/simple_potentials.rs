//! The analytic potentials: gradients, virials, closed forms.

use crucible::math::{Mat3, Vec3, rng};
use crucible::neighbor::NeighborList;
use crucible::potential::simple::{Harmonic, IdealGas, LennardJones, PairParameters, Truncation};
use crucible::potential::{Evaluation, Potential};
use crucible::system::{Cell, Species, System};
use rand_distr::{Distribution, Uniform};

/// Twenty atoms of two species in a skewed cell that is smaller than twice the cutoff, none closer than 2.2 Å.
fn mixture() -> System {
    let cell =
        Cell::new([Some(Vec3::new(9.0, 0.4, -0.3)), Some(Vec3::new(2.0, 8.5, 0.6)), Some(Vec3::new(-1.0, 1.5, 9.5))])
            .unwrap();
    let species = ["A", "B"].map(|name| Species { name: name.into(), mass_u: 30.0, charge_e: None });
    let mut rng = rng::seeded(3, 0);
    let unit = Uniform::new(0.0, 1.0).unwrap();
    let shifts = (0..27).map(|k| Vec3::new((k % 3 - 1) as f64, (k / 3 % 3 - 1) as f64, (k / 9 - 1) as f64));
    let shifts: Vec<Vec3> = shifts.map(|n| cell.cartesian(&n)).collect();
    let mut positions: Vec<Vec3> = Vec::new();
    while positions.len() < 20 {
        let x = cell.cartesian(&Vec3::from_fn(|_, _| unit.sample(&mut rng)));
        if positions.iter().all(|y| shifts.iter().all(|n| (x - y + n).norm() > 2.2)) {
            positions.push(x);
        }
    }
    let types = (0..20).map(|i| i % 2).collect();
    System::new(cell, species.to_vec(), types, positions).unwrap()
}

pub fn evaluate(potential: &mut dyn Potential, system: &System) -> Evaluation {
    let mut neighbors = NeighborList::new(potential.cutoff(), 0.3).unwrap();
    neighbors.update(system).unwrap();
    let mut evaluation = Evaluation::default();
    potential.evaluate(system, &neighbors, &mut evaluation).unwrap();
    evaluation
}

fn two_species(truncation: Truncation) -> LennardJones {
    let a = PairParameters { epsilon_ev: 0.02, sigma_angstrom: 2.4 };
    let b = PairParameters { epsilon_ev: 0.05, sigma_angstrom: 2.9 };
    LennardJones::new(&[a, b], 6.0, truncation).unwrap()
}

/// Forces are minus the energy's central differences, the virial minus its derivative by strain.
pub fn check_derivatives(potential: &mut dyn Potential, system: &System) {
    let exact = evaluate(potential, system);
    // A step of 1e-5 Å leaves a truncation error of (1e-5)^2 E''' and a rounding error of 1e-16 E/1e-5, both near 1e-10.
    let h = 1e-5;
    let largest = exact.forces.iter().map(|f| f.amax()).fold(0.0, f64::max);
    for atom in [0, 7, 13] {
        for axis in 0..3 {
            let energy = |potential: &mut dyn Potential, shift: f64| {
                let mut moved = system.clone();
                moved.positions[atom][axis] += shift;
                evaluate(potential, &moved).energy()
            };
            let numeric = -(energy(potential, h) - energy(potential, -h)) / (2.0 * h);
            let error = (numeric - exact.forces[atom][axis]).abs();
            assert!(error < 1e-7 * largest, "atom {atom} axis {axis}: {numeric} {}", exact.forces[atom][axis]);
        }
    }
    for (a, b) in [(0, 0), (1, 1), (2, 2), (0, 1), (1, 0), (0, 2), (2, 1)] {
        let energy = |potential: &mut dyn Potential, strain: f64| {
            let mut map = Mat3::identity();
            map[(a, b)] += strain;
            let mut strained = system.clone();
            strained.cell = system.cell.deformed(&map).unwrap();
            strained.positions.iter_mut().for_each(|x| *x = map * *x);
            evaluate(potential, &strained).energy()
        };
        let numeric = -(energy(potential, 1e-6) - energy(potential, -1e-6)) / 2e-6;
        // The same estimate with a strain of 1e-6 of lengths near 10 Å.
        let error = (numeric - exact.virial[(a, b)]).abs();
        assert!(error < 1e-6 * exact.virial.amax(), "virial {a}{b}: {numeric} {}", exact.virial[(a, b)]);
    }
}

#[test]
fn lennard_jones_forces_and_virial_are_derivatives() {
    check_derivatives(&mut two_species(Truncation::Force), &mixture());
}

#[test]
fn energy_shifted_lennard_jones_keeps_the_plain_force() {
    let pair = |r: f64| {
        let species = vec![Species { name: "A".into(), mass_u: 1.0, charge_e: None }];
        let positions = vec![Vec3::zeros(), Vec3::new(r, 0.0, 0.0)];
        System::new(Cell::open(), species, vec![0, 0], positions).unwrap()
    };
    let (epsilon, sigma, cutoff, r) = (0.01, 3.0, 7.5, 3.7);
    let phi = |r: f64| 4.0 * epsilon * ((sigma / r).powi(12) - (sigma / r).powi(6));
    let slope = 4.0 * epsilon * (-12.0 * (sigma / r).powi(12) + 6.0 * (sigma / r).powi(6)) / r;
    let species = [PairParameters { epsilon_ev: epsilon, sigma_angstrom: sigma }];
    let mut potential = LennardJones::new(&species, cutoff, Truncation::Energy).unwrap();
    let evaluation = evaluate(&mut potential, &pair(r));
    // Closed forms: only rounding separates them.
    assert!((evaluation.energy() - (phi(r) - phi(cutoff))).abs() < 1e-15);
    assert!((evaluation.forces[1].x + slope).abs() < 1e-14);
    assert!((evaluation.virial[(0, 0)] + slope * r).abs() < 1e-14);
    assert_eq!(evaluate(&mut potential, &pair(cutoff)).energy(), 0.0);
    let mut shifted = LennardJones::new(&species, cutoff, Truncation::Force).unwrap();
    // The tangent is subtracted, so that 1 mÅ inside the cutoff the force is phi'' times 1 mÅ, some 1e-6 eV/Å.
    assert!(evaluate(&mut shifted, &pair(cutoff - 1e-3)).forces[1].x.abs() < 1e-5);
    assert!(evaluate(&mut potential, &pair(cutoff - 1e-3)).forces[1].x.abs() > 1e-5);
}

#[test]
fn springs_pull_and_strain_as_they_store() {
    let mut system = mixture();
    let mut potential = Harmonic::new(&system, 1.3).unwrap().with_elastic_cell(&system, 0.2).unwrap();
    let mut rng = rng::seeded(4, 0);
    let shift = Uniform::new(-0.3, 0.3).unwrap();
    system.positions.iter_mut().for_each(|x| *x += Vec3::from_fn(|_, _| shift.sample(&mut rng)));
    system.cell = system.cell.deformed(&(Mat3::identity() * 1.02)).unwrap();
    check_derivatives(&mut potential, &system);
}

#[test]
fn an_ideal_gas_feels_nothing() {
    let evaluation = evaluate(&mut IdealGas, &mixture());
    assert_eq!(evaluation.energy(), 0.0);
    assert_eq!(evaluation.forces, vec![Vec3::zeros(); 20]);
    assert_eq!(evaluation.virial, Mat3::zeros());
}

#[test]
fn a_species_without_parameters_is_refused() {
    let mut neighbors = NeighborList::new(6.0, 0.3).unwrap();
    let mut system = mixture();
    system.types[4] = 2;
    system.species.push(system.species[0].clone());
    neighbors.update(&system).unwrap();
    let outcome = two_species(Truncation::Force).evaluate(&system, &neighbors, &mut Evaluation::default());
    assert!(outcome.unwrap_err().to_string().contains("type 2"));
    assert!(LennardJones::new(&[], 6.0, Truncation::Force).is_err());
    assert!(
        LennardJones::new(&[PairParameters { epsilon_ev: f64::NAN, sigma_angstrom: 3.0 }], 6.0, Truncation::Force)
            .is_err()
    );
}
