//! [`Fit`]: a potential fitted to a data set, one pass over the data after another.
//!
//! Energies are linear in species and moment coefficients, so these are solved for exactly in every pass. Over the radial
//! coefficients the loss is a sum of squares, minimised by Levenberg and Marquardt's method with Nielsen's rule for the
//! damping (IMM-REP-1999-05): one pass yields all derivatives of all residuals, and some dozens of passes suffice where a
//! quasi-Newton method with gradients of the loss needs a thousand.
//!
//! Several random starts take a few steps each; the best goes on until it gains nothing, on the data or on the held-out part.

use nalgebra::{DMatrix, DVector};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::rng;
use crate::parallel;
use crate::potential::mtp::MtpParameters;
use crate::potential::mtp::jacobian::JacobianKernel;

use super::dataset::DataSet;
use super::errors::{Errors, Lists, errors_and_loss};
use super::loss::{Weights, radial_norms};
use super::normal::{Accumulator, LinearSolution, NormalEquations, Prepared, Step};
use super::{reference_energies, units};

/// min_dist over the closest pair of the data.
const MIN_DIST_SHARE: f64 = 0.99;
/// Configurations of one block of a pass, if memory allows.
const BLOCK: usize = 16;
/// Memory that the Gram matrices of a block may take, bytes.
const GRAM_BYTES: usize = 1 << 30;
/// Damping at the start, and where a fit counts as stuck.
const FIRST_DAMPING: f64 = 1e-2;
const LAST_DAMPING: f64 = 1e8;
/// Loss of coefficients that no pass has judged; JSON has no infinity.
const UNKNOWN_LOSS: f64 = f64::MAX;
/// Stream of the seed that draws the random starts.
const START_STREAM: u64 = 31;

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitSpec {
    /// Weights of the loss.
    pub weights: Weights,
    /// Seed of the random starts.
    pub seed: u64,
    /// Number of starts.
    pub starts: usize,
    /// Steps of each start before the best is chosen.
    pub start_iterations: usize,
    /// Most steps after that.
    pub max_iterations: usize,
    /// Share of the configurations that is held out.
    pub held_out: f64,
    /// Ends where ten steps together gain less than this share of the loss.
    pub tolerance: f64,
    /// Ends where so many steps bring no better loss on the held-out part.
    pub patience: usize,
    /// Share of the diagonal that is added to the equations of the linear coefficients.
    pub ridge: f64,
}

impl Default for FitSpec {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            seed: 1,
            starts: 3,
            start_iterations: 6,
            max_iterations: 200,
            held_out: 0.1,
            tolerance: 1e-3,
            patience: 15,
            ridge: 1e-10,
        }
    }
}

impl FitSpec {
    fn validate(&self) -> Result<()> {
        self.weights.validate()?;
        if !(0.0..=0.5).contains(&self.held_out) {
            return Err(Error::invalid("held-out share", self.held_out, "a number from 0 to 0.5"));
        }
        if self.starts == 0 || self.starts > 1000 {
            return Err(Error::invalid("random starts", self.starts, "1 to 1000"));
        }
        for (name, value) in [("tolerance", self.tolerance), ("ridge", self.ridge)] {
            if !(0.0..1.0).contains(&value) {
                return Err(Error::invalid(name, value, "a number from 0 to 1"));
            }
        }
        Ok(())
    }
}

/// Coefficients with their quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    radial: Vec<f64>,
    /// Species (less the reference energies), then moments.
    linear: Vec<f64>,
    /// Mean loss on the training part, without the penalty's share.
    pub loss: f64,
    /// The same on the held-out part.
    pub held_out_loss: Option<f64>,
}

/// The fit after one step, for the learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitPoint {
    /// Random start, from 0; the number of starts for the last stage.
    pub stage: usize,
    /// Passes over the data so far.
    pub passes: usize,
    /// Mean loss on the training part.
    pub loss: f64,
    /// Mean loss on the held-out part.
    pub held_out_loss: Option<f64>,
    /// Errors on the training part.
    pub training: Errors,
    /// Errors on the held-out part.
    pub held_out: Option<Errors>,
}

/// Why a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FitEnd {
    /// The loss falls no further.
    Converged,
    /// The held-out loss falls no further.
    HeldOut,
    /// All steps are used.
    Iterations,
}

/// How far a fit is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitProgress {
    /// Random start, from 0; the number of starts for the last stage.
    pub stage: usize,
    /// Number of random starts.
    pub starts: usize,
    /// Steps taken in this stage.
    pub iteration: usize,
    /// Passes over the data so far.
    pub passes: usize,
    /// Part of the present pass that is done.
    pub pass_fraction: f64,
    /// Estimate of the part of the whole that is done; the last stage may end earlier.
    pub fraction: f64,
    /// The latest point of the learning curve.
    pub point: Option<FitPoint>,
    /// Why it ended, if it has.
    pub end: Option<FitEnd>,
}

/// All that a fit needs to go on later with the same template, data and specification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitState {
    stage: usize,
    iteration: usize,
    passes: usize,
    current: Candidate,
    damping: f64,
    growth: f64,
    /// The best of the finished starts.
    leader: Option<Candidate>,
    best: Option<Candidate>,
    since_best: usize,
    fresh: bool,
    history: Vec<FitPoint>,
    end: Option<FitEnd>,
}

/// What the present pass is for.
enum Purpose {
    /// Coefficients as they are; the linear ones not yet solved for.
    Solve,
    /// Coefficients as they are, to step from.
    Base,
    /// A step, to be judged.
    Trial(Step),
}

struct Pass {
    purpose: Purpose,
    kernel: JacobianKernel,
    radial: Vec<f64>,
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
    /// is within; fewer equations than parameters.
    pub fn new(mut template: MtpParameters, data: DataSet, spec: FitSpec) -> Result<Self> {
        spec.validate()?;
        if template.species_count != data.species.len() {
            let expected = format!("{}, as in the data set", data.species.len());
            return Err(Error::invalid("species of the template", template.species_count, expected));
        }
        set_min_dist(&mut template, &data)?;
        template.validate()?;
        if spec.weights.energy > 0.0 && spec.weights.force > 0.0 {
            units::check(&data, template.radial_basis.min_dist, template.radial_basis.max_dist)?;
        }
        let (training, held_out) = data.split(spec.held_out);
        let equations = training.equation_count();
        if equations < template.parameter_count() {
            let found = format!("{equations} equations for {} parameters", template.parameter_count());
            let expected = "at least as many equations: more configurations or a lower level";
            return Err(Error::invalid("data set", found, expected));
        }
        let cutoff = template.radial_basis.max_dist;
        let parameters = template.parameter_count();
        let most = (GRAM_BYTES / (8 * (parameters + 1) * (parameters + 1))).clamp(2, BLOCK);
        let species_energies = reference_energies(&training);
        let mut fit = Self {
            training_lists: Lists::new(&training, cutoff)?,
            held_out_lists: Lists::new(&held_out, cutoff)?,
            accumulators: (0..most.min(training.len())).map(|_| Accumulator::default()).collect(),
            state: FitState {
                stage: 0,
                iteration: 0,
                passes: 0,
                current: Candidate { radial: Vec::new(), linear: Vec::new(), loss: UNKNOWN_LOSS, held_out_loss: None },
                damping: FIRST_DAMPING,
                growth: 2.0,
                leader: None,
                best: None,
                since_best: 0,
                fresh: true,
                history: Vec::new(),
                end: None,
            },
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

    /// Goes on from a state that a fit of the same template, data and specification gave.
    ///
    /// # Errors
    /// As [`Fit::new`], and a state of another potential.
    pub fn resume(template: MtpParameters, data: DataSet, spec: FitSpec, state: FitState) -> Result<Self> {
        let mut fit = Self::new(template, data, spec)?;
        let sizes = |candidate: &Candidate| (candidate.radial.len(), candidate.linear.len());
        if sizes(&fit.state.current) != sizes(&state.current) {
            return Err(Error::invalid("saved fit", "another number of coefficients", "the state of this fit"));
        }
        let fresh = state.fresh;
        fit.state = state;
        fit.equations = None;
        let purpose = if fresh { Purpose::Solve } else { Purpose::Base };
        fit.begin_pass(purpose)?;
        Ok(fit)
    }

    /// Works until the fit ends or `should_stop`, asked after every block of configurations, says so.
    ///
    /// # Errors
    /// Equations that are not finite or can't be solved.
    pub fn advance(&mut self, should_stop: &mut dyn FnMut() -> bool) -> Result<FitProgress> {
        while self.state.end.is_none() {
            self.block()?;
            if should_stop() {
                break;
            }
        }
        Ok(self.progress())
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
        let candidate = self.state.best.as_ref().or(self.state.leader.as_ref());
        candidate.map(|candidate| self.parameters(candidate))
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
        self.state.stage = stage;
        self.state.iteration = 0;
        self.state.damping = FIRST_DAMPING;
        self.state.growth = 2.0;
        self.state.fresh = !trained;
        self.state.current = Candidate { radial, linear, loss: UNKNOWN_LOSS, held_out_loss: None };
        self.begin_pass(if trained { Purpose::Base } else { Purpose::Solve })
    }

    fn begin_pass(&mut self, purpose: Purpose) -> Result<()> {
        let current = &self.state.current;
        let (radial, linear) = match &purpose {
            Purpose::Solve | Purpose::Base => (current.radial.clone(), current.linear.clone()),
            Purpose::Trial(step) => (moved(&current.radial, &step.radial), moved(&current.linear, &step.linear)),
        };
        let kernel = JacobianKernel::new(&self.with_coefficients(&radial, &linear))?;
        let parameters = kernel.parameter_count();
        self.accumulators.iter_mut().for_each(|accumulator| accumulator.reset(parameters));
        self.pass = Some(Pass { purpose, kernel, radial, next: 0 });
        Ok(())
    }

    /// Adds one configuration to each accumulator; at the end of a pass, decides what comes next.
    fn block(&mut self) -> Result<()> {
        let Some(pass) = &mut self.pass else { return Ok(()) };
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
            return Err(error);
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
        self.state.passes += 1;
        let split = pass.kernel.linear_start();
        let equations = NormalEquations::collect(&self.accumulators, split, self.training.len())?;
        let solution = equations.solve_linear(self.spec.ridge)?;
        match pass.purpose {
            Purpose::Solve => {
                self.state.current.linear = solution.coefficients.as_slice().to_vec();
                self.state.fresh = false;
                self.begin_pass(Purpose::Base)
            }
            Purpose::Base => {
                self.accept(pass.radial, solution, equations)?;
                self.propose()
            }
            Purpose::Trial(step) => {
                let penalty = |radial: &[f64]| self.penalty(radial).0;
                let before = self.state.current.loss + penalty(&self.state.current.radial);
                let gain = before - solution.loss - penalty(&pass.radial);
                if gain > 0.0 {
                    let quality = gain / step.expected_gain.max(f64::MIN_POSITIVE);
                    self.state.damping *= (1.0 - (2.0 * quality - 1.0).powi(3)).clamp(1.0 / 3.0, 2.0);
                    self.state.growth = 2.0;
                    self.state.iteration += 1;
                    self.accept(pass.radial, solution, equations)?;
                    self.decide()
                } else {
                    self.state.damping *= self.state.growth;
                    self.state.growth *= 2.0;
                    if self.state.damping > LAST_DAMPING {
                        self.finish_stage(FitEnd::Converged)
                    } else {
                        self.propose()
                    }
                }
            }
        }
    }

    /// Makes the coefficients of a pass the present ones.
    fn accept(&mut self, radial: Vec<f64>, solution: LinearSolution, equations: NormalEquations) -> Result<()> {
        let linear = solution.coefficients.as_slice().to_vec();
        let mut candidate = Candidate { radial, linear, loss: solution.loss, held_out_loss: None };
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
            held_out_loss: candidate.held_out_loss,
            training,
            held_out: held_out.map(|(errors, _)| errors),
        });
        let quality = |candidate: &Candidate| candidate.held_out_loss.unwrap_or(candidate.loss);
        if self.state.best.as_ref().is_none_or(|best| quality(&candidate) < quality(best)) {
            self.state.best = Some(candidate.clone());
            self.state.since_best = 0;
        } else {
            self.state.since_best += 1;
        }
        self.state.current = candidate;
        self.equations = Some(equations);
        Ok(())
    }

    /// Ends the stage, or goes on.
    fn decide(&mut self) -> Result<()> {
        let state = &self.state;
        let last = self.spec.starts == 1 || state.stage == self.spec.starts;
        if !last {
            return if state.iteration >= self.spec.start_iterations {
                self.finish_stage(FitEnd::Iterations)
            } else {
                self.propose()
            };
        }
        let earlier = state.history.iter().rev().filter(|point| point.stage == state.stage).nth(10);
        let gained = |point: &FitPoint| point.loss - state.current.loss;
        if earlier.is_some_and(|point| gained(point) < self.spec.tolerance * point.loss) {
            return self.finish_stage(FitEnd::Converged);
        }
        if !self.held_out.is_empty() && state.since_best >= self.spec.patience {
            return self.finish_stage(FitEnd::HeldOut);
        }
        if state.iteration >= self.spec.max_iterations {
            return self.finish_stage(FitEnd::Iterations);
        }
        self.propose()
    }

    fn finish_stage(&mut self, end: FitEnd) -> Result<()> {
        let last = self.spec.starts == 1 || self.state.stage == self.spec.starts;
        if last {
            self.state.end = Some(end);
            self.pass = None;
            return Ok(());
        }
        if self.state.leader.as_ref().is_none_or(|leader| self.state.current.loss < leader.loss) {
            self.state.leader = Some(self.state.current.clone());
        }
        let next = self.state.stage + 1;
        match self.state.leader.clone().filter(|_| next == self.spec.starts) {
            None => self.begin_start(next),
            Some(leader) => {
                self.state.stage = next;
                self.state.iteration = 0;
                self.state.damping = FIRST_DAMPING;
                self.state.growth = 2.0;
                self.state.since_best = 0;
                self.state.current = leader;
                self.begin_pass(Purpose::Base)
            }
        }
    }

    /// Begins the pass of the next step.
    fn propose(&mut self) -> Result<()> {
        let Some(equations) = &self.equations else { return self.begin_pass(Purpose::Base) };
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

/// Radial functions of unit norm: function mu mostly the mu-th basis function, with noise in the others.
fn random_radial(template: &MtpParameters, seed: u64, start: usize) -> Vec<f64> {
    let mut rng = rng::seeded(seed, START_STREAM + start as u64);
    let (size, count) = (template.radial_basis.size, template.radial_funcs_count);
    let mut radial: Vec<f64> = (0..template.radial_coeffs.len())
        .map(|k| {
            let (mu, xi) = ((k / size) % count, k % size);
            let noise: f64 = rng.random_range(-1.0..1.0);
            f64::from(u8::from(mu == xi)) + 0.5 * noise / (1.0 + xi as f64)
        })
        .collect();
    let norms = radial_norms(&MtpParameters { radial_coeffs: radial.clone(), ..template.clone() });
    for (k, c) in radial.iter_mut().enumerate() {
        *c /= norms[(k / size) % count].sqrt();
    }
    radial
}

/// Puts min_dist of an untrained template just below the closest pair, and checks that of a trained one.
fn set_min_dist(template: &mut MtpParameters, data: &DataSet) -> Result<()> {
    let Some((closest, configuration)) = data.closest_pair()? else { return Ok(()) };
    let basis = &mut template.radial_basis;
    if closest >= basis.max_dist {
        let expected = format!("a cutoff above the closest pair, {closest:.3} Å");
        return Err(Error::invalid("cutoff", format!("{} Å", basis.max_dist), expected));
    }
    if !template.trained {
        basis.min_dist = MIN_DIST_SHARE * closest;
    } else if basis.min_dist > closest {
        let found = format!("{} Å", basis.min_dist);
        let pair =
            format!("at most {closest:.4} Å, the closest pair of the data (configuration {})", configuration + 1);
        return Err(Error::invalid("min_dist of the potential", found, pair));
    }
    Ok(())
}
