//! What pairs of features add to a raw score, by the shares of the training rows.

use super::paths::{LANES, Lanes, Paths};
use super::{Explained, add_lanes, scaled, total};

/// Adds up the interactions of one row after the other.
#[derive(Debug)]
pub(super) struct Interactions {
    paths: Paths,
    states: Vec<u8>,
    down: Vec<Lanes>,
    up: Vec<Lanes>,
}

impl Interactions {
    pub(super) fn new(n_features: usize) -> Self {
        Self { paths: Paths::new(n_features), states: Vec::new(), down: Vec::new(), up: Vec::new() }
    }

    /// The interactions of `rows`, given their `contributions`; all of them row after row, `out` zero at first.
    pub(super) fn write(
        &mut self,
        output: &Explained<'_>,
        n_features: usize,
        rows: &[f64],
        contributions: &[f64],
        out: &mut [f64],
    ) {
        let square = n_features * n_features;
        for tree in output.tree_numbers() {
            self.paths.take(output.trees, tree, &output.leaf);
            let n_edges = self.paths.edges.len();
            self.states.resize(n_edges, 0);
            self.down.resize(n_edges, [0.0; LANES]);
            self.up.resize(n_edges, [0.0; LANES]);
            let n_passes = self.paths.n_passes();
            for pass in 0..n_passes {
                self.paths.prepare(pass, n_passes);
                for (row, out) in rows.chunks_exact(n_features).zip(out.chunks_exact_mut(square)) {
                    self.paths.states(output.trees, row, &mut self.states);
                    self.add_tree(n_features, out);
                }
            }
        }
        for (matrix, contributions) in out.chunks_exact_mut(square).zip(contributions.chunks_exact(n_features)) {
            for a in 0..n_features {
                for b in 0..a {
                    // Pairs were added where the deeper feature's row meets the other's column.
                    let both = 0.5 * (matrix[a * n_features + b] + matrix[b * n_features + a]) / output.divisor;
                    (matrix[a * n_features + b], matrix[b * n_features + a]) = (both, both);
                }
            }
            for (a, &contribution) in contributions.iter().enumerate() {
                let row = &mut matrix[a * n_features..][..n_features];
                row[a] = 0.0;
                row[a] = contribution - row.iter().sum::<f64>();
            }
        }
    }

    /// Like that of contributions; every edge meets all edges above it.
    fn add_tree(&mut self, n_features: usize, out: &mut [f64]) {
        let Self { paths, states, down, up } = self;
        let n_edges = paths.edges.len();
        let steps = &paths.steps[..n_edges];
        (down[0], up[0]) = (paths.weights, [0.0; LANES]);
        for (at, edge) in paths.edges.iter().enumerate().skip(1) {
            let product = scaled(&down[edge.parent as usize], &steps[at].factor[usize::from(states[at])]);
            down[at] = product;
            up[at] = if edge.is_leaf { product } else { [0.0; LANES] };
        }
        for at in (1..n_edges).rev() {
            let (edge, below) = (&paths.edges[at], up[at]);
            add_lanes(&mut up[edge.parent as usize], &below);
            let gain = scaled(&below, &steps[at].gain[usize::from(states[at])]);
            let mut higher = edge.parent as usize;
            while higher > 0 {
                let other = &paths.edges[higher];
                if other.feature != edge.feature {
                    let both = scaled(&gain, &steps[higher].gain[usize::from(states[higher])]);
                    out[edge.feature as usize * n_features + other.feature as usize] += total(&both);
                }
                higher = other.parent as usize;
            }
        }
    }
}
