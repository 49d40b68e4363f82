//! Small trees side by side: 64 of them in bytes.

use super::super::trees::{FEATURE, LEAF, Trees};
use super::codes::Codes;
use super::sum::Real;

/// Trees side by side.
pub(super) const LANES: usize = 64;
/// Most leaves of a tree, whose numbers are bytes.
const MAX_LEAVES: usize = 256;
/// Most planes that trees side by side ask.
pub(super) const MAX_PLANES: usize = 256;

/// Up to 64 trees that follow each other, question `s` of tree `lane` at `s * 64 + lane` of each list.
///
/// Leaves are numbered from left to right. A row begins at leaf 0; the questions come parents first, and each moves it on:
///
/// ```text
/// if code[plane] > cut and leaf == low { leaf = middle }       of any tree
/// leaf = 2 leaf + (code[plane] > cut)                          of a symmetric one, a question per level
/// ```
///
/// `low` is the first leaf below a question, and a row is at it exactly when it comes by; `middle` is the first on its right.
/// Trees of fewer questions have some that nobody answers with right.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Packed<T> {
    /// The number of the first tree.
    pub(super) first: usize,
    pub(super) n_trees: usize,
    pub(super) n_slots: usize,
    pub(super) is_symmetric: bool,
    /// The planes that are asked, by their numbers here.
    pub(super) planes: Vec<u32>,
    /// Whether planes have the same numbers here.
    pub(super) is_plain: bool,
    pub(super) plane: Vec<u8>,
    pub(super) cut: Vec<u8>,
    /// Empty of symmetric trees.
    pub(super) low: Vec<u8>,
    pub(super) middle: Vec<u8>,
    /// Leaf `l` of tree `lane` at `lane * width + l`.
    pub(super) leaves: Vec<T>,
    /// A power of two from 16 to 256.
    pub(super) width: usize,
    /// Questions of each tree.
    pub(super) n_questions: Vec<u8>,
    /// The same trees when not symmetric, where questions of a level differ in what they make of missing values.
    with_missing: Option<Box<Self>>,
}

/// A tree of which each question is a comparison of bytes.
#[derive(Debug)]
pub(super) struct Small {
    questions: Vec<Question>,
    leaves: Vec<f64>,
    /// Plane and cut of each level, from the top, of a symmetric tree.
    levels: Option<Vec<(u32, u8)>>,
    /// Whether questions of a level differ in what they make of missing values.
    is_mixed: bool,
}

#[derive(Debug)]
struct Question {
    plane: u32,
    cut: u8,
    low: u8,
    middle: u8,
    level: usize,
    feature: u32,
    threshold: f64,
}

impl Small {
    /// `None` for a tree of more than 256 leaves, or that asks for categories.
    pub(super) fn new(trees: &Trees, tree: usize, codes: &Codes) -> Option<Self> {
        let nodes = &trees.nodes[trees.nodes_of(tree)];
        if nodes.len() > 2 * MAX_LEAVES - 1 {
            return None;
        }
        let (mut questions, mut leaves) = (Vec::<Question>::new(), Vec::new());
        // Questions whose left side has not ended.
        let mut open = Vec::new();
        let mut level = 0;
        let mut depths = Vec::new();
        for node in nodes {
            if node.feature == LEAF {
                leaves.push(node.value);
                depths.push(level);
                if let Some(parent) = open.pop() {
                    let parent: &mut Question = &mut questions[parent];
                    // A tree of so few nodes has no leaf after its 256th.
                    parent.middle = leaves.len() as u8;
                    level = parent.level + 1;
                }
            } else {
                let (plane, cut) = codes.question(node.feature, node.value)?;
                open.push(questions.len());
                questions.push(Question {
                    plane,
                    cut,
                    low: leaves.len() as u8,
                    middle: 0,
                    level,
                    feature: node.feature & FEATURE,
                    threshold: node.value,
                });
                level += 1;
            }
        }
        let levels = levels(&questions, &depths);
        let is_mixed = levels.as_ref().is_some_and(|levels: &Vec<(u32, u8)>| {
            questions.iter().any(|question| levels[question.level].0 != question.plane)
        });
        Some(Self { questions, leaves, levels, is_mixed })
    }
}

/// Plane and cut of each level, where all questions of a level are the same but for missing values, and all leaves equally deep.
fn levels(questions: &[Question], depths: &[usize]) -> Option<Vec<(u32, u8)>> {
    let depth = depths[0];
    if depths.iter().any(|&other| other != depth) {
        return None;
    }
    // The left edge of the tree comes first.
    let edge = &questions[..depth];
    let is_same = |a: &Question, b: &Question| (a.feature, a.threshold) == (b.feature, b.threshold);
    let levels = || edge.iter().map(|question| (question.plane, question.cut)).collect();
    questions.iter().all(|question| is_same(&edge[question.level], question)).then(levels)
}

impl<T: Real> Packed<T> {
    /// As many of the trees as fit side by side, at least one; `first` is the number of the first.
    pub(super) fn new(first: usize, trees: &[Small], n_planes: usize, leaf: impl Fn(f64) -> f64) -> Self {
        let (n_trees, planes) = planes(trees, n_planes);
        let trees = &trees[..n_trees];
        let is_symmetric = trees.iter().all(|tree| tree.levels.is_some());
        let mut this = Self::lay_out(first, trees, n_planes, &planes, is_symmetric, &leaf);
        if is_symmetric && trees.iter().any(|tree| tree.is_mixed) {
            this.with_missing = Some(Box::new(Self::lay_out(first, trees, n_planes, &planes, false, &leaf)));
        }
        this
    }

    /// The form for rows of which some value may be missing.
    #[inline(always)]
    pub(super) fn for_rows(&self, may_miss: bool) -> &Self {
        match &self.with_missing {
            Some(packed) if may_miss => packed,
            _ => self,
        }
    }

    fn lay_out(
        first: usize,
        trees: &[Small],
        n_planes: usize,
        planes: &[u32],
        is_symmetric: bool,
        leaf: &impl Fn(f64) -> f64,
    ) -> Self {
        let n_trees = trees.len();
        let is_plain = n_planes <= MAX_PLANES;
        let local = |plane: u32| {
            if is_plain { plane as u8 } else { planes.binary_search(&plane).expect("it was put there") as u8 }
        };
        let slots_of =
            |tree: &Small| tree.levels.as_ref().filter(|_| is_symmetric).map_or(tree.questions.len(), Vec::len);
        let n_slots = trees.iter().map(slots_of).max().unwrap_or(0);
        let width = trees.iter().map(|tree| tree.leaves.len()).max().unwrap_or(0).next_power_of_two().max(16);
        let n = n_slots * LANES;
        let mut this = Self {
            first,
            n_trees,
            n_slots,
            is_symmetric,
            is_plain,
            plane: vec![0; n],
            cut: vec![u8::MAX; n],
            low: vec![0; if is_symmetric { 0 } else { n }],
            middle: vec![0; if is_symmetric { 0 } else { n }],
            leaves: vec![T::default(); n_trees * width],
            width,
            n_questions: trees.iter().map(|tree| slots_of(tree) as u8).collect(),
            planes: if is_plain { (0..n_planes as u32).collect() } else { planes.to_vec() },
            with_missing: None,
        };
        for (lane, tree) in trees.iter().enumerate() {
            if is_symmetric {
                let levels = tree.levels.as_deref().unwrap_or_default();
                // Levels that are not there come first, where going left changes nothing.
                for (slot, &(plane, cut)) in (n_slots - levels.len()..).zip(levels) {
                    (this.plane[slot * LANES + lane], this.cut[slot * LANES + lane]) = (local(plane), cut);
                }
            } else {
                for (slot, question) in tree.questions.iter().enumerate() {
                    let at = slot * LANES + lane;
                    (this.plane[at], this.cut[at]) = (local(question.plane), question.cut);
                    (this.low[at], this.middle[at]) = (question.low, question.middle);
                }
            }
            for (to, &value) in this.leaves[lane * width..].iter_mut().zip(&tree.leaves) {
                *to = T::from_f64(leaf(value));
            }
        }
        this
    }

    /// The values of the leaves of a tree.
    #[inline(always)]
    pub(super) fn leaves_of(&self, lane: usize) -> &[T] {
        &self.leaves[lane * self.width..][..self.width]
    }
}

/// How many trees fit, and the planes they ask, ascending.
fn planes(trees: &[Small], n_planes: usize) -> (usize, Vec<u32>) {
    if n_planes <= MAX_PLANES {
        return (trees.len().min(LANES), Vec::new());
    }
    let mut planes = Vec::new();
    for (n_trees, tree) in trees.iter().take(LANES).enumerate() {
        let mut more = planes.clone();
        more.extend(tree.questions.iter().map(|question| question.plane));
        more.sort_unstable();
        more.dedup();
        if more.len() > MAX_PLANES {
            return (n_trees, planes);
        }
        planes = more;
    }
    (trees.len().min(LANES), planes)
}
