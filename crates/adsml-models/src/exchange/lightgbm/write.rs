//! Trees as LightGBM's text.
//!
//! ```text
//! number    missing values (NaN) have a side of their own, like here
//! category  a set of codes goes left, everything else and what is missing right: sides are swapped where missing values go
//!           left here, and the code after the last level stands for levels that were not seen
//! base      is added to the leaves of the first trees
//! ```
//!
//! Source: LightGBM 4.7.0, `src/boosting/gbdt_model_text.cpp` and `src/io/tree.cpp`.

use std::fmt::{LowerExp, Write};

use adsml_core::Error;

use super::tree::{CATEGORICAL, DEFAULT_LEFT, MISSING_NAN, MISSING_SHIFT, MISSING_ZERO};
use crate::tree::{PlainNode, PlainSplit, Question, Reading, Trees};
use crate::{ModelError, Result};

/// What is written.
pub(crate) struct Parts<'a> {
    pub(crate) trees: &'a Trees,
    /// Where the sum of each output begins; tree `t` adds to output `t % base.len()`.
    pub(crate) base: &'a [f64],
    pub(crate) n_features: usize,
    /// Empty, or as many as there are features.
    pub(crate) feature_names: &'a [String],
    /// Empty, or as many as there are features.
    pub(crate) readings: &'a [Reading],
    /// Of every leaf, from its value, for an output.
    pub(crate) leaf: &'a dyn Fn(f64, usize) -> f64,
    /// Every tree adds to every output, by `leaf`.
    pub(crate) is_shared: bool,
    /// Sums are divided by the number of rounds.
    pub(crate) is_averaged: bool,
    /// With its parameters; without one, sums are what is predicted.
    pub(crate) objective: Option<String>,
}

impl Parts<'_> {
    /// The text.
    pub(crate) fn write(&self) -> Result<String> {
        let n_outputs = self.base.len();
        let names = self.names()?;
        let mut trees = Vec::new();
        let mut ranges = vec![Range::default(); self.n_features];
        let n_rounds = if self.is_shared { self.trees.len() } else { self.trees.len() / n_outputs };
        for round in 0..n_rounds.max(1) {
            for output in 0..n_outputs {
                let number = round * n_outputs + output;
                let nodes = match (n_rounds, self.is_shared) {
                    (0, _) => vec![PlainNode::Leaf { value: 0.0, cover: 1.0 }],
                    (_, true) => self.trees.plain(round),
                    (_, false) => self.trees.plain(number),
                };
                let base = if round == 0 { self.base[output] } else { 0.0 };
                let leaf = |value: f64| {
                    if round == 0 { base + (self.leaf)(value, output) } else { (self.leaf)(value, output) }
                };
                nodes.iter().for_each(|node| note(node, &mut ranges));
                trees.push(format!("Tree={number}\n{}\n\n", self.tree(&nodes, leaf)));
            }
        }
        let sizes: Vec<String> = trees.iter().map(|tree| tree.len().to_string()).collect();
        let mut text = format!(
            "tree\nversion=v4\nnum_class={n_outputs}\nnum_tree_per_iteration={n_outputs}\nlabel_index=0\nmax_feature_idx={}\n",
            // LightGBM counts from zero, and there is no model without features.
            self.n_features.checked_sub(1).ok_or_else(|| unsupported("a model without features".to_owned()))?
        );
        if let Some(objective) = &self.objective {
            text.push_str(&format!("objective={objective}\n"));
        }
        if self.is_averaged {
            text.push_str("average_output\n");
        }
        let infos: Vec<String> = ranges.iter().map(Range::info).collect();
        text.push_str(&format!("feature_names={}\nfeature_infos={}\n", names.join(" "), infos.join(" ")));
        text.push_str(&format!("tree_sizes={}\n\n{}", sizes.join(" "), trees.concat()));
        text.push_str(
            "end of trees\n\nfeature_importances:\n\nparameters:\n\nend of parameters\n\npandas_categorical:null\n",
        );
        Ok(text)
    }

    /// Names without white space, which would divide them.
    fn names(&self) -> Result<Vec<String>> {
        let name = |feature: usize| match self.feature_names.get(feature) {
            Some(name) if !name.is_empty() => name.replace(|c: char| c.is_whitespace() || c.is_control(), "_"),
            _ => format!("Column_{feature}"),
        };
        let names: Vec<String> = (0..self.n_features).map(name).collect();
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(unsupported(format!("two features of the name `{}`, without white space", pair[0]))),
            None => Ok(names),
        }
    }

    fn reading(&self, feature: usize) -> Reading {
        self.readings.get(feature).copied().unwrap_or_default()
    }

    /// The fields of a tree.
    fn tree(&self, nodes: &[PlainNode], leaf: impl Fn(f64) -> f64) -> String {
        let counts = counts(nodes);
        // Splits and leaves are numbered apart, each in the order of the nodes.
        let mut number = Vec::with_capacity(nodes.len());
        let (mut n_splits, mut n_leaves) = (0_i64, 0_i64);
        for node in nodes {
            let next = if matches!(node, PlainNode::Leaf { .. }) { &mut n_leaves } else { &mut n_splits };
            number.push(*next);
            *next += 1;
        }
        let child = |at: usize| if matches!(nodes[at], PlainNode::Leaf { .. }) { !number[at] } else { number[at] };
        let mut columns = Columns { means: means(nodes, &counts, &leaf), ..Columns::default() };
        for (at, node) in nodes.iter().enumerate() {
            match node {
                PlainNode::Leaf { value, cover } => columns.push_leaf(leaf(*value), *cover, counts[at]),
                PlainNode::Split(split) => {
                    let sides = [child(split.left), child(split.right)];
                    columns.push_split(split, self.reading(split.feature), sides, counts[at], at);
                }
            }
        }
        columns.text()
    }
}

fn unsupported(what: String) -> ModelError {
    Error::Unsupported { by: super::FORMAT.to_owned(), what }.into()
}

/// Rows that came by, as whole numbers that add up: covers as they are where they are whole, else shares of 2^30.
fn counts(nodes: &[PlainNode]) -> Vec<u64> {
    const WHOLE: f64 = (1_u64 << 30) as f64;
    let cover = |node: &PlainNode| match node {
        PlainNode::Leaf { cover, .. } => f64::from(*cover),
        PlainNode::Split(split) => f64::from(split.cover),
    };
    let leaves = || nodes.iter().filter(|node| matches!(node, PlainNode::Leaf { .. })).map(cover);
    let total: f64 = leaves().sum();
    let are_counts = leaves().all(|cover| cover.fract() == 0.0) && total <= WHOLE;
    let scale = if are_counts { 1.0 } else { WHOLE / total };
    let mut counts = vec![0; nodes.len()];
    // Children follow their parents.
    for (at, node) in nodes.iter().enumerate().rev() {
        counts[at] = match node {
            PlainNode::Leaf { .. } => ((cover(node) * scale).round() as u64).max(1),
            PlainNode::Split(split) => counts[split.left] + counts[split.right],
        };
    }
    counts
}

/// The mean of the leaves below each node.
fn means(nodes: &[PlainNode], counts: &[u64], leaf: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut means = vec![0.0; nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        means[at] = match node {
            PlainNode::Leaf { value, .. } => leaf(*value),
            PlainNode::Split(split) => {
                let share = counts[split.left] as f64 / counts[at] as f64;
                share * means[split.left] + (1.0 - share) * means[split.right]
            }
        };
    }
    means
}

/// The columns of a tree's table.
#[derive(Default)]
struct Columns {
    features: Vec<usize>,
    thresholds: Vec<f64>,
    decision_types: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
    leaf_values: Vec<f64>,
    leaf_weights: Vec<f64>,
    leaf_counts: Vec<u64>,
    internal_values: Vec<f64>,
    internal_weights: Vec<f64>,
    internal_counts: Vec<u64>,
    cat_boundaries: Vec<usize>,
    cat_threshold: Vec<u32>,
    /// By node.
    means: Vec<f64>,
}

impl Columns {
    fn push_leaf(&mut self, value: f64, cover: f32, count: u64) {
        self.leaf_values.push(value);
        self.leaf_weights.push(cover.into());
        self.leaf_counts.push(count);
    }

    fn push_split(&mut self, split: &PlainSplit, reading: Reading, sides: [i64; 2], count: u64, at: usize) {
        let [mut left, mut right] = sides;
        self.features.push(split.feature);
        match &split.question {
            Question::AtMost(threshold) => {
                let missing = if reading == Reading::ZeroIsMissing { MISSING_ZERO } else { MISSING_NAN };
                let default = if split.missing_left { DEFAULT_LEFT } else { 0 };
                self.decision_types.push(missing << MISSING_SHIFT | default);
                self.thresholds.push(*threshold);
            }
            Question::Level { bits, n_levels, unseen_left } => {
                self.decision_types.push(MISSING_NAN << MISSING_SHIFT | CATEGORICAL);
                if self.cat_boundaries.is_empty() {
                    self.cat_boundaries.push(0);
                }
                self.thresholds.push((self.cat_boundaries.len() - 1) as f64);
                if split.missing_left {
                    (left, right) = (right, left);
                }
                let goes_left = |level: u32| match bits.get(level as usize / 64) {
                    Some(word) if level < *n_levels => word >> (level % 64) & 1 == 1,
                    _ => *unseen_left,
                };
                // Those that part with what is missing.
                let in_set = |level: &u32| goes_left(*level) != split.missing_left;
                let last = (0..=*n_levels).rfind(in_set).unwrap_or(0);
                let mut words = vec![0_u32; last as usize / 32 + 1];
                (0..=last).filter(in_set).for_each(|level| words[level as usize / 32] |= 1 << (level % 32));
                self.cat_threshold.extend(words);
                self.cat_boundaries.push(self.cat_threshold.len());
            }
        }
        self.left.push(left);
        self.right.push(right);
        self.internal_values.push(self.means[at]);
        self.internal_weights.push(split.cover.into());
        self.internal_counts.push(count);
    }

    fn text(&self) -> String {
        let zeros = vec![0; self.features.len()];
        let n_sets = self.cat_boundaries.len().saturating_sub(1);
        let mut text = format!("num_leaves={}\nnum_cat={n_sets}\n", self.leaf_values.len());
        let mut line = |name: &str, value: String| text.push_str(&format!("{name}={value}\n"));
        line("split_feature", integers(&self.features));
        line("split_gain", integers(&zeros));
        line("threshold", floats(&self.thresholds));
        line("decision_type", integers(&self.decision_types));
        line("left_child", integers(&self.left));
        line("right_child", integers(&self.right));
        line("leaf_value", floats(&self.leaf_values));
        line("leaf_weight", floats(&self.leaf_weights));
        line("leaf_count", integers(&self.leaf_counts));
        line("internal_value", floats(&self.internal_values));
        line("internal_weight", floats(&self.internal_weights));
        line("internal_count", integers(&self.internal_counts));
        if n_sets > 0 {
            line("cat_boundaries", integers(&self.cat_boundaries));
            line("cat_threshold", integers(&self.cat_threshold));
        }
        line("is_linear", "0".to_owned());
        line("shrinkage", "1".to_owned());
        text
    }
}

/// What the trees ask of a feature.
#[derive(Debug, Clone, Default)]
struct Range {
    /// Smallest and largest threshold.
    numbers: Option<(f64, f64)>,
    /// Levels of a category.
    n_levels: u32,
}

fn note(node: &PlainNode, ranges: &mut [Range]) {
    let PlainNode::Split(split) = node else { return };
    let range = &mut ranges[split.feature];
    match &split.question {
        Question::AtMost(threshold) => {
            let (low, high) = range.numbers.unwrap_or((*threshold, *threshold));
            range.numbers = Some((low.min(*threshold), high.max(*threshold)));
        }
        Question::Level { n_levels, .. } => range.n_levels = range.n_levels.max(*n_levels),
    }
}

impl Range {
    /// As LightGBM puts it, who has the training rows for it.
    fn info(&self) -> String {
        match self.numbers {
            Some((low, high)) => format!("[{low:e}:{high:e}]"),
            None if self.n_levels > 0 => {
                (0..self.n_levels).map(|level| level.to_string()).collect::<Vec<_>>().join(":")
            }
            None => "none".to_owned(),
        }
    }
}

fn integers(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The shortest decimals that read as the same numbers.
fn floats(values: &[impl LowerExp]) -> String {
    let mut text = String::new();
    for (at, value) in values.iter().enumerate() {
        let space = if at == 0 { "" } else { " " };
        // A string takes whatever is written.
        write!(text, "{space}{value:e}").unwrap_or_default();
    }
    text
}
