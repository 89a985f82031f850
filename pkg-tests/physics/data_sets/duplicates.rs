//! One structure is found again in another order of its atoms, and in other images of its cell.

use crucible::fitting::{DataSet, DataSummary};
use crucible::io::Configuration;
use crucible::math::Vec3;
use crucible::system::{Cell, Species, System};

use crate::fitting::{labelled_by, teacher};

fn salts() -> (Vec<Configuration>, Vec<Species>) {
    let species = ["K", "Cl"].map(|name| Species::from_name(name).expect("an element")).to_vec();
    (labelled_by(&teacher(), 24), species)
}

/// The same atoms with their forces, backwards.
fn reversed(one: &Configuration) -> Configuration {
    let mut out = one.clone();
    out.system.types.reverse();
    out.system.positions.reverse();
    out.forces.as_mut().expect("forces").reverse();
    out
}

/// Every atom by lattice vectors of its own.
fn in_other_images(one: &Configuration) -> Configuration {
    let mut out = one.clone();
    let vectors = *out.system.cell.vectors();
    for (k, position) in out.system.positions.iter_mut().enumerate() {
        *position += vectors * Vec3::new(k as f64 % 3.0 - 1.0, 1.0, -(k as f64 % 2.0));
    }
    out
}

#[test]
fn a_structure_again_in_another_order_or_image_is_left_out() {
    let (mut all, species) = salts();
    let n = all.len();
    all.extend([reversed(&all[2]), in_other_images(&all[3]), in_other_images(&reversed(&all[5]))]);
    let summary = DataSummary::new(&all, &species).expect("a summary");
    assert_eq!(summary.duplicates, [[3, n + 1], [4, n + 2], [6, n + 3]]);
    let set = DataSet::new(all, species).expect("labels that agree");
    assert_eq!(set.len(), n);
    assert!(set.notes.iter().any(|note| note.contains("duplicates")), "{:?}", set.notes);
}

#[test]
fn other_labels_of_a_structure_in_another_order_or_image_are_refused() {
    let refused = |again: Configuration| {
        let (mut all, species) = salts();
        all.push(again);
        DataSet::new(all, species).expect_err("a contradiction").to_string()
    };
    let first = salts().0.remove(0);
    let mut energy = in_other_images(&reversed(&first));
    energy.energy = energy.energy.map(|energy| energy + 5.0);
    assert!(refused(energy).contains("the same atoms, energies"));
    // Forces belong to atoms: those of the first order are wrong in another.
    let forces = Configuration { forces: first.forces.clone(), ..reversed(&first) };
    assert!(refused(forces).contains("the same atoms, forces"));
}

fn system(names: [&str; 2], positions: [[f64; 3]; 2], cell: Cell) -> System {
    let species = names.map(|name| Species::from_name(name).expect("an element")).to_vec();
    System::new(cell, species, vec![0, 1], positions.map(Vec3::from).to_vec()).expect("a system")
}

#[test]
fn atoms_match_across_the_faces_of_a_cell_and_not_elsewhere() {
    let cell = || Cell::orthorhombic(8.0, 9.0, 10.0).expect("a cell");
    let at = |x: f64, z: f64| system(["K", "Cl"], [[x, 0.0, 5e-8], [4.0, 4.0, z]], cell());
    // On both sides of a face, by rounding.
    assert_eq!(at(-1e-9, 5.0).matched_with(&at(8.0 + 1e-9, 5.0)), Some(vec![0, 1]));
    assert_eq!(at(0.0, 5.0).matched_with(&at(0.0, 5.000_01)), None);
    assert_eq!(at(0.0, 5.0).matched_with(&at(0.1, 5.0)), None);
    let swapped = system(["Cl", "K"], [[4.0, 4.0, -5.0], [8.0, 9.0, 0.0]], cell());
    assert_eq!(at(0.0, 5.0).matched_with(&swapped), Some(vec![1, 0]));
    assert_eq!(at(0.0, 5.0).matched_with(&system(["Cl", "K"], [[0.0; 3], [4.0, 4.0, 5.0]], cell())), None);
    assert!((at(0.0, 5.0).fingerprint() - swapped.fingerprint()).abs() < 1e-6);
    // Without periodicity an atom further off is another.
    let open = |z: f64| system(["K", "Cl"], [[0.0; 3], [0.0, 0.0, z]], Cell::open());
    assert_eq!(open(2.0).matched_with(&open(2.0)), Some(vec![0, 1]));
    assert_eq!(open(2.0).matched_with(&open(3.0)), None);
}
