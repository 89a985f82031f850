//! Labels state the settings that their outputs tell, so that those of two are not mixed.

use crucible::io::read_extxyz;
use crucible::labelling::{Code, check_same_method};

use super::{CP2K, PW, STRUCTURE, failure, outcar, settings, structure, vasprun};
use crate::cli::{Folder, crucible};
use crate::reference::text;

/// What was calculated with other settings than the inputs' must not pass for labels by them.
#[test]
fn labels_with_other_settings_say_so() {
    let cp2k = " QS| Density cutoff [a.u.]:        140.0\n FUNCTIONAL| PBE:\n vdW POTENTIAL|  DFT-D3 (Version 3.1)\n vdW POTENTIAL| BJ Damping: S. Grimme et al\n     \
                Orbital Basis Set     TZV2P-MOLOPT-PBE-GTH-q9\n";
    let pw = "     kinetic-energy cutoff     =      60.0000  Ry\n     Exchange-correlation= PBE\n     number of k points=     1\n     \
              DFT-D3 Dispersion         =      -0.05 Ry\n";
    let vasp = "   ENCUT  =  500.0 eV  36.75 Ry    6.06 a.u.\n   LEXCH   =     8    internal setting\n   k-points           NKPTS =      1   k-points in BZ\n   \
                LHFCALC =      F    Hartree Fock is set to\n   METAGGA=      F    non-selfconsistent MetaGGA calc.\n  Edisp (eV): -1.2\n";
    // What was used counts, not what was asked for.
    let xml = "<i name=\"ENCUT\">800.0</i><i type=\"string\" name=\"GGA\">PE</i><i name=\"ENMAX\">    500.00000000</i>\
               <i name=\"IVDW\">12</i><i name=\"LHFCALC\"> F </i><varray name=\"kpointlist\"><v>0 0 0</v></varray>";
    let in_xml = vasprun().replacen("<calculation>", &format!("{xml}<calculation>"), 1);
    for (code, file, output, other) in [
        (
            Code::Cp2k,
            "cp2k.out",
            cp2k.to_owned() + CP2K,
            vec![
                ("140.0", "300.0"),
                ("| PBE:", "| BLYP:"),
                ("BJ", "no"),
                ("vdW POTENTIAL|  DFT-D3", " BRILLOUIN| List of Kpoints   4\n vdW POTENTIAL|  DFT-D3"),
                ("TZV2P", "DZVP"),
            ],
        ),
        (
            Code::Qe,
            "pw.out",
            pw.to_owned() + PW,
            vec![("60.0000", "30.0000"), ("= PBE", "= LDA"), ("DFT-D3", "no"), ("=     1", "=     4")],
        ),
        (
            Code::Qe,
            "pw.out",
            pw.replace("PBE", "SLA PW PBX PBC ( 1 4 3 4 0 0)") + PW,
            vec![("60.0000", "90.0000"), ("SLA PW PBX PBC", "SLA PZ NOGX NOGC")],
        ),
        (
            Code::Vasp,
            "OUTCAR",
            vasp.to_owned() + &outcar(),
            vec![
                ("500.0", "300.0"),
                ("8 ", "2 "),
                ("METAGGA=      F", "METAGGA = R2SCAN"),
                ("NKPTS =      1", "NKPTS =      4"),
                ("=      F", "=      T"),
                ("Edisp", "no"),
            ],
        ),
        (
            Code::Vasp,
            "vasprun.xml",
            in_xml,
            vec![("500.00", "300.00"), (">PE<", ">91<"), (">12<", ">0<"), ("> F <", "> T <"), ("<v>0 0 0</v>", "")],
        ),
    ] {
        let settings = settings(code);
        let label = |text: &str| settings.attach(&structure(), settings.read(text, file).expect("a label"), file);
        let same = label(&output).expect("a label");
        assert!(check_same_method(&[same], &settings, "set").is_ok(), "{file}");
        for (own, changed) in other {
            let differs = label(&output.replacen(own, changed, 1)).expect("a label");
            let refused = check_same_method(&[differs], &settings, "set").expect_err("another method").to_string();
            assert!(refused.contains("not checked"), "{file}: {refused}");
        }
    }
    let folder = Folder::new("settings");
    let structures = folder.file("own.extxyz", STRUCTURE.to_owned() + &STRUCTURE.replace("sample", "other"));
    folder.file("sample.out", pw.to_owned() + PW);
    folder.file("other.out", pw.replace("60.0000", "30.0000") + PW);
    let (outputs, set) = (folder.path(""), folder.path("set.extxyz"));
    let collect = ["label", &structures, "--code", "qe", "--collect", &outputs, "--out", &set];
    let mixed = failure(&collect);
    assert!(mixed.contains("method of the label of sample") && mixed.contains("zeros"), "{mixed}");
    // What was collected stays, and is gone on with: all by one method, whichever that is.
    folder.file("sample.out", pw.replace("60.0000", "30.0000") + PW);
    assert!(crucible(&collect).status.success());
    assert_eq!(read_extxyz(&text(set.as_ref()), "set").expect("a data set").len(), 2);
}
