//! How well predictions rank.

use super::sample::Sample;
use crate::sum::Sum;
use crate::{EvalError, Metric, Result};

/// Area under the ROC curve: the probability that a random positive is ranked above a random negative, ties counting half.
///
/// ```text
/// AUC = (mass of pairs ranked right + mass of pairs tied / 2) / (P N)
/// ```
///
/// A row of rate `y` and weight `w` stands for `w y` positives and `w (1 - y)` negatives, which are tied with each
/// other. So the AUC of rates is that of the trials behind them, and cannot reach 1 while a row holds both.
/// `p` is any score: only its order counts. `O(n log n)`.
///
/// Source: Hanley and McNeil (1982), "The meaning and use of the area under a ROC curve", Radiology 143(1); ties as
/// in the Mann-Whitney statistic.
///
/// # Errors
///
/// [`EvalError::Length`]; [`EvalError::InvalidSample`] for a target outside `[0, 1]`, a score that is not finite, or
/// a negative weight; [`EvalError::Undefined`] without positives or without negatives.
pub fn auc(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    let ties = Ties::of(Sample::of_ranked_rates(y, p, w)?);
    let (mut above, mut below_or_tied, mut negatives) = (Sum::default(), Sum::default(), Sum::default());
    for tie in &ties.0 {
        below_or_tied.add(tie.negative * (above.value() + tie.positive / 2.0));
        above.add(tie.positive);
        negatives.add(tie.negative);
    }
    let pairs = above.value() * negatives.value();
    if pairs <= 0.0 {
        return Err(EvalError::Undefined { metric: Metric::Auc, reason: "positives and negatives are both needed" });
    }
    Ok(below_or_tied.value() / pairs)
}

/// Area under the precision-recall curve, as average precision: the mean precision over the positives, each taken
/// at its own rank.
///
/// ```text
/// AP = sum over distinct scores of (R_k - R_(k-1)) * precision_k
/// ```
///
/// Rows of equal score enter together, so their order does not matter. Not interpolated: the trapezoid rule is too
/// optimistic here. Its level for a random ranking is the base rate. `O(n log n)`.
///
/// Source: Davis and Goadrich (2006), "The relationship between Precision-Recall and ROC curves", ICML;
/// scikit-learn's `average_precision_score`.
///
/// # Errors
///
/// As [`auc`]; [`EvalError::Undefined`] without positives.
pub fn pr_auc(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    let ties = Ties::of(Sample::of_ranked_rates(y, p, w)?);
    let (mut true_positive, mut false_positive, mut area) = (Sum::default(), Sum::default(), Sum::default());
    for tie in &ties.0 {
        true_positive.add(tie.positive);
        false_positive.add(tie.negative);
        if tie.positive > 0.0 {
            let precision = true_positive.value() / (true_positive.value() + false_positive.value());
            area.add(tie.positive * precision);
        }
    }
    if true_positive.value() <= 0.0 {
        return Err(EvalError::Undefined { metric: Metric::PrAuc, reason: "there are no positives" });
    }
    Ok(area.value() / true_positive.value())
}

/// Masses of positives and negatives at each distinct score, highest score first.
#[derive(Debug)]
struct Ties(Vec<Tie>);

#[derive(Debug)]
struct Tie {
    positive: f64,
    negative: f64,
}

impl Ties {
    fn of(sample: Sample<'_>) -> Self {
        let order = descending(sample.p);
        let mut ties = Vec::new();
        let mut start = 0;
        while start < order.len() {
            let score = sample.p[order[start] as usize];
            let end = start + order[start..].iter().take_while(|&&row| sample.p[row as usize] == score).count();
            let (mut positive, mut negative) = (Sum::default(), Sum::default());
            for &row in &order[start..end] {
                let (y, w) = (sample.y[row as usize], sample.weight(row as usize));
                positive.add(w * y);
                negative.add(w * (1.0 - y));
            }
            ties.push(Tie { positive: positive.value(), negative: negative.value() });
            start = end;
        }
        Self(ties)
    }
}

/// Rows by score, highest first; rows of equal score (0.0 and -0.0 among them) in the order of rows.
///
/// # Panics
///
/// Beyond 2^32 rows, which this crate does not take.
pub(crate) fn descending(scores: &[f64]) -> Vec<u32> {
    let n = u32::try_from(scores.len()).expect("fewer than 2^32 rows");
    let mut order: Vec<u32> = (0..n).collect();
    // Adding zero turns -0.0 into 0.0, so that the total order agrees with `==`.
    let key = |row: u32| scores[row as usize] + 0.0;
    order.sort_unstable_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
    order
}
