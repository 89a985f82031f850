//! MaxVol: the n rows of a tall matrix that span the largest volume, up to a threshold
//! (Goreinov et al., doi:10.1142/9789812836021_0015).
//!
//! With `C = B A^-1` of the candidate rows B, exchanging candidate i for row j of A multiplies |det A| by |C_ij|. The largest
//! entry is exchanged while it exceeds the threshold. Both A^-1 and C follow by rank-1 updates,
//!
//! `A^-1 -= A^-1 e_j (C_i - e_j) / C_ij`, `C -= C e_j (C_i - e_j) / C_ij`.

use nalgebra::DMatrix;

use crate::error::{Error, Result};
use crate::parallel;

/// Exchanges of one call for each row of A. Real sets need a few; many more are rounding that goes round in circles, and end
/// when the caller [refreshes](MaxVol::refresh) the inverse.
const MOST_EXCHANGES: usize = 100;
/// Candidates whose products are updated by one task.
const ROWS_PER_TASK: usize = 32;

/// The square matrix A, its inverse, and which candidate each of its rows was.
#[derive(Debug, Clone)]
pub struct MaxVol {
    n: usize,
    matrix: Vec<f64>,
    inverse: Vec<f64>,
    owners: Vec<Option<usize>>,
}

/// A row that may enter A.
struct Candidate {
    owner: Option<usize>,
    row: Vec<f64>,
    /// Its row of C.
    products: Vec<f64>,
    /// Place and size of the largest product.
    largest: (usize, f64),
}

impl MaxVol {
    /// `A = epsilon I`: n dummy rows, which leave as soon as rows of any size come.
    pub fn new(n: usize, epsilon: f64) -> Self {
        let diagonal = |value: f64| {
            let mut matrix = vec![0.0; n * n];
            matrix.iter_mut().step_by(n + 1).for_each(|entry| *entry = value);
            matrix
        };
        Self { n, matrix: diagonal(epsilon), inverse: diagonal(1.0 / epsilon), owners: vec![None; n] }
    }

    /// A, n x n, row-major.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// A^-1, n x n, row-major.
    pub fn inverse(&self) -> &[f64] {
        &self.inverse
    }

    /// Which candidate each row of A was; `None` for a dummy row.
    pub fn owners(&self) -> &[Option<usize>] {
        &self.owners
    }

    /// Exchanges rows until no product exceeds `threshold`, within reason; returns the number of exchanges. `rows` are candidates of n
    /// numbers, one after another, each with its owner's number.
    ///
    /// # Errors
    /// A threshold that is not above 1; rows that are not finite.
    pub fn exchange(&mut self, rows: &[f64], owners: &[usize], threshold: f64) -> Result<usize> {
        if !(threshold > 1.0 && threshold.is_finite()) {
            return Err(Error::invalid("threshold of the selection", threshold, "a number above 1, such as 1.001"));
        }
        if rows.iter().any(|x| !x.is_finite()) {
            return Err(Error::invalid("derivatives of an energy", "a value that is not finite", "finite numbers"));
        }
        let mut candidates = self.candidates(rows, owners);
        let mut exchanges = 0;
        let most = MOST_EXCHANGES * (self.n + 10);
        loop {
            let mut pivot = (0, 0, 0.0);
            for (i, candidate) in candidates.iter().enumerate() {
                if candidate.largest.1 > pivot.2 {
                    pivot = (i, candidate.largest.0, candidate.largest.1);
                }
            }
            if pivot.2 <= threshold || exchanges == most {
                return Ok(exchanges);
            }
            self.exchange_one(&mut candidates, pivot.0, pivot.1);
            exchanges += 1;
        }
    }

    fn candidates(&self, rows: &[f64], owners: &[usize]) -> Vec<Candidate> {
        let candidate = |(row, &owner): (&[f64], &usize)| Candidate {
            owner: Some(owner),
            row: row.to_vec(),
            products: vec![0.0; self.n],
            largest: (0, 0.0),
        };
        let mut candidates: Vec<Candidate> = rows.chunks_exact(self.n.max(1)).zip(owners).map(candidate).collect();
        parallel::for_each_chunk(&mut candidates, ROWS_PER_TASK, |_, candidates| {
            for Candidate { row, products, largest, .. } in candidates {
                for (value, inverse) in row.iter().zip(self.inverse.chunks_exact(self.n)).filter(|(x, _)| **x != 0.0) {
                    products.iter_mut().zip(inverse).for_each(|(product, x)| *product += value * x);
                }
                *largest = largest_of(products);
            }
        });
        candidates
    }

    /// Candidate `i` becomes row `j` of A, and the old row a candidate.
    fn exchange_one(&mut self, candidates: &mut [Candidate], i: usize, j: usize) {
        let n = self.n;
        let entering = &mut candidates[i];
        self.matrix[j * n..(j + 1) * n].swap_with_slice(&mut entering.row);
        std::mem::swap(&mut self.owners[j], &mut entering.owner);
        let pivot = entering.products[j];
        let mut direction: Vec<f64> = entering.products.iter().map(|x| x / pivot).collect();
        direction[j] -= 1.0 / pivot;
        // The old row of A is its own unit vector in terms of A.
        entering.products.fill(0.0);
        entering.products[j] = 1.0;
        let subtract = |row: &mut [f64]| {
            let factor = row[j];
            if factor != 0.0 {
                row.iter_mut().zip(&direction).for_each(|(x, d)| *x -= factor * d);
            }
        };
        parallel::for_each_chunk(&mut self.inverse, ROWS_PER_TASK * n, |_, rows| {
            rows.chunks_exact_mut(n).for_each(subtract);
        });
        parallel::for_each_chunk(candidates, ROWS_PER_TASK, |_, candidates| {
            for Candidate { products, largest, .. } in candidates {
                subtract(products);
                *largest = largest_of(products);
            }
        });
    }

    /// Computes A^-1 anew, without the rounding that updates pile up.
    ///
    /// # Errors
    /// A matrix that is singular to rounding.
    pub fn refresh(&mut self) -> Result<()> {
        let matrix = DMatrix::from_row_slice(self.n, self.n, &self.matrix);
        let inverse = matrix.try_inverse().filter(|inverse| inverse.iter().all(|x| x.is_finite()));
        let Some(inverse) = inverse else {
            return Err(Error::invalid("active set", "a singular matrix", "rows that are linearly independent"));
        };
        // nalgebra stores by columns.
        self.inverse.copy_from_slice(inverse.transpose().as_slice());
        Ok(())
    }
}

fn largest_of(products: &[f64]) -> (usize, f64) {
    let mut largest = (0, 0.0);
    for (place, product) in products.iter().enumerate() {
        if product.abs() > largest.1 {
            largest = (place, product.abs());
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::rng;
    use rand::RngExt;

    #[test]
    fn no_exchange_is_left_and_the_inverse_is_one() {
        let n = 12;
        let mut rng = rng::seeded(3, 0);
        let rows: Vec<f64> = (0..60 * n).map(|_| rng.random_range(-1.0..1.0)).collect();
        let owners: Vec<usize> = (0..60).collect();
        let mut selection = MaxVol::new(n, 1e-5);
        assert!(selection.exchange(&rows, &owners, 1.001).expect("finite rows") >= n);
        let updated = selection.inverse.clone();
        selection.refresh().expect("independent rows");
        // Some tens of rank-1 updates on a matrix of condition some 10, from a start of 1e5.
        assert!(updated.iter().zip(&selection.inverse).all(|(a, b)| (a - b).abs() < 1e-8));
        for row in rows.chunks_exact(n) {
            for column in 0..n {
                let product: f64 = (0..n).map(|k| row[k] * selection.inverse[k * n + column]).sum();
                // The threshold, and rounding.
                assert!(product.abs() < 1.001 + 1e-9, "{product}");
            }
        }
        for (k, owner) in selection.owners.iter().enumerate() {
            let owner = owner.expect("more rows than parameters leave no dummy");
            assert_eq!(selection.matrix[k * n..(k + 1) * n], rows[owner * n..(owner + 1) * n]);
        }
    }

    #[test]
    fn directions_without_rows_keep_their_dummies() {
        let mut selection = MaxVol::new(3, 1e-5);
        selection.exchange(&[1.0, 2.0, 0.0, 1.0, -1.0, 0.0], &[0, 1], 1.001).expect("finite rows");
        assert_eq!(selection.owners[2], None);
        assert_eq!(selection.matrix[6..], [0.0, 0.0, 1e-5]);
        assert!(selection.exchange(&[f64::NAN; 3], &[0], 1.001).is_err());
        assert!(selection.exchange(&[1.0; 3], &[0], 1.0).is_err());
    }
}
