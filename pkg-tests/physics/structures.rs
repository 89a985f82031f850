//! Starting structures: what was asked for is what comes.

use std::collections::BTreeMap;

use crucible::io::lammps::LammpsFrame;
use crucible::math::{Mat3, Vec3};
use crucible::neighbor::NeighborList;
use crucible::system::{Cell, Composition, MAX_ATOMS, MeltSpec, Species, System, sizes};
use crucible::units::U_PER_A3_TO_G_PER_CM3;

fn salt(atoms: usize) -> MeltSpec {
    let amounts = BTreeMap::from([("CaCl2".to_owned(), 0.737), ("KCl".to_owned(), 0.263)]);
    let composition = Composition::new(&amounts).unwrap();
    let counts = composition.atom_counts(atoms).unwrap();
    let species = ["K", "Ca", "Cl"].map(|name| Species::from_name(name).unwrap()).to_vec();
    MeltSpec {
        counts: species.iter().map(|each| counts[&each.name]).collect(),
        density_g_cm3: sizes::estimate_density(&composition.element_amounts(), 1100.0).unwrap(),
        species,
        minimum_distances: BTreeMap::new(),
    }
}

/// Closest distance of each pair of types, Å.
fn closest(system: &System) -> BTreeMap<(u32, u32), f64> {
    let mut neighbors = NeighborList::new(5.0, 0.0).unwrap();
    neighbors.update(system).unwrap();
    let mut closest = BTreeMap::new();
    for i in 0..system.len() {
        for s in neighbors.range(i) {
            let pair = (system.types[i], system.types[neighbors.slots()[s].atom as usize]);
            let least = closest.entry(pair).or_insert(f64::MAX);
            *least = f64::min(*least, neighbors.vector(i, s).norm());
        }
    }
    closest
}

#[test]
fn a_melt_has_its_density_and_composition() {
    for atoms in [20, 312, 5000] {
        let spec = salt(atoms);
        let system = spec.build(1).unwrap();
        assert_eq!(system.counts(), spec.counts);
        let density = system.total_mass() / system.cell.volume().unwrap() * U_PER_A3_TO_G_PER_CM3;
        // The edge is a cube root and the volume its cube: rounding only.
        assert!((density / spec.density_g_cm3 - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_melt_keeps_the_distances_that_were_asked_for() {
    let mut spec = salt(312);
    spec.minimum_distances = BTreeMap::from([("Ca-Cl".to_owned(), 2.3), ("Ca-Ca".to_owned(), 3.4)]);
    for seed in 0..5 {
        let found = closest(&spec.build(seed).unwrap());
        assert!(found[&(1, 2)] >= 2.3 && found[&(1, 1)] >= 3.4, "{found:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_melt_and_another_a_different_one() {
    let spec = salt(312);
    assert_eq!(spec.build(7).unwrap(), spec.build(7).unwrap());
    assert_ne!(spec.build(7).unwrap().positions, spec.build(8).unwrap().positions);
}

#[test]
fn a_cell_smaller_than_the_distances_is_searched_through_its_images() {
    let spec = salt(20);
    let found = closest(&spec.build(3).unwrap());
    assert!(found.values().all(|&distance| distance > 0.5), "{found:?}");
}

#[test]
fn impossible_melts_are_refused() {
    let message = |change: &dyn Fn(&mut MeltSpec)| {
        let mut spec = salt(312);
        change(&mut spec);
        spec.build(1).unwrap_err().to_string()
    };
    assert!(message(&|s| s.counts = vec![0, 0, 0]).contains("number of atoms"));
    assert!(message(&|s| s.counts = vec![MAX_ATOMS, MAX_ATOMS, usize::MAX]).contains("number of atoms"));
    assert!(message(&|s| s.density_g_cm3 = f64::NAN).contains("density"));
    assert!(message(&|s| s.density_g_cm3 = 0.0).contains("density"));
    assert!(message(&|s| s.counts = vec![1]).contains("counts"));
    assert!(message(&|s| s.minimum_distances = BTreeMap::from([("Ca-Xe".to_owned(), 2.0)])).contains("Ca-Xe"));
    assert!(message(&|s| s.minimum_distances = BTreeMap::from([("Ca-Cl".to_owned(), -2.0)])).contains("Ca-Cl"));
    let crowded = ["K-K", "K-Ca", "K-Cl", "Ca-Ca", "Ca-Cl", "Cl-Cl"].map(|pair| (pair.to_owned(), 5.0));
    assert!(message(&|s| s.minimum_distances = BTreeMap::from(crowded.clone())).contains("do not fit"));
}

fn argon_pair(cell: Cell, second: Vec3) -> crucible::Result<System> {
    System::new(cell, vec![Species::from_name("Ar").unwrap()], vec![0, 0], vec![Vec3::zeros(), second])
}

#[test]
fn atoms_far_away_have_their_neighbours_or_are_refused() {
    let pair = |x: f64| argon_pair(Cell::orthorhombic(10.0, 10.0, 10.0).unwrap(), Vec3::new(x, 0.0, 0.0));
    let mut neighbors = NeighborList::new(4.0, 0.0).unwrap();
    neighbors.update(&pair(9e7 + 3.0).unwrap()).unwrap();
    assert_eq!(neighbors.range(0).len(), 1);
    for x in [2e8, -1e300, f64::NAN] {
        let message = pair(x).unwrap_err().to_string();
        assert!(message.contains("position of atom 2") && message.contains("1e8 Å"), "{message}");
    }
}

#[test]
fn a_cell_without_periodicity_is_the_same_however_it_is_made() {
    let cell = Cell::new([None; 3]).unwrap();
    assert_eq!(cell, Cell::open());
    let system = argon_pair(cell, Vec3::new(1.0, 2.0, 3.0)).unwrap();
    let rotation = LammpsFrame::new(&system).unwrap().rotation;
    assert!((rotation - Mat3::identity()).amax() < 1e-15, "{rotation}");
}
