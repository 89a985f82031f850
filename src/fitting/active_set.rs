//! Active sets: building them, choosing what to label next, grading configurations.
//!
//! In neighbourhood mode every site of a configuration is a candidate row, in configuration mode its total energy is
//! ([`GradeMode`]). Rows come from [`EnergyDerivatives`] and are chosen by [`MaxVol`], starting from `A = 1e-5 I`.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::io::almtp::{ActiveSet, Origin, SelectionWeights};
use crate::io::{Almtp, Configuration};
use crate::potential::mtp::{EnergyDerivatives, ExtrapolationGrade, GradeMode, Grades, MtpParameters};

use super::dataset::{describe, neighbor_list};
use super::maxvol::MaxVol;

/// Scale of the dummy rows that a selection starts from, as in MLIP.
const EPSILON: f64 = 1e-5;
/// Rows are offered in blocks of at most this many numbers (128 MiB with their products).
const BLOCK_NUMBERS: usize = 8 << 20;
/// Passes over the rows before a selection counts as stuck; a few are enough as a rule.
const MAX_PASSES: usize = 100;

/// What an active set's rows are derivatives of.
///
/// # Errors
/// Weights on forces or stresses, or on both kinds of energies.
pub fn grade_mode(weights: &SelectionWeights) -> Result<GradeMode> {
    let SelectionWeights { energy, force, stress, site_energy, scaling } = *weights;
    match (energy != 0.0, site_energy != 0.0) {
        (false, true) if force == 0.0 && stress == 0.0 => Ok(GradeMode::Neighborhood { weight: site_energy }),
        (true, false) if force == 0.0 && stress == 0.0 => Ok(GradeMode::Configuration { weight: energy, scaling }),
        _ => {
            let found = format!("energy {energy}, force {force}, stress {stress}, site energy {site_energy}");
            let expected = "one weight, on site energies (neighbourhood mode) or on the energy (configuration mode)";
            Err(Error::invalid("selection weights of the active set", found, expected))
        }
    }
}

fn weights(mode: GradeMode) -> SelectionWeights {
    let none = SelectionWeights { energy: 0.0, force: 0.0, stress: 0.0, site_energy: 0.0, scaling: 2 };
    match mode {
        GradeMode::Neighborhood { weight } => SelectionWeights { site_energy: weight, ..none },
        GradeMode::Configuration { weight, scaling } => SelectionWeights { energy: weight, scaling, ..none },
    }
}

/// The grade's evaluator of a potential with an active set; `None` without one.
///
/// # Errors
/// As [`grade_mode`] and [`ExtrapolationGrade::new`].
pub fn grade_of(almtp: &Almtp) -> Result<Option<ExtrapolationGrade>> {
    let Some(set) = &almtp.active_set else { return Ok(None) };
    ExtrapolationGrade::new(&almtp.parameters, &set.inverse, grade_mode(&set.weights)?).map(Some)
}

/// Grades each configuration, in order.
///
/// # Errors
/// A potential without an active set; as [`grade_of`]; a species that the potential does not know.
pub fn grade_configurations(almtp: &Almtp, configurations: &[Configuration]) -> Result<Vec<Grades>> {
    let Some(mut grade) = grade_of(almtp)? else {
        let expected = "an .almtp or .als file, as `crucible select --almtp` writes";
        return Err(Error::invalid("active set", "a potential without one", expected));
    };
    grade_each(&mut grade, &almtp.parameters, configurations)
}

fn grade_each(
    grade: &mut ExtrapolationGrade,
    parameters: &MtpParameters,
    configurations: &[Configuration],
) -> Result<Vec<Grades>> {
    let grade_one = |(k, configuration): (usize, &Configuration)| {
        let mut grades = Grades::default();
        let neighbors = neighbor_list(&configuration.system, parameters.radial_basis.max_dist)?;
        neighbors.check_apart(&configuration.system, &describe(k, &configuration.name))?;
        grade.evaluate(&configuration.system, &neighbors, &mut grades)?;
        Ok(grades)
    };
    configurations.iter().enumerate().map(grade_one).collect()
}

/// A selection under way: a potential's derivatives, A, and the configurations that its rows may come from.
#[derive(Debug)]
pub struct Selection<'a> {
    parameters: &'a MtpParameters,
    derivatives: EnergyDerivatives,
    mode: GradeMode,
    threshold: f64,
    maxvol: MaxVol,
    offered: Vec<Offered<'a>>,
    row_count: usize,
}

/// A configuration that rows may come from.
#[derive(Debug)]
struct Offered<'a> {
    /// What its user counts it by, from 1.
    number: usize,
    configuration: &'a Configuration,
    /// Number of its first row; rows are numbered through.
    first_row: usize,
}

impl<'a> Selection<'a> {
    /// Starts from dummy rows. Rows are exchanged while that raises |det A| by more than the factor `threshold`.
    ///
    /// # Errors
    /// As [`EnergyDerivatives::new`].
    pub fn new(parameters: &'a MtpParameters, mode: GradeMode, threshold: f64) -> Result<Self> {
        let derivatives = EnergyDerivatives::new(parameters)?;
        let maxvol = MaxVol::new(derivatives.parameter_count(), EPSILON);
        Ok(Self { parameters, derivatives, mode, threshold, maxvol, offered: Vec::new(), row_count: 0 })
    }

    /// Offers the rows of more configurations, and again those of all earlier ones, until none is exchanged any more. Each
    /// comes with the number that messages call it by, from 1.
    ///
    /// # Errors
    /// Atoms of an unknown species, or so close that a derivative is not finite; a threshold that is not above 1.
    pub fn offer(&mut self, configurations: impl IntoIterator<Item = (usize, &'a Configuration)>) -> Result<()> {
        for (number, configuration) in configurations {
            self.offered.push(Offered { number, configuration, first_row: self.row_count });
            self.row_count += match self.mode {
                GradeMode::Neighborhood { .. } => configuration.system.len(),
                GradeMode::Configuration { .. } => configuration.system.len().min(1),
            };
        }
        let blocks = self.blocks();
        for _ in 0..MAX_PASSES {
            let mut exchanges = 0;
            for block in &blocks {
                let (rows, owners) = self.rows(block.clone())?;
                exchanges += self.maxvol.exchange(&rows, &owners, self.threshold)?;
            }
            if exchanges == 0 {
                return Ok(());
            }
            self.maxvol.refresh()?;
        }
        let expected = format!("an end within {MAX_PASSES} passes; try a larger threshold");
        Err(Error::invalid("selection", "rows that are exchanged without end", expected))
    }

    /// Configurations in groups whose rows fit in a block.
    fn blocks(&self) -> Vec<Range<usize>> {
        let rows_per_block = (BLOCK_NUMBERS / self.derivatives.parameter_count().max(1)).max(1);
        let mut blocks: Vec<Range<usize>> = Vec::new();
        for k in 0..self.offered.len() {
            let end = self.offered.get(k + 1).map_or(self.row_count, |next| next.first_row);
            match blocks.last_mut() {
                Some(block) if end - self.offered[block.start].first_row <= rows_per_block => block.end = k + 1,
                _ => blocks.push(k..k + 1),
            }
        }
        blocks
    }

    /// Rows of a range of configurations with their numbers.
    fn rows(&self, range: Range<usize>) -> Result<(Vec<f64>, Vec<usize>)> {
        let (mut rows, mut owners) = (Vec::new(), Vec::new());
        for &Offered { number, configuration, first_row } in &self.offered[range] {
            let system = &configuration.system;
            if system.is_empty() {
                continue;
            }
            let neighbors = neighbor_list(system, self.parameters.radial_basis.max_dist)?;
            let mut own = match self.mode {
                GradeMode::Neighborhood { .. } => self.derivatives.site_rows(system, &neighbors)?,
                GradeMode::Configuration { .. } => self.derivatives.energy_row(system, &neighbors)?,
            };
            let factor = self.mode.factor(system.len());
            own.iter_mut().for_each(|value| *value *= factor);
            if own.iter().any(|value| !value.is_finite()) {
                let name = configuration.name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
                let expected = "atoms further apart, or smaller coefficients in the potential";
                let what = format!("derivatives of the energy of configuration {number}{name}");
                return Err(Error::invalid(what, "a value that is not finite", expected));
            }
            owners.extend((0..own.len() / self.derivatives.parameter_count().max(1)).map(|row| first_row + row));
            rows.extend(own);
        }
        Ok((rows, owners))
    }

    /// Place among the offered configurations, and the row in it, of a row's number.
    fn place(&self, row: usize) -> (usize, usize) {
        let place = self.offered.partition_point(|offered| offered.first_row <= row).saturating_sub(1);
        (place, row - self.offered[place].first_row)
    }

    /// For each offered configuration, how many rows of A are its own.
    pub fn rows_chosen(&self) -> Vec<usize> {
        let mut counts = vec![0; self.offered.len()];
        for row in self.maxvol.owners().iter().flatten() {
            counts[self.place(*row).0] += 1;
        }
        counts
    }

    /// Grades of configurations against the rows chosen so far.
    ///
    /// # Errors
    /// As [`Selection::offer`].
    pub fn grades(&self, configurations: &[Configuration]) -> Result<Vec<Grades>> {
        let mut grade = ExtrapolationGrade::new(self.parameters, self.maxvol.inverse(), self.mode)?;
        grade_each(&mut grade, self.parameters, configurations)
    }

    /// The active set as files hold it, with the configurations that its rows come from.
    pub fn finish(&self) -> ActiveSet {
        let mut numbers = vec![None; self.offered.len()];
        let mut configurations = Vec::new();
        for (k, _) in self.rows_chosen().iter().enumerate().filter(|(_, rows)| **rows > 0) {
            numbers[k] = Some(configurations.len());
            // Columns of other programs are no part of an active set.
            configurations.push(Configuration { columns: Vec::new(), ..self.offered[k].configuration.clone() });
        }
        let origin = |row: &Option<usize>| {
            let (place, site) = self.place((*row)?);
            let atoms = self.offered[place].configuration.system.len();
            let equation = match self.mode {
                GradeMode::Neighborhood { .. } => Some(first_site_equation(atoms) + site),
                GradeMode::Configuration { .. } => Some(0),
            };
            Some(Origin { configuration: numbers[place]?, equation })
        };
        ActiveSet {
            weights: weights(self.mode),
            matrix: self.maxvol.matrix().to_vec(),
            inverse: self.maxvol.inverse().to_vec(),
            origins: self.maxvol.owners().iter().map(origin).collect(),
            configurations,
        }
    }
}

/// Number of the first site energy among the equations of N atoms, as MLIP-3 counts: the energy, forces, stress come first.
pub fn first_site_equation(atoms: usize) -> usize {
    1 + 3 * atoms + 9
}

/// An active set of a potential from its training set, whose configurations come with their numbers.
///
/// # Errors
/// As [`Selection::offer`].
pub fn build_active_set<'a>(
    parameters: &'a MtpParameters,
    training: impl IntoIterator<Item = (usize, &'a Configuration)>,
    mode: GradeMode,
    threshold: f64,
) -> Result<ActiveSet> {
    let mut selection = Selection::new(parameters, mode, threshold)?;
    selection.offer(training)?;
    Ok(selection.finish())
}
