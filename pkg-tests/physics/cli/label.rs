//! What `crucible label` runs, skips and appends.

use std::path::Path;

use crucible::io::{read_cfg, read_extxyz};

use super::{Folder, crucible, refusal};
use crate::reference::text;

/// Without a name: labelling gives it one.
const STRUCTURE: &str = "2\nLattice=\"8 0 0 0 8 0 0 0 8\" Properties=species:S:1:pos:R:3 pbc=\"T T T\"\n\
    Cl 0 0 0\nK 0 0 3.1\n";

const PW: &str = "
     number of atoms/cell      =            2
!    total energy              =    -117.00000000 Ry
     convergence has been achieved in  11 iterations

     Forces acting on atoms (cartesian axes, Ry/au):

     atom    1 type  2   force =     0.02000000   -0.04000000    0.06000000
     atom    2 type  1   force =    -0.02000000    0.04000000   -0.06000000

   JOB DONE.
";

/// A folder with the inputs of [`STRUCTURE`], some of it replaced, and an output of pw.x.
fn calculation(folder: &Folder, name: &str, replaced: (&str, &str), output: &str) -> String {
    let structures = folder.file(&format!("{name}.extxyz"), STRUCTURE.replace(replaced.0, replaced.1));
    let inputs = folder.path(name);
    assert!(crucible(&["label", &structures, "--code", "qe", "--write", &inputs]).status.success());
    folder.file(&format!("{name}/0001/pw.out"), output);
    inputs
}

/// Exit code and messages.
fn label(arguments: &[&str]) -> (Option<i32>, String) {
    let output = crucible(&[&["label", "--code", "qe"], arguments].concat());
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn labels_in_a_cfg_need_the_order_of_species() {
    let folder = Folder::new("label-cfg");
    let (inputs, out) = (calculation(&folder, "inputs", ("", ""), PW), folder.path("set.cfg"));
    let message = refusal(&["label", "--code", "qe", "--collect", &inputs, "--out", &out]);
    assert!(message.contains("--species") && message.contains(".cfg"), "{message}");
    // The second time it is known, although the file has numbers only.
    for count in ["1 labelled", "0 labelled"] {
        let (code, message) = label(&["--collect", &inputs, "--out", &out, "--species", "K,Ca,Cl"]);
        assert!(code == Some(0) && message.contains(count), "{message}");
    }
    let written = read_cfg(&text(Path::new(&out)), "set", &[]).expect("a written file");
    assert_eq!(written.iter().map(|one| one.system.types.clone()).collect::<Vec<_>>(), [[2, 0]]);
}

#[test]
fn another_structure_of_a_known_name_is_no_known_structure() {
    let folder = Folder::new("label-names");
    let out = folder.path("set.extxyz");
    let first = calculation(&folder, "first", ("", ""), PW);
    assert!(label(&["--collect", &first, "--out", &out]).1.contains("1 labelled"));
    for (name, other) in [("moved", ("3.1", "3.2")), ("swapped", ("K ", "Na ")), ("larger", ("8 0 0 0 8", "9 0 0 0 8"))]
    {
        let inputs = calculation(&folder, name, other, PW);
        let message = refusal(&["label", "--code", "qe", "--collect", &inputs, "--out", &out]);
        assert!(message.contains("0001") && message.contains("another name") && message.contains("--out"), "{message}");
        // Nor are its inputs taken for those of the first, or written where it can't be appended.
        let structures = folder.path(&format!("{name}.extxyz"));
        let written = refusal(&["label", &structures, "--code", "qe", "--write", &first]);
        assert!(written.contains("another structure"), "{written}");
        let elsewhere = folder.path(&format!("{name}-again"));
        refusal(&["label", &structures, "--code", "qe", "--run", &elsewhere, "--out", &out]);
        assert!(!Path::new(&elsewhere).exists(), "{name}");
    }
    let same = calculation(&folder, "same", ("3.1", "3.1000000001"), PW);
    let (code, message) = label(&["--collect", &same, "--out", &out]);
    assert!(code == Some(0) && message.contains("0 labelled, 0 failed"), "{message}");
}

/// Outputs of one's own, in a folder that `label --write` did not make.
#[test]
fn outputs_of_one_s_own_are_collected_for_the_structures_they_are_named_after() {
    let folder = Folder::new("label-own");
    let named = |name: &str| STRUCTURE.replace("pbc", &format!("name={name} pbc"));
    let structures = folder.file("mine.extxyz", named("melt-1") + &named("melt-2"));
    std::fs::create_dir_all(folder.path("runs/melt-2/scf")).expect("a folder");
    folder.file("runs/melt-1.out", PW);
    folder.file("runs/notes.txt", "not an output");
    let (runs, out) = (folder.path("runs"), folder.path("set.extxyz"));
    let collect = || label(&[&structures, "--collect", &runs, "--out", &out]);
    let (code, message) = collect();
    assert!(code == Some(2) && message.contains("melt-2: no label") && message.contains("1 of 2"), "{message}");
    folder.file("runs/melt-2/scf/pw.out", PW);
    // The first is in the data set already.
    let (code, message) = collect();
    assert!(code == Some(0) && message.contains("1 labelled, 0 failed"), "{message}");
    let written = read_extxyz(&text(Path::new(&out)), "set").expect("a data set");
    let names: Vec<_> = written.iter().filter_map(|one| one.name.as_deref()).collect();
    assert_eq!(names, ["melt-1", "melt-2"]);
    assert!(written.iter().all(|one| one.energy.is_some() && one.forces.is_some()));
}

#[test]
fn structures_that_no_output_is_named_after_are_told() {
    let folder = Folder::new("label-strange");
    let structures = folder.file("mine.extxyz", STRUCTURE.to_owned() + STRUCTURE);
    std::fs::create_dir_all(folder.path("runs")).expect("a folder");
    let runs = folder.path("runs");
    assert!(refusal(&["label", &structures, "--code", "qe", "--collect", &runs]).contains("pw.out"));
    folder.file("runs/other.out", PW);
    let (code, message) = label(&[&structures, "--collect", &runs]);
    assert!(code == Some(2) && message.contains("without its structure") && message.contains("0001"), "{message}");
}

#[test]
fn labels_are_appended_on_a_line_of_their_own() {
    let folder = Folder::new("label-append");
    let inputs = calculation(&folder, "inputs", ("", ""), PW);
    let start = "1\nLattice=\"8 0 0 0 8 0 0 0 8\" Properties=species:S:1:pos:R:3:forces:R:3 energy=1 pbc=\"T T T\" \
        name=start\nK 0 0 0 0 0 0";
    let out = folder.file("set.extxyz", start);
    assert!(label(&["--collect", &inputs, "--out", &out]).1.contains("1 labelled"));
    let written = read_extxyz(&text(Path::new(&out)), "set").expect("a data set");
    assert_eq!(written.iter().map(|one| one.system.len()).collect::<Vec<_>>(), [1, 2]);
    // What has no label there would pass for labelled.
    let unlabelled = folder.file("frames.extxyz", STRUCTURE);
    let message = refusal(&["label", "--code", "qe", "--collect", &inputs, "--out", &unlabelled]);
    assert!(message.contains("--out") && message.contains("1 of 1 configurations without labels"), "{message}");
}

#[test]
fn what_was_interrupted_runs_again_and_what_did_not_converge_does_not() {
    let folder = Folder::new("label-again");
    let (cut, _) = PW.split_at(PW.find("     atom    2").expect("a second atom"));
    let inputs = calculation(&folder, "inputs", ("", ""), cut);
    let good = folder.file("good.out", PW);
    // Appends, as some codes do: the output that was cut must be gone.
    let command = format!("cat {good} >> pw.out; touch ran");
    let run = || label(&["--run", &inputs, "--command", &command]);
    let ran = folder.path("inputs/0001/ran");
    assert_eq!(label(&["--collect", &inputs]).0, Some(2));
    let (code, message) = run();
    assert!(code == Some(0) && message.contains("1 labelled") && Path::new(&ran).exists(), "{message}");

    std::fs::remove_file(&ran).expect("the mark of a run");
    for output in [PW, &cut.replace("has been achieved", "NOT achieved"), &PW.replace("Forces acting", "Forces")] {
        folder.file("inputs/0001/pw.out", output);
        run();
        assert!(!Path::new(&ran).exists(), "{output}");
        assert_eq!(text(Path::new(&folder.path("inputs/0001/pw.out"))), output);
    }
}
