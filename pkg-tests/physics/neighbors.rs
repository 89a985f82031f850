//! The neighbour list against a plain sum over images.

use crucible::math::{Mat3, Vec3, rng};
use crucible::neighbor::NeighborList;
use crucible::system::{Cell, Species, System};
use rand::RngExt;

/// Cells of every kind: large, triclinic, left-handed, smaller than the cutoff, open along some directions.
fn cells() -> Vec<(&'static str, Cell)> {
    let v = |x, y, z| Some(Vec3::new(x, y, z));
    let build = |vectors| Cell::new(vectors).expect("a cell with a volume");
    vec![
        ("cubic", build([v(14.0, 0.0, 0.0), v(0.0, 14.0, 0.0), v(0.0, 0.0, 14.0)])),
        ("triclinic", build([v(9.0, 0.0, 0.0), v(4.0, 8.0, 0.0), v(-3.0, 2.0, 10.0)])),
        ("left-handed", build([v(0.0, 9.0, 1.0), v(8.0, 0.0, 0.0), v(1.0, 0.0, 7.0)])),
        ("tiny", build([v(2.5, 0.0, 0.0), v(0.7, 2.2, 0.0), v(0.3, 0.4, 3.1)])),
        ("slab", build([v(6.0, 0.0, 0.0), v(1.0, 7.0, 0.0), None])),
        ("wire", build([None, v(0.5, 5.0, 0.0), None])),
        ("cluster", Cell::open()),
    ]
}

fn scatter(cell: Cell, atoms: usize, seed: u64) -> System {
    let mut rng = rng::seeded(seed, 0);
    // Positions up to two cells outside: unwrapped coordinates are ordinary.
    let mut spread = || rng.random_range(-2.0..3.0);
    let span = |k: usize| if cell.periodic()[k] { 1.0 } else { 3.0 };
    let positions = (0..atoms)
        .map(|_| cell.cartesian(&Vec3::new(spread() * span(0), spread() * span(1), spread() * span(2))))
        .collect::<Vec<_>>();
    let species = |name: &str| Species { name: name.into(), mass_u: 1.0, charge_e: None };
    let types = (0..atoms as u32).map(|i| i % 3).collect();
    System::new(cell, vec![species("A"), species("B"), species("C")], types, positions).expect("a valid system")
}

/// All vectors from `i` to images of `j` shorter than `reach`, by brute force.
fn images(system: &System, i: usize, j: usize, reach: f64) -> Vec<Vec3> {
    let cell = &system.cell;
    let raw = system.positions[j] - system.positions[i];
    let nearest = cell.wrap(&raw);
    let range = |k: usize| {
        let n = if cell.periodic()[k] { (reach / cell.face_distances()[k]).ceil() as i32 + 1 } else { 0 };
        -n..=n
    };
    let mut found = Vec::new();
    for a in range(0) {
        for b in range(1) {
            for c in range(2) {
                let d = nearest + cell.vectors() * Vec3::new(f64::from(a), f64::from(b), f64::from(c));
                let itself = i == j && d.norm() < 1e-9;
                if d.norm() < reach && !itself {
                    found.push(d);
                }
            }
        }
    }
    found
}

fn check_complete(name: &str, system: &System, list: &NeighborList, reach: f64) {
    for i in 0..system.len() {
        for j in 0..system.len() {
            let expected = images(system, i, j, reach);
            let found: Vec<Vec3> = list
                .range(i)
                .filter(|&s| list.slots()[s].atom as usize == j)
                .map(|s| list.vector(i, s))
                .filter(|d| d.norm() < reach)
                .collect();
            assert_eq!(expected.len(), found.len(), "{name}: atoms {i} and {j}");
            // Tens of Å carry rounding of about 1e-14.
            let listed = |image: &Vec3| found.iter().filter(|d| (*d - image).norm() < 1e-10).count() == 1;
            assert!(expected.iter().all(listed), "{name}: atoms {i} and {j}");
        }
    }
}

#[test]
fn every_image_within_reach_is_listed_once() {
    for (name, cell) in cells() {
        let system = scatter(cell, 24, 7);
        let mut list = NeighborList::new(5.0, 0.4).expect("valid lengths");
        list.update(&system).expect("ordinary density");
        check_complete(name, &system, &list, 5.4);
    }
}

#[test]
fn reverse_slots_point_back_with_the_opposite_vector() {
    for (name, cell) in cells() {
        let system = scatter(cell, 24, 8);
        let mut list = NeighborList::new(5.0, 0.4).expect("valid lengths");
        list.update(&system).expect("ordinary density");
        for i in 0..system.len() {
            for s in list.range(i) {
                let (j, back) = (list.slots()[s].atom as usize, list.reverse()[s] as usize);
                assert!(list.range(j).contains(&back), "{name}");
                assert_eq!(list.reverse()[back] as usize, s, "{name}");
                assert!((list.vector(i, s) + list.vector(j, back)).norm() < 1e-12, "{name}");
            }
        }
    }
}

#[test]
fn slots_of_an_atom_are_grouped_by_species() {
    let system = scatter(cells().remove(1).1, 60, 9);
    let mut list = NeighborList::new(4.0, 0.4).expect("valid lengths");
    list.update(&system).expect("ordinary density");
    for i in 0..system.len() {
        let species: Vec<u32> = list.slots()[list.range(i)].iter().map(|s| system.types[s.atom as usize]).collect();
        assert!(species.is_sorted());
    }
}

#[test]
fn the_list_stays_complete_while_atoms_move_and_the_cell_deforms() {
    let mut rng = rng::seeded(11, 0);
    for (name, cell) in cells() {
        let mut system = scatter(cell, 24, 10);
        let mut list = NeighborList::new(4.0, 0.5).expect("valid lengths");
        let mut kept = 0;
        for _ in 0..60 {
            let mut noise = |size: f64| rng.random_range(-size..size);
            system.positions.iter_mut().for_each(|p| *p += Vec3::new(noise(0.03), noise(0.03), noise(0.03)));
            let strain = Mat3::identity() + Mat3::from_fn(|_, _| noise(0.002));
            system.cell = system.cell.deformed(&strain).expect("small strain");
            system.positions.iter_mut().for_each(|p| *p = strain * *p);
            kept += u32::from(!list.update(&system).expect("ordinary density"));
            check_complete(name, &system, &list, 4.0);
        }
        assert!(kept > 10, "{name}: the skin never saved a rebuild");
    }
}

#[test]
fn without_a_skin_a_strained_cell_is_searched_anew() {
    for (name, cell) in cells() {
        let mut system = scatter(cell, 24, 12);
        let mut list = NeighborList::new(4.0, 0.0).expect("valid lengths");
        list.update(&system).expect("ordinary density");
        let strain = Mat3::identity() * 0.97;
        system.cell = system.cell.deformed(&strain).expect("small strain");
        system.positions.iter_mut().for_each(|p| *p = strain * *p);
        list.update(&system).expect("ordinary density");
        check_complete(name, &system, &list, 4.0);
    }
}

#[test]
fn an_absurdly_small_cell_is_an_error() {
    let refusal = |edges: [f64; 3]| {
        let system = scatter(Cell::orthorhombic(edges[0], edges[1], edges[2]).expect("a cell with a volume"), 2, 1);
        let list = NeighborList::new(5.0, 0.5).and_then(|mut list| list.update(&system).map(|_| list));
        list.expect_err("too small").to_string()
    };
    let thin = refusal([0.005, 10.0, 10.0]);
    assert!(thin.starts_with("cell: found 0.005 Å between two faces"), "{thin}");
    // A sixtieth of the range: allowed along one direction, but not along all three.
    let small = refusal([0.09; 3]);
    assert!(small.contains("images within 5.50 Å") && small.contains("at most 1000000"), "{small}");
}
