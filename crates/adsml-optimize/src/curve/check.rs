//! What every curve must keep, checked by sampling: the common part of the curves' tests.

use super::{ResponseCurve, Shape};

/// Every rule, on `[0, end]`; derivatives for smooth curves only.
pub(crate) fn curve(curve: &dyn ResponseCurve, end: f64) {
    basics(curve, end);
    if !matches!(curve.shape(), Shape::Step | Shape::PiecewiseLinear) && curve.breakpoints().is_empty() {
        derivatives(curve, end);
    }
    shape(curve, end);
    maxima(curve, end);
}

/// 0 at 0 and below, never falling, described.
pub(crate) fn basics(curve: &dyn ResponseCurve, end: f64) {
    assert_eq!(curve.value(0.0), curve.value(-5.0), "{curve:?}");
    assert!(curve.description().is_some());
    let mut before = curve.value(0.0);
    for i in 1..=1000 {
        let value = curve.value(end * f64::from(i) / 1000.0);
        // Two roundings of the same saturation may differ by an ulp or two.
        assert!(value >= before - 1e-15 * before.abs(), "{curve:?} falls");
        before = value;
    }
}

/// Central differences agree with `marginal`, those of `marginal` with the second slope.
pub(crate) fn derivatives(curve: &dyn ResponseCurve, end: f64) {
    for i in 1..200 {
        // Off the round numbers where parts of sums bend.
        let x = end * (f64::from(i) + 0.37) / 200.0;
        let h = 1e-5 * x;
        let [marginal, curvature] = curve.slopes(x);
        assert_eq!(marginal, curve.marginal(x), "{curve:?}");
        // Rounding: an ulp of the value over h. Truncation: h^2 times the third derivative, which steep curves make large.
        let rough = |size: f64, change: f64| 1e-14 * size / h + 1e-6 * change;
        let by_value = (curve.value(x + h) - curve.value(x - h)) / (2.0 * h);
        let tolerance = rough(curve.value(x), marginal.max(curve.value(x) / x));
        assert!((by_value - marginal).abs() <= tolerance, "{curve:?} at {x}: {marginal}, {by_value}");
        if !curvature.is_nan() {
            let by_marginal = (curve.marginal(x + h) - curve.marginal(x - h)) / (2.0 * h);
            let tolerance = rough(marginal, marginal / x + curvature.abs());
            assert!((by_marginal - curvature).abs() <= tolerance, "{curve:?} at {x}: {curvature}, {by_marginal}");
        }
    }
}

/// Second differences have the sign that the declared shape says; return is steepest at the inflection.
pub(crate) fn shape(curve: &dyn ResponseCurve, end: f64) {
    let convex_until = match curve.shape() {
        Shape::Concave => 0.0,
        Shape::SShaped { inflection } => {
            let steepest = curve.marginal(inflection);
            for i in 0..=2000 {
                let x = inflection * f64::from(i) / 1000.0;
                assert!(
                    curve.marginal(x) <= steepest * (1.0 + 1e-14),
                    "{curve:?}: steeper at {x} than at {inflection}"
                );
            }
            inflection
        }
        _ => return,
    };
    let h = end / 1000.0;
    for i in 1..1000 {
        let x = h * f64::from(i);
        let bend = curve.value(x + h) - 2.0 * curve.value(x) + curve.value(x - h);
        let rounding = 4.0 * f64::EPSILON * curve.value(x + h);
        assert!(x + h > convex_until || bend >= -rounding, "{curve:?} is not convex at {x}: {bend}");
        assert!(x - h < convex_until || bend <= rounding, "{curve:?} is not concave at {x}: {bend}");
    }
}

/// `max_minus` bounds everything that a fine grid finds, attains what it says, and is tight.
pub(crate) fn maxima(curve: &dyn ResponseCurve, end: f64) {
    let average = curve.value(end) / end;
    let prices = [-1.0, 0.0, 0.05, 0.3, 0.8, 1.0, 1.3, 3.0, 50.0].map(|part| part * average);
    for price in prices {
        for [from, to] in [[0.0, 1.0], [0.0, 0.2], [0.1, 0.15], [0.3, 0.9], [0.4, 0.4], [0.9, 1.0]] {
            maximum(curve, price, [from * end, to * end]);
        }
    }
}

/// The same for one price and interval.
pub(crate) fn maximum(curve: &dyn ResponseCurve, price: f64, [from, to]: [f64; 2]) {
    let found = curve.max_minus(price, [from, to]);
    let net = |x: f64| curve.value(x) - price * x;
    assert!(found.spend >= from && found.spend <= to, "{curve:?} {price} [{from}, {to}]: {found:?}");
    let size = curve.value(to).abs() + (price * to).abs();
    assert!((found.attained - net(found.spend)).abs() <= 1e-15 * size, "{found:?}");
    let mut best = f64::NEG_INFINITY;
    let (mut low, mut high) = (from, to);
    // A grid, then finer ones around its best point.
    for _ in 0..6 {
        let grid = (0..=300).map(|i| (low + (high - low) * f64::from(i) / 300.0).clamp(from, to));
        let top = grid.max_by(|&a, &b| net(a).total_cmp(&net(b))).unwrap();
        best = best.max(net(top));
        let width = (high - low) / 150.0;
        (low, high) = ((top - width).max(from), (top + width).min(to));
    }
    // A few ulps of the two terms that are subtracted; far out on a tail, as many as the argument of its exponential is large.
    assert!(found.bound >= best - 1e-14 * size, "{curve:?} {price} [{from}, {to}]: {found:?} is below {best}");
    assert!(found.bound >= found.attained, "{found:?}");
    let slack = if matches!(curve.shape(), Shape::Monotone) { 1e-2 } else { 1e-12 };
    assert!(found.bound - found.attained <= slack * size, "{curve:?} {price} [{from}, {to}]: {found:?} is loose");
}

/// No NaN anywhere, values finite and never falling, bounds not below ends.
pub(crate) fn extremes(curve: &dyn ResponseCurve) {
    let spends = [-1.0, 0.0, 5e-324, 1e-300, 1e-150, 1e-3, 1.0, 1e3, 1e150, 1e300, f64::MAX];
    let mut before = 0.0;
    for x in spends {
        let value = curve.value(x);
        assert!(value.is_finite() && value >= before * (1.0 - 1e-15), "{curve:?} at {x}: {value}");
        before = value;
        let marginal = curve.slopes(x)[0];
        assert!(marginal >= 0.0, "{curve:?} at {x}: {marginal}");
        assert_eq!(marginal, curve.marginal(x));
    }
    for price in [-1.0, 0.0, 1e-300, 1e-3, 1.0, 1e3, 1e300] {
        for interval in [[0.0, 0.0], [0.0, 1e-300], [0.0, 1.0], [0.0, 1e6], [1e-3, 1e6], [1e6, 1e6]] {
            let found = curve.max_minus(price, interval);
            assert!(!found.attained.is_nan() && !found.bound.is_nan(), "{curve:?} {price} {interval:?}: {found:?}");
            assert!(found.bound >= found.attained, "{curve:?} {price} {interval:?}: {found:?}");
            for x in interval {
                let net = curve.value(x) - price * x;
                let size = curve.value(interval[1]) + (price * interval[1]).abs();
                assert!(found.bound >= net - 1e-15 * size, "{curve:?} {price} {interval:?}: {found:?} is below {net}");
            }
        }
    }
}
