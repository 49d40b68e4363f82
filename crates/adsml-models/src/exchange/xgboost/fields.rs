//! The fields of XGBoost's files, from JSON or UBJSON.
//!
//! Source: XGBoost 3.2.0, `doc/tutorials/saving_model.rst`, `src/learner.cc`, `src/gbm/gbtree_model.cc`,
//! `src/data/cat_container.cc`.

use super::super::fault::{Fault, Read, shown};
use super::super::source::{Kind, Source};
use super::tree::Tree;

/// What a file says of its model.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) booster: Booster,
    pub(super) param: Param,
    pub(super) objective: String,
    pub(super) feature_names: Vec<String>,
    /// Counted from zero.
    pub(super) best_iteration: Option<usize>,
}

/// `learner_model_param`.
#[derive(Debug, Default)]
pub(super) struct Param {
    pub(super) base_score: String,
    pub(super) num_class: usize,
    pub(super) num_feature: usize,
    pub(super) num_target: usize,
}

/// `gradient_booster`.
#[derive(Debug, Default)]
pub(super) struct Booster {
    pub(super) trees: Vec<Tree>,
    /// The output that each tree adds to.
    pub(super) tree_info: Vec<i32>,
    pub(super) num_parallel_tree: usize,
    /// Weights of the trees of `dart`.
    pub(super) weight_drop: Option<Vec<f32>>,
    /// Levels by feature; empty for numbers.
    pub(super) categories: Vec<Vec<String>>,
}

pub(super) fn read<'a, S: Source<'a>>(source: &mut S) -> Read<Fields> {
    let mut fields = None;
    source.object(&mut |source, key| match key {
        "learner" => learner(source).map(|read| fields = Some(read)),
        _ => source.skip(),
    })?;
    fields.ok_or_else(|| missing("learner"))
}

fn missing(field: &str) -> Fault {
    Fault::somewhere("is missing").within(field)
}

fn learner<'a, S: Source<'a>>(source: &mut S) -> Read<Fields> {
    let (mut booster, mut param, mut name) = (None, None, None);
    let mut fields = Fields::default();
    source.object(&mut |source, key| {
        match key {
            "attributes" => source.object(&mut |source, key| match key {
                "best_iteration" => source.text().map(|text| fields.best_iteration = text.parse().ok()),
                _ => source.skip(),
            })?,
            "feature_names" => fields.feature_names = texts(source)?,
            "gradient_booster" => booster = Some(gradient_booster(source)?),
            "learner_model_param" => param = Some(learner_model_param(source)?),
            "objective" => source.object(&mut |source, key| match key {
                "name" => source.text().map(|text| name = Some(text.into_owned())),
                _ => source.skip(),
            })?,
            _ => source.skip()?,
        }
        Ok(())
    })?;
    fields.booster = booster.ok_or_else(|| missing("gradient_booster"))?;
    fields.param = param.ok_or_else(|| missing("learner_model_param"))?;
    fields.objective = name.ok_or_else(|| missing("name").within("objective"))?;
    Ok(fields)
}

fn texts<'a, S: Source<'a>>(source: &mut S) -> Read<Vec<String>> {
    let mut texts = Vec::new();
    source.array(&mut |source, _| source.text().map(|text| texts.push(text.into_owned())))?;
    Ok(texts)
}

/// A whole number that is written as a text.
fn count<'a, S: Source<'a>>(source: &mut S) -> Read<usize> {
    let text = source.text()?;
    text.parse().map_err(|_| source.fault(format!("is {}, expected a whole number", shown(&text))))
}

fn learner_model_param<'a, S: Source<'a>>(source: &mut S) -> Read<Param> {
    let mut param = Param { num_target: 1, ..Param::default() };
    let (mut has_score, mut has_features) = (false, false);
    source.object(&mut |source, key| {
        match key {
            "base_score" => (param.base_score, has_score) = (source.text()?.into_owned(), true),
            "num_class" => param.num_class = count(source)?,
            "num_feature" => (param.num_feature, has_features) = (count(source)?, true),
            "num_target" => param.num_target = count(source)?,
            _ => source.skip()?,
        }
        Ok(())
    })?;
    if !has_score {
        return Err(missing("base_score"));
    }
    if !has_features {
        return Err(missing("num_feature"));
    }
    if param.num_class > 1 && param.num_target > 1 {
        return Err(Fault::somewhere(format!("is {}, and `num_class` above 1", param.num_target)).within("num_target"));
    }
    Ok(param)
}

fn gradient_booster<'a, S: Source<'a>>(source: &mut S) -> Read<Booster> {
    let (mut name, mut booster, mut weight_drop) = (None, None, None);
    source.object(&mut |source, key| {
        match key {
            "name" => {
                let text = source.text()?;
                if !matches!(&*text, "gbtree" | "dart") {
                    return Err(source.fault(format!("{} is not supported", shown(&text))));
                }
                name = Some(text.into_owned());
            }
            "model" => booster = Some(model(source)?),
            // Of `dart`.
            "gbtree" => source.object(&mut |source, key| match key {
                "model" => model(source).map(|read| booster = Some(read)),
                _ => source.skip(),
            })?,
            "weight_drop" => weight_drop = Some(source.numbers()?),
            _ => source.skip()?,
        }
        Ok(())
    })?;
    let name = name.ok_or_else(|| missing("name"))?;
    let mut booster = booster.ok_or_else(|| missing("model"))?;
    if name == "dart" {
        let weights: Vec<f32> = weight_drop.ok_or_else(|| missing("weight_drop"))?;
        if let Some(at) = weights.iter().position(|weight| !weight.is_finite()) {
            return Err(Fault::somewhere(format!("of tree {at} is {}", weights[at])).within("weight_drop"));
        }
        booster.weight_drop = Some(weights);
    }
    Ok(booster)
}

fn model<'a, S: Source<'a>>(source: &mut S) -> Read<Booster> {
    let (mut trees, mut tree_info) = (None, None);
    let mut booster = Booster { num_parallel_tree: 1, ..Booster::default() };
    source.object(&mut |source, key| {
        match key {
            "trees" => {
                let mut read = Vec::new();
                source.array(&mut |source, _| tree(source).map(|tree| read.push(tree)))?;
                trees = Some(read);
            }
            "tree_info" => tree_info = Some(source.numbers()?),
            "gbtree_model_param" => source.object(&mut |source, key| match key {
                // Files of a single tree a round may say 0.
                "num_parallel_tree" => count(source).map(|trees| booster.num_parallel_tree = trees.max(1)),
                _ => source.skip(),
            })?,
            "cats" => source.object(&mut |source, key| match key {
                "enc" => categories(source).map(|read| booster.categories = read),
                _ => source.skip(),
            })?,
            _ => source.skip()?,
        }
        Ok(())
    })?;
    booster.trees = trees.ok_or_else(|| missing("trees"))?;
    booster.tree_info = tree_info.ok_or_else(|| missing("tree_info"))?;
    Ok(booster)
}

fn tree<'a, S: Source<'a>>(source: &mut S) -> Read<Tree> {
    let (mut tree, mut id) = (Tree::default(), None);
    source.object(&mut |source, key| {
        match key {
            "id" => id = usize::try_from(source.number::<i32>()?).ok(),
            "left_children" => tree.left_children = source.numbers()?,
            "right_children" => tree.right_children = source.numbers()?,
            "split_indices" => tree.split_indices = source.numbers()?,
            "split_conditions" => tree.split_conditions = source.numbers()?,
            "default_left" => tree.default_left = source.numbers()?,
            "sum_hessian" => tree.sum_hessian = source.numbers()?,
            "loss_changes" => tree.loss_changes = source.numbers()?,
            "split_type" => tree.split_type = source.numbers()?,
            "categories" => tree.categories = source.numbers()?,
            "categories_nodes" => tree.categories_nodes = source.numbers()?,
            "categories_segments" => tree.categories_segments = source.numbers()?,
            "categories_sizes" => tree.categories_sizes = source.numbers()?,
            "tree_param" => source.object(&mut |source, key| match key {
                "size_leaf_vector" => match count(source)? {
                    0 | 1 => Ok(()),
                    width => Err(source.fault(format!("is {width}: leaves of several targets are not supported"))),
                },
                _ => source.skip(),
            })?,
            _ => source.skip()?,
        }
        Ok(())
    })?;
    tree.id = id.ok_or_else(|| missing("id"))?;
    tree.check()?;
    Ok(tree)
}

/// Levels by feature, as texts; none where they make no sense.
fn categories<'a, S: Source<'a>>(source: &mut S) -> Read<Vec<Vec<String>>> {
    let mut by_feature = Vec::new();
    source.array(&mut |source, _| {
        let (mut offsets, mut values) = (None::<Vec<i32>>, Vec::<f64>::new());
        if source.kind()? == Kind::Null {
            source.null()?;
        } else {
            source.object(&mut |source, key| {
                match key {
                    "offsets" => offsets = Some(source.numbers()?),
                    "values" => values = source.numbers()?,
                    _ => source.skip()?,
                }
                Ok(())
            })?;
        }
        by_feature.push(match offsets {
            None => values.iter().map(f64::to_string).collect(),
            Some(offsets) => slices(&offsets, &values).unwrap_or_default(),
        });
        Ok(())
    })?;
    Ok(by_feature)
}

/// Texts that lie one after the other; bytes are written as numbers, signed or not.
///
/// XGBoost 3.2 counts characters where it should count bytes, so that texts beyond ASCII may be cut in half: `None`.
fn slices(offsets: &[i32], values: &[f64]) -> Option<Vec<String>> {
    let bytes: Option<Vec<u8>> = values
        .iter()
        .map(|&value| ((-128.0..256.0).contains(&value) && value.fract() == 0.0).then_some((value as i32 & 255) as u8))
        .collect();
    let bytes = bytes?;
    let text = |pair: &[i32]| {
        let range = usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()?;
        String::from_utf8(bytes.get(range)?.to_vec()).ok()
    };
    // Overlapping slices would make more of the bytes than there is.
    if !offsets.is_sorted() {
        return None;
    }
    offsets.windows(2).map(text).collect()
}
