//! Which number stands for which species: where files, frames and potentials count them differently.

use std::path::Path;

use crucible::io::{Configuration, StructureFormat, read_cfg, write_structure};
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
fn a_trained_potential_is_not_matched_to_elements_by_appearance() {
    let folder = Folder::new("trained");
    let salt = Path::new(&potentials()).join("cacl2-kcl");
    let [potential, data] = ["potential.almtp", "data/test.extxyz"].map(|name| salt.join(name).display().to_string());
    let out = folder.path("out.mtp");
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
