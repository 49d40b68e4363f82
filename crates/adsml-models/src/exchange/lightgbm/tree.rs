//! One tree of LightGBM's text, as ours.
//!
//! ```text
//! number    x <= threshold goes left; NaN reads as 0 unless `missing_type` is NaN
//! missing   by `missing_type`: none, zeros and NaN, or NaN; goes to the default side
//! category  the whole part of x is a bit of a set: left; NaN and everything else: right
//! ```
//!
//! LightGBM reads numbers of at most 1e-35 (as an `f32`) as 0 before any tree sees them, so that no threshold divides this
//! band.
//!
//! Source: LightGBM 4.7.0, `include/LightGBM/tree.h` (`NumericalDecision`, `CategoricalDecision`), `src/io/tree.cpp`,
//! `src/c_api.cpp` (rows as pairs of what is not zero).

use super::super::fault::{Fault, Read, shown};
use super::text::{Field, Fields};
use crate::tree::{Importances, NoTree, PlainNode, PlainSplit, Question, Reading, Trees};

/// Numbers up to it, in size, are zeros.
const ZERO: f64 = Reading::ZERO;

/// Bits of `decision_type`.
pub(super) const CATEGORICAL: u8 = 1;
pub(super) const DEFAULT_LEFT: u8 = 2;
pub(super) const MISSING_SHIFT: u8 = 2;
/// Values of the two bits of the type of missing.
pub(super) const MISSING_NONE: u8 = 0;
pub(super) const MISSING_ZERO: u8 = 1;
pub(super) const MISSING_NAN: u8 = 2;

/// Fields of trees that are read, or that say nothing of predictions.
const KNOWN: [&str; 18] = [
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
    "shrinkage",
];

/// How the trees so far use a feature.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Use {
    pub(super) as_number: bool,
    pub(super) as_category: bool,
    /// Zeros are missing.
    pub(super) zero_is_missing: bool,
    /// Somewhere 0 goes to another side than what is missing.
    pub(super) zero_is_a_number: bool,
}

impl Use {
    /// Why the trees cannot agree on how to read the feature.
    pub(super) fn conflict(self) -> Option<&'static str> {
        if self.as_number && self.as_category {
            Some("is a number in one split and a category in another")
        } else if self.zero_is_missing && self.zero_is_a_number {
            Some("has zeros that are missing in one split and numbers in another")
        } else {
            None
        }
    }
}

/// The columns of a tree's table.
struct Columns {
    feature: Vec<u32>,
    threshold: Vec<f64>,
    decision_type: Vec<u8>,
    left: Vec<i32>,
    right: Vec<i32>,
    gain: Vec<f64>,
    count: Vec<f32>,
    leaf_value: Vec<f64>,
    leaf_count: Vec<f32>,
    cat_boundaries: Vec<usize>,
    cat_threshold: Vec<u32>,
}

/// Adds a tree, and how it uses the features.
pub(super) fn push(
    fields: &Fields<'_>,
    trees: &mut Trees,
    importances: &mut Importances,
    uses: &mut [Use],
) -> Read<()> {
    if let Some(linear) = fields.find("is_linear").filter(|field| field.value.trim() != "0") {
        return Err(linear.fault("trees with linear leaves are not supported"));
    }
    if let Some(unknown) = fields.iter().find(|field| !KNOWN.contains(&field.name)) {
        return Err(unknown.fault("is no field of a tree that is known here"));
    }
    let columns = Columns::read(fields)?;
    let n_splits = columns.feature.len();
    let splits = fields.find("split_feature");
    for at in 0..n_splits {
        let feature = columns.feature[at] as usize;
        let Some(use_) = uses.get_mut(feature) else {
            let reason = format!("split {at} asks for feature {feature}, there are {}", uses.len());
            return Err(splits.map_or_else(|| Fault::somewhere(reason.as_str()), |field| field.fault(reason.as_str())));
        };
        columns.note(at, use_);
    }
    let pushed = trees.push_plain(n_splits + columns.leaf_value.len(), |at| columns.node(at), |_| false, importances);
    pushed.map_err(|reason| {
        let name = |at: usize| {
            if at < n_splits { format!("split {at}") } else { format!("leaf {}", at - n_splits) }
        };
        let reason = match reason {
            NoTree::Twice(at) => format!("{} is reached twice", name(at)),
            NoTree::Unreached(at) => format!("{} is not reached", name(at)),
            NoTree::NoNode(at) => format!("there is no {}", name(at)),
            NoTree::TooMany => "there are too many nodes or features".to_owned(),
        };
        // A tree of one leaf has no children and cannot be at fault.
        fields
            .find("left_child")
            .or_else(|| fields.find("num_leaves"))
            .map_or_else(|| super::super::fault::Fault::somewhere(reason.clone()), |field| field.fault(reason.clone()))
    })
}

impl Columns {
    fn read(fields: &Fields<'_>) -> Read<Self> {
        let field = fields.require("num_leaves")?;
        let n_leaves: usize = field.number()?;
        if n_leaves == 0 {
            return Err(field.fault("is 0, expected a leaf"));
        }
        let n_splits = n_leaves - 1;
        let leaf_value = finite(fields.require("leaf_value")?, n_leaves)?;
        let leaf_count = counts(fields.find("leaf_count"), n_leaves)?;
        if n_splits == 0 {
            return Ok(Self { leaf_value, leaf_count, ..Self::one_leaf() });
        }
        let decision_type = match fields.find("decision_type") {
            Some(field) => decision_types(field, n_splits)?,
            None => vec![0; n_splits],
        };
        let mut this = Self {
            feature: fields.require("split_feature")?.numbers(n_splits)?,
            threshold: thresholds(fields.require("threshold")?, n_splits)?,
            left: fields.require("left_child")?.numbers(n_splits)?,
            right: fields.require("right_child")?.numbers(n_splits)?,
            gain: fields.find("split_gain").map_or_else(|| Ok(vec![0.0; n_splits]), |field| field.numbers(n_splits))?,
            count: counts(fields.find("internal_count"), n_splits)?,
            leaf_value,
            leaf_count,
            decision_type,
            cat_boundaries: Vec::new(),
            cat_threshold: Vec::new(),
        };
        this.read_sets(fields)?;
        Ok(this)
    }

    const fn one_leaf() -> Self {
        Self {
            feature: Vec::new(),
            threshold: Vec::new(),
            decision_type: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
            gain: Vec::new(),
            count: Vec::new(),
            leaf_value: Vec::new(),
            leaf_count: Vec::new(),
            cat_boundaries: Vec::new(),
            cat_threshold: Vec::new(),
        }
    }

    /// The sets of categories, and that every split of a category has one.
    fn read_sets(&mut self, fields: &Fields<'_>) -> Read<()> {
        let n_sets: usize = fields.require("num_cat")?.number()?;
        if n_sets > 0 {
            let field = fields.require("cat_boundaries")?;
            self.cat_boundaries = field.numbers(n_sets.saturating_add(1))?;
            if self.cat_boundaries[0] != 0 || !self.cat_boundaries.is_sorted() {
                return Err(field.fault("does not ascend from 0"));
            }
            let n_words = self.cat_boundaries[n_sets];
            self.cat_threshold = fields.require("cat_threshold")?.numbers(n_words)?;
        }
        let thresholds = fields.require("threshold")?;
        let is_category = |at: &usize| self.decision_type[*at] & CATEGORICAL != 0;
        for at in (0..self.feature.len()).filter(is_category) {
            let set = self.threshold[at];
            if !(set >= 0.0 && set < n_sets as f64) {
                return Err(thresholds.fault(format!("split {at} asks for set {set} of {n_sets}")));
            }
        }
        Ok(())
    }

    /// How a split uses its feature.
    fn note(&self, at: usize, use_: &mut Use) {
        let decision = self.decision_type[at];
        if decision & CATEGORICAL != 0 {
            use_.as_category = true;
            return;
        }
        use_.as_number = true;
        match decision >> MISSING_SHIFT {
            MISSING_ZERO => use_.zero_is_missing = true,
            MISSING_NAN => use_.zero_is_a_number |= (decision & DEFAULT_LEFT != 0) != (0.0 <= self.threshold[at]),
            _ => {}
        }
    }

    fn node(&self, at: usize) -> PlainNode {
        let n_splits = self.feature.len();
        if at >= n_splits {
            let leaf = at - n_splits;
            return PlainNode::Leaf { value: self.leaf_value[leaf], cover: self.leaf_count[leaf] };
        }
        let decision = self.decision_type[at];
        // A leaf is the complement of its number.
        let child = |child: i32| if child >= 0 { child as usize } else { n_splits + !child as usize };
        let (question, missing_left) = if decision & CATEGORICAL != 0 {
            (self.levels(self.threshold[at] as usize), false)
        } else {
            let missing_left = match decision >> MISSING_SHIFT {
                // NaN reads as 0.
                MISSING_NONE => 0.0 <= self.threshold[at],
                _ => decision & DEFAULT_LEFT != 0,
            };
            (Question::AtMost(beside_zero(self.threshold[at])), missing_left)
        };
        PlainNode::Split(PlainSplit {
            feature: self.feature[at] as usize,
            question,
            missing_left,
            left: child(self.left[at]),
            right: child(self.right[at]),
            cover: self.count[at],
            gain: self.gain[at],
        })
    }

    fn levels(&self, set: usize) -> Question {
        let words = &self.cat_threshold[self.cat_boundaries[set]..self.cat_boundaries[set + 1]];
        let bits = words.chunks(2).map(|pair| u64::from(pair[0]) | u64::from(pair.get(1).copied().unwrap_or(0)) << 32);
        Question::Level { bits: bits.collect(), n_levels: 32 * words.len() as u32, unseen_left: false }
    }
}

/// The threshold that sends all zeros where this one sends 0.
fn beside_zero(threshold: f64) -> f64 {
    if !(-ZERO..ZERO).contains(&threshold) {
        threshold
    } else if threshold >= 0.0 {
        ZERO
    } else {
        (-ZERO).next_down()
    }
}

fn finite(field: Field<'_>, n: usize) -> Read<Vec<f64>> {
    let values: Vec<f64> = field.numbers(n)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(field.fault(format!("number {at} is {}, expected a finite one", values[at]))),
        None => Ok(values),
    }
}

fn thresholds(field: Field<'_>, n: usize) -> Read<Vec<f64>> {
    let values: Vec<f64> = field.numbers(n)?;
    match values.iter().position(|value| value.is_nan()) {
        Some(at) => Err(field.fault(format!("number {at} is {}", values[at]))),
        None => Ok(values),
    }
}

/// Rows that came by; zeros when the file does not say.
fn counts(field: Option<Field<'_>>, n: usize) -> Read<Vec<f32>> {
    let Some(field) = field else { return Ok(vec![0.0; n]) };
    let counts: Vec<f32> = field.numbers(n)?;
    match counts.iter().position(|count| !(*count >= 0.0 && count.is_finite())) {
        Some(at) => Err(field.fault(format!("number {at} is {}, expected a count", counts[at]))),
        None => Ok(counts),
    }
}

fn decision_types(field: Field<'_>, n: usize) -> Read<Vec<u8>> {
    let types: Vec<u8> = field.numbers(n)?;
    match types.iter().position(|&decision| decision >> MISSING_SHIFT > MISSING_NAN) {
        Some(at) => {
            Err(field.fault(format!("number {at} is {}, which is not supported", shown(&types[at].to_string()))))
        }
        None => Ok(types),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_threshold_divides_what_reads_as_zero() {
        for threshold in
            [-1.0, -2.0 * ZERO, (-ZERO).next_down(), -ZERO, -ZERO / 2.0, -0.0, 0.0, 1e-300, ZERO, 2.0 * ZERO]
        {
            for x in [-2.0 * ZERO, (-ZERO).next_down(), -ZERO, -1e-40, -0.0, 0.0, 1e-40, ZERO, ZERO.next_up(), 1.0] {
                let read = if x.abs() <= ZERO { 0.0 } else { x };
                assert_eq!(x <= beside_zero(threshold), read <= threshold, "{x} at {threshold}");
            }
        }
    }
}
