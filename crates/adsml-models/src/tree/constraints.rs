//! Directions and groups of features, as the caller gives them.

use adsml_core::{FeatureKind, TrainingSet};

use crate::{ModelError, Result};

/// Refuses constraints that do not fit the features. `free` says for what no feature may have a direction, when that is so.
pub(crate) fn check_constraints(
    monotone: &[i8],
    interactions: &[Vec<usize>],
    data: &TrainingSet<'_>,
    free: Option<&str>,
) -> Result<()> {
    let n = data.n_features();
    let refuse = |name: &str, value: String, expected: String| {
        Err(ModelError::InvalidParameter { name: name.to_owned(), value, expected })
    };
    if !monotone.is_empty() && monotone.len() != n {
        return refuse("monotone", format!("{} directions", monotone.len()), format!("one per feature, {n}"));
    }
    for (feature, &direction) in monotone.iter().enumerate() {
        let is_category = data.columns.get(feature).is_some_and(|column| column.kind != FeatureKind::Number);
        if !(-1..=1).contains(&direction) || (direction != 0 && (is_category || free.is_some())) {
            let expected = match free {
                Some(free) => format!("0 for {free}"),
                None => "-1, 0 or 1, and 0 for categories".to_owned(),
            };
            return refuse("monotone", format!("{direction} for feature {feature}"), expected);
        }
    }
    if let Some(&feature) = interactions.iter().flatten().find(|&&feature| feature >= n) {
        return refuse("interactions", format!("feature {feature}"), format!("features below {n}"));
    }
    Ok(())
}

/// The direction of each feature; none when all are free.
pub(crate) fn directions(monotone: &[i8]) -> Vec<i8> {
    if monotone.iter().all(|&direction| direction == 0) { Vec::new() } else { monotone.to_vec() }
}
