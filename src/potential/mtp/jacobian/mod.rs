//! Derivatives of a configuration's energy, forces and PlusStress by every parameter: the rows of a least-squares fit.
//!
//! With `m` the moments of one atom that are summed over its neighbours, `a = dV/dm` and `H = d^2V/dm^2`:
//!
//! | derivative of dV/dr_ij by | is |
//! |---|---|
//! | a moment coefficient | `sum_k (dB/dm_k) (dm_k/dr_ij)`, B the scalar |
//! | a radial coefficient c | `sum_k (sum_l H_kl dm_l/dc) (dm_k/dr_ij) + sum_k a_k d^2 m_k/(dr_ij dc)` |
//!
//! Everything in front of `dm_k/dr_ij` is one matrix an atom, so that the bulk of the work is one matrix product an atom,
//! neighbours by moments by parameters. `H` is never formed: its products with `dm/dc` are tangents of the adjoints
//! (`tangent`), eight radial coefficients at a time.

mod gradient;
mod scalars;
mod shape;
mod site;
mod tangent;

use nalgebra::{DMatrixView, DMatrixViewMut, Dyn, MatrixView};

use crate::error::{Error, Result};
use crate::math::lanes::Lanes;
use crate::neighbor::NeighborList;
use crate::system::System;

use super::kernel_lanes::Instructions;
use super::parameters::MtpParameters;
use super::plan::ContractionPlan;
use super::radial::RadialFunctions;
use super::site::SiteInput;

pub use gradient::Sensitivity;
use scalars::Scalars;
use shape::Shape;
use site::Site;
use tangent::{Adjoints, LANES};

/// Rows of one configuration of N atoms: the energy, the 3N forces, then PlusStress xx, yy, zz, yz, xz, xy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JacobianRows {
    /// Number of parameters: the length of a row. Order: radial `[zi][zj][mu][xi]`, species, moments.
    pub parameters: usize,
    /// Row-major, `(1 + 3N + 6) * parameters`.
    pub values: Vec<f64>,
    /// What each row has that no parameter enters: the wall of the "repuls" bases.
    pub constants: Vec<f64>,
}

impl JacobianRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.constants.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.constants.is_empty()
    }

    fn reset(&mut self, atoms: usize, parameters: usize) {
        self.parameters = parameters;
        self.values.clear();
        self.values.resize((7 + 3 * atoms) * parameters, 0.0);
        self.constants.clear();
        self.constants.resize(7 + 3 * atoms, 0.0);
    }
}

/// Computes [`JacobianRows`] for one set of parameters.
#[derive(Debug)]
pub struct JacobianKernel {
    species: usize,
    shape: Shape,
    radial: RadialFunctions,
    plan: ContractionPlan,
    scalars: Scalars,
    instructions: Instructions,
}

/// Buffers of one thread.
#[derive(Debug, Default)]
pub struct JacobianWorkspace {
    site: Site,
    adjoints: Adjoints,
    scalars: scalars::Values,
    /// What multiplies dm/dr, one row a moment: radial coefficients of this atom's species, then scalars.
    factors: Vec<f64>,
    /// The product of the matrices: one row a component of a neighbour.
    gradients: Vec<f64>,
}

impl JacobianKernel {
    /// # Errors
    /// Parameters that [`MtpParameters::validate`] refuses.
    pub fn new(parameters: &MtpParameters) -> Result<Self> {
        parameters.validate()?;
        let mut full = parameters.clone();
        // The plan leaves out what the energy does not depend on, but its derivative by a coefficient of zero is not zero.
        full.moment_coeffs.iter_mut().filter(|x| **x == 0.0).for_each(|x| *x = f64::MIN_POSITIVE);
        let plan = ContractionPlan::new(&full);
        let shape = Shape::new(&plan, parameters);
        Ok(Self {
            species: parameters.species_count,
            scalars: Scalars::new(parameters, &shape),
            radial: RadialFunctions::new(parameters),
            instructions: Instructions::widest(),
            shape,
            plan,
        })
    }

    /// Number of parameters.
    pub fn parameter_count(&self) -> usize {
        self.linear_start() + self.species + self.scalars.count()
    }

    /// Index of the first linear parameter: species and moment coefficients come after the radial ones.
    pub fn linear_start(&self) -> usize {
        self.species * self.species * self.shape.functions * self.shape.basis
    }

    /// Fills `out` for `system`, whose neighbour list holds every pair within the cutoff.
    ///
    /// # Errors
    /// A type that is none of the potential's species.
    pub fn rows(
        &self,
        system: &System,
        neighbors: &NeighborList,
        workspace: &mut JacobianWorkspace,
        out: &mut JacobianRows,
    ) -> Result<()> {
        self.check_types(system)?;
        out.reset(system.len(), self.parameter_count());
        let input = SiteInput { system, neighbors };
        for atom in 0..system.len() {
            match self.instructions {
                Instructions::Baseline => self.prepare(&input, atom, workspace, out),
                // SAFETY: `Instructions::widest` asked the processor.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => unsafe { self.prepare_avx2(&input, atom, workspace, out) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => unsafe { self.prepare_avx512(&input, atom, workspace, out) },
            }
        }
        Ok(())
    }

    fn check_types(&self, system: &System) -> Result<()> {
        match system.types.iter().position(|&t| t as usize >= self.species) {
            Some(atom) => {
                let found = format!("type {} of atom {}", system.types[atom], atom + 1);
                Err(Error::invalid("species", found, format!("a type below {}", self.species)))
            }
            None => Ok(()),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn prepare_avx2(&self, input: &SiteInput, i: usize, workspace: &mut JacobianWorkspace, out: &mut JacobianRows) {
        self.prepare(input, i, workspace, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn prepare_avx512(&self, input: &SiteInput, i: usize, workspace: &mut JacobianWorkspace, out: &mut JacobianRows) {
        self.prepare(input, i, workspace, out);
    }

    /// One atom's part of every row.
    #[inline(always)]
    fn prepare(&self, input: &SiteInput, i: usize, workspace: &mut JacobianWorkspace, out: &mut JacobianRows) {
        let JacobianWorkspace { site, adjoints, scalars, factors, gradients } = workspace;
        let zi = input.system.types[i] as usize;
        site.gather(input, i, &self.radial, &self.shape);
        adjoints.fill(&self.plan, &site.moments);
        self.scalars.fill(&site.moments, scalars);
        self.energy_row(zi, site, adjoints, scalars, out);
        self.fill_factors(site, adjoints, scalars, factors);
        site.differentiate(&self.shape);
        let (columns, width) = (site.columns(), self.width());
        gradients.clear();
        gradients.resize(columns * width, 0.0);
        multiply(&site.derivatives, factors, gradients, [self.shape.nodes.len(), columns, width]);
        site.add_explicit(&self.shape, &adjoints.adjoints, gradients, width);
        self.scatter(zi, i, site, gradients, out);
        site.add_wall(i, &self.radial, &mut out.constants);
    }

    /// Radial coefficients of one species, padded to whole lanes, then the scalars.
    fn width(&self) -> usize {
        self.species * self.shape.functions * self.shape.padded_basis() + self.scalars.count()
    }

    #[inline(always)]
    fn energy_row(
        &self,
        zi: usize,
        site: &Site,
        adjoints: &Adjoints,
        scalars: &scalars::Values,
        out: &mut JacobianRows,
    ) {
        let linear = self.linear_start();
        let block = self.shape.functions * self.shape.basis;
        for zj in 0..self.species {
            for (node, &[mu, monomial]) in self.shape.nodes.iter().enumerate() {
                let start = (zi * self.species + zj) * block + mu * self.shape.basis;
                let adjoint = adjoints.adjoints[node];
                let sums = site.sums(&self.shape, monomial, zj).as_flattened();
                for (entry, sum) in out.values[start..start + self.shape.basis].iter_mut().zip(sums) {
                    *entry += adjoint * sum;
                }
            }
        }
        out.values[linear + zi] += 1.0;
        let moments = &mut out.values[linear + self.species..linear + self.species + self.scalars.count()];
        for (entry, value) in moments.iter_mut().zip(self.scalars.values(scalars)) {
            *entry += value;
        }
    }

    /// For each moment k: tangents `sum_l H_kl dm_l/dc` of each radial coefficient, then `dB/dm_k` of each scalar.
    #[inline(always)]
    fn fill_factors(&self, site: &Site, adjoints: &mut Adjoints, scalars: &scalars::Values, factors: &mut Vec<f64>) {
        let (nodes, width) = (self.shape.nodes.len(), self.width());
        factors.clear();
        factors.resize(nodes * width, 0.0);
        let blocks = self.shape.basis_blocks;
        for zj in 0..self.species {
            for mu in 0..self.shape.functions {
                for block in 0..blocks {
                    let start = ((zj * self.shape.functions + mu) * blocks + block) * LANES;
                    let range = self.shape.nodes_of[mu].clone();
                    let seed = |node: usize| match range.contains(&node) {
                        true => Lanes(site.sums(&self.shape, self.shape.nodes[node][1], zj)[block]),
                        false => Lanes::ZERO,
                    };
                    adjoints.tangents(&self.plan, seed, |node, tangent| {
                        factors[node * width + start..][..LANES].copy_from_slice(&tangent.0);
                    });
                }
            }
        }
        self.scalars.write_transposed(scalars, factors, width, width - self.scalars.count());
    }

    /// Adds the gradients of one site to the rows of its forces, of its neighbours' and of the stress.
    #[inline(always)]
    fn scatter(&self, zi: usize, i: usize, site: &Site, gradients: &[f64], out: &mut JacobianRows) {
        let (n, width, length, stress) = (site.count(), self.width(), out.parameters, out.len() - 6);
        let row_of = |column: usize| match column.checked_sub(3 * n) {
            None => (1 + 3 * site.atom(column % n) + column / n, -1.0),
            Some(component @ 0..3) => (1 + 3 * i + component, 1.0),
            Some(component) => (stress + component - 3, -1.0),
        };
        let (radial_width, padded) = (width - self.scalars.count(), self.shape.padded_basis());
        let radial = zi * self.species * self.shape.functions * self.shape.basis;
        let moments = self.linear_start() + self.species;
        for (column, gradient) in gradients.chunks_exact(width).enumerate() {
            let (row, sign) = row_of(column);
            let row = &mut out.values[row * length..(row + 1) * length];
            let blocks = gradient[..radial_width].chunks_exact(padded);
            for (block, target) in blocks.zip(row[radial..].chunks_exact_mut(self.shape.basis)) {
                target.iter_mut().zip(block).for_each(|(entry, value)| *entry += sign * value);
            }
            let scalars = &gradient[radial_width..];
            row[moments..].iter_mut().zip(scalars).for_each(|(entry, value)| *entry += sign * value);
        }
    }
}

/// `out[column][parameter] = sum_node derivatives[node][column] factors[node][parameter]`, all row-major.
fn multiply(derivatives: &[f64], factors: &[f64], out: &mut [f64], [nodes, columns, width]: [usize; 3]) {
    if nodes == 0 || width == 0 {
        return;
    }
    // A row-major matrix is its transpose in nalgebra's order: out^T = factors^T derivatives.
    let left = DMatrixView::from_slice(factors, width, nodes);
    let right = MatrixView::<f64, Dyn, Dyn, Dyn, Dyn>::from_slice_with_strides(derivatives, nodes, columns, columns, 1);
    DMatrixViewMut::from_slice(out, width, columns).gemm(1.0, &left, &right, 0.0);
}
