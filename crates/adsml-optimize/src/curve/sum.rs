//! Several responses to one spend.

use std::sync::Arc;

use super::maximum::{self, Piece};
use super::{Maximum, ResponseCurve, ResponseUnit, Shape};
use crate::{OptimizeError, Result};

/// The sum of what one spend buys in several ways.
///
/// ```text
/// f(x) = f_1(x) + ... + f_n(x)
/// ```
///
/// Every part sees the whole spend `x`; to divide it, [scale](ResponseCurve::scaled) the parts' spend. Concave if all parts
/// are; steps or straight pieces if all parts are; else it is only known never to fall, and its maxima are found by
/// dividing the interval, worst bound first. A piece on which all parts are convex, or all concave, is solved at once; for
/// any other the price is divided between the parts,
///
/// ```text
/// max f(x) - price * x <= sum_j max f_j(x) - price_j * x,   sum_j price_j = price
/// ```
///
/// in proportion to what makes each part as level as can be, so that the error shrinks with the square of the width.
///
/// ```
/// use adsml_optimize::{Hill, Logarithmic, ResponseCurve, Shape};
///
/// let search = Hill::new(900.0, 200.0, 2.0)?;
/// let both = search.plus(Logarithmic::new(100.0, 40.0)?)?;
/// assert_eq!(both.shape(), Shape::Monotone);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Sum {
    parts: Vec<Arc<dyn ResponseCurve>>,
    shape: Shape,
    breakpoints: Vec<f64>,
    /// Where a part turns from convex to concave, bends or steps.
    turns: Vec<f64>,
    /// Whether the sum is straight between its breakpoints, though it may step up at them.
    linear: bool,
    support: Option<[f64; 2]>,
    unit: ResponseUnit,
}

impl Sum {
    /// The sum of `parts`, at least one.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for no parts, parts in different units, or parts that were never observed at the
    /// same spend.
    pub fn new(parts: impl IntoIterator<Item = Arc<dyn ResponseCurve>>) -> Result<Self> {
        let parts: Vec<_> = parts.into_iter().collect();
        let refuse = |name, value, expected| {
            Err(OptimizeError::InvalidParameter { owner: "the sum of curves".to_owned(), name, value, expected })
        };
        if parts.is_empty() {
            return refuse("parts", "empty".to_owned(), "at least one curve");
        }
        let mut unit = ResponseUnit::Unspecified;
        let mut support: Option<[f64; 2]> = None;
        for part in &parts {
            match (unit, part.unit()) {
                (ResponseUnit::Unspecified, other) => unit = other,
                (_, ResponseUnit::Unspecified) => {}
                (one, other) if one == other => {}
                (one, other) => return refuse("unit", format!("{one:?} and {other:?}"), "one unit for all parts"),
            }
            if let Some([from, to]) = part.support() {
                let [least, most] = support.unwrap_or([0.0, f64::INFINITY]);
                support = Some([from.max(least), to.min(most)]);
            }
        }
        if let Some([from, to]) = support.filter(|[from, to]| from > to) {
            return refuse("support", format!("[{from:?}, {to:?}]"), "spends at which all parts were observed");
        }
        let linear = parts.iter().all(|part| is_linear(&**part));
        let turns = turns_of(&parts);
        let breakpoints = if linear { turns.clone() } else { Vec::new() };
        Ok(Self { shape: shape_of(&parts), parts, breakpoints, turns, linear, support, unit })
    }

    /// The parts.
    pub fn parts(&self) -> &[Arc<dyn ResponseCurve>] {
        &self.parts
    }

    /// The maximum on a piece, if all parts have the same sign of curvature there; else a bound.
    fn piece(&self, price: f64, [from, to]: [f64; 2]) -> (Piece, Option<Maximum>) {
        let concave = |part: &Arc<dyn ResponseCurve>| match part.shape() {
            Shape::Concave => true,
            Shape::SShaped { inflection } => from >= inflection,
            _ => false,
        };
        let convex =
            |part: &Arc<dyn ResponseCurve>| matches!(part.shape(), Shape::SShaped { inflection } if to <= inflection);
        let solved = if self.parts.iter().all(concave) {
            maximum::concave(self, price, [from, to])
        } else if self.parts.iter().all(convex) {
            maximum::ends(self, price, [from, to])
        } else {
            return (Piece { bound: self.divided(price, [from, to]), from, to, solved: false }, None);
        };
        (Piece { bound: solved.bound, from, to, solved: true }, Some(solved))
    }

    /// The bound of a price divided between the parts: each is charged the slope of its chord, and an equal share of the rest.
    fn divided(&self, price: f64, [from, to]: [f64; 2]) -> f64 {
        if to <= from {
            return self.value(from) - price * from;
        }
        let chord = |part: &Arc<dyn ResponseCurve>| (part.value(to) - part.value(from)) / (to - from);
        let rest = price - self.parts.iter().map(chord).sum::<f64>();
        let share = rest / self.parts.len() as f64;
        if !share.is_finite() {
            let equal = price / self.parts.len() as f64;
            return self.parts.iter().map(|part| part.max_minus(equal, [from, to]).bound).sum();
        }
        self.parts.iter().map(|part| part.max_minus(chord(part) + share, [from, to]).bound).sum()
    }
}

fn turns_of(parts: &[Arc<dyn ResponseCurve>]) -> Vec<f64> {
    let mut turns: Vec<f64> = parts.iter().flat_map(|part| part.breakpoints()).copied().collect();
    turns.extend(parts.iter().filter_map(|part| match part.shape() {
        Shape::SShaped { inflection } => Some(inflection),
        _ => None,
    }));
    turns.sort_by(f64::total_cmp);
    turns.dedup();
    turns
}

fn is_linear(part: &dyn ResponseCurve) -> bool {
    match part.shape() {
        Shape::PiecewiseLinear | Shape::Step => true,
        Shape::Concave => !part.breakpoints().is_empty(),
        _ => false,
    }
}

fn shape_of(parts: &[Arc<dyn ResponseCurve>]) -> Shape {
    let all = |is: fn(&dyn ResponseCurve) -> bool| parts.iter().all(|part| is(&**part));
    if let [part] = parts {
        part.shape()
    } else if all(|part| part.shape() == Shape::Concave) {
        Shape::Concave
    } else if all(|part| part.shape() == Shape::Step) {
        Shape::Step
    } else if all(|part| is_linear(part) && part.shape() != Shape::Step) {
        Shape::PiecewiseLinear
    } else if all(never_falls) {
        Shape::Monotone
    } else {
        Shape::Unknown
    }
}

/// Whether it follows from a curve's declaration that it never falls.
fn never_falls(part: &dyn ResponseCurve) -> bool {
    // A concave curve that rises far out has risen all the way.
    let far = 1e100;
    match part.shape() {
        Shape::Concave => part.marginal(far) >= 0.0,
        Shape::SShaped { .. } => part.marginal(0.0) >= 0.0 && part.marginal(far) >= 0.0,
        Shape::PiecewiseLinear => {
            let bends = part.breakpoints();
            part.marginal(0.0) >= 0.0 && bends.iter().all(|&bend| part.marginal(bend) >= 0.0)
        }
        Shape::Step | Shape::Monotone => true,
        Shape::Unknown => false,
    }
}

impl ResponseCurve for Sum {
    fn value(&self, spend: f64) -> f64 {
        self.parts.iter().map(|part| part.value(spend)).sum::<f64>().min(f64::MAX)
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.parts.iter().map(|part| part.marginal(spend)).sum()
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let parts = self.parts.iter().map(|part| part.slopes(spend));
        parts.fold([0.0; 2], |[marginal, curvature], part| [marginal + part[0], curvature + part[1]])
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn breakpoints(&self) -> &[f64] {
        &self.breakpoints
    }

    fn max_minus(&self, price: f64, [from, to]: [f64; 2]) -> Maximum {
        if let [part] = &self.parts[..] {
            return part.max_minus(price, [from, to]);
        }
        if self.linear {
            return maximum::by_points(self, price, [from, to]);
        }
        if self.shape == Shape::Concave {
            return maximum::concave(self, price, [from, to]);
        }
        let mut cuts = vec![from];
        // Curves of very many steps are cut where it matters only.
        let inside = self.turns.iter().copied().filter(|&turn| from < turn && turn < to);
        cuts.extend(inside.take(maximum::PIECES / 4));
        cuts.push(to);
        maximum::worst_first(self, price, &cuts, |piece| self.piece(price, piece))
    }

    fn support(&self) -> Option<[f64; 2]> {
        self.support
    }

    fn unit(&self) -> ResponseUnit {
        self.unit
    }

    fn description(&self) -> Option<String> {
        let parts: Option<Vec<_>> = self.parts.iter().map(|part| Some(format!("[{}]", part.description()?))).collect();
        Some(parts?.join(" + "))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        Some(super::CurveSpec::Sum { curves: self.parts.iter().map(|part| part.spec()).collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Hill, Logarithmic, PiecewiseLinear, Power, Steps, UserCurve, check};

    fn sum<const N: usize>(parts: [Arc<dyn ResponseCurve>; N]) -> Sum {
        Sum::new(parts).unwrap()
    }

    fn hill(half: f64, exponent: f64) -> Arc<dyn ResponseCurve> {
        Arc::new(Hill::new(900.0, half, exponent).unwrap())
    }

    fn crooked() -> Arc<dyn ResponseCurve> {
        Arc::new(PiecewiseLinear::new([(0.0, 0.0), (90.0, 5.0), (300.0, 120.0), (500.0, 130.0)]).unwrap())
    }

    fn steps() -> Arc<dyn ResponseCurve> {
        Arc::new(Steps::new([(50.0, 10.0), (300.0, 120.0), (700.0, 250.0)]).unwrap())
    }

    #[test]
    fn keeps_the_rules_of_curves() {
        let log: Arc<dyn ResponseCurve> = Arc::new(Logarithmic::new(300.0, 50.0).unwrap());
        let power: Arc<dyn ResponseCurve> = Arc::new(Power::new(80.0, 100.0, 0.6).unwrap());
        let capped: Arc<dyn ResponseCurve> = Arc::new(PiecewiseLinear::new([(0.0, 0.0), (90.0, 50.0)]).unwrap());
        for (curve, shape) in [
            (sum([log.clone(), power.clone(), hill(200.0, 0.8)]), Shape::Concave),
            (sum([log.clone(), capped.clone()]), Shape::Concave),
            (sum([capped.clone(), crooked()]), Shape::PiecewiseLinear),
            (sum([steps(), steps()]), Shape::Step),
            (sum([steps(), crooked()]), Shape::Monotone),
            (sum([hill(200.0, 2.0), hill(700.0, 3.0)]), Shape::Monotone),
            (sum([hill(200.0, 2.0), log.clone(), crooked()]), Shape::Monotone),
            (sum([hill(500.0, 5.0), log, steps()]), Shape::Monotone),
        ] {
            assert_eq!(curve.shape(), shape, "{curve:?}");
            check::curve(&curve, 1000.0);
            check::extremes(&curve);
        }
        check::curve(&sum([hill(200.0, 2.0)]), 1000.0);
    }

    #[test]
    fn smooth_sums_are_bounded_tightly() {
        let curve = sum([hill(200.0, 2.0), hill(700.0, 4.0), hill(400.0, 0.7)]);
        for price in [0.3, 0.8, 1.0, 1.5, 2.0, 3.0] {
            let found = curve.max_minus(price, [0.0, 1500.0]);
            assert!(found.bound - found.attained <= 1e-9 * curve.value(1500.0), "{price}: {found:?}");
        }
    }

    #[test]
    fn a_part_that_may_fall_leaves_nothing_known() {
        let falling = UserCurve::new(Shape::Concave, |x| 10.0 * x - x * x, |x| 10.0 - 2.0 * x);
        let curve = sum([hill(200.0, 2.0), Arc::new(falling)]);
        assert_eq!(curve.shape(), Shape::Unknown);
    }

    #[test]
    fn units_and_support_must_agree() {
        let revenue = || Hill::new(900.0, 200.0, 2.0).unwrap().in_unit(ResponseUnit::Revenue);
        let mixed = revenue().plus(Power::new(1.0, 1.0, 0.5).unwrap().in_unit(ResponseUnit::Conversions));
        let apart = revenue().observed([0.0, 1.0]).unwrap().plus(revenue().observed([2.0, 3.0]).unwrap());
        assert!(mixed.is_err() && apart.is_err());
        let both = revenue().observed([0.0, 5.0]).unwrap().plus(Power::new(1.0, 1.0, 0.5).unwrap()).unwrap();
        assert_eq!((both.unit(), both.support()), (ResponseUnit::Revenue, Some([0.0, 5.0])));
    }
}
