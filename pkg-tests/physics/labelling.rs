//! Inputs for codes that label, and what is read of their outputs: values, signs, orders, and everything that may be wrong.
//!
//! The samples state the same made-up numbers in each code's own units and form; `cp2k-kcl8.out` is of a real run.

mod others;
mod settings;

use crucible::Error;
use crucible::io::{Configuration, read_extxyz, unite_species};
use crucible::labelling::{Code, Electrons, Label, Settings, check_same_method, collect, input_folders, read_cp2k};
use crucible::math::{Mat3, Vec3};

use crate::cli::{Folder, crucible, refusal};
use crate::reference::{self, text};

const HARTREE: f64 = 27.211386245988;
const BOHR: f64 = 0.529177210903;
const GPA: f64 = 1.0 / 160.2176634;

/// Chlorine before potassium, so that grouping by species in the order of the file changes nothing, but mixed, so that it does.
const STRUCTURE: &str = "3\nLattice=\"8 0 0 0 8 0 0 0 8\" Properties=species:S:1:pos:R:3 pbc=\"T T T\" name=sample\n\
    Cl 0 0 0\nK 0 0 3.1\nCl 4 4 4\n";

const CP2K: &str = "
 MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM

   Atom Kind Element         X             Y             Z       Z(eff)     Mass
      1    1 Cl   17      0.000000      0.000000      0.000000   7.0000  35.4530
      2    2 K    19      0.000000      0.000000      3.100000   9.0000  39.0983
      3    1 Cl   17      4.000000     -4.000000      4.000000   7.0000  35.4530

 outer SCF loop converged in   1 iterations or    8 steps
  *** SCF run converged in     8 steps ***

 ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:              -58.500000000000000

 ATOMIC FORCES in [a.u.]

 # Atom   Kind   Element          X                  Y                  Z
      1      1      Cl          0.010000000000    -0.020000000000     0.030000000000
      2      2      K          -0.010000000000     0.020000000000    -0.010000000000
      3      1      Cl          0.000000000000     0.000000000000    -0.020000000000
 SUM OF ATOMIC FORCES           0.000000000000     0.000000000000     0.000000000000     0.000000000000

 STRESS| Analytical stress tensor [GPa]
 STRESS|                        x                   y                   z
 STRESS|      x        1.00000000000E+00   4.00000000000E-01   5.00000000000E-01
 STRESS|      y        4.00000000000E-01   2.00000000000E+00   6.00000000000E-01
 STRESS|      z        5.00000000000E-01   6.00000000000E-01   3.00000000000E+00
 STRESS| 1/3 Trace                                             2.00000000000E+00

 STRESS| Eigenvectors and eigenvalues of the analytical stress tensor [GPa]
 STRESS|                        1                   2                   3
 STRESS|      x           0.585072211691      0.798684246102     -0.140691087621

  **** **** ******  **  PROGRAM ENDED AT
";

const CP2K_LATER: &str = "
  *** SCF run converged in     8 steps ***
 ENERGY| Total FORCE_EVAL ( QS ) energy [hartree]            -58.500000000000000
 FORCES| Atomic forces [hartree/bohr]
 FORCES|   Atom     x               y               z               |f|
 FORCES|      1  1.00000000E-02 -2.00000000E-02  3.00000000E-02  3.74165739E-02
 FORCES|      2 -1.00000000E-02  2.00000000E-02 -1.00000000E-02  2.44948974E-02
 FORCES|      3  0.00000000E+00  0.00000000E+00 -2.00000000E-02  2.00000000E-02
 FORCES| Sum     0.00000000E+00  0.00000000E+00  0.00000000E+00  0.00000000E+00
 STRESS| Analytical stress tensor [bar]
 STRESS|                        x                   y                   z
 STRESS|      x        1.00000000000E+04   4.00000000000E+03   5.00000000000E+03
 STRESS|      y        4.00000000000E+03   2.00000000000E+04   6.00000000000E+03
 STRESS|      z        5.00000000000E+03   6.00000000000E+03   3.00000000000E+04
  **** **** ******  **  PROGRAM ENDED AT
";

const PW: &str = "
     lattice parameter (alat)  =      15.1178  a.u.
     number of atoms/cell      =            3
     site n.     atom                  positions (alat units)
         1           Cl  tau(   1) = (   0.0000000   0.0000000   0.0000000  )
         2           K   tau(   2) = (   0.0000000   0.0000000   0.3875000  )
         3           Cl  tau(   3) = (   0.5000000   0.5000000   0.5000000  )
!    total energy              =    -117.00000000 Ry
     convergence has been achieved in  11 iterations

     Forces acting on atoms (cartesian axes, Ry/au):

     atom    1 type  2   force =     0.02000000   -0.04000000    0.06000000
     atom    2 type  1   force =    -0.02000000    0.04000000   -0.02000000
     atom    3 type  2   force =     0.00000000    0.00000000   -0.04000000
     The non-local contrib.  to forces
     atom    1 type  2   force =     9.00000000    9.00000000    9.00000000

     Total force =     0.090554     Total SCF correction =     0.000012

     Computing stress (Cartesian axis) and pressure

          total   stress  (Ry/bohr**3)                   (kbar)     P=       20.00
   0.00006798   0.00002719   0.00003399           10.00        4.00        5.00
   0.00002719   0.00013595   0.00004079            4.00       20.00        6.00
   0.00003399   0.00004079   0.00020393            5.00        6.00       30.00

   JOB DONE.
";

/// VASP's atoms are grouped: both chlorines, then potassium. Forces in eV/Å, stress in kbar.
fn outcar() -> String {
    let row = |[a, b, c]: [f64; 3], f: [f64; 3]| {
        let [x, y, z] = f.map(|x| x * HARTREE / BOHR);
        format!("      {a:.5}      {b:.5}      {c:.5}    {x:13.9} {y:13.9} {z:13.9}\n")
    };
    format!(
        "   VRHFIN =Cl:  s2p5\n   VRHFIN =K : p6s1\n   ions per type =               2   1\n   number of dos      NEDOS =    301   \
         number of ions     NIONS =      3\n------------------------ aborting loop because EDIFF is reached \
         ----------------------------------------\n  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)\n  \
         free  energy   TOTEN  =     {:16.8} eV\n  in kB      10.00000    20.00000    30.00000     4.00000     6.00000     \
         5.00000\n  external pressure =       20.00 kB  Pullay stress =        0.00 kB\n POSITION                                       \
         TOTAL-FORCE (eV/Angst)\n -----------------------------------------------------------------------------------\n{}{}{} \
         -----------------------------------------------------------------------------------\n General timing and accounting \
         informations for this job:\n",
        -58.5 * HARTREE,
        row([0.0; 3], [0.01, -0.02, 0.03]),
        // In another image of the cell, as VASP may put it.
        row([4.0, -4.0, 4.0], [0.0, 0.0, -0.02]),
        row([0.0, 0.0, 3.1], [-0.01, 0.02, -0.01])
    )
}

fn vasprun() -> String {
    vasprun_of([("Cl", [0.01, -0.02, 0.03]), ("Cl", [0.0, 0.0, -0.02]), ("K ", [-0.01, 0.02, -0.01])])
}

/// Of atoms with their forces in Hartree/Bohr, in the order of the POSCAR.
fn vasprun_of(atoms: [(&str, [f64; 3]); 3]) -> String {
    let row = |f: [f64; 3], factor: f64| {
        let [x, y, z] = f.map(|x| x * factor);
        format!("<v> {x:15.9} {y:15.9} {z:15.9} </v>")
    };
    let force = HARTREE / BOHR;
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<modeling>\n<parameters><separator name=\"electronic\" >\n<i type=\"int\" \
         name=\"NELM\">   100</i></separator></parameters>\n<atominfo><atoms>       3 </atoms><array name=\"atoms\" ><set>\
         {}</set></array></atominfo>\n\
         <calculation><scstep><energy><i name=\"e_fr_energy\">     -1.0</i></energy></scstep>\n<varray name=\"forces\" >{}\
         </varray><varray name=\"stress\" >{}{}{}</varray>\n<energy><i name=\"e_fr_energy\"> {:16.8} </i></energy></calculation>\n\
         </modeling>\n",
        atoms.map(|(element, _)| format!("<rc><c>{element}</c><c>   1</c></rc>")).concat(),
        atoms.map(|(_, f)| row(f, force)).concat(),
        row([10.0, 4.0, 5.0], 1.0),
        row([4.0, 20.0, 6.0], 1.0),
        row([5.0, 6.0, 30.0], 1.0),
        -58.5 * HARTREE
    )
}

/// As the script writes it: ASE's stress is tension positive.
fn gpaw() -> String {
    let mut out = format!(
        "3\nLattice=\"8 0 0 0 8 0 0 0 8\" Properties=species:S:1:pos:R:3:forces:R:3 energy={} stress=\"{}\" pbc=\"T T T\" \
         converged=T\n",
        -58.5 * HARTREE,
        [1.0, 0.4, 0.5, 0.4, 2.0, 0.6, 0.5, 0.6, 3.0].map(|x| (-x * GPA).to_string()).join(" ")
    );
    for (row, f) in ["Cl 0 0 0", "K 0 0 3.1", "Cl 4 4 4"].iter().zip(forces()) {
        out += &format!("{row} {} {} {}\n", f.x, f.y, f.z);
    }
    out
}

fn forces() -> [Vec3; 3] {
    [[0.01, -0.02, 0.03], [-0.01, 0.02, -0.01], [0.0, 0.0, -0.02]].map(|f| Vec3::from(f) * HARTREE / BOHR)
}

fn structure() -> Configuration {
    read_extxyz(STRUCTURE, "sample").expect("a valid file").remove(0)
}

fn settings(code: Code) -> Settings {
    Settings { code, electrons: Electrons::Insulator }
}

fn samples() -> Vec<(Code, &'static str, String)> {
    vec![
        (Code::Cp2k, "cp2k.out", CP2K.to_owned()),
        (Code::Cp2k, "later.out", CP2K_LATER.to_owned()),
        (Code::Qe, "pw.out", PW.to_owned()),
        (Code::Vasp, "OUTCAR", outcar()),
        (Code::Vasp, "vasprun.xml", vasprun()),
        (Code::Gpaw, "gpaw.extxyz", gpaw()),
    ]
}

#[test]
fn every_code_s_output_gives_the_same_label() {
    for (code, file, output) in samples() {
        let settings = settings(code);
        let label = settings.read(&output, file).unwrap_or_else(|error| panic!("{error}"));
        let labelled = settings.attach(&structure(), label, file).unwrap_or_else(|error| panic!("{error}"));
        assert!((labelled.energy.expect("an energy") + 58.5 * HARTREE).abs() < 1e-7, "{file}");
        for (force, expected) in labelled.forces.as_ref().expect("forces").iter().zip(forces()) {
            // VASP's forces are written to nine digits here.
            assert!((force - expected).norm() < 1e-8, "{file}: {force} instead of {expected}");
        }
        let stress = Mat3::new(1.0, 0.4, 0.5, 0.4, 2.0, 0.6, 0.5, 0.6, 3.0) * GPA * 512.0;
        // pw.x writes stress to eight decimals of Ry/Bohr^3: 1e-3 of these small ones, here 0.0005 GPa.
        let difference = (labelled.plus_stress.expect("a stress") - stress).amax();
        assert!(difference < 0.001 * GPA * 512.0, "{file}: {difference}");
        assert_eq!(labelled.name.as_deref(), Some("sample"));
        assert!(check_same_method(&[labelled], &settings, "set").is_ok());
    }
}

/// Replacements that break an output, with a part of the message that tells of it.
#[test]
fn what_is_missing_cut_or_unconverged_is_told() {
    let no_forces = outcar().replace("TOTAL-FORCE", "NO-FORCE");
    let cases: [(Code, &str, String, &str); 19] = [
        (Code::Cp2k, "cp2k.out", CP2K.replace("SCF run converged", "SCF run NOT converged"), "did not converge"),
        (Code::Cp2k, "cp2k.out", CP2K.replace("SCF run converged", ""), "no converged SCF run"),
        (Code::Cp2k, "cp2k.out", CP2K.replace("PROGRAM ENDED", ""), "stops before"),
        (Code::Cp2k, "cp2k.out", CP2K.replace("ATOMIC FORCES in", ""), "no atomic forces"),
        (Code::Cp2k, "cp2k.out", CP2K.replace("0.020000000000", "NaN"), "finite number"),
        (Code::Cp2k, "cp2k.out", CP2K.replace("tensor [GPa]", "tensor [furlong]"), "GPa or bar"),
        (Code::Cp2k, "cp2k.out", CP2K.replace("ENERGY|", ""), "no total energy"),
        (Code::Qe, "pw.out", PW.replace("has been achieved", "NOT achieved"), "did not converge"),
        (Code::Qe, "pw.out", PW.replace("JOB DONE.", ""), "stops before"),
        (Code::Qe, "pw.out", PW.replace("cell      =            3", "cell      =            4"), "3 atoms"),
        (Code::Qe, "pw.out", PW.replace("!", " "), "no total energy"),
        (Code::Vasp, "OUTCAR", outcar().replace("EDIFF is reached", "EDIFF was not reached"), "did not converge"),
        (Code::Vasp, "OUTCAR", no_forces, "no forces"),
        (Code::Vasp, "OUTCAR", outcar().replace("NIONS =      3", "NIONS =      5"), "5 forces"),
        (Code::Vasp, "vasprun.xml", vasprun().replace("   100<", "   1<"), "limit of 1 steps"),
        (Code::Vasp, "vasprun.xml", vasprun().replace("</modeling>", ""), "whole vasprun.xml"),
        (Code::Gpaw, "gpaw.extxyz", gpaw().replace("converged=T", ""), "mark of convergence"),
        (Code::Qe, "pw.out", format!("{PW}{PW}"), "several steps"),
        (Code::Cp2k, "cp2k.out", format!("{CP2K}{CP2K}"), "several steps"),
    ];
    for (code, file, output, expected) in cases {
        let message = settings(code).read(&output, file).expect_err(expected).to_string();
        assert!(message.contains(expected) && message.contains(file), "{message}");
    }
}

#[test]
fn outputs_cut_anywhere_are_errors() {
    for (code, file, output) in samples() {
        let settings = settings(code);
        let lines: Vec<&str> = output.lines().collect();
        for end in 0..lines.len() - 1 {
            let cut = lines[..end].join("\n");
            let label = settings.read(&cut, file).and_then(|label| settings.attach(&structure(), label, file));
            assert!(label.is_err(), "{file} cut after line {end}");
        }
    }
}

/// Forces at the end of a relaxation, or of another structure of the same atoms, are none of this one's.
#[test]
fn labels_of_another_geometry_are_refused() {
    let fractional = "<structure><crystal><varray name=\"basis\"><v> 8 0 0 </v><v> 0 8 0 </v><v> 0 0 8 </v></varray></crystal>\
         <varray name=\"positions\"><v> 0 0 0 </v><v> 0.5 0.5 0.5 </v><v> 0 0 0.3875 </v></varray></structure></calculation>";
    let xml = vasprun().replace("</calculation>", fractional);
    for (code, file, right, wrong) in [
        (Code::Vasp, "OUTCAR", outcar(), outcar().replace("3.10000", "3.20000")),
        (Code::Vasp, "vasprun.xml", xml.clone(), xml.replace("0.3875", "0.4")),
        (Code::Gpaw, "gpaw.extxyz", gpaw(), gpaw().replace("K 0 0 3.1", "K 0 0 3.2")),
        (Code::Cp2k, "cp2k.out", CP2K.to_owned(), CP2K.replace("3.100000   9", "3.200000   9")),
        (Code::Qe, "pw.out", PW.to_owned(), PW.replace("0.3875000", "0.4000000")),
    ] {
        let attached = |text: &str| {
            let settings = settings(code);
            settings.read(text, file).and_then(|label| settings.attach(&structure(), label, file))
        };
        assert!(attached(&right).is_ok(), "{file}");
        let message = attached(&wrong).expect_err(file).to_string();
        assert!(message.contains("0.100 Å from that in the structure"), "{message}");
    }
}

#[test]
fn labels_of_other_atoms_are_refused() {
    for (code, file, output) in samples().into_iter().filter(|(_, file, _)| *file != "later.out") {
        let settings = settings(code);
        let label = settings.read(&output, file).expect("a sample");
        let fewer = Label { forces: label.forces[1..].to_vec(), elements: Vec::new(), ..label.clone() };
        let error = settings.attach(&structure(), fewer, file).expect_err("two atoms");
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
        let mut others = label;
        let many = Label { elements: vec!["K".to_owned(); 5], ..others.clone() };
        assert!(settings.attach(&structure(), many, file).is_err(), "five elements of three atoms");
        others.elements.reverse();
        others.elements[0] = "Na".to_owned();
        let error = settings.attach(&structure(), others, file).expect_err("sodium").to_string();
        assert!(error.contains("Na"), "{error}");
    }
    let mut labelled = structure();
    labelled.features.push(("method".into(), "another".into()));
    assert!(check_same_method(&[labelled], &settings(Code::Cp2k), "set").is_err());
}

#[test]
fn inputs_state_the_structure_and_the_level() {
    for code in [Code::Cp2k, Code::Gpaw, Code::Vasp, Code::Qe] {
        for electrons in [Electrons::Insulator, Electrons::Metal] {
            let inputs = Settings { code, electrons }.inputs(&structure()).expect("salt");
            let all: String = inputs.iter().map(|input| input.text.as_str()).collect();
            assert!(all.contains("3.1") && all.contains('K') && all.contains("Cl"), "{all}");
            let has_dispersion = ["DFTD3", "IVDW", "vdw_corr"].iter().any(|word| all.contains(word));
            assert_eq!(has_dispersion, electrons == Electrons::Insulator, "{all}");
        }
    }
    let cp2k = &settings(Code::Cp2k).inputs(&structure()).expect("salt")[0].text;
    for part in
        ["TZV2P-MOLOPT-PBE-GTH-q9", "GTH-PBE-q7", "DFTD3(BJ)", "CUTOFF 280", "REL_CUTOFF 40", "EPS_DEFAULT 1.0E-10"]
    {
        assert!(cp2k.contains(part), "{part}");
    }
    // Potassium gives the electron of 4s, chlorine takes one into 3p.
    assert!(cp2k.contains("NEL -1\n          L 0\n          N 4"), "{cp2k}");
    assert!(cp2k.contains("NEL 1\n          L 1\n          N 3"), "{cp2k}");
    assert_eq!(cp2k.matches('&').count(), 2 * cp2k.matches("&END").count());

    let open = Configuration::new(read_extxyz("1\n\nK 0 0 0\n", "open").expect("a valid file").remove(0).system);
    assert!(settings(Code::Cp2k).inputs(&open).is_err());
    let unnamed = read_extxyz(&STRUCTURE.replace("K ", "Q "), "Q");
    assert!(unnamed.is_err() || settings(Code::Cp2k).inputs(&unnamed.expect("read")[0]).is_err());
}

#[test]
fn masses_in_the_input_of_pw_are_plain_numbers() {
    let input = &settings(Code::Qe).inputs(&structure()).expect("salt")[0].text;
    let rows = input.lines().skip_while(|line| *line != "ATOMIC_SPECIES").skip(1).take(2);
    let masses: Vec<f64> =
        rows.map(|row| row.split_whitespace().nth(1).expect("a mass").parse().expect("a number")).collect();
    assert!((masses[0] - 35.45).abs() < 0.05 && (masses[1] - 39.098).abs() < 0.05, "{masses:?}");
}

#[test]
fn a_real_run_of_cp2k_reads() {
    let label =
        read_cp2k(&text(&reference::tree().join("labels/cp2k-kcl8.out")), "cp2k-kcl8.out").expect("a real output");
    assert_eq!(label.elements.len(), 8);
    // Forces on eight ions of a crystal, each moved by a tenth of an Å, add up to nothing but the grid's ripple.
    let sum: Vec3 = label.forces.iter().sum();
    assert!(sum.norm() < 0.05 && label.forces.iter().all(|f| f.norm() > 0.01 && f.norm() < 3.0), "{sum}");
    let per_atom = label.energy / 8.0;
    // Half of GTH's K+ and Cl-: some -28 and -15 Hartree.
    assert!((per_atom / HARTREE + 21.7).abs() < 1.0, "{per_atom}");
    let pressure = label.pressure.expect("a stress").trace() / 3.0 / GPA;
    assert!(pressure.abs() < 5.0, "{pressure} GPa");
}

#[test]
fn inputs_go_out_and_labels_come_back() {
    let folder = Folder::new("labels");
    let structures = folder.file("frames.extxyz", STRUCTURE.to_owned() + &STRUCTURE.replace("sample", "other"));
    let (inputs, set) = (folder.path("inputs"), folder.path("set.extxyz"));
    assert!(crucible(&["label", &structures, "--code", "vasp", "--write", &inputs]).status.success());
    assert!(text(folder.path("inputs/sample/POSCAR").as_ref()).contains("Cl K"));
    folder.file("inputs/sample/OUTCAR", outcar());
    folder.file("inputs/other/vasprun.xml", vasprun().replace("</modeling>", ""));
    let message = failure(&["label", "--code", "vasp", "--collect", &inputs, "--out", &set]);
    assert!(message.contains("1 of 2"), "{message}");
    folder.file("inputs/other/vasprun.xml", vasprun());
    assert!(crucible(&["label", "--code", "vasp", "--collect", &inputs, "--out", &set]).status.success());
    let labelled = read_extxyz(&text(set.as_ref()), "set").expect("a written file");
    let names: Vec<_> = labelled.iter().filter_map(|one| one.name.as_deref()).collect();
    // The first was there already, and is not appended again.
    assert_eq!(names, ["sample", "other"]);
    assert!((labelled[0].forces.as_ref().expect("forces")[1] - forces()[1]).norm() < 1e-8);

    let wrong = refusal(&["label", "--code", "qe", "--collect", &inputs, "--out", &set]);
    assert!(wrong.contains("method of the inputs"), "{wrong}");
    let missing =
        failure(&["label", &structures, "--code", "qe", "--run", &folder.path("runs"), "--command", "no-such-program"]);
    assert!(missing.contains("not installed"), "{missing}");
}

/// What a command says that fails in the end, after other things were said.
fn failure(arguments: &[&str]) -> String {
    let output = crucible(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// As the page does it: everything in memory, outputs with or without their folders.
#[test]
fn outputs_find_their_structures() {
    let settings = settings(Code::Cp2k);
    let named = |name: &str| Configuration { name: Some(name.to_owned()), ..structure() };
    let structures = [named("melt 1"), named("melt 2")];
    let folders = input_folders(&structures, &settings).expect("inputs");
    assert_eq!(folders.iter().map(|folder| folder.name.as_str()).collect::<Vec<_>>(), ["melt_1", "melt_2"]);
    let output = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    let mut files = vec![output("labels/melt_1/cp2k.out", CP2K), output("labels/melt_2/cp2k.out", "cut")];
    for folder in &folders {
        let file = |(name, text): &(String, String)| output(&format!("labels/{}/{name}", folder.name), text);
        files.extend(folder.files.iter().map(file));
    }
    let collected = collect(&files, &[], &settings).expect("outputs");
    assert_eq!(collected.labelled.len(), 1);
    assert_eq!(collected.labelled[0].name.as_deref(), Some("melt 1"));
    assert!(collected.failures.len() == 1 && collected.failures[0].to_string().contains("labels/melt_2/cp2k.out"));

    let bare = [output("melt_2.out", CP2K), output("elsewhere/melt_1/cp2k.out", CP2K), output("unknown.out", CP2K)];
    let collected = collect(&bare, &structures, &settings).expect("outputs");
    let names: Vec<_> = collected.labelled.iter().filter_map(|one| one.name.as_deref()).collect();
    assert_eq!(names, ["melt 2", "melt 1"]);
    assert!(collected.failures[0].to_string().contains("unknown.out"));
    assert_eq!(collect(&bare[2..], &structures[..1], &settings).expect("outputs").labelled.len(), 1);
    assert!(collect(&[output("notes.txt", "?")], &structures, &settings).is_err());
    assert!(input_folders(&[named("one"), named("one")], &settings).is_err());
}

#[test]
fn an_output_belongs_to_the_innermost_and_longest_name() {
    let settings = settings(Code::Cp2k);
    let named = |name: &str| Configuration { name: Some(name.to_owned()), ..structure() };
    let structures = [named("melt"), named("melt.1"), named("melt.1.hot")];
    let found = |paths: &[&str], structures: &[Configuration]| {
        let files: Vec<_> = paths.iter().map(|path| ((*path).to_owned(), CP2K.as_bytes().to_vec())).collect();
        let collected = collect(&files, structures, &settings).expect("outputs");
        let names: Vec<_> = collected.labelled.into_iter().filter_map(|one| one.name).collect();
        (names, collected.failures.len())
    };
    for (path, expected) in [
        ("melt.out", "melt"),
        ("melt.1.out", "melt.1"),
        ("melt.1.hot.out", "melt.1.hot"),
        ("melt.1.hot/melt/cp2k.out", "melt"),
        ("melt/melt.1/runs/cp2k.out", "melt.1"),
        ("melt.1.hot/melt.1.out", "melt.1"),
    ] {
        assert_eq!(found(&[path], &structures), (vec![expected.to_owned()], 0), "{path}");
    }
    // One structure takes an output of any name only where there is no other.
    assert_eq!(found(&["any.out"], &structures[..1]), (vec!["melt".to_owned()], 0));
    assert_eq!(found(&["any.out", "melt.out"], &structures[..1]), (vec!["melt".to_owned()], 1));
    assert_eq!(found(&["melt.out"], &[named("melt"), named("melt")]), (Vec::new(), 1));
}

/// Structures that are read together number their species alike, whichever each one's atoms begin with; VASP groups atoms.
#[test]
fn vasp_labels_structures_whose_atoms_begin_with_other_species() {
    let settings = settings(Code::Vasp);
    let [first, second, third] = [[0.01, -0.02, 0.03], [-0.01, 0.02, -0.01], [0.0, 0.0, -0.02]];
    let reversed = "3\nLattice=\"8 0 0 0 8 0 0 0 8\" Properties=species:S:1:pos:R:3 pbc=\"T T T\" name=reversed\n\
        K 0 0 3.1\nCl 4 4 4\nCl 0 0 0\n";
    let mut structures = read_extxyz(&format!("{STRUCTURE}{reversed}"), "both").expect("a valid file");
    unite_species(&mut structures, &[]).expect("elements");
    assert_eq!(structures[1].system.types, [1, 0, 0]);
    let folders = input_folders(&structures, &settings).expect("inputs");
    let poscar = |k: usize| &folders[k].files.iter().find(|(name, _)| name == "POSCAR").expect("a POSCAR").1;
    assert!(poscar(0).contains("Cl K\n2 1\n") && poscar(1).contains("K Cl\n1 2\n"), "{}", poscar(1));
    let outputs = [
        ("sample/vasprun.xml", vasprun_of([("Cl", first), ("Cl", third), ("K ", second)])),
        ("reversed/vasprun.xml", vasprun_of([("K ", second), ("Cl", third), ("Cl", first)])),
    ];
    let outputs: Vec<_> = outputs.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes())).collect();
    let mut files = outputs.clone();
    for folder in &folders {
        let file = |(name, text): &(String, String)| (format!("{}/{name}", folder.name), text.clone().into_bytes());
        files.extend(folder.files.iter().map(file));
    }
    // With the structures that went out, and with those that were given.
    for collected in [collect(&files, &[], &settings), collect(&outputs, &structures, &settings)] {
        let collected = collected.expect("outputs");
        assert!(collected.failures.is_empty(), "{:?}", collected.failures);
        let [one, two, three] = forces();
        for (labelled, expected) in collected.labelled.iter().zip([[one, two, three], [two, three, one]]) {
            for (force, expected) in labelled.forces.as_ref().expect("forces").iter().zip(expected) {
                assert!((force - expected).norm() < 1e-8, "{:?}: {force} instead of {expected}", labelled.name);
            }
        }
        assert_eq!(collected.labelled.len(), 2);
    }
    // Nor where the output does not say whose forces these are.
    let label = settings.read(std::str::from_utf8(&outputs[1].1).expect("text"), "vasprun.xml").expect("a label");
    let nameless = Label { elements: Vec::new(), ..label };
    let labelled = settings.attach(&structures[1], nameless, "vasprun.xml").expect("a label");
    assert!((labelled.forces.expect("forces")[2] - forces()[0]).norm() < 1e-8);

    // The folders say which method their inputs are of, and only that one may be stated on the labels.
    let metal = Settings { electrons: Electrons::Metal, ..settings };
    let refused = collect(&files, &[], &metal).expect("outputs");
    assert!(refused.labelled.is_empty() && refused.failures.len() == 2);
    let message = refused.failures[0].to_string();
    assert!(message.contains("sample/structure.extxyz") && message.contains(metal.method()), "{message}");
    assert!(check_same_method(&collect(&files, &[], &settings).expect("outputs").labelled, &settings, "set").is_ok());
}
