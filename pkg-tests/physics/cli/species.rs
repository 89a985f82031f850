//! Which number stands for which species: where files, frames and potentials count them differently.

use std::path::Path;

use crucible::io::{
    Almtp, Configuration, StructureFormat, read_almtp, read_cfg, read_extxyz, types_to_labels, write_almtp, write_cfg,
    write_structure,
};
use crucible::system::Species;
use serde_json::Value;

use super::{Folder, crucible, potentials, reference_file, refusal};
use crate::reference::{self, text};

const POTASSIUM_FIRST: &str = "2\nLattice=\"6 0 0 0 6 0 0 0 6\" Properties=species:S:1:pos:R:3 pbc=\"T T T\" name=a\n\
    K 0 0 0\nCl 0 0 2.9\n";
const CHLORINE_FIRST: &str = "2\nLattice=\"6 0 0 0 6 0 0 0 6\" Properties=species:S:1:pos:R:3 pbc=\"T T T\" name=b\n\
    Cl 0 0 0\nK 0 0 2.7\n";

fn types(file: &str) -> Vec<Vec<u32>> {
    let read = read_cfg(&text(Path::new(file)), file, &[]).expect("a written file");
    read.into_iter().map(|configuration| configuration.system.types).collect()
}

fn elements(file: &str) -> Vec<String> {
    let read = read_extxyz(&text(Path::new(file)), file).expect("a written file");
    let name = |system: &crucible::system::System, kind: u32| system.species[kind as usize].name.clone();
    read.iter().flat_map(|one| one.system.types.iter().map(|&kind| name(&one.system, kind))).collect()
}

/// The potential, whose species are numbered 0, 1, ..., with other numbers for them.
fn with_labels(file: &str, labels: &[usize]) -> Vec<u8> {
    let bytes = std::fs::read(file).expect("a potential");
    let Almtp { mut parameters, mut active_set } = read_almtp(&bytes, file).expect("an active set");
    if let Some(set) = &mut active_set {
        types_to_labels(&mut set.configurations, labels);
    }
    parameters.species_labels = labels.to_vec();
    write_almtp(&Almtp { parameters, active_set })
}

fn success(arguments: &[&str]) -> String {
    let output = crucible(arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {message}");
    message
}

#[test]
fn frames_that_begin_with_other_species_number_them_alike() {
    let folder = Folder::new("orders");
    let both = folder.file("both.extxyz", [POTASSIUM_FIRST, CHLORINE_FIRST].concat());
    let (cfg, last) = (folder.path("both.cfg"), folder.path("last.cfg"));
    assert!(success(&["convert", &both, &cfg]).contains("0 is K, 1 is Cl"));
    assert_eq!(types(&cfg), [[0, 1], [1, 0]]);
    // One frame of a file counts as the whole file does.
    success(&["convert", &both, &last, "--frame", "-1"]);
    assert_eq!(types(&last), [[1, 0]]);
    // Numbers stay what they are, whichever comes first.
    let numbered = folder.file("numbered.extxyz", CHLORINE_FIRST.replace("Cl ", "1 ").replace("K ", "0 "));
    let message = success(&["convert", &numbered, &cfg]);
    assert!(message.is_empty() && types(&cfg) == [[1, 0]], "{message}");
}

#[test]
fn graded_and_selected_structures_are_numbered_as_the_potential_does() {
    let folder = Folder::new("numbered");
    let (set, training) = (reference_file("grades/L08_S2_nbh.almtp"), reference_file("grades/in_S2.cfg"));
    let structures = folder.file("b.extxyz", CHLORINE_FIRST);
    let out = folder.path("out.cfg");
    success(&["grade", &set, &structures, "--species", "K,Cl", "--out", &out]);
    assert_eq!(types(&out), [[1, 0]]);
    std::fs::remove_file(&out).expect("a written file");
    success(&["select", &set, &training, &structures, "--species", "K,Cl", "--out", &out]);
    assert_eq!(types(&out), [[1, 0]]);
}

#[test]
fn graded_and_selected_structures_keep_their_species_where_labels_are_in_another_order() {
    let folder = Folder::new("swapped");
    let plain = reference_file("grades/L08_S2_nbh.almtp");
    let swapped = folder.file("swapped.almtp", with_labels(&plain, &[1, 0]));
    let training = reference_file("grades/in_S2.cfg");
    let mut training = read_cfg(&text(Path::new(&training)), "training", &[]).expect("a reference file");
    types_to_labels(&mut training, &[1, 0]);
    let training = folder.file("training.cfg", write_cfg(&training));
    let start = folder.file("b.extxyz", CHLORINE_FIRST);
    let [cfg, xyz] = ["out.cfg", "out.extxyz"].map(|name| folder.path(name));
    let grade = |set: &str, structures: &str, more: &[&str]| -> Value {
        let output = crucible(&[&["grade", set, structures, "--json", "-"], more].concat());
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")["cfgs"][0]["grade"].take()
    };
    let expected = grade(&plain, &start, &["--species", "K,Cl"]);
    assert!(expected.is_f64());
    assert_eq!(grade(&swapped, &start, &["--species", "K,Cl", "--out", &cfg]), expected);
    assert_eq!(types(&cfg), [[0, 1]]);
    assert_eq!(grade(&swapped, &cfg, &["--species", "K,Cl", "--out", &xyz]), expected);
    assert_eq!(elements(&xyz), ["Cl", "K"]);
    // Without --species numbers stay numbers, in any format.
    assert_eq!(grade(&swapped, &cfg, &["--out", &xyz]), expected);
    assert_eq!(elements(&xyz), ["0", "1"]);
    assert_eq!(grade(&swapped, &xyz, &[]), expected);

    let select = |structures: &str, out: &str| {
        std::fs::remove_file(out).expect("an earlier file");
        success(&["select", &swapped, &training, structures, "--species", "K,Cl", "--out", out]);
    };
    select(&start, &cfg);
    assert_eq!(types(&cfg), [[0, 1]]);
    select(&cfg, &xyz);
    assert_eq!(elements(&xyz), ["Cl", "K"]);
}

#[test]
fn a_run_numbers_species_as_its_potential_does() {
    let folder = Folder::new("run-numbers");
    let shipped = Path::new(&potentials()).join("cacl2-kcl/potential.almtp").display().to_string();
    folder.file(
        "start.extxyz",
        "4\nLattice=\"12 0 0 0 12 0 0 0 12\" Properties=species:S:1:pos:R:3 pbc=\"T T T\"\n\
         Cl 0 0 0\nK 3.1 0 0\nCl 6 6 0\nK 9.1 6 0\n",
    );
    let specification = |structure: &str| {
        format!(
            r#"{{ "schema": 1,
              "potential": {{ "kind": "mtp", "file": "my.almtp", "species": ["K", "Ca", "Cl"] }},
              "structure": {{ "kind": "file", "file": "{structure}" }},
              "temperature_k": 300,
              "timestep_fs": 1,
              "prepare": {{ "relax_steps": 0, "warm_up_ps": 0 }},
              "equilibrate": {{ "ensemble": "nvt", "time_ps": 0 }},
              "production": {{ "ensemble": "nvt", "time_ps": 0.005 }},
              "extrapolation": {{ "every": 1, "keep_above": 1e-6, "warn": 1e9, "stop": 1e9 }} }}"#
        )
    };
    let first = folder.file("first.json", specification("start.extxyz"));
    let second = folder.file("second.json", specification("last.cfg"));
    let [last, kept, end] = ["last.cfg", "kept.cfg", "end.extxyz"].map(|name| folder.path(name));
    for labels in [[2, 0, 1], [1, 0, 7]] {
        folder.file("my.almtp", with_labels(&shipped, &labels));
        success(&["md", &first, "--quiet", "--last", &last, "--kept", &kept]);
        let [potassium, _, chlorine] = labels.map(|label| label as u32);
        let numbers = [[chlorine, potassium, chlorine, potassium]];
        assert_eq!(types(&last), numbers);
        assert_eq!(types(&kept), numbers);
        success(&["md", &second, "--quiet", "--last", &end]);
        assert_eq!(elements(&end), ["Cl", "K", "Cl", "K"], "{labels:?}");
    }
}

#[test]
fn a_trained_potential_is_not_matched_to_elements_by_appearance() {
    let folder = Folder::new("trained");
    let salt = Path::new(&potentials()).join("cacl2-kcl");
    let [tagged, data] = ["potential.almtp", "data/test.extxyz"].map(|name| salt.join(name).display().to_string());
    let out = folder.path("out.mtp");
    success(&["errors", &tagged, &data]);
    let mut nameless =
        read_almtp(&std::fs::read(&tagged).expect("a potential"), &tagged).expect("a potential").parameters;
    nameless.tag = None;
    let potential = folder.file("nameless.mtp", crucible::io::write_mtp(&nameless));
    for arguments in
        [&["errors", potential.as_str(), &data][..], &["train", &data, "-o", &out, "--template", &potential][..]]
    {
        let message = refusal(arguments);
        assert!(
            message.contains("--species") && message.contains("the elements of the potential's species"),
            "{message}"
        );
    }
    assert!(refusal(&["errors", &potential, &data, "--species", "K,Cl"]).contains("one for each species"));
    success(&["errors", &potential, &data, "--species", "K,Ca,Cl"]);
}

/// MLIP-3 leaves gaps between the numbers of a potential's species.
#[test]
fn numbered_data_are_matched_by_the_potential_s_labels() {
    let folder = Folder::new("gaps");
    let start = text(&reference::tree().join("potentials/G_L08_S2.mtp"));
    let gaps = folder.file("gaps.mtp", {
        let renamed =
            |text: String, (from, to): (&str, &str)| text.replace(&format!("\t{from}\n"), &format!("\t{to}\n"));
        [("0-1", "0-2"), ("1-0", "2-0"), ("1-1", "2-2")].into_iter().fold(start, renamed)
    });
    let mut data = read_cfg(&text(&reference::tree().join("training/db_S2.cfg")), "db", &[]).expect("a reference file");
    data.iter_mut().for_each(leave_a_gap);
    let data = folder.file("gaps.cfg", write_structure(StructureFormat::Cfg, &data).expect("text"));
    let errors = |potential: &str, data: &str| -> Value {
        let out = folder.path("errors.json");
        success(&["errors", potential, data, "--json", &out]);
        serde_json::from_str::<Value>(&text(Path::new(&out))).expect("JSON")["errors"].take()
    };
    let expected = errors(&reference_file("potentials/G_L08_S2.mtp"), &reference_file("training/db_S2.cfg"));
    assert!(expected["energy_per_atom"]["count"].as_u64().is_some_and(|count| count > 0), "{expected}");
    assert_eq!(errors(&gaps, &data), expected);
    assert!(refusal(&["errors", &gaps, &reference_file("training/db_S2.cfg")]).contains("type of atom"));
}

fn leave_a_gap(configuration: &mut Configuration) {
    let system = &mut configuration.system;
    system.types.iter_mut().for_each(|kind| *kind *= 2);
    system.species = ["0", "1", "2"].map(|name| Species { name: name.into(), mass_u: 1.0, charge_e: None }).to_vec();
}

#[test]
fn the_tag_of_a_potential_tells_its_species() {
    let folder = Folder::new("tag");
    let three = POTASSIUM_FIRST.replacen('2', "3", 1) + "Cl 2.5 0 0\n";
    let structure = folder.file("a.extxyz", three);
    let plain = text(&reference::tree().join("potentials/G_L08_S2.mtp"));
    let start = plain.find("potential_tag").expect("a tag");
    let end = start + plain[start..].find('\n').expect("its line");
    let tagged = |tag: &str| format!("{}potential_tag = {tag}{}", &plain[..start], &plain[end..]);
    let energies = |potential: &str, more: &[&str]| {
        let output = crucible(&[&["efs", potential, &structure][..], more].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{message}");
        (output.stdout, message)
    };
    let potential = folder.file("tagged.mtp", tagged("K-Cl"));
    let (told, _) = energies(&potential, &[]);
    assert_eq!(told, energies(&potential, &["--species", "K,Cl"]).0);
    let (other, message) = energies(&potential, &["--species", "Cl,K"]);
    assert!(other != told && message.contains("note: --species Cl,K, but the potential's file says K,Cl"), "{message}");
    for tag in ["salt", "K", "K-K", "K-Cl-Ca"] {
        let message = refusal(&["efs", &folder.file("other.mtp", tagged(tag)), &structure]);
        assert!(message.contains("--species"), "{tag}: {message}");
    }
}
