//! [`Fit`]: a potential fitted to a data set, one pass over the data after another.
//!
//! Energies are linear in species and moment coefficients, so these are solved for exactly in every pass. Over the radial
//! coefficients the loss is a sum of squares, minimised by Levenberg and Marquardt's method with Nielsen's rule for the
//! damping (IMM-REP-1999-05): one pass yields all derivatives of all residuals, and some dozens of passes suffice where a
//! quasi-Newton method with gradients of the loss needs a thousand.
//!
//! Several random starts take a few steps each; the best goes on until it gains nothing, on the data or on the held-out part.

use nalgebra::{DMatrix, DVector};

use crate::error::{Error, Result};
use crate::parallel;
use crate::potential::mtp::MtpParameters;
use crate::potential::mtp::jacobian::JacobianKernel;

use super::dataset::DataSet;
use super::errors::{Lists, errors_and_loss};
use super::identity::describe;
use super::loss::{Weights, radial_norms};
use super::normal::{Accumulator, LinearSolution, NormalEquations, Prepared, Step};
use super::spec::FitSpec;
use super::start::{prepare, random_radial, tag};
use super::state::{Candidate, Due, FitEnd, FitPoint, FitProgress, FitState};
use super::{plausible, reference_energies, units};

/// Configurations of one block of a pass, if memory allows.
const BLOCK: usize = 16;
/// Memory that the Gram matrices of a block may take, and a single one at most, bytes; a page's whole memory is half of the
/// larger number.
const GRAM_BYTES: usize = if cfg!(target_family = "wasm") { 1 << 27 } else { 1 << 30 };
/// Damping where a fit counts as stuck.
const LAST_DAMPING: f64 = 1e8;

/// What the present pass is for.
enum Purpose {
    /// Coefficients as they are.
    Stay(Due),
    /// A step, to be judged.
    Trial(Step),
}

struct Pass {
    purpose: Purpose,
    kernel: JacobianKernel,
    radial: Vec<f64>,
    /// As the derivatives by radial coefficients are taken with.
    linear: Vec<f64>,
    next: usize,
}

/// A fit in progress. The same template, data and specification give the same potential, whatever the slices it is
/// advanced in and the number of threads.
pub struct Fit {
    spec: FitSpec,
    template: MtpParameters,
    training: DataSet,
    held_out: DataSet,
    training_lists: Lists,
    held_out_lists: Lists,
    species_energies: Vec<f64>,
    is_quick: bool,
    /// Kinds of the linear coefficients: 0 for species, else the degree of the scalar.
    kinds: Vec<usize>,
    accumulators: Vec<Accumulator>,
    pass: Option<Pass>,
    equations: Option<NormalEquations>,
    state: FitState,
}

impl Fit {
    /// Splits the data and prepares the first pass. A trained template is where the first start begins; an untrained one
    /// gets its min_dist from the data.
    ///
    /// # Errors
    /// A specification out of range; species that differ in number; min_dist above the closest pair; a cutoff that no pair
    /// is within; labels that can't be, or in another unit than eV and Å; fewer equations than parameters.
    pub fn new(mut template: MtpParameters, data: DataSet, spec: FitSpec) -> Result<Self> {
        prepare(&mut template, &data, &spec)?;
        plausible::check(&data, &spec.weights)?;
        units::check(&data, &spec.weights, template.radial_basis.min_dist, template.radial_basis.max_dist)?;
        Self::of(template, data, spec)
    }

    /// A look at data of whatever units: it ends where a step gains nothing with the derivatives that there are.
    pub(super) fn quick(template: MtpParameters, data: DataSet, spec: FitSpec) -> Result<Self> {
        Ok(Self { is_quick: true, ..Self::unchecked(template, data, spec)? })
    }

    /// The same, whatever the units of the labels.
    pub(super) fn unchecked(mut template: MtpParameters, data: DataSet, spec: FitSpec) -> Result<Self> {
        prepare(&mut template, &data, &spec)?;
        Self::of(template, data, spec)
    }

    fn of(mut template: MtpParameters, data: DataSet, spec: FitSpec) -> Result<Self> {
        tag(&mut template, &data);
        let (training, held_out) = data.split(spec.held_out);
        let (training, _) = training.split(1.0 - spec.training_share);
        training.check_species()?;
        let equations = training.equation_count(&spec.weights);
        if equations < template.parameter_count() {
            let found = format!("{equations} equations for {} parameters", template.parameter_count());
            let expected = "at least as many equations: more configurations or a lower level";
            return Err(Error::invalid("data set", found, expected));
        }
        let cutoff = template.radial_basis.max_dist;
        let parameters = template.parameter_count();
        let bytes = (parameters as u64 + 1).pow(2).saturating_mul(8);
        if bytes > GRAM_BYTES as u64 {
            let found = format!("{parameters} parameters, whose equations take {} MB", bytes >> 20);
            return Err(Error::invalid("fit", found, "a lower level, a smaller basis or fewer species"));
        }
        let most = ((GRAM_BYTES as u64 / bytes) as usize).clamp(2, BLOCK);
        let species_energies = reference_energies(&training);
        let of = describe(&template, [&training, &held_out], &spec, &species_energies);
        let kinds = std::iter::repeat_n(0, template.species_count).chain(template.scalar_degrees()).collect();
        let mut fit = Self {
            is_quick: false,
            kinds,
            training_lists: Lists::new(&training, cutoff)?,
            held_out_lists: Lists::new(&held_out, cutoff)?,
            accumulators: (0..most.min(training.len())).map(|_| Accumulator::default()).collect(),
            state: FitState::new(of),
            spec,
            template,
            training,
            held_out,
            species_energies,
            pass: None,
            equations: None,
        };
        fit.begin_start(0)?;
        Ok(fit)
    }

    /// Goes on from a state that a fit of the same template, data and specification gave, as if there had been no stop; more
    /// steps may be allowed than there were, or a smaller gain.
    ///
    /// # Errors
    /// As [`Fit::new`], and a state of another fit.
    pub fn resume(template: MtpParameters, data: DataSet, spec: FitSpec, state: FitState) -> Result<Self> {
        let mut fit = Self::new(template, data, spec)?;
        state.check(&fit.state)?;
        fit.state = state;
        fit.equations = None;
        if fit.state.end.is_some() && fit.state.damping <= LAST_DAMPING {
            fit.state.end = fit.verdict();
        }
        fit.begin_pass(Purpose::Stay(fit.state.due))?;
        Ok(fit)
    }

    /// Works until the fit ends or `should_stop`, asked after every block of configurations, says so.
    ///
    /// # Errors
    /// Equations that are not finite or can't be solved; a fit that ended so.
    pub fn advance(&mut self, should_stop: &mut dyn FnMut() -> bool) -> Result<FitProgress> {
        while self.state.end.is_none() {
            self.block()?;
            if should_stop() {
                break;
            }
        }
        Ok(self.progress())
    }

    /// What errors weigh.
    pub(super) fn weights(&self) -> &Weights {
        &self.spec.weights
    }

    /// How far the fit is.
    pub fn progress(&self) -> FitProgress {
        let state = &self.state;
        let done = self.pass.as_ref().map_or(0, |pass| pass.next);
        let pass_fraction = done as f64 / self.training.len().max(1) as f64;
        let starts = if self.spec.starts > 1 { self.spec.starts } else { 0 };
        let all = starts * self.spec.start_iterations + self.spec.max_iterations;
        let before = state.stage.min(starts) * self.spec.start_iterations;
        let fraction = (before + state.iteration) as f64 / all.max(1) as f64;
        FitProgress {
            stage: state.stage,
            starts: self.spec.starts,
            iteration: state.iteration,
            passes: state.passes,
            pass_fraction,
            fraction: if state.end.is_some() { 1.0 } else { fraction.min(1.0) },
            point: state.history.last().cloned(),
            end: state.end,
        }
    }

    /// The learning curve: one point a step that was taken.
    pub fn history(&self) -> &[FitPoint] {
        &self.state.history
    }

    /// What [`Fit::resume`] takes.
    pub fn state(&self) -> &FitState {
        &self.state
    }

    /// The part that is fitted to.
    pub fn training(&self) -> &DataSet {
        &self.training
    }

    /// The part that is held out.
    pub fn held_out(&self) -> &DataSet {
        &self.held_out
    }

    /// The best potential so far; `None` before the first pass is complete.
    pub fn potential(&self) -> Option<MtpParameters> {
        self.state.best.as_ref().map(|candidate| self.parameters(candidate))
    }

    /// Energy of an atom of each species that was taken off the labels before the fit, eV.
    pub fn species_energies(&self) -> &[f64] {
        &self.species_energies
    }

    fn parameters(&self, candidate: &Candidate) -> MtpParameters {
        let mut parameters = self.with_coefficients(&candidate.radial, &candidate.linear);
        for (coefficient, energy) in parameters.species_coeffs.iter_mut().zip(&self.species_energies) {
            *coefficient += energy;
        }
        parameters
    }

    /// The template with coefficients whose species part is less the reference energies.
    fn with_coefficients(&self, radial: &[f64], linear: &[f64]) -> MtpParameters {
        let (species, moments) = linear.split_at(self.template.species_count.min(linear.len()));
        MtpParameters {
            radial_coeffs: radial.to_vec(),
            species_coeffs: species.to_vec(),
            moment_coeffs: moments.to_vec(),
            trained: true,
            ..self.template.clone()
        }
    }

    /// Sets the coefficients of a start; start 0 of a trained template is the template.
    fn begin_start(&mut self, stage: usize) -> Result<()> {
        let trained = self.template.trained && stage == 0;
        let template = &self.template;
        let linear = match trained {
            true => {
                let species = template.species_coeffs.iter().zip(&self.species_energies).map(|(c, e)| c - e);
                species.chain(template.moment_coeffs.iter().copied()).collect()
            }
            false => vec![0.0; template.species_count + template.moment_coeffs.len()],
        };
        let radial =
            if trained { template.radial_coeffs.clone() } else { random_radial(template, self.spec.seed, stage) };
        self.state.begin_stage(
            stage,
            Candidate::unjudged(radial, linear),
            if trained { Due::Base } else { Due::Solve },
        );
        self.begin_pass(Purpose::Stay(self.state.due))
    }

    fn begin_pass(&mut self, purpose: Purpose) -> Result<()> {
        let current = &self.state.current;
        let (radial, linear) = match &purpose {
            Purpose::Stay(Due::Equations) => (current.radial.clone(), self.state.probed.clone()),
            Purpose::Stay(_) => (current.radial.clone(), current.linear.clone()),
            Purpose::Trial(step) => (moved(&current.radial, &step.radial), moved(&current.linear, &step.linear)),
        };
        let kernel = JacobianKernel::new(&self.with_coefficients(&radial, &linear))?;
        let parameters = kernel.parameter_count();
        self.accumulators.iter_mut().for_each(|accumulator| accumulator.reset(parameters));
        self.pass = Some(Pass { purpose, kernel, radial, linear, next: 0 });
        Ok(())
    }

    /// Adds one configuration to each accumulator; at the end of a pass, decides what comes next.
    fn block(&mut self) -> Result<()> {
        let Some(pass) = &mut self.pass else {
            return Err(Error::invalid("fit", "one that ended with an error", "a new one"));
        };
        let (first, kernel) = (pass.next, &pass.kernel);
        let (training, lists, weights) = (&self.training, &self.training_lists, &self.spec.weights);
        let energies = &self.species_energies;
        parallel::for_each_chunk(&mut self.accumulators, 1, |index, accumulators| {
            let place = first + index;
            let item = training.configurations.get(place).zip(lists.0.get(place)).zip(accumulators.first_mut());
            let Some(((labelled, neighbors), accumulator)) = item else { return };
            let reference = labelled.system.counts().iter().zip(energies).map(|(&n, e)| n as f64 * e).sum();
            let prepared = Prepared { system: &labelled.system, neighbors, labels: &labelled.labels };
            accumulator.add(kernel, &prepared, reference, weights);
        });
        if let Some(error) = self.accumulators.iter_mut().find_map(|accumulator| accumulator.error.take()) {
            return self.fail_pass(error);
        }
        pass.next += self.accumulators.len();
        if pass.next < self.training.len() {
            return Ok(());
        }
        match self.pass.take() {
            Some(pass) => self.finish_pass(pass),
            None => Ok(()),
        }
    }

    fn finish_pass(&mut self, pass: Pass) -> Result<()> {
        let equations = NormalEquations::collect(&self.accumulators, &self.kinds, self.training.len());
        let solved = equations.and_then(|equations| Ok((equations.solve_linear(self.spec.ridge)?, equations)));
        let (solution, equations) = match solved {
            Ok(solved) => solved,
            Err(error) => {
                self.pass = Some(pass);
                return self.fail_pass(error);
            }
        };
        match &pass.purpose {
            Purpose::Stay(Due::Equations) => {
                self.equations = Some(equations);
                self.decide()
            }
            Purpose::Stay(Due::Solve) => {
                self.state.passes += 1;
                self.state.current.linear = solution.coefficients.as_slice().to_vec();
                self.state.due = Due::Base;
                self.begin_pass(Purpose::Stay(Due::Base))
            }
            Purpose::Stay(Due::Base) => {
                self.state.passes += 1;
                self.accept(pass, solution, equations)?;
                self.propose()
            }
            Purpose::Trial(step) => {
                self.state.passes += 1;
                let gain = self.state.current.objective() - solution.loss - self.penalty(&pass.radial).0;
                if gain > 0.0 {
                    let quality = gain / step.expected_gain.max(f64::MIN_POSITIVE);
                    self.state.damping *= (1.0 - (2.0 * quality - 1.0).powi(3)).clamp(1.0 / 3.0, 2.0);
                    self.state.growth = 2.0;
                    self.state.iteration += 1;
                    self.accept(pass, solution, equations)?;
                    self.decide()
                } else {
                    self.shorten()
                }
            }
        }
    }

    /// A step into what has no value was too long; of anything else it is an error.
    fn fail_pass(&mut self, error: Error) -> Result<()> {
        match self.pass.take() {
            Some(Pass { purpose: Purpose::Trial(_), .. }) => {
                self.state.passes += 1;
                self.shorten()
            }
            _ => Err(error),
        }
    }

    /// After a step that gained nothing. The derivatives are those at the linear coefficients that the pass began with: after
    /// a long step the ones that were solved for may be far from these, and lead nowhere.
    fn shorten(&mut self) -> Result<()> {
        self.state.damping *= self.state.growth;
        self.state.growth *= 2.0;
        match self.state.damping > LAST_DAMPING {
            true if self.is_quick || self.state.probed == self.state.current.linear => {
                self.finish_stage(FitEnd::Converged)
            }
            true => self.renew(),
            false => self.propose(),
        }
    }

    /// Takes the derivatives again, at the present coefficients.
    fn renew(&mut self) -> Result<()> {
        self.state.begin_steps();
        self.state.probed.clone_from(&self.state.current.linear);
        self.begin_pass(Purpose::Stay(Due::Equations))
    }

    /// Makes the coefficients of a pass the present ones.
    fn accept(&mut self, pass: Pass, solution: LinearSolution, equations: NormalEquations) -> Result<()> {
        let linear = solution.coefficients.as_slice().to_vec();
        let penalty = self.penalty(&pass.radial).0;
        let mut candidate = Candidate { loss: solution.loss, penalty, ..Candidate::unjudged(pass.radial, linear) };
        let parameters = self.parameters(&candidate);
        let weights = &self.spec.weights;
        let (training, loss) = errors_and_loss(&parameters, &self.training, &self.training_lists, weights)?;
        // Summed from the residuals themselves, the loss does not suffer from the difference of large numbers.
        candidate.loss = loss;
        let held_out = match self.held_out.is_empty() {
            true => None,
            false => Some(errors_and_loss(&parameters, &self.held_out, &self.held_out_lists, weights)?),
        };
        candidate.held_out_loss = held_out.map(|(_, loss)| loss);
        self.state.history.push(FitPoint {
            stage: self.state.stage,
            passes: self.state.passes,
            loss,
            penalty,
            held_out_loss: candidate.held_out_loss,
            training,
            held_out: held_out.map(|(errors, _)| errors),
        });
        if self.state.best.as_ref().is_none_or(|best| candidate.quality() < best.quality()) {
            self.state.best = Some(candidate.clone());
            self.state.since_best = 0;
        } else {
            self.state.since_best += 1;
        }
        self.state.current = candidate;
        self.state.probed = pass.linear;
        self.state.due = Due::Equations;
        self.equations = Some(equations);
        Ok(())
    }

    /// Ends the stage, or goes on.
    fn decide(&mut self) -> Result<()> {
        match self.verdict() {
            Some(end) => self.finish_stage(end),
            None => self.propose(),
        }
    }

    /// Whether the stage is at its end.
    fn verdict(&self) -> Option<FitEnd> {
        let (state, spec) = (&self.state, &self.spec);
        if !self.is_last_stage() {
            return (state.iteration >= spec.start_iterations).then_some(FitEnd::Iterations);
        }
        let earlier = state.history.iter().rev().filter(|point| point.stage == state.stage).nth(10);
        let objective = |point: &FitPoint| point.loss + point.penalty;
        let gained = |point: &FitPoint| objective(point) - state.current.objective();
        if earlier.is_some_and(|point| gained(point) < spec.tolerance * objective(point)) {
            return Some(FitEnd::Converged);
        }
        if !self.held_out.is_empty() && state.since_best >= spec.patience {
            return Some(FitEnd::HeldOut);
        }
        (state.iteration >= spec.max_iterations).then_some(FitEnd::Iterations)
    }

    fn is_last_stage(&self) -> bool {
        self.spec.starts == 1 || self.state.stage == self.spec.starts
    }

    fn finish_stage(&mut self, end: FitEnd) -> Result<()> {
        if self.is_last_stage() {
            self.state.end = Some(end);
            self.pass = None;
            return Ok(());
        }
        if self.state.leader.as_ref().is_none_or(|leader| self.state.current.objective() < leader.objective()) {
            self.state.leader = Some(self.state.current.clone());
        }
        let next = self.state.stage + 1;
        match self.state.leader.clone().filter(|_| next == self.spec.starts) {
            None => self.begin_start(next),
            Some(leader) => {
                self.state.begin_stage(next, leader, Due::Base);
                self.begin_pass(Purpose::Stay(Due::Base))
            }
        }
    }

    /// Begins the pass of the next step.
    fn propose(&mut self) -> Result<()> {
        let Some(equations) = &self.equations else { return self.begin_pass(Purpose::Stay(self.state.due)) };
        let linear = DVector::from_column_slice(&self.state.current.linear);
        let (_, curvature, slope) = self.penalty(&self.state.current.radial);
        let step = equations.step(&linear, self.spec.ridge, self.state.damping, &(curvature, slope))?;
        self.begin_pass(Purpose::Trial(step))
    }

    /// Value of the penalty, its Gauss-Newton curvature and half its gradient.
    fn penalty(&self, radial: &[f64]) -> (f64, DMatrix<f64>, DVector<f64>) {
        let n = radial.len();
        let weight = self.spec.weights.penalty;
        if weight == 0.0 {
            return (0.0, DMatrix::zeros(n, n), DVector::zeros(n));
        }
        let parameters = MtpParameters { radial_coeffs: radial.to_vec(), ..self.template.clone() };
        let norms = radial_norms(&parameters);
        let mu = |k: usize| (k / self.template.radial_basis.size) % norms.len();
        let curvature = |i: usize, j: usize| if mu(i) == mu(j) { 4.0 * weight * radial[i] * radial[j] } else { 0.0 };
        let slope = |k: usize, _| 2.0 * weight * (norms[mu(k)] - 1.0) * radial[k];
        let value = norms.iter().map(|norm| weight * (norm - 1.0).powi(2)).sum();
        (value, DMatrix::from_fn(n, n, curvature), DVector::from_fn(n, slope))
    }
}

fn moved(values: &[f64], step: &DVector<f64>) -> Vec<f64> {
    values.iter().zip(step.iter()).map(|(value, step)| value + step).collect()
}
