//! The loop-free multigraphs of a level, one of each isomorphism class.

/// Bounds of the standard templates.
const MAX_MU: usize = 5;
const MAX_NU: usize = 10;
const MAX_TENSORS: usize = 4;

/// The tensor `M_(mu,nu)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TensorKind {
    /// Index of its radial function.
    pub mu: usize,
    /// Its rank, and the degree of its vertex.
    pub nu: usize,
}

impl TensorKind {
    fn level(self) -> usize {
        2 + 4 * self.mu + self.nu
    }
}

/// A contraction of tensors: `edges[a][b]` pairs of legs join a and b. Symmetric, with a diagonal of zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Graph {
    pub tensors: Vec<TensorKind>,
    pub edges: [[usize; MAX_TENSORS]; MAX_TENSORS],
}

/// Every graph of at most `level`, small ones first.
pub(super) fn of_level(level: usize) -> Vec<Graph> {
    let mut kinds: Vec<TensorKind> =
        (0..=MAX_MU).flat_map(|mu| (0..=MAX_NU).map(move |nu| TensorKind { mu, nu })).collect();
    kinds.retain(|kind| kind.level() <= level);
    let mut graphs = Vec::new();
    extend(&mut Vec::new(), &kinds, level, &mut graphs);
    let size = |graph: &Graph| graph.tensors.iter().map(|tensor| tensor.level()).sum::<usize>();
    graphs.sort_by_key(|graph| (graph.tensors.len(), size(graph)));
    graphs
}

/// Adds every multiset that starts with `chosen`, as tensors in the order of `kinds`.
fn extend(chosen: &mut Vec<TensorKind>, kinds: &[TensorKind], level: usize, out: &mut Vec<Graph>) {
    if !chosen.is_empty() {
        graphs_on(chosen, out);
    }
    if chosen.len() == MAX_TENSORS {
        return;
    }
    for (k, kind) in kinds.iter().enumerate() {
        if let Some(rest) = level.checked_sub(kind.level()) {
            chosen.push(*kind);
            extend(chosen, &kinds[k..], rest, out);
            chosen.pop();
        }
    }
}

/// Adds the graphs on these tensors whose degrees are the ranks.
fn graphs_on(tensors: &[TensorKind], out: &mut Vec<Graph>) {
    let degree: [usize; MAX_TENSORS] = std::array::from_fn(|k| tensors.get(k).map_or(0, |tensor| tensor.nu));
    let [a, b, c, d] = degree;
    for ab in 0..=a.min(b) {
        for ac in 0..=(a - ab).min(c) {
            let ad = a - ab - ac;
            // Two edges chosen, the degrees give the rest: bc + bd = b - ab, bc + cd = c - ac, bd + cd = d - ad.
            let Some(d_left) = d.checked_sub(ad) else { continue };
            let (b_left, c_left) = (b - ab, c - ac);
            let half =
                |sum: usize, less: usize| sum.checked_sub(less).filter(|twice| twice % 2 == 0).map(|twice| twice / 2);
            let bc = half(b_left + c_left, d_left);
            let bd = half(b_left + d_left, c_left);
            let cd = half(c_left + d_left, b_left);
            let (Some(bc), Some(bd), Some(cd)) = (bc, bd, cd) else { continue };
            let edges = [[0, ab, ac, ad], [ab, 0, bc, bd], [ac, bc, 0, cd], [ad, bd, cd, 0]];
            if is_canonical(tensors, &edges) {
                out.push(Graph { tensors: tensors.to_vec(), edges });
            }
        }
    }
}

/// Whether no exchange of equal tensors gives a smaller matrix of edges.
fn is_canonical(tensors: &[TensorKind], edges: &[[usize; MAX_TENSORS]; MAX_TENSORS]) -> bool {
    let n = tensors.len();
    permutations(n).iter().all(|order| {
        if order.iter().zip(tensors).any(|(&k, tensor)| tensors[k] != *tensor) {
            return true;
        }
        let upper = |edge: &dyn Fn(usize, usize) -> usize| {
            (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| edge(i, j)).collect::<Vec<_>>()
        };
        upper(&|i, j| edges[i][j]) <= upper(&|i, j| edges[order[i]][order[j]])
    })
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    (0..n).fold(vec![Vec::new()], |shorter, _| {
        let longer = |order: Vec<usize>| {
            let free: Vec<usize> = (0..n).filter(|k| !order.contains(k)).collect();
            free.into_iter().map(move |k| order.iter().copied().chain([k]).collect())
        };
        shorter.into_iter().flat_map(longer).collect()
    })
}
