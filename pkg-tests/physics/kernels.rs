//! One test body for every MTP kernel: the reference programs' values, finite differences, invariances, threads.

use crucible::math::{Mat3, Vec3};
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::{Kernel, MtpParameters, MtpPotential, RadialBasisKind};
use crucible::potential::{Evaluation, Potential};
use crucible::system::System;

use crate::reference::{self, Case, Expected};

const KERNELS: [Kernel; 3] = [Kernel::Reference, Kernel::Lanes128, Kernel::Lanes];

fn evaluate(parameters: &MtpParameters, kernel: Kernel, system: &System, skin: f64) -> Evaluation {
    let mut potential = MtpPotential::with_kernel(parameters.clone(), kernel).expect("valid parameters");
    let mut neighbors = NeighborList::new(potential.cutoff(), skin).expect("valid cutoff");
    neighbors.update(system).expect("ordinary density");
    let mut evaluation = Evaluation::default();
    potential.evaluate(system, &neighbors, &mut evaluation).expect("known species");
    evaluation
}

fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |a: f64, b| a.max(b.abs()))
}

fn components(vectors: &[Vec3]) -> impl Iterator<Item = f64> + '_ {
    vectors.iter().flat_map(|v| v.iter().copied())
}

/// Largest deviations from expected values: energies relative, forces and PlusStress relative to their largest component.
#[derive(Default, Debug)]
struct Deviation {
    energy: f64,
    site: f64,
    force: f64,
    stress: f64,
}

/// Rounding noise in the reference values, eV/Å; in PlusStress some ten neighbours at up to 5 Å add theirs up.
///
/// Forces that are zero by symmetry or at the edge of a clamp come out as some 1e-18. For RBShapeev the reference program
/// expands `(r-b)^2 P_n` in powers, which cancel near the cutoff: at the dimer of 4.999 Å, 60-digit arithmetic gives a
/// force that differs from its value by 4.7e-13 eV/Å, 3.9e-9 of the force, and from ours by 4e-14 of it.
fn noise(parameters: &MtpParameters) -> f64 {
    if parameters.radial_basis.kind == RadialBasisKind::RBShapeev { 1e-12 } else { 1e-15 }
}

fn deviation(parameters: &MtpParameters, found: &Evaluation, expected: &Expected) -> Deviation {
    let relative = |found: f64, expected: f64| (found - expected).abs() / expected.abs();
    let noise = noise(parameters);
    let beyond = |difference: f64, scale: f64, noise: f64| if difference <= noise { 0.0 } else { difference / scale };
    let forces = found.forces.iter().zip(&expected.forces).map(|(a, b)| a - b).collect::<Vec<_>>();
    let stress = found.virial - expected.plus_stress;
    Deviation {
        energy: relative(found.energy(), expected.energy),
        site: largest(found.site_energies.iter().zip(&expected.site_energies).map(|(&a, &b)| relative(a, b))),
        force: beyond(largest(components(&forces)), largest(components(&expected.forces)), noise),
        stress: beyond(largest(stress.iter().copied()), largest(expected.plus_stress.iter().copied()), 50.0 * noise),
    }
}

#[test]
fn every_kernel_meets_every_reference_value() {
    let cases = reference::cases();
    assert!(cases.len() >= 10, "only {} cases were found", cases.len());
    for kernel in KERNELS {
        let mut worst = Deviation::default();
        for case in &cases {
            let Case { name, parameters, configurations, expected } = case;
            for (configuration, expected) in configurations.iter().zip(expected) {
                let found = evaluate(parameters, kernel, &configuration.system, 0.3);
                let d = deviation(parameters, &found, expected);
                assert!(
                    d.energy < 1e-10 && d.site < 1e-10 && d.force < 1e-9 && d.stress < 1e-9,
                    "{kernel:?}, {name}, {}: {d:?}",
                    expected.name
                );
                worst.energy = worst.energy.max(d.energy);
                worst.site = worst.site.max(d.site);
                worst.force = worst.force.max(d.force);
                worst.stress = worst.stress.max(d.stress);
            }
        }
        println!("{kernel:?}: largest deviations {worst:?} over {} potentials", cases.len());
    }
}

/// A disordered structure under a level-16 potential of two species.
fn disordered() -> (MtpParameters, System) {
    let case = reference::cases().into_iter().find(|case| case.name == "G_L16_S2").expect("the case is in the tree");
    let index = case.expected.iter().position(|e| e.name == "liquid64").expect("the configuration is in the tree");
    (case.parameters, case.configurations[index].system.clone())
}

#[test]
fn forces_are_the_gradient_of_the_energy() {
    let (parameters, system) = disordered();
    // Central differences: truncation ~ h^2, rounding ~ 1e-16 |E| / h; both stay below 1e-6 of the force at h = 1e-4.
    let h = 1e-4;
    for kernel in KERNELS {
        let forces = evaluate(&parameters, kernel, &system, 0.3).forces;
        let scale = largest(components(&forces));
        for (atom, axis) in [(0, 0), (7, 1), (31, 2), (63, 0)] {
            let energy = |displacement: f64| {
                let mut moved = system.clone();
                moved.positions[atom][axis] += displacement;
                evaluate(&parameters, kernel, &moved, 0.3).energy()
            };
            let numerical = -(energy(h) - energy(-h)) / (2.0 * h);
            assert!((forces[atom][axis] - numerical).abs() < 1e-6 * scale, "{kernel:?}, atom {atom}, axis {axis}");
        }
    }
}

#[test]
fn virial_is_the_strain_derivative_of_the_energy() {
    let (parameters, system) = disordered();
    let h = 1e-5;
    for kernel in KERNELS {
        let virial = evaluate(&parameters, kernel, &system, 0.3).virial;
        let scale = largest(virial.iter().copied());
        for (a, b) in [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)] {
            let energy = |amount: f64| {
                let mut strain = Mat3::identity();
                strain[(a, b)] += amount;
                let mut strained = system.clone();
                strained.cell = system.cell.deformed(&strain).expect("small strain");
                strained.positions.iter_mut().for_each(|p| *p = strain * *p);
                evaluate(&parameters, kernel, &strained, 0.3).energy()
            };
            // PlusStress is compression positive: minus the derivative by strain.
            let numerical = -(energy(h) - energy(-h)) / (2.0 * h);
            assert!((virial[(a, b)] - numerical).abs() < 1e-6 * scale, "{kernel:?}, component {a}{b}");
        }
    }
}

#[test]
fn energy_does_not_see_rotation_translation_or_order() {
    let (parameters, system) = disordered();
    let rotation = *nalgebra::Rotation3::from_euler_angles(0.3, -1.1, 2.0).matrix();
    let mut rotated = system.clone();
    rotated.cell = system.cell.deformed(&rotation).expect("a rotation keeps the volume");
    rotated.positions.iter_mut().for_each(|p| *p = rotation * *p + Vec3::new(5.0, -3.0, 11.0));
    rotated.positions.reverse();
    rotated.types.reverse();
    for kernel in KERNELS {
        let (before, after) =
            (evaluate(&parameters, kernel, &system, 0.3), evaluate(&parameters, kernel, &rotated, 0.3));
        // Rounding only: positions of tens of Å carry 1e-15 each.
        assert!((before.energy() - after.energy()).abs() < 1e-11 * before.energy().abs());
        for (force, turned) in before.forces.iter().zip(after.forces.iter().rev()) {
            assert!((rotation * force - turned).norm() < 1e-11 * largest(components(&before.forces)));
        }
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let (parameters, system) = disordered();
    for kernel in KERNELS {
        let with_threads = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
            pool.install(|| evaluate(&parameters, kernel, &system, 0.3))
        };
        let one = with_threads(1);
        for threads in [2, 4] {
            let many = with_threads(threads);
            assert_eq!(one.site_energies, many.site_energies, "{kernel:?}, {threads} threads");
            assert_eq!(one.forces, many.forces, "{kernel:?}, {threads} threads");
            assert_eq!(one.virial, many.virial, "{kernel:?}, {threads} threads");
        }
    }
}

#[test]
fn a_species_that_the_potential_lacks_is_an_error() {
    let (parameters, mut system) = disordered();
    system.species.push(system.species[0].clone());
    system.types[5] = 2;
    let mut potential = MtpPotential::new(parameters).expect("valid parameters");
    let mut neighbors = NeighborList::new(potential.cutoff(), 0.3).expect("valid cutoff");
    neighbors.update(&system).expect("ordinary density");
    let error = potential.evaluate(&system, &neighbors, &mut Evaluation::default()).expect_err("type 2 of 2");
    assert_eq!(
        error.to_string(),
        "species: found type 2 of atom 6; expected one of the potential's 2, numbered from 0"
    );
}
