//! Derivatives by the coefficients, the loss and the trainer.

use crucible::fitting::{DataSet, Fit, FitSpec, Loss, TemplateSpec, Weighting, Weights, errors};
use crucible::io::{Configuration, read_cfg, read_mtp};
use crucible::math::{Vec3, rng};
use crucible::neighbor::NeighborList;
use crucible::potential::mtp::jacobian::{JacobianKernel, JacobianRows, JacobianWorkspace};
use crucible::potential::mtp::{MtpParameters, MtpPotential, RadialBasisKind};
use crucible::potential::{Evaluation, Potential};
use crucible::system::{Cell, Species, System};
use rand::RngExt;

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

fn training_set() -> DataSet {
    let text = reference::text(&reference::tree().join("training/db_S2.cfg"));
    data_set(read_cfg(&text, "db_S2.cfg", &[]).unwrap()).unwrap()
}

pub fn data_set(configurations: Vec<Configuration>) -> crucible::Result<DataSet> {
    let species = configurations.iter().map(|c| c.system.species.clone()).max_by_key(Vec::len).unwrap_or_default();
    DataSet::new(configurations, species)
}

fn student() -> MtpParameters {
    read_mtp(&reference::text(&reference::tree().join("potentials/G_L08_S2.mtp")), "G_L08_S2").unwrap()
}

/// Loss and gradient equal the reference programs' under two weightings and with a penalty.
#[test]
fn loss_and_gradient_equal_the_reference() {
    let set = training_set();
    for name in ["vibrations", "molecules", "vibrations_penalty1e-2"] {
        let text = reference::text(&reference::tree().join(format!("training/loss_G_L08_S2_{name}.json")));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        let weights = Weights {
            energy: number(&json["weights"]["energy"]),
            force: number(&json["weights"]["force"]),
            stress: number(&json["weights"]["stress"]),
            weighting: if json["weighting"] == "molecules" { Weighting::Molecules } else { Weighting::Vibrations },
            force_scaling: None,
            penalty: number(&json["constraint_weight"]),
        };
        let parameters = with_coefficients(&student(), &reference::numbers(&json["coeffs"]));
        let loss = Loss::new(&set, parameters.radial_basis.max_dist, weights).unwrap();
        let (value, gradient) = loss.value_and_gradient(&parameters).unwrap();
        let expected = number(&json["loss_mean_per_cfg"]);
        assert!((value - expected).abs() < 1e-12 * expected, "{name}: {value} {expected}");
        let expected = reference::numbers(&json["loss_grad"]);
        let size = expected.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        // The reference's penalty is good to six digits only: it is differentiated numerically there.
        let tolerance = if weights.penalty > 0.0 { 1e-9 * size + 1e-8 } else { 1e-11 * size };
        for (k, (found, expected)) in gradient.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() < tolerance, "{name} {k}: {found} {expected}");
        }
    }
}

/// The gradient against central differences of the value, for every radial basis and with every option.
#[test]
fn gradient_equals_finite_differences() {
    let set = training_set();
    let base = student();
    let weights =
        Weights { weighting: Weighting::Structures, force_scaling: Some(0.3), penalty: 0.2, ..Weights::default() };
    for (name, kind) in RadialBasisKind::NAMES {
        let mut parameters = base.clone();
        parameters.radial_basis.kind = kind;
        parameters.moment_coeffs[3] = 0.0;
        let all = coefficients(&parameters);
        let loss = Loss::new(&set, parameters.radial_basis.max_dist, weights).unwrap();
        let value = |k: usize, shift: f64| {
            let mut moved = all.clone();
            moved[k] += shift;
            loss.value_and_gradient(&with_coefficients(&parameters, &moved)).unwrap().0
        };
        let (_, gradient) = loss.value_and_gradient(&parameters).unwrap();
        let size = gradient.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        for k in (0..all.len()).step_by(3) {
            // As above; coefficients are some hundredths, moments' ones.
            let step = 6e-6 * all[k].abs().max(0.01);
            let expected = (value(k, step) - value(k, -step)) / (2.0 * step);
            assert!((gradient[k] - expected).abs() < 2e-7 * size, "{name} {k}: {} {expected}", gradient[k]);
        }
    }
}

/// The report of the reference program, to the six digits that it prints.
#[test]
fn errors_equal_the_reference_report() {
    let found = errors(&student(), &training_set()).unwrap();
    let text = reference::text(&reference::tree().join("training/calc_errors_G_L08_S2.txt"));
    let section = |title: &str| {
        let lines = text.lines().skip_while(|line| *line != title).skip(2).take(3);
        lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect::<Vec<f64>>()
    };
    let (energy, vector, component) = (found.energy_per_atom, found.force_vector, found.force_component);
    // For forces the program's largest value is a length, its mean a length over three, its mean square one of components.
    for (title, values) in [
        ("Energy per atom:", [energy.max, energy.mean, energy.rms]),
        ("Forces:", [vector.max, vector.mean / 3.0, component.rms]),
    ] {
        assert_eq!(section(title).len(), values.len(), "{title}");
        for (found, expected) in values.iter().zip(section(title)) {
            assert!((found - expected).abs() < 1e-5 * expected, "{title} {found} {expected}");
        }
    }
}

/// Crystals of two species, shaken and strained, with a potential's labels.
pub fn labelled_by(teacher: &MtpParameters, count: usize) -> Vec<Configuration> {
    let mut random = rng::seeded(5, 0);
    let mut potential = MtpPotential::new(teacher.clone()).unwrap();
    let mut configurations = Vec::new();
    for k in 0..count {
        let edge = 5.6 * (1.0 + 0.1 * (k as f64 / count as f64 - 0.5));
        let mut positions = Vec::new();
        let mut types = Vec::new();
        for site in 0..8 {
            let corner =
                Vec3::new(f64::from(site & 1), f64::from(site >> 1 & 1), f64::from(site >> 2 & 1)) * (0.5 * edge);
            positions.push(corner + Vec3::from_fn(|_, _| random.random_range(-0.25..0.25)));
            // Compositions that differ tell the species' energies apart.
            types.push(u32::from((site as usize).is_multiple_of(2) || (k % 3 == 0 && site == 7)));
        }
        let species = ["K", "Cl"].map(|name| Species::from_name(name).unwrap()).to_vec();
        let system = System::new(Cell::orthorhombic(edge, edge, edge).unwrap(), species, types, positions).unwrap();
        configurations.push(labelled(&mut potential, system));
    }
    configurations
}

/// A configuration with a potential's labels.
pub fn labelled(potential: &mut MtpPotential, system: System) -> Configuration {
    let mut neighbors = NeighborList::new(potential.cutoff(), 0.1).unwrap();
    neighbors.update(&system).unwrap();
    let mut values = Evaluation::default();
    potential.evaluate(&system, &neighbors, &mut values).unwrap();
    Configuration {
        energy: Some(values.energy()),
        forces: Some(values.forces),
        plus_stress: Some(values.virial),
        ..Configuration::new(system)
    }
}

pub fn teacher() -> MtpParameters {
    let mut teacher = student();
    // Absolute energies as large as those of pseudopotential codes: the fit must not lose digits to them.
    teacher.species_coeffs = vec![-770.123, -405.987];
    // Smooth, as physical radial functions are.
    for (k, c) in teacher.radial_coeffs.iter_mut().enumerate() {
        *c *= 2.0 * 0.4_f64.powi(k as i32 % 8);
    }
    teacher
}

pub fn untrained() -> MtpParameters {
    TemplateSpec::new(8, 2, 5.0).build().unwrap()
}

fn refusal(configurations: Vec<Configuration>) -> String {
    let fit = data_set(configurations).and_then(|data| Fit::new(untrained(), data, FitSpec::default()));
    fit.err().map_or_else(|| "nothing was refused".to_owned(), |error| error.to_string())
}

/// Every kind of bad data ends with a message that names it.
#[test]
fn bad_data_is_refused() {
    let good = labelled_by(&teacher(), 24);
    assert!(data_set(good.clone()).is_ok());
    let with = |change: &dyn Fn(&mut Vec<Configuration>)| {
        let mut all = good.clone();
        change(&mut all);
        refusal(all)
    };
    let cases: [(&str, String); 8] = [
        ("no configuration with energy", with(&|all| all.iter_mut().for_each(|c| c.energy = None))),
        ("no forces in 1 of 24", with(&|all| all[3].forces = None)),
        ("energy in 1 of 24, first in configuration 8", with(&|all| all[7].energy = None)),
        ("not finite", with(&|all| all[2].energy = Some(f64::NAN))),
        ("not converged", with(&|all| all[4].features.push(("scf_converged".into(), "F".into())))),
        (
            "energies 1.0000 eV an atom apart",
            with(&|all| {
                let mut again = all[0].clone();
                again.energy = again.energy.map(|energy| energy + 8.0);
                all.push(again);
            }),
        ),
        ("equations for", with(&|all| all.truncate(2))),
        ("no configuration", refusal(Vec::new())),
    ];
    for (expected, message) in cases {
        assert!(message.contains(expected), "expected \"{expected}\" in: {message}");
    }
}

/// Labels in another unit show as forces that are not the slope of the energies.
#[test]
fn wrong_units_are_refused() {
    let good = labelled_by(&teacher(), 40);
    for (expected, energy, force) in [
        ("look like Hartree", 27.211, 1.0),
        ("look like Rydberg", 13.606, 1.0),
        ("look like Rydberg/bohr", 1.0, 25.711),
    ] {
        let mut all = good.clone();
        for configuration in &mut all {
            configuration.energy = configuration.energy.map(|value| value / energy);
            configuration.forces.iter_mut().flatten().for_each(|value| *value /= force);
            configuration.plus_stress = configuration.plus_stress.map(|value| value / force);
        }
        let message = refusal(all);
        assert!(message.contains(expected), "expected \"{expected}\" in: {message}");
    }
}

#[test]
fn duplicates_are_left_out_and_told() {
    let mut all = labelled_by(&teacher(), 4);
    all.push(all[1].clone());
    let data = data_set(all).unwrap();
    assert_eq!(data.len(), 4);
    assert!(data.notes.iter().any(|note| note.contains("duplicates")), "{:?}", data.notes);
}

#[test]
fn a_min_dist_above_the_closest_pair_is_refused() {
    let mut trained = student();
    trained.radial_basis.min_dist = 4.5;
    let data = data_set(labelled_by(&teacher(), 24)).unwrap();
    let error = Fit::new(trained, data, FitSpec::default()).err().expect("a refusal").to_string();
    assert!(error.contains("min_dist") && error.contains("closest pair"), "{error}");
}
