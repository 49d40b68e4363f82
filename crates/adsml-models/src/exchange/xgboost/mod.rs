//! XGBoost's JSON and UBJSON.

mod fields;
mod objective;
mod tree;
mod ubjson;

use adsml_core::FeatureColumn;

use self::fields::{Booster, Fields};
use self::ubjson::Ubjson;
use super::fault::{Fault, Read, shown};
use super::file::column;
use super::format::ModelFormat;
use super::imported::ImportedModel;
use super::json::Json;
use crate::Result;
use crate::tree::{Ensemble, Importances, Reading, Sum, Trees};

/// What errors call them.
pub(super) const JSON: &str = "XGBoost JSON";
const UBJSON: &str = "XGBoost UBJSON";

/// Most sums per row of a model without trees.
const MOST_OUTPUTS: usize = 1000;
/// Most features that the file does not name.
const MOST_FEATURES: usize = 1 << 20;

pub(super) fn read_json(text: &str) -> Result<ImportedModel> {
    let mut json = Json::new(text);
    let read = fields::read(&mut json).and_then(|fields| json.end().map(|()| fields));
    read.and_then(|fields| model(fields, text.len())).map_err(|fault| fault.of(JSON))
}

pub(super) fn read_ubjson(bytes: &[u8]) -> Result<ImportedModel> {
    let mut ubjson = Ubjson::new(bytes);
    let read = fields::read(&mut ubjson).and_then(|fields| ubjson.end().map(|()| fields));
    read.and_then(|fields| model(fields, bytes.len())).map_err(|fault| fault.of(UBJSON))
}

/// A model of what the file says.
fn model(fields: Fields, file_bytes: usize) -> Read<ImportedModel> {
    let Fields { mut booster, param, objective, feature_names, .. } = fields;
    // `id` is the place of a tree.
    booster.trees.sort_by_key(|tree| tree.id);
    if let Some(at) = booster.trees.iter().zip(0..).position(|(tree, id)| tree.id != id) {
        let reason = format!("of a tree is {}, expected {at}", booster.trees[at].id);
        return Err(Fault::somewhere(reason).within("id").within("trees"));
    }
    let n_outputs = param.num_class.max(param.num_target).max(1);
    if booster.trees.is_empty() && n_outputs > MOST_OUTPUTS {
        return Err(Fault::somewhere(format!("is {n_outputs} without any tree")).within("num_class"));
    }
    let n_features = param.num_feature;
    let is_named = !feature_names.is_empty();
    if is_named && feature_names.len() != n_features {
        let reason = format!("has {} names, `num_feature` is {n_features}", feature_names.len());
        return Err(Fault::somewhere(reason).within("feature_names"));
    }
    if !is_named && n_features > MOST_FEATURES.min(file_bytes) {
        return Err(Fault::somewhere(format!("is {n_features}, without names")).within("num_feature"));
    }
    let order = order(&booster, n_outputs)?;
    let output = objective::output(&objective, n_outputs)?;
    let base = objective::margins(&objective, &param.base_score, n_outputs)?;
    let (mut trees, mut importances) = (Trees::default(), Importances::new(n_features));
    let mut uses = vec![tree::Use::default(); n_features];
    let mut set_bytes = tree::SetBytes::of_file(file_bytes);
    for number in order {
        let weight = booster.weight_drop.as_ref().map_or(1.0, |weights| weights[number]);
        let tree = &booster.trees[number];
        tree.push(weight, &mut trees, &mut importances, &mut uses, &mut set_bytes)
            .map_err(|fault| fault.within(format_args!("trees[{number}]")))?;
    }
    let readings = readings(&uses)?;
    let ensemble = Ensemble { trees, base, n_features, sum: Sum::F32, divisor: 1.0, readings, values: Vec::new() };
    if !ensemble.is_bounded() {
        return Err(Fault::somewhere("sums of the leaves overflow").within("split_conditions"));
    }
    let mut model = ImportedModel::new(ModelFormat::Xgboost, objective, ensemble, output, importances);
    model.trees_per_round = n_outputs * booster.num_parallel_tree;
    model.best_round = fields.best_iteration.and_then(|best| best.checked_add(1));
    model.best_round = model.best_round.filter(|&best| best <= model.n_rounds());
    if !is_named {
        return Ok(model);
    }
    Ok(model.with_columns(columns(feature_names, booster.categories)?))
}

/// The trees, so that tree `t` of the result adds to output `t % n_outputs`, those of an output in their order.
fn order(booster: &Booster, n_outputs: usize) -> Read<Vec<usize>> {
    let wrong = |field: &str, reason: String| Err(Fault::somewhere(reason).within(field));
    let n_trees = booster.trees.len();
    if booster.tree_info.len() != n_trees {
        return wrong("tree_info", format!("has {} entries for {n_trees} trees", booster.tree_info.len()));
    }
    if let Some(weights) = booster.weight_drop.as_ref().filter(|weights| weights.len() != n_trees) {
        return wrong("weight_drop", format!("has {} entries for {n_trees} trees", weights.len()));
    }
    let per_round = n_outputs.checked_mul(booster.num_parallel_tree);
    if booster.num_parallel_tree == 0 || per_round.is_none_or(|per_round| !n_trees.is_multiple_of(per_round)) {
        let parallel = booster.num_parallel_tree;
        return wrong("num_parallel_tree", format!("is {parallel}, with {n_trees} trees for {n_outputs} outputs"));
    }
    if n_trees == 0 {
        return Ok(Vec::new());
    }
    let mut of_output = vec![Vec::new(); n_outputs];
    for (number, &output) in booster.tree_info.iter().enumerate() {
        match usize::try_from(output).ok().and_then(|output| of_output.get_mut(output)) {
            Some(trees) => trees.push(number),
            None => {
                return wrong(
                    "tree_info",
                    format!("says that tree {number} belongs to output {output} of {n_outputs}"),
                );
            }
        }
    }
    if of_output.iter().any(|trees| trees.len() != n_trees / n_outputs) {
        return wrong("tree_info", "does not give every output as many trees".to_owned());
    }
    Ok((0..n_trees).map(|at| of_output[at % n_outputs][at / n_outputs]).collect())
}

/// How each feature is read; empty when all are as they are.
fn readings(uses: &[tree::Use]) -> Read<Vec<Reading>> {
    if let Some(feature) = uses.iter().position(|use_| use_.as_number && use_.as_category) {
        let reason =
            format!("feature {feature} is a number in one split and a category in another, which is not supported");
        return Err(Fault::somewhere(reason).within("split_type"));
    }
    if !uses.iter().any(|use_| use_.as_category) {
        return Ok(Vec::new());
    }
    let reading = |use_: &tree::Use| if use_.as_category { Reading::TruncatedF32 } else { Reading::AsIs };
    Ok(uses.iter().map(reading).collect())
}

fn columns(names: Vec<String>, mut categories: Vec<Vec<String>>) -> Read<Vec<FeatureColumn>> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Fault::somewhere(format!("{} appears twice", shown(pair[0]))).within("feature_names"));
    }
    if categories.len() > names.len() {
        let reason = format!("has {} entries for {} features", categories.len(), names.len());
        return Err(Fault::somewhere(reason).within("enc").within("cats"));
    }
    categories.resize(names.len(), Vec::new());
    Ok(names.into_iter().zip(categories).map(|(name, levels)| column(name, levels)).collect())
}
