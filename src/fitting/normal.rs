//! The weighted normal equations of a data set, and what is solved from them.

use nalgebra::{Cholesky, DMatrix, DMatrixView, DMatrixViewMut, DVector, Dyn, MatrixView};

use crate::error::{Error, Result};
use crate::neighbor::NeighborList;
use crate::potential::mtp::jacobian::{JacobianKernel, JacobianRows, JacobianWorkspace};
use crate::system::System;

use super::dataset::Labels;
use super::loss::Weights;

/// Columns of the Gram matrix that one product fills; what lies below the diagonal of these blocks is left out.
const GRAM_BLOCK: usize = 96;
/// Shares of the diagonal that are tried in turn to make a matrix positive definite.
const RIDGES: [f64; 4] = [1.0, 1e2, 1e4, 1e6];
/// Entries of a diagonal below this share of the largest of their kind are rounding, as of what symmetry makes zero.
const NOISE: f64 = 1e-28;

/// One configuration ready for a pass.
pub(super) struct Prepared<'a> {
    pub system: &'a System,
    pub neighbors: &'a NeighborList,
    pub labels: &'a Labels,
}

/// The sum of `w [J y]^T [J y]` over some configurations, with the buffers of one task.
#[derive(Default)]
pub(super) struct Accumulator {
    workspace: JacobianWorkspace,
    rows: JacobianRows,
    weights: Vec<f64>,
    labels: Vec<f64>,
    weighted: Vec<f64>,
    gram: Vec<f64>,
    pub error: Option<Error>,
}

impl Accumulator {
    pub(super) fn reset(&mut self, parameters: usize) {
        self.gram.clear();
        self.gram.resize((parameters + 1) * (parameters + 1), 0.0);
        self.error = None;
    }

    /// Adds a configuration. `reference` is the energy of its composition, taken off its label.
    pub(super) fn add(&mut self, kernel: &JacobianKernel, item: &Prepared, reference: f64, weights: &Weights) {
        if let Err(error) = kernel.rows(item.system, item.neighbors, &mut self.workspace, &mut self.rows) {
            self.error = Some(error);
            return;
        }
        weights.rows(item.labels, &mut self.weights);
        item.labels.rows(&mut self.labels);
        self.labels[0] -= reference;
        let (p, n) = (self.rows.parameters, self.rows.len());
        self.weighted.clear();
        for (k, row) in self.rows.values.chunks_exact(p).enumerate() {
            let weight = self.weights[k].sqrt();
            self.weighted.extend(row.iter().map(|x| weight * x));
            self.weighted.push(weight * (self.labels[k] - self.rows.constants[k]));
        }
        add_gram(&self.weighted, n, p + 1, &mut self.gram);
    }
}

/// Adds `W^T W` of a row-major n x q matrix to the blocks on and above the diagonal.
fn add_gram(matrix: &[f64], n: usize, q: usize, gram: &mut [f64]) {
    let transposed = DMatrixView::from_slice(matrix, q, n);
    let straight = MatrixView::<f64, Dyn, Dyn, Dyn, Dyn>::from_slice_with_strides(matrix, n, q, q, 1);
    let mut gram = DMatrixViewMut::from_slice(gram, q, q);
    for first in (0..q).step_by(GRAM_BLOCK) {
        let width = GRAM_BLOCK.min(q - first);
        let mut block = gram.view_mut((0, first), (first + width, width));
        block.gemm(1.0, &transposed.rows(0, first + width), &straight.columns(first, width), 1.0);
    }
}

/// `J^T w J`, `J^T w y` and `y^T w y` of a data set, divided by its number of configurations.
#[derive(Debug, Clone)]
pub(super) struct NormalEquations {
    /// Symmetric, parameters by parameters.
    matrix: DMatrix<f64>,
    right: DVector<f64>,
    labels: f64,
    /// Index of the first linear parameter.
    split: usize,
    /// Kind of each linear parameter: those of one kind have values of one size.
    kinds: Vec<usize>,
}

/// The linear parameters that are best for given radial ones, and how good they are.
#[derive(Debug, Clone)]
pub(super) struct LinearSolution {
    pub coefficients: DVector<f64>,
    /// Mean loss.
    pub loss: f64,
}

/// A step of the radial parameters.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub radial: DVector<f64>,
    /// What the linear parameters follow with.
    pub linear: DVector<f64>,
    /// By how much the loss would fall were the residuals linear.
    pub expected_gain: f64,
}

impl NormalEquations {
    /// Sums accumulators in their order; `kinds` has the kind of each linear parameter.
    pub(super) fn collect(accumulators: &[Accumulator], kinds: &[usize], configurations: usize) -> Result<Self> {
        let length = accumulators.first().map_or(0, |accumulator| accumulator.gram.len());
        let q = length.isqrt();
        let mut total = DMatrix::zeros(q, q);
        for accumulator in accumulators {
            total += DMatrixView::from_slice(&accumulator.gram, q, q);
        }
        total /= configurations as f64;
        if total.iter().any(|x| !x.is_finite()) {
            let expected = "atoms further apart, or smaller radial coefficients";
            return Err(Error::invalid("equations of the fit", "a value that is not finite", expected));
        }
        total.fill_lower_triangle_with_upper_triangle();
        let p = q - 1;
        Ok(Self {
            matrix: total.view((0, 0), (p, p)).into_owned(),
            right: total.view((0, p), (p, 1)).column(0).into_owned(),
            labels: total[(p, p)],
            split: p - kinds.len(),
            kinds: kinds.to_vec(),
        })
    }

    fn linear_count(&self) -> usize {
        self.right.len() - self.split
    }

    fn linear_block(&self) -> DMatrix<f64> {
        let n = self.linear_count();
        self.matrix.view((self.split, self.split), (n, n)).into_owned()
    }

    /// The best linear parameters, with `ridge` times the diagonal added.
    pub(super) fn solve_linear(&self, ridge: f64) -> Result<LinearSolution> {
        let block = self.linear_block();
        let right = self.right.rows(self.split, self.linear_count()).into_owned();
        let solver = Scaled::new(&block, ridge, &self.kinds)?;
        let coefficients = solver.solve(&right);
        let loss = self.labels - 2.0 * coefficients.dot(&right) + coefficients.dot(&(&block * &coefficients));
        if !loss.is_finite() {
            return Err(Error::invalid("loss", "a value that is not finite", "a fit that converges"));
        }
        Ok(LinearSolution { coefficients, loss: loss.max(0.0) })
    }

    /// The damped Gauss-Newton step of the radial parameters in the space where the linear ones are always the best ones
    /// (variable projection in Kaufman's form, doi:10.1007/BF01932995). `extra` is the curvature and `slope` the gradient
    /// that a penalty adds.
    pub(super) fn step(
        &self,
        linear: &DVector<f64>,
        ridge: f64,
        damping: f64,
        penalty: &(DMatrix<f64>, DVector<f64>),
    ) -> Result<Step> {
        let (split, n) = (self.split, self.linear_count());
        let cross = self.matrix.view((split, 0), (n, split)).into_owned();
        let own = self.matrix.view((0, 0), (split, split)).into_owned();
        let gradient = cross.transpose() * linear - self.right.rows(0, split) + &penalty.1;
        let solver = Scaled::new(&self.linear_block(), ridge, &self.kinds)?;
        let answer = solver.solve_many(&cross);
        let projected = &own - cross.transpose() * &answer + &penalty.0;
        let mut damped = projected.clone();
        let floor = own.diagonal().max() * 1e-12;
        for k in 0..split {
            damped[(k, k)] += damping * own[(k, k)].max(floor);
        }
        let radial = -Scaled::new(&damped, 1e-14, &vec![0; split])?.solve(&gradient);
        let expected_gain = -(2.0 * gradient.dot(&radial) + radial.dot(&(&projected * &radial)));
        Ok(Step { linear: -(&answer * &radial), radial, expected_gain })
    }
}

/// A Cholesky decomposition with a unit diagonal. Parameters that nothing depends on get zero.
struct Scaled {
    scale: DVector<f64>,
    decomposition: Cholesky<f64, Dyn>,
}

impl Scaled {
    fn new(matrix: &DMatrix<f64>, ridge: f64, kinds: &[usize]) -> Result<Self> {
        let diagonal = matrix.diagonal();
        let mut largest = vec![0.0; kinds.iter().max().map_or(0, |last| last + 1)];
        kinds.iter().zip(&diagonal).for_each(|(&kind, x)| largest[kind] = f64::max(largest[kind], *x));
        let scale = |k: usize| if diagonal[k] > NOISE * largest[kinds[k]] { 1.0 / diagonal[k].sqrt() } else { 0.0 };
        let scale = DVector::from_fn(diagonal.len(), |k, _| scale(k));
        let mut scaled = matrix.clone();
        for (j, mut column) in scaled.column_iter_mut().enumerate() {
            column.component_mul_assign(&scale);
            column *= scale[j];
            if scale[j] == 0.0 {
                column[j] = 1.0;
            }
        }
        for factor in RIDGES {
            let mut ridged = scaled.clone();
            for k in 0..ridged.nrows() {
                ridged[(k, k)] += ridge * factor;
            }
            if let Some(decomposition) = Cholesky::new(ridged) {
                return Ok(Self { scale, decomposition });
            }
        }
        let expected = "more varied configurations, or a lower level";
        Err(Error::invalid("equations of the fit", "a matrix that can't be solved", expected))
    }

    fn solve(&self, right: &DVector<f64>) -> DVector<f64> {
        self.decomposition.solve(&right.component_mul(&self.scale)).component_mul(&self.scale)
    }

    fn solve_many(&self, right: &DMatrix<f64>) -> DMatrix<f64> {
        let mut scaled = right.clone();
        scaled.column_iter_mut().for_each(|mut column| column.component_mul_assign(&self.scale));
        self.decomposition.solve_mut(&mut scaled);
        scaled.column_iter_mut().for_each(|mut column| column.component_mul_assign(&self.scale));
        scaled
    }
}
