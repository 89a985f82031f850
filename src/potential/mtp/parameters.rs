//! The content of a potential file.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The radial basis functions that files name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RadialBasisKind {
    /// `s (r-b)^2 T_n(t)`.
    RBChebyshev,
    /// RBChebyshev with `r` clamped to `min_dist` and an exponential repulsion below it.
    RBChebyshevRepuls,
    /// Jacobi P^(5,1) basis of the original paper.
    RBShapeev,
    /// `s r^n`, no cutoff factor.
    RBTaylor,
    /// `s T_n(t)`, no cutoff factor (MLIP-3).
    BChebyshev,
    /// BChebyshev with clamping and repulsion.
    BChebyshevRepuls,
}

impl RadialBasisKind {
    /// Every kind with the name that files use.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("RBChebyshev", Self::RBChebyshev),
        ("RBChebyshev_repuls", Self::RBChebyshevRepuls),
        ("RBShapeev", Self::RBShapeev),
        ("RBTaylor", Self::RBTaylor),
        ("BChebyshev", Self::BChebyshev),
        ("BChebyshev_repuls", Self::BChebyshevRepuls),
    ];
}

/// The radial basis and its range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RadialBasis {
    /// Which functions.
    pub kind: RadialBasisKind,
    /// The `scaling` line of the radial block; 1 where absent.
    pub scaling: f64,
    /// `a`, Å.
    pub min_dist: f64,
    /// `b`, the cutoff, Å.
    pub max_dist: f64,
    /// Number of basis functions.
    pub size: usize,
}

/// One line of `alpha_index_times`: `m[target] += coefficient * m[left] * m[right]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// First factor.
    pub left: usize,
    /// Second factor.
    pub right: usize,
    /// Multiplicity.
    pub coefficient: f64,
    /// Moment that it adds to.
    pub target: usize,
}

/// A Moment Tensor Potential as its file states it. C species, K radial functions, R basis size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MtpParameters {
    /// `potential_name`.
    pub name: Option<String>,
    /// `potential_tag`.
    pub tag: Option<String>,
    /// The `scaling` line at the top of the file; 1 where absent. Multiplies the radial block's.
    pub scaling: f64,
    /// C.
    pub species_count: usize,
    /// The file's type number of each species: `0..C`, except where MLIP-3 left gaps.
    pub species_labels: Vec<usize>,
    /// Radial basis.
    pub radial_basis: RadialBasis,
    /// K.
    pub radial_funcs_count: usize,
    /// C*C*K*R values, index `((zi*C + zj)*K + mu)*R + xi`.
    pub radial_coeffs: Vec<f64>,
    /// Total number of moments, basic ones first.
    pub alpha_moments_count: usize,
    /// `[mu, p, q, s]` of each basic moment.
    pub alpha_index_basic: Vec<[usize; 4]>,
    /// Products in file order.
    pub alpha_index_times: Vec<Product>,
    /// Moment index of each scalar.
    pub alpha_moment_mapping: Vec<usize>,
    /// C values, eV.
    pub species_coeffs: Vec<f64>,
    /// One value per scalar, eV.
    pub moment_coeffs: Vec<f64>,
    /// Whether the file held coefficients; an untrained template gets the reference programs' start values.
    pub trained: bool,
}

impl MtpParameters {
    /// Number of parameters: `C^2 K R + C + scalars`.
    pub fn parameter_count(&self) -> usize {
        self.radial_coeffs.len() + self.species_coeffs.len() + self.moment_coeffs.len()
    }

    /// How many basic moments each scalar is a product of, and so with which power of the radial functions it grows.
    pub fn scalar_degrees(&self) -> Vec<usize> {
        let mut degrees = vec![0; self.alpha_moments_count];
        degrees.iter_mut().take(self.alpha_index_basic.len()).for_each(|degree| *degree = 1);
        for product in &self.alpha_index_times {
            degrees[product.target] = degrees[product.left] + degrees[product.right];
        }
        self.alpha_moment_mapping.iter().map(|&moment| degrees[moment]).collect()
    }

    /// Checks every count, index and number, so that kernels need not.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn validate(&self) -> Result<()> {
        let basis = &self.radial_basis;
        let radial = self.species_count * self.species_count * self.radial_funcs_count * basis.size;
        check_count("radial_coeffs", self.radial_coeffs.len(), radial)?;
        check_count("species_labels", self.species_labels.len(), self.species_count)?;
        check_count("species_coeffs", self.species_coeffs.len(), self.species_count)?;
        check_count("moment_coeffs", self.moment_coeffs.len(), self.alpha_moment_mapping.len())?;
        if self.species_count == 0 {
            return Err(Error::invalid("species_count", 0, "at least 1"));
        }
        if !(basis.min_dist.is_finite()
            && basis.max_dist.is_finite()
            && 0.0 <= basis.min_dist
            && basis.min_dist < basis.max_dist)
        {
            let found = format!("min_dist {} and max_dist {}", basis.min_dist, basis.max_dist);
            return Err(Error::invalid("radial basis", found, "0 <= min_dist < max_dist"));
        }
        if basis.kind == RadialBasisKind::RBShapeev && basis.size > 12 {
            return Err(Error::invalid("radial_basis_size", basis.size, "at most 12 for RBShapeev"));
        }
        let numbers =
            [&self.radial_coeffs[..], &self.species_coeffs, &self.moment_coeffs, &[self.scaling, basis.scaling]];
        if numbers.iter().any(|values| values.iter().any(|x| !x.is_finite())) {
            return Err(Error::invalid("coefficients", "a value that is not finite", "finite numbers"));
        }
        self.validate_tables()
    }

    /// Basic moments in range, products that only read moments completed before them, scalars that exist.
    fn validate_tables(&self) -> Result<()> {
        let (basic, moments) = (self.alpha_index_basic.len(), self.alpha_moments_count);
        if basic > moments {
            return Err(Error::invalid(
                "alpha_index_basic_count",
                basic,
                format!("at most alpha_moments_count = {moments}"),
            ));
        }
        for (k, &[mu, p, q, s]) in self.alpha_index_basic.iter().enumerate() {
            if mu >= self.radial_funcs_count {
                let expected = format!("a radial function below {}", self.radial_funcs_count);
                return Err(Error::invalid(format!("alpha_index_basic entry {k}"), mu, expected));
            }
            let rank = p.saturating_add(q).saturating_add(s);
            if rank > 32 {
                return Err(Error::invalid(
                    format!("alpha_index_basic entry {k}"),
                    rank,
                    "a tensor rank of at most 32",
                ));
            }
        }
        let mut read = vec![false; moments];
        for (k, product) in self.alpha_index_times.iter().enumerate() {
            let what = format!("alpha_index_times entry {k}");
            let Product { left, right, target, coefficient } = *product;
            if left >= moments || right >= moments || target >= moments || target < basic {
                let found = format!("{{{left}, {right}, {coefficient}, {target}}}");
                let expected =
                    format!("factors below {moments} and a target from {basic} to {}", moments.saturating_sub(1));
                return Err(Error::invalid(what, found, expected));
            }
            if !coefficient.is_finite() {
                return Err(Error::invalid(what, coefficient, "a finite coefficient"));
            }
            read[left] = true;
            read[right] = true;
            if read[target] {
                return Err(Error::invalid(
                    what,
                    format!("target {target}, read before"),
                    "targets complete before they are read",
                ));
            }
        }
        match self.alpha_moment_mapping.iter().find(|&&m| m >= moments) {
            Some(m) => Err(Error::invalid("alpha_moment_mapping", m, format!("moments below {moments}"))),
            None => Ok(()),
        }
    }
}

fn check_count(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected { Ok(()) } else { Err(Error::invalid(what, format!("{found} values"), format!("{expected}"))) }
}
