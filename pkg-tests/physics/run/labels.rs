//! Numbers of species as a potential's file has them.

use crucible::io::{Configuration, StructureFormat, read_almtp, write_mtp};
use crucible::potential::mtp::MtpParameters;

use super::{file, run_of};
use crate::cli::{Folder, crucible};

/// MLIP-3 keeps the numbers of its training set, in order of appearance, with gaps.
#[test]
fn numbered_structures_have_the_species_that_efs_takes_them_for() {
    let shipped = read_almtp(&file("cacl2-kcl/potential.almtp").unwrap(), "potential.almtp").unwrap().parameters;
    let folder = Folder::new("run-labels");
    for labels in [[0, 1, 2], [2, 0, 1], [1, 0, 7]] {
        let potential = write_mtp(&MtpParameters { species_labels: labels.to_vec(), ..shipped.clone() });
        let [potassium, _, chlorine] = labels;
        let structure = format!(
            "BEGIN_CFG\n Size\n 3\n Supercell\n 12 0 0\n 0 12 0\n 0 0 12\n\
             AtomData: id type cartes_x cartes_y cartes_z\n\
             1 {chlorine} 0 0 0\n2 {potassium} 3 0 0\n3 {chlorine} 3 3 0\nEND_CFG\n"
        );
        let run = run_of(["my.mtp", "salt.cfg"], [potential.as_bytes(), structure.as_bytes()]).unwrap();
        assert_eq!(run.frame().types, [2, 0, 2], "{labels:?}");
        // What the run writes, a run reads with the same species.
        let own = run.write(StructureFormat::Cfg, &[Configuration::new(run.frame().clone())]).unwrap();
        let again = run_of(["my.mtp", "own.cfg"], [potential.as_bytes(), own.as_bytes()]).unwrap();
        assert_eq!(again.frame().types, [2, 0, 2], "{labels:?}");
        let found = run.evaluation().energy();
        let [potential, structure] = [folder.file("my.mtp", potential), folder.file("salt.cfg", structure)];
        for species in [&[][..], &["--species", "K,Ca,Cl"]] {
            let output = crucible(&[&["efs", &potential, &structure, "--json", "-"][..], species].concat());
            let values: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let energy = values["cfgs"][0]["energy"].as_f64().unwrap();
            // Another order of sums.
            assert!((energy - found).abs() < 1e-9 * found.abs(), "{labels:?} {species:?}: {energy} {found}");
        }
    }
}
