//! What `crucible md` and `crucible scan` write, add to, and keep when something goes wrong.

use std::path::Path;

use crucible::io::{FluxLogSettings, read_extxyz, read_flux_log};
use serde_json::Value;

use super::{Folder, argon, crucible, potentials, reference_file, refusal};
use crate::reference::text;

const PRODUCTION: &str = "\"production\": { \"ensemble\": \"nvt\", \"time_ps\": 0.1 }";

/// Exit code, results and messages of a command with the gallery's files.
fn with_files(command: &str, run: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let output = crucible(&[&[command, run, "--files", &potentials(), "--quiet"], more].concat());
    let [results, messages] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), results, messages)
}

#[test]
fn a_run_that_goes_on_adds_to_what_it_wrote() {
    let folder = Folder::new("added");
    let short = folder.file("short.json", argon(&[]));
    let long = folder.file("long.json", argon(&[(PRODUCTION, &PRODUCTION.replace("0.1", "0.2"))]));
    let [frames, log, saved] = ["t.extxyz", "t.log", "checkpoint"].map(|name| folder.path(name));
    let outputs = ["--trajectory", &frames, "--every", "10", "--log", &log, "--log-every", "10"];
    let run = |specification: &str, more: &[&str]| {
        let (code, _, messages) = with_files("md", specification, &[&outputs[..], more].concat());
        assert!(code == Some(0) && messages.is_empty(), "{messages}");
        let frames = read_extxyz(&text(Path::new(&frames)), "frames").expect("a trajectory");
        let log = read_flux_log(text(Path::new(&log)).as_bytes(), "log", &FluxLogSettings::default()).expect("a log");
        (frames.len(), log.rows.len())
    };
    // After 20 steps of warm-up and 10 of equilibration: steps 30 to 80, then 90 to 130.
    assert_eq!(run(&short, &["--checkpoint", &saved]), (6, 6));
    assert_eq!(run(&long, &["--restore", &saved]), (11, 11));
    assert_eq!(text(Path::new(&log)).matches("# units metal").count(), 1);
    // A run from its start begins its files anew.
    assert_eq!(run(&short, &[]), (6, 6));
    assert_eq!(run(&long, &["--restore", &saved, "--checkpoint", &saved]), (11, 11));
    let left = std::fs::read_dir(folder.path("")).expect("the folder").count();
    assert_eq!(left, 5, "nothing but two specifications and three outputs");
}

#[test]
fn a_run_that_was_killed_repeats_nothing() {
    let folder = Folder::new("killed");
    let short = folder.file("short.json", argon(&[]));
    let long = folder.file("long.json", argon(&[(PRODUCTION, &PRODUCTION.replace("0.1", "0.2"))]));
    let [log, saved] = ["t.log", "checkpoint"].map(|name| folder.path(name));
    for name in ["t.extxyz", "t.dump"] {
        let files = [folder.path(name), log.clone()];
        let outputs = ["--trajectory", &files[0], "--every", "10", "--log", &files[1], "--log-every", "10"];
        let run = |specification: &str, more: &[&str]| {
            let (code, _, messages) = with_files("md", specification, &[&outputs[..], more].concat());
            assert!(code == Some(0), "{messages}");
            messages
        };
        let written = || files.each_ref().map(|file| text(Path::new(file)));
        run(&short, &["--checkpoint", &saved]);
        run(&long, &[]);
        let whole = written();
        // Killed after step 80, that of its checkpoint, while it wrote; it may be in the middle of a line or a frame.
        for lost in [0, 1, 100] {
            for (file, content) in files.iter().zip(&whole) {
                std::fs::write(file, &content[..content.len() - lost]).expect("a file that was cut");
            }
            let messages = run(&long, &["--restore", &saved]);
            assert_eq!(messages.matches("after step 80").count(), 2, "{messages}");
            assert!(written() == whole, "{name} without its last {lost} bytes");
        }
    }
    for other in ["other.extxyz", "other.dump"] {
        let file = folder.file(other, "hello\n");
        let arguments = ["md", &long, "--files", &potentials(), "--restore", &saved, "--trajectory", &file];
        let message = refusal(&arguments);
        assert!(message.contains(&format!("{other}, line 1: found \"hello\"")), "{message}");
        assert_eq!(text(Path::new(&file)), "hello\n");
    }
}

#[test]
fn what_is_not_quite_as_asked_is_said_at_the_start() {
    let folder = Folder::new("said");
    let salt = [
        ("argon/card.toml", "cacl2-kcl/card.toml"),
        ("{ \"Ar\": 1 }, \"atoms\": 64", "{ \"KCl\": 1 }, \"atoms\": 7"),
        ("94.4", "1100"),
        ("0.1 }", "0 }"),
    ];
    let rounded = folder.file("rounded.json", argon(&salt));
    let told = |run: &str, more: &[&str]| {
        let output = crucible(&[&["md", run, "--files", &potentials()], more].concat());
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{messages}");
        messages
    };
    assert!(told(&rounded, &[]).starts_with("note: 6 atoms, not 7"), "{}", told(&rounded, &[]));
    assert!(!told(&rounded, &["--quiet"]).contains("note"));
    assert!(!told(&folder.file("exact.json", argon(&[])), &[]).contains("note"));
    folder.file("charged.extxyz", "3\nLattice=\"12 0 0 0 12 0 0 0 12\"\nK 0 0 0\nK 6 0 0\nCl 3 0 0\n");
    let melt = "\"kind\": \"melt\", \"composition\": { \"Ar\": 1 }, \"atoms\": 64, \"density_g_cm3\": 1.374";
    let charged = [
        ("\"kind\": \"card\", \"file\": \"argon/card.toml\"", OWN_POTENTIAL),
        (melt, "\"kind\": \"file\", \"file\": \"charged.extxyz\""),
        ("0.1 }", "0 }"),
    ];
    let charged = folder.file("charged.json", argon(&charged));
    assert!(told(&charged, &["--quiet"]).starts_with("warning: the charges of the cell add up to +1 e"));
}

const OWN_POTENTIAL: &str =
    "\"kind\": \"mtp\", \"file\": \"cacl2-kcl/potential.almtp\", \"species\": [\"K\", \"Ca\", \"Cl\"]";

#[test]
fn what_cannot_be_written_is_said_before_the_run() {
    let folder = Folder::new("unwritable");
    let run = folder.file("run.json", argon(&[]));
    let refused = |more: &[&str]| refusal(&[&["md", &run, "--files", &potentials()], more].concat());
    let nowhere = "/nowhere/at/all.cfg";
    for output in ["--json", "--log", "--last", "--checkpoint"] {
        assert!(refused(&[output, nowhere]).contains("no folder /nowhere/at"), "{output}");
    }
    let single = refused(&["--kept", &folder.path("kept.data")]);
    assert!(single.contains("holds one structure") && single.contains(".extxyz"), "{single}");
    let never = refused(&["--kept", &folder.path("kept.extxyz")]);
    assert!(never.contains("without an active set"), "{never}");
    assert!(!Path::new(&folder.path("kept.extxyz")).exists());
    let scan = refusal(&["scan", &run, "--files", &potentials(), "--temperatures", "90,100", "--json", nowhere]);
    assert!(scan.contains("no folder /nowhere/at"), "{scan}");
}

/// `/dev/full` takes nothing, as a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_the_trajectory_and_not_the_results() {
    let folder = Folder::new("full");
    let run = folder.file("run.json", argon(&[]));
    let [full, saved, json, last] =
        ["full.extxyz", "full.checkpoint", "r.json", "last.cfg"].map(|name| folder.path(name));
    for link in [&full, &saved] {
        std::os::unix::fs::symlink("/dev/full", link).expect("a link");
    }
    let outputs = ["--trajectory", &full, "--every", "10", "--checkpoint", &saved, "--json", &json, "--last", &last];
    let (code, results, messages) = with_files("md", &run, &outputs);
    assert_eq!(code, Some(2), "{messages}");
    for unwritten in [&full, &saved] {
        assert!(messages.contains(&format!("error: {unwritten}: ")), "{messages}");
    }
    assert!(results.contains("temperature"), "{results}");
    let report: Value = serde_json::from_str(&text(Path::new(&json))).expect("JSON");
    assert_eq!(report["progress"]["stage"], "finished");
    assert!(Path::new(&last).exists());
}

/// At 3000 K and 20 fs atoms move further in a step than any run bears.
#[test]
fn a_scan_that_ends_early_reports_the_temperatures_before() {
    let folder = Folder::new("early");
    let longer = PRODUCTION.replace("0.1", "2");
    let changes = [
        ("\"timestep_fs\": 2", "\"timestep_fs\": 20"),
        ("\"relax_steps\": 20, \"warm_up_ps\": 0.02", "\"relax_steps\": 200, \"warm_up_ps\": 1"),
        (PRODUCTION, longer.as_str()),
    ];
    let (run, json) = (folder.file("run.json", argon(&changes)), folder.path("scan.json"));
    let (code, results, messages) = with_files("scan", &run, &["--temperatures", "3000,60", "--json", &json]);
    assert!(code == Some(2) && messages.contains("unstable") && messages.contains("at 3000 K, "), "{messages}");
    assert!(results.starts_with("60 K\n"), "{results}");
    let report: Value = serde_json::from_str(&text(Path::new(&json))).expect("JSON");
    assert_eq!(report["points"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_scan_has_no_ramps() {
    let folder = Folder::new("ramps");
    let ramp = PRODUCTION.replace("0.1", "0.1, \"temperature_end_k\": 50");
    let run = folder.file("run.json", argon(&[(PRODUCTION, &ramp)]));
    let message = refusal(&["scan", &run, "--files", &potentials(), "--temperatures", "90,100"]);
    assert!(message.contains("production.temperature_end_k: found 50"), "{message}");
}

/// Ctrl-C in a terminal is SIGINT: what there is of the run is written.
#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_the_run_has() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let folder = Folder::new("md-ctrl-c");
    let run = folder.file("run.json", argon(&[(PRODUCTION, &PRODUCTION.replace("0.1", "100000"))]));
    let [results, last, saved] = ["results.json", "last.extxyz", "checkpoint"].map(|name| folder.path(name));
    let mut command = Command::new(env!("CARGO_BIN_EXE_crucible"));
    command.args(["md", &run, "--files", &potentials(), "--json", &results, "--last", &last, "--checkpoint", &saved]);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary");
    let mut lines = BufReader::new(child.stderr.take().expect("its messages")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("production")), "no progress");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().is_ok_and(|status| status.code() == Some(2)), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("Ctrl-C at step")), "{rest:?}");
    let json: Value = serde_json::from_str(&text(Path::new(&results))).expect("results");
    assert_eq!(json["progress"]["stage"], "production");
    assert_eq!(read_extxyz(&text(Path::new(&last)), "last").expect("a structure").len(), 1);
    assert!(Path::new(&saved).is_file());
}

/// What would run and mean nothing: half a potential, none, one whose elements are swapped.
#[test]
fn potentials_that_are_none_do_not_run() {
    let folder = Folder::new("no-potential");
    let whole = text(Path::new(&reference_file("potentials/G_L08_S2.mtp")));
    let cut: String =
        whole.lines().filter(|line| !line.starts_with("moment_coeffs")).map(|line| format!("{line}\n")).collect();
    let tagged = whole.replacen("potential_tag = ", "potential_tag = K-Cl", 1);
    let untrained = text(Path::new(&reference_file("potentials/G_L08_S2_untrained.mtp")));
    folder.file("start.extxyz", "2\nLattice=\"9 0 0 0 9 0 0 0 9\"\nK 0 0 0\nCl 3 0 0\n");
    for (content, expected) in
        [(cut, "the file is cut"), (untrained, "without coefficients"), (tagged, "K Cl, as p.mtp says")]
    {
        folder.file("p.mtp", content);
        let run = folder.file(
            "run.json",
            r#"{ "schema": 1, "potential": { "kind": "mtp", "file": "p.mtp", "species": ["Cl", "K"] },
                "structure": { "kind": "file", "file": "start.extxyz" }, "temperature_k": 300 }"#,
        );
        let message = refusal(&["md", &run]);
        assert!(message.contains(expected), "{message}");
    }
}
