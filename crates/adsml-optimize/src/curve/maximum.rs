//! The greatest `value - price * spend` of a curve on an interval, from its declared shape.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

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
    pub(super) fn at<C: ResponseCurve + ?Sized>(curve: &C, price: f64, spend: f64) -> Self {
        let attained = curve.value(spend) - price * spend;
        Self { spend, attained, bound: attained }
    }

    /// The maximum over both intervals.
    pub(super) fn or(self, other: Self) -> Self {
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
        Shape::PiecewiseLinear | Shape::Step => by_points(curve, price, [from, to]),
        Shape::Monotone => monotone(curve, price, [from, to]),
        Shape::Unknown => Maximum { bound: f64::INFINITY, ..ends(curve, price, [from, to]) },
    }
}

/// Where a curve is straight between its breakpoints, or steps up at them, one of them or an end is best.
pub(super) fn by_points<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2]) -> Maximum {
    let breaks = curve.breakpoints();
    let first = breaks.partition_point(|&at| at <= from);
    let inside = breaks[first..].iter().take_while(|&&at| at < to);
    inside.map(|&at| Maximum::at(curve, price, at)).fold(ends(curve, price, [from, to]), Maximum::or)
}

/// Where a curve is convex, one of the ends is best.
pub(super) fn ends<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2]) -> Maximum {
    Maximum::at(curve, price, from).or(Maximum::at(curve, price, to))
}

/// Where a curve is concave, its tangent at any spend lies above it: the bound is the tangent's own maximum.
pub(super) fn concave<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2]) -> Maximum {
    let spend = curve.argmax_minus(price, [from, to], 0.5 * (from + to)).clamp(from, to);
    let touch = tangent(curve, price, [from, to], spend);
    if touch.bound == f64::INFINITY { beside_upright(curve, price, [from, to], touch) } else { touch }
}

/// The tangent at 0 may be upright: those close by are not, and touch ever closer.
fn beside_upright<C: ResponseCurve + ?Sized>(
    curve: &C,
    price: f64,
    [from, to]: [f64; 2],
    mut touch: Maximum,
) -> Maximum {
    let mut reach = to - from;
    while touch.bound > touch.attained && reach > 0.0 {
        reach *= 1e-3;
        let beside = tangent(curve, price, [from, to], from + reach);
        let bound = beside.bound.min(touch.bound);
        let best = touch.or(beside);
        touch = Maximum { bound: bound.max(best.attained), ..best };
    }
    touch
}

/// The bound of the tangent at `spend`.
fn tangent<C: ResponseCurve + ?Sized>(curve: &C, price: f64, interval: [f64; 2], spend: f64) -> Maximum {
    let touch = Maximum::at(curve, price, spend);
    Maximum { bound: touch.attained + concave_slack(curve, price, interval, spend), ..touch }
}

/// How much more `value - price * spend` any spend of an interval may have than `spend` has, where the curve is concave.
///
/// ```text
/// |marginal(spend) - price| * reach
/// ```
///
/// The tangent at `spend` reaches to the end of the interval on its rising side. If `spend` is not quite a maximiser, there may be a
/// kink just beside it, across which everything falls: then it need reach no further. Costs one or two marginals, no value.
pub(crate) fn concave_slack<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2], spend: f64) -> f64 {
    let excess = curve.marginal(spend) - price;
    let rises = excess > 0.0;
    let reach = if rises { to - spend } else { spend - from };
    // At an end the product may be inf * 0.
    if reach == 0.0 {
        return 0.0;
    }
    let across = KINK * to.abs();
    if excess.abs() > FLAT * price.abs() && across < reach {
        let kink =
            if rises { curve.marginal(spend + across) <= price } else { curve.marginal(spend - across) >= price };
        if kink {
            return excess.abs() * across;
        }
    }
    excess.abs() * reach
}

/// Share of the greatest spend within which a kink is looked for.
const KINK: f64 = 1e-14;

/// A marginal this close to the price, in shares of it, is as good as a solver finds.
const FLAT: f64 = 1e-14;

/// A maximiser of a concave `value - price * spend`.
///
/// Newton steps on the logarithm of the marginal as a function of that of the spend, which is a straight line for power
/// laws and nearly so elsewhere; on the marginal itself where there are no logarithms; by a secant where the curve does not
/// know its second slope; halving where a step leaves the bracket.
pub(super) fn concave_argmax<C: ResponseCurve + ?Sized>(curve: &C, price: f64, [from, to]: [f64; 2], near: f64) -> f64 {
    let (mut low, mut high) = (from, to);
    let mut spend = near.clamp(from, to);
    let mut before = [f64::NAN; 2];
    for _ in 0..100 {
        let [marginal, mut curvature] = curve.slopes(spend);
        let excess = marginal - price;
        if excess > 0.0 {
            low = spend;
        } else {
            high = spend;
        }
        if excess.abs() <= 4.0 * f64::EPSILON * price.abs() || high - low <= 2.0 * f64::EPSILON * high {
            break;
        }
        if curvature.is_nan() {
            curvature = (marginal - before[1]) / (spend - before[0]);
        }
        before = [spend, marginal];
        let elasticity = spend * curvature / marginal;
        let next = if price > 0.0 && elasticity < 0.0 && elasticity > f64::NEG_INFINITY {
            spend * ((price / marginal).ln() / elasticity).exp()
        } else {
            spend - excess / curvature
        };
        spend = if next > low && next < high {
            if (next - spend).abs() <= 2.0 * f64::EPSILON * spend {
                return next;
            }
            next
        } else if next >= high && high == to && curve.marginal(to) >= price {
            return to;
        } else if next <= low && low == from && curve.marginal(from) <= price {
            return from;
        } else {
            middle(low, high)
        };
    }
    spend
}

/// Between `low` and `high`: halfway in orders of magnitude while there are many between them.
fn middle(low: f64, high: f64) -> f64 {
    if high > 16.0 * low { (low.max(1e-8 * high) * high).sqrt() } else { 0.5 * (low + high) }
}

/// Where a curve only never falls, a piece from `l` to `r` has at most `value(r) - price * l`.
fn monotone<C: ResponseCurve + ?Sized>(curve: &C, price: f64, interval: [f64; 2]) -> Maximum {
    worst_first(curve, price, &interval, |[from, to]| {
        let bound = curve.value(to) - if price > 0.0 { price * from } else { price * to };
        (Piece { bound, from, to, solved: false }, None)
    })
}

/// Pieces that an interval is divided into at most.
pub(super) const PIECES: usize = 512;

/// A piece of an interval, ordered by its bound.
pub(super) struct Piece {
    pub(super) bound: f64,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Whether the bound cannot be improved by halving the piece.
    pub(super) solved: bool,
}

/// Halves the piece with the worst bound, again and again. The first pieces lie between `cuts`; `judge` bounds a piece, and
/// may know a good spend in it.
pub(super) fn worst_first<C: ResponseCurve + ?Sized>(
    curve: &C,
    price: f64,
    cuts: &[f64],
    judge: impl Fn([f64; 2]) -> (Piece, Option<Maximum>),
) -> Maximum {
    let mut best = Maximum::at(curve, price, cuts[0]);
    let mut heap = BinaryHeap::new();
    let mut new: Vec<[f64; 2]> = cuts.windows(2).map(|ends| [ends[0], ends[1]]).collect();
    loop {
        for piece in new.drain(..) {
            let (judged, found) = judge(piece);
            heap.push(judged);
            best = found.into_iter().fold(best.or(Maximum::at(curve, price, piece[1])), Maximum::or);
        }
        let Some(&Piece { bound, from, to, solved }) = heap.peek() else { return best };
        let middle = 0.5 * (from + to);
        let divisible = !solved && from < middle && middle < to;
        if !divisible || heap.len() >= PIECES || bound - best.attained <= 1e-12 * bound.abs() {
            return Maximum { bound: bound.max(best.attained), ..best };
        }
        heap.pop();
        new.extend([[from, middle], [middle, to]]);
    }
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Piece {}

impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Piece {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Power, check};

    /// `sqrt(x)`, but the maximiser is always said to be at 0, where the tangent is upright.
    #[derive(Debug)]
    struct Stubborn;

    impl ResponseCurve for Stubborn {
        fn value(&self, spend: f64) -> f64 {
            spend.sqrt()
        }
        fn marginal(&self, spend: f64) -> f64 {
            0.5 / spend.sqrt()
        }
        fn shape(&self) -> Shape {
            Shape::Concave
        }
        fn argmax_minus(&self, _: f64, _: [f64; 2], _: f64) -> f64 {
            0.0
        }
    }

    #[test]
    fn an_upright_tangent_at_zero_gives_way_to_one_close_by() {
        let found = Stubborn.max_minus(0.1, [0.0, 100.0]);
        assert!(found.bound.is_finite() && found.bound >= 2.5, "{found:?}");
        let point = Stubborn.max_minus(0.1, [0.0, 0.0]);
        assert_eq!((point.attained, point.bound), (0.0, 0.0));
    }

    /// `min(x, 10)` as a concave curve that nobody told to have a kink.
    #[derive(Debug)]
    struct Capped;

    impl ResponseCurve for Capped {
        fn value(&self, spend: f64) -> f64 {
            spend.min(10.0)
        }
        fn marginal(&self, spend: f64) -> f64 {
            if spend < 10.0 { 1.0 } else { 0.0 }
        }
        fn shape(&self) -> Shape {
            Shape::Concave
        }
        fn description(&self) -> Option<String> {
            Some("min(x, 10)".to_owned())
        }
    }

    #[test]
    fn a_kink_is_bounded_from_both_sides() {
        check::maxima(&Capped, 25.0);
    }

    #[test]
    fn a_tangent_beside_a_kink_need_not_reach_across_it() {
        let interval = [0.0, 25.0];
        // `min(x, 10) - x / 2` has its greatest, 5, at the kink.
        let bound = |spend: f64| Capped.value(spend) - 0.5 * spend + concave_slack(&Capped, 0.5, interval, spend);
        for spend in [10.0, 10.0_f64.next_down(), 10.0_f64.next_up(), 10.0 - 1e-13, 10.0 + 1e-13] {
            assert!((5.0..=5.0 + 1e-12).contains(&(bound(spend) + 2.0 * f64::EPSILON)), "{spend}");
        }
        // Further away, it reaches to the end.
        assert_eq!([bound(6.0), bound(14.0)], [12.5, 10.0]);
        assert_eq!([bound(0.0), bound(25.0)], [12.5, 10.0]);
    }

    #[test]
    fn slopes_that_are_not_numbers_are_no_kink() {
        /// Twice the spend as far as 10; nobody knows beyond.
        #[derive(Debug)]
        struct Lost;
        impl ResponseCurve for Lost {
            fn value(&self, spend: f64) -> f64 {
                2.0 * spend
            }
            fn marginal(&self, spend: f64) -> f64 {
                if spend <= 10.0 { 2.0 } else { f64::NAN }
            }
            fn shape(&self) -> Shape {
                Shape::Concave
            }
        }
        assert_eq!(concave_slack(&Lost, 1.0, [0.0, 25.0], 10.0), 15.0);
    }

    /// A curve that counts how often its slopes are asked for, and may keep its second slope to itself.
    #[derive(Debug)]
    struct Counted(Power, bool, std::sync::atomic::AtomicUsize);

    impl ResponseCurve for Counted {
        fn value(&self, spend: f64) -> f64 {
            self.0.value(spend)
        }
        fn marginal(&self, spend: f64) -> f64 {
            self.0.marginal(spend)
        }
        fn slopes(&self, spend: f64) -> [f64; 2] {
            self.2.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let [marginal, curvature] = self.0.slopes(spend);
            [marginal, if self.1 { curvature } else { f64::NAN }]
        }
        fn shape(&self) -> Shape {
            Shape::Concave
        }
    }

    #[test]
    fn newton_needs_few_slopes() {
        for (knows_second, most) in [(true, 4), (false, 20)] {
            let curve = Counted(Power::new(80.0, 100.0, 0.6).unwrap(), knows_second, Default::default());
            let price = curve.marginal(37.0);
            let spend = concave_argmax(&curve, price, [0.0, 1e6], 5e5);
            assert!((spend - 37.0).abs() < 1e-11, "{spend}");
            let count = curve.2.into_inner();
            assert!(count <= most, "{count} slopes");
        }
    }

    #[test]
    fn a_curve_that_only_never_falls_is_bounded() {
        #[derive(Debug)]
        struct Stairs;
        impl ResponseCurve for Stairs {
            fn value(&self, spend: f64) -> f64 {
                spend.floor() + 0.3 * spend.fract().sqrt()
            }
            fn marginal(&self, spend: f64) -> f64 {
                0.15 / spend.fract().sqrt()
            }
            fn shape(&self) -> Shape {
                Shape::Monotone
            }
            fn description(&self) -> Option<String> {
                Some("stairs".to_owned())
            }
        }
        check::maxima(&Stairs, 10.0);
    }
}
