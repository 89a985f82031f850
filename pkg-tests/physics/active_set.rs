//! Rows of derivatives, active sets and grades against the reference programs, and selection by our own MaxVol.

use crucible::fitting::active_set::first_site_equation;
use crucible::fitting::{build_active_set, grade_configurations, grade_mode};
use crucible::io::{Almtp, Configuration, read_almtp, read_cfg, write_almtp, write_als};
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::{
    EnergyDerivatives, ExtrapolationGrade, GradeMode, Grades, Kernel, MtpParameters, MtpPotential,
};
use crucible::potential::{Evaluation, Potential};
use serde_json::Value;

use crate::cli::{Folder, crucible, reference_file, refusal};
use crate::reference::{self, numbers, text};

fn active_set(name: &str) -> Almtp {
    let bytes = std::fs::read(reference::tree().join("grades").join(name)).expect("a reference file");
    read_almtp(&bytes, name).expect("a reference file")
}

fn configurations(name: &str) -> Vec<Configuration> {
    read_cfg(&text(&reference::tree().join("grades").join(name)), name, &[]).expect("a reference file")
}

fn expected(name: &str) -> Vec<Value> {
    let json: Value = serde_json::from_str(&text(&reference::tree().join("grades").join(name))).expect("JSON");
    json["cfgs"].as_array().expect("a list").clone()
}

fn neighbors(configuration: &Configuration, cutoff: f64) -> NeighborList {
    let mut neighbors = NeighborList::new(cutoff, 0.1).expect("a cutoff");
    neighbors.update(&configuration.system).expect("a small cell");
    neighbors
}

/// Largest difference of two lists, over 1 or the size of the second.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max)
}

#[test]
fn grades_are_those_of_the_reference_programs() {
    for (set, json) in [("L08_S2_nbh.almtp", "L08_S2_nbh.json"), ("L08_S2_cfg.als", "L08_S2_cfg.json")] {
        let grades = grade_configurations(&active_set(set), &configurations("in_S2.cfg")).expect("grades");
        for (own, expected) in grades.iter().zip(expected(json)) {
            let grade = expected["cfg_grade"].as_f64().expect("a number");
            // Rows to 1e-14 times entries of A^-1 of some 1e3 in sums of 75 terms that cancel; the task's 1e-8.
            assert!((own.grade - grade).abs() < 1e-8 * grade, "{set}: {} instead of {grade}", own.grade);
            let sites = numbers(&expected["per_atom_grade_against_same_set"]);
            // Along the three directions that change nothing, entries of A^-1 of some 1e5 meet rounding of some 1e-13.
            assert!(difference(&own.sites, &sites) < 3e-8, "{set}");
            assert_eq!(own.sites[own.atom], own.sites.iter().copied().fold(0.0, f64::max));
        }
    }
}

#[test]
fn the_active_set_and_its_inverse_are_those_of_the_reference_programs() {
    for name in ["L08_S2_nbh.almtp", "L08_S2_cfg.als"] {
        let almtp = active_set(name);
        let set = almtp.active_set.expect("an active set");
        let derivatives = EnergyDerivatives::new(&almtp.parameters).expect("a valid potential");
        let n = derivatives.parameter_count();
        let mode = grade_mode(&set.weights).expect("one weight");
        let mut compared = 0;
        // Rows without a configuration are those that the selection began with; they stay as the file has them.
        let mut matrix = set.matrix.clone();
        for ((row, origin), place) in set.matrix.chunks_exact(n).zip(&set.origins).zip(matrix.chunks_exact_mut(n)) {
            let Some(origin) = origin else { continue };
            let configuration = &set.configurations[origin.configuration];
            let neighbors = neighbors(configuration, almtp.parameters.radial_basis.max_dist);
            let atoms = configuration.system.len();
            let own = match mode {
                GradeMode::Neighborhood { .. } => {
                    let rows = derivatives.site_rows(&configuration.system, &neighbors).expect("known species");
                    let site = origin.equation.expect("the site") - first_site_equation(atoms);
                    rows[site * n..(site + 1) * n].to_vec()
                }
                GradeMode::Configuration { .. } => {
                    let row = derivatives.energy_row(&configuration.system, &neighbors).expect("known species");
                    row.iter().map(|x| x / atoms as f64).collect()
                }
            };
            // Coefficients have 16 digits, positions 17; entries reach some 1e2.
            assert!(difference(row, &own) < 1e-10, "{name}");
            place.copy_from_slice(&own);
            compared += 1;
        }
        assert_eq!(compared, n - 3);
        let inverse = nalgebra::DMatrix::from_row_slice(n, n, &matrix).try_inverse().expect("a regular matrix");
        let largest = inverse.amax();
        let stored = nalgebra::DMatrix::from_row_slice(n, n, &set.inverse);
        let error = (inverse - stored).amax();
        assert!(error < 1e-8 * largest, "{name}: the inverse differs by {error:e}, its largest entry is {largest:e}");
    }
}

#[test]
fn derivatives_of_the_energy_are_the_reference_s() {
    let mut compared = 0;
    for case in reference::cases() {
        let path = reference::tree().join(format!("expected/{}.json", case.name));
        let Ok(json) = std::fs::read_to_string(path) else { continue };
        let json: Value = serde_json::from_str(&json).expect("JSON");
        for kernel in [Kernel::Lanes, Kernel::Lanes128] {
            let derivatives = EnergyDerivatives::with_kernel(&case.parameters, kernel).expect("a valid potential");
            for (configuration, expected) in case.configurations.iter().zip(json["cfgs"].as_array().expect("a list")) {
                let Some(gradient) = expected.get("energy_grad_wrt_coeffs") else { continue };
                let neighbors = neighbors(configuration, case.parameters.radial_basis.max_dist);
                let own = derivatives.energy_row(&configuration.system, &neighbors).expect("known species");
                // Sums over some tens of atoms with some tens of neighbours, in another order.
                assert!(difference(&own, &numbers(gradient)) < 1e-11, "{} {:?}", case.name, configuration.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 0);
}

/// Energies of every basis, species count and level, moved by one parameter at a time.
#[test]
fn rows_are_differences_of_site_energies() {
    for case in reference::cases()
        .iter()
        .filter(|case| reference::tree().join(format!("potentials/{}.mtp", case.name)).exists())
    {
        let derivatives = EnergyDerivatives::new(&case.parameters).expect("a valid potential");
        let n = derivatives.parameter_count();
        let configuration = &case.configurations[case.configurations.len() / 2];
        let neighbors = neighbors(configuration, case.parameters.radial_basis.max_dist);
        let rows = derivatives.site_rows(&configuration.system, &neighbors).expect("known species");
        let energies = |parameters: &MtpParameters| {
            let mut out = Evaluation::default();
            let mut potential = MtpPotential::new(parameters.clone()).expect("a valid potential");
            potential.evaluate(&configuration.system, &neighbors, &mut out).expect("known species");
            out.site_energies
        };
        for k in (0..n).step_by(n / 20 + 1) {
            let moved = |step: f64| {
                let mut parameters = case.parameters.clone();
                let coefficients =
                    [&mut parameters.radial_coeffs, &mut parameters.species_coeffs, &mut parameters.moment_coeffs];
                *coefficients.into_iter().flatten().nth(k).expect("a parameter") += step;
                energies(&parameters)
            };
            let largest = rows.iter().skip(k).step_by(n).fold(1.0, |m: f64, x| m.max(x.abs()));
            let step = 1e-2 / largest;
            let [near, far] = [step, 2.0 * step].map(|step| [moved(step), moved(-step)]);
            for atom in 0..configuration.system.len() {
                // At most four tensors are contracted: a polynomial of degree four, for which this is exact.
                let [near, far] = [&near, &far].map(|pair| pair[0][atom] - pair[1][atom]);
                let slope = (8.0 * near - far) / (12.0 * step);
                // Rounding of energies of up to some 1e5 eV, over steps that move them by some 1e-2 eV.
                assert!((rows[atom * n + k] - slope).abs() < 1e-6 * largest, "{} parameter {k}", case.name);
            }
        }
    }
}

#[test]
fn selection_leaves_no_row_that_would_enlarge_the_volume() {
    let training = configurations("train_S2.cfg");
    let reference = active_set("L08_S2_nbh.almtp");
    for mode in [GradeMode::Neighborhood { weight: 1.0 }, GradeMode::Configuration { weight: 1.0, scaling: 2 }] {
        let set = build_active_set(&reference.parameters, (1..).zip(&training), mode, 1.001).expect("a selection");
        assert_eq!(grade_mode(&set.weights), Ok(mode));
        let almtp = Almtp { parameters: reference.parameters.clone(), active_set: Some(set.clone()) };
        let grades = grade_configurations(&almtp, &training).expect("grades");
        // The threshold, and rounding along the directions that no parameter moves, scaled up by 1e5.
        assert!(grades.iter().all(|grades| grades.grade < 1.001 + 1e-6), "{mode:?}");
        // The potential does not change along three directions (scales of radial functions and coefficients).
        assert_eq!(set.origins.iter().filter(|origin| origin.is_none()).count(), 3);

        if matches!(mode, GradeMode::Configuration { .. }) {
            let mut other = almtp.clone();
            other.active_set.as_mut().expect("an active set").weights.scaling = 1;
            let refused = write_als(&other).expect_err("a scaling without a place").to_string();
            assert!(refused.contains("weight_scaling"), "{refused}");
        }
        let again = read_almtp(&write_almtp(&almtp), "again.almtp").expect("a written file");
        let old = write_als(&almtp).and_then(|bytes| read_almtp(&bytes, "again.als")).expect("a written file");
        for read in [again, old].map(|almtp| almtp.active_set.expect("an active set")) {
            assert_eq!((&read.matrix, &read.inverse), (&set.matrix, &set.inverse));
            let place = |set: &crucible::io::ActiveSet| -> Vec<Option<usize>> {
                set.origins.iter().map(|origin| origin.map(|origin| origin.configuration)).collect()
            };
            assert_eq!(place(&read), place(&set));
            assert_eq!(read.configurations.len(), set.configurations.len());
        }
    }
}

#[test]
fn a_selection_spans_at_least_the_reference_s_volume() {
    let reference = active_set("L08_S2_nbh.almtp");
    let set = reference.active_set.expect("an active set");
    let own = build_active_set(
        &reference.parameters,
        (1..).zip(&configurations("train_S2.cfg")),
        GradeMode::Neighborhood { weight: 1.0 },
        1.001,
    )
    .expect("a selection");
    let volume = |matrix: &[f64]| {
        let matrix = nalgebra::DMatrix::from_row_slice(75, 75, matrix);
        matrix.lu().u().diagonal().iter().map(|x| x.abs().ln()).sum::<f64>()
    };
    // Two local maxima of the volume; neither program promises the global one. A factor of e^2 among some e^12.
    assert!(volume(&own.matrix) > volume(&set.matrix) - 2.0, "{} {}", volume(&own.matrix), volume(&set.matrix));
}

#[test]
fn grades_do_not_depend_on_lanes_or_buffers() {
    let almtp = active_set("L08_S2_nbh.almtp");
    let inverse = &almtp.active_set.as_ref().expect("an active set").inverse;
    for mode in [GradeMode::Neighborhood { weight: 1.0 }, GradeMode::Configuration { weight: 1.0, scaling: 2 }] {
        let grade = |kernel| {
            ExtrapolationGrade::with_kernel(&almtp.parameters, inverse, mode, kernel).expect("a valid active set")
        };
        let (mut wide, mut narrow) = (grade(Kernel::Lanes), grade(Kernel::Lanes128));
        // Configurations of different sizes one after another use the same buffers.
        let mixed: Vec<Configuration> = configurations("in_S2.cfg")
            .into_iter()
            .zip(configurations("train_S2.cfg"))
            .flat_map(|(a, b)| [a, b])
            .collect();
        let (mut a, mut b) = (Grades::default(), Grades::default());
        for configuration in &mixed {
            let neighbors = neighbors(configuration, almtp.parameters.radial_basis.max_dist);
            wide.evaluate(&configuration.system, &neighbors, &mut a).expect("grades");
            narrow.evaluate(&configuration.system, &neighbors, &mut b).expect("grades");
            assert!(difference(&a.sites, &b.sites) < 3e-8);
            assert!((a.grade - b.grade).abs() < 3e-8 * a.grade.max(1.0));
        }
    }
}

#[test]
fn what_has_no_grade_is_refused() {
    let almtp = active_set("L08_S2_nbh.almtp");
    let bare = Almtp { active_set: None, ..almtp.clone() };
    assert!(grade_configurations(&bare, &[]).is_err());
    let mode = GradeMode::Neighborhood { weight: 1.0 };
    assert!(ExtrapolationGrade::new(&almtp.parameters, &[1.0; 4], mode).is_err());
    let mut set = almtp.active_set.expect("an active set");
    set.weights.force = 1.0;
    assert!(grade_mode(&set.weights).is_err());
    let others = read_cfg(&text(&reference::tree().join("configs/S3.cfg")), "S3.cfg", &[]).expect("a reference file");
    assert!(build_active_set(&almtp.parameters, (1..).zip(&others), mode, 1.001).is_err(), "a third species");
}

#[test]
fn the_command_line_writes_the_reference_grades() {
    let folder = Folder::new("grades");
    let out = folder.path("grades.json");
    let set = reference_file("grades/L08_S2_nbh.almtp");
    assert!(crucible(&["grade", &set, &reference_file("grades/in_S2.cfg"), "--json", &out]).status.success());
    let written: Value = serde_json::from_str(&text(out.as_ref())).expect("JSON");
    for (own, expected) in written["cfgs"].as_array().expect("a list").iter().zip(expected("L08_S2_nbh.json")) {
        assert_eq!(own["name"], expected["name"]);
        assert!(
            difference(
                &[own["grade"].as_f64().expect("a number")],
                &numbers(&Value::from(vec![expected["cfg_grade"].clone()]))
            ) < 1e-8
        );
        assert!(
            difference(&numbers(&own["site_grades"]), &numbers(&expected["per_atom_grade_against_same_set"])) < 3e-8
        );
    }
    let message = refusal(&["grade", &reference_file("potentials/G_L08_S2.mtp"), &reference_file("grades/in_S2.cfg")]);
    assert!(message.contains("active set"), "{message}");
}

#[test]
fn what_is_selected_is_no_longer_extrapolation() {
    let folder = Folder::new("selection");
    let (set, chosen, again) = (folder.path("set.almtp"), folder.path("chosen.cfg"), folder.path("again.json"));
    let [potential, training, candidates] =
        ["potentials/G_L08_S2.mtp", "grades/train_S2.cfg", "grades/in_S2.cfg"].map(reference_file);
    assert!(crucible(&["select", &potential, &training, "--almtp", &set]).status.success());
    assert!(crucible(&["select", &set, &training, &candidates, "--out", &chosen]).status.success());
    let selected = read_cfg(&text(chosen.as_ref()), "chosen", &[]).expect("a written file");
    assert!(!selected.is_empty(), "configurations of other densities extrapolate");
    for configuration in &selected {
        let grade = configuration.features.iter().find(|(name, _)| name == "MV_grade").expect("the grade");
        assert!(grade.1.parse::<f64>().expect("a number") > 1.0);
    }
    let known = folder.file("known.cfg", text(training.as_ref()) + &text(chosen.as_ref()));
    assert!(crucible(&["select", &set, &known, &candidates, "--json", &again]).status.success());
    let report: Value = serde_json::from_str(&text(again.as_ref())).expect("JSON");
    let left = report["selected"].as_array().expect("a list");
    // From another start MaxVol ends in another maximum, under which a candidate may still exceed 1, but hardly.
    assert!(left.len() < selected.len() && left.iter().all(|one| one["grade"].as_f64() < Some(1.5)), "{report}");

    let first = folder.path("first.cfg");
    assert!(crucible(&["select", &set, &training, &candidates, "--most", "1", "--out", &first]).status.success());
    assert_eq!(read_cfg(&text(first.as_ref()), "first", &[]).expect("a written file").len(), 1);
    assert!(refusal(&["select", &potential, &training]).contains("--almtp"));
    assert!(refusal(&["select", &set, &training, &candidates, "--threshold", "1"]).contains("threshold"));
}
