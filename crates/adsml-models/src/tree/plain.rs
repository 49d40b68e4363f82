//! Trees from elsewhere, and for elsewhere, as nodes in any order with numbers for children.

use super::importance::Importances;
use super::trees::{CATEGORY, FEATURE, LEAF, LevelSet, MAX_FEATURES, MISSING_LEFT, Node, Trees, UNSEEN_LEFT};

/// A node of a tree from elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlainNode {
    /// An end.
    Leaf { value: f64, cover: f32 },
    /// A question.
    Split(PlainSplit),
}

/// A question of a tree from elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlainSplit {
    pub(crate) feature: usize,
    pub(crate) question: Question,
    pub(crate) missing_left: bool,
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) cover: f32,
    /// Of a tree from elsewhere; ours do not keep it.
    pub(crate) gain: f64,
}

/// Which values go left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Question {
    /// Numbers up to this one.
    AtMost(f64),
    /// Levels whose bit is set, of as many as there are bits.
    Level { bits: Vec<u64>, n_levels: u32, unseen_left: bool },
}

/// What keeps nodes from being a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoTree {
    /// The node is reached twice, or lies among its own children.
    Twice(usize),
    /// Nothing leads to the node.
    Unreached(usize),
    /// There is no such node.
    NoNode(usize),
    /// There are more nodes, or sets of levels, or features, than numbers for them.
    TooMany,
}

impl Trees {
    /// Adds the tree that begins at node 0 of `n` nodes. All of them must be reached, but those that `is_deleted`.
    ///
    /// On an error the trees are unspecified.
    pub(crate) fn push_plain(
        &mut self,
        n: usize,
        mut node: impl FnMut(usize) -> PlainNode,
        is_deleted: impl Fn(usize) -> bool,
        importances: &mut Importances,
    ) -> Result<(), NoTree> {
        if self.nodes.len() + n >= u32::MAX as usize {
            return Err(NoTree::TooMany);
        }
        self.roots.push(self.nodes.len() as u32);
        let mut is_reached = vec![false; n];
        // Left sides follow their parents; right sides wait with the place that refers to them.
        let mut todo = vec![(0, None)];
        while let Some((at, parent)) = todo.pop() {
            match is_reached.get_mut(at) {
                None => return Err(NoTree::NoNode(at)),
                Some(true) => return Err(NoTree::Twice(at)),
                Some(is_reached) => *is_reached = true,
            }
            let here = self.nodes.len() as u32;
            if let Some(parent) = parent {
                let parent: u32 = parent;
                self.nodes[parent as usize].right = here;
            }
            match node(at) {
                PlainNode::Leaf { value, cover } => {
                    self.nodes.push(Node { value, feature: LEAF, right: 0 });
                    self.cover.push(cover);
                }
                PlainNode::Split(split) => {
                    if split.feature >= MAX_FEATURES {
                        return Err(NoTree::TooMany);
                    }
                    importances.count(split.feature, split.gain, split.cover.into());
                    self.cover.push(split.cover);
                    todo.push((split.right, Some(here)));
                    todo.push((split.left, None));
                    self.push_question(split);
                }
            }
        }
        match (0..n).find(|&at| !is_reached[at] && !is_deleted(at)) {
            Some(at) => Err(NoTree::Unreached(at)),
            None => Ok(()),
        }
    }

    /// The nodes of a tree, its root first; children are numbers in the result.
    pub(crate) fn plain(&self, tree: usize) -> Vec<PlainNode> {
        let range = self.nodes_of(tree);
        let plain = |at: usize| {
            let (node, cover) = (&self.nodes[at], self.cover[at]);
            if node.feature == LEAF {
                return PlainNode::Leaf { value: node.value, cover };
            }
            let question = if node.feature & CATEGORY == 0 {
                Question::AtMost(node.value)
            } else {
                let LevelSet { n_levels, bits } = self.sets[node.value as usize].clone();
                Question::Level { bits, n_levels, unseen_left: node.feature & UNSEEN_LEFT != 0 }
            };
            PlainNode::Split(PlainSplit {
                feature: (node.feature & FEATURE) as usize,
                question,
                missing_left: node.feature & MISSING_LEFT != 0,
                left: at + 1 - range.start,
                right: node.right as usize - range.start,
                cover,
                gain: 0.0,
            })
        };
        range.clone().map(plain).collect()
    }

    fn push_question(&mut self, split: PlainSplit) {
        let mut feature = split.feature as u32;
        if split.missing_left {
            feature |= MISSING_LEFT;
        }
        let value = match split.question {
            Question::AtMost(value) => value,
            Question::Level { bits, n_levels, unseen_left } => {
                feature |= CATEGORY | if unseen_left { UNSEEN_LEFT } else { 0 };
                self.sets.push(LevelSet { n_levels, bits });
                (self.sets.len() - 1) as f64
            }
        };
        self.nodes.push(Node { value, feature, right: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(left: usize, right: usize) -> PlainNode {
        PlainNode::Split(PlainSplit {
            feature: 0,
            question: Question::AtMost(1.0),
            missing_left: true,
            left,
            right,
            cover: 2.0,
            gain: 3.0,
        })
    }

    fn push(nodes: &[PlainNode]) -> Result<Trees, NoTree> {
        let (mut trees, mut importances) = (Trees::default(), Importances::new(1));
        trees.push_plain(nodes.len(), |at| nodes[at].clone(), |at| at == 9, &mut importances).map(|()| trees)
    }

    #[test]
    fn nodes_in_any_order_become_a_tree() {
        let leaf = |value| PlainNode::Leaf { value, cover: 1.0 };
        let trees = push(&[split(2, 1), leaf(8.0), split(4, 3), leaf(7.0), leaf(6.0)]).unwrap();
        assert_eq!(trees.leaf_values().collect::<Vec<_>>(), [6.0, 7.0, 8.0]);
        let (plain, mut importances) = (trees.plain(0), Importances::new(1));
        let mut again = Trees::default();
        again.push_plain(5, |at| plain[at].clone(), |_| false, &mut importances).unwrap();
        assert_eq!(again, trees);
        assert_eq!(
            (trees.leaf_value(0, &[1.0]), trees.leaf_value(0, &[2.0]), trees.leaf_value(0, &[f64::NAN])),
            (6.0, 8.0, 6.0)
        );
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let leaf = PlainNode::Leaf { value: 0.0, cover: 1.0 };
        assert_eq!(push(&[split(0, 1), leaf.clone()]), Err(NoTree::Twice(0)));
        assert_eq!(push(&[split(1, 1), leaf.clone()]), Err(NoTree::Twice(1)));
        assert_eq!(push(&[split(1, 2), leaf.clone()]), Err(NoTree::NoNode(2)));
        assert_eq!(push(&[leaf.clone(), leaf]), Err(NoTree::Unreached(1)));
        assert_eq!(push(&[]), Err(NoTree::NoNode(0)));
    }
}
