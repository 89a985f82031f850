//! Trajectories of others: the same numbers as a run's own, and a clear word on what is missing.

use std::fmt::Write;

use crucible::io::read_trajectory;
use crucible::math::rng;
use crucible::run::{AnalyzeSettings, TrajectoryReport, analyze};
use rand_distr::{Distribution, Normal};
use serde_json::Value;

use crate::cli::{Folder, crucible, refusal};

/// Liquid argon, small and short, with frames written as often as the run looks at its structure.
const SPECIFICATION: &str = r#"{
  "schema": 1,
  "potential": { "kind": "lennard-jones", "species": ["Ar"], "epsilon_ev": 0.0103, "sigma_angstrom": 3.4, "cutoff_angstrom": 7.0 },
  "structure": { "kind": "melt", "composition": { "Ar": 1 }, "atoms": 100, "density_g_cm3": 1.2 },
  "temperature_k": 150,
  "timestep_fs": 5,
  "prepare": { "relax_steps": 50, "warm_up_ps": 1 },
  "equilibrate": { "ensemble": "nvt", "time_ps": 1 },
  "production": { "ensemble": "nvt", "time_ps": 50 },
  "sampling": { "thermo_every": 20, "structure_every": 20 }
}"#;

fn json(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Largest difference of two lists of numbers.
fn difference(a: &Value, b: &Value) -> f64 {
    let numbers = |v: &Value| v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap_or(0.0)).collect::<Vec<f64>>();
    let (a, b) = (numbers(a), numbers(b));
    assert!(a.len() == b.len() && !a.is_empty(), "{} and {}", a.len(), b.len());
    a.iter().zip(&b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

fn estimate<'a>(results: &'a Value, id: &str, route: &str) -> &'a Value {
    let mut all = results["properties"].as_array().unwrap().iter();
    let found = all.find(|p| p["id"] == id && p["route"] == route).unwrap_or_else(|| panic!("{id}, {route}"));
    assert!(found["estimate"].is_object(), "{id}, {route}: {}", found["pending"]);
    &found["estimate"]
}

/// Value and error of each property are the run's own to a part in `1 / tolerance`.
fn assert_same(ran: &Value, found: &Value, properties: &[(&str, &str)], tolerance: f64) {
    for (id, route) in properties {
        let [own, again] = [ran, found].map(|results| estimate(results, id, route));
        for key in ["value", "standard_error", "independent_samples"] {
            let (a, b) = (own[key].as_f64(), again[key].as_f64());
            let same = a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() <= tolerance * a.abs());
            assert!(same, "{id}, {route}: {key} {a:?} {b:?}");
        }
    }
}

fn succeed(arguments: &[&str]) {
    let output = crucible(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_run_and_its_trajectory_tell_the_same() {
    let folder = Folder::new("analyze");
    let spec = folder.file("run.json", SPECIFICATION);
    let [ran, found, log] = ["ran.json", "found.json", "argon.log"].map(|name| folder.path(name));
    for (name, options) in [("argon.extxyz", &[][..]), ("argon.dump", &["--timestep-fs", "5"][..])] {
        let trajectory = folder.path(name);
        succeed(&["md", &spec, "--trajectory", &trajectory, "--every", "20", "--log", &log, "--json", &ran, "--quiet"]);
        // The first frame is the end of equilibration, which the run does not count; the second row of stress is the first
        // that has a displacement before it.
        let skips = ["--skip", "1", "--log", &log, "--log-skip", "2", "--json", &found];
        succeed(&[&["analyze", &trajectory][..], &skips, options].concat());
        let (ran, found) = (&json(&ran)["results"], &json(&found)["results"]);
        // Positions are written to their last digit; unwrapping and other times since the start change the last few.
        assert!(difference(&ran["rdf"][0]["g"], &found["rdf"][0]["g"]) < 1e-9, "{name}");
        assert!(difference(&ran["msd"][0]["msd"], &found["msd"][0]["msd"]) < 1e-6, "{name}");
        assert!(difference(&ran["msd"][0]["time_ps"], &found["msd"][0]["time_ps"]) < 1e-9, "{name}");
        assert_same(ran, found, &[("self-diffusion", "Einstein")], 1e-6);
        // The run's mean temperature has one sample more, of 2000.
        let fluxes = ["shear-viscosity", "bulk-viscosity", "thermal-conductivity"].map(|id| (id, "Green–Kubo"));
        assert_same(ran, found, &fluxes, 1e-3);
        let cepstral = ["shear-viscosity", "thermal-conductivity"].map(|id| (id, "cepstral analysis"));
        assert_same(ran, found, &cepstral, 1e-3);
        assert_same(ran, found, &[("self-diffusion", "Einstein, corrected for the size of the box")], 1e-3);
        // Thermo has a frame more, and the temperature that was asked for instead of the mean one.
        assert_near(ran, found, &["heat-capacity-cv"]);
    }
}

/// Values are the run's own to less than one standard error, which both know alike.
fn assert_near(ran: &Value, found: &Value, ids: &[&str]) {
    for id in ids {
        let route = ran["properties"].as_array().unwrap().iter().find(|p| p["id"] == *id).unwrap()["route"].clone();
        let [own, again] = [ran, found].map(|results| estimate(results, id, route.as_str().unwrap()));
        let [value, error] = ["value", "standard_error"].map(|key| own[key].as_f64().unwrap());
        let [other, other_error] = ["value", "standard_error"].map(|key| again[key].as_f64().unwrap());
        assert!((value - other).abs() < error && (0.5..2.0).contains(&(other_error / error)), "{id}: {own} {again}");
    }
}

#[test]
fn a_log_under_pressure_tells_what_the_volume_does() {
    let folder = Folder::new("analyze-npt");
    let mut spec: Value = serde_json::from_str(SPECIFICATION).unwrap();
    (spec["temperature_k"], spec["pressure_gpa"]) = (100.into(), 0.05.into());
    spec["structure"]["density_g_cm3"] = 1.35.into();
    spec["production"] = serde_json::json!({ "ensemble": "npt", "time_ps": 100 });
    spec["barostat"] = serde_json::json!({ "compressibility_per_gpa": 2 });
    let spec = folder.file("run.json", spec.to_string());
    let [ran, found, log, trajectory] = ["ran.json", "found.json", "a.log", "a.extxyz"].map(|name| folder.path(name));
    succeed(&["md", &spec, "--trajectory", &trajectory, "--every", "20", "--log", &log, "--json", &ran, "--quiet"]);
    succeed(&["analyze", &trajectory, "--skip", "1", "--log", &log, "--log-skip", "1", "--json", &found]);
    let (own, whole) = (&json(&ran)["results"], &json(&found));
    assert_near(own, &whole["results"], &["compressibility", "thermal-expansion", "heat-capacity-cp"]);
    let means = |found: &Value| {
        for id in ["density", "molar-volume"] {
            let [own, again] = [own, found].map(|results| estimate(results, id, "mean")["value"].as_f64().unwrap());
            assert!((own / again - 1.0).abs() < 1e-3, "{id}: {own} {again}");
        }
    };
    means(&whole["results"]);
    // The pressure is that of the log, whose mean is off by a little.
    let [one, other] = [own, &whole["results"]].map(|r| estimate(r, "enthalpy", "mean")["value"].as_f64().unwrap());
    assert!((one - other).abs() < 0.1, "{one} {other}");
    assert!(whole["notes"].to_string().contains("constant pressure"), "{}", whole["notes"]);
    // Cells of frames tell the volume, and velocities the temperature; without energies there is no enthalpy.
    succeed(&["analyze", &trajectory, "--skip", "1", "--json", &found]);
    let cells = &json(&found)["results"];
    assert_near(own, cells, &["compressibility"]);
    means(cells);
    // A log that does not know the volume has no say where the cell changes.
    let blind = std::fs::read_to_string(&log).unwrap().replace(" Volume ", " Other ");
    let blind = folder.file("blind.log", blind);
    succeed(&["analyze", &trajectory, "--skip", "1", "--log", &blind, "--log-skip", "1", "--json", &found]);
    let without = &json(&found)["results"];
    assert_near(own, without, &["compressibility"]);
    assert!(without["properties"].as_array().unwrap().iter().all(|p| p["id"] != "heat-capacity-cv"));
    assert!(cells["properties"].as_array().unwrap().iter().all(|p| p["id"] != "heat-capacity-cp"));
}

/// A melt of ions whose frames follow each other as closely as the run watches its currents.
#[test]
fn the_frames_of_a_salt_tell_its_conductivity() {
    let folder = Folder::new("analyze-salt");
    let spec = r#"{
      "schema": 1,
      "potential": { "kind": "born-mayer-huggins", "salt": "NaCl", "cutoff_angstrom": 6 },
      "structure": { "kind": "melt", "composition": { "NaCl": 1 }, "atoms": 64, "density_g_cm3": 1.5 },
      "temperature_k": 1300,
      "prepare": { "relax_steps": 100, "warm_up_ps": 0.5 },
      "equilibrate": { "ensemble": "nvt", "time_ps": 0.5 },
      "production": { "ensemble": "nvt", "time_ps": 8 }
    }"#;
    let spec = folder.file("run.json", spec);
    let [trajectory, log, ran, found] = ["t.extxyz", "t.log", "ran.json", "found.json"].map(|name| folder.path(name));
    succeed(&["md", &spec, "--trajectory", &trajectory, "--every", "5", "--log", &log, "--json", &ran, "--quiet"]);
    succeed(&["analyze", &trajectory, "--skip", "1", "--log", &log, "--json", &found]);
    let (ran, whole) = (&json(&ran)["results"], &json(&found)["results"]);
    let routes = ["Green–Kubo", "Einstein"].map(|route| ("ionic-conductivity", route));
    // Temperatures of the run count its first frame of production as well as the trajectory's, but from other digits.
    assert_same(ran, whole, &routes, 1e-6);
    // The log has a row at each frame: what flows with matter is taken out of the heat flux, as in the run, whose mean
    // temperature has a sample more.
    let routes = ["Green–Kubo", "cepstral analysis"].map(|route| ("thermal-conductivity", route));
    assert_same(ran, whole, &routes, 1e-3);
    let heat = estimate(whole, "thermal-conductivity", "Green–Kubo");
    assert!(!heat["warnings"].to_string().contains("flow of matter"), "{heat}");
    // Frames that are written less often than the log's rows find theirs; a log of other times has none for them.
    let rows = std::fs::read_to_string(&log).unwrap();
    let later = |(k, row): (usize, &str)| match row.split_once(' ') {
        // Every row moves by one interval but the last, which goes.
        Some((step, rest)) if k > 2 => {
            let mut words: Vec<String> = rest.split(' ').map(str::to_owned).collect();
            words[0] = (words[0].parse::<f64>().unwrap() + 0.004).to_string();
            format!("{step} {}\n", words.join(" "))
        }
        _ => format!("{row}\n"),
    };
    let later = folder.file("later.log", rows.lines().enumerate().map(later).collect::<String>());
    succeed(&["analyze", &trajectory, "--skip", "1", "--log", &later, "--json", &found]);
    let heat = estimate(&json(&found)["results"], "thermal-conductivity", "Green–Kubo").clone();
    assert!(heat["warnings"].to_string().contains("flow of matter is not taken out"), "{heat}");
    // Without velocities, what displacements tell is still there.
    let still = std::fs::read_to_string(&trajectory).unwrap().replace(":vel:R:3", ":other:R:3");
    let still = folder.file("still.extxyz", still);
    succeed(&["analyze", &still, "--skip", "1", "--temperature-k", "1300", "--json", &found]);
    let found = &json(&found)["results"];
    let [own, again] =
        [ran, found].map(|results| estimate(results, "ionic-conductivity", "Einstein")["value"].as_f64().unwrap());
    let kelvin = ran["estimates"]["temperature"]["value"].as_f64().unwrap();
    // Thermo and currents are sampled at other times: their mean temperatures differ by some 1 %.
    assert!((own * kelvin / (again * 1300.0) - 1.0).abs() < 0.02, "{own} {again} {kelvin}");
    assert!(found["properties"].to_string().contains("Nernst–Einstein over Einstein"));
    // The log's temperature serves as well, and one that the velocities contradict is not believed.
    let found = folder.path("found.json");
    succeed(&["analyze", &still, "--skip", "1", "--log", &log, "--json", &found]);
    let again = estimate(&json(&found)["results"], "ionic-conductivity", "Einstein")["value"].as_f64().unwrap();
    assert!((own / again - 1.0).abs() < 0.02, "{own} {again}");
    let cold = std::fs::read_to_string(&log).unwrap();
    let cold = cold.lines().map(|row| {
        let words =
            row.split(' ').enumerate().map(|(k, word)| if k == 2 && !row.starts_with('#') { "3.5" } else { word });
        words.collect::<Vec<_>>().join(" ") + "\n"
    });
    let cold = folder.file("cold.log", cold.collect::<String>());
    let words = refusal(&["analyze", &trajectory, "--skip", "1", "--log", &cold]);
    assert!(words.contains("temperature of the velocities") && words.contains("3.5 K"), "{words}");
}

/// Two ions on straight paths through a cubic cell of 10 Å, wrapped, as an XDATCAR.
fn wrapped(step: f64, frames: usize) -> String {
    let mut text = "salt\n1\n10 0 0\n0 10 0\n0 0 10\nNa Cl\n1 1\n".to_owned();
    for k in 0..frames {
        let along = (0.95 + step * k as f64).rem_euclid(1.0);
        let back = (0.05 - step * k as f64).rem_euclid(1.0);
        let _ = write!(text, "Direct configuration= {}\n {along} 0.1 0.1\n {back} 0.6 0.6\n", k + 1);
    }
    text
}

fn report(text: &str, file: &str, settings: &AnalyzeSettings) -> crucible::Result<TrajectoryReport> {
    analyze(read_trajectory(text.as_bytes(), file)?, settings)
}

fn every_10_fs() -> AnalyzeSettings {
    AnalyzeSettings { interval_fs: Some(10.0), ..AnalyzeSettings::default() }
}

#[test]
fn wrapped_paths_are_made_whole_and_it_is_said() {
    let found = report(&wrapped(0.02, 40), "XDATCAR", &every_10_fs()).unwrap();
    // Ions at constant speed, relative to the centre of mass: 0.2 Å per frame for each, in opposite directions.
    let mass = |name: &str| crucible::system::Species::from_name(name).unwrap().mass_u;
    let (na, cl) = (mass("Na"), mass("Cl"));
    let speed = 0.4 * cl / (na + cl);
    let curve = &found.results.msd[0];
    for (time, msd) in curve.time_ps.iter().zip(&curve.msd) {
        let path = speed * time / 0.01;
        assert!((msd - path * path).abs() < 1e-9 * path * path, "{time} ps: {msd}");
    }
    assert!(found.notes.iter().any(|note| note.contains("wrapped") && note.contains("jumps")), "{:?}", found.notes);
    assert!(found.notes.iter().any(|note| note.contains("No velocities")));
    let far = report(&wrapped(0.4, 40), "XDATCAR", &every_10_fs()).unwrap();
    assert!(far.notes.iter().any(|note| note.contains("is a guess")), "{:?}", far.notes);
}

#[test]
fn what_a_trajectory_lacks_is_said() {
    let message = |text: &str, settings: &AnalyzeSettings| {
        let file = if text.starts_with("salt") { "XDATCAR" } else { "a.extxyz" };
        report(text, file, settings).unwrap_err().to_string()
    };
    assert!(message(&wrapped(0.1, 1), &every_10_fs()).contains("at least 2"));
    let skip = AnalyzeSettings { skip: 5, ..every_10_fs() };
    assert!(message(&wrapped(0.1, 4), &skip).contains("0 after skipping 5"));
    let timeless = report(&wrapped(0.02, 4), "XDATCAR", &AnalyzeSettings::default()).unwrap();
    assert!(timeless.notes[0].contains("no times") && timeless.results.msd.is_empty());
    assert!(!timeless.results.rdf.is_empty());
    let frame = |time: &str, z: &str| {
        format!("1\nLattice=\"9 0 0 0 9 0 0 0 9\" Properties=species:S:1:pos:R:3 time_ps={time}\n{z} 0 0 0\n")
    };
    let uneven = format!("{}{}{}", frame("0", "Fe"), frame("0.1", "Fe"), frame("0.3", "Fe"));
    assert!(message(&uneven, &AnalyzeSettings::default()).contains("equally spaced"));
    let other = format!("{}{}", frame("0", "Fe"), frame("0.1", "Ar"));
    assert!(message(&other, &AnalyzeSettings::default()).contains("frame 2"));
    let fine = format!("{}{}", frame("0", "Fe"), frame("0.1", "Fe"));
    let notes = report(&fine, "a.extxyz", &AnalyzeSettings::default()).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("Unknown charges (Fe)")), "{notes:?}");
    let charges = [("Fe".to_owned(), 2.0)].into();
    let charged = AnalyzeSettings { charges, ..AnalyzeSettings::default() };
    assert!(!report(&fine, "a.extxyz", &charged).unwrap().notes.iter().any(|note| note.contains("Unknown")));
}

/// Rock salt whose ions tremble, as an XDATCAR with so many chlorides before and after the sodium.
fn rock_salt([before, after]: [usize; 2]) -> String {
    let (mut rng, shake) = (rng::seeded(6, 0), Normal::new(0.0, 0.006).unwrap());
    let (mut anions, mut cations) = (Vec::new(), Vec::new());
    for k in 0..216 {
        let place = [k % 6, k / 6 % 6, k / 36];
        let list = if place.iter().sum::<i32>() % 2 == 0 { &mut anions } else { &mut cations };
        list.push(place.map(|x| f64::from(x) / 6.0));
    }
    assert_eq!((before + after, cations.len()), (anions.len(), 108));
    let names = if after > 0 { format!("Cl Na Cl\n{before} 108 {after}\n") } else { "Cl Na\n108 108\n".to_owned() };
    let mut text = format!("salt\n1\n16.8 0 0\n0 16.8 0\n0 0 16.8\n{names}");
    for frame in 1..=30 {
        let _ = writeln!(text, "Direct configuration= {frame}");
        let moved = anions.iter().chain(&cations).map(|x| x.map(|x| x + shake.sample(&mut rng))).collect::<Vec<_>>();
        let order = (0..before).chain(108..216).chain(before..108);
        for [x, y, z] in order.map(|i| moved[i]) {
            let _ = writeln!(text, "{x} {y} {z}");
        }
    }
    text
}

#[test]
fn species_that_a_file_tells_twice_are_one() {
    let [whole, parted] =
        [[108, 0], [50, 58]].map(|parts| report(&rock_salt(parts), "XDATCAR", &every_10_fs()).unwrap().results);
    let pairs = |results: &crucible::run::Results| -> Vec<(String, String)> {
        results.rdf.iter().map(|curve| (curve.first.clone(), curve.second.clone())).collect()
    };
    assert_eq!(pairs(&whole), pairs(&parted));
    assert_eq!((whole.msd.len(), parted.msd.len()), (2, 2));
    for (a, b) in whole.rdf.iter().zip(&parted.rdf) {
        assert!(a.g.iter().zip(&b.g).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + a)), "{}-{}", a.first, a.second);
    }
    let of = |results: &crucible::run::Results| -> Vec<(String, String, Option<String>)> {
        let properties = results.properties.iter();
        properties.map(|property| (property.id.clone(), property.of.clone(), property.pending.clone())).collect()
    };
    assert_eq!(of(&whole), of(&parted));
    let neighbours = parted.properties.iter().find(|p| p.id == "coordination-distribution" && p.of == "Na-Cl").unwrap();
    assert!((neighbours.estimate.as_ref().unwrap().value - 6.0).abs() < 1e-9, "{neighbours:?}");
}

/// A time in a unit that is not known is no time.
#[test]
fn without_times_nobody_stays_for_a_while() {
    for (settings, told) in [(every_10_fs(), true), (AnalyzeSettings::default(), false)] {
        let properties = report(&rock_salt([108, 0]), "XDATCAR", &settings).unwrap().results.properties;
        assert!(properties.iter().any(|property| property.id == "cluster-size"));
        assert_eq!(properties.iter().any(|property| property.id == "residence-time"), told);
    }
}

#[test]
fn numbered_types_need_elements() {
    let folder = Folder::new("numbered");
    let frame = |step: u32| {
        format!(
            "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\nITEM: ATOMS id type x y z\n1 1 1 1 1\n2 2 4 4 {}\n",
            4.0 + 0.01 * f64::from(step)
        )
    };
    let path = folder.file("a.dump", [frame(0), frame(10), frame(20)].concat());
    assert!(refusal(&["analyze", &path]).contains("an element for each number"));
    let output = crucible(&["analyze", &path, "--elements", "Na,Cl", "--timestep-fs", "2"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("3 frames of 2 atoms, 20 fs apart"), "{text}");
    assert!(
        refusal(&["analyze", &path, "--elements", "Na,Cl", "--charges", "K=1"]).contains("species of the trajectory")
    );
    assert!(refusal(&["analyze", &folder.file("a.txt", "hello\nworld\n")]).contains("XDATCAR"));
    // One name can't stand for two charges.
    let read = read_trajectory([frame(0), frame(10)].concat().as_bytes(), "a.dump").unwrap();
    let charges = [("1".to_owned(), 2.0), ("2".to_owned(), 3.0)].into();
    let iron = AnalyzeSettings { elements: vec!["Fe".to_owned(); 2], charges, ..every_10_fs() };
    let words = analyze(read, &iron).unwrap_err().to_string();
    assert!(words.contains("+2 e") && words.contains("+3 e") && words.contains("one charge"), "{words}");
    // Charges by the file's number as well as by element.
    for names in [["1", "2"], ["Fe", "Mn"]] {
        let read = read_trajectory([frame(0), frame(10)].concat().as_bytes(), "a.dump").unwrap();
        let charges = names.map(str::to_owned).into_iter().zip([2.0, -2.0]).collect();
        let elements = ["Fe", "Mn"].map(str::to_owned).to_vec();
        let notes = analyze(read, &AnalyzeSettings { elements, charges, ..every_10_fs() }).unwrap().notes;
        assert!(!notes.iter().any(|note| note.contains("Unknown charges")), "{notes:?}");
    }
}

/// Without a word on units, velocities in Å/fs pass for Å/ps.
#[test]
fn velocities_do_not_overrule_the_given_temperature_in_other_units() {
    let frame = |step: u32| {
        format!(
            "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\n\
             ITEM: ATOMS id element x y z vx vy vz\n1 Ar 1 1 1 0.003 0 0\n2 Ar 5 5 5 -0.003 0 0\n"
        )
    };
    let text = [frame(0), frame(10), frame(20)].concat();
    let given = AnalyzeSettings { temperature_k: Some(300.0), ..every_10_fs() };
    let words = report(&text, "a.dump", &given).unwrap_err().to_string();
    assert!(words.contains("about the given 300.0 K") && words.contains("ITEM: UNITS"), "{words}");
    // 288 K.
    report(&format!("ITEM: UNITS\nreal\n{text}"), "a.dump", &given).unwrap();
}

#[test]
fn frames_that_can_not_follow_are_refused() {
    let frame = |step: u32, atoms: u32, edge: f64| {
        let atom = if atoms == 1 { "1 Ar 0 0 0\n" } else { "" };
        format!(
            "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{atoms}\nITEM: BOX BOUNDS pp pp pp\n0 {edge}\n0 {edge}\n0 {edge}\nITEM: ATOMS id element x y z\n{atom}"
        )
    };
    let words = |text: String| report(&text, "a.dump", &every_10_fs()).unwrap_err().to_string();
    let empty: String = (0..20).map(|step| frame(step, 0, 9.0)).collect();
    assert!(words(empty).contains("at least one"));
    assert!(words(frame(0, 1, 9.0) + &frame(1, 1, 1e-3)).contains("cell of frame 2"));
}

/// The number of atoms never changes what is read: a count far beyond the file is an error, not an allocation.
#[test]
fn counts_are_not_trusted() {
    let text = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n999999\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\nITEM: ATOMS id x y z\n1 0 0 0\n";
    let error = read_trajectory(text.as_bytes(), "a.dump").unwrap_err().to_string();
    assert!(error.contains("4 columns"), "{error}");
}
