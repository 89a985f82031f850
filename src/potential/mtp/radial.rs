//! Radial functions `f_mu(r; zi, zj) = sum_xi c[zi][zj][mu][xi] Q_xi(r)` for every basis that files name.
//!
//! All bases share one shape, `Q_n(r) = N_n g(r) P_n(x(r))`, where `x` is affine in `r`, `g` cuts off smoothly and `P_n`
//! obeys a three-term recurrence `P_(n+1) = (A_n x + B_n) P_n + C_n P_(n-1)`. Normalisation and the file's two
//! `scaling` lines are folded into the coefficients.
//!
//! | basis | x | g | P |
//! |---|---|---|---|
//! | RBChebyshev, BChebyshev | (2r-a-b)/(b-a) | (r-b)^2, 1 | Chebyshev, first kind |
//! | RBShapeev | 2(r-a)/(b-a) - 1 | (b-r)^2/r^2 | Jacobi P^(5,1) |
//! | RBTaylor | r | 1 | monomials |

use super::parameters::{MtpParameters, RadialBasis, RadialBasisKind};

/// Cutoff factor `g(r)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Envelope {
    /// `(r-b)^2`
    Quadratic,
    /// `(b-r)^2/r^2`
    InverseQuadratic,
    /// `1`
    None,
}

/// One step `P_(n+1) = (a x + b) P_n + c P_(n-1)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Recurrence {
    pub a: f64,
    pub b: f64,
    pub c: f64,
}

/// A basis in its common shape, with the coefficients of every ordered pair of species.
#[derive(Debug, Clone)]
pub(super) struct RadialFunctions {
    /// `a`, Å.
    pub min_dist: f64,
    /// `b`, Å.
    pub max_dist: f64,
    /// `x = slope * r + intercept`.
    pub slope: f64,
    pub intercept: f64,
    pub envelope: Envelope,
    /// Steps to P_1, P_2, ...; `size - 1` of them.
    pub steps: Vec<Recurrence>,
    /// Below `min_dist` functions keep their value there, and [`repulsion`] is added.
    pub repulsive: bool,
    /// K, the number of radial functions.
    pub count: usize,
    /// R, the number of basis functions.
    pub size: usize,
    species: usize,
    /// The file's coefficients, index `((zi*C + zj)*K + mu)*R + xi`.
    raw: Vec<f64>,
    /// What multiplies `g P_n` in each basis function, both scalings included.
    norms: Vec<f64>,
    /// Index `((zi*C + zj)*R + xi)*K + mu`: one basis function's coefficients side by side.
    coefficients: Vec<f64>,
}

impl RadialFunctions {
    pub(super) fn new(parameters: &MtpParameters) -> Self {
        let basis = &parameters.radial_basis;
        let (a, b, size) = (basis.min_dist, basis.max_dist, basis.size);
        let (slope, intercept) = match basis.kind {
            RadialBasisKind::RBTaylor => (1.0, 0.0),
            _ => (2.0 / (b - a), -(a + b) / (b - a)),
        };
        let envelope = match basis.kind {
            RadialBasisKind::RBChebyshev | RadialBasisKind::RBChebyshevRepuls => Envelope::Quadratic,
            RadialBasisKind::RBShapeev => Envelope::InverseQuadratic,
            RadialBasisKind::RBTaylor | RadialBasisKind::BChebyshev | RadialBasisKind::BChebyshevRepuls => {
                Envelope::None
            }
        };
        let repulsive = matches!(basis.kind, RadialBasisKind::RBChebyshevRepuls | RadialBasisKind::BChebyshevRepuls);
        let (species, count) = (parameters.species_count, parameters.radial_funcs_count);
        let mut coefficients = vec![0.0; parameters.radial_coeffs.len()];
        let normalisations = normalisations(parameters);
        for pair in 0..species * species {
            for mu in 0..count {
                for xi in 0..size {
                    let c = parameters.radial_coeffs[(pair * count + mu) * size + xi];
                    coefficients[(pair * size + xi) * count + mu] = normalisations[xi] * c;
                }
            }
        }
        Self {
            min_dist: a,
            max_dist: b,
            slope,
            intercept,
            envelope,
            steps: (0..size.saturating_sub(1)).map(|n| recurrence(basis.kind, n)).collect(),
            repulsive,
            count,
            size,
            species,
            raw: parameters.radial_coeffs.clone(),
            norms: (0..size).map(|xi| parameters.scaling * normalisation(basis, xi)).collect(),
            coefficients,
        }
    }

    /// Coefficients of a pair of species, index `xi*K + mu`.
    pub(super) fn coefficients(&self, zi: usize, zj: usize) -> &[f64] {
        let length = self.size * self.count;
        let start = (zi * self.species + zj) * length;
        &self.coefficients[start..start + length]
    }

    /// The file's coefficients of a pair of species, index `mu*R + xi`; they multiply what [`RadialFunctions::basis`] gives.
    pub(super) fn raw_coefficients(&self, zi: usize, zj: usize) -> &[f64] {
        let length = self.size * self.count;
        let start = (zi * self.species + zj) * length;
        &self.raw[start..start + length]
    }

    /// Number of species.
    pub(super) fn species_count(&self) -> usize {
        self.species
    }

    /// `f_mu(r)` and its derivative, eV and eV/Å, for each mu.
    pub(super) fn evaluate(&self, zi: usize, zj: usize, r: f64, values: &mut [f64], derivatives: &mut [f64]) {
        let clamped = self.repulsive && r <= self.min_dist;
        let r = if clamped { self.min_dist } else { r };
        let x = self.slope * r + self.intercept;
        let (g, dg) = self.envelope_at(r);
        let (mut p, mut dp) = ((1.0, 0.0), (0.0, 0.0)); // (P_n, P_(n-1)) and their derivatives by x
        values.fill(0.0);
        derivatives.fill(0.0);
        for (xi, row) in self.coefficients(zi, zj).chunks_exact(self.count).enumerate() {
            if xi > 0 {
                let Recurrence { a, b, c } = self.steps[xi - 1];
                dp = ((a * x + b) * dp.0 + a * p.0 + c * dp.1, dp.0);
                p = ((a * x + b) * p.0 + c * p.1, p.0);
            }
            for (mu, coefficient) in row.iter().enumerate() {
                values[mu] += coefficient * g * p.0;
                derivatives[mu] += coefficient * (dg * p.0 + g * dp.0 * self.slope);
            }
        }
        if clamped {
            derivatives.fill(0.0);
        }
    }

    /// Basis functions `Q_n(r)` with both scalings, and their derivatives, for each n.
    pub(super) fn basis(&self, r: f64, values: &mut [f64], derivatives: &mut [f64]) {
        let clamped = self.repulsive && r <= self.min_dist;
        let r = if clamped { self.min_dist } else { r };
        let x = self.slope * r + self.intercept;
        let (g, dg) = self.envelope_at(r);
        let slope = if clamped { 0.0 } else { self.slope };
        let dg = if clamped { 0.0 } else { dg };
        let (mut p, mut dp) = ((1.0, 0.0), (0.0, 0.0)); // (P_n, P_(n-1)) and their derivatives by x
        for (xi, norm) in self.norms.iter().enumerate() {
            if xi > 0 {
                let Recurrence { a, b, c } = self.steps[xi - 1];
                dp = ((a * x + b) * dp.0 + a * p.0 + c * dp.1, dp.0);
                p = ((a * x + b) * p.0 + c * p.1, p.0);
            }
            values[xi] = norm * g * p.0;
            derivatives[xi] = norm * (dg * p.0 + g * dp.0 * slope);
        }
    }

    fn envelope_at(&self, r: f64) -> (f64, f64) {
        let d = r - self.max_dist;
        match self.envelope {
            Envelope::Quadratic => (d * d, 2.0 * d),
            Envelope::InverseQuadratic => (d * d / (r * r), 2.0 * d * self.max_dist / (r * r * r)),
            Envelope::None => (1.0, 0.0),
        }
    }
}

/// Energy and its derivative that a neighbour closer than `a` adds under the "repuls" bases, eV and eV/Å.
pub(super) fn repulsion(r: f64, a: f64) -> (f64, f64) {
    let wall = 1e4 * (-10.0 * (r - 1.0)).exp();
    (wall - 1e4 * (-10.0 * (a - 1.0)).exp(), -10.0 * wall)
}

/// What each basis function is multiplied by: N_n and both scalings of the file.
pub(super) fn normalisations(parameters: &MtpParameters) -> Vec<f64> {
    let basis = &parameters.radial_basis;
    (0..basis.size).map(|xi| parameters.scaling * normalisation(basis, xi)).collect()
}

/// The factor N_n with the radial block's scaling.
fn normalisation(basis: &RadialBasis, xi: usize) -> f64 {
    let n = xi as f64;
    match basis.kind {
        RadialBasisKind::RBTaylor => basis.scaling.powi(xi as i32 + 1),
        RadialBasisKind::RBShapeev => {
            let (a, b) = (basis.min_dist, basis.max_dist);
            let norm = ((2.0 * n + 7.0) * (n + 6.0) / (8.0 * (n + 1.0).powi(3))).sqrt();
            basis.scaling * norm * (a / (b - a)).powi(2)
        }
        _ => basis.scaling,
    }
}

/// Step n of the basis's recurrence, from P_n to P_(n+1).
fn recurrence(kind: RadialBasisKind, n: usize) -> Recurrence {
    match kind {
        RadialBasisKind::RBTaylor => Recurrence { a: 1.0, b: 0.0, c: 0.0 },
        RadialBasisKind::RBShapeev => jacobi(n as f64, 5.0, 1.0),
        _ if n == 0 => Recurrence { a: 1.0, b: 0.0, c: 0.0 },
        _ => Recurrence { a: 2.0, b: 0.0, c: -1.0 },
    }
}

/// Jacobi polynomials P_n^(alpha,beta): NIST Digital Library of Mathematical Functions, 18.9.1-2.
fn jacobi(n: f64, alpha: f64, beta: f64) -> Recurrence {
    let sum = alpha + beta;
    if n == 0.0 {
        return Recurrence { a: 0.5 * (sum + 2.0), b: 0.5 * (alpha - beta), c: 0.0 };
    }
    let denominator = 2.0 * (n + 1.0) * (n + sum + 1.0);
    let even = 2.0 * n + sum;
    Recurrence {
        a: (even + 1.0) * (even + 2.0) / denominator,
        b: (alpha * alpha - beta * beta) * (even + 1.0) / (denominator * even),
        c: -2.0 * (n + alpha) * (n + beta) * (even + 2.0) / (denominator * even),
    }
}
