//! One atom's neighbours: monomials, radial functions, and the derivatives of the summed moments by each neighbour.
//!
//! Neighbours lie side by side, so that every loop over them is one over consecutive numbers.

use super::super::radial::{RadialFunctions, repulsion};
use super::super::site::SiteInput;
use super::gradient::Sensitivity;
use super::shape::Shape;
use super::tangent::LANES;
use crate::math::lanes::Lanes;

/// The components of PlusStress: xx, yy, zz, yz, xz, xy.
pub(super) const STRESS: [[usize; 2]; 6] = [[0, 0], [1, 1], [2, 2], [1, 2], [0, 2], [0, 1]];

/// Neighbours within the cutoff, grouped by species. Arrays `[c][j]` hold component c of neighbour j at `c * n + j`.
#[derive(Debug, Default)]
pub(super) struct Site {
    atoms: Vec<usize>,
    species: Vec<usize>,
    distance: Vec<f64>,
    /// Unit vectors, `[3][n]`.
    unit: Vec<f64>,
    /// `Q_xi` and its derivative, `[n][R padded]`.
    basis: Vec<[f64; LANES]>,
    basis_slopes: Vec<[f64; LANES]>,
    /// `f_mu` and its derivative, `[K][n]`.
    f: Vec<f64>,
    df: Vec<f64>,
    /// Monomials of the unit vector, `[S][n]`.
    monomials: Vec<f64>,
    /// Their gradients by the neighbour's position, `[S][3][n]`.
    monomial_gradients: Vec<f64>,
    /// `sum_j Q_xi u^alpha` over the neighbours of each species: `[S][species][R in blocks]`.
    sums: Vec<[f64; LANES]>,
    species_count: usize,
    /// Derivatives along a direction of the neighbours' positions: of the distance and the unit vectors, `[4][n]`, of the
    /// monomials and of `sums`.
    directions: Vec<f64>,
    monomial_tangents: Vec<f64>,
    sum_tangents: Vec<[f64; LANES]>,
    /// The summed moments.
    pub moments: Vec<f64>,
    /// Their derivatives along the direction.
    pub moment_tangents: Vec<f64>,
    /// The derivatives of their adjoints.
    pub adjoint_tangents: Vec<f64>,
    /// Derivatives of each summed moment, one row a moment: by the 3n positions, then their sum (3), then `sum_j g_a r_b` (6).
    pub derivatives: Vec<f64>,
}

impl Site {
    pub(super) fn count(&self) -> usize {
        self.atoms.len()
    }

    /// Length of a row of `derivatives`.
    pub(super) fn columns(&self) -> usize {
        3 * self.count() + 9
    }

    /// Which atom neighbour j is.
    pub(super) fn atom(&self, j: usize) -> usize {
        self.atoms[j]
    }

    /// `sum_j Q_xi u^alpha` over the neighbours of species `zj`, by blocks of xi.
    #[inline(always)]
    pub(super) fn sums(&self, shape: &Shape, monomial: usize, zj: usize) -> &[[f64; LANES]] {
        let start = (monomial * self.species_count + zj) * shape.basis_blocks;
        &self.sums[start..start + shape.basis_blocks]
    }

    /// Finds the neighbours of atom `i` and sums their moments.
    #[inline(always)]
    pub(super) fn gather(&mut self, input: &SiteInput, i: usize, radial: &RadialFunctions, shape: &Shape) {
        let mut vectors = std::mem::take(&mut self.derivatives);
        vectors.clear();
        self.atoms.clear();
        self.species.clear();
        self.distance.clear();
        for s in input.neighbors.range(i) {
            let d = input.neighbors.vector(i, s);
            let r = d.norm();
            if r < radial.max_dist {
                let atom = input.neighbors.slots()[s].atom as usize;
                self.atoms.push(atom);
                self.species.push(input.system.types[atom] as usize);
                self.distance.push(r);
                vectors.extend(d.iter());
            }
        }
        let n = self.count();
        self.unit.clear();
        for c in 0..3 {
            self.unit.extend((0..n).map(|j| vectors[3 * j + c] / self.distance[j]));
        }
        self.derivatives = vectors;
        self.fill_radial(input.system.types[i] as usize, radial, shape);
        self.fill_monomials(shape);
        self.species_count = radial.species_count();
        self.sum_moments(input.system.types[i] as usize, radial, shape);
    }

    #[inline(always)]
    fn fill_radial(&mut self, zi: usize, radial: &RadialFunctions, shape: &Shape) {
        let (n, count) = (self.count(), radial.count);
        for track in [&mut self.basis, &mut self.basis_slopes] {
            track.clear();
            track.resize(n * shape.basis_blocks, [0.0; LANES]);
        }
        for track in [&mut self.f, &mut self.df] {
            track.clear();
            track.resize(n * count, 0.0);
        }
        let width = shape.padded_basis();
        for j in 0..n {
            let values = &mut self.basis.as_flattened_mut()[j * width..j * width + shape.basis];
            let slopes = &mut self.basis_slopes.as_flattened_mut()[j * width..j * width + shape.basis];
            radial.basis(self.distance[j], values, slopes);
            let coefficients = radial.raw_coefficients(zi, self.species[j]);
            for (mu, row) in coefficients.chunks_exact(shape.basis).enumerate() {
                self.f[mu * n + j] = row.iter().zip(&*values).map(|(c, q)| c * q).sum();
                self.df[mu * n + j] = row.iter().zip(&*slopes).map(|(c, q)| c * q).sum();
            }
        }
    }

    #[inline(always)]
    fn fill_monomials(&mut self, shape: &Shape) {
        let n = self.count();
        self.monomials.clear();
        self.monomials.resize(shape.monomials.len() * n, 1.0);
        for (k, monomial) in shape.monomials.iter().enumerate() {
            let Some((axis, lower)) = monomial.step() else { continue };
            let (done, rest) = self.monomials.split_at_mut(k * n);
            let (lower, axis) = (&done[lower * n..(lower + 1) * n], &self.unit[axis * n..(axis + 1) * n]);
            for ((value, lower), u) in rest[..n].iter_mut().zip(lower).zip(axis) {
                *value = lower * u;
            }
        }
    }

    #[inline(always)]
    fn sum_moments(&mut self, zi: usize, radial: &RadialFunctions, shape: &Shape) {
        let (n, blocks, species) = (self.count(), shape.basis_blocks, self.species_count);
        self.sums.clear();
        self.sums.resize(shape.monomials.len() * species * blocks, [0.0; LANES]);
        for k in 0..shape.monomials.len() {
            let monomial = &self.monomials[k * n..(k + 1) * n];
            let mut start = 0;
            while start < n {
                let (zj, end) = self.run(start);
                for block in 0..blocks {
                    let mut sum = Lanes::<LANES>::ZERO;
                    for (j, &factor) in (start..).zip(&monomial[start..end]) {
                        sum += Lanes(self.basis[j * blocks + block]) * Lanes::splat(factor);
                    }
                    let total = &mut self.sums[(k * species + zj) * blocks + block];
                    *total = (Lanes(*total) + sum).0;
                }
                start = end;
            }
        }
        contract(zi, radial, shape, &self.sums, &mut self.moments);
    }

    /// Species and end of the run of neighbours that begins at `start`.
    #[inline(always)]
    fn run(&self, start: usize) -> (usize, usize) {
        let zj = self.species[start];
        (zj, start + self.species[start..].iter().take_while(|&&z| z == zj).count())
    }

    /// Sets the direction `v_ij = lambda_i - lambda_j - sigma r_ij` and follows the monomials along it.
    #[inline(always)]
    pub(super) fn follow(&mut self, i: usize, by: &Sensitivity, shape: &Shape) {
        let n = self.count();
        self.directions.clear();
        self.directions.resize(4 * n, 0.0);
        for j in 0..n {
            let unit: [f64; 3] = std::array::from_fn(|c| self.unit[c * n + j]);
            let mut v: [f64; 3] = std::array::from_fn(|c| by.forces[i][c] - by.forces[self.atoms[j]][c]);
            for (sigma, [a, b]) in by.stress.iter().zip(STRESS) {
                v[a] -= sigma * unit[b] * self.distance[j];
            }
            let along = unit[0] * v[0] + unit[1] * v[1] + unit[2] * v[2];
            self.directions[j] = along;
            for c in 0..3 {
                self.directions[(c + 1) * n + j] = (v[c] - unit[c] * along) / self.distance[j];
            }
        }
        self.monomial_tangents.clear();
        self.monomial_tangents.resize(shape.monomials.len() * n, 0.0);
        for (k, monomial) in shape.monomials.iter().enumerate() {
            let Some((axis, lower)) = monomial.step() else { continue };
            let (done, rest) = self.monomial_tangents.split_at_mut(k * n);
            let lower_tangent = &done[lower * n..(lower + 1) * n];
            let lower = &self.monomials[lower * n..(lower + 1) * n];
            let unit = &self.unit[axis * n..(axis + 1) * n];
            let turn = &self.directions[(axis + 1) * n..(axis + 2) * n];
            for (j, tangent) in rest[..n].iter_mut().enumerate() {
                *tangent = lower_tangent[j] * unit[j] + lower[j] * turn[j];
            }
        }
    }

    /// Derivatives of `sums` and of the moments along the direction.
    #[inline(always)]
    pub(super) fn sum_tangents(&mut self, zi: usize, radial: &RadialFunctions, shape: &Shape) {
        let (n, blocks, species) = (self.count(), shape.basis_blocks, self.species_count);
        self.sum_tangents.clear();
        self.sum_tangents.resize(self.sums.len(), [0.0; LANES]);
        for k in 0..shape.monomials.len() {
            let value = &self.monomials[k * n..(k + 1) * n];
            let tangent = &self.monomial_tangents[k * n..(k + 1) * n];
            let stretch = &self.directions[..n];
            let mut start = 0;
            while start < n {
                let (zj, end) = self.run(start);
                for block in 0..blocks {
                    let mut sum = Lanes::<LANES>::ZERO;
                    for j in start..end {
                        sum += Lanes(self.basis[j * blocks + block]) * Lanes::splat(tangent[j]);
                        sum += Lanes(self.basis_slopes[j * blocks + block]) * Lanes::splat(stretch[j] * value[j]);
                    }
                    let total = &mut self.sum_tangents[(k * species + zj) * blocks + block];
                    *total = (Lanes(*total) + sum).0;
                }
                start = end;
            }
        }
        contract(zi, radial, shape, &self.sum_tangents, &mut self.moment_tangents);
    }

    /// Derivatives of [`Site::sums`] along the direction.
    #[inline(always)]
    pub(super) fn tangent_sums(&self, shape: &Shape, monomial: usize, zj: usize) -> &[[f64; LANES]] {
        let start = (monomial * self.species_count + zj) * shape.basis_blocks;
        &self.sum_tangents[start..start + shape.basis_blocks]
    }

    /// Fills `derivatives`.
    #[inline(always)]
    pub(super) fn differentiate(&mut self, shape: &Shape) {
        self.fill_monomial_gradients(shape);
        let (n, columns) = (self.count(), self.columns());
        self.derivatives.clear();
        self.derivatives.resize(shape.nodes.len() * columns, 0.0);
        for (row, &[mu, monomial]) in self.derivatives.chunks_exact_mut(columns).zip(&shape.nodes) {
            let value = &self.monomials[monomial * n..(monomial + 1) * n];
            let (f, df) = (&self.f[mu * n..(mu + 1) * n], &self.df[mu * n..(mu + 1) * n]);
            for c in 0..3 {
                let gradient = &self.monomial_gradients[(monomial * 3 + c) * n..][..n];
                let unit = &self.unit[c * n..(c + 1) * n];
                let (own, sums) = row.split_at_mut(3 * n);
                let own = &mut own[c * n..(c + 1) * n];
                for j in 0..n {
                    own[j] = df[j] * unit[j] * value[j] + f[j] * gradient[j];
                }
                sums[c] = sum(own);
            }
            for (k, [a, b]) in STRESS.into_iter().enumerate() {
                let (gradient, unit) = (&row[a * n..(a + 1) * n], &self.unit[b * n..(b + 1) * n]);
                row[3 * n + 3 + k] = dot3(gradient, unit, &self.distance);
            }
        }
    }

    /// Gradients of the monomials: those of the polynomials, less what points along u, over r.
    #[inline(always)]
    fn fill_monomial_gradients(&mut self, shape: &Shape) {
        let n = self.count();
        self.monomial_gradients.clear();
        self.monomial_gradients.resize(shape.monomials.len() * 3 * n, 0.0);
        for (k, monomial) in shape.monomials.iter().enumerate() {
            let degree = monomial.powers.iter().sum::<usize>() as f64;
            let value = &self.monomials[k * n..(k + 1) * n];
            for c in 0..3 {
                let out = &mut self.monomial_gradients[(k * 3 + c) * n..][..n];
                let unit = &self.unit[c * n..(c + 1) * n];
                let power = monomial.powers[c] as f64;
                let lower = monomial.lowered[c].map_or(value, |lower| &self.monomials[lower * n..(lower + 1) * n]);
                for j in 0..n {
                    out[j] = (power * lower[j] - degree * unit[j] * value[j]) / self.distance[j];
                }
            }
        }
    }

    /// Adds what a radial coefficient changes in dm/dr itself: `sum_k a_k d(Q_xi u^alpha)/dr` with the adjoints a.
    #[inline(always)]
    pub(super) fn add_explicit(&self, shape: &Shape, adjoints: &[f64], gradients: &mut [f64], width: usize) {
        let (n, blocks) = (self.count(), shape.basis_blocks);
        for mu in 0..shape.functions {
            for j in 0..n {
                let mut value = 0.0;
                let mut slope = [0.0; 3];
                for node in shape.nodes_of[mu].clone() {
                    let monomial = shape.nodes[node][1];
                    value += adjoints[node] * self.monomials[monomial * n + j];
                    for (c, slope) in slope.iter_mut().enumerate() {
                        *slope += adjoints[node] * self.monomial_gradients[(monomial * 3 + c) * n + j];
                    }
                }
                let unit: [f64; 3] = std::array::from_fn(|c| self.unit[c * n + j]);
                for block in 0..blocks {
                    let place = ((self.species[j] * shape.functions + mu) * blocks + block) * LANES;
                    let (q, dq) = (Lanes(self.basis[j * blocks + block]), Lanes(self.basis_slopes[j * blocks + block]));
                    let mut add = |column: usize, term: Lanes<LANES>| {
                        let entries = &mut gradients[column * width + place..][..LANES];
                        entries.iter_mut().zip(term.0).for_each(|(entry, value)| *entry += value);
                    };
                    let terms: [Lanes<LANES>; 3] =
                        std::array::from_fn(|c| dq * Lanes::splat(value * unit[c]) + q * Lanes::splat(slope[c]));
                    for (c, term) in terms.into_iter().enumerate() {
                        add(c * n + j, term);
                        add(3 * n + c, term);
                    }
                    for (k, [a, b]) in STRESS.into_iter().enumerate() {
                        add(3 * n + 3 + k, terms[a] * Lanes::splat(unit[b] * self.distance[j]));
                    }
                }
            }
        }
    }

    /// Adds energy, forces and stress of the wall that "repuls" bases put below the shortest distance.
    pub(super) fn add_wall(&self, i: usize, radial: &RadialFunctions, constants: &mut [f64]) {
        let (n, stress) = (self.count(), constants.len() - 6);
        let close = |j: &usize| radial.repulsive && self.distance[*j] < radial.min_dist;
        for j in (0..n).filter(close) {
            let (energy, slope) = repulsion(self.distance[j], radial.min_dist);
            constants[0] += energy;
            let gradient: [f64; 3] = std::array::from_fn(|c| slope * self.unit[c * n + j]);
            for (c, g) in gradient.iter().enumerate() {
                constants[1 + 3 * i + c] += g;
                constants[1 + 3 * self.atoms[j] + c] -= g;
            }
            for (k, [a, b]) in STRESS.into_iter().enumerate() {
                constants[stress + k] -= gradient[a] * self.unit[b * n + j] * self.distance[j];
            }
        }
    }
}

/// Moments from the sums over each species' neighbours: `sum_(zj,xi) c[zi][zj][mu][xi] sums`.
#[inline(always)]
fn contract(zi: usize, radial: &RadialFunctions, shape: &Shape, sums: &[[f64; LANES]], out: &mut Vec<f64>) {
    let (species, blocks) = (radial.species_count(), shape.basis_blocks);
    out.clear();
    for &[mu, monomial] in &shape.nodes {
        let mut moment = 0.0;
        for zj in 0..species {
            let start = (monomial * species + zj) * blocks;
            let row = &radial.raw_coefficients(zi, zj)[mu * shape.basis..(mu + 1) * shape.basis];
            let sums = sums[start..start + blocks].as_flattened();
            moment += row.iter().zip(sums).map(|(c, q)| c * q).sum::<f64>();
        }
        out.push(moment);
    }
}

#[inline(always)]
fn sum(values: &[f64]) -> f64 {
    let chunks = values.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().sum();
    let mut total = Lanes::<LANES>::ZERO;
    for chunk in chunks {
        total += lanes(chunk);
    }
    total.sum() + rest
}

/// `sum_j a_j b_j c_j`.
#[inline(always)]
fn dot3(a: &[f64], b: &[f64], c: &[f64]) -> f64 {
    let whole = a.len() / LANES * LANES;
    let mut total = Lanes::<LANES>::ZERO;
    for k in (0..whole).step_by(LANES) {
        total += lanes(&a[k..]) * lanes(&b[k..]) * lanes(&c[k..]);
    }
    total.sum() + (whole..a.len()).map(|j| a[j] * b[j] * c[j]).sum::<f64>()
}

#[inline(always)]
fn lanes(values: &[f64]) -> Lanes<LANES> {
    let mut out = [0.0; LANES];
    out.copy_from_slice(&values[..LANES]);
    Lanes(out)
}
