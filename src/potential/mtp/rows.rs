//! `b = dV_i/dtheta`: the derivatives of a site energy by every parameter, `theta` in the file's order.
//!
//! | parameter | derivative |
//! |---|---|
//! | c\[zi\]\[zj\]\[mu\]\[xi\] | `sum over neighbours j of species zj of Q_xi(r_ij) P_mu(u_ij)` |
//! | species coefficient of zi | 1 |
//! | moment coefficient k | the value of scalar moment k |
//!
//! `P_mu(u) = sum_k (dV_i/dm_k) u^k` over the basic moments of radial function mu: the polynomial of the force kernel
//! ([`kernel_lanes`](super::kernel_lanes)), from the same sums, products and adjoints. All other derivatives are zero, so a
//! row is held as its entries of one species only ([`RowLayout`]).

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::math::lanes::{Lanes, entry_by_entry};
use crate::parallel;

use super::kernel_lanes::{BATCH, Instructions, Node, contract, sum_moments};
use super::neighborhood::{Neighborhood, Track, envelope};
use super::parameters::MtpParameters;
use super::plan::RowPlan;
use super::radial::{RadialFunctions, Recurrence, normalisations};
use super::site::SiteInput;

/// Which entries of a row a site of one species has: its radial coefficients, its own species', the moments'.
#[derive(Debug, Clone)]
pub(super) struct RowLayout {
    species: usize,
    radial: usize,
    moments: usize,
}

impl RowLayout {
    fn new(parameters: &MtpParameters) -> Self {
        let species = parameters.species_count;
        Self {
            species,
            radial: species * parameters.radial_funcs_count * parameters.radial_basis.size,
            moments: parameters.moment_coeffs.len(),
        }
    }

    /// Entries of a site's row.
    pub(super) fn entries(&self) -> usize {
        self.radial + 1 + self.moments
    }

    /// All parameters.
    pub(super) fn parameters(&self) -> usize {
        self.species * (self.radial + 1) + self.moments
    }

    /// Where the entries of a site of species `zi` stand among all parameters, part by part.
    pub(super) fn parts(&self, zi: usize) -> [Range<usize>; 3] {
        let own = self.species * self.radial + zi;
        let moments = self.species * (self.radial + 1);
        [zi * self.radial..(zi + 1) * self.radial, own..own + 1, moments..moments + self.moments]
    }
}

/// Fills rows of derivatives, and multiplies them with a matrix.
pub(super) trait RowKernel: Send + Sync + std::fmt::Debug {
    fn layout(&self) -> &RowLayout;

    /// Adds the rows of up to [`BATCH`] atoms of species `zi` to `total`, all parameters wide, unless that is empty.
    /// Returns `max_k |(b M)_k|` of each row `b`; `columns` is M by [`grouped_columns`].
    fn largest_products(&self, input: &SiteInput, batch: Batch, columns: &[f64], total: &mut [f64]) -> Node;

    /// The same atoms' rows, all parameters wide, into `rows`, one after another.
    fn spread_rows(&self, input: &SiteInput, batch: Batch, rows: &mut [f64]);
}

/// Up to [`BATCH`] atoms of one species.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch<'a> {
    pub species: usize,
    pub atoms: &'a [u32],
}

/// The widest kernel that this machine runs.
pub(super) fn widest(parameters: &MtpParameters) -> Box<dyn RowKernel> {
    match Instructions::widest() {
        Instructions::Baseline => narrow(parameters),
        #[cfg(target_arch = "x86_64")]
        avx2 @ Instructions::Avx2 => Box::new(RowLanes::<4>::new(parameters, avx2)),
        #[cfg(target_arch = "x86_64")]
        avx512 @ Instructions::Avx512 => Box::new(RowLanes::<8>::new(parameters, avx512)),
    }
}

/// The 128-bit kernel, which every target runs.
pub(super) fn narrow(parameters: &MtpParameters) -> Box<dyn RowKernel> {
    Box::new(RowLanes::<2>::new(parameters, Instructions::Baseline))
}

/// Kernel with `W` lanes.
#[derive(Debug)]
struct RowLanes<const W: usize> {
    layout: RowLayout,
    radial: RadialFunctions,
    normalisations: Vec<f64>,
    plan: RowPlan,
    instructions: Instructions,
    /// One per thread; the lock is never contended.
    workspaces: Vec<Mutex<Workspace<W>>>,
}

#[derive(Debug)]
struct Workspace<const W: usize> {
    atoms: Vec<Neighborhood<W>>,
    values: Vec<Node>,
    adjoints: Vec<Node>,
    /// The batch's rows, [`RowLayout::entries`] of them.
    rows: Vec<Node>,
    /// Adjoints of one atom's summed moments of one radial function.
    coefficients: Vec<f64>,
    /// P_mu of each neighbour.
    polynomials: Vec<Track<W>>,
    /// P_mu of the neighbours at hand.
    here: Vec<Lanes<W>>,
    /// Sums over the neighbours of one species, index `xi*K + mu`.
    sums: Vec<Lanes<W>>,
}

impl<const W: usize> RowLanes<W> {
    fn new(parameters: &MtpParameters, instructions: Instructions) -> Self {
        let radial = RadialFunctions::new(parameters);
        let plan = RowPlan::new(parameters);
        let layout = RowLayout::new(parameters);
        let workspace = || Workspace {
            rows: vec![[0.0; BATCH]; layout.entries()],
            atoms: (0..BATCH).map(|_| Neighborhood::new(radial.count)).collect(),
            values: vec![[0.0; BATCH]; plan.contraction.node_count()],
            adjoints: vec![[0.0; BATCH]; plan.contraction.node_count()],
            coefficients: Vec::new(),
            polynomials: vec![Vec::new(); radial.count],
            here: vec![Lanes::ZERO; radial.count],
            sums: vec![Lanes::ZERO; radial.count * radial.size],
        };
        let workspaces = (0..=parallel::threads()).map(|_| Mutex::new(workspace())).collect();
        Self { workspaces, layout, normalisations: normalisations(parameters), radial, plan, instructions }
    }

    fn workspace(&self) -> MutexGuard<'_, Workspace<W>> {
        let own = parallel::thread_index().map_or(0, |index| index + 1) % self.workspaces.len();
        self.workspaces[own].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows of a batch into the workspace.
    #[inline(always)]
    fn fill(&self, input: &SiteInput, atoms: &[u32], workspace: &mut Workspace<W>) {
        for (lane, &atom) in atoms.iter().enumerate() {
            let neighborhood = &mut workspace.atoms[lane];
            neighborhood.gather(input, atom as usize, &self.radial);
            sum_moments(&self.plan.contraction, neighborhood, lane, &mut workspace.values);
        }
        contract(&self.plan.contraction, &mut workspace.values, &mut workspace.adjoints);
        let mut rows = std::mem::take(&mut workspace.rows);
        let (radial, rest) = rows.split_at_mut(self.layout.radial);
        radial.fill([0.0; BATCH]);
        for lane in 0..atoms.len() {
            self.evaluate_polynomials(lane, workspace);
            self.sum_basis(lane, workspace, radial);
        }
        if let Some((species, moments)) = rest.split_first_mut() {
            *species = [1.0; BATCH];
            self.scalar_values(&workspace.values, moments);
        }
        workspace.rows = rows;
    }

    #[inline(always)]
    fn fill_and_multiply(&self, input: &SiteInput, batch: Batch, columns: &[f64], total: &mut [f64]) -> Node {
        let workspace = &mut *self.workspace();
        self.fill(input, batch.atoms, workspace);
        if !total.is_empty() {
            let mut rows = workspace.rows.iter();
            for part in self.layout.parts(batch.species) {
                for (total, row) in total[part].iter_mut().zip(&mut rows) {
                    *total += row[..batch.atoms.len()].iter().sum::<f64>();
                }
            }
        }
        self.products(&workspace.rows, batch.species, columns)
    }

    fn scalar_values(&self, values: &[Node], moments: &mut [Node]) {
        for (value, scalar) in moments.iter_mut().zip(&self.plan.scalars) {
            let mut sum = scalar.node.map_or(Lanes::<BATCH>::ZERO, |node| Lanes(values[node as usize]));
            for term in &self.plan.products[scalar.products.clone()] {
                let product = Lanes(values[term.left as usize]) * Lanes(values[term.right as usize]);
                sum += product * Lanes::splat(term.coefficient);
            }
            *value = sum.0;
        }
    }

    /// P_mu at each neighbour of one atom, by Horner's scheme in x inside of one in y.
    #[inline(always)]
    fn evaluate_polynomials(&self, lane: usize, workspace: &mut Workspace<W>) {
        let atom = &workspace.atoms[lane];
        let mut base = 0;
        for (mu, rank) in self.plan.contraction.ranks.iter().enumerate() {
            let track = &mut workspace.polynomials[mu];
            track.clear();
            // One entry more than there are: runs of species are read from any lane on.
            track.resize(atom.entries + 1, [0.0; W]);
            let Some(rank) = *rank else { continue };
            for s in 0..=rank.min(1) {
                let rows = rank - s + 1;
                let end = base + rows * (rows + 1) / 2;
                workspace.coefficients.clear();
                workspace.coefficients.extend(workspace.adjoints[base..end].iter().map(|node| node[lane]));
                for (n, value) in track[..atom.entries].iter_mut().enumerate() {
                    entry_by_entry();
                    let polynomial = horner(&workspace.coefficients, rows, Lanes(atom.x[n]), Lanes(atom.y[n]));
                    let factor = if s == 0 { Lanes::splat(1.0) } else { Lanes(atom.z[n]) };
                    *value = (Lanes(*value) + polynomial * factor).0;
                }
                base = end;
            }
        }
    }

    /// `sum_j Q_xi(r_ij) P_mu(u_ij)` over the neighbours of each species, into the atom's lane of `rows`.
    #[inline(always)]
    fn sum_basis(&self, lane: usize, workspace: &mut Workspace<W>, rows: &mut [Node]) {
        let Workspace { atoms, polynomials, here, sums, .. } = workspace;
        let (count, size) = (self.radial.count, self.radial.size);
        let mut start = 0;
        for &(end, zj) in &atoms[lane].runs {
            sums.fill(Lanes::ZERO);
            for n in (start..end).step_by(W) {
                entry_by_entry();
                // Lanes from `end` on belong to the next species.
                let taken = (end - n).min(W);
                for (here, track) in here.iter_mut().zip(&*polynomials) {
                    entry_by_entry();
                    *here = lanes_from(track, n, taken, 0.0);
                }
                let distance = lanes_from(&atoms[lane].distance, n, taken, self.radial.max_dist);
                self.add_neighbors(distance, here, sums);
            }
            for mu in 0..count {
                for xi in 0..size {
                    rows[(zj * count + mu) * size + xi][lane] += self.normalisations[xi] * sums[xi * count + mu].sum();
                }
            }
            start = end;
        }
    }

    /// Adds `Q_xi P_mu` of `W` neighbours.
    #[inline(always)]
    fn add_neighbors(&self, distance: Lanes<W>, polynomials: &[Lanes<W>], sums: &mut [Lanes<W>]) {
        let radial = &self.radial;
        let r = if radial.repulsive { distance.map(|r| r.max(radial.min_dist)) } else { distance };
        let x = r * Lanes::splat(radial.slope) + Lanes::splat(radial.intercept);
        let (mut p, mut before) = (envelope(radial, r).0, Lanes::ZERO);
        for (xi, row) in sums.chunks_exact_mut(radial.count).enumerate() {
            if xi > 0 {
                let Recurrence { a, b, c } = radial.steps[xi - 1];
                let factor = x * Lanes::splat(a) + Lanes::splat(b);
                (p, before) = (factor * p + before * Lanes::splat(c), p);
            }
            for (sum, polynomial) in row.iter_mut().zip(polynomials) {
                entry_by_entry();
                *sum += p * *polynomial;
            }
        }
    }

    #[inline(always)]
    fn products(&self, rows: &[Node], zi: usize, columns: &[f64]) -> Node {
        let parts = self.layout.parts(zi);
        let mut largest = [0.0; BATCH];
        for group in columns.chunks_exact(self.layout.parameters() * COLUMNS) {
            products_of(rows, &parts, group, &mut largest);
        }
        largest
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2(&self, input: &SiteInput, batch: Batch, columns: &[f64], total: &mut [f64]) -> Node {
        self.fill_and_multiply(input, batch, columns, total)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    fn run_avx512(&self, input: &SiteInput, batch: Batch, columns: &[f64], total: &mut [f64]) -> Node {
        self.fill_and_multiply(input, batch, columns, total)
    }
}

/// Columns of the matrix that one load of a row's entries serves; their sums have to stay in registers, of which 128-bit
/// instructions have sixteen.
const COLUMNS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 4 };

/// A matrix, n x n and row-major, as [`RowKernel::largest_products`] reads it: groups of [`COLUMNS`] columns, each group row by
/// row, the last one filled up with zeros.
pub(super) fn grouped_columns(matrix: &[f64], n: usize) -> Vec<f64> {
    let mut grouped = Vec::with_capacity(n.next_multiple_of(COLUMNS) * n);
    for first in (0..n).step_by(COLUMNS) {
        for row in matrix.chunks_exact(n) {
            grouped.extend((first..first + COLUMNS).map(|column| row.get(column).copied().unwrap_or(0.0)));
        }
    }
    grouped
}

/// Raises `largest` to the products with one group of columns.
#[inline(always)]
fn products_of(rows: &[Node], parts: &[Range<usize>; 3], group: &[f64], largest: &mut Node) {
    let mut sums = [Lanes::<BATCH>::ZERO; COLUMNS];
    let mut rest = rows;
    for part in parts {
        let (rows, after) = rest.split_at(part.len());
        rest = after;
        let entries = group[part.start * COLUMNS..part.end * COLUMNS].chunks_exact(COLUMNS);
        for (row, entries) in rows.iter().zip(entries) {
            for (sum, entry) in sums.iter_mut().zip(entries) {
                *sum += Lanes(*row) * Lanes::splat(*entry);
            }
        }
    }
    for sum in sums {
        for (largest, product) in largest.iter_mut().zip(sum.0) {
            *largest = f64::max(*largest, product.abs());
        }
    }
}

/// `W` values from place `n` on, of which those past `taken` are replaced.
#[inline(always)]
fn lanes_from<const W: usize>(track: &Track<W>, n: usize, taken: usize, empty: f64) -> Lanes<W> {
    let values = &track.as_flattened()[n..n + W];
    Lanes(std::array::from_fn(|k| if k < taken { values[k] } else { empty }))
}

/// `sum over q, p of c[q][p] x^p y^q`, rows of falling length one after another: `rows` coefficients for q = 0, then one fewer.
#[inline(always)]
fn horner<const W: usize>(coefficients: &[f64], rows: usize, x: Lanes<W>, y: Lanes<W>) -> Lanes<W> {
    let mut value = Lanes::ZERO;
    let mut end = coefficients.len();
    for length in 1..=rows {
        let mut row = Lanes::ZERO;
        for &coefficient in coefficients[end - length..end].iter().rev() {
            row = row * x + Lanes::splat(coefficient);
        }
        value = value * y + row;
        end -= length;
    }
    value
}

impl<const W: usize> RowKernel for RowLanes<W> {
    fn layout(&self) -> &RowLayout {
        &self.layout
    }

    fn largest_products(&self, input: &SiteInput, batch: Batch, columns: &[f64], total: &mut [f64]) -> Node {
        match self.instructions {
            Instructions::Baseline => self.fill_and_multiply(input, batch, columns, total),
            // SAFETY: `Instructions::widest` chose these after asking the processor.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { self.run_avx2(input, batch, columns, total) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { self.run_avx512(input, batch, columns, total) },
        }
    }

    fn spread_rows(&self, input: &SiteInput, batch: Batch, rows: &mut [f64]) {
        // Without columns this fills the thread's workspace and no more.
        self.largest_products(input, batch, &[], &mut []);
        let workspace = &*self.workspace();
        for (lane, row) in rows.chunks_exact_mut(self.layout.parameters()).enumerate() {
            row.fill(0.0);
            let mut entries = workspace.rows.iter();
            for part in self.layout.parts(batch.species) {
                for (value, entry) in row[part].iter_mut().zip(&mut entries) {
                    *value = entry[lane];
                }
            }
        }
    }
}
