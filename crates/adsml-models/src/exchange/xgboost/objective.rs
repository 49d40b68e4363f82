//! Where XGBoost's sums begin, and what becomes of them.
//!
//! Source: XGBoost 3.2.0, `src/objective/*` (`PredTransform`, `ProbToMargin`), `src/common/math.h`, `src/learner.cc`
//! (`base_score`).

use super::super::fault::{Fault, Read, shown};
use super::super::json::Json;
use super::super::output::Output;
use super::super::source::{Kind, Source};

/// What becomes of the sums.
pub(super) fn output(objective: &str, n_outputs: usize) -> Read<Output> {
    let output = match objective {
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror"
        | "reg:quantileerror"
        | "binary:logitraw"
        | "rank:ndcg"
        | "rank:pairwise"
        | "rank:map" => Output::Identity,
        "reg:logistic" | "binary:logistic" => Output::SigmoidF32,
        "binary:hinge" => Output::Hinge,
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => Output::ExpF32,
        "multi:softmax" | "multi:softprob" => Output::SoftmaxF32,
        _ => {
            let reason = format!("{} is not supported", shown(objective));
            return Err(Fault::somewhere(reason).within("name").within("objective"));
        }
    };
    if output.has_many_classes() && n_outputs < 2 {
        let reason = format!("is {n_outputs}, with objective {objective}");
        return Err(Fault::somewhere(reason).within("num_class"));
    }
    Ok(output)
}

/// Where the sums begin: `base_score` is on the scale of predictions, before version 3.1 one for all outputs.
pub(super) fn margins(objective: &str, base_score: &str, n_outputs: usize) -> Read<Vec<f64>> {
    let wrong = |reason: String| Fault::somewhere(reason).within("base_score");
    let mut json = Json::new(base_score);
    let scores: Vec<f32> = match json.kind() {
        Ok(Kind::Array) => json.numbers(),
        _ => json.number().map(|score| vec![score]),
    }
    .and_then(|scores| json.end().map(|()| scores))
    .map_err(|_| wrong(format!("{} is neither a number nor a list of numbers", shown(base_score))))?;
    let scores = match scores.as_slice() {
        &[score] => vec![score; n_outputs],
        scores if scores.len() == n_outputs => scores.to_vec(),
        scores => return Err(wrong(format!("has {} numbers for {n_outputs} outputs", scores.len()))),
    };
    let margin = |score: f32| match objective {
        "reg:logistic" | "binary:logistic" => -(1.0 / score - 1.0).ln(),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => score.ln(),
        _ => score,
    };
    let margins: Vec<f64> = scores.iter().map(|&score| margin(score).into()).collect();
    match margins.iter().position(|margin| !margin.is_finite()) {
        Some(at) => Err(wrong(format!("{} does not go with objective {objective}", scores[at]))),
        None => Ok(margins),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_scores_of_old_and_new_files() {
        assert_eq!(margins("reg:squarederror", "5E-1", 1).unwrap(), [0.5]);
        assert_eq!(margins("binary:logistic", "[5E-1]", 1).unwrap(), [0.0]);
        assert_eq!(margins("multi:softprob", "[1E0,2E0,-3E0]", 3).unwrap(), [1.0, 2.0, -3.0]);
        assert_eq!(margins("count:poisson", "1E0", 2).unwrap(), [0.0, 0.0]);
        for (objective, score) in [
            ("binary:logistic", "1E0"),
            ("count:poisson", "0E0"),
            ("reg:squarederror", "[1,2]"),
            ("reg:squarederror", "x"),
            ("reg:squarederror", "NaN"),
        ] {
            assert!(margins(objective, score, 1).is_err(), "{score}");
        }
    }
}
