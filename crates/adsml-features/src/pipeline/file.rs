//! The pipeline as a model file, and back.

use std::collections::HashSet;
use std::sync::Arc;

use adsml_core::{FittedTransform, Levels, LoaderRegistry, ModelFile, ModelFileError, Provenance, Result};
use serde::{Deserialize, Serialize};

use super::fit::{MAX_FEATURES, MAX_ONE_HOT};
use super::fitted::{FittedPipeline, Step, StepKind, Suffix};
use crate::derive::{CalendarPart, DerivedFeature, Formula, TransformReport};
use crate::encode::{Categories, Encoding, FittedImputer, FittedScaler, FittedWarp, MAX_VALUE, MIN_SCALE};

/// The kind of the model file.
const KIND: &str = "feature_pipeline";
/// The version of the layout below.
const VERSION: u32 = 1;
/// Most derived columns.
const MAX_DERIVED: usize = 10_000;

/// Adds the reader of fitted pipelines to a registry.
pub fn register(registry: &mut LoaderRegistry) {
    registry.add_transform(KIND, |file, _| Ok(Box::new(FittedPipeline::from_file(file)?)));
}

/// Version 1: what is text, as JSON. Numbers stand in the section `numbers`, in the order of the steps, so that
/// they come back bit for bit.
#[derive(Serialize, Deserialize)]
struct PipelineV1 {
    derived: Vec<DerivedV1>,
    steps: Vec<StepV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "formula", rename_all = "snake_case")]
enum DerivedV1 {
    Ratio { name: String, numerator: String, denominator: String },
    Sine { name: String, input: String },
    Cosine { name: String, input: String },
    Calendar { name: String, input: String, part: String },
}

#[derive(Serialize, Deserialize)]
struct StepV1 {
    input: String,
    known: String,
    #[serde(flatten)]
    kind: KindV1,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum KindV1 {
    Numeric { warp: WarpV1, imputed: bool, indicator: bool },
    Ordinal { levels: Vec<String> },
    OneHot { levels: Vec<String>, missing: bool },
    Target { levels: Vec<String> },
    Frequency { levels: Vec<String> },
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum WarpV1 {
    None,
    SignedLog,
    Clip,
}

impl FittedPipeline {
    /// Reads a fitted pipeline.
    ///
    /// # Errors
    ///
    /// [`Error::ModelFile`](adsml_core::Error::ModelFile), by name of what is wrong.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        file.require_kind(KIND)?;
        let version = file.number_fact("version")?;
        if version != f64::from(VERSION) {
            return Err(header(format!("pipeline version {version}, this program reads up to {VERSION}")).into());
        }
        let text: PipelineV1 =
            serde_json::from_slice(file.bytes("pipeline")?).map_err(|error| section("pipeline", error.to_string()))?;
        if text.derived.len() > MAX_DERIVED {
            let count = text.derived.len();
            return Err(section("pipeline", format!("{count} derived columns, expected at most {MAX_DERIVED}")).into());
        }
        let numbers = file.finite_f64("numbers")?;
        let mut numbers = numbers.into_iter();
        let derived = text.derived.into_iter().map(|derived| read_derived(derived, &mut numbers));
        let derived = derived.collect::<Result<Vec<_>>>()?;
        let steps = text.steps.into_iter().map(|step| read_step(step, &mut numbers)).collect::<Result<Vec<_>>>()?;
        if numbers.next().is_some() {
            return Err(section("numbers", "has more entries than the pipeline needs".to_owned()).into());
        }
        check_twice("derived column", derived.iter().map(DerivedFeature::name))?;
        check_twice("column", steps.iter().map(|step| &*step.input))?;
        check_width(&steps, file.feature_names())?;
        let fitted = Self::new(derived, steps, TransformReport::default());
        let names = fitted.feature_columns().iter().map(|column| &column.name);
        if !names.eq(file.feature_names()) {
            return Err(other_names().into());
        }
        Ok(fitted)
    }
}

/// No pipeline reads a column in two steps, or derives one twice.
fn check_twice<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(section("pipeline", format!("{what} `{name}` appears twice")).into());
        }
    }
    Ok(())
}

/// Before the names are made: they can be no more and no longer than those in the header.
fn check_width(steps: &[Step], names: &[String]) -> Result<()> {
    let width: usize = steps.iter().map(|step| step.kind.width()).sum();
    if width > MAX_FEATURES {
        return Err(section("pipeline", format!("{width} features, expected at most {MAX_FEATURES}")).into());
    }
    // Every name begins with its column's.
    let shortest =
        steps.iter().map(|step| step.kind.width().saturating_mul(step.input.len())).fold(0, usize::saturating_add);
    if width != names.len() || shortest > names.iter().map(String::len).sum() {
        return Err(other_names().into());
    }
    Ok(())
}

fn other_names() -> ModelFileError {
    header("the feature names are not those of the pipeline".to_owned())
}

pub(super) fn write(fitted: &FittedPipeline) -> Result<ModelFile> {
    let mut numbers = Vec::new();
    let derived = fitted.derived().iter().map(|feature| write_derived(feature, &mut numbers)).collect();
    let steps = fitted.steps().iter().map(|step| write_step(step, &mut numbers)).collect();
    let text = serde_json::to_vec(&PipelineV1 { derived, steps }).map_err(adsml_core::Error::component)?;
    let mut file = ModelFile::new(KIND);
    file.set_features(fitted.feature_columns())
        .set_fact("version", VERSION)
        .set_fact("inputs", fitted.input_columns())
        .put_bytes("pipeline", text)
        .put_f64("numbers", &numbers);
    Ok(file)
}

fn write_derived(feature: &DerivedFeature, numbers: &mut Vec<f64>) -> DerivedV1 {
    let name = feature.name().to_owned();
    match feature.formula().clone() {
        Formula::Ratio { numerator, denominator } => DerivedV1::Ratio { name, numerator, denominator },
        Formula::Sine { input, period } => {
            numbers.push(period);
            DerivedV1::Sine { name, input }
        }
        Formula::Cosine { input, period } => {
            numbers.push(period);
            DerivedV1::Cosine { name, input }
        }
        Formula::Calendar { input, part } => DerivedV1::Calendar { name, input, part: part.as_str().to_owned() },
    }
}

fn read_derived(derived: DerivedV1, numbers: &mut impl Iterator<Item = f64>) -> Result<DerivedFeature> {
    Ok(match derived {
        DerivedV1::Ratio { name, numerator, denominator } => DerivedFeature::ratio(name, numerator, denominator),
        DerivedV1::Sine { name, input } => DerivedFeature::sine(name, input, next(numbers)?),
        DerivedV1::Cosine { name, input } => DerivedFeature::cosine(name, input, next(numbers)?),
        DerivedV1::Calendar { name, input, part } => {
            let known = CalendarPart::from_name(&part);
            let part = known.ok_or_else(|| section("pipeline", format!("no calendar part `{part}`")))?;
            DerivedFeature::calendar(name, input, part)
        }
    })
}

fn write_step(step: &Step, numbers: &mut Vec<f64>) -> StepV1 {
    let texts = |categories: &Categories| categories.levels().iter().map(str::to_owned).collect();
    let kind = match &step.kind {
        StepKind::Numeric { warp, imputer, scaler, indicator } => {
            let warp = match *warp {
                FittedWarp::None => WarpV1::None,
                FittedWarp::SignedLog => WarpV1::SignedLog,
                FittedWarp::Clip { min, max } => {
                    numbers.extend([min, max]);
                    WarpV1::Clip
                }
            };
            numbers.extend(imputer.fill);
            numbers.extend([scaler.center, scaler.scale]);
            KindV1::Numeric { warp, imputed: imputer.fill.is_some(), indicator: *indicator }
        }
        StepKind::Ordinal { categories, .. } => KindV1::Ordinal { levels: texts(categories) },
        StepKind::OneHot { categories, missing } => KindV1::OneHot { levels: texts(categories), missing: *missing },
        StepKind::Values { categories, encoding, suffix } => {
            numbers.extend(&encoding.levels);
            numbers.extend([encoding.missing, encoding.mean]);
            match suffix {
                Suffix::Target => KindV1::Target { levels: texts(categories) },
                Suffix::Frequency => KindV1::Frequency { levels: texts(categories) },
            }
        }
    };
    StepV1 { input: step.input.to_string(), known: step.provenance.as_str().to_owned(), kind }
}

fn read_step(step: StepV1, numbers: &mut impl Iterator<Item = f64>) -> Result<Step> {
    let kind = match step.kind {
        KindV1::Numeric { warp, imputed, indicator } => {
            let warp = match warp {
                WarpV1::None => FittedWarp::None,
                WarpV1::SignedLog => FittedWarp::SignedLog,
                WarpV1::Clip => FittedWarp::Clip { min: next(numbers)?, max: next(numbers)? },
            };
            let fill = if imputed { Some(next(numbers)?) } else { None };
            let scaler = FittedScaler { center: next(numbers)?, scale: next(numbers)? };
            if scaler.scale.abs() < MIN_SCALE {
                let small = if scaler.scale == 0.0 { "zero" } else { "below 1e-150" };
                return Err(section("numbers", format!("the scale of `{}` is {small}", step.input)).into());
            }
            // A mean or a quantile may lie a rounding beyond the values.
            let ends = if let FittedWarp::Clip { min, max } = warp { [min, max] } else { [0.0; 2] };
            if fill.into_iter().chain(ends).chain([scaler.center]).any(|number| number.abs() > 2.0 * MAX_VALUE) {
                return Err(section("numbers", format!("a number of `{}` lies beyond ±1e150", step.input)).into());
            }
            StepKind::Numeric { warp, imputer: FittedImputer { fill }, scaler, indicator }
        }
        KindV1::Ordinal { levels } => StepKind::ordinal(read_levels(&step.input, &levels)?),
        KindV1::OneHot { levels, .. } if levels.len() > MAX_ONE_HOT => {
            let what = format!(
                "one-hot encoding of `{}` has {} levels, expected at most {MAX_ONE_HOT}",
                step.input,
                levels.len()
            );
            return Err(section("pipeline", what).into());
        }
        KindV1::OneHot { levels, missing } => StepKind::one_hot(read_levels(&step.input, &levels)?, missing),
        KindV1::Target { levels } => read_values(&step.input, &levels, Suffix::Target, numbers)?,
        KindV1::Frequency { levels } => read_values(&step.input, &levels, Suffix::Frequency, numbers)?,
    };
    let known = Provenance::ALL.into_iter().find(|moment| moment.as_str() == step.known);
    let provenance = known.ok_or_else(|| section("pipeline", format!("no moment `{}`", step.known)))?;
    Ok(Step { input: Arc::from(step.input), provenance, kind })
}

fn read_values(
    input: &str,
    levels: &[String],
    suffix: Suffix,
    numbers: &mut impl Iterator<Item = f64>,
) -> Result<StepKind> {
    let categories = read_levels(input, levels)?;
    let values = levels.iter().map(|_| next(numbers)).collect::<Result<Vec<_>>>()?;
    let encoding = Encoding { levels: values, missing: next(numbers)?, mean: next(numbers)? };
    Ok(StepKind::Values { categories, encoding, suffix })
}

fn read_levels(input: &str, texts: &[String]) -> Result<Categories> {
    let levels: Levels = texts.iter().collect();
    if levels.len() != texts.len() {
        return Err(section("pipeline", format!("a level of `{input}` appears twice")).into());
    }
    Ok(Categories::of(levels))
}

fn next(numbers: &mut impl Iterator<Item = f64>) -> Result<f64> {
    let number = numbers.next();
    Ok(number.ok_or_else(|| section("numbers", "has fewer entries than the pipeline needs".to_owned()))?)
}

fn header(reason: String) -> ModelFileError {
    ModelFileError::Header { reason }
}

fn section(name: &str, reason: String) -> ModelFileError {
    ModelFileError::Section { name: name.to_owned(), reason }
}
