//! What `crucible efs` says of atoms that are too close to each other.

use super::{Folder, crucible, reference_file, refusal};

/// K and Cl at a distance, Å; the potential's min_dist is 2 Å.
fn dimer(distance: &str) -> String {
    format!(
        "BEGIN_CFG\nSize\n2\nSupercell\n20 0 0\n0 20 0\n0 0 20\nAtomData: id type cartes_x cartes_y cartes_z\n\
         1 0 0 0 0\n2 1 0 0 {distance}\nFeature name dimer\nEND_CFG\n"
    )
}

#[test]
fn atoms_at_one_place_are_refused_by_name_and_close_ones_are_warned_of() {
    let folder = Folder::new("close");
    let potential = reference_file("potentials/G_L08_S2.mtp");
    for (distance, expected) in [("0", "0 Å"), ("0.0002", "2.0e-4 Å"), ("19.9998", "2.0e-4 Å")] {
        let file = folder.file("same.cfg", [dimer("3"), dimer(distance)].concat());
        let message = refusal(&["efs", &potential, &file]);
        let pair = format!("configuration 2 (dimer): found atom 1 (0) and atom 2 (1), {expected} apart");
        assert!(message.contains(&pair), "{distance}: {message}");
    }
    let stderr = |distance: &str| {
        let file = folder.file("close.cfg", dimer(distance));
        let output = crucible(&["efs", &potential, &file]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{distance}: {message}");
        message
    };
    let warning = stderr("0.01");
    let words = "warning: configuration 1: atom 1 (0) and atom 2 (1), 0.010 Å apart: closer than 1 Å";
    assert!(warning.starts_with(words), "{warning}");
    assert!(!stderr("0.9").is_empty());
    assert_eq!(stderr("1.1"), "");
}
