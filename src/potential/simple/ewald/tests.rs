//! Ewald's sum against Madelung constants and against itself.

use super::*;
use crate::math::rng;
use crate::neighbor::NeighborList;
use crate::system::{Cell, Lattice, Species};
use rand::RngExt;

/// The whole Coulomb energy of a system under a sum with this cutoff.
fn coulomb(system: &System, charges: &[f64], cutoff: f64, accuracy: f64) -> Evaluation {
    let mut ewald = Ewald::new(cutoff, accuracy).unwrap();
    let mut neighbors = NeighborList::new(cutoff, 0.3).unwrap();
    neighbors.update(system).unwrap();
    let mut out = Evaluation::default();
    let real = ewald.clone();
    let pair = |a: usize, b: usize, distance2: f64| {
        let (energy, slope) = real.real_space(distance2.sqrt());
        (charges[a] * charges[b] * energy, charges[a] * charges[b] * slope)
    };
    crate::potential::simple::pair::evaluate(
        system,
        &neighbors,
        charges.len(),
        cutoff,
        &mut Vec::new(),
        &mut out,
        pair,
    )
    .unwrap();
    ewald.add_reciprocal(system, charges, &mut out).unwrap();
    out
}

fn species(names: [&str; 2]) -> Vec<Species> {
    names.map(|name| Species::from_name(name).unwrap()).to_vec()
}

#[test]
fn crystals_have_their_madelung_constants() {
    let rocksalt = Lattice::Rocksalt.build(&species(["Na", "Cl"]), &[0, 1], 5.64, [1, 2, 2]).unwrap();
    let fluorite = Lattice::Fluorite.build(&species(["Ca", "F"]), &[0, 1], 5.46, [1, 1, 1]).unwrap();
    let cell = Cell::orthorhombic(4.12, 4.12, 4.12).unwrap();
    let positions = vec![Vec3::zeros(), Vec3::new(2.06, 2.06, 2.06)];
    let caesium = System::new(cell, species(["Cs", "Cl"]), vec![0, 1], positions).unwrap();
    for (system, charges, formulas, contact, madelung) in [
        (rocksalt, [1.0, -1.0], 16.0, 5.64 / 2.0, 1.747_564_594_633),
        (caesium, [1.0, -1.0], 1.0, 4.12 * 0.75_f64.sqrt(), 1.762_674_773_070),
        (fluorite, [2.0, -1.0], 4.0, 5.46 * 0.1875_f64.sqrt(), 5.038_784_88),
    ] {
        let sum = coulomb(&system, &charges, 9.0, 1e-13);
        let found = -sum.energy() / formulas * contact / COULOMB;
        // The sums leave out 1e-13 of their terms; the constants are given to this many digits.
        assert!((found - madelung).abs() < 1e-8, "{found} {madelung}");
        // Coulomb's energy falls as 1/length, and forces vanish by symmetry.
        assert!((sum.virial.trace() - sum.energy()).abs() < 1e-8 * sum.energy().abs());
        assert!(sum.forces.iter().all(|force| force.amax() < 1e-9));
    }
}

/// Random ions in a skewed cell.
fn ions() -> System {
    let column = |x, y, z| Some(Vec3::new(x, y, z));
    let cell = Cell::new([column(9.0, 0.4, -0.3), column(2.0, 8.5, 0.6), column(-1.0, 1.5, 9.5)]).unwrap();
    let mut rng = rng::seeded(5, 0);
    let positions = (0..21).map(|_| cell.cartesian(&Vec3::from_fn(|_, _| 3.0 * rng.random::<f64>() - 1.0))).collect();
    System::new(cell, species(["Ca", "Cl"]), (0..21).map(|i| u32::from(i % 3 > 0)).collect(), positions).unwrap()
}

fn largest_difference(a: &Evaluation, b: &Evaluation) -> [f64; 3] {
    let forces = a.forces.iter().zip(&b.forces).map(|(x, y)| (x - y).amax()).fold(0.0, f64::max);
    [(a.energy() - b.energy()).abs(), forces, (a.virial - b.virial).amax()]
}

#[test]
fn where_the_sum_is_split_does_not_matter() {
    let (system, charges) = (ions(), [2.0, -1.0]);
    let reference = coulomb(&system, &charges, 9.0, 1e-14);
    for cutoff in [5.0, 7.0, 13.0] {
        let [energy, force, virial] = largest_difference(&coulomb(&system, &charges, cutoff, 1e-14), &reference);
        // Energies near 100 eV, of which 1e-13 is left out on either side.
        assert!(energy < 1e-9 && force < 1e-9 && virial < 1e-8, "{cutoff}: {energy} {force} {virial}");
    }
    for accuracy in [1e-4, 1e-6, 1e-8] {
        let [energy, force, _] = largest_difference(&coulomb(&system, &charges, 8.0, accuracy), &reference);
        println!("accuracy {accuracy}: energy {energy:.1e} eV, force {force:.1e} eV/Å");
        // Forces between ions in contact are of the order of 10 eV/Å.
        assert!(energy < 30.0 * accuracy && force < 30.0 * accuracy, "{accuracy}: {energy} {force}");
    }
}

#[test]
fn what_has_no_sum_is_refused() {
    assert!(Ewald::new(9.0, 0.5).is_err());
    let mut out = Evaluation::default();
    let error = Ewald::new(9.0, 1e-6).unwrap().add_reciprocal(&ions(), &[1.0, -1.0], &mut out).unwrap_err();
    assert!(error.to_string().contains("charge of the cell: found -7 e"), "{error}");
    // Some 390 waves along each axis are little, and their product 6 GB.
    let cell = Cell::orthorhombic(800.0, 800.0, 800.0).unwrap();
    let pair = System::new(cell, species(["Na", "Cl"]), vec![0, 1], vec![Vec3::zeros(), Vec3::x() * 2.8]).unwrap();
    let error = Ewald::new(9.0, 1e-6).unwrap().add_reciprocal(&pair, &[1.0, -1.0], &mut out).unwrap_err();
    assert!(error.to_string().contains("found 800 Å long") && error.to_string().contains("smaller cell"), "{error}");
}
