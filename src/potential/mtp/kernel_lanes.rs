//! The fast kernel: neighbours as SIMD lanes for the sums, atoms as lanes for the products.
//!
//! For each atom ([`neighborhood`](super::neighborhood)): radial functions once per neighbour, then one pass a row of
//! moments, in which a power of x is one multiplication. The products of [`BATCH`] atoms run together
//! ([`ContractionPlan`]), so that one load of an index serves them all. The backward pass evaluates, per neighbour, the
//! polynomial whose coefficients are the adjoints, and its gradient, by Horner's scheme; no Jacobian is stored.
//!
//! Lane width changes the order in which neighbours are summed, and nothing else: results of two machines agree to
//! rounding, results of one machine agree to the bit for any number of threads.

use std::sync::{Mutex, PoisonError};

use crate::math::Mat3;
use crate::math::lanes::Lanes;
use crate::parallel;

use super::neighborhood::{Gradients, Neighborhood};
use super::parameters::MtpParameters;
use super::plan::{ContractionPlan, summed_count};
use super::radial::RadialFunctions;
use super::site::{SiteInput, SiteKernel, SiteOutput};

/// Atoms whose products are evaluated together.
pub(super) const BATCH: usize = 8;

/// The highest tensor rank that this kernel takes; the largest standard template has 10.
pub(super) const MAX_RANK: usize = 11;

/// Values of one node for each atom of a batch.
pub(super) type Node = [f64; BATCH];

/// Kernel with `W` lanes.
#[derive(Debug)]
pub(super) struct LanesKernel<const W: usize> {
    radial: RadialFunctions,
    plan: ContractionPlan,
    species_coeffs: Vec<f64>,
    instructions: Instructions,
    /// One per thread; the lock is never contended.
    workspaces: Vec<Mutex<Workspace<W>>>,
}

/// Which instructions the compiler may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    /// What the build targets: wasm simd128, SSE2.
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

#[derive(Debug)]
struct Workspace<const W: usize> {
    atoms: Vec<Neighborhood<W>>,
    gradients: Gradients<W>,
    values: Vec<Node>,
    adjoints: Vec<Node>,
}

impl Instructions {
    /// The widest that this machine runs.
    pub(super) fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512dq") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Baseline
    }
}

/// The widest kernel that this machine runs.
pub(super) fn widest(parameters: &MtpParameters) -> Box<dyn SiteKernel> {
    match Instructions::widest() {
        Instructions::Baseline => narrow(parameters),
        #[cfg(target_arch = "x86_64")]
        avx2 @ Instructions::Avx2 => Box::new(LanesKernel::<4>::new(parameters, avx2)),
        #[cfg(target_arch = "x86_64")]
        avx512 @ Instructions::Avx512 => Box::new(LanesKernel::<8>::new(parameters, avx512)),
    }
}

/// The 128-bit kernel, which every target runs.
pub(super) fn narrow(parameters: &MtpParameters) -> Box<dyn SiteKernel> {
    Box::new(LanesKernel::<2>::new(parameters, Instructions::Baseline))
}

impl<const W: usize> LanesKernel<W> {
    fn new(parameters: &MtpParameters, instructions: Instructions) -> Self {
        let radial = RadialFunctions::new(parameters);
        let plan = ContractionPlan::new(parameters);
        let workspace = || Workspace {
            atoms: (0..BATCH).map(|_| Neighborhood::new(radial.count)).collect(),
            gradients: Gradients::new(),
            values: vec![[0.0; BATCH]; plan.node_count()],
            adjoints: vec![[0.0; BATCH]; plan.node_count()],
        };
        let workspaces = (0..=parallel::threads()).map(|_| Mutex::new(workspace())).collect();
        Self { workspaces, radial, plan, species_coeffs: parameters.species_coeffs.clone(), instructions }
    }

    #[inline(always)]
    fn run(&self, input: &SiteInput, first: usize, out: SiteOutput) {
        let own = parallel::thread_index().map_or(0, |index| index + 1) % self.workspaces.len();
        let workspace = &mut *self.workspaces[own].lock().unwrap_or_else(PoisonError::into_inner);
        let start = input.neighbors.range(first).start;
        *out.virial = Mat3::zeros();
        for (batch, energies) in out.energies.chunks_mut(BATCH).enumerate() {
            let atoms = first + batch * BATCH;
            for (lane, energy) in energies.iter_mut().enumerate() {
                *energy = self.species_coeffs[input.system.types[atoms + lane] as usize];
                let neighborhood = &mut workspace.atoms[lane];
                *energy += neighborhood.gather(input, atoms + lane, &self.radial);
                sum_moments(&self.plan, neighborhood, lane, &mut workspace.values);
            }
            let site = contract(&self.plan, &mut workspace.values, &mut workspace.adjoints);
            for (lane, energy) in energies.iter_mut().enumerate() {
                *energy += site[lane];
                let slots = input.neighbors.range(atoms + lane);
                let gradients = &mut out.gradients[slots.start - start..slots.end - start];
                self.differentiate(&mut workspace.atoms[lane], lane, &workspace.adjoints, &mut workspace.gradients);
                *out.virial -= workspace.gradients.finish(&workspace.atoms[lane], &self.radial, gradients);
            }
        }
    }

    /// Gradient of the site energy with respect to each neighbour, from the adjoints of the summed moments.
    #[inline(always)]
    fn differentiate(&self, atom: &mut Neighborhood<W>, lane: usize, adjoints: &[Node], out: &mut Gradients<W>) {
        out.reset(atom);
        let mut base = 0;
        for (mu, rank) in self.plan.ranks.iter().enumerate() {
            let Some(rank) = *rank else { continue };
            for s in 0..=rank.min(1) {
                let rows = rank - s + 1;
                let mut end = base + rows * (rows + 1) / 2;
                let block_end = end;
                out.start_polynomial();
                for length in 1..=rows {
                    out.add_row(atom, length, |p| adjoints[end - length + p][lane]);
                    end -= length;
                }
                out.finish_polynomial(atom, mu, s);
                base = block_end;
            }
        }
        debug_assert_eq!(base, self.plan.ranks.iter().flatten().map(|&rank| summed_count(rank)).sum::<usize>());
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2(&self, input: &SiteInput, first: usize, out: SiteOutput) {
        self.run(input, first, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn run_avx512(&self, input: &SiteInput, first: usize, out: SiteOutput) {
        self.run(input, first, out);
    }
}

impl<const W: usize> SiteKernel for LanesKernel<W> {
    fn sites(&self, input: &SiteInput, first: usize, out: SiteOutput) {
        match self.instructions {
            Instructions::Baseline => self.run(input, first, out),
            // SAFETY: `Instructions::widest` chose these after asking the processor.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { self.run_avx2(input, first, out) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { self.run_avx512(input, first, out) },
        }
    }
}

/// Sums the moments of one atom over its neighbours into its lane of `values`.
#[inline(always)]
pub(super) fn sum_moments<const W: usize>(
    plan: &ContractionPlan,
    atom: &mut Neighborhood<W>,
    lane: usize,
    values: &mut [Node],
) {
    let mut next = 0;
    for (mu, rank) in plan.ranks.iter().enumerate() {
        let Some(rank) = *rank else { continue };
        for s in 0..=rank.min(1) {
            atom.start_rows(mu, s);
            for q in 0..=rank - s {
                let length = rank - s - q + 1;
                atom.sum_row(length, |p, sum| values[next + p][lane] = sum);
                next += length;
            }
        }
    }
}

/// Completes the values, fills the adjoints, and returns the part of each atom's energy that comes from moments.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn contract(plan: &ContractionPlan, values: &mut [Node], adjoints: &mut [Node]) -> Node {
    for (k, &[a, b, c]) in plan.dependents.iter().enumerate() {
        let value = |node: u32| Lanes(values[node as usize]);
        values[plan.summed + k] = (value(a) - value(b) - value(c)).0;
    }
    let mut start = 0;
    let first_product = plan.summed + plan.dependents.len();
    for (k, &end) in plan.product_ends.iter().enumerate() {
        let mut sum = Lanes::<BATCH>::ZERO;
        for term in &plan.products[start..end] {
            let product = Lanes(values[term.left as usize]) * Lanes(values[term.right as usize]);
            sum += product * Lanes::splat(term.coefficient);
        }
        values[first_product + k] = sum.0;
        start = end;
    }
    let mut energy = Lanes::<BATCH>::ZERO;
    for (node, row) in plan.rows.iter().enumerate().rev() {
        let mut quadratic = Lanes::<BATCH>::ZERO;
        for term in &plan.quadratic[row.quadratic.clone()] {
            quadratic += Lanes(values[term.node as usize]) * Lanes::splat(term.coefficient);
        }
        let linear = Lanes::splat(row.linear);
        energy += Lanes(values[node]) * (linear + quadratic * Lanes::splat(0.5));
        let mut adjoint = linear + quadratic;
        for term in &plan.chain[row.chain.clone()] {
            let product = Lanes(adjoints[term.left as usize]) * Lanes(values[term.right as usize]);
            adjoint += product * Lanes::splat(term.coefficient);
        }
        for term in &plan.shares[row.shares.clone()] {
            adjoint += Lanes(adjoints[term.node as usize]) * Lanes::splat(term.coefficient);
        }
        adjoints[node] = adjoint.0;
    }
    energy.0
}
