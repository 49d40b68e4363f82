//! Trees taken apart: what an explanation asks of single nodes.

use std::ops::Range;

use super::trees::{FEATURE, LEAF, Trees};

/// A node, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Part {
    Leaf(f64),
    /// The left side is the next node.
    Question {
        feature: usize,
        right: usize,
    },
}

impl Trees {
    /// The nodes of a tree; the first is its root, and parents come before children.
    pub(crate) fn nodes_of(&self, tree: usize) -> Range<usize> {
        let end = self.roots.get(tree + 1).map_or(self.nodes.len(), |&next| next as usize);
        self.roots[tree] as usize..end
    }

    pub(crate) fn part(&self, node: usize) -> Part {
        let node = &self.nodes[node];
        if node.feature == LEAF {
            Part::Leaf(node.value)
        } else {
            Part::Question { feature: (node.feature & FEATURE) as usize, right: node.right as usize }
        }
    }

    /// Whether a row goes left at a node, which asks a question.
    #[inline(always)]
    pub(crate) fn goes_left(&self, node: usize, row: &[f64]) -> bool {
        self.nodes[node].goes_left(row, &self.sets)
    }

    /// The shares of the training rows at a question that went left and right. Half each where nobody came by, or where the
    /// covers (of a file) mean nothing.
    pub(crate) fn shares(&self, node: usize, right: usize) -> [f64; 2] {
        let [left, right] = [node + 1, right].map(|side| f64::from(self.cover[side]));
        let total = left + right;
        let mean_something = left >= 0.0 && right >= 0.0 && total > 0.0 && total < f64::INFINITY;
        if mean_something { [left / total, right / total] } else { [0.5; 2] }
    }
}

/// A tree to be, for tests.
#[cfg(test)]
#[derive(Debug, Clone)]
pub(crate) enum Sketch {
    Leaf {
        value: f64,
        cover: f32,
    },
    Question {
        feature: usize,
        /// Levels below 4 of the other parity than `cut` go left; else, values up to it.
        category: bool,
        cut: f64,
        missing_left: bool,
        sides: Box<[Sketch; 2]>,
    },
}

#[cfg(test)]
impl Trees {
    pub(crate) fn sketched(sketches: &[Sketch]) -> Self {
        let mut trees = Self::default();
        for sketch in sketches {
            trees.roots.push(trees.nodes.len() as u32);
            trees.draw(sketch);
        }
        trees
    }

    /// Adds a node and all below it; gives its cover.
    fn draw(&mut self, sketch: &Sketch) -> f32 {
        use super::trees::{CATEGORY, LevelSet, MISSING_LEFT, Node};

        let at = self.nodes.len();
        self.nodes.push(Node { value: 0.0, feature: LEAF, right: 0 });
        self.cover.push(0.0);
        self.cover[at] = match sketch {
            Sketch::Leaf { value, cover } => {
                self.nodes[at].value = *value;
                *cover
            }
            Sketch::Question { feature, category, cut, missing_left, sides } => {
                let mut node = Node { value: *cut, feature: *feature as u32, right: 0 };
                node.feature |= if *missing_left { MISSING_LEFT } else { 0 };
                if *category {
                    node.feature |= CATEGORY;
                    node.value = self.sets.len() as f64;
                    self.sets
                        .push(LevelSet { n_levels: 4, bits: vec![if *cut as i64 % 2 == 0 { 0b1010 } else { 0b0101 }] });
                }
                let left = self.draw(&sides[0]);
                node.right = self.nodes.len() as u32;
                let right = self.draw(&sides[1]);
                self.nodes[at] = node;
                left + right
            }
        };
        self.cover[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_that_mean_nothing_are_halves() {
        let shares = |left: f32, right: f32| {
            let leaf = |cover| Sketch::Leaf { value: 0.0, cover };
            let sides = Box::new([leaf(left), leaf(right)]);
            let stump = Sketch::Question { feature: 0, category: false, cut: 0.0, missing_left: false, sides };
            Trees::sketched(&[stump]).shares(0, 2)
        };
        assert_eq!((shares(3.0, 1.0), shares(0.0, 2.0)), ([0.75, 0.25], [0.0, 1.0]));
        for (left, right) in [(0.0, 0.0), (f32::NAN, 1.0), (-1.0, 3.0), (f32::INFINITY, 1.0)] {
            assert_eq!(shares(left, right), [0.5; 2], "{left} and {right}");
        }
    }
}
