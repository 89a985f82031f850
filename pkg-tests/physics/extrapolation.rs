//! Extrapolation grades in dynamics: what a run warns of, keeps, and stops at.

use crucible::fitting::grade_configurations;
use crucible::io::{Configuration, read_almtp, read_extxyz};
use crucible::run::{Run, RunSpec};
use crucible::{Error, Result};

use crate::cli::{Folder, crucible};
use crate::reference;

fn files(name: &str) -> Result<Vec<u8>> {
    let path = reference::tree().join(name);
    std::fs::read(&path).map_err(|error| Error::Io { path: path.display().to_string(), reason: error.to_string() })
}

/// A short run of 12 or 16 atoms from a configuration of the grades' files, which are random and heat up as they go.
fn run(potential: &str, start: &str, configuration: usize, extrapolation: &str) -> Run {
    let spec = specification(potential, start, configuration, extrapolation);
    Run::new(serde_json::from_str::<RunSpec>(&spec).expect("a specification"), &files).expect("a run")
}

fn specification(potential: &str, start: &str, configuration: usize, extrapolation: &str) -> String {
    format!(
        r#"{{
        "schema": 1,
        "potential": {{ "kind": "mtp", "file": "{potential}", "species": ["K", "Cl"] }},
        "structure": {{ "kind": "file", "file": "{start}", "configuration": {configuration} }},
        "temperature_k": 300,
        "timestep_fs": 0.2,
        "prepare": {{ "soft": false, "relax_steps": 0, "warm_up_ps": 0 }},
        "equilibrate": {{ "ensemble": "nvt", "time_ps": 0.02 }},
        "production": {{ "ensemble": "nvt", "time_ps": 0.04 }},
        "extrapolation": {extrapolation} }}"#
    )
}

const SET: &str = "grades/L08_S2_nbh.almtp";

#[test]
fn a_run_is_graded_as_its_frames_are() {
    let mut run = run(SET, "grades/train_S2.cfg", 0, r#"{ "every": 5, "stop": 1e6 }"#);
    let almtp = read_almtp(&files(SET).expect("a file"), SET).expect("an active set");
    assert_eq!(run.progress().grade, None);
    let mut largest: f64 = 0.0;
    for _ in 0..60 {
        let progress = run.advance(5, &mut || false).expect("a stable run");
        let frame = Configuration::new(run.frame().clone());
        let own = grade_configurations(&almtp, &[frame]).expect("grades").remove(0);
        let grade = progress.grade.expect("a grade");
        largest = largest.max(grade);
        // The list's skin differs, and so the order of sums.
        assert!((grade - own.grade).abs() < 1e-8 * own.grade.max(1.0), "{grade} {}", own.grade);
        assert_eq!(run.site_grades().map(<[f64]>::len), Some(own.sites.len()));
        assert_eq!(progress.largest_grade, Some(largest));
    }
    assert!(run.is_finished());
    let series = run.series("grade").expect("a series");
    assert_eq!(series.values.len(), 60);
    assert_eq!(series.values.iter().copied().fold(0.0, f64::max), largest);
    let summary = run.results().extrapolation.expect("a summary");
    assert_eq!((summary.samples, summary.largest_grade), (60, largest));
    assert_eq!(summary.warnings.is_empty(), summary.above_warning == 0);

    let kept = run.kept();
    assert_eq!(kept.len(), run.progress().kept_configurations);
    for (configuration, own) in kept.iter().zip(grade_configurations(&almtp, &kept).expect("grades")) {
        assert!(own.grade > 2.0, "{:?} has a grade of {}", configuration.name, own.grade);
    }
    let bytes = run.checkpoint().expect("a checkpoint");
    let mut again = self::run(SET, "grades/train_S2.cfg", 0, r#"{ "every": 5, "stop": 1e6 }"#);
    again.restore(&bytes).expect("its own checkpoint");
    assert_eq!(again.results().extrapolation, run.results().extrapolation);
    assert_eq!(again.kept(), kept);
}

#[test]
fn above_the_limit_a_run_stops_and_says_where() {
    // The third of these configurations has a grade of 35.
    let mut run = run(SET, "grades/in_S2.cfg", 2, r#"{ "every": 4 }"#);
    let error = run.advance(1000, &mut || false).expect_err("extrapolation");
    let Error::Extrapolation { step, ref reason } = error else { panic!("{error}") };
    assert_eq!(step % 4, 0);
    assert!(reason.starts_with("atom ") && reason.contains("above the limit of 10"), "{reason}");
    assert!(error.hint().is_some());
    assert_eq!(run.advance(1, &mut || false), Err(error), "the run stays where it is");
    assert!(run.frame().positions.iter().all(|p| p.iter().all(|x| x.is_finite())));
    let kept = run.kept();
    let name = kept.last().and_then(|last| last.name.as_deref()).expect("a name");
    assert!(name.contains(&format!("-seed1-300K-step{step}-")), "{name}");
}

#[test]
fn without_an_active_set_there_are_no_grades() {
    let mut run = run("potentials/G_L08_S2.mtp", "grades/train_S2.cfg", 0, "{}");
    let progress = run.advance(20, &mut || false).expect("a stable run");
    assert_eq!((progress.grade, progress.largest_grade, progress.kept_configurations), (None, None, 0));
    assert!(run.series("grade").is_none() && run.site_grades().is_none() && !run.is_graded() && run.kept().is_empty());
    assert_eq!(run.results().extrapolation, None);
}

#[test]
fn settings_out_of_range_are_refused() {
    for settings in [r#"{ "every": 0 }"#, r#"{ "stop": -1 }"#, r#"{ "keep_above": 0 }"#, r#"{ "max_kept": 1000000 }"#] {
        let spec = specification(SET, "grades/train_S2.cfg", 0, settings);
        let spec: RunSpec = serde_json::from_str(&spec).expect("a specification");
        let error = Run::new(spec, &files).err().expect("a refusal").to_string();
        assert!(error.contains("extrapolation."), "{error}");
    }
}

#[test]
fn the_command_line_writes_what_was_kept() {
    let folder = Folder::new("kept");
    let spec = folder.file("run.json", specification(SET, "grades/in_S2.cfg", 2, r#"{ "every": 4 }"#));
    let (tree, kept) = (reference::tree().display().to_string(), folder.path("kept.extxyz"));
    let output = crucible(&["md", &spec, "--files", &tree, "--kept", &kept]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("above the limit of 10") && message.contains("hint: "), "{message}");
    let kept = read_extxyz(&reference::text(kept.as_ref()), "kept").expect("a written file");
    assert!(kept.iter().all(|one| one.features.iter().any(|(name, _)| name == "MV_grade")) && !kept.is_empty());
}
