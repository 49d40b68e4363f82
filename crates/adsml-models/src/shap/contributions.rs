//! What each feature adds to a raw score, by the shares of the training rows.

use super::paths::{LANES, Lanes, Paths};
use super::{Explained, add_lanes, scaled, total};

/// Adds up contributions of some rows, tree after tree.
#[derive(Debug)]
pub(super) struct Contributions {
    paths: Paths,
    /// By row and feature.
    sums: Vec<Lanes>,
    states: Vec<u8>,
    /// Products over the path that leads to a node.
    down: Vec<Lanes>,
    /// Sums of the leaves below a node, each times the product over its path.
    up: Vec<Lanes>,
}

impl Contributions {
    pub(super) fn new(n_features: usize) -> Self {
        let paths = Paths::new(n_features);
        Self { paths, sums: Vec::new(), states: Vec::new(), down: Vec::new(), up: Vec::new() }
    }

    /// The contributions of `rows` to an output, both row after row; gives what is predicted without knowing a row.
    pub(super) fn write(&mut self, output: &Explained<'_>, n_features: usize, rows: &[f64], out: &mut [f64]) -> f64 {
        self.sums.clear();
        self.sums.resize(out.len(), [0.0; LANES]);
        let mut base = output.base;
        for tree in output.tree_numbers() {
            self.paths.take(output.trees, tree, &output.leaf);
            base += self.paths.base();
            if rows.is_empty() {
                continue;
            }
            let n_edges = self.paths.edges.len();
            self.states.resize(n_edges, 0);
            self.down.resize(n_edges, [0.0; LANES]);
            self.up.resize(n_edges, [0.0; LANES]);
            let n_passes = self.paths.n_passes();
            for pass in 0..n_passes {
                self.paths.prepare(pass, n_passes);
                for (row, sums) in rows.chunks_exact(n_features).zip(self.sums.chunks_exact_mut(n_features)) {
                    self.paths.states(output.trees, row, &mut self.states);
                    add_tree(&self.paths, &self.states, &mut self.down, &mut self.up, sums);
                }
            }
        }
        for (out, sum) in out.iter_mut().zip(&self.sums) {
            *out = total(sum) / output.divisor;
        }
        base / output.divisor
    }
}

/// Down the tree with products over the path, up with sums over the leaves; every edge gives its feature what changes there.
fn add_tree(paths: &Paths, states: &[u8], down: &mut [Lanes], up: &mut [Lanes], sums: &mut [Lanes]) {
    let n_edges = paths.edges.len();
    let steps = &paths.steps[..n_edges];
    let (states, down, up) = (&states[..n_edges], &mut down[..n_edges], &mut up[..n_edges]);
    (down[0], up[0]) = (paths.weights, [0.0; LANES]);
    for (at, edge) in paths.edges.iter().enumerate().skip(1) {
        let (step, state) = (&steps[at], usize::from(states[at]));
        let product = scaled(&down[edge.parent as usize], &step.factor[state]);
        if edge.is_leaf {
            add_lanes(&mut sums[edge.feature as usize], &scaled(&product, &step.gain[state]));
            add_lanes(&mut up[edge.parent as usize], &product);
        } else {
            down[at] = product;
            up[at] = [0.0; LANES];
        }
    }
    for question in paths.questions.iter().rev() {
        let at = question.at as usize;
        if at == 0 {
            break;
        }
        let (edge, below) = (&paths.edges[at], up[at]);
        let gain = &steps[at].gain[usize::from(states[at])];
        add_lanes(&mut sums[edge.feature as usize], &scaled(&below, gain));
        add_lanes(&mut up[edge.parent as usize], &below);
    }
}
