//! Structure of melts: shells, clusters, structure factors, against arrangements that are known.

use crucible::analysis::scattering::Radiation;
use crucible::analysis::structure::{mean_force, shells, structure_factors};
use crucible::math::{Vec3, rng};
use crucible::sampling::{Frame, Observer, Rdf, RdfSettings, ShellLink, Shells, StructureFactor};
use crucible::system::{Cell, Lattice, Species, System};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, Normal};

fn frame(system: &System, index: u64) -> Frame<'_> {
    Frame {
        step: index,
        time_fs: 40.0 * index as f64,
        system,
        temperature_kelvin: 1100.0,
        pressure_tensor: None,
        potential_energy: 0.0,
        kinetic_energy: 0.0,
        conserved_energy: 0.0,
    }
}

fn species(names: &[&str]) -> Vec<Species> {
    names.iter().map(|name| Species::from_name(name).unwrap()).collect()
}

/// Frames of a crystal whose atoms tremble.
fn trembling(crystal: &System, frames: u64, mut see: impl FnMut(&Frame)) {
    let (mut rng, shake) = (rng::seeded(2, 0), Normal::new(0.0, 0.08).unwrap());
    for index in 0..frames {
        let mut system = crystal.clone();
        system.positions.iter_mut().for_each(|x| *x += Vec3::from_fn(|_, _| shake.sample(&mut rng)));
        see(&frame(&system, index));
    }
}

#[test]
fn rocksalt_has_six_neighbours_at_right_angles_in_one_endless_cluster() {
    let crystal = Lattice::Rocksalt.build(&species(&["Na", "Cl"]), &[0, 1], 5.6, [3, 3, 3]).unwrap();
    let mut rdf = Rdf::new(&crystal, &RdfSettings::default()).unwrap();
    let mut observer = Shells::new(&crystal);
    trembling(&crystal, 80, |frame| {
        rdf.observe(frame);
        observer.observe(frame, &rdf);
    });
    let [ShellLink { first, second, cutoff, .. }] = observer.links()[..] else { panic!("{:?}", observer.links()) };
    // Between the first neighbours at 2.8 Å and the third at 4.85 Å, which are the next of opposite charge.
    assert!((first, second) == ("Na", "Cl") && (3.1..4.7).contains(&cutoff), "{cutoff}");
    for (a, b) in [("Na", "Cl"), ("Cl", "Na")] {
        assert!((observer.coordination(a, b).unwrap().values[6] - 1.0).abs() < 1e-12);
        assert!((observer.mean_coordination(a, b).unwrap().value - 6.0).abs() < 1e-12);
    }
    let (_, [mean, largest, endless]) = observer.clusters(0).unwrap();
    assert!((mean.value - 108.0).abs() < 1e-9 && (largest.value - 1.0).abs() < 1e-12 && endless.value == 1.0);
    // 12 of 15 angles between six neighbours are right, 3 straight; a tremble of 0.08 Å opens the straight ones by some degrees.
    let angle = observer.mean_angle("Na", "Cl", "Cl").unwrap();
    assert!((angle.value - 108.0).abs() < 2.0, "{angle:?}");
    assert!((observer.bridges("Cl", "Na", "Na").unwrap().value - 1.0).abs() < 1e-12);
    // Nobody leaves.
    assert!(observer.residence(0).time().unwrap_err().contains("not parted"));
    let found = shells(&observer);
    let ids: Vec<&str> = found.iter().map(|p| p.id.as_str()).collect();
    let expected = [
        "coordination-distribution",
        "bond-angle",
        "bridging",
        "cluster-size",
        "largest-cluster",
        "percolation",
        "residence-time",
    ];
    for id in expected {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    assert!(found.iter().flat_map(|p| &p.charts).all(|chart| chart.validate().is_ok()));
    // Between the shells of a crystal there is nothing, and out of them no way.
    assert!(mean_force(&rdf.curves(), 300.0).iter().all(|barrier| barrier.of != "Na-Cl"));
}

/// Molecules of one calcium and two chlorides, far apart: clusters of one, none endless, and straight.
#[test]
fn molecules_are_clusters_of_their_own() {
    let mut positions = Vec::new();
    let mut types = Vec::new();
    for k in 0..27 {
        let centre = Vec3::new((k % 3) as f64, (k / 3 % 3) as f64, (k / 9) as f64) * 7.0;
        for (kind, x) in [(0, 0.0), (1, 2.6), (1, -2.6)] {
            positions.push(centre + Vec3::new(0.0, x, 0.0));
            types.push(kind);
        }
    }
    let cell = Cell::orthorhombic(21.0, 21.0, 21.0).unwrap();
    let gas = System::new(cell, species(&["Ca", "Cl"]), types, positions).unwrap();
    let mut rdf = Rdf::new(&gas, &RdfSettings::default()).unwrap();
    let mut observer = Shells::new(&gas);
    trembling(&gas, 40, |frame| {
        rdf.observe(frame);
        observer.observe(frame, &rdf);
    });
    let (sizes, [mean, largest, endless]) = observer.clusters(0).unwrap();
    assert!((sizes.values[0] - 1.0).abs() < 1e-12 && (mean.value - 1.0).abs() < 1e-12 && endless.value == 0.0);
    assert!((largest.value - 1.0 / 27.0).abs() < 1e-12);
    assert!((observer.coordination("Ca", "Cl").unwrap().values[2] - 1.0).abs() < 1e-12);
    assert!((observer.coordination("Cl", "Ca").unwrap().values[1] - 1.0).abs() < 1e-12);
    let angle = observer.mean_angle("Ca", "Cl", "Cl").unwrap();
    assert!(angle.value > 172.0, "{angle:?}");
    // A bridge is an anion with two cations: there is none, so no angle at the anions.
    assert!(observer.angles("Cl", "Ca", "Ca").is_none());
    assert_eq!(observer.bridges("Cl", "Ca", "Ca").unwrap().value, 0.0);
}

/// Frames of `crystal` as its atoms tremble, after so many of atoms that are anywhere.
fn watched(crystal: &System, chaos: u64, frames: u64) -> Shells {
    let mut rng = rng::seeded(5, 0);
    let mut rdf = Rdf::new(crystal, &RdfSettings::default()).unwrap();
    let mut observer = Shells::new(crystal);
    let mut gas = crystal.clone();
    for index in 0..chaos {
        let anywhere = |_: &Vec3| crystal.cell.cartesian(&Vec3::from_fn(|_, _| rng.random::<f64>()));
        gas.positions = crystal.positions.iter().map(anywhere).collect();
        rdf.observe(&frame(&gas, index));
        observer.observe(&frame(&gas, index), &rdf);
    }
    trembling(crystal, frames, |frame| {
        rdf.observe(frame);
        observer.observe(frame, &rdf);
    });
    observer
}

/// A crystal of argon in which `kind_of` tells the species of each atom.
fn face_centred(names: &[&str], repeat: usize, kind_of: impl Fn(usize) -> u32) -> System {
    let mut crystal = Lattice::Fcc.build(&species(names), &[0], 5.3, [repeat; 3]).unwrap();
    crystal.types = (0..crystal.len()).map(kind_of).collect();
    crystal
}

/// One atom of krypton never meets another; what the others do is told all the same.
#[test]
fn a_pair_without_a_shell_hides_no_other() {
    let observer = watched(&face_centred(&["Ar", "Kr"], 3, |i| u32::from(i == 17)), 0, 80);
    let links = observer.links();
    let pairs: Vec<_> = links.iter().map(|link| (link.index, link.first, link.second)).collect();
    assert_eq!(pairs, [(0, "Ar", "Ar"), (1, "Ar", "Kr")]);
    let mean = |a: &str, b: &str| observer.mean_coordination(a, b).unwrap().value;
    assert!((mean("Kr", "Ar") - 12.0).abs() < 1e-9 && (mean("Ar", "Ar") + mean("Ar", "Kr") - 12.0).abs() < 1e-9);
    assert!(observer.coordination("Kr", "Kr").is_none() && observer.angles("Ar", "Kr", "Kr").is_none());
    let found = shells(&observer);
    assert!(
        found
            .iter()
            .all(|property| property.of != "Kr-Kr" && property.estimate.is_some() == property.pending.is_none())
    );
    assert!(found.iter().any(|property| property.of == "Ar-Kr-Ar" && property.estimate.is_some()));
}

#[test]
fn shells_that_show_late_are_found() {
    let crystal = face_centred(&["Ar"], 3, |_| 0);
    assert!(watched(&crystal, 330, 300).links().is_empty());
    let observer = watched(&crystal, 330, 330);
    // Half of all frames fill the gap between the shells: where in it the minimum lies is chance.
    assert!((observer.mean_coordination("Ar", "Ar").unwrap().value - 12.0).abs() < 0.1, "{:?}", observer.links());
}

/// Ten species that are all neighbours of each other, and three that no atom has.
#[test]
fn many_species_are_told_apart() {
    let names = ["He", "Ne", "Ar", "Li", "Be", "Fe", "Co", "Ni", "Cu", "Zn", "Ag", "Au", "Pt"];
    let mut alloy = face_centred(&names, 4, |i| 3 + (i * 7919 % 251 % 10) as u32);
    alloy.species.iter_mut().for_each(|each| each.charge_e = None);
    let observer = watched(&alloy, 0, 80);
    let edge = 4.0 * 5.3;
    let distance = |i: usize, j: usize| {
        let apart: Vec3 = alloy.positions[j] - alloy.positions[i];
        apart.map(|x| x - edge * (x / edge).round()).norm()
    };
    let links = observer.links();
    assert!(links.len() > 45, "{links:?}");
    // Every cutoff is in a gap between shells, where the crystal at rest has the same neighbours.
    for ShellLink { first, second, cutoff, .. } in links {
        let own = |name: &str| {
            let all: Vec<usize> = (0..256).filter(|&i| names[alloy.types[i] as usize] == name).collect();
            all
        };
        let centres = own(first);
        let around = |i: usize| own(second).into_iter().filter(|&j| j != i && distance(i, j) < cutoff).count();
        let plain = centres.iter().map(|&i| around(i)).sum::<usize>() as f64 / centres.len() as f64;
        let found = observer.mean_coordination(first, second).unwrap().value;
        assert!((found - plain).abs() < 1e-9 && found > 0.0, "{first}-{second}: {found} {plain}");
    }
    let found = shells(&observer);
    let angle = found.iter().find(|property| property.id == "bond-angle").unwrap();
    assert!(angle.pending.as_ref().unwrap().contains("too many species"), "{angle:?}");
}

/// Pairs of like atoms that change partners at random from frame to frame: neighbours are neighbours again by chance alone.
#[test]
fn partners_that_are_drawn_anew_are_not_remembered() {
    let mut sites = Vec::new();
    for k in 0..8 {
        let centre = Vec3::new((k % 2) as f64, (k / 2 % 2) as f64, (k / 4) as f64) * 7.0;
        sites.extend([centre, centre + Vec3::new(0.0, 2.6, 0.0)]);
    }
    let cell = Cell::orthorhombic(14.0, 14.0, 14.0).unwrap();
    let dimers = System::new(cell, species(&["Ar"]), vec![0; 16], sites).unwrap();
    let mut rdf = Rdf::new(&dimers, &RdfSettings::default()).unwrap();
    let (mut observer, mut rng) = (Shells::new(&dimers), rng::seeded(3, 0));
    trembling(&dimers, 700, |frame| {
        let mut drawn = frame.system.clone();
        drawn.positions.shuffle(&mut rng);
        let frame = Frame { system: &drawn, ..*frame };
        rdf.observe(&frame);
        observer.observe(&frame, &rdf);
    });
    let residence = observer.residence(0);
    let shares = residence.survival().share[..8].to_vec();
    let mean = shares.iter().sum::<f64>() / 8.0;
    // 8 of 120 possible pairs: were twice as many possible, 0.034 would be left. 700 frames of 8 pairs know it to 0.003.
    assert!(mean.abs() < 0.01, "{shares:?}");
    let why = residence.time().unwrap_err();
    assert!(why.contains("too far apart"), "{why}");
    assert!(shells(&observer).iter().any(|property| property.pending.as_deref() == Some(why)));
}

/// Phases of 30 000 atoms would be 88 MB, were they all held at a time.
#[test]
fn structure_factors_of_many_atoms_need_little_memory() {
    let mut rng = rng::seeded(4, 0);
    let cell = Cell::orthorhombic(60.0, 60.0, 60.0).unwrap();
    let anywhere = (0..30_000).map(|_| Vec3::from_fn(|_, _| 60.0 * rng.random::<f64>())).collect();
    let gas = System::new(cell, species(&["Ar"]), vec![0; 30_000], anywhere).unwrap();
    let mut observer = StructureFactor::new(&gas).unwrap();
    let peak = crate::allocations::peak_of(|| observer.observe(&frame(&gas, 0)));
    assert!(peak < 20 << 20, "{peak} bytes");
    assert_eq!(crate::allocations::peak_of(|| observer.observe(&frame(&gas, 1))), 0);
}

#[test]
fn an_ideal_gas_has_no_structure_factor_and_a_crystal_has_bragg_peaks() {
    let cell = Cell::orthorhombic(18.0, 18.0, 18.0).unwrap();
    let (mut rng, kinds) = (rng::seeded(7, 0), (0..300).map(|i| u32::from(i % 3 > 0)).collect::<Vec<u32>>());
    let mut gas = System::new(cell, species(&["Ca", "Cl"]), kinds, vec![Vec3::zeros(); 300]).unwrap();
    let mut observer = StructureFactor::new(&gas).unwrap();
    for index in 0..120 {
        gas.positions.iter_mut().for_each(|x| *x = Vec3::from_fn(|_, _| 18.0 * rng.random::<f64>()));
        observer.observe(&frame(&gas, index));
    }
    let partials = observer.partials();
    let neutrons = observer.total(|k| Radiation::Neutrons.weights(&partials, k)).unwrap();
    let (mut within, mut count) = (0.0, 0.0);
    for (s, errors) in partials.iter().map(|p| (&p.s, &p.errors)).chain([(&neutrons.0, &neutrons.1)]) {
        for (s, error) in s.iter().zip(errors) {
            // Rows may look correlated by chance, and then have no error. Of 330 bins none is five errors off.
            let Some(error) = error.standard_error else { continue };
            assert!((s - 1.0).abs() < 5.0 * error, "{s} ± {error}");
            within += f64::from((s - 1.0).abs() < error);
            count += 1.0;
        }
    }
    println!("S = 1 within one error in {:.1} % of {count} bins", 100.0 * within / count);
    // 68.3 % of some 300 bins, good to 3 %.
    assert!(count > 270.0 && (0.60..0.76).contains(&(within / count)), "{}", within / count);
    let total = structure_factors(&observer);
    assert!(total.iter().any(|p| p.route.contains("neutrons")) && total.iter().any(|p| p.route.contains("X-rays")));

    let crystal = Lattice::Rocksalt.build(&species(&["Na", "Cl"]), &[0, 1], 5.6, [3, 3, 3]).unwrap();
    let mut observer = StructureFactor::new(&crystal).unwrap();
    observer.observe(&frame(&crystal, 0));
    let partials = observer.partials();
    let unlike = partials.iter().find(|p| p.first == "Na" && p.second == "Cl").unwrap();
    // At reflections of odd indices cation and anion scatter against each other: the product of the densities over N is
    // -N_Na N_Cl/N for the vector itself, and zero for vectors that are none of the crystal's.
    let lowest = unlike.s.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(lowest < -10.0, "{lowest}");
    let off_peak = unlike.k.iter().zip(&unlike.s).find(|(k, _)| **k < 1.5).unwrap();
    assert!((off_peak.1 - 1.0).abs() < 1e-6, "{off_peak:?}");
}
