//! Trees in a model file: about 14 bytes a node.
//!
//! Nodes in the order of a walk that goes left first, so that the shape needs no numbers: after a question comes its left side,
//! after that its right one.

use adsml_core::{ModelFile, ModelFileError};

use super::trees::{CATEGORY, FEATURE, LEAF, LevelSet, MISSING_LEFT, Node, Trees, UNSEEN_LEFT};
use crate::Result;

/// A leaf, in two bytes and in four.
const LEAF_16: u16 = u16::MAX;
/// Flags take the upper three of 16 bits.
const FEATURES_16: u32 = 1 << 13;

impl Trees {
    /// Writes the trees.
    pub(crate) fn put(&self, file: &mut ModelFile) {
        let narrow = self.nodes.iter().all(|node| node.feature == LEAF || node.feature & FEATURE < FEATURES_16 - 1);
        let mut questions = Vec::with_capacity(self.nodes.len() * if narrow { 2 } else { 4 });
        for node in &self.nodes {
            if !narrow {
                questions.extend_from_slice(&node.feature.to_le_bytes());
            } else if node.feature == LEAF {
                questions.extend_from_slice(&LEAF_16.to_le_bytes());
            } else {
                let flags = (node.feature >> 29) as u16;
                questions.extend_from_slice(&(flags << 13 | (node.feature & FEATURE) as u16).to_le_bytes());
            }
        }
        let values: Vec<f64> = self.nodes.iter().map(|node| node.value).collect();
        let sets: Vec<u32> = self.sets.iter().map(|set| set.n_levels).collect();
        let bits: Vec<u8> = self.sets.iter().flat_map(|set| &set.bits).flat_map(|word| word.to_le_bytes()).collect();
        file.set_fact("question_bytes", if narrow { 2 } else { 4 })
            .put_bytes("tree_questions", questions)
            .put_f64("tree_values", &values)
            .put_bytes("tree_cover", self.cover.iter().flat_map(|cover| cover.to_le_bytes()).collect())
            .put_u32("tree_roots", &self.roots)
            .put_u32("tree_set_levels", &sets)
            .put_bytes("tree_set_bits", bits);
    }

    /// Reads trees; what does not add up is refused.
    pub(crate) fn from_file(file: &ModelFile, n_features: usize) -> Result<Self> {
        let values = file.f64("tree_values")?;
        let n = values.len();
        let questions: Vec<u32> = match file.number_fact("question_bytes")? {
            2.0 => narrow(file.bytes("tree_questions")?),
            4.0 => file.u32("tree_questions")?,
            other => return Err(ModelFileError::Header { reason: format!("`question_bytes` is {other}") }.into()),
        };
        let is_whole = |name: &str, width: usize| file.bytes(name).map(|bytes| bytes.len() % width == 0);
        for (name, width) in [("tree_cover", 4), ("tree_questions", 2), ("tree_set_bits", 8)] {
            if !is_whole(name, width)? {
                return Err(bad(name, format!("its length is no multiple of {width}")));
            }
        }
        let cover: Vec<f32> =
            file.bytes("tree_cover")?.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        if questions.len() != n || cover.len() != n || n > u32::MAX as usize {
            return Err(bad(
                "tree_questions",
                format!("{} questions and {} covers for {n} nodes", questions.len(), cover.len()),
            ));
        }
        let sets = sets(file)?;
        let roots = file.u32("tree_roots")?;
        let mut trees = Self { nodes: Vec::with_capacity(n), cover, roots, sets };
        for (at, (&feature, &value)) in questions.iter().zip(&values).enumerate() {
            let is_leaf = feature == LEAF;
            let fits = if is_leaf {
                value.is_finite()
            } else if feature & CATEGORY != 0 {
                value >= 0.0 && value.fract() == 0.0 && value < trees.sets.len() as f64
            } else {
                !value.is_nan()
            };
            if !fits || (!is_leaf && (feature & FEATURE) as usize >= n_features) {
                return Err(bad("tree_values", format!("node {at} holds {value} for question {feature:#x}")));
            }
            trees.nodes.push(Node { value, feature, right: 0 });
        }
        trees.connect()?;
        Ok(trees)
    }

    /// Finds the right side of every node, and that trees end where the next begins.
    fn connect(&mut self) -> Result<()> {
        // Nodes whose right side has not begun.
        let mut open: Vec<usize> = Vec::new();
        let mut begun = 0;
        let mut is_between = true;
        for at in 0..self.nodes.len() {
            if is_between {
                if self.roots.get(begun) != Some(&(at as u32)) {
                    return Err(bad("tree_roots", format!("tree {begun} begins at node {at}")));
                }
                begun += 1;
                is_between = false;
            }
            if self.nodes[at].feature != LEAF {
                open.push(at);
            } else {
                match open.pop() {
                    Some(parent) => self.nodes[parent].right = at as u32 + 1,
                    None => is_between = true,
                }
            }
        }
        if !is_between || begun != self.roots.len() {
            return Err(bad("tree_questions", "the last tree does not end".to_owned()));
        }
        Ok(())
    }
}

fn narrow(bytes: &[u8]) -> Vec<u32> {
    let questions = bytes.as_chunks::<2>().0.iter().map(|&pair| u16::from_le_bytes(pair));
    questions
        .map(|question| match question {
            LEAF_16 => LEAF,
            _ => u32::from(question >> 13) << 29 | (u32::from(question) & (FEATURES_16 - 1)),
        })
        .collect()
}

fn sets(file: &ModelFile) -> Result<Vec<LevelSet>> {
    debug_assert_eq!(MISSING_LEFT | CATEGORY | UNSEEN_LEFT, 7 << 29, "flags are the upper three bits");
    let mut words = file.bytes("tree_set_bits")?.as_chunks::<8>().0.iter().map(|&bytes| u64::from_le_bytes(bytes));
    let levels = file.u32("tree_set_levels")?;
    let needed: usize = levels.iter().map(|&n_levels| (n_levels as usize).div_ceil(64)).sum();
    if words.len() != needed {
        return Err(bad("tree_set_bits", format!("{} words for sets of {needed}", words.len())));
    }
    let set =
        |n_levels: u32| LevelSet { n_levels, bits: words.by_ref().take((n_levels as usize).div_ceil(64)).collect() };
    Ok(levels.into_iter().map(set).collect())
}

fn bad(name: &str, reason: String) -> crate::ModelError {
    ModelFileError::Section { name: name.to_owned(), reason }.into()
}
