//! The command line: what it computes, and that every kind of bad input ends with exit code 2 and a message.

mod efs;
mod label;
mod md;
mod species;
mod train;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::reference::{self, numbers, text};

/// A folder of this test's own, removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("crucible-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.join(name), content).expect("a temporary file");
        self.path(name)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn crucible(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crucible")).args(arguments).output().expect("the binary")
}

/// Runs the command and returns its message, after checking that it failed as bad input does.
pub fn refusal(arguments: &[&str]) -> String {
    let output = crucible(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(message.starts_with("error: ") && !message.contains("panicked"), "{arguments:?}: {message}");
    message
}

pub fn reference_file(path: &str) -> String {
    reference::tree().join(path).display().to_string()
}

#[test]
fn efs_writes_the_reference_values() {
    let folder = Folder::new("efs");
    let out = folder.path("out.json");
    let potential = reference_file("potentials/G_L08_S2.mtp");
    let output = crucible(&["efs", &potential, &reference_file("configs/S2.cfg"), "--json", &out, "--threads", "2"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_str(&text(Path::new(&out))).expect("JSON");
    let file = reference::tree().join("expected/G_L08_S2.json");
    let expected: Value = serde_json::from_str(&text(&file)).expect("JSON");
    let lists = [&found, &expected].map(|json| json["cfgs"].as_array().expect("cfgs"));
    assert_eq!(lists[0].len(), lists[1].len());
    for (found, expected) in lists[0].iter().zip(lists[1]) {
        assert_eq!((&found["name"], &found["n"]), (&expected["name"], &expected["n"]));
        let [a, b] = [found, expected].map(|cfg| cfg["energy"].as_f64().expect("energy"));
        // The precision that the reference values are held to: 1e-10 relative, 1e-9 of the largest component.
        assert!((a - b).abs() <= 1e-10 * b.abs(), "{}", found["name"]);
        for (key, tolerance) in [("site_energies", 1e-10), ("forces", 1e-9), ("plus_stress_3x3", 1e-9)] {
            let [a, b] = [found, expected].map(|cfg| numbers(&cfg[key]));
            assert_eq!(a.len(), b.len(), "{key}");
            let scale = b.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= tolerance * scale), "{key} of {}", found["name"]);
        }
    }
}

#[test]
fn convert_there_and_back_keeps_the_values() {
    let folder = Folder::new("convert");
    let start = reference_file("configs/S2.cfg");
    let (xyz, cfg) = (folder.path("a.extxyz"), folder.path("b.cfg"));
    assert!(crucible(&["convert", &start, &xyz, "--species", "K,Cl"]).status.success());
    assert!(crucible(&["convert", &xyz, &cfg, "--species", "K,Cl"]).status.success());
    let potential = reference_file("potentials/G_L08_S2.mtp");
    let direct = crucible(&["efs", &potential, &start]);
    assert!(direct.status.success());
    assert_eq!(direct.stdout, crucible(&["efs", &potential, &cfg]).stdout);
    assert_eq!(direct.stdout, crucible(&["efs", &potential, &xyz, "--species", "K,Cl"]).stdout);
    let set = folder.path("set.almtp");
    assert!(crucible(&["convert", &reference_file("grades/L08_S2_cfg.als"), &set]).status.success());
    assert!(crucible(&["efs", &set, &start]).status.success());
}

#[test]
fn active_sets_convert_between_their_two_formats() {
    let folder = Folder::new("als");
    let (almtp, als) = (reference_file("grades/L08_S2_nbh.almtp"), folder.path("set.als"));
    let output = crucible(&["convert", &almtp, &als]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let structures = reference_file("grades/in_S2.cfg");
    let grades = |set: &str| crucible(&["grade", set, &structures]).stdout;
    assert!(!grades(&als).is_empty() && grades(&als) == grades(&almtp));
    let message = refusal(&["convert", &reference_file("potentials/G_L08_S2.mtp"), &folder.path("none.als")]);
    assert!(message.contains("active set"), "{message}");
}

#[test]
fn help_shows_an_example_of_every_command() {
    let overview = crucible(&["--help"]).stdout;
    let overview = String::from_utf8_lossy(&overview);
    let commands: Vec<&str> = overview
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  "))
        .map(|(name, _)| name)
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase()) && !name.is_empty() && *name != "help")
        .collect();
    assert!(
        ["train", "errors", "grade", "select", "label", "convert", "template", "efs"]
            .iter()
            .all(|name| commands.contains(name)),
        "{commands:?}"
    );
    for command in commands {
        let output = crucible(&[command, "--help"]);
        assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("\n  crucible {command} ")), "{command}");
    }
}

#[test]
fn nothing_that_is_read_is_written_over() {
    let folder = Folder::new("overwrite");
    let data = folder.file("data.cfg", text(&reference::tree().join("configs/S2.cfg")));
    let bytes = |path: &str| std::fs::read(path).expect("a file");
    let potential = folder.file("p.almtp", bytes(&reference_file("grades/L08_S2_nbh.almtp")));
    let start = folder.file("start.extxyz", "1\nLattice=\"9 0 0 0 9 0 0 0 9\"\nAr 0 0 0\n");
    let run = folder.file("run.json", argon(&[(MELT, r#""structure": { "kind": "file", "file": "start.extxyz" },"#)]));
    let (other, roundabout) = (folder.path("other.json"), folder.path("./data.cfg"));
    for arguments in [
        &["train", &data, "-o", &potential, "--template", &potential][..],
        &["train", &data, "-o", &folder.path("a.mtp"), "--json", &roundabout],
        &["train", &data, "-o", &folder.path("a.mtp"), "--save", &folder.path("a.mtp")],
        &["train", &data, "-o", "-", "--json", "-"],
        &["errors", &potential, &data, "--json", &data],
        &["efs", &potential, &data, "--json", &roundabout],
        &["grade", &potential, &data, "--json", &potential],
        &["grade", &potential, &data, "--json", &other, "--out", &other],
        &["select", &potential, &data, &data, "--out", &data],
        &["convert", &data, &roundabout],
        &["label", &data, "--code", "vasp", "--run", &folder.path("runs"), "--out", &data, "--species", "K,Cl"],
        &["md", &run, "--last", &start, "--quiet"],
        &["md", &run, "--json", &run],
        &["analyze", &start, "--json", &start],
    ] {
        let message = refusal(arguments);
        assert!(message.contains("file to write") && message.contains("another file"), "{arguments:?}: {message}");
    }
    let untouched = |path: &str, original: &str| bytes(path) == bytes(&reference_file(original));
    assert!(untouched(&data, "configs/S2.cfg") && untouched(&potential, "grades/L08_S2_nbh.almtp"));
    for arguments in [&["train", &data, "-o", &folder.path("a.xyz")][..], &["template", "8", &folder.path("a.cfg")]] {
        assert!(refusal(arguments).contains("a name ending in .mtp"), "{arguments:?}");
    }
}

#[test]
fn bad_potentials_are_refused() {
    let folder = Folder::new("potentials");
    let configurations = reference_file("configs/S2.cfg");
    let good = text(&reference::tree().join("potentials/G_L08_S2.mtp"));
    let cut = good.get(..good.len() / 2).expect("ASCII").to_owned();
    let cases = [
        ("cut.mtp", cut, "end of the file"),
        ("basis.mtp", good.replace("RBChebyshev", "RBFourier"), "RBChebyshev_repuls"),
        ("nan.mtp", good.replacen("species_coeffs = {", "species_coeffs = {nan, ", 1), "finite number"),
        ("infinite.mtp", good.replacen("moment_coeffs = {", "moment_coeffs = {1e999, ", 1), "finite number"),
        (
            "count.mtp",
            good.replace("alpha_index_times_count = 14", "alpha_index_times_count = 1000000000000"),
            "14 entries",
        ),
        ("moments.mtp", good.replace("alpha_moments_count = 18", "alpha_moments_count = 1000000000000"), "at most"),
        ("species.mtp", good.replace("species_count = 2", "species_count = 3"), "species_count = 3"),
        ("cutoff.mtp", good.replace("max_dist = 5", "max_dist = 1"), "min_dist < max_dist"),
        ("other.mtp", "not a potential".to_owned(), "\"MTP\""),
        ("empty.mtp", String::new(), "\"MTP\""),
    ];
    for (name, content, expected) in cases {
        let file = folder.file(name, content);
        let message = refusal(&["efs", &file, &configurations]);
        assert!(message.contains(expected) && message.contains(name), "{name}: {message}");
    }
    let binary = folder.file("binary.mtp", [0x4d, 0x54, 0x50, 0x0a, 0xff, 0xfe]);
    assert!(refusal(&["efs", &binary, &configurations]).contains("UTF-8"));
    let missing = folder.path("missing.mtp");
    assert!(refusal(&["efs", &missing, &configurations]).contains("missing.mtp"));
    assert!(refusal(&["efs", &folder.path(""), &configurations]).contains("folder"));
}

#[test]
fn bad_structures_are_refused() {
    let folder = Folder::new("structures");
    let potential = reference_file("potentials/G_L08_S2.mtp");
    let good = text(&reference::tree().join("configs/S2.cfg"));
    let small = "BEGIN_CFG\nSize\n2\nSupercell\n5 0 0\n0 5 0\n0 0 5\nAtomData: id type cartes_x cartes_y cartes_z\n\
        1 0 0 0 0\n2 1 1 1 2.5\nEND_CFG\n";
    let cases = [
        ("cut.cfg", good.get(..500).expect("ASCII").to_owned(), "5 columns"),
        ("size.cfg", small.replace("Size\n2", "Size\n1000000000000"), "1000000000000, as Size says"),
        ("nan.cfg", small.replace("2.5", "nan"), "finite number"),
        ("infinite.cfg", small.replace("2.5", "-inf"), "finite number"),
        ("type.cfg", small.replace("2 1 1 1", "2 2 1 1"), "type.cfg, configuration 1, type of atom 2: found 2"),
        ("flat.cfg", small.replace("0 0 5", "0 5 0"), "volume"),
        (
            "overlap.cfg",
            small.replace("1 1 2.5", "0 0 0"),
            "configuration 1: found atom 1 (0) and atom 2 (1), 0 Å apart",
        ),
        ("none.cfg", "BEGIN_CFG\nSize\n0\nSupercell\n5 0 0\n0 5 0\n0 0 5\nAtomData: id type cartes_x cartes_y cartes_z\nEND_CFG\n".to_owned(), "at least 1 atom"),
        ("column.cfg", small.replace(" cartes_z", ""), "cartes"),
        ("words.cfg", "some words".to_owned(), "BEGIN_CFG"),
        ("empty.cfg", String::new(), "configuration"),
        ("many.xyz", "10000000\n\nK 0 0 0\n".to_owned(), "1000000 atoms"),
        ("few.xyz", "3\n\n0 0 0 0\n".to_owned(), "3 atoms"),
        ("header.data", "\n1000000000000 atoms\n1 atom types\n".to_owned(), "at most"),
        ("counts.poscar", "x\n1\n1 0 0\n0 1 0\n0 0 1\nK\n99999999999999999999\nDirect\n".to_owned(), "number of atoms"),
        ("unknown", "?".to_owned(), "POSCAR"),
    ];
    for (name, content, expected) in cases {
        let file = folder.file(name, content);
        let message = refusal(&["efs", &potential, &file]);
        assert!(message.contains(expected), "{name}: {message}");
    }
}

#[test]
fn a_file_of_two_gigabytes_is_refused_unread() {
    let folder = Folder::new("huge");
    let file = folder.file("huge.cfg", "");
    // Sparse: takes no space. Reading it would take seconds and 2 GB of memory.
    std::fs::OpenOptions::new().write(true).open(&file).and_then(|f| f.set_len(2 << 30)).expect("a sparse file");
    let message = refusal(&["efs", &reference_file("potentials/G_L08_S2.mtp"), &file]);
    assert!(message.contains("2048 MiB") && message.contains("at most 512 MiB"), "{message}");
}

#[test]
fn bad_arguments_are_refused() {
    let (potential, file) = (reference_file("potentials/G_L08_S2.mtp"), reference_file("configs/S2.cfg"));
    refusal(&["efs", &potential]);
    refusal(&["efs", &potential, &file, "--threads", "0"]);
    assert!(refusal(&["efs", &potential, &file, "--species", "K"]).contains("one for each species"));
    assert!(refusal(&["efs", &potential, &file, "--species", "K,Qq"]).contains("Qq"));
    assert!(refusal(&["efs", &potential, &file, "--json", "/nowhere/at/all.json"]).contains("/nowhere/at/all.json"));
    assert!(refusal(&["convert", &file, "out.unknown"]).contains(".extxyz"));
    assert!(refusal(&["convert", &file, "out.data"]).contains("19 configurations"));
    assert!(refusal(&["convert", &file, "out.cfg", "--frame", "19"]).contains("from 0 to 18"));
    assert!(refusal(&["convert", &potential, "out.cfg"]).contains(".mtp"));
}

const MELT: &str =
    r#""structure": { "kind": "melt", "composition": { "Ar": 1 }, "atoms": 64, "density_g_cm3": 1.374 },"#;

/// Liquid argon, small and short, with some of its lines replaced.
fn argon(replacements: &[(&str, &str)]) -> String {
    let text = r#"{
        "schema": 1,
        "potential": { "kind": "card", "file": "argon/card.toml" },
        "structure": { "kind": "melt", "composition": { "Ar": 1 }, "atoms": 64, "density_g_cm3": 1.374 },
        "temperature_k": 94.4,
        "timestep_fs": 2,
        "prepare": { "relax_steps": 20, "warm_up_ps": 0.02 },
        "equilibrate": { "ensemble": "nvt", "time_ps": 0.02 },
        "production": { "ensemble": "nvt", "time_ps": 0.1 }
    }"#;
    replacements.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

fn potentials() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("potentials").display().to_string()
}

#[test]
fn a_run_writes_results_trajectory_and_a_checkpoint_to_go_on_from() {
    let folder = Folder::new("run");
    let run = folder.file("run.json", argon(&[]));
    let [json, frames, dump, last, saved, again] =
        ["r.json", "t.extxyz", "t.dump", "last.cfg", "checkpoint", "again.json"].map(|name| folder.path(name));
    let with = |more: &[&str]| {
        let output = crucible(&[&["md", &run, "--files", &potentials(), "--quiet"], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty());
    };
    with(&["--json", &json, "--trajectory", &frames, "--every", "10", "--last", &last, "--checkpoint", &saved]);
    with(&["--trajectory", &dump, "--every", "25", "--threads", "1"]);
    let report: Value = serde_json::from_str(&text(Path::new(&json))).expect("JSON");
    assert_eq!(report["progress"]["stage"], "finished");
    assert!(report["results"]["estimates"]["temperature"]["value"].as_f64().is_some_and(|t| t > 0.0));
    let frames = crucible::io::read_extxyz(&text(Path::new(&frames)), "frames").expect("a written trajectory");
    let step = |frame: &crucible::io::Configuration| -> u64 {
        let feature = frame.features.iter().find(|(key, _)| key == "step").expect("its step");
        feature.1.parse().expect("a number")
    };
    // The start of production and every tenth of its 50 steps, after 20 steps of warm-up and 10 of equilibration.
    assert_eq!(frames.iter().map(step).collect::<Vec<_>>(), [30, 40, 50, 60, 70, 80]);
    assert!(frames.iter().all(|frame| frame.system.len() == 64 && frame.forces.is_some()));
    let dump = crucible::io::read_trajectory(text(Path::new(&dump)).as_bytes(), "dump").expect("a written trajectory");
    // Warm-up has steps of 1 fs.
    let times: Vec<_> = dump.iter().map(|frame| (frame.step, frame.time_fs.map(f64::round))).collect();
    assert_eq!(times, [(Some(50), Some(80.0)), (Some(75), Some(130.0))]);
    let last = crucible::io::read_cfg(&text(Path::new(&last)), "last", &[]).expect("a written structure");
    assert_eq!(last[0].system.positions, frames[5].system.positions);
    with(&["--restore", &saved, "--json", &again]);
    assert_eq!(text(Path::new(&again)), text(Path::new(&json)));
}

#[test]
fn a_scan_runs_at_each_temperature_and_tells_what_changes() {
    let folder = Folder::new("scan");
    let longer = (
        "\"production\": { \"ensemble\": \"nvt\", \"time_ps\": 0.1 }",
        "\"production\": { \"ensemble\": \"npt\", \"time_ps\": 10 }",
    );
    let run = folder.file("run.json", argon(&[longer, ("\"timestep_fs\": 2", "\"timestep_fs\": 5")]));
    let json = folder.path("scan.json");
    let files = potentials();
    let scan = |temperatures: &str| {
        ["scan", &run, "--temperatures", temperatures, "--files", &files, "--quiet", "--json", &json].map(str::to_owned)
    };
    let arguments = scan("110,90,100,90");
    let output = crucible(&arguments.each_ref().map(String::as_str));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(printed.contains("90 K\n") && printed.contains("From the change with temperature"), "{printed}");
    let report: Value = serde_json::from_str(&text(Path::new(&json))).expect("JSON");
    let points = report["points"].as_array().expect("points");
    assert_eq!(
        points.iter().map(|p| p["temperature_k"].as_f64().expect("K")).collect::<Vec<_>>(),
        [90.0, 100.0, 110.0]
    );
    // What the scan says of the density is the line through what it says at each temperature.
    let density = |point: &Value| {
        let mut all = point["results"]["properties"].as_array().expect("properties").iter();
        let own = all.find(|p| p["id"] == "density").expect("a density");
        own["estimate"]["value"].as_f64().expect("a number")
    };
    let rho: Vec<f64> = points.iter().map(density).collect();
    let found = report["properties"].as_array().expect("properties");
    let slope = found.iter().find(|p| p["id"] == "density-slope").expect("a slope");
    let value = slope["estimate"]["value"].as_f64().unwrap_or_else(|| panic!("{slope}"));
    let ends = 1e4 * (rho[2] - rho[0]) / 20.0;
    // Weights shift it towards the better known pairs; the middle point bounds by how much.
    let halves = [1e4 * (rho[1] - rho[0]) / 10.0, 1e4 * (rho[2] - rho[1]) / 10.0];
    let (low, high) = (halves[0].min(halves[1]).min(ends), halves[0].max(halves[1]).max(ends));
    assert!(value >= low - 1e-6 && value <= high + 1e-6, "{value} {rho:?}");
    assert!(found.iter().any(|p| p["id"] == "heat-capacity-cp"));
    let refused = |temperatures: &str| refusal(&scan(temperatures).each_ref().map(String::as_str));
    assert!(refused("100").contains("at least two"));
    assert!(refused("100,100").contains("at least two"));
    assert!(refused("100,-5").contains("temperature"));
}

#[test]
fn bad_runs_are_refused() {
    let folder = Folder::new("bad-runs");
    let salt = [("argon/card.toml", "cacl2-kcl/card.toml"), ("\"Ar\": 1", "\"K\": 2, \"Cl\": 1")];
    let overlap = "2\nLattice=\"20 0 0 0 20 0 0 0 20\"\nAr 1 1 1\nAr 1 1 1\n";
    folder.file("overlap.extxyz", overlap);
    let melt = "\"kind\": \"melt\", \"composition\": { \"Ar\": 1 }, \"atoms\": 64, \"density_g_cm3\": 1.374";
    let one_line = argon(&[("\"warm_up_ps\"", "\"warm_up\"")]).replace('\n', " ");
    let cases: [(&str, String, &str); 11] = [
        ("words", "words".to_owned(), "line 1"),
        ("single", one_line, "\"relax_steps\": 20, \"warm_up\": 0.02 }"),
        ("key", argon(&[("timestep_fs", "timestep")]), "timestep"),
        ("schema", argon(&[("\"schema\": 1", "\"schema\": 99")]), "schema"),
        ("timestep", argon(&[("\"timestep_fs\": 2", "\"timestep_fs\": 1000")]), "timestep"),
        ("atoms", argon(&[("\"atoms\": 64", "\"atoms\": 10000000")]), "10000000"),
        ("temperature", argon(&[("94.4", "-5")]), "temperature"),
        ("neutral", argon(&salt), "charge"),
        ("card", argon(&[("argon/card.toml", "nowhere/card.toml")]), "potentials/nowhere/card.toml (--files)"),
        ("species", argon(&[("\"Ar\": 1", "\"Qq\": 1")]), "Qq"),
        ("overlap", argon(&[(melt, "\"kind\": \"file\", \"file\": \"overlap.extxyz\"")]), "Å"),
    ];
    for (name, content, expected) in cases {
        let file = folder.file(&format!("{name}.json"), content);
        let message = refusal(&["md", &file, "--files", &potentials()]);
        assert!(message.contains(expected), "{name}: {message}");
    }
    let good = folder.file("good.json", argon(&[]));
    assert!(refusal(&["md", &good, "--files", &potentials(), "--trajectory", "t.cfg"]).contains(".dump"));
    // The byte after the mark is the version.
    for (content, expected) in
        [("not a checkpoint", "bytes of a checkpoint"), ("crucible, of another version", "saved run")]
    {
        let broken = folder.file("broken", content);
        let message = refusal(&["md", &good, "--files", &potentials(), "--restore", &broken]);
        assert!(message.contains(expected), "{message}");
    }
    refusal(&["md", &good, "--every", "0"]);
}
