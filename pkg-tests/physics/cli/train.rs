//! What `crucible train` refuses before it fits, and what it keeps of a fit.

use std::path::Path;

use crucible::fitting::TemplateSpec;
use crucible::io::write_extxyz;
use serde_json::Value;

use super::{Folder, crucible, reference_file, refusal};
use crate::fitting::{labelled_by, teacher};
use crate::reference::text;

#[test]
fn what_can_t_be_written_is_refused_before_the_fit() {
    let folder = Folder::new("unwritable");
    let data = reference_file("training/db_S2.cfg");
    let (good, bad) = (folder.path("out.mtp"), folder.path("nope/out"));
    let file = folder.file("file", "");
    for more in [
        &["-o", bad.as_str()][..],
        &["-o", &folder.path("")],
        &["-o", &good, "--json", &bad],
        &["-o", &good, "--save", &bad],
        &["-o", &good, "--svg", &file],
    ] {
        // Nothing is said of the data before: they were not read.
        let message = refusal(&[&["train", &data, "--level", "4"], more].concat());
        assert!(message.contains(more[more.len() - 1]), "{message}");
    }
    assert!(!Path::new(&good).exists());
}

#[test]
fn times_that_are_none_are_refused() {
    let folder = Folder::new("max-time");
    let (data, out) = (reference_file("training/db_S2.cfg"), folder.path("out.mtp"));
    for time in ["nan", "inf", "0", "-1"] {
        let message = refusal(&["train", &data, "-o", &out, "--level", "4", &format!("--max-time={time}")]);
        assert!(message.contains("--max-time"), "{message}");
    }
}

#[test]
fn a_fit_goes_on_from_the_state_that_it_saved() {
    let folder = Folder::new("resumed");
    let data = folder.file("data.extxyz", write_extxyz(&labelled_by(&teacher(), 24)));
    let (state, out) = (folder.path("fit.state"), folder.path("out.mtp"));
    let fit = |steps: &str, level: &str| {
        let given = ["train", &data, "-o", &out, "--starts", "1", "--save", &state];
        let output = crucible(&[&given[..], &["--max-iterations", steps, "--level", level]].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let history = |most: &str| -> Vec<Value> {
        let (code, message) = fit(most, "4");
        assert_eq!(code, Some(0), "{message}");
        let state: Value = serde_json::from_str(&text(Path::new(&state))).expect("JSON");
        state["history"].as_array().expect("a list").clone()
    };
    let some = history("2");
    // A fit from the start would have fewer steps.
    assert_eq!(history("1"), some);
    let all = history("5");
    assert!(all.len() > some.len() && all.starts_with(&some), "{some:?} {all:?}");
    let (code, message) = fit("5", "6");
    assert!(code == Some(2) && message.contains("saved fit"), "{message}");
    folder.file("fit.state", "{");
    let (code, message) = fit("5", "4");
    assert!(code == Some(2) && message.contains("fit.state") && message.contains("--save"), "{message}");
}

/// Ctrl-C in a terminal is SIGINT.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_fit_with_the_best_potential_so_far() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let folder = Folder::new("ctrl-c");
    let data = folder.file("data.extxyz", write_extxyz(&labelled_by(&teacher(), 24)));
    let out = folder.path("out.mtp");
    // Were the signal lost, the fit would end after the time that it may take at most, and not speak of Ctrl-C.
    let given = ["train", &data, "-o", &out, "--level", "6", "--starts", "1000", "--max-time", "120"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_crucible"));
    let mut fit = command.args(given).stderr(Stdio::piped()).spawn().expect("the binary");
    let mut lines = BufReader::new(fit.stderr.take().expect("its messages")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(": loss")), "no progress");
    let sent = Command::new("kill").args(["-INT", &fit.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    let rest: Vec<String> = lines.collect();
    assert!(fit.wait().is_ok_and(|status| status.success()), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("Ctrl-C")), "{rest:?}");
    crucible::io::read_mtp(&text(Path::new(&out)), "out").expect("a whole potential");
}

/// A tag that tells other elements than the data would mislead whoever trusts it.
#[test]
fn the_tag_of_a_fitted_potential_tells_the_elements_of_its_data() {
    let folder = Folder::new("tags");
    let data = folder.file("data.extxyz", write_extxyz(&labelled_by(&teacher(), 24)));
    let out = folder.path("out.mtp");
    for (tag, species) in [(None, "K,Cl"), (Some("K-Cl"), "Cl,K"), (Some("Na-Cl"), "K,Cl")] {
        let mut untrained = TemplateSpec::new(4, 2, 5.0).build().expect("a template");
        untrained.tag = tag.map(str::to_owned);
        let template = folder.file("template.mtp", crucible::io::write_mtp(&untrained));
        let output = crucible(&[
            "train",
            &data,
            "-o",
            &out,
            "--template",
            &template,
            "--species",
            species,
            "--starts",
            "1",
            "--max-iterations",
            "1",
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tag = crucible::io::read_mtp(&text(Path::new(&out)), "out").expect("a potential").tag;
        assert_eq!(tag, Some(species.replace(',', "-")));
    }
}

/// The device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn the_state_of_a_fit_is_kept_where_the_potential_can_t_be() {
    let folder = Folder::new("full");
    let data = folder.file("data.extxyz", write_extxyz(&labelled_by(&teacher(), 24)));
    let (state, out) = (folder.path("fit.state"), folder.path("out.mtp"));
    let fit = |output: &str| {
        let given =
            ["train", &data, "-o", output, "--level", "4", "--starts", "1", "--max-iterations", "2", "--save", &state];
        let output = crucible(&given);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, message) = fit("/dev/full");
    assert!(code == Some(2) && message.contains("/dev/full"), "{message}");
    assert!(Path::new(&state).exists() && !Path::new(&folder.path("fit.state.new")).exists());
    // From the state the potential comes without a step.
    let (code, message) = fit(&out);
    assert!(code == Some(0) && Path::new(&out).exists(), "{message}");
}
