//! Files in and out: every reference file is read, and what is written reads back the same.

use std::path::Path;

use crucible::io::{read_cfg, read_mtp, write_cfg, write_mtp};
use serde_json::Value;

use crate::reference::{self, numbers, text};

#[test]
fn reference_folder_stays_small() {
    fn size(folder: &Path) -> u64 {
        let entries = std::fs::read_dir(folder).expect("reference folder").flatten();
        entries.map(|e| if e.path().is_dir() { size(&e.path()) } else { e.metadata().map_or(0, |m| m.len()) }).sum()
    }
    let bytes = size(&reference::tree());
    assert!(bytes > 0 && bytes < 1_500_000, "{bytes} bytes in pkg-tests/reference");
}

#[test]
fn every_reference_potential_and_configuration_reads() {
    let cases = reference::cases();
    assert!(cases.len() >= 13);
    for case in cases {
        assert_eq!(case.parameters.trained, !case.name.contains("untrained"), "{}", case.name);
        for (configuration, expected) in case.configurations.iter().zip(&case.expected) {
            assert_eq!(configuration.name.as_deref(), Some(&*expected.name), "{}", case.name);
            assert_eq!(configuration.system.len(), expected.forces.len());
            // Summing N site energies in another order rounds by at most N times the unit roundoff of their size.
            let magnitude: f64 = expected.site_energies.iter().map(|e| e.abs()).sum();
            let bound = magnitude * f64::EPSILON * (expected.site_energies.len() + 1) as f64;
            assert_eq!(configuration.system.len(), expected.site_energies.len());
            assert!((expected.site_energies.iter().sum::<f64>() - expected.energy).abs() <= bound, "{}", case.name);
            let asymmetry = (expected.plus_stress - expected.plus_stress.transpose()).amax();
            // Energies that do not depend on orientation have a symmetric virial; it is a sum of some 10^4 terms.
            assert!(asymmetry <= 1e-10 * expected.plus_stress.amax().max(1.0), "{} {asymmetry}", case.name);
        }
    }
}

/// The JSON holds what the reference program read from the same .cfg file.
#[test]
fn cfg_structures_are_those_of_the_reference_program() {
    for set in ["S1", "S2", "S3"] {
        let file = reference::tree().join(format!("configs/{set}.cfg"));
        let configurations = read_cfg(&text(&file), set, &[]).expect("a reference file");
        let expected = reference::tree().join(format!("expected/G_L08_{set}.json"));
        let json: Value = serde_json::from_str(&text(&expected)).expect("reference JSON");
        for (configuration, value) in configurations.iter().zip(json["cfgs"].as_array().expect("cfgs")) {
            let system = &configuration.system;
            let types: Vec<f64> = system.types.iter().map(|&t| f64::from(t)).collect();
            assert_eq!(types, numbers(&value["types"]));
            let positions: Vec<f64> = system.positions.iter().flat_map(|p| p.iter().copied()).collect();
            assert_eq!(positions, numbers(&value["pos"]));
            let lattice = numbers(&value["lattice"]);
            for (k, row) in lattice.chunks(3).enumerate() {
                assert_eq!(system.cell.periodic()[k], row.iter().any(|&x| x != 0.0));
                if system.cell.periodic()[k] {
                    assert_eq!(system.cell.vectors().column(k).as_slice(), row);
                }
            }
        }
    }
}

#[test]
fn potentials_and_configurations_survive_a_round_trip_exactly() {
    for case in reference::cases() {
        let again = read_mtp(&write_mtp(&case.parameters), "written").expect("a written file");
        assert_eq!(again, case.parameters, "{}", case.name);
        let again = read_cfg(&write_cfg(&case.configurations), "written", &[]).expect("a written file");
        assert_eq!(again, case.configurations, "{}", case.name);
    }
}

#[test]
fn untrained_template_gets_the_reference_start_values() {
    let file = reference::tree().join("potentials/G_L08_S2_untrained.mtp");
    let parameters = read_mtp(&text(&file), "untrained").expect("a template");
    assert_eq!(parameters.radial_coeffs.len(), 2 * 2 * 2 * 8);
    // Radial function mu starts at basis function xi = mu.
    assert_eq!(parameters.radial_coeffs[..10], [1e-3, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-3]);
    assert!(parameters.species_coeffs.iter().chain(&parameters.moment_coeffs).all(|&x| x == 1e-3));
}
