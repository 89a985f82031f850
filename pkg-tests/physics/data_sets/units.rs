//! Labels in other units than eV and Å are refused, and no good ones are.

use std::path::Path;

use crucible::fitting::{DataSet, DataSummary, Fit, FitSpec, PartReport, TemplateSpec, Weights, reference_energies};
use crucible::io::{Configuration, read_extxyz, unite_species};
use crucible::math::{Mat3, Vec3};
use crucible::system::{Cell, Species};

use crate::reference::text;

const HARTREE: f64 = 27.211_386;
const BOHR: f64 = 0.529_177_2;
const GPA: f64 = 160.217_66;

fn shipped(file: &str, names: &[&str]) -> (Vec<Configuration>, Vec<Species>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("potentials").join(file);
    let mut all = read_extxyz(&text(&path), file).expect("our own data");
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let species = unite_species(&mut all, &names).expect("named species");
    (all, species)
}

fn salts() -> (Vec<Configuration>, Vec<Species>) {
    shipped("cacl2-kcl/data/test.extxyz", &["K", "Ca", "Cl"])
}

/// Begins a fit, which checks the labels.
fn begin(all: Vec<Configuration>, species: Vec<Species>, weights: Weights) -> crucible::Result<Fit> {
    let data = DataSet::new(all, species)?;
    let template = TemplateSpec::new(4, data.species.len(), 5.0).build()?;
    Fit::new(template, data, FitSpec { weights, ..FitSpec::default() })
}

/// What is said of the salts after a change to each of them, numbered from 0.
fn refusal(change: impl Fn(usize, &mut Configuration)) -> String {
    let (mut all, species) = salts();
    all.iter_mut().enumerate().for_each(|(k, one)| change(k, one));
    let message = begin(all, species, Weights::default()).err().expect("a refusal").to_string();
    assert!(message.contains("expected"), "{message}");
    message
}

fn scale_energy(one: &mut Configuration, factor: f64) {
    one.energy = one.energy.map(|energy| energy * factor);
}

fn scale_forces(one: &mut Configuration, factor: f64) {
    one.forces.iter_mut().flatten().for_each(|force| *force *= factor);
}

fn scale_stress(one: &mut Configuration, factor: f64) {
    one.plus_stress = one.plus_stress.map(|stress| stress * factor);
}

#[test]
fn the_shipped_sets_pass() {
    for (file, names) in [
        ("cacl2-kcl/data/train.extxyz", &["K", "Ca", "Cl"][..]),
        ("cacl2-kcl/data/test.extxyz", &["K", "Ca", "Cl"]),
        ("ca-cu/data/train.extxyz", &["Ca", "Cu"]),
        ("ca-cu/data/test.extxyz", &["Ca", "Cu"]),
    ] {
        let (all, species) = shipped(file, names);
        assert!(all.iter().all(|one| one.features.iter().any(|(name, _)| name == "method")), "{file}");
        begin(all, species, Weights::default()).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

#[test]
fn without_stresses_the_salts_pass_too() {
    let (mut all, species) = salts();
    all.iter_mut().for_each(|one| one.plus_stress = None);
    begin(all, species, Weights::default()).expect("energies and forces of one surface");
}

#[test]
fn atomic_forces_are_refused_beside_right_stresses() {
    let message = refusal(|_, one| scale_forces(one, BOHR / HARTREE));
    assert!(message.contains("forces that look like Hartree/bohr"), "{message}");
}

#[test]
fn atomic_energies_and_forces_are_refused_beside_right_stresses() {
    let message = refusal(|_, one| {
        scale_energy(one, 1.0 / HARTREE);
        scale_forces(one, BOHR / HARTREE);
    });
    assert!(message.contains("bohr"), "{message}");
}

#[test]
fn energies_of_some_in_another_unit_are_refused() {
    for (factor, name, others) in [(1.0, "Hartree", [3, 11, 20]), (2.0, "Rydberg", [0, 1, 2])] {
        let message = refusal(|k, one| {
            if others.contains(&k) {
                scale_energy(one, factor / HARTREE);
            }
        });
        let first = format!("3 configurations, first {}", others[0] + 1);
        assert!(message.contains(name) && message.contains(&first) && message.contains("others not"), "{message}");
    }
    // The others are those in eV, where most are not.
    let message = refusal(|k, one| {
        if k != 4 {
            scale_energy(one, 1.0 / HARTREE)
        }
    });
    assert!(message.contains("of configuration 5,") && message.contains("others like Hartree"), "{message}");
}

/// Converted to a larger unit, it would be near zero as well.
#[test]
fn an_energy_off_others_near_zero_is_in_no_other_unit() {
    let (mut all, species) = salts();
    let energies = reference_energies(&DataSet::new(all.clone(), species.clone()).expect("good data"));
    for one in &mut all {
        let explained: f64 = one.system.counts().iter().zip(&energies).map(|(&n, energy)| n as f64 * energy).sum();
        one.energy = one.energy.map(|energy| energy - explained);
    }
    let atoms = all[3].system.len() as f64;
    all[3].energy = all[3].energy.map(|energy| energy + 2.0 * atoms);
    begin(all, species, Weights::default()).expect("an outlier, but in eV");
}

#[test]
fn an_energy_of_an_alloy_in_hartree_is_refused() {
    let (mut all, species) = shipped("ca-cu/data/train.extxyz", &["Ca", "Cu"]);
    all.iter_mut().step_by(4).for_each(|one| scale_energy(one, 1.0 / HARTREE));
    let message = begin(all, species, Weights::default()).err().expect("a refusal").to_string();
    assert!(message.contains("look like Hartree"), "{message}");
}

#[test]
fn stresses_in_gpa_or_kbar_are_refused() {
    let message = refusal(|_, one| scale_stress(one, GPA));
    assert!(message.contains("stresses that look like GPa"), "{message}");
    let message = refusal(|_, one| scale_stress(one, 10.0 * GPA));
    assert!(message.contains("kbar"), "{message}");
}

/// Where there are too few to compare with forces, pressures are judged by their size.
#[test]
fn pressures_beyond_any_are_refused_of_few_configurations() {
    let (mut all, species) = salts();
    all.truncate(5);
    all.iter_mut().for_each(|one| scale_stress(one, 30.0 * GPA));
    let message = begin(all, species, Weights::default()).err().expect("a refusal").to_string();
    assert!(message.contains("GPa in half of the configurations"), "{message}");
}

#[test]
fn signs_that_disagree_are_refused() {
    let message = refusal(|_, one| scale_stress(one, -1.0));
    assert!(message.contains("opposite signs"), "{message}");
    let message = refusal(|_, one| scale_forces(one, -1.0));
    assert!(message.contains("forces of the other sign"), "{message}");
}

#[test]
fn forces_that_are_all_zero_are_refused() {
    let message = refusal(|_, one| scale_forces(one, 0.0));
    assert!(message.contains("exactly zero"), "{message}");
    let (mut all, species) = salts();
    all.iter_mut().for_each(|one| scale_forces(one, 0.0));
    begin(all, species, Weights { force: 0.0, ..Weights::default() }).expect("a fit to energies");
}

/// Lists of neighbours of such cells would have millions of entries: the summary must refuse before it makes any.
#[test]
fn positions_in_nm_are_refused_at_once() {
    let (mut all, species) = salts();
    for one in &mut all {
        let edge = |k: usize| 0.1 * one.system.cell.vectors().column(k).norm();
        one.system.cell = Cell::orthorhombic(edge(0), edge(1), edge(2)).expect("a cell");
        one.system.positions.iter_mut().for_each(|p: &mut Vec3| *p *= 0.1);
    }
    let summary = DataSummary::new(&all, &species).expect_err("a refusal").to_string();
    let set = DataSet::new(all, species).expect_err("a refusal").to_string();
    assert!(summary.contains("lengths in Å") && summary.contains("nm") && summary == set, "{summary}");
}

/// A first step may be so long that the derivatives after it lead nowhere: the fit takes them again, and does not end there.
#[test]
fn no_start_ends_on_its_way() {
    let (all, species) = salts();
    let data = DataSet::new(all, species).expect("good data");
    let end = |seed: u64| {
        let template = TemplateSpec::new(4, 3, 5.0).build().expect("a template");
        let spec = FitSpec { starts: 1, held_out: 0.0, seed, ..FitSpec::default() };
        let mut fit = Fit::new(template, data.clone(), spec).expect("a fit");
        fit.advance(&mut || false).expect("its end");
        fit.history().last().expect("steps").loss
    };
    let ends: Vec<f64> = (1..=5).map(end).collect();
    let best = ends.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(ends.iter().all(|loss| *loss < 7.0 * best), "{ends:?}");
}

#[test]
fn labels_that_stand_for_none_are_refused() {
    assert!(refusal(|_, one| one.energy = Some(0.0)).contains("the same energy"));
    assert!(refusal(|_, one| one.plus_stress = Some(Mat3::zeros())).contains("the same stress"));
}

/// However few: they would set min_dist.
#[test]
fn atoms_on_top_of_each_other_are_refused_by_name() {
    let (all, species) = salts();
    let refused = |change: &dyn Fn(&mut Configuration)| {
        let mut all = all.clone();
        change(&mut all[4]);
        DataSet::new(all, species.clone()).expect_err("a refusal").to_string()
    };
    let twice = refused(&|one| one.system.positions[1] = one.system.positions[0] + Vec3::repeat(0.05));
    assert!(twice.contains("configuration 5") && twice.contains("0.087 Å apart"), "{twice}");
    let image = refused(&|one| {
        one.system.positions[1] = one.system.positions[0] + one.system.cell.vectors().column(0) + Vec3::repeat(0.05);
    });
    assert!(image.contains("configuration 5") && image.contains("0.087 Å apart"), "{image}");
    let dense = refused(&|one| one.system.cell = Cell::orthorhombic(3.0, 3.0, 3.0).expect("a cell"));
    assert!(dense.contains("configuration 5") && dense.contains("less than 1 Å^3"), "{dense}");
}

#[test]
fn a_set_that_is_too_small_to_check_says_so() {
    let (mut all, species) = salts();
    let noted = |set: &DataSet| set.note_on_units().is_some_and(|note| note.contains("too few configurations"));
    assert!(!noted(&DataSet::new(all.clone(), species.clone()).expect("good data")));
    all.truncate(7);
    assert!(noted(&DataSet::new(all, species).expect("good data")));
}

/// The whole structure, or its positions alone, in bohr.
fn in_bohr(one: &mut Configuration, with_cell: bool) {
    one.system.positions.iter_mut().for_each(|position| *position /= BOHR);
    if with_cell {
        let vectors: [Vec3; 3] = std::array::from_fn(|k| one.system.cell.vectors().column(k) / BOHR);
        one.system.cell = Cell::new(vectors.map(Some)).expect("a larger cell");
    }
}

#[test]
fn structures_in_bohr_are_refused_whatever_the_labels() {
    for (share, with_cell) in [(1, true), (2, true), (1, false), (2, false)] {
        let message = refusal(|k, one| {
            if k % share == 0 {
                in_bohr(one, with_cell);
            }
        });
        assert!(message.contains("bohr") && message.contains("radii"), "{share} {with_cell}: {message}");
    }
    // All that an output in atomic units holds agrees with itself.
    let atomic = refusal(|_, one| {
        in_bohr(one, true);
        scale_energy(one, 1.0 / HARTREE);
        scale_forces(one, BOHR / HARTREE);
        scale_stress(one, 1.0 / HARTREE);
    });
    assert!(atomic.contains("bohr"), "{atomic}");
    let (mut all, species) = salts();
    in_bohr(&mut all[3], true);
    let data = DataSet::new(all, species).expect("one of many is told only");
    assert!(data.notes.iter().any(|note| note.contains("radii") && note.contains("first 4")), "{:?}", data.notes);
}

#[test]
fn labels_that_no_fit_follows_are_doubted() {
    let report = |change: &dyn Fn(usize, &mut Configuration)| {
        let (mut all, species) = salts();
        all.iter_mut().enumerate().for_each(|(k, one)| change(k, one));
        let data = DataSet::new(all, species).expect("labels");
        let template = TemplateSpec::new(8, data.species.len(), 5.0).build().expect("a template");
        // As if nothing had been checked before.
        let spec = FitSpec { starts: 1, max_iterations: 8, held_out: 0.0, ..FitSpec::default() };
        let whole = salts();
        let mut fit = Fit::new(template, DataSet::new(whole.0, whole.1).expect("labels"), spec).expect("a fit");
        fit.advance(&mut || false).expect("steps");
        let potential = fit.potential().expect("a potential");
        PartReport::new("all", &potential, &data, &reference_energies(&data), &Weights::default())
            .expect("a report")
            .doubts
            .join("; ")
    };
    assert_eq!(report(&|_, _| ()), "");
    let energy = report(&|k, one| {
        if k == 4 {
            one.energy = one.energy.map(|energy| energy + 30.0)
        }
    });
    assert!(energy.contains("energy of 1 of 24") && energy.contains("worst 5"), "{energy}");
    let forces = report(&|k, one| {
        if k == 2 {
            scale_forces(one, 51.4)
        }
    });
    assert!(forces.contains("forces of 1 of 24") && forces.contains("worst 3"), "{forces}");
    let stress = report(&|k, one| {
        if k == 9 {
            scale_stress(one, GPA)
        }
    });
    assert!(stress.contains("stress of 1 of 24") && stress.contains("worst 10"), "{stress}");

    // Nothing contradicts forces and stresses that are both negative but the energies, which a fit follows as well.
    let (mut all, species) = salts();
    for one in &mut all {
        scale_forces(one, -1.0);
        scale_stress(one, -1.0);
    }
    let data = DataSet::new(all, species).expect("labels");
    let template = TemplateSpec::new(8, data.species.len(), 5.0).build().expect("a template");
    let spec = FitSpec { starts: 1, max_iterations: 8, held_out: 0.0, ..FitSpec::default() };
    let told = Fit::new(template, data.clone(), spec).and_then(|mut fit| {
        fit.advance(&mut || false)?;
        let potential = fit.potential().expect("a potential");
        PartReport::new("all", &potential, &data, &reference_energies(&data), &Weights::default())
    });
    let told = told.map_or_else(|error| error.to_string(), |report| report.doubts.join("; "));
    assert!(told.contains("sign"), "{told}");
}
