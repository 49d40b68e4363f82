//! An imported model in a model file of ours.

use std::sync::Arc;

use adsml_core::{Error, FeatureColumn, FeatureKind, Levels, ModelFile, ModelFileError};

use super::format::ModelFormat;
use super::imported::ImportedModel;
use super::output::Output;
use crate::Result;
use crate::tree::{Ensemble, Importances, Reading, Sum, Trees};

const OUTPUTS: [&str; 11] = [
    "identity",
    "signed_square",
    "exp",
    "sigmoid",
    "log_one_plus_exp",
    "softmax",
    "one_versus_all",
    "hinge",
    "exp_f32",
    "sigmoid_f32",
    "softmax_f32",
];

fn name(output: Output) -> &'static str {
    OUTPUTS[match output {
        Output::Identity => 0,
        Output::SignedSquare => 1,
        Output::Exp => 2,
        Output::Sigmoid { .. } => 3,
        Output::LogOnePlusExp => 4,
        Output::Softmax => 5,
        Output::OneVersusAll { .. } => 6,
        Output::Hinge => 7,
        Output::ExpF32 => 8,
        Output::SigmoidF32 => 9,
        Output::SoftmaxF32 => 10,
    }]
}

fn output(name: &str, scale: f64) -> Option<Output> {
    Some(match name {
        "identity" => Output::Identity,
        "signed_square" => Output::SignedSquare,
        "exp" => Output::Exp,
        "sigmoid" => Output::Sigmoid { scale },
        "log_one_plus_exp" => Output::LogOnePlusExp,
        "softmax" => Output::Softmax,
        "one_versus_all" => Output::OneVersusAll { scale },
        "hinge" => Output::Hinge,
        "exp_f32" => Output::ExpF32,
        "sigmoid_f32" => Output::SigmoidF32,
        "softmax_f32" => Output::SoftmaxF32,
        _ => return None,
    })
}

const READINGS: [Reading; 4] = [Reading::AsIs, Reading::ZeroIsMissing, Reading::Truncated, Reading::TruncatedF32];

fn bad_header(reason: String) -> crate::ModelError {
    ModelFileError::Header { reason }.into()
}

pub(super) fn write(model: &ImportedModel) -> ModelFile {
    let mut file = ModelFile::new(ImportedModel::KIND);
    if !model.columns.is_empty() {
        file.set_features(&model.columns);
        let levels: Vec<Vec<String>> = model.columns.iter().map(level_texts).collect();
        file.set_fact("levels", levels);
    }
    let scale = match model.output {
        Output::Sigmoid { scale } | Output::OneVersusAll { scale } => scale,
        _ => 1.0,
    };
    file.set_fact("format", model.format.name())
        .set_fact("objective", model.objective.as_str())
        .set_fact("output", name(model.output))
        .set_fact("precision", if model.ensemble.sum == Sum::F32 { "f32" } else { "f64" })
        .set_fact("trees_per_round", model.trees_per_round)
        .set_fact("best_round", model.best_round.unwrap_or(0))
        .set_fact("is_averaged", u32::from(model.is_averaged))
        .put_f64("base", &model.ensemble.base)
        .put_f64("scale_and_divisor", &[scale, model.ensemble.divisor]);
    let code = |reading: &Reading| READINGS.iter().position(|known| known == reading).unwrap_or_default() as u8;
    file.put_bytes("readings", model.ensemble.readings.iter().map(code).collect());
    model.importances.put(&mut file);
    model.ensemble.trees.put(&mut file);
    file
}

/// The levels of a category; none of a number.
fn level_texts(column: &FeatureColumn) -> Vec<String> {
    match &column.kind {
        FeatureKind::Category { levels } => levels.iter().map(str::to_owned).collect(),
        FeatureKind::Number => Vec::new(),
    }
}

pub(super) fn read(file: &ModelFile) -> Result<ImportedModel> {
    file.require_kind(ImportedModel::KIND)?;
    let format = file.text_fact("format")?;
    let format = ModelFormat::from_name(format).ok_or_else(|| bad_header(format!("format `{format}`")))?;
    let numbers = file.finite_f64("scale_and_divisor")?;
    let &[scale, divisor] = numbers.as_slice() else {
        return Err(bad_header(format!("{} numbers for scale and divisor", numbers.len())));
    };
    if !(scale > 0.0 && divisor > 0.0) {
        return Err(bad_header(format!("scale {scale} or divisor {divisor} is not positive")));
    }
    let output_name = file.text_fact("output")?;
    let output = output(output_name, scale).ok_or_else(|| bad_header(format!("output `{output_name}`")))?;
    let sum = match file.text_fact("precision")? {
        "f32" => Sum::F32,
        "f64" => Sum::F64,
        other => return Err(bad_header(format!("precision `{other}`"))),
    };
    let importances = Importances::from_file(file)?;
    let n_features = importances.n_features();
    let base = file.finite_f64("base")?;
    let trees = Trees::from_file(file, n_features)?;
    let whole = |name: &str| -> Result<usize> {
        let number = file.number_fact(name)?;
        let fits = number >= 0.0 && number.fract() == 0.0 && number <= f64::from(u32::MAX);
        if fits { Ok(number as usize) } else { Err(bad_header(format!("`{name}` is {number}"))) }
    };
    let (trees_per_round, best_round) = (whole("trees_per_round")?, whole("best_round")?);
    let adds_up = !base.is_empty()
        && trees_per_round > 0
        && trees_per_round.is_multiple_of(base.len())
        && trees.len().is_multiple_of(trees_per_round)
        && (base.len() >= 2 || !output.has_many_classes());
    if !adds_up {
        let reason = format!(
            "{} outputs, {trees_per_round} trees a round and {} trees do not go together",
            base.len(),
            trees.len()
        );
        return Err(bad_header(reason));
    }
    let readings = file.bytes("readings")?;
    if !readings.is_empty() {
        Error::check_length("section `readings`", n_features, readings.len())?;
    }
    let readings = readings.iter().map(|&code| READINGS.get(usize::from(code)).copied()).collect::<Option<Vec<_>>>();
    let readings = readings.ok_or_else(|| bad_header("a reading is not known".to_owned()))?;
    let ensemble = Ensemble { trees, base, n_features, sum, divisor, readings, values: Vec::new() };
    if !ensemble.is_bounded() {
        return Err(
            ModelFileError::Section { name: "tree_values".to_owned(), reason: "sums overflow".to_owned() }.into()
        );
    }
    let mut model = ImportedModel::new(format, file.text_fact("objective")?.to_owned(), ensemble, output, importances);
    model.is_averaged = file.number_fact("is_averaged")? != 0.0;
    model.trees_per_round = trees_per_round;
    model.best_round = Some(best_round).filter(|&best| best > 0);
    Ok(if file.feature_names().is_empty() { model } else { model.with_columns(columns(file, n_features)?) })
}

fn columns(file: &ModelFile, n_features: usize) -> Result<Vec<FeatureColumn>> {
    let names = file.feature_names();
    Error::check_length("the list of feature names", n_features, names.len())?;
    let levels = file.fact("levels")?.as_array().map_or(&[][..], Vec::as_slice);
    Error::check_length("the lists of levels", n_features, levels.len())?;
    let mut columns = Vec::with_capacity(n_features);
    for (name, levels) in names.iter().zip(levels) {
        let texts: Option<Vec<&str>> =
            levels.as_array().and_then(|texts| texts.iter().map(|text| text.as_str()).collect());
        let texts = texts.ok_or_else(|| bad_header(format!("the levels of `{name}` are no texts")))?;
        columns.push(column(name.clone(), texts));
    }
    Ok(columns)
}

/// A category when it has levels, else a number.
pub(super) fn column<S: AsRef<str>>(name: String, levels: Vec<S>) -> FeatureColumn {
    let mut column = FeatureColumn::number(name);
    if !levels.is_empty() {
        column.kind = FeatureKind::Category { levels: Arc::new(levels.into_iter().collect::<Levels>()) };
    }
    column
}
