//! What a data set is said to hold, what is refused on the command line, and what active sets span.

mod duplicates;
mod units;

use std::path::Path;

use crucible::fitting::{DataSet, DataSummary, Fit, FitReport, FitSpec, TemplateSpec, Weights};
use crucible::io::{Configuration, read_extxyz, unite_species, write_extxyz};
use crucible::system::Species;
use serde_json::Value;

use crate::cli::{Folder, crucible};
use crate::fitting::{labelled_by, teacher};
use crate::reference::text;

fn salts() -> (Vec<Configuration>, Vec<Species>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("potentials/cacl2-kcl/data/train.extxyz");
    let mut all = read_extxyz(&text(&file), "train").expect("our own data");
    let species = unite_species(&mut all, &["K", "Ca", "Cl"].map(str::to_owned)).expect("named species");
    (all, species)
}

#[test]
fn a_data_set_says_what_is_in_it() {
    let (all, species) = salts();
    let summary = DataSummary::new(&all, &species).expect("a summary");
    assert_eq!(summary.configurations, all.len());
    assert_eq!(
        summary.species.iter().map(|s| s.atoms).sum::<usize>(),
        all.iter().map(|c| c.system.len()).sum::<usize>()
    );
    assert_eq!(summary.compositions.iter().map(|c| c.configurations).sum::<usize>(), all.len());
    let stated = all.iter().filter(|c| c.name.as_deref().is_some_and(|name| name.contains("_T"))).count();
    let temperature = summary.temperature_k.expect("names that state temperatures");
    assert!(temperature.low >= 1000.0 && temperature.high <= 4500.0 && temperature.count == stated, "{temperature:?}");
    let chloride = summary.closest.iter().find(|pair| pair.pair == "Ca–Cl").expect("calcium next to chloride");
    assert!((1.8..2.9).contains(&chloride.distance), "{chloride:?}");
    assert!(summary.outliers.iter().all(|outlier| outlier.unit != "eV/atom"));
    assert!(summary.duplicates.is_empty() && summary.unlabelled.is_empty() && !summary.numbered);
    assert_eq!(summary.labels.energy, all.len());
    assert!(summary.text().contains("closest Ca–Cl"));
    // Numbers that stand for species are told from numbers of atoms.
    let number = |(k, species): (usize, &Species)| Species { name: k.to_string(), ..species.clone() };
    let numbered: Vec<Species> = species.iter().enumerate().map(number).collect();
    let summary = DataSummary::new(&all, &numbered).expect("a summary");
    let told = |composition: &str| composition.split(' ').all(|part| part.contains('×'));
    assert!(summary.numbered && summary.compositions.iter().all(|c| told(&c.composition)));
}

#[test]
fn names_give_temperatures_and_counts_of_potassium_do_not() {
    let (all, species) = salts();
    let stated = |name: &str| {
        let named = Configuration { name: Some(name.to_owned()), ..Configuration::new(all[0].system.clone()) };
        DataSummary::new(&[named], &species).expect("a summary").temperature_k.map(|extent| extent.low)
    };
    assert_eq!(["melt_T1050", "melt-300K", "T20"].map(stated), [Some(1050.0), Some(300.0), Some(20.0)]);
    assert_eq!(["8K_10Cl", "melt", "K8", "99K"].map(stated), [None; 4]);
}

#[test]
fn what_is_wrong_with_a_data_set_shows_in_its_summary() {
    let (mut all, species) = salts();
    let atoms = all[3].system.len() as f64;
    all[3].energy = all[3].energy.map(|energy| energy + 3.0 * atoms);
    all[5].forces.iter_mut().flatten().for_each(|force| *force *= 51.4);
    all[7].energy = None;
    all.push(all[0].clone());
    all.push(all[0].clone());
    let summary = DataSummary::new(&all, &species).expect("a summary");
    let unlike = |number: usize| summary.outliers.iter().filter(move |outlier| outlier.configuration == number);
    assert!(unlike(4).any(|outlier| outlier.unit == "eV/atom" && (outlier.value - 3.0).abs() < 1.0));
    assert!(unlike(6).any(|outlier| outlier.unit == "eV/Å" && outlier.value > 20.0 * outlier.median));
    assert_eq!(summary.unlabelled, [8]);
    let n = all.len();
    assert_eq!(summary.duplicates, [[1, n - 1], [1, n]]);
}

/// Refusals of `crucible train` are those of the library, which the page shows too.
#[test]
fn bad_data_end_the_command_line_with_the_same_words() {
    let folder = Folder::new("bad-data");
    let good = labelled_by(&teacher(), 24);
    let train = |change: &dyn Fn(&mut Vec<Configuration>), more: &[&str]| {
        let mut all = good.clone();
        change(&mut all);
        let data = folder.file("data.extxyz", write_extxyz(&all));
        let output = crucible(&[&["train", &data, "-o", &folder.path("out.mtp"), "--level", "4"], more].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        message.lines().filter(|line| line.starts_with("error: ")).collect::<String>()
    };
    let state = |configuration: &mut Configuration, name: &str, value: &str| {
        configuration.features.push((name.to_owned(), value.to_owned()));
    };
    let again = |all: &mut Vec<Configuration>| {
        let mut again = all[0].clone();
        again.energy = again.energy.map(|energy| energy + 8.0);
        all.push(again);
    };
    let methods = |all: &mut Vec<Configuration>| {
        state(&mut all[1], "method", "CP2K PBE");
        state(&mut all[2], "method", "VASP PBE");
    };
    let hartree = |all: &mut Vec<Configuration>| {
        all.iter_mut().for_each(|c| c.energy = c.energy.map(|energy| energy / 27.2114));
    };
    let trained = folder.file("trained.mtp", {
        let mut above = teacher();
        above.radial_basis.min_dist = 4.5;
        crucible::io::write_mtp(&above)
    });
    let data = folder.path("data.extxyz");
    let atomic = |all: &mut Vec<Configuration>| {
        for configuration in all {
            configuration.energy = configuration.energy.map(|energy| energy / 27.2114);
            configuration.forces.iter_mut().flatten().for_each(|force| *force /= 51.4221);
            configuration.plus_stress = configuration.plus_stress.map(|stress| stress / 51.4221);
        }
    };
    let pulled = |all: &mut Vec<Configuration>| {
        let mut pulled = all[0].clone();
        pulled.plus_stress = pulled.plus_stress.map(|stress| -stress);
        all.push(pulled);
    };
    let cases: [(&str, String); 11] = [
        ("no configuration with energy", train(&|all| all.iter_mut().for_each(|c| c.energy = None), &[])),
        ("no forces in 1 of 24", train(&|all| all[3].forces = None, &[])),
        ("not converged", train(&|all| state(&mut all[4], "converged", "F"), &[])),
        ("the same atoms, energies", train(&again, &[])),
        ("two methods can't be mixed", train(&methods, &[])),
        ("no atom of species 2 (Ca)", train(&|_| (), &["--species", "K,Cl,Ca"])),
        ("equations for", train(&|all| all.truncate(1), &[])),
        ("look like Hartree", train(&hartree, &[])),
        ("forces per bohr", train(&atomic, &[])),
        ("stresses", train(&pulled, &[])),
        ("min_dist of the potential", {
            folder.file("data.extxyz", write_extxyz(&good));
            let out = folder.path("out.mtp");
            let output = crucible(&["train", &data, "-o", &out, "--template", &trained, "--species", "K,Cl"]);
            assert_eq!(output.status.code(), Some(2));
            String::from_utf8_lossy(&output.stderr).into_owned()
        }),
    ];
    for (expected, message) in cases {
        assert!(message.contains(expected) && message.contains("expected"), "\"{expected}\" in: {message}");
    }
    assert!(!Path::new(&folder.path("out.mtp")).exists(), "a refused fit wrote a potential");
}

#[test]
fn the_report_says_what_the_active_set_spans() {
    let data = DataSet::new(labelled_by(&teacher(), 24), ["K", "Cl"].map(|n| Species::from_name(n).unwrap()).to_vec());
    let spec = FitSpec { starts: 1, max_iterations: 3, held_out: 0.2, ..FitSpec::default() };
    let data = data.expect("good data");
    let summary = DataSummary::new(&data.to_configurations(), &data.species).expect("a summary");
    let mut fit = Fit::new(TemplateSpec::new(6, 2, 5.0).build().unwrap(), data, spec).expect("a fit");
    fit.advance(&mut || false).expect("steps");
    let potential = fit.potential().expect("a potential");
    let (almtp, span) = fit.with_active_set(&potential).expect("an active set");
    let span = span.expect("what it spans");
    assert_eq!(span.rows, potential.parameter_count());
    assert!(span.from_data > span.rows / 2 && span.from_data <= span.rows, "{span:?}");
    assert_eq!(span.species.iter().map(|s| s.rows).sum::<usize>(), span.from_data);
    assert_eq!(span.compositions.iter().map(|c| c.rows).sum::<usize>(), span.from_data);
    assert_eq!(span.configurations, almtp.active_set.expect("an active set").configurations.len());
    let held_out = span.held_out.expect("held-out grades");
    assert_eq!(held_out.configurations, fit.held_out().len());
    assert!(held_out.largest > 0.0 && held_out.above_two <= held_out.above_one);
    let report = FitReport::new(summary, &fit, &potential).expect("a report");
    // Configurations are numbered as they were read, not within their part.
    let numbers: Vec<usize> = fit.held_out().configurations.iter().map(|labelled| labelled.number).collect();
    assert!(numbers.iter().any(|&number| number > numbers.len()) && numbers.iter().all(|&number| number <= 24));
    assert!(report.parts[1].worst.iter().all(|worst| numbers.contains(&worst.number)));
    let titles: Vec<String> = report.charts().into_iter().map(|chart| chart.title).collect();
    assert!(["Loss", "Learning curve", "Force components"].iter().all(|title| titles.iter().any(|t| t == title)));
}

/// Its place in the training part would be another, and say nothing to the user.
#[test]
fn a_configuration_that_an_active_set_can_t_take_is_called_by_its_number_in_the_data() {
    let number = 17;
    let mut all = labelled_by(&teacher(), 24);
    let others = (1..).zip(&mut all).filter(|(other, _)| *other != number);
    others.for_each(|(_, configuration)| configuration.system.types.fill(0));
    let species = ["K", "Cl"].map(|name| Species::from_name(name).expect("an element")).to_vec();
    let data = DataSet::new(all, species).expect("labels");
    // The energies are those of other species: they would not pass for energies in eV.
    let weights = Weights { energy: 0.0, ..Weights::default() };
    let spec = FitSpec { weights, held_out: 0.2, ..FitSpec::default() };
    let fit = Fit::new(TemplateSpec::new(6, 2, 5.0).build().expect("a template"), data, spec).expect("a fit");
    let place = fit.training().configurations.iter().position(|labelled| labelled.number == number);
    assert!(place.is_some_and(|place| place + 1 < number), "{place:?}");
    // Products of radial functions overflow, except those between atoms of the first species.
    let mut potential = teacher();
    let of_pair = potential.radial_coeffs.len() / 4;
    potential.radial_coeffs[of_pair..].fill(1e200);
    let message = fit.with_active_set(&potential).expect_err("a refusal").to_string();
    assert!(message.contains("configuration 17") && message.contains("not finite"), "{message}");
}

#[test]
fn the_command_line_writes_the_whole_report() {
    let folder = Folder::new("fit-report");
    let data = folder.file("data.extxyz", write_extxyz(&labelled_by(&teacher(), 24)));
    let (out, json) = (folder.path("out.almtp"), folder.path("report.json"));
    let pictures = folder.path("pictures");
    let output = crucible(&[
        "train",
        &data,
        "-o",
        &out,
        "--level",
        "4",
        "--starts",
        "1",
        "--max-iterations",
        "2",
        "--data-curve",
        "--json",
        &json,
        "--svg",
        &pictures,
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&text(Path::new(&json))).expect("JSON");
    assert_eq!(report["data"]["configurations"], 24);
    assert_eq!(report["parts"][0]["name"], "training");
    assert!(report["history"].as_array().is_some_and(|history| !history.is_empty()));
    assert!(report["active_set"]["from_data"].as_u64().is_some_and(|rows| rows > 0));
    let sizes = report["sizes"].as_array().expect("errors over the size of the data");
    let configurations: Vec<u64> = sizes.iter().filter_map(|size| size["configurations"].as_u64()).collect();
    assert!(configurations.len() > 2 && configurations.is_sorted_by(|a, b| a < b), "{configurations:?}");
    assert_eq!(configurations.last(), report["parts"][0]["configurations"].as_u64().as_ref());
    for name in ["loss", "learning-curve", "size-of-the-data", "force-components"] {
        assert!(text(&Path::new(&pictures).join(format!("{name}.svg"))).contains("<svg"), "{name}");
    }
}
