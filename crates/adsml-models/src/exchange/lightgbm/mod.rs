//! LightGBM's text.

mod columns;
mod objective;
mod text;
mod tree;
mod write;

use self::tree::Use;
pub(crate) use self::write::Parts;
use super::fault::{Fault, Read};
use super::format::ModelFormat;
use super::imported::ImportedModel;
use crate::Result;
use crate::tree::{Ensemble, Importances, Reading, Sum, Trees};

/// What errors call it.
pub(super) const FORMAT: &str = "LightGBM text";

/// Most sums per row of a model without trees.
const MOST_OUTPUTS: usize = 1000;

/// Reads a model.
pub(super) fn read(text: &str) -> Result<ImportedModel> {
    read_text(text).map_err(|fault| fault.of(FORMAT))
}

/// What the header says of every tree.
struct Shape {
    n_features: usize,
    n_outputs: usize,
}

impl Shape {
    fn read(header: &text::Header<'_>) -> Read<Self> {
        let fields = &header.fields;
        let version = fields.require("version")?;
        if !matches!(version.value, "v3" | "v4") {
            return Err(version.fault(format!("is {}, expected v3 or v4", super::fault::shown(version.value))));
        }
        let names = fields.require("feature_names")?;
        let n_features = names.value.split(' ').filter(|name| !name.is_empty()).count();
        let last = fields.require("max_feature_idx")?;
        if last.number::<usize>()?.checked_add(1) != Some(n_features) {
            return Err(last.fault(format!("is {}, but there are {n_features} feature names", last.value)));
        }
        let per_round = match fields.find("num_tree_per_iteration") {
            Some(field) => field,
            None => fields.require("num_class")?,
        };
        let n_outputs = per_round.number()?;
        if n_outputs == 0 {
            return Err(per_round.fault("is 0"));
        }
        Ok(Self { n_features, n_outputs })
    }
}

fn read_text(text: &str) -> Read<ImportedModel> {
    let begin = |header: &text::Header<'_>| {
        let shape = Shape::read(header)?;
        let uses = vec![Use::default(); shape.n_features];
        let importances = Importances::new(shape.n_features);
        Ok((shape, Trees::default(), importances, uses))
    };
    let read =
        text::read(text, begin, |(_, trees, importances, uses), fields| tree::push(fields, trees, importances, uses));
    let (header, (shape, trees, importances, uses)) = read?;
    let fields = &header.fields;
    let n_rounds = trees.len() / shape.n_outputs;
    let fits = trees.len().is_multiple_of(shape.n_outputs) && (n_rounds > 0 || shape.n_outputs <= MOST_OUTPUTS);
    if !fits {
        let per_round = fields.require("num_tree_per_iteration")?;
        return Err(per_round.fault(format!("is {}, but there are {} trees", shape.n_outputs, trees.len())));
    }
    let output = objective::read(fields.find("objective"), shape.n_outputs)?;
    let divisor = match fields.find("average_output") {
        Some(field) if n_rounds == 0 => return Err(field.fault("there are no trees to be averaged")),
        Some(_) => n_rounds as f64,
        None => 1.0,
    };
    let columns = columns::read(&header, shape.n_features)?;
    let ensemble = Ensemble {
        trees,
        base: vec![0.0; shape.n_outputs],
        n_features: shape.n_features,
        sum: Sum::F64,
        divisor,
        readings: readings(&uses, fields)?,
        values: Vec::new(),
    };
    if !ensemble.is_bounded() {
        return Err(Fault::somewhere("sums of the leaves overflow").within("leaf_value"));
    }
    let objective = fields.find("objective").map_or_else(String::new, |field| field.value.to_owned());
    let mut model = ImportedModel::new(ModelFormat::LightGbm, objective, ensemble, output, importances);
    model.is_averaged = fields.find("average_output").is_some();
    Ok(model.with_columns(columns))
}

/// How each feature is read; empty when all are as they are.
fn readings(uses: &[Use], fields: &text::Fields<'_>) -> Read<Vec<Reading>> {
    let mut readings = Vec::new();
    for (feature, use_) in uses.iter().enumerate() {
        if let Some(conflict) = use_.conflict() {
            let name = fields.require("feature_names")?.value.split(' ').filter(|name| !name.is_empty()).nth(feature);
            let reason =
                format!("feature {} {conflict}, which is not supported", super::fault::shown(name.unwrap_or_default()));
            return Err(Fault::somewhere(reason).within("decision_type"));
        }
        let reading = match use_ {
            Use { as_category: true, .. } => Reading::Truncated,
            Use { zero_is_missing: true, .. } => Reading::ZeroIsMissing,
            _ => Reading::AsIs,
        };
        readings.push(reading);
    }
    Ok(if readings.iter().all(|&reading| reading == Reading::AsIs) { Vec::new() } else { readings })
}
