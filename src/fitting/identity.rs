//! What a fit is of: without the same of all this, coefficients that were saved mean something else.

use crate::math::checksum;
use crate::potential::mtp::MtpParameters;

use super::dataset::{DataSet, Labelled};
use super::loss::Weights;
use super::spec::FitSpec;

/// Names and values, in words where they are few, else by their checksum.
pub(super) fn describe(
    template: &MtpParameters,
    [training, held_out]: [&DataSet; 2],
    spec: &FitSpec,
    energies: &[f64],
) -> Vec<(String, String)> {
    let names: Vec<&str> = training.species.iter().map(|species| species.name.as_str()).collect();
    let energies: Vec<String> = energies.iter().map(|energy| format!("{energy:.6}")).collect();
    let basis = &template.radial_basis;
    let Weights { energy, force, stress, weighting, force_scaling, penalty } = &spec.weights;
    let scaling = force_scaling.map_or_else(String::new, |scale| format!(", scaled by {scale}"));
    let what = [
        ("coefficients", template.parameter_count().to_string()),
        (
            "radial functions",
            format!("{} {:?} from {} to {} Å", basis.size, basis.kind, basis.min_dist, basis.max_dist),
        ),
        ("moments", format!("{} of checksum {:016x}", template.moment_coeffs.len(), of_moments(template))),
        ("species", names.join(", ")),
        ("configurations", format!("{} and {} held out", training.len(), held_out.len())),
        ("structures and labels", format!("those of checksum {:016x}", of_labels([training, held_out]))),
        ("weights", format!("{energy}, {force}, {stress} ({weighting:?}{scaling}), penalty {penalty}")),
        ("ridge", spec.ridge.to_string()),
        ("starts", format!("{} of seed {}", spec.starts, spec.seed)),
        ("energies of the species", format!("{} eV", energies.join(", "))),
    ];
    what.map(|(name, value)| (name.to_owned(), value)).into()
}

fn of_moments(template: &MtpParameters) -> u64 {
    let MtpParameters { scaling, alpha_index_basic, alpha_index_times, alpha_moment_mapping, .. } = template;
    let radial = template.radial_basis.scaling;
    checksum(format!("{scaling} {radial} {alpha_index_basic:?} {alpha_index_times:?} {alpha_moment_mapping:?}").bytes())
}

fn of_labels(parts: [&DataSet; 2]) -> u64 {
    let numbers = |one: &Labelled| -> Vec<u64> {
        let (system, labels) = (&one.system, &one.labels);
        let vectors = system.positions.iter().chain(&labels.forces).flat_map(|vector| vector.iter().copied());
        let others = labels.stress.into_iter().flatten().chain([labels.energy]);
        let cell = system.cell.vectors().iter().copied().collect::<Vec<f64>>();
        let kinds = system.types.iter().map(|&kind| u64::from(kind));
        vectors.chain(others).chain(cell).map(f64::to_bits).chain(kinds).collect()
    };
    let all = parts.into_iter().flat_map(|part| &part.configurations).flat_map(numbers);
    checksum(all.flat_map(u64::to_le_bytes))
}
