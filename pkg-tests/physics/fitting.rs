//! Derivatives by the coefficients, the loss and the trainer.

use crucible::io::{read_cfg, read_mtp};
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::jacobian::{JacobianKernel, JacobianRows, JacobianWorkspace};
use crucible::potential::mtp::{MtpParameters, MtpPotential};
use crucible::potential::{Evaluation, Potential};
use crucible::system::System;

use crate::reference;

fn rows(parameters: &MtpParameters, system: &System) -> JacobianRows {
    let mut neighbors = NeighborList::new(parameters.radial_basis.max_dist, 0.1).unwrap();
    neighbors.update(system).unwrap();
    let kernel = JacobianKernel::new(parameters).unwrap();
    let mut out = JacobianRows::default();
    kernel.rows(system, &neighbors, &mut JacobianWorkspace::default(), &mut out).unwrap();
    out
}

/// Energy, forces and stress in the order of the rows.
fn predicted(parameters: &MtpParameters, system: &System) -> Vec<f64> {
    let mut potential = MtpPotential::new(parameters.clone()).unwrap();
    let mut neighbors = NeighborList::new(potential.cutoff(), 0.1).unwrap();
    neighbors.update(system).unwrap();
    let mut values = Evaluation::default();
    potential.evaluate(system, &neighbors, &mut values).unwrap();
    let v = values.virial;
    let mut out = vec![values.energy()];
    out.extend(values.forces.iter().flatten());
    out.extend([v[(0, 0)], v[(1, 1)], v[(2, 2)], v[(1, 2)], v[(0, 2)], v[(0, 1)]]);
    out
}

/// The coefficients in the order of a row.
fn coefficients(parameters: &MtpParameters) -> Vec<f64> {
    [&parameters.radial_coeffs[..], &parameters.species_coeffs, &parameters.moment_coeffs].concat()
}

fn with_coefficients(parameters: &MtpParameters, values: &[f64]) -> MtpParameters {
    let mut out = parameters.clone();
    let (radial, linear) = values.split_at(out.radial_coeffs.len());
    let (species, moments) = linear.split_at(out.species_coeffs.len());
    out.radial_coeffs = radial.to_vec();
    out.species_coeffs = species.to_vec();
    out.moment_coeffs = moments.to_vec();
    out
}

/// Energies, forces and stresses are linear in the last coefficients: their columns times these are the values themselves.
#[test]
fn linear_columns_give_the_values() {
    for case in reference::cases() {
        let all = coefficients(&case.parameters);
        for configuration in &case.configurations {
            let rows = rows(&case.parameters, &configuration.system);
            let expected = predicted(&case.parameters, &configuration.system);
            let linear = case.parameters.radial_coeffs.len();
            // Both sum the same terms in another order; the sums of a row cancel to some extent.
            for (k, (row, expected)) in rows.values.chunks(rows.parameters).zip(&expected).enumerate() {
                let terms: Vec<f64> = row[linear..].iter().zip(&all[linear..]).map(|(x, c)| x * c).collect();
                let found = terms.iter().sum::<f64>() + rows.constants[k];
                let size = terms.iter().map(|x| x.abs()).sum::<f64>() + rows.constants[k].abs() + 1.0;
                assert!((found - expected).abs() < 1e-11 * size, "{} row {k}: {found} {expected}", case.name);
            }
        }
    }
}

/// The first row is the derivative of the energy that the reference programs give.
#[test]
fn energy_rows_equal_the_reference() {
    let mut compared = 0;
    for root in [Some(reference::tree()), reference::shared()].into_iter().flatten() {
        for name in ["G_L02_S1", "G_L08_S1", "G_L08_S1_repuls", "G_L08_S1_shapeev", "G_L08_S1_taylor", "G_L08_S2"]
            .into_iter()
            .chain(["G_L08_S2_bothscaling", "G_L08_S2_scaling", "G_L08_S3", "G_L16_S1", "G_L16_S2", "G_L20_S3"])
        {
            let parameters = read_mtp(&reference::text(&root.join(format!("potentials/{name}.mtp"))), name).unwrap();
            let species = &name[name.find("_S").unwrap() + 1..][..2];
            let configurations =
                read_cfg(&reference::text(&root.join(format!("configs/{species}.cfg"))), species, &[]).unwrap();
            let json: serde_json::Value =
                serde_json::from_str(&reference::text(&root.join(format!("expected/{name}.json")))).unwrap();
            for (configuration, expected) in configurations.iter().zip(json["cfgs"].as_array().unwrap()) {
                let Some(expected) = expected.get("energy_grad_wrt_coeffs") else { continue };
                let expected = reference::numbers(expected);
                let rows = rows(&parameters, &configuration.system);
                let found = &rows.values[..rows.parameters];
                assert_eq!(found.len(), expected.len());
                let size = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
                // The reference normalises the Jacobi polynomials with constants of eleven digits.
                let tolerance = if name.ends_with("shapeev") { 1e-9 } else { 1e-12 };
                for (k, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    assert!((found - expected).abs() < tolerance * size, "{name} {k}: {found} {expected}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 0);
}

/// Every row of every radial column against a central difference, for every radial basis.
#[test]
fn radial_columns_equal_finite_differences() {
    for case in reference::cases().iter().filter(|case| case.name.contains("L08")) {
        let all = coefficients(&case.parameters);
        let largest = case.parameters.radial_coeffs.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        // The cube root of the rounding error balances it against the third derivative.
        let step = 6e-6 * largest;
        for configuration in case.configurations.iter().filter(|c| c.system.len() <= 16) {
            let rows = rows(&case.parameters, &configuration.system);
            for k in (0..case.parameters.radial_coeffs.len()).step_by(5) {
                let at = |shift: f64| {
                    let mut moved = all.clone();
                    moved[k] += shift;
                    predicted(&with_coefficients(&case.parameters, &moved), &configuration.system)
                };
                let (above, below) = (at(step), at(-step));
                let column: Vec<f64> = rows.values.iter().skip(k).step_by(rows.parameters).copied().collect();
                let values = above.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
                let size = column.iter().fold(values / largest, |most: f64, x| most.max(x.abs()));
                for (row, (found, (above, below))) in column.iter().zip(above.iter().zip(&below)).enumerate() {
                    let expected = (above - below) / (2.0 * step);
                    let close = (found - expected).abs() < 1e-8 * size;
                    assert!(close, "{} coefficient {k} row {row}: {found} {expected}", case.name);
                }
            }
        }
    }
}
