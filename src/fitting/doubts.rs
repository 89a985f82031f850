//! Labels that a potential does not follow: what is far more off than the rest, or than any fit should be, is a mistake as a
//! rule.

use crate::units::EV_PER_A3_TO_GPA;

use super::dataset::Labelled;
use super::errors::Prediction;
use super::loss::Weights;
use super::outliers::median;

/// Errors from which labels are doubted: in any case, and where they are this many times the median besides.
struct Bounds {
    what: &'static str,
    unit: &'static str,
    always: f64,
    times: f64,
    least: f64,
}

/// Energies in eV an atom, forces as a root mean square over the atoms in eV/Å, stress as the largest component in GPa.
const BOUNDS: [Bounds; 3] = [
    Bounds { what: "energy", unit: "eV/atom", always: 1.0, times: 10.0, least: 0.05 },
    Bounds { what: "forces", unit: "eV/Å", always: 10.0, times: 5.0, least: 0.5 },
    Bounds { what: "stress", unit: "GPa", always: 50.0, times: 20.0, least: 2.0 },
];

/// Errors of forces beyond this share of the forces, as root mean squares, leave too much of them unexplained.
const UNEXPLAINED: f64 = 0.3;
/// Forces that are smaller than this, eV/Å as a root mean square over the atoms, as in crystals, say nothing of that.
const LEAST_FORCE: f64 = 0.01;

/// Errors of each configuration.
#[derive(Default)]
pub(super) struct Doubts {
    /// Number of the configuration and error.
    errors: [Vec<(usize, f64)>; 3],
    /// Sums of the squares of errors of forces, and of forces.
    squares: [f64; 2],
    atoms: f64,
}

impl Doubts {
    pub(super) fn add(&mut self, labelled: &Labelled, prediction: &Prediction) {
        let (atoms, labels) = (labelled.system.len() as f64, &labelled.labels);
        let forces = prediction.forces.iter().zip(&labels.forces);
        let squares: f64 = forces.map(|(found, label)| (found - label).norm_squared()).sum();
        self.squares[0] += squares;
        self.atoms += atoms;
        self.squares[1] += labels.forces.iter().map(|force| force.norm_squared()).sum::<f64>();
        self.errors[0].push((labelled.number, (prediction.energy - labels.energy).abs() / atoms));
        self.errors[1].push((labelled.number, (squares / atoms).sqrt()));
        if let Some((stress, volume)) = labels.stress.zip(labelled.system.cell.volume()) {
            let differences = prediction.stress.iter().zip(stress).map(|(found, label)| (found - label).abs());
            self.errors[2].push((labelled.number, differences.fold(0.0, f64::max) / volume * EV_PER_A3_TO_GPA));
        }
    }

    /// A sentence for each kind of label that has weight and is doubted.
    pub(super) fn in_words(&self, weights: &Weights) -> Vec<String> {
        let weights = [weights.energy, weights.force, weights.stress];
        let fitted = BOUNDS.iter().zip(&self.errors).zip(weights).filter(|(_, weight)| *weight > 0.0);
        let single = fitted.filter_map(|((bounds, errors), _)| bounds.judge(errors));
        single.chain(self.judge_forces().filter(|_| weights[1] > 0.0)).collect()
    }

    fn judge_forces(&self) -> Option<String> {
        let share = (self.squares[0] / self.squares[1]).sqrt();
        let is_judged = self.squares[1] > LEAST_FORCE.powi(2) * self.atoms;
        (is_judged && share > UNEXPLAINED).then(|| {
            format!(
                "forces are off by {:.0} % of their size: this form of potential does not follow them, or they contradict the \
                 energies or stresses, as with another sign",
                100.0 * share
            )
        })
    }
}

impl Bounds {
    fn judge(&self, errors: &[(usize, f64)]) -> Option<String> {
        let &(worst, largest) = errors.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let usual = median(errors.iter().map(|(_, error)| *error).collect());
        let is_doubted = |error: f64| error > self.always || error > f64::max(self.least, self.times * usual);
        let count = errors.iter().filter(|(_, error)| is_doubted(*error)).count();
        (count > 0).then(|| {
            let Self { what, unit, .. } = self;
            format!(
                "{what} of {count} of {} configurations, worst {worst}, off by up to {largest:.3} {unit} (half by less than \
                 {usual:.3}): check these labels for another unit, setting or structure",
                errors.len()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forces_of_perfect_crystals_are_no_measure() {
        let words = |size: f64| {
            Doubts { squares: [1e-4, size * size * 100.0], atoms: 100.0, ..Doubts::default() }.judge_forces()
        };
        assert_eq!(words(0.0), None);
        assert_eq!(words(1e-16), None);
        assert_eq!(words(1.0), None);
        assert!(Doubts { squares: [50.0, 100.0], atoms: 100.0, ..Doubts::default() }.judge_forces().is_some());
    }

    #[test]
    fn what_is_far_more_off_than_the_rest_is_doubted() {
        let usual = |n: usize| (1..=n).map(|k| (k, 1e-3 * (1.0 + (k % 5) as f64))).collect::<Vec<_>>();
        let [energy, ..] = &BOUNDS;
        assert_eq!(energy.judge(&usual(40)), None);
        assert_eq!(energy.judge(&[]), None);
        let one = [usual(40), vec![(41, 0.4)]].concat();
        let words = energy.judge(&one).unwrap();
        assert!(words.contains("1 of 41") && words.contains("worst 41") && words.contains("0.400 eV/atom"), "{words}");
        // Where half of them are wrong, the median is no measure.
        let half: Vec<(usize, f64)> = (1..=10).map(|k| (k, 200.0 + k as f64)).collect();
        assert!(energy.judge(&half).unwrap().contains("10 of 10"));
    }
}
