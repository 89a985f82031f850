//! Every scalar with its derivatives by the summed moments, forward through the products.

use super::super::parameters::{MtpParameters, Product};
use super::shape::Shape;

/// The file's tables over the summed moments.
#[derive(Debug)]
pub(super) struct Scalars {
    /// Number of summed moments.
    nodes: usize,
    /// Each basic moment as a sum of summed ones: `z^2 = 1 - x^2 - y^2` on the sphere.
    basics: Vec<Vec<(usize, f64)>>,
    /// Products, renumbered so that a factor's number is below its target's.
    products: Vec<Product>,
    /// Moment of each scalar.
    mapping: Vec<usize>,
    moments: usize,
}

/// Values of one atom.
#[derive(Debug, Default)]
pub(super) struct Values {
    moments: Vec<f64>,
    tangents: Vec<f64>,
    /// One row a moment that is no basic one.
    rows: Vec<f64>,
}

impl Scalars {
    pub(super) fn new(parameters: &MtpParameters, shape: &Shape) -> Self {
        let basics = parameters.alpha_index_basic.len();
        // In order of completion: a moment is complete before it is read.
        let mut completed = vec![0; parameters.alpha_moments_count];
        for (k, product) in parameters.alpha_index_times.iter().enumerate() {
            completed[product.target] = k + 1;
        }
        let mut order: Vec<usize> = (basics..parameters.alpha_moments_count).collect();
        order.sort_by_key(|&moment| (completed[moment], moment));
        let mut number: Vec<usize> = (0..parameters.alpha_moments_count).collect();
        order.iter().enumerate().for_each(|(k, &moment)| number[moment] = basics + k);
        let renumbered = |p: &Product| Product {
            left: number[p.left],
            right: number[p.right],
            target: number[p.target],
            coefficient: p.coefficient,
        };
        Self {
            nodes: shape.nodes.len(),
            basics: parameters.alpha_index_basic.iter().map(|alpha| expansion(*alpha, shape)).collect(),
            products: parameters.alpha_index_times.iter().map(renumbered).collect(),
            mapping: parameters.alpha_moment_mapping.iter().map(|&moment| number[moment]).collect(),
            moments: parameters.alpha_moments_count,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.mapping.len()
    }

    /// Moments and their derivatives from the summed ones.
    #[inline(always)]
    pub(super) fn fill(&self, summed: &[f64], out: &mut Values) {
        let (basics, n) = (self.basics.len(), self.nodes);
        let Values { moments, rows, .. } = out;
        moments.clear();
        moments.extend(self.basics.iter().map(|sum| sum.iter().map(|(k, share)| share * summed[*k]).sum::<f64>()));
        moments.resize(self.moments, 0.0);
        rows.clear();
        rows.resize((self.moments - basics) * n, 0.0);
        for product in &self.products {
            let (left, right) = (moments[product.left], moments[product.right]);
            moments[product.target] += product.coefficient * left * right;
            let (earlier, target) = rows.split_at_mut((product.target - basics) * n);
            for (factor, other) in [(product.left, right), (product.right, left)] {
                let weight = product.coefficient * other;
                match factor.checked_sub(basics) {
                    None => self.basics[factor].iter().for_each(|(k, share)| target[*k] += weight * share),
                    Some(place) => {
                        let row = &earlier[place * n..(place + 1) * n];
                        target[..n].iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
                    }
                }
            }
        }
    }

    /// Adds `weight` times each scalar and its derivative along `tangents` of the summed moments.
    #[inline(always)]
    pub(super) fn add_gradient(
        &self,
        summed: &[f64],
        tangents: &[f64],
        weight: f64,
        buffers: &mut Values,
        out: &mut [f64],
    ) {
        let Values { moments, tangents: along, .. } = buffers;
        for (target, source) in [(&mut *moments, summed), (&mut *along, tangents)] {
            target.clear();
            target.extend(self.basics.iter().map(|sum| sum.iter().map(|(k, share)| share * source[*k]).sum::<f64>()));
            target.resize(self.moments, 0.0);
        }
        for product in &self.products {
            let (left, right) = (product.left, product.right);
            moments[product.target] += product.coefficient * moments[left] * moments[right];
            let change = along[left] * moments[right] + moments[left] * along[right];
            along[product.target] += product.coefficient * change;
        }
        for (entry, &moment) in out.iter_mut().zip(&self.mapping) {
            *entry += weight * moments[moment] + along[moment];
        }
    }

    /// Value of each scalar.
    pub(super) fn values<'a>(&'a self, values: &'a Values) -> impl Iterator<Item = f64> + 'a {
        self.mapping.iter().map(|&moment| values.moments[moment])
    }

    /// Writes the derivative of scalar s by moment k to `out[k * width + first + s]`.
    #[inline(always)]
    pub(super) fn write_transposed(&self, values: &Values, out: &mut [f64], width: usize, first: usize) {
        let basics = self.basics.len();
        for (scalar, moment) in self.mapping.iter().enumerate() {
            let place = first + scalar;
            match moment.checked_sub(basics) {
                None => self.basics[*moment].iter().for_each(|(k, share)| out[k * width + place] += share),
                Some(row) => {
                    let row = &values.rows[row * self.nodes..(row + 1) * self.nodes];
                    row.iter().enumerate().for_each(|(k, value)| out[k * width + place] = *value);
                }
            }
        }
    }
}

/// A basic moment in summed ones; empty where no scalar depends on it.
fn expansion([mu, p, q, s]: [usize; 4], shape: &Shape) -> Vec<(usize, f64)> {
    if s < 2 {
        return shape.node([mu, p, q, s]).map(|node| vec![(node, 1.0)]).unwrap_or_default();
    }
    let parts = [([mu, p, q, s - 2], 1.0), ([mu, p + 2, q, s - 2], -1.0), ([mu, p, q + 2, s - 2], -1.0)];
    let mut sum: Vec<(usize, f64)> = Vec::new();
    for (part, sign) in parts {
        for (node, share) in expansion(part, shape) {
            match sum.iter_mut().find(|(known, _)| *known == node) {
                Some((_, total)) => *total += sign * share,
                None => sum.push((node, sign * share)),
            }
        }
    }
    sum
}
