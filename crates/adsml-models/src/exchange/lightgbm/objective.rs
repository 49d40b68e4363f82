//! What LightGBM makes of the sum of the trees.
//!
//! Source: LightGBM 4.7.0, `src/objective/*.hpp` (`ConvertOutput`, constructors from text) and `include/LightGBM/config.h`
//! (`ParseObjectiveAlias`).

use super::super::fault::{Read, shown};
use super::super::output::Output;
use super::text::Field;

/// Other names of objectives.
const ALIASES: [(&str, &str); 25] = [
    ("regression_l2", "regression"),
    ("mean_squared_error", "regression"),
    ("mse", "regression"),
    ("l2", "regression"),
    ("l2_root", "regression"),
    ("root_mean_squared_error", "regression"),
    ("rmse", "regression"),
    ("mean_absolute_error", "regression_l1"),
    ("l1", "regression_l1"),
    ("mae", "regression_l1"),
    ("softmax", "multiclass"),
    ("multiclass_ova", "multiclassova"),
    ("ova", "multiclassova"),
    ("ovr", "multiclassova"),
    ("xentropy", "cross_entropy"),
    ("xentlambda", "cross_entropy_lambda"),
    ("mean_absolute_percentage_error", "mape"),
    ("rank_xendcg", "lambdarank"),
    ("xendcg", "lambdarank"),
    ("xe_ndcg", "lambdarank"),
    ("xe_ndcg_mart", "lambdarank"),
    ("xendcg_mart", "lambdarank"),
    ("none", "custom"),
    ("null", "custom"),
    ("na", "custom"),
];

/// Reads the objective of a model with `n_outputs` sums per row; without one, sums are what is predicted.
pub(super) fn read(field: Option<Field<'_>>, n_outputs: usize) -> Read<Output> {
    let Some(field) = field else { return Ok(Output::Identity) };
    let mut words = field.value.split(' ').filter(|word| !word.is_empty());
    let given = words.next().unwrap_or_default();
    let name = ALIASES.iter().find(|(alias, _)| *alias == given).map_or(given, |(_, name)| name);
    let is_sqrt = field.value.split(' ').any(|word| word == "sqrt");
    let parameter = |name: &str| {
        let words = field.value.split(' ');
        words
            .filter_map(|word| word.split_once(':'))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value)
            .next_back()
    };
    let sigmoid = || match parameter("sigmoid").map(|text| (number(text), text)) {
        Some((Some(sigmoid), _)) if sigmoid > 0.0 => Ok(sigmoid),
        Some((_, text)) => Err(field.fault(format!("sigmoid is {}, expected a positive number", shown(text)))),
        None => Err(field.fault("sigmoid is missing")),
    };
    let output = match name {
        // Ranks follow the sums; `huber` is the one regression that forgets `sqrt`.
        "huber" | "custom" | "lambdarank" => Output::Identity,
        "regression" | "regression_l1" | "fair" | "quantile" | "mape" => {
            if is_sqrt {
                Output::SignedSquare
            } else {
                Output::Identity
            }
        }
        "poisson" | "gamma" | "tweedie" => Output::Exp,
        "binary" => Output::Sigmoid { scale: sigmoid()? },
        "cross_entropy" => Output::Sigmoid { scale: 1.0 },
        "cross_entropy_lambda" => Output::LogOnePlusExp,
        "multiclass" => Output::Softmax,
        "multiclassova" => Output::OneVersusAll { scale: sigmoid()? },
        _ => return Err(field.fault(format!("{} is not supported", shown(given)))),
    };
    match output {
        Output::Softmax | Output::OneVersusAll { .. } => {
            let n_classes = parameter("num_class").and_then(|text| text.parse::<usize>().ok());
            if n_classes != Some(n_outputs) || n_outputs < 2 {
                return Err(
                    field.fault(format!("does not state the number of classes, {n_outputs}, or it is not above 1"))
                );
            }
        }
        Output::Identity if name == "custom" => {}
        _ if n_outputs != 1 => return Err(field.fault(format!("does not go with {n_outputs} trees in each round"))),
        _ => {}
    }
    Ok(output)
}

/// A number as LightGBM reads those of objectives: whole part, then the digits behind the point over a power of ten, each
/// rounded.
fn number(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.bytes().fold(0.0, |value, digit| value * 10.0 + f64::from(digit - b'0')))
    };
    let value = digits(whole)? + digits(fraction)? / 10_f64.powi(fraction.len().min(308) as i32);
    let exponent: i32 = exponent.parse().ok()?;
    let scale = 10_f64.powi(exponent.abs().min(308));
    Some(if exponent < 0 { value / scale } else { value * scale })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_objectives() {
        assert_eq!(number("1"), Some(1.0));
        assert_eq!(number("0.7"), Some(0.7));
        assert_eq!(number("1e-05"), Some(1e-5));
        assert_eq!(number("12.5e+1"), Some(125.0));
        assert_eq!((number("x"), number("-1"), number("1e"), number("nan")), (None, None, None, None));
    }
}
