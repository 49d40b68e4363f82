//! Names and categories of the features of LightGBM's text.
//!
//! The package for Python adds the levels of the category columns of a pandas data frame, in the order of the columns; which
//! features those are is among the parameters.

use adsml_core::FeatureColumn;

use super::super::fault::{Fault, Read};
use super::super::file::column;
use super::super::json::Json;
use super::super::source::{Kind, Source};
use super::text::{Field, Header};

/// What the features are; the levels of categories stay unknown where the file does not say which features they belong to.
pub(super) fn read(header: &Header<'_>, n_features: usize) -> Read<Vec<FeatureColumn>> {
    let names = header.fields.require("feature_names")?;
    let mut levels: Vec<Vec<String>> = vec![Vec::new(); n_features];
    if let Some(field) = header.pandas_categorical {
        let lists = pandas_categorical(field)?;
        let features = header.categorical_feature.map(features).unwrap_or_default();
        if features.len() == lists.len() && features.iter().all(|&feature| feature < n_features) {
            for (feature, list) in features.into_iter().zip(lists) {
                levels[feature] = list;
            }
        }
    }
    let names: Vec<&str> = names.value.split(' ').filter(|name| !name.is_empty()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let reason = format!("{} appears twice", super::super::fault::shown(pair[0]));
        return Err(Fault::somewhere(reason).within("feature_names"));
    }
    Ok(names.into_iter().zip(levels).map(|(name, levels)| column(name.to_owned(), levels)).collect())
}

/// Numbers of features, ascending; empty when they are names.
fn features(field: Field<'_>) -> Vec<usize> {
    let features: Option<Vec<usize>> = field.value.split(',').map(|word| word.trim().parse().ok()).collect();
    features.filter(|features| features.is_sorted()).unwrap_or_default()
}

/// The levels of each column, as texts.
fn pandas_categorical(field: Field<'_>) -> Read<Vec<Vec<String>>> {
    let mut json = Json::new(field.value);
    let mut lists = Vec::new();
    let read = match json.kind() {
        Ok(Kind::Null) => json.null(),
        _ => json.array(&mut |json, _| {
            let mut list = Vec::new();
            json.array(&mut |json, _| {
                list.push(match json.kind()? {
                    Kind::Text => json.text()?.into_owned(),
                    Kind::Bool => (json.number::<f64>()? == 1.0).to_string(),
                    Kind::Number => json.number::<f64>()?.to_string(),
                    _ => return Err(json.expected("a level")),
                });
                Ok(())
            })?;
            lists.push(list);
            Ok(())
        }),
    };
    read.and_then(|()| json.end()).map_err(|fault| {
        let reason = fault.of("JSON").to_string();
        field.fault(reason)
    })?;
    Ok(lists)
}
