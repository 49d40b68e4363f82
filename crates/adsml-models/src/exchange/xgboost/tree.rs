//! One tree of XGBoost, as ours.
//!
//! ```text
//! number    f32(x) < split_condition goes left
//! category  the whole part of f32(x) is in a list: right; everything else: left
//! missing   NaN goes to the default side
//! ```
//!
//! Source: XGBoost 3.2.0, `src/tree/tree_model.cc` (`LoadModel`, `LoadCategoricalSplit`), `src/common/categorical.h` (`Decision`).

use super::super::fault::{Fault, Read};
use crate::tree::{Importances, NoTree, PlainNode, PlainSplit, Question, Trees};

/// The columns of a tree's table, one entry per node.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) id: usize,
    pub(super) left_children: Vec<i32>,
    pub(super) right_children: Vec<i32>,
    pub(super) split_indices: Vec<i32>,
    pub(super) split_conditions: Vec<f32>,
    pub(super) default_left: Vec<i32>,
    pub(super) sum_hessian: Vec<f32>,
    pub(super) loss_changes: Vec<f32>,
    pub(super) split_type: Vec<i32>,
    pub(super) categories: Vec<i32>,
    pub(super) categories_nodes: Vec<i32>,
    pub(super) categories_segments: Vec<i32>,
    pub(super) categories_sizes: Vec<i32>,
}

/// How the trees so far use a feature.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Use {
    pub(super) as_number: bool,
    pub(super) as_category: bool,
}

/// Categories beyond are refused by XGBoost too.
const MOST_CATEGORIES: i32 = 1 << 24;
/// In place of a feature: the node is deleted.
const DELETED: i32 = i32::MAX;
/// `split_type` of a category.
const CATEGORICAL: i32 = 1;

/// Bytes that sets of categories may still take: a short list may hold a large number.
#[derive(Debug)]
pub(super) struct SetBytes(usize);

impl SetBytes {
    /// 1 MiB, and 32 bytes for each byte of the file.
    pub(super) const fn of_file(bytes: usize) -> Self {
        Self(bytes.saturating_mul(32).saturating_add(1 << 20))
    }

    fn take(&mut self, bytes: usize) -> Read<()> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            Fault::somewhere("sets of categories would take more than 1 MiB and 32 times the file").within("categories")
        })?;
        Ok(())
    }
}

impl Tree {
    /// Adds the tree, its leaves multiplied by `weight`, and how it uses the features.
    pub(super) fn push(
        &self,
        weight: f32,
        trees: &mut Trees,
        importances: &mut Importances,
        uses: &mut [Use],
        set_bytes: &mut SetBytes,
    ) -> Read<()> {
        let n = self.left_children.len();
        let mut sets = self.sets(n, set_bytes)?;
        for at in (0..n).filter(|&at| self.left_children[at] != -1) {
            let feature = self.split_indices[at];
            let Some(use_) = usize::try_from(feature).ok().and_then(|feature| uses.get_mut(feature)) else {
                let reason = format!("node {at} asks for feature {feature}, there are {}", uses.len());
                return Err(Fault::somewhere(reason).within("split_indices"));
            };
            let is_category = self.split_type.get(at) == Some(&CATEGORICAL);
            use_.as_category |= is_category;
            use_.as_number |= !is_category;
        }
        // Every set is taken by its node once.
        let node = |at: usize| self.node(at, weight, &mut sets);
        let is_deleted = |at: usize| self.split_indices[at] == DELETED;
        trees.push_plain(n, node, is_deleted, importances).map_err(|reason| {
            let (field, reason) = match reason {
                NoTree::Twice(at) => ("left_children", format!("node {at} is reached twice")),
                NoTree::Unreached(at) => ("left_children", format!("node {at} is not reached")),
                NoTree::NoNode(at) => ("right_children", format!("there is no node {at}")),
                NoTree::TooMany => ("split_indices", "there are too many nodes or features".to_owned()),
            };
            Fault::somewhere(reason).within(field)
        })
    }

    fn node(&self, at: usize, weight: f32, sets: &mut [Option<Set>]) -> PlainNode {
        let cover = self.sum_hessian[at];
        if self.left_children[at] == -1 {
            // Rounded as XGBoost rounds it.
            return PlainNode::Leaf { value: (self.split_conditions[at] * weight).into(), cover };
        }
        let question = match sets.get_mut(at).and_then(Option::take) {
            Some(Set { bits, n_levels }) => Question::Level { bits, n_levels, unseen_left: true },
            None => Question::AtMost(last_below(self.split_conditions[at])),
        };
        // A negative child other than -1 is no node either.
        let child = |child: i32| usize::try_from(child).unwrap_or(usize::MAX);
        PlainNode::Split(PlainSplit {
            feature: self.split_indices[at] as usize,
            question,
            missing_left: self.default_left[at] != 0,
            left: child(self.left_children[at]),
            right: child(self.right_children[at]),
            cover,
            gain: self.loss_changes[at].into(),
        })
    }

    /// Refuses columns of different lengths, none at all, and numbers out of range.
    ///
    /// Before the next tree is read: a tree that holds nothing takes more memory than its text.
    pub(super) fn check(&self) -> Read<()> {
        let wrong = |field: &str, reason: String| Err(Fault::somewhere(reason).within(field));
        let n = self.left_children.len();
        if n == 0 {
            return wrong("left_children", "is missing or empty".to_owned());
        }
        for (field, found) in [
            ("right_children", self.right_children.len()),
            ("split_indices", self.split_indices.len()),
            ("split_conditions", self.split_conditions.len()),
            ("default_left", self.default_left.len()),
            ("sum_hessian", self.sum_hessian.len()),
            ("loss_changes", self.loss_changes.len()),
        ] {
            if found != n {
                return wrong(field, format!("has {found} entries for {n} nodes"));
            }
        }
        if !self.split_type.is_empty() && self.split_type.len() != n {
            return wrong("split_type", format!("has {} entries for {n} nodes", self.split_type.len()));
        }
        for at in 0..n {
            let condition = self.split_conditions[at];
            let is_leaf = self.left_children[at] == -1;
            let is_category = self.split_type.get(at) == Some(&CATEGORICAL);
            // Below -inf there is nothing, not even a number for the boundary.
            let fits = if is_leaf { condition.is_finite() } else { is_category || condition > f32::NEG_INFINITY };
            if !fits {
                return wrong("split_conditions", format!("node {at} holds {condition}"));
            }
            let (cover, gain) = (self.sum_hessian[at], self.loss_changes[at]);
            if !(cover.is_finite() && cover >= 0.0) {
                return wrong("sum_hessian", format!("node {at} holds {cover}"));
            }
            if gain.is_nan() {
                return wrong("loss_changes", format!("node {at} holds {gain}"));
            }
            if !matches!(self.split_type.get(at), None | Some(0 | 1)) {
                return wrong("split_type", format!("of node {at} is {}", self.split_type[at]));
            }
        }
        Ok(())
    }

    /// The levels that go left, by node; empty when no node asks for a category.
    fn sets(&self, n: usize, set_bytes: &mut SetBytes) -> Read<Vec<Option<Set>>> {
        let wrong = |field: &str, reason: String| Err(Fault::somewhere(reason).within(field));
        let nodes = &self.categories_nodes;
        for (field, found) in
            [("categories_segments", self.categories_segments.len()), ("categories_sizes", self.categories_sizes.len())]
        {
            if found != nodes.len() {
                return wrong(field, format!("has {found} entries, `categories_nodes` has {}", nodes.len()));
            }
        }
        let mut sets: Vec<Option<Set>> = Vec::new();
        if !nodes.is_empty() {
            sets.resize_with(n, || None);
        }
        for (number, &node) in nodes.iter().enumerate() {
            let at = usize::try_from(node).ok().filter(|&at| self.split_type.get(at) == Some(&CATEGORICAL));
            let Some(at) = at.filter(|&at| sets[at].is_none()) else {
                return wrong("categories_nodes", format!("node {node} asks for no category, or appears twice"));
            };
            let (from, size) = (self.categories_segments[number], self.categories_sizes[number]);
            let range = usize::try_from(from).ok().zip(usize::try_from(size).ok().filter(|&size| size > 0));
            let listed = range.and_then(|(from, size)| self.categories.get(from..from.checked_add(size)?));
            let Some(listed) = listed else {
                let reason = format!("{size} categories from {from} of {}", self.categories.len());
                return wrong("categories_segments", reason);
            };
            sets[at] = Some(Set::without(listed, set_bytes)?);
        }
        let without_set = |at: &usize| self.split_type.get(*at) == Some(&CATEGORICAL) && self.left_children[*at] != -1;
        match (0..n).filter(without_set).find(|&at| sets.get(at).is_none_or(Option::is_none)) {
            Some(at) => wrong("categories_nodes", format!("node {at} asks for a category without a list")),
            None => Ok(sets),
        }
    }
}

/// Levels that go left.
#[derive(Debug, PartialEq)]
struct Set {
    bits: Vec<u64>,
    n_levels: u32,
}

impl Set {
    /// All levels up to the last of the list, without those of the list.
    fn without(listed: &[i32], set_bytes: &mut SetBytes) -> Read<Self> {
        if let Some(category) = listed.iter().find(|category| !(0..MOST_CATEGORIES).contains(*category)) {
            return Err(Fault::somewhere(format!("{category} is no category")).within("categories"));
        }
        let n_levels = listed.iter().max().map_or(0, |&last| last as u32 + 1);
        let n_words = (n_levels as usize).div_ceil(64);
        set_bytes.take(8 * n_words)?;
        let mut bits = vec![u64::MAX; n_words];
        for &category in listed {
            bits[category as usize / 64] &= !(1 << (category % 64));
        }
        Ok(Self { bits, n_levels })
    }
}

/// The largest `x` with `(x as f32) < bound`, so that `x <= last_below(bound)` asks the same of every `x`; `bound` is above -inf.
///
/// That is half way between `bound` and the `f32` before it, when ties go to the latter, and else the number before.
fn last_below(bound: f32) -> f64 {
    let below = bound.next_down();
    // What rounds to infinity: from half way to the power of two that would follow.
    let beyond = |value: f32| if value.is_infinite() { 2_f64.powi(128).copysign(value.into()) } else { value.into() };
    let middle = (beyond(below) + beyond(bound)) / 2.0;
    if middle as f32 == below { middle } else { middle.next_down() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn agree(bound: f32) {
        let last = last_below(bound);
        let around = [f64::from(bound), f64::from(bound.next_down()), f64::from(bound.next_up()), last];
        for x in around
            .iter()
            .flat_map(|x| [x.next_down().next_down(), x.next_down(), *x, x.next_up(), x.next_up().next_up()])
        {
            assert_eq!(x <= last, (x as f32) < bound, "{x:e} below {bound:e}");
        }
        for x in [0.0, -0.0, 1.0, -1.0, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, 1e-300, -1e-300, 5e-324] {
            assert_eq!(x <= last, (x as f32) < bound, "{x:e} below {bound:e}");
        }
    }

    #[test]
    fn a_strict_bound_of_f32_is_a_bound_of_f64() {
        let tiny = f32::from_bits(1);
        for bound in [0.0, -0.0, 1.0, f32::MIN_POSITIVE, tiny, 2.0 * tiny, f32::MAX, f32::INFINITY, 16_777_216.0, 0.1] {
            agree(bound);
            if bound.is_finite() {
                agree(-bound);
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_the_bound(bits in any::<u32>()) {
            let bound = f32::from_bits(bits);
            prop_assume!(bound > f32::NEG_INFINITY);
            agree(bound);
        }
    }

    #[test]
    fn sets_are_complements_of_lists() {
        let mut room = SetBytes::of_file(0);
        let set = Set::without(&[1, 64], &mut room).unwrap();
        assert_eq!(set, Set { bits: vec![!2, !1], n_levels: 65 });
        assert!(Set::without(&[-1], &mut room).is_err() && Set::without(&[MOST_CATEGORIES], &mut room).is_err());
        assert!(Set::without(&[MOST_CATEGORIES - 1], &mut room).is_err(), "2 MiB for four bytes");
    }
}
