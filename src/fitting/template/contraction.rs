//! Contractions as products of two moments at a time.
//!
//! Two tensors are contracted first, the legs that stay open are made symmetric for each tensor that they go to (that
//! tensor is symmetric, so nothing is lost), and so on until no leg is open. Each graph can be contracted in several
//! orders; the one that adds the fewest products to those that exist is taken. Sharing needs no search: a moment is known
//! by its list of products, and the same list is the same moment.

use std::collections::{BTreeMap, HashMap};

use super::graphs::{Graph, TensorKind};
use crate::potential::mtp::Product;

/// Powers of x, y and z.
type Powers = [usize; 3];

/// `weight * m[left] * m[right]`.
type Term = (usize, usize, i64);

/// A component of a tensor: `scale * m[moment]`.
#[derive(Debug, Clone, Copy)]
struct Component {
    moment: usize,
    scale: i64,
}

/// A tensor with up to two groups of open legs, symmetric within each.
struct Intermediate {
    ranks: [usize; 2],
    components: BTreeMap<[Powers; 2], Component>,
}

/// Moments, basic ones first, each other one with its products.
pub(super) struct Contractions {
    basics: Vec<[usize; 4]>,
    place: HashMap<[usize; 4], usize>,
    sums: Vec<Vec<Term>>,
    known: HashMap<Vec<Term>, usize>,
}

impl Contractions {
    pub(super) fn new(tensors: &[TensorKind]) -> Self {
        let entries = |tensor: &TensorKind| {
            let mu = tensor.mu;
            powers(tensor.nu).into_iter().map(move |[p, q, s]| [mu, p, q, s])
        };
        let basics: Vec<[usize; 4]> = tensors.iter().flat_map(entries).collect();
        let place = basics.iter().enumerate().map(|(k, entry)| (*entry, k)).collect();
        Self { basics, place, sums: Vec::new(), known: HashMap::new() }
    }

    pub(super) fn basics(&self) -> &[[usize; 4]] {
        &self.basics
    }

    pub(super) fn moments_count(&self) -> usize {
        self.basics.len() + self.sums.len()
    }

    /// All products, each target complete before it is read.
    pub(super) fn products(&self) -> impl Iterator<Item = Product> {
        self.sums.iter().enumerate().flat_map(|(k, terms)| {
            let target = self.basics.len() + k;
            terms.iter().map(move |&(left, right, weight)| Product { left, right, coefficient: weight as f64, target })
        })
    }

    /// The moment that a graph stands for, contracted in the cheapest order.
    pub(super) fn scalar(&mut self, graph: &Graph) -> usize {
        let ways = Way::all(graph.tensors.len());
        let mut best = (usize::MAX, 0);
        for (k, way) in ways.iter().enumerate() {
            let before = self.sums.len();
            self.contract(graph, way);
            best = best.min((self.sums[before..].iter().map(Vec::len).sum(), k));
            for forgotten in self.sums.drain(before..) {
                self.known.remove(&forgotten);
            }
            if best.0 == 0 {
                break;
            }
        }
        self.contract(graph, &ways[best.1])
    }

    fn contract(&mut self, graph: &Graph, way: &Way) -> usize {
        let Graph { tensors, edges } = graph;
        let kind = |vertex: usize| tensors[vertex];
        match *way {
            Way::Single => self.basic(kind(0), [0; 3]),
            Way::Pair => self.pair(kind(0), kind(1), edges[0][1], [[0; 2]; 2]).only(),
            Way::Chain { a, b, c, d } => {
                let legs = |to: usize| [edges[a][to], edges[b][to]];
                let pair = self.pair(kind(a), kind(b), edges[a][b], [legs(c), d.map_or([0; 2], legs)]);
                let (triple, last) = match d {
                    Some(d) => (self.append(&pair, kind(c), edges[c][d]), d),
                    None => (pair, c),
                };
                self.close(&triple, kind(last))
            }
            Way::Pairs { a, b, c, d } => {
                let legs = |to: usize| [edges[a][to], edges[b][to]];
                let toward = [legs(c), legs(d)];
                let left = self.pair(kind(a), kind(b), edges[a][b], toward);
                // The second pair's groups are by the tensor that its legs come from: those that the first pair's go to.
                let from = [[toward[0].iter().sum(), 0], [0, toward[1].iter().sum()]];
                let right = self.pair(kind(c), kind(d), edges[c][d], from);
                self.join(&left, &right)
            }
        }
    }

    fn basic(&self, TensorKind { mu, .. }: TensorKind, [p, q, s]: Powers) -> usize {
        self.place[&[mu, p, q, s]]
    }

    /// Contracts `shared` legs of two basic tensors; `open[g]` legs of each go to group g.
    fn pair(&mut self, a: TensorKind, b: TensorKind, shared: usize, open: [[usize; 2]; 2]) -> Intermediate {
        let ranks = open.map(|legs| legs.iter().sum());
        let inner = powers(shared);
        let mut components = BTreeMap::new();
        for first in powers(ranks[0]) {
            for second in powers(ranks[1]) {
                let mut sum = Sum::default();
                for (x0, y0, weight0) in splits(first, open[0][0]) {
                    for (x1, y1, weight1) in splits(second, open[1][0]) {
                        for &beta in &inner {
                            let left = self.basic(a, add(add(x0, x1), beta));
                            let right = self.basic(b, add(add(y0, y1), beta));
                            sum.add(left, right, weight0 * weight1 * multinomial(beta));
                        }
                    }
                }
                components.insert([first, second], self.intern(sum));
            }
        }
        Intermediate { ranks, components }
    }

    /// Contracts the first group with a basic tensor; the second and the tensor's other `open` legs become the first.
    fn append(&mut self, tensor: &Intermediate, c: TensorKind, open: usize) -> Intermediate {
        let ranks = [tensor.ranks[1] + open, 0];
        let inner = powers(tensor.ranks[0]);
        let mut components = BTreeMap::new();
        for first in powers(ranks[0]) {
            let mut sum = Sum::default();
            for (kept, added, weight) in splits(first, tensor.ranks[1]) {
                for &beta in &inner {
                    let left = tensor.components[&[beta, kept]];
                    let right = self.basic(c, add(beta, added));
                    sum.add(left.moment, right, left.scale * weight * multinomial(beta));
                }
            }
            components.insert([first, [0; 3]], self.intern(sum));
        }
        Intermediate { ranks, components }
    }

    /// Contracts the only group with a basic tensor.
    fn close(&mut self, tensor: &Intermediate, last: TensorKind) -> usize {
        self.append(tensor, last, 0).only()
    }

    /// Contracts both groups of two tensors.
    fn join(&mut self, left: &Intermediate, right: &Intermediate) -> usize {
        let mut sum = Sum::default();
        for (key, a) in &left.components {
            let b = right.components[key];
            sum.add(a.moment, b.moment, a.scale * b.scale * multinomial(key[0]) * multinomial(key[1]));
        }
        self.intern(sum).moment
    }

    /// The moment with these products, found or made.
    fn intern(&mut self, Sum(terms): Sum) -> Component {
        let scale = terms.values().fold(0, |divisor, &weight| gcd(divisor, weight)).max(1);
        let terms: Vec<Term> = terms.into_iter().map(|((left, right), weight)| (left, right, weight / scale)).collect();
        let next = self.moments_count();
        let moment = *self.known.entry(terms).or_insert_with_key(|terms| {
            self.sums.push(terms.clone());
            next
        });
        Component { moment, scale }
    }
}

impl Intermediate {
    /// The moment of a tensor without open legs.
    fn only(&self) -> usize {
        self.components[&[[0; 3]; 2]].moment
    }
}

/// An order of contracting.
enum Way {
    Single,
    Pair,
    /// a with b, then c, then d.
    Chain {
        a: usize,
        b: usize,
        c: usize,
        d: Option<usize>,
    },
    /// a with b, c with d, then both.
    Pairs {
        a: usize,
        b: usize,
        c: usize,
        d: usize,
    },
}

impl Way {
    fn all(tensors: usize) -> Vec<Self> {
        let chain = |a, b, c, d| Self::Chain { a, b, c, d };
        match tensors {
            1 => vec![Self::Single],
            2 => vec![Self::Pair],
            3 => vec![chain(0, 1, 2, None), chain(0, 2, 1, None), chain(1, 2, 0, None)],
            _ => [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2], [1, 2, 0, 3], [1, 3, 0, 2], [2, 3, 0, 1]]
                .into_iter()
                .flat_map(|[a, b, c, d]| [Self::Pairs { a, b, c, d }, chain(a, b, c, Some(d)), chain(a, b, d, Some(c))])
                .collect(),
        }
    }
}

/// A sum of products, equal pairs merged.
#[derive(Default)]
struct Sum(BTreeMap<(usize, usize), i64>);

impl Sum {
    fn add(&mut self, left: usize, right: usize, weight: i64) {
        *self.0.entry((left.min(right), left.max(right))).or_insert(0) += weight;
    }
}

/// All powers of a rank, x first.
fn powers(rank: usize) -> Vec<Powers> {
    (0..=rank).rev().flat_map(|p| (0..=rank - p).rev().map(move |q| [p, q, rank - p - q])).collect()
}

/// Ways to give `legs` of the legs with these indices to one tensor and the others to another, with how often each occurs.
fn splits(total: Powers, legs: usize) -> Vec<(Powers, Powers, i64)> {
    let fits = |part: &Powers| (0..3).all(|k| part[k] <= total[k]);
    let weight = |part: &Powers| (0..3).map(|k| binomial(total[k], part[k])).product();
    let rest = |part: &Powers| std::array::from_fn(|k| total[k] - part[k]);
    powers(legs).into_iter().filter(fits).map(|part| (part, rest(&part), weight(&part))).collect()
}

fn add(a: Powers, b: Powers) -> Powers {
    std::array::from_fn(|k| a[k] + b[k])
}

fn binomial(n: usize, k: usize) -> i64 {
    (0..k).fold(1, |product, i| product * (n - i) as i64 / (i + 1) as i64)
}

/// Orders of the indices of a leg each: `(p+q+s)! / (p! q! s!)`.
fn multinomial([p, q, s]: Powers) -> i64 {
    binomial(p + q + s, p) * binomial(q + s, q)
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
