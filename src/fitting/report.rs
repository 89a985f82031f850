//! How good a fit is: errors by part of the data, species and composition, with what it takes to draw them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::chart::{Axis, ChartSpec, Series, Style, Theme};
use crate::error::Result;
use crate::potential::mtp::MtpParameters;
use crate::system::Species;
use crate::units::EV_PER_A3_TO_GPA;

use super::dataset::{DataSet, Labelled};
use super::doubts::Doubts;
use super::errors::{Deviation, Errors, Lists, Prediction, Tallies, Tally, each_prediction};
use super::loss::Weights;
use super::state::FitPoint;

/// Points of a curve that are drawn; of more, every n-th, and of a parity plot the farthest off besides.
const MAX_POINTS: usize = 400;
const FARTHEST: usize = 10;
/// Configurations that the report names for their large errors.
const WORST: usize = 5;

/// Errors on one part of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartReport {
    /// "training", "held out", or what the caller calls it.
    pub name: String,
    /// Number of configurations.
    pub configurations: usize,
    /// Number of atoms.
    pub atoms: usize,
    /// Errors over all.
    pub errors: Errors,
    /// Errors of the force components on atoms of each species, eV/Å.
    pub species: Vec<SpeciesErrors>,
    /// Errors by composition.
    pub compositions: Vec<CompositionErrors>,
    /// The configurations with the largest force errors, worst first.
    pub worst: Vec<WorstConfiguration>,
    /// Labels that the potential can't be made to follow, in words: mistakes among them, as a rule.
    #[serde(default)]
    pub doubts: Vec<String>,
    /// Labels and predictions, thinned to what a chart shows.
    pub parity: Parity,
}

/// Errors of the forces on one species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeciesErrors {
    /// Its name.
    pub species: String,
    /// Errors of the force components, eV/Å.
    pub force_component: Deviation,
}

/// Errors of configurations with the same proportions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompositionErrors {
    /// Smallest whole numbers, such as "K1 Ca2 Cl5".
    pub composition: String,
    /// Number of configurations.
    pub configurations: usize,
    /// Their errors.
    pub errors: Errors,
}

/// A configuration that is described badly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorstConfiguration {
    /// Its number in the data set as it was read, from 1.
    pub number: usize,
    /// Its name, where its file gives one.
    pub name: Option<String>,
    /// Error of the energy, eV an atom.
    pub energy_per_atom: f64,
    /// Largest error of a force, eV/Å.
    pub largest_force: f64,
}

/// `[label, prediction]` pairs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Parity {
    /// Energy less the part that composition explains, eV an atom.
    pub energy_per_atom: Vec<[f64; 2]>,
    /// Force components, eV/Å.
    pub force_component: Vec<[f64; 2]>,
    /// Stress components, GPa.
    pub stress_gpa: Vec<[f64; 2]>,
}

impl PartReport {
    /// Evaluates a potential on one part of the data. `reference` is each species' energy, taken off both energies of the
    /// parity data, eV; `weights` tells which labels count, so that the others are not doubted.
    ///
    /// # Errors
    /// A species that the potential does not know; a value that is not finite.
    pub fn new(
        name: &str,
        parameters: &MtpParameters,
        set: &DataSet,
        reference: &[f64],
        weights: &Weights,
    ) -> Result<Self> {
        let lists = Lists::new(set, parameters.radial_basis.max_dist)?;
        let mut all = Tallies::default();
        let mut species = vec![Tally::default(); set.species.len()];
        let mut compositions: BTreeMap<Vec<usize>, (usize, Tallies)> = BTreeMap::new();
        let mut worst = Vec::new();
        let mut doubts = Doubts::default();
        let mut parity = Parity::default();
        each_prediction(parameters, set, &lists, |labelled, prediction| {
            all.add(labelled, prediction);
            let entry = compositions.entry(proportions(&labelled.system.counts())).or_default();
            entry.0 += 1;
            entry.1.add(labelled, prediction);
            let pairs = prediction.forces.iter().zip(&labelled.labels.forces);
            for (&kind, (found, label)) in labelled.system.types.iter().zip(pairs.clone()) {
                let Some(tally) = species.get_mut(kind as usize) else { continue };
                (found - label).iter().for_each(|component| tally.add(*component));
            }
            worst.push(WorstConfiguration {
                number: labelled.number,
                name: labelled.name.clone(),
                energy_per_atom: (prediction.energy - labelled.labels.energy) / labelled.system.len() as f64,
                largest_force: pairs.map(|(found, label)| (found - label).norm()).fold(0.0, f64::max),
            });
            doubts.add(labelled, prediction);
            parity.add(labelled, prediction, reference);
        })?;
        worst.sort_by(|a, b| b.largest_force.total_cmp(&a.largest_force));
        worst.truncate(WORST);
        let names: Vec<&str> = set.species.iter().map(|species| species.name.as_str()).collect();
        let force_errors = |(name, tally): (&&str, &Tally)| SpeciesErrors {
            species: (*name).to_owned(),
            force_component: tally.deviation(),
        };
        let composition = |(counts, (configurations, tallies)): (&Vec<usize>, &(usize, Tallies))| CompositionErrors {
            composition: formula(counts, &names),
            configurations: *configurations,
            errors: tallies.errors(),
        };
        Ok(Self {
            name: name.to_owned(),
            configurations: set.len(),
            atoms: set.configurations.iter().map(|labelled| labelled.system.len()).sum(),
            errors: all.errors(),
            species: names.iter().zip(&species).map(force_errors).collect(),
            compositions: compositions.iter().map(composition).collect(),
            worst,
            doubts: doubts.in_words(weights),
            parity: parity.thinned(),
        })
    }
}

impl Parity {
    fn add(&mut self, labelled: &Labelled, prediction: &Prediction, reference: &[f64]) {
        let (system, labels) = (&labelled.system, &labelled.labels);
        let n = system.len() as f64;
        let counts = system.counts();
        let offset: f64 = counts.iter().zip(reference).map(|(&count, energy)| count as f64 * energy).sum();
        self.energy_per_atom.push([(labels.energy - offset) / n, (prediction.energy - offset) / n]);
        for (found, label) in prediction.forces.iter().zip(&labels.forces) {
            self.force_component.extend((0..3).map(|c| [label[c], found[c]]));
        }
        let Some((stress, volume)) = labels.stress.zip(system.cell.volume()) else { return };
        let unit = EV_PER_A3_TO_GPA / volume;
        self.stress_gpa
            .extend(stress.iter().zip(&prediction.stress).map(|(label, found)| [label * unit, found * unit]));
    }

    fn thinned(self) -> Self {
        Self {
            energy_per_atom: parity_points(&self.energy_per_atom, 1),
            force_component: parity_points(&self.force_component, 3),
            stress_gpa: parity_points(&self.stress_gpa, 6),
        }
    }
}

fn thinned<T: Clone>(values: &[T]) -> Vec<T> {
    values.iter().step_by(values.len().div_ceil(MAX_POINTS).max(1)).cloned().collect()
}

/// Every n-th group of components, so that no direction is left out, and what is farthest off.
fn parity_points(pairs: &[[f64; 2]], group: usize) -> Vec<[f64; 2]> {
    let stride = pairs.len().div_ceil(MAX_POINTS).max(1);
    let off = |k: usize| (pairs[k][0] - pairs[k][1]).abs();
    let mut farthest: Vec<usize> = (0..pairs.len()).collect();
    farthest.sort_by(|&a, &b| off(b).total_cmp(&off(a)));
    farthest.truncate(FARTHEST);
    let shown = |k: &usize| (k / group).is_multiple_of(stride) || farthest.contains(k);
    (0..pairs.len()).filter(shown).map(|k| pairs[k]).collect()
}

/// Counts over their greatest common divisor.
pub(super) fn proportions(counts: &[usize]) -> Vec<usize> {
    fn gcd(a: usize, b: usize) -> usize {
        if b == 0 { a } else { gcd(b, a % b) }
    }
    let divisor = counts.iter().fold(0, |divisor, &count| gcd(divisor, count)).max(1);
    counts.iter().map(|count| count / divisor).collect()
}

/// Counts with their names, anions last, such as "K1 Ca2 Cl5"; names that are no mere symbols stand apart from theirs:
/// "0×1 1×2".
pub(super) fn formula(counts: &[usize], names: &[&str]) -> String {
    let anion =
        |name: &str| Species::from_name(name).is_ok_and(|known| known.charge_e.is_some_and(|charge| charge < 0.0));
    let mut present: Vec<_> = counts.iter().zip(names).filter(|(count, _)| **count > 0).collect();
    present.sort_by_key(|(_, name)| anion(name));
    let times = |name: &str| if name.ends_with(|c: char| c.is_ascii_alphabetic()) { "" } else { "×" };
    present.iter().map(|(count, name)| format!("{name}{}{count}", times(name))).collect::<Vec<_>>().join(" ")
}

/// Parity plots of energy, forces and stress, each with a series a part and the diagonal.
pub fn parity_charts(parts: &[PartReport]) -> Vec<ChartSpec> {
    let chart = |title: &str, quantity: &str, unit: &str, of: &dyn Fn(&Parity) -> &Vec<[f64; 2]>| {
        let axis =
            |kind: &str| Axis { label: format!("{quantity}, {kind}"), unit: unit.to_owned(), range: None, log: false };
        let points = || parts.iter().flat_map(|part| of(&part.parity)).flatten().copied();
        let (low, high) = (points().fold(f64::INFINITY, f64::min), points().fold(f64::NEG_INFINITY, f64::max));
        // The parts come first, so that they have the colours of the other charts.
        let mut series: Vec<Series> =
            parts.iter().map(|part| self::series(&part.name, of(&part.parity), Style::Points)).collect();
        series.push(self::series("equal", &[[low, low], [high, high]], Style::Line));
        let found = low.is_finite();
        let (x, y) = (axis("label"), axis("potential"));
        let spec = ChartSpec { title: title.to_owned(), x, y, series, theme: Theme::Light, transparent: false };
        found.then_some(spec)
    };
    let charts = [
        chart("Energy less that of the composition", "energy", "eV/atom", &|parity| &parity.energy_per_atom),
        chart("Force components", "force", "eV/Å", &|parity| &parity.force_component),
        chart("Stress components", "stress", "GPa", &|parity| &parity.stress_gpa),
    ];
    charts.into_iter().flatten().collect()
}

/// Force error over passes of the fit, on the training and the held-out part.
pub fn learning_curve(history: &[FitPoint]) -> ChartSpec {
    let last = history.last().map_or(0, |point| point.stage);
    let points: Vec<&FitPoint> = history.iter().filter(|point| point.stage == last).collect();
    let curve = |of: &dyn Fn(&FitPoint) -> Option<f64>| {
        let pairs = points.iter().filter_map(|point| Some([point.passes as f64, of(point)? * 1e3]));
        thinned(&pairs.collect::<Vec<_>>())
    };
    let training = curve(&|point| Some(point.training.force_component.rms));
    let held_out = curve(&|point| Some(point.held_out.as_ref()?.force_component.rms));
    let mut all = vec![series("training", &training, Style::Line)];
    if !held_out.is_empty() {
        all.push(series("held out", &held_out, Style::Line));
    }
    let axis =
        |label: &str, unit: &str| Axis { label: label.to_owned(), unit: unit.to_owned(), range: None, log: false };
    ChartSpec {
        title: "Learning curve".to_owned(),
        x: axis("passes over the data", ""),
        y: axis("force error", "meV/Å"),
        series: all,
        theme: Theme::Light,
        transparent: false,
    }
}

/// Loss over passes of the fit, on the training and the held-out part; each random start begins a curve anew.
pub fn loss_curve(history: &[FitPoint]) -> ChartSpec {
    let curve = |of: &dyn Fn(&FitPoint) -> Option<f64>| {
        let mut pairs: Vec<[f64; 2]> = Vec::new();
        for (k, point) in history.iter().enumerate() {
            let Some(loss) = of(point).filter(|loss| *loss > 0.0) else { continue };
            if k > 0 && history[k - 1].stage != point.stage {
                pairs.push([point.passes as f64, f64::NAN]);
            }
            pairs.push([point.passes as f64, loss]);
        }
        pairs
    };
    let mut all = vec![series("training", &curve(&|point| Some(point.loss)), Style::LinePoints)];
    let held_out = curve(&|point| point.held_out_loss);
    if !held_out.is_empty() {
        all.push(series("held out", &held_out, Style::LinePoints));
    }
    let axis =
        |label: &str, unit: &str, log: bool| Axis { label: label.to_owned(), unit: unit.to_owned(), range: None, log };
    ChartSpec {
        title: "Loss".to_owned(),
        x: axis("passes over the data", "", false),
        y: axis("loss", "eV²", true),
        series: all,
        theme: Theme::Light,
        transparent: false,
    }
}

pub(super) fn series(name: &str, points: &[[f64; 2]], style: Style) -> Series {
    let column = |k: usize| points.iter().map(|point| point[k]).collect();
    Series { name: name.to_owned(), x: column(0), y: column(1), error: None, style, colour: None }
}
