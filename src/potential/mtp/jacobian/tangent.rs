//! Values, adjoints and tangents of one atom's moments.
//!
//! A tangent is the derivative of every adjoint along a direction in the space of the summed moments: one row of products
//! with the second derivatives of the site energy, at the cost of about two evaluations and without the matrix of them.

use super::super::plan::ContractionPlan;
use crate::math::lanes::Lanes;

/// Directions that are followed at once.
pub(super) const LANES: usize = 8;

type Node = [f64; LANES];

/// Moments and adjoints by the plan's nodes.
#[derive(Debug, Default)]
pub(super) struct Adjoints {
    pub values: Vec<f64>,
    pub adjoints: Vec<f64>,
    value_tangents: Vec<Node>,
    adjoint_tangents: Vec<Node>,
}

impl Adjoints {
    /// Completes the moments from the summed ones and sweeps back.
    pub(super) fn fill(&mut self, plan: &ContractionPlan, summed: &[f64]) {
        self.values.clear();
        self.values.extend_from_slice(summed);
        self.adjoints.resize(plan.node_count(), 0.0);
        self.value_tangents.resize(plan.node_count(), [0.0; LANES]);
        self.adjoint_tangents.resize(plan.node_count(), [0.0; LANES]);
        let values = &mut self.values;
        for &[a, b, c] in &plan.dependents {
            values.push(values[a as usize] - values[b as usize] - values[c as usize]);
        }
        let mut start = 0;
        for &end in &plan.product_ends {
            let terms = plan.products[start..end].iter();
            values.push(terms.map(|t| t.coefficient * values[t.left as usize] * values[t.right as usize]).sum());
            start = end;
        }
        for (node, row) in plan.rows.iter().enumerate().rev() {
            let quadratic = plan.quadratic[row.quadratic.clone()].iter();
            let chain = plan.chain[row.chain.clone()].iter();
            let shares = plan.shares[row.shares.clone()].iter();
            self.adjoints[node] = row.linear
                + quadratic.map(|t| t.coefficient * self.values[t.node as usize]).sum::<f64>()
                + chain
                    .map(|t| t.coefficient * self.adjoints[t.left as usize] * self.values[t.right as usize])
                    .sum::<f64>()
                + shares.map(|t| t.coefficient * self.adjoints[t.node as usize]).sum::<f64>();
        }
    }

    /// Follows eight directions of the summed moments, given by `seed` for each, and hands the derivatives of the summed
    /// moments' adjoints to `store`.
    #[inline(always)]
    pub(super) fn tangents(
        &mut self,
        plan: &ContractionPlan,
        seed: impl Fn(usize) -> Lanes<LANES>,
        mut store: impl FnMut(usize, Lanes<LANES>),
    ) {
        let (v, a) = (&self.values, &self.adjoints);
        let (dv, da) = (&mut self.value_tangents, &mut self.adjoint_tangents);
        for (node, tangent) in dv[..plan.summed].iter_mut().enumerate() {
            *tangent = seed(node).0;
        }
        for (k, &[a, b, c]) in plan.dependents.iter().enumerate() {
            let value = |node: u32| Lanes(dv[node as usize]);
            dv[plan.summed + k] = (value(a) - value(b) - value(c)).0;
        }
        let mut start = 0;
        let first_product = plan.summed + plan.dependents.len();
        for (k, &end) in plan.product_ends.iter().enumerate() {
            let mut sum = Lanes::<LANES>::ZERO;
            for t in &plan.products[start..end] {
                let (left, right) = (t.left as usize, t.right as usize);
                sum += Lanes(dv[left]) * Lanes::splat(t.coefficient * v[right]);
                sum += Lanes(dv[right]) * Lanes::splat(t.coefficient * v[left]);
            }
            dv[first_product + k] = sum.0;
            start = end;
        }
        for (node, row) in plan.rows.iter().enumerate().rev() {
            let mut sum = Lanes::<LANES>::ZERO;
            for t in &plan.quadratic[row.quadratic.clone()] {
                sum += Lanes(dv[t.node as usize]) * Lanes::splat(t.coefficient);
            }
            for t in &plan.chain[row.chain.clone()] {
                let (left, right) = (t.left as usize, t.right as usize);
                sum += Lanes(da[left]) * Lanes::splat(t.coefficient * v[right]);
                sum += Lanes(dv[right]) * Lanes::splat(t.coefficient * a[left]);
            }
            for t in &plan.shares[row.shares.clone()] {
                sum += Lanes(da[t.node as usize]) * Lanes::splat(t.coefficient);
            }
            da[node] = sum.0;
        }
        for (node, tangent) in da[..plan.summed].iter().enumerate() {
            store(node, Lanes(*tangent));
        }
    }
}
