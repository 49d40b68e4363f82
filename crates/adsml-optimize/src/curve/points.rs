//! What curves through given points have in common.

use super::hulls::Hulls;
use super::{Maximum, ResponseCurve};
use crate::{OptimizeError, Result};

/// Spends and values of `points`, checked: at least one, values at least `least`.
pub(super) fn ascending(
    owner: &str,
    name: &'static str,
    points: impl IntoIterator<Item = (f64, f64)>,
    least: f64,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut spends, mut values) = (Vec::new(), Vec::new());
    let mut before = (f64::NEG_INFINITY, least);
    for point in points {
        check_next(owner, name, before, point)?;
        before = point;
        spends.push(point.0);
        values.push(point.1);
    }
    if spends.is_empty() || u32::try_from(spends.len()).is_err() {
        let value = if spends.is_empty() { "empty".to_owned() } else { format!("{} points", spends.len()) };
        return Err(OptimizeError::InvalidParameter {
            owner: owner.to_owned(),
            name,
            value,
            expected: "at least one point, fewer than 2^32",
        });
    }
    Ok((spends, values))
}

/// Whether a point may follow the one `before`: a greater spend, at least 0, and a value that is not less (than `-inf`, where
/// values may come in any order).
pub(super) fn check_next(owner: &str, name: &'static str, before: (f64, f64), point: (f64, f64)) -> Result<()> {
    let (spend, value) = point;
    let fine = spend > before.0 && spend >= 0.0 && spend.is_finite() && value >= before.1 && value.is_finite();
    if fine {
        return Ok(());
    }
    let never_fall = "finite (spend, response) with spends ascending from 0 or more and responses that never fall";
    let (value, expected) = match before {
        (f64::NEG_INFINITY, _) => (format!("{point:?} first"), never_fall),
        (spend, f64::NEG_INFINITY) => (
            format!("{point:?} after a spend of {spend:?}"),
            "finite (spend, response) with spends ascending from 0 or more",
        ),
        before => (format!("{point:?} after {before:?}"), never_fall),
    };
    Err(OptimizeError::InvalidParameter { owner: owner.to_owned(), name, value, expected })
}

/// The maximum on an interval of a curve that has its greatest net at one of `points` or at an end.
pub(super) fn max_minus<C: ResponseCurve>(curve: &C, points: &Hulls, price: f64, [from, to]: [f64; 2]) -> Maximum {
    let x = points.x();
    let inside = x.partition_point(|&x| x <= from)..x.partition_point(|&x| x < to);
    let ends = Maximum::at(curve, price, from).or(Maximum::at(curve, price, to));
    // `from` may lie beyond all points below `to`.
    let best = if inside.start < inside.end { points.best(price, inside) } else { None };
    best.map_or(ends, |point| {
        let attained = points.y()[point] - price * x[point];
        ends.or(Maximum { spend: x[point], attained, bound: attained })
    })
}
