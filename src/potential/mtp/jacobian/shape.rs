//! Which moments are summed over neighbours, and where each stands.

use std::ops::Range;

use super::super::parameters::MtpParameters;
use super::super::plan::ContractionPlan;
use super::tangent::LANES;

/// The moments that the plan sums over neighbours, in its order: for each mu, s in {0, 1}, q, p.
#[derive(Debug)]
pub(super) struct Shape {
    /// Radial functions, K.
    pub functions: usize,
    /// Basis functions, R.
    pub basis: usize,
    /// R in blocks of [`LANES`].
    pub basis_blocks: usize,
    /// Powers of x, y, z of each monomial that occurs, up to the highest rank.
    pub monomials: Vec<Monomial>,
    /// `[mu, monomial]` of each summed moment.
    pub nodes: Vec<[usize; 2]>,
    /// The summed moments of each mu.
    pub nodes_of: Vec<Range<usize>>,
}

/// `x^p y^q z^s` with s below 2, and the monomials of one power less in each direction.
#[derive(Debug)]
pub(super) struct Monomial {
    pub powers: [usize; 3],
    pub lowered: [Option<usize>; 3],
}

impl Monomial {
    /// A direction and the monomial that this one is that coordinate times; `None` for 1.
    pub(super) fn step(&self) -> Option<(usize, usize)> {
        self.lowered.iter().enumerate().find_map(|(axis, lowered)| Some((axis, (*lowered)?)))
    }
}

impl Shape {
    pub(super) fn new(plan: &ContractionPlan, parameters: &MtpParameters) -> Self {
        let largest = plan.ranks.iter().flatten().max().copied().unwrap_or(0);
        let all: Vec<[usize; 3]> = powers(largest).collect();
        let place = |powers: [usize; 3]| all.iter().position(|known| *known == powers);
        let lowered = |powers: [usize; 3], axis: usize| {
            let mut less = powers;
            less[axis] = less[axis].checked_sub(1)?;
            place(less)
        };
        let monomial = |powers: &[usize; 3]| Monomial {
            powers: *powers,
            lowered: std::array::from_fn(|axis| lowered(*powers, axis)),
        };
        let mut nodes = Vec::new();
        let mut nodes_of = Vec::new();
        for (mu, rank) in plan.ranks.iter().enumerate() {
            let start = nodes.len();
            if let Some(rank) = rank {
                nodes.extend(powers(*rank).filter_map(place).map(|monomial| [mu, monomial]));
            }
            nodes_of.push(start..nodes.len());
        }
        let basis = parameters.radial_basis.size;
        Self {
            functions: parameters.radial_funcs_count,
            basis,
            basis_blocks: basis.div_ceil(LANES),
            monomials: all.iter().map(monomial).collect(),
            nodes,
            nodes_of,
        }
    }

    /// R, rounded up to whole lanes.
    pub(super) fn padded_basis(&self) -> usize {
        self.basis_blocks * LANES
    }

    /// The summed moment with these indices, where s is below 2.
    pub(super) fn node(&self, [mu, p, q, s]: [usize; 4]) -> Option<usize> {
        let mut range = self.nodes_of.get(mu)?.clone();
        range.find(|&node| self.monomials[self.nodes[node][1]].powers == [p, q, s])
    }
}

/// Powers up to a rank with s in {0, 1}, in the plan's order.
fn powers(rank: usize) -> impl Iterator<Item = [usize; 3]> {
    let rows = (0..=rank.min(1)).flat_map(move |s| (0..=rank - s).map(move |q| (s, q)));
    rows.flat_map(move |(s, q)| (0..=rank - s - q).map(move |p| [p, q, s]))
}
