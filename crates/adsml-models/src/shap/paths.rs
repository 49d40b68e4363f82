//! The edges of a tree, and what they hold ready for any row.

use std::array::from_fn;
use std::collections::BTreeMap;

use super::points::{Point, gauss_legendre};
use crate::tree::{Part, Trees};

/// Points of the quadrature that are worked at together.
pub(super) const LANES: usize = 4;
pub(super) type Lanes = [f64; LANES];

/// The row went the other way at an edge of the same feature above.
pub(super) const DEAD: u8 = 0;
/// The row goes the other way here, after it kept to the path at all edges of this feature above.
pub(super) const OFF: u8 = 1;
/// The row keeps to the path at this edge and at all edges of its feature above.
pub(super) const ON: u8 = 2;

/// The edge that leads to a node of a tree; the root has one that asks nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) parent: u32,
    pub(super) feature: u32,
    /// The next edge of the same feature on the way to the root; 0 for none.
    pub(super) above: u32,
    pub(super) is_leaf: bool,
    /// Features on the path so far, each once.
    n_players: u32,
    /// The share of the parent's training rows that went this way.
    share: f64,
    /// Product of the shares of this feature's edges on the path.
    merged: f64,
    /// Of a leaf; of other nodes, the mean of the leaves below by shares.
    value: f64,
}

/// What an edge does at some points of the quadrature, by the state of the row there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// By this the product over the path changes; at a leaf, times its value.
    pub(super) factor: [Lanes; 3],
    /// The change of `(o - z) / (z (1 - u) + o u)` of its feature.
    pub(super) gain: [Lanes; 3],
}

/// A tree as edges, by number of the node that they lead to, counted from the root.
#[derive(Debug, Default)]
pub(super) struct Paths {
    pub(super) edges: Vec<Edge>,
    /// Nodes that ask, parents before children.
    pub(super) questions: Vec<Question>,
    /// What is ready for one pass, by edge.
    pub(super) steps: Vec<Step>,
    /// Weights of the points of that pass.
    pub(super) weights: Lanes,
    /// By feature: the edge it was last asked on. All 0 between trees.
    last: Vec<u32>,
    /// Edges from the root to the node that is looked at.
    path: Vec<u32>,
    /// Quadratures that were needed so far, by number of passes.
    rules: BTreeMap<usize, Vec<Point>>,
    /// Of `f` where the row keeps to the path, by edge.
    reciprocals: Vec<Lanes>,
}

/// A node that asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Question {
    /// Number among the nodes of all trees.
    pub(super) node: u32,
    /// The edge that leads to it.
    pub(super) at: u32,
    /// The edges to its two sides.
    pub(super) sides: [u32; 2],
}

impl Paths {
    pub(super) fn new(n_features: usize) -> Self {
        Self { last: vec![0; n_features], ..Self::default() }
    }

    /// The mean of the leaves of the tree by shares of the training rows: what is predicted without knowing the row.
    pub(super) fn base(&self) -> f64 {
        self.edges[0].value
    }

    /// Takes another tree apart; `leaf` gives the value of a leaf.
    pub(super) fn take(&mut self, trees: &Trees, tree: usize, leaf: impl Fn(f64) -> f64) {
        let nodes = trees.nodes_of(tree);
        let root = nodes.start;
        let unasked =
            Edge { parent: 0, feature: 0, above: 0, is_leaf: false, n_players: 0, share: 1.0, merged: 1.0, value: 0.0 };
        self.edges.clear();
        self.edges.resize(nodes.len(), unasked);
        self.questions.clear();
        for node in nodes {
            let at = node - root;
            if at > 0 {
                self.meet(at);
            }
            match trees.part(node) {
                Part::Leaf(value) => {
                    self.edges[at].is_leaf = true;
                    self.edges[at].value = leaf(value);
                }
                Part::Question { feature, right } => {
                    let sides = [at + 1, right - root];
                    for (side, share) in sides.into_iter().zip(trees.shares(node, right)) {
                        self.edges[side] = Edge { parent: at as u32, feature: feature as u32, share, ..unasked };
                    }
                    self.questions.push(Question {
                        node: node as u32,
                        at: at as u32,
                        sides: sides.map(|side| side as u32),
                    });
                }
            }
        }
        self.leave_until(0);
        for at in (1..self.edges.len()).rev() {
            let Edge { parent, share, value, .. } = self.edges[at];
            self.edges[parent as usize].value += share * value;
        }
    }

    /// Completes an edge by what lies above it.
    fn meet(&mut self, at: usize) {
        let Edge { parent, feature, share, .. } = self.edges[at];
        self.leave_until(parent);
        let above = std::mem::replace(&mut self.last[feature as usize], at as u32);
        self.path.push(at as u32);
        let edge = Edge {
            above,
            n_players: self.edges[parent as usize].n_players + u32::from(above == 0),
            merged: share * self.edges[above as usize].merged,
            ..self.edges[at]
        };
        self.edges[at] = edge;
    }

    /// Goes back up to a node.
    fn leave_until(&mut self, node: u32) {
        while let Some(&edge) = self.path.last()
            && edge != node
        {
            let Edge { feature, above, .. } = self.edges[edge as usize];
            self.last[feature as usize] = above;
            self.path.pop();
        }
    }

    /// How often rows go through the tree, with four points of a quadrature each, for it to be exact.
    pub(super) fn n_passes(&self) -> usize {
        let most_players = self.edges.iter().map(|edge| edge.n_players).max().unwrap_or(0) as usize;
        most_players.div_ceil(2 * LANES).max(1)
    }

    /// Holds ready what edges do at the points of one of `n_passes`.
    ///
    /// With `z` the merged share of a feature on the path, `o` whether the row kept to it, and `z'` and `o'` those of its edges above:
    ///
    /// ```text
    /// f = z (1 - u) + o u        factor = f / f'        gain = (o - z) / f - (o' - z') / f'
    /// ```
    ///
    /// Without `o`, `z` cancels, so that a share of zero divides nothing.
    pub(super) fn prepare(&mut self, pass: usize, n_passes: usize) {
        let rule = self.rules.entry(n_passes).or_insert_with(|| gauss_legendre(LANES * n_passes));
        let points: [Point; LANES] = from_fn(|lane| rule[LANES * pass + lane]);
        self.weights = points.map(|point| point.weight);
        let off = points.map(|point| -1.0 / point.beyond);
        self.steps.clear();
        self.reciprocals.resize(self.edges.len(), [0.0; LANES]);
        for (at, edge) in self.edges.iter().enumerate() {
            // The root's share is 1, and so is what is divided there.
            let z_above = self.edges[edge.above as usize].merged;
            let kept_above = if edge.above == 0 { [1.0; LANES] } else { self.reciprocals[edge.above as usize] };
            let z = edge.merged;
            let kept: Lanes = from_fn(|lane| z * points[lane].beyond + points[lane].at);
            let reciprocal = kept.map(|kept| 1.0 / kept);
            self.reciprocals[at] = reciprocal;
            let gain_above = kept_above.map(|reciprocal| (1.0 - z_above) * reciprocal);
            let scale = if edge.is_leaf { edge.value } else { 1.0 };
            self.steps.push(Step {
                factor: [
                    [edge.share * scale; LANES],
                    from_fn(|lane| z * points[lane].beyond * kept_above[lane] * scale),
                    from_fn(|lane| kept[lane] * kept_above[lane] * scale),
                ],
                gain: [
                    [0.0; LANES],
                    from_fn(|lane| off[lane] - gain_above[lane]),
                    from_fn(|lane| (1.0 - z) * reciprocal[lane] - gain_above[lane]),
                ],
            });
        }
    }

    /// The state of a row on every edge.
    #[inline]
    pub(super) fn states(&self, trees: &Trees, row: &[f64], states: &mut [u8]) {
        states[0] = ON;
        for question in &self.questions {
            let left = trees.goes_left(question.node as usize, row);
            for (side, kept) in question.sides.into_iter().zip([left, !left]) {
                let is_alive = states[self.edges[side as usize].above as usize] == ON;
                states[side as usize] = if is_alive { OFF + u8::from(kept) } else { DEAD };
            }
        }
    }
}
