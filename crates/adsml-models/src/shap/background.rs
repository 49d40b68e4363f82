//! What each feature adds to a raw score, against rows of a background.

use super::Explained;
use crate::tree::Part;

/// Adds up contributions of some rows against a background, tree after tree.
///
/// For a row `x` and a background row `b`, a leaf counts in `v(S)` when the features in `S` lead there by their values in `x`, and the
/// others by those in `b`. Where both go the same way, so does the walk; where they part for the first time by a feature, it goes both
/// ways, and from then on that feature is with `x` or with `b`. A leaf of `n_x` features with `x` and `n_b` with `b` has, by counting
/// subsets,
///
/// ```text
/// to each feature with x:   w (n_x - 1)! n_b! / (n_x + n_b)!
/// to each feature with b:  -w n_x! (n_b - 1)! / (n_x + n_b)!
/// ```
///
/// Source: Laberge and Pequignot (2022), "Understanding interventional TreeSHAP: how and why it works", arXiv:2209.15123.
#[derive(Debug)]
pub(super) struct Against<'a> {
    n_features: usize,
    background: &'a [f64],
    /// By question of the tree: whether the row goes left.
    row_left: Vec<bool>,
    /// The same of every background row, row after row.
    background_left: Vec<bool>,
    walk: Walk,
}

impl<'a> Against<'a> {
    pub(super) fn new(n_features: usize, background: &'a [f64]) -> Self {
        let walk = Walk { sides: vec![Side::Undecided; n_features], ..Walk::default() };
        Self { n_features, background, row_left: Vec::new(), background_left: Vec::new(), walk }
    }

    /// The contributions of `rows` to an output, both row after row; gives the mean raw score of the background.
    pub(super) fn write(&mut self, output: &Explained<'_>, rows: &[f64], out: &mut [f64]) -> f64 {
        out.fill(0.0);
        let p = self.n_features;
        // A model without features has one answer, and one background row is as good as all.
        let n_background = self.background.len().checked_div(p).unwrap_or(1);
        let mut base = 0.0;
        for tree in output.tree_numbers() {
            let nodes = output.trees.nodes_of(tree);
            self.walk.take(output, nodes.clone());
            self.background_left.clear();
            for row in 0..n_background {
                let row = &self.background[row * p..][..p];
                base += (output.leaf)(output.trees.leaf_value(tree, row));
                self.background_left.extend(nodes.clone().map(|node| self.walk.goes_left(output, node, row)));
            }
            if rows.is_empty() {
                continue;
            }
            for (row, out) in rows.chunks_exact(p).zip(out.chunks_exact_mut(p)) {
                self.row_left.clear();
                self.row_left.extend(nodes.clone().map(|node| self.walk.goes_left(output, node, row)));
                for background_left in self.background_left.chunks_exact(nodes.len()) {
                    self.walk.add(&self.row_left, background_left, out);
                }
            }
        }
        let scale = n_background as f64 * output.divisor;
        out.iter_mut().for_each(|value| *value /= scale);
        base / scale + output.base / output.divisor
    }
}

/// Whom a feature is with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Undecided,
    Row,
    Background,
}

/// Where the walk went both ways.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Fork {
    feature: u32,
    /// Where the background goes; 0, the root, once the walk is there.
    other: u32,
    /// What the row's side came to: for features with the row, and for those with the background.
    sums: [f64; 2],
}

/// The walk with two rows at once.
#[derive(Debug, Default)]
struct Walk {
    nodes: Vec<Part>,
    first: usize,
    sides: Vec<Side>,
    forks: Vec<Fork>,
    weights: Weights,
}

impl Walk {
    /// Takes another tree.
    fn take(&mut self, output: &Explained<'_>, nodes: std::ops::Range<usize>) {
        self.first = nodes.start;
        self.nodes.clear();
        self.nodes.extend(nodes.map(|node| match output.trees.part(node) {
            Part::Leaf(value) => Part::Leaf((output.leaf)(value)),
            Part::Question { feature, right } => Part::Question { feature, right: right - self.first },
        }));
    }

    fn goes_left(&self, output: &Explained<'_>, node: usize, row: &[f64]) -> bool {
        matches!(self.nodes[node - self.first], Part::Question { .. }) && output.trees.goes_left(node, row)
    }

    /// Adds what the tree says of a row against a background row.
    fn add(&mut self, row_left: &[bool], background_left: &[bool], out: &mut [f64]) {
        let (mut at, mut n_row, mut n_background) = (0, 0, 0);
        loop {
            let value = loop {
                let (feature, right) = match self.nodes[at] {
                    Part::Leaf(value) => break value,
                    Part::Question { feature, right } => (feature, right),
                };
                let side = |left: bool| if left { at + 1 } else { right };
                let (of_row, of_background) = (side(row_left[at]), side(background_left[at]));
                at = match self.sides[feature] {
                    Side::Background => of_background,
                    Side::Undecided if of_row != of_background => {
                        self.sides[feature] = Side::Row;
                        n_row += 1;
                        self.forks.push(Fork { feature: feature as u32, other: of_background as u32, sums: [0.0; 2] });
                        of_row
                    }
                    _ => of_row,
                };
            };
            let [with_row, with_background] = self.weights.of(n_row, n_background);
            let mut sums = [value * with_row, value * with_background];
            // Back to where the background's side is still to be walked.
            loop {
                let Some(fork) = self.forks.last_mut() else { return };
                let feature = fork.feature as usize;
                if fork.other > 0 {
                    at = std::mem::take(&mut fork.other) as usize;
                    fork.sums = sums;
                    self.sides[feature] = Side::Background;
                    n_row -= 1;
                    n_background += 1;
                    break;
                }
                out[feature] += fork.sums[0] - sums[1];
                sums = [fork.sums[0] + sums[0], fork.sums[1] + sums[1]];
                self.sides[feature] = Side::Undecided;
                n_background -= 1;
                self.forks.pop();
            }
        }
    }
}

/// `(a - 1)! b! / (a + b)!` and `a! (b - 1)! / (a + b)!`; 0 for who is nobody.
#[derive(Debug, Default)]
struct Weights {
    /// Those of small numbers, by `a * SMALL + b`.
    small: Vec<[f64; 2]>,
}

const SMALL: usize = 32;

impl Weights {
    fn of(&mut self, a: usize, b: usize) -> [f64; 2] {
        if a >= SMALL || b >= SMALL {
            return [weight(a, b), weight(b, a)];
        }
        if self.small.is_empty() {
            let pair = |at: usize| [weight(at / SMALL, at % SMALL), weight(at % SMALL, at / SMALL)];
            self.small = (0..SMALL * SMALL).map(pair).collect();
        }
        self.small[a * SMALL + b]
    }
}

/// `(a - 1)! b! / (a + b)!`, which is `1 / (a (a + b choose b))`.
fn weight(a: usize, b: usize) -> f64 {
    if a == 0 {
        return 0.0;
    }
    let few = a.min(b);
    let choose = (1..=few).fold(1.0, |product, k| product * (a + b - few + k) as f64 / k as f64);
    1.0 / (a as f64 * choose)
}
