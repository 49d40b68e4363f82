//! The greatest `value - price * spend` of a curve on an interval, from its declared shape.

use super::{ResponseCurve, Shape};

/// The greatest `value - price * spend` on an interval, from below and from above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Maximum {
    /// A spend of the interval that comes close to the maximum.
    pub spend: f64,
    /// `value - price * spend` there.
    pub attained: f64,
    /// No spend of the interval has more; `+inf` when nothing is known.
    pub bound: f64,
}

impl Maximum {
    fn at<C: ResponseCurve + ?Sized>(curve: &C, price: f64, spend: f64) -> Self {
        let attained = curve.value(spend) - price * spend;
        Self { spend, attained, bound: attained }
    }

    /// The maximum over both intervals.
    fn or(self, other: Self) -> Self {
        let best = if other.attained > self.attained { other } else { self };
        Self { bound: self.bound.max(other.bound), ..best }
    }
}

/// [`ResponseCurve::max_minus`] from the declared shape.
pub(super) fn by_shape<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2]) -> Maximum {
    match curve.shape() {
        Shape::Concave => concave(curve, price, [from, to]),
        Shape::SShaped { inflection } if to <= inflection => ends(curve, price, [from, to]),
        Shape::SShaped { inflection } if from < inflection => {
            Maximum::at(curve, price, from).or(concave(curve, price, [inflection, to]))
        }
        Shape::SShaped { .. } => concave(curve, price, [from, to]),
        Shape::PiecewiseLinear | Shape::Step => {
            let breaks = curve.breakpoints();
            let inside = &breaks[breaks.partition_point(|&at| at <= from)..breaks.partition_point(|&at| at < to)];
            let all = inside.iter().map(|&at| Maximum::at(curve, price, at));
            all.fold(ends(curve, price, [from, to]), Maximum::or)
        }
        Shape::Monotone => monotone(curve, price, [from, to]),
        Shape::Unknown => Maximum { bound: f64::INFINITY, ..ends(curve, price, [from, to]) },
    }
}

/// Where a curve is convex, one of the ends is best.
fn ends<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2]) -> Maximum {
    Maximum::at(curve, price, from).or(Maximum::at(curve, price, to))
}

/// Where a curve is concave, its tangent at any spend lies above it: the bound is the tangent's own maximum.
fn concave<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2]) -> Maximum {
    let spend = curve.argmax_minus(price, [from, to], 0.5 * (from + to)).clamp(from, to);
    let touch = Maximum::at(curve, price, spend);
    let slope = curve.marginal(spend) - price;
    let reach = if slope > 0.0 { to - spend } else { from - spend };
    // At an end the product may be inf * 0.
    let rise = if reach == 0.0 { 0.0 } else { slope * reach };
    Maximum { bound: touch.attained + rise, ..touch }
}

/// A maximiser of a concave `value - price * spend`: Newton steps on the marginal, halving where they leave the bracket.
pub(super) fn concave_argmax<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2], near: f64) -> f64 {
    let (mut low, mut high) = (from, to);
    let mut spend = near.clamp(from, to);
    for _ in 0..100 {
        let [marginal, curvature] = curve.slopes(spend);
        let excess = marginal - price;
        if excess > 0.0 {
            low = spend;
        } else {
            high = spend;
        }
        if excess.abs() <= 4.0 * f64::EPSILON * price.abs() || high - low <= 2.0 * f64::EPSILON * high {
            break;
        }
        let step = spend - excess / curvature;
        spend = if step > low && step < high {
            step
        } else if step >= high && high == to && curve.marginal(to) >= price {
            return to;
        } else if step <= low && low == from && curve.marginal(from) <= price {
            return from;
        } else {
            0.5 * (low + high)
        };
    }
    spend
}

/// Where a curve only never falls, a piece from `l` to `r` has at most `value(r) - price * l`; the worst piece is halved.
fn monotone<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2]) -> Maximum {
    const PIECES: usize = 512;
    let piece = |l: f64, r: f64| (curve.value(r) - if price > 0.0 { price * l } else { price * r }, l, r);
    let mut best = ends(curve, price, [from, to]);
    let mut heap = std::collections::BinaryHeap::from([Piece(piece(from, to))]);
    for _ in 0..PIECES {
        let Some(&Piece((bound, l, r))) = heap.peek() else { break };
        let middle = 0.5 * (l + r);
        if bound - best.attained <= 1e-12 * bound.abs() || middle <= l || middle >= r {
            break;
        }
        heap.pop();
        best = best.or(Maximum { bound: best.attained, ..Maximum::at(curve, price, middle) });
        heap.extend([Piece(piece(l, middle)), Piece(piece(middle, r))]);
    }
    let bound = heap.peek().map_or(best.attained, |piece| piece.0.0);
    Maximum { bound: bound.max(best.attained), ..best }
}

/// Bound, start and end of a piece, ordered by bound.
struct Piece((f64, f64, f64));

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Piece {}

impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Piece {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.0.total_cmp(&other.0.0)
    }
}
