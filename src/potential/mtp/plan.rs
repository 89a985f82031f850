//! The file's tables, rearranged for speed without changing what they mean.
//!
//! # Fewer basic moments
//!
//! On the unit sphere `z^2 = 1 - x^2 - y^2`, so a basic moment with `s >= 2` follows from three others,
//! `m(p,q,s) = m(p,q,s-2) - m(p+2,q,s-2) - m(p,q+2,s-2)`. Neighbours are summed only for `s` in {0, 1}: `(n+1)^2` sums
//! for all tensors up to rank n instead of `(n+1)(n+2)(n+3)/6`; the rest ("dependents") cost two subtractions an atom.
//!
//! # Products that nothing reads
//!
//! A product that no other product reads enters the energy linearly. All of them together are one quadratic form
//! `1/2 m.Q.m`, with equal pairs merged: its gradient `Q m` serves the backward sweep, and the energy follows from it for
//! two operations a moment. Products whose coefficient is zero vanish ("pruning"); the file stays as it is.
//!
//! # Sums that are gathered
//!
//! Every moment and every adjoint is one row of terms summed in registers and stored once, so a term needs no
//! read-modify-write of memory. Nodes are numbered so that a node's inputs come before it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::parameters::MtpParameters;

/// `coefficient * value[node]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Term {
    pub coefficient: f64,
    pub node: u32,
}

/// `coefficient * value[left] * value[right]`; in a backward row `left` is an adjoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PairTerm {
    pub coefficient: f64,
    pub left: u32,
    pub right: u32,
}

/// Where one row's terms lie in their tables.
#[derive(Debug, Clone, Default)]
pub(super) struct AdjointRow {
    /// The node's own coefficient in the energy.
    pub linear: f64,
    /// Range in [`ContractionPlan::quadratic`].
    pub quadratic: Range<usize>,
    /// Range in [`ContractionPlan::chain`].
    pub chain: Range<usize>,
    /// Range in [`ContractionPlan::shares`].
    pub shares: Range<usize>,
}

/// Nodes are moments: first the sums over neighbours, then the dependents, then the products that others read.
#[derive(Debug, Clone)]
pub(super) struct ContractionPlan {
    /// Highest tensor rank of each radial function; `None` where it is not used.
    pub ranks: Vec<Option<usize>>,
    /// Number of moments that are summed over neighbours.
    pub summed: usize,
    /// `value[summed + k] = value[a] - value[b] - value[c]`.
    pub dependents: Vec<[u32; 3]>,
    /// End of each product node's terms in `products`.
    pub product_ends: Vec<usize>,
    /// Terms of the product nodes, node after node.
    pub products: Vec<PairTerm>,
    /// How each node's adjoint is gathered.
    pub rows: Vec<AdjointRow>,
    /// Terms of `Q m`.
    pub quadratic: Vec<Term>,
    /// Terms `c * adjoint[left] * value[right]`.
    pub chain: Vec<PairTerm>,
    /// Shares of the adjoints of dependents: coefficient 1 or -1.
    pub shares: Vec<Term>,
}

/// Number of sums over neighbours for one radial function up to `rank`.
pub(super) fn summed_count(rank: usize) -> usize {
    (rank + 1) * (rank + 1)
}

/// How the value of a scalar moment follows from the nodes: one of them, or else products of them.
#[derive(Debug, Clone)]
pub(super) struct ScalarMoment {
    pub node: Option<u32>,
    /// Range in [`RowPlan::products`].
    pub products: Range<usize>,
}

/// A plan that keeps the value of every scalar within reach, whatever its coefficient.
#[derive(Debug, Clone)]
pub(super) struct RowPlan {
    pub contraction: ContractionPlan,
    pub scalars: Vec<ScalarMoment>,
    pub products: Vec<PairTerm>,
}

impl RowPlan {
    /// Rearranges validated parameters.
    pub(super) fn new(parameters: &MtpParameters) -> Self {
        let (contraction, node_of) = ContractionPlan::build(parameters, &Usage::of_all_scalars(parameters));
        let mut products = Vec::new();
        let mut scalars = Vec::new();
        for &moment in &parameters.alpha_moment_mapping {
            let node = node_of[moment];
            let own = parameters.alpha_index_times.iter().filter(|p| p.target == moment && node.is_none());
            let terms = own.filter_map(|p| {
                let (left, right) = (node_of[p.left]?, node_of[p.right]?);
                Some(PairTerm { coefficient: p.coefficient, left, right })
            });
            scalars.push(ScalarMoment { node, products: append(&mut products, terms) });
        }
        Self { contraction, scalars, products }
    }
}

impl ContractionPlan {
    /// Rearranges validated parameters.
    pub(super) fn new(parameters: &MtpParameters) -> Self {
        Self::build(parameters, &Usage::of(parameters)).0
    }

    /// The plan, and the node of each moment that has one.
    fn build(parameters: &MtpParameters, usage: &Usage) -> (Self, Vec<Option<u32>>) {
        let mut nodes = Nodes::new(parameters, usage);
        let mut node_of = vec![None; parameters.alpha_moments_count];
        for (k, alpha) in parameters.alpha_index_basic.iter().enumerate() {
            node_of[k] = usage.is_live(k).then(|| nodes.basic(*alpha));
        }
        let first_product = nodes.places.len();
        let targets = usage.read_targets_in_order(parameters);
        for (k, &target) in targets.iter().enumerate() {
            node_of[target] = Some((first_product + k) as u32);
        }
        let terms = Terms::collect(parameters, usage, &node_of, first_product + targets.len());
        (terms.into_plan(nodes, first_product), node_of)
    }

    /// Number of nodes.
    pub(super) fn node_count(&self) -> usize {
        self.rows.len()
    }
}

/// Which moments the energy depends on, and how.
struct Usage {
    /// Coefficient in the energy of each moment.
    weights: Vec<f64>,
    /// Whether a live product reads the moment.
    read: Vec<bool>,
    /// Whether the moment's value is wanted even where the energy does not depend on it.
    wanted: Vec<bool>,
}

impl Usage {
    fn of(parameters: &MtpParameters) -> Self {
        Self::trace(parameters, vec![false; parameters.alpha_moments_count])
    }

    fn of_all_scalars(parameters: &MtpParameters) -> Self {
        let mut wanted = vec![false; parameters.alpha_moments_count];
        parameters.alpha_moment_mapping.iter().for_each(|&moment| wanted[moment] = true);
        Self::trace(parameters, wanted)
    }

    fn trace(parameters: &MtpParameters, wanted: Vec<bool>) -> Self {
        let mut weights = vec![0.0; parameters.alpha_moments_count];
        for (&moment, coefficient) in parameters.alpha_moment_mapping.iter().zip(&parameters.moment_coeffs) {
            weights[moment] += coefficient;
        }
        let mut usage = Self { read: vec![false; weights.len()], weights, wanted };
        // Backwards, a target's readers come before the products that make it.
        for product in parameters.alpha_index_times.iter().rev() {
            if product.coefficient != 0.0 && usage.is_live(product.target) {
                usage.read[product.left] = true;
                usage.read[product.right] = true;
            }
        }
        usage
    }

    fn is_live(&self, moment: usize) -> bool {
        self.read[moment] || self.wanted[moment] || self.weights[moment] != 0.0
    }

    /// Products that others read, in the order in which the file completes them.
    fn read_targets_in_order(&self, parameters: &MtpParameters) -> Vec<usize> {
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for (position, product) in parameters.alpha_index_times.iter().enumerate() {
            if self.read[product.target] {
                last.insert(product.target, position);
            }
        }
        let mut order: Vec<(usize, usize)> = last.into_iter().map(|(target, position)| (position, target)).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, target)| target).collect()
    }
}

/// Places of the basic moments: `[mu, p, q, s]` to node.
struct Nodes {
    ranks: Vec<Option<usize>>,
    places: BTreeMap<[usize; 4], u32>,
    summed: usize,
    dependents: Vec<[u32; 3]>,
}

impl Nodes {
    /// Numbers the sums over neighbours: for each mu, for s in {0, 1}, for each q, p ascending.
    fn new(parameters: &MtpParameters, usage: &Usage) -> Self {
        let mut ranks: Vec<Option<usize>> = vec![None; parameters.radial_funcs_count];
        for (k, &[mu, p, q, s]) in parameters.alpha_index_basic.iter().enumerate() {
            if usage.is_live(k) {
                ranks[mu] = ranks[mu].max(Some(p + q + s));
            }
        }
        let mut places = BTreeMap::new();
        for (mu, rank) in ranks.iter().enumerate() {
            let Some(rank) = *rank else { continue };
            for s in 0..=rank.min(1) {
                for q in 0..=rank - s {
                    for p in 0..=rank - s - q {
                        places.insert([mu, p, q, s], places.len() as u32);
                    }
                }
            }
        }
        Self { ranks, summed: places.len(), places, dependents: Vec::new() }
    }

    /// The node of a basic moment, made from others where s >= 2.
    fn basic(&mut self, [mu, p, q, s]: [usize; 4]) -> u32 {
        if let Some(&node) = self.places.get(&[mu, p, q, s]) {
            return node;
        }
        let sources = [[mu, p, q, s - 2], [mu, p + 2, q, s - 2], [mu, p, q + 2, s - 2]].map(|key| self.basic(key));
        let node = self.places.len() as u32;
        self.dependents.push(sources);
        self.places.insert([mu, p, q, s], node);
        node
    }
}

/// Terms by node, before they are laid out.
struct Terms {
    linear: Vec<f64>,
    products: Vec<BTreeMap<(u32, u32), f64>>,
    quadratic: Vec<BTreeMap<u32, f64>>,
}

impl Terms {
    fn collect(parameters: &MtpParameters, usage: &Usage, node_of: &[Option<u32>], count: usize) -> Self {
        let mut terms = Self {
            linear: vec![0.0; count],
            products: vec![BTreeMap::new(); count],
            quadratic: vec![BTreeMap::new(); count],
        };
        for (moment, node) in node_of.iter().enumerate() {
            if let Some(node) = node {
                terms.linear[*node as usize] = usage.weights[moment];
            }
        }
        for product in parameters.alpha_index_times.iter().filter(|p| usage.is_live(p.target)) {
            // A factor without a node is a moment that nothing ever adds to: zero.
            let (Some(left), Some(right)) = (node_of[product.left], node_of[product.right]) else { continue };
            match node_of[product.target] {
                Some(target) => {
                    let pair = (left.min(right), left.max(right));
                    *terms.products[target as usize].entry(pair).or_insert(0.0) += product.coefficient;
                }
                None => {
                    let weight = product.coefficient * usage.weights[product.target];
                    *terms.quadratic[left as usize].entry(right).or_insert(0.0) += weight;
                    *terms.quadratic[right as usize].entry(left).or_insert(0.0) += weight;
                }
            }
        }
        terms
    }

    fn into_plan(self, nodes: Nodes, first_product: usize) -> ContractionPlan {
        let count = self.linear.len();
        let mut plan = ContractionPlan {
            ranks: nodes.ranks,
            summed: nodes.summed,
            dependents: nodes.dependents,
            product_ends: Vec::new(),
            products: Vec::new(),
            rows: Vec::new(),
            quadratic: Vec::new(),
            chain: Vec::new(),
            shares: Vec::new(),
        };
        let mut chains: Vec<Vec<PairTerm>> = vec![Vec::new(); count];
        for (target, terms) in self.products.iter().enumerate().skip(first_product) {
            for (&(left, right), &coefficient) in terms {
                plan.products.push(PairTerm { coefficient, left, right });
                let adjoint = target as u32;
                chains[left as usize].push(PairTerm { coefficient, left: adjoint, right });
                chains[right as usize].push(PairTerm { coefficient, left: adjoint, right: left });
            }
            plan.product_ends.push(plan.products.len());
        }
        let mut shares: Vec<Vec<Term>> = vec![Vec::new(); count];
        for (k, sources) in plan.dependents.iter().enumerate() {
            let node = (plan.summed + k) as u32;
            for (&source, coefficient) in sources.iter().zip([1.0, -1.0, -1.0]) {
                shares[source as usize].push(Term { coefficient, node });
            }
        }
        for node in 0..count {
            let quadratic = self.quadratic[node].iter().map(|(&node, &coefficient)| Term { coefficient, node });
            plan.rows.push(AdjointRow {
                linear: self.linear[node],
                quadratic: append(&mut plan.quadratic, quadratic),
                chain: append(&mut plan.chain, chains[node].iter().copied()),
                shares: append(&mut plan.shares, shares[node].iter().copied()),
            });
        }
        plan
    }
}

/// Adds items to a table and returns their range.
fn append<T>(table: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Range<usize> {
    let start = table.len();
    table.extend(items);
    start..table.len()
}
