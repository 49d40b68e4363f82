//! Isotonic steps: what a tree, a forest or a look at the past knows about a response.

use super::hulls::Hulls;
use super::{Maximum, ResponseCurve, Shape, points};
use crate::Result;

/// A step curve that never falls.
///
/// ```text
/// f(x) = v[i]   for x[i] <= x < x[i+1],   0 before x[0],   v[n-1] from x[n-1] on
/// ```
///
/// with `x` the spend in currency and `v` the response. `O(log n)` per evaluation, `O(log^2 n)` per maximum on an interval,
/// after `O(n log n)` once.
///
/// Source of [`isotonic`](Self::isotonic): Ayer, Brunk, Ewing, Reid & Silverman (1955), "An empirical distribution function
/// for sampling with incomplete information", Annals of Mathematical Statistics 26(4): pool adjacent violators.
///
/// ```
/// use adsml_optimize::{ResponseCurve, Steps};
///
/// let curve = Steps::new([(10.0, 3.0), (50.0, 8.0)])?;
/// assert_eq!([curve.value(9.99), curve.value(10.0), curve.value(70.0)], [0.0, 3.0, 8.0]);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    corners: Hulls,
}

impl Steps {
    /// A curve of `steps`: `(spend, response)`, the response from that spend on; at least one; spends ascending, at least 0;
    /// responses at least 0, never falling. Steps that do not rise are dropped.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for steps that are not so.
    pub fn new(steps: impl IntoIterator<Item = (f64, f64)>) -> Result<Self> {
        let (x, y) = points::ascending("the step curve", "steps", steps, 0.0)?;
        let (mut spends, mut values) = (Vec::with_capacity(x.len()), Vec::with_capacity(x.len()));
        for (spend, value) in x.into_iter().zip(y) {
            if value > values.last().copied().unwrap_or(0.0) {
                spends.push(spend);
                values.push(value);
            }
        }
        Ok(Self { corners: Hulls::new(spends, values) })
    }

    /// The steps closest to `points` in least squares: `(spend, response)` in order of spend, responses in any order.
    ///
    /// `O(n)`. Steps below 0 are raised to 0.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for no points, spends that do not ascend
    /// or are negative, or a response that is not finite.
    pub fn isotonic(points: impl IntoIterator<Item = (f64, f64)>) -> Result<Self> {
        // Spend of the first, sum and number of the points pooled so far.
        let mut pools: Vec<(f64, f64, f64)> = Vec::new();
        let mut before = f64::NEG_INFINITY;
        for (spend, value) in points {
            points::check_next("the step curve", "points", (before, f64::NEG_INFINITY), (spend, value))?;
            before = spend;
            let mut pool = (spend, value, 1.0);
            while let Some(&(start, sum, count)) = pools.last()
                && sum * pool.2 >= pool.1 * count
            {
                pool = (start, sum + pool.1, count + pool.2);
                pools.pop();
            }
            pools.push(pool);
        }
        // Means of neighbouring pools may be rounded to the wrong order by an ulp.
        let mut least = 0.0_f64;
        Self::new(pools.into_iter().map(|(start, sum, count)| {
            least = least.max(sum / count);
            (start, least)
        }))
    }

    /// The steps, those that do not rise left out.
    pub fn steps(&self) -> impl Iterator<Item = (f64, f64)> {
        self.corners.x().iter().copied().zip(self.corners.y().iter().copied())
    }
}

impl ResponseCurve for Steps {
    fn value(&self, spend: f64) -> f64 {
        let step = self.corners.x().partition_point(|&at| at <= spend.max(0.0)).checked_sub(1);
        step.map_or(0.0, |step| self.corners.y()[step])
    }

    fn marginal(&self, _: f64) -> f64 {
        0.0
    }

    fn slopes(&self, _: f64) -> [f64; 2] {
        [0.0, 0.0]
    }

    fn shape(&self) -> Shape {
        Shape::Step
    }

    fn breakpoints(&self) -> &[f64] {
        self.corners.x()
    }

    fn argmax_minus(&self, price: f64, interval: [f64; 2], _: f64) -> f64 {
        self.max_minus(price, interval).spend
    }

    fn max_minus(&self, price: f64, interval: [f64; 2]) -> Maximum {
        points::max_minus(self, &self.corners, price, interval)
    }

    fn description(&self) -> Option<String> {
        Some(format!("steps at {:?}", self.corners))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        Some(super::CurveSpec::Steps { steps: self.steps().collect() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::{check, maximum};

    #[test]
    fn keeps_the_rules_of_curves() {
        for steps in [vec![(10.0, 3.0), (50.0, 8.0), (120.0, 90.0), (130.0, 90.0)], vec![(0.0, 5.0)], vec![(7.0, 0.0)]]
        {
            let curve = Steps::new(steps).unwrap();
            check::curve(&curve, 150.0);
            check::extremes(&curve);
        }
    }

    #[test]
    fn adjacent_violators_are_pooled() {
        let curve =
            Steps::isotonic([(1.0, -3.0), (2.0, 4.0), (3.0, 2.0), (4.0, 9.0), (5.0, 3.0), (6.0, 12.0)]).unwrap();
        assert_eq!(curve.steps().collect::<Vec<_>>(), [(2.0, 3.0), (4.0, 6.0), (6.0, 12.0)]);
    }

    proptest! {
        #[test]
        fn the_maximum_is_that_of_a_look_at_every_step(
            steps in prop::collection::vec((1_u32..40, 0_u32..90), 1..200),
            price in -4_i32..60, from in 0_u32..4000, length in 0_u32..4000,
        ) {
            let (mut x, mut y) = (0.0, 0.0);
            let steps = steps.iter().map(|&(dx, dy)| {
                (x, y) = (x + f64::from(dx), y + f64::from(dy));
                (x, y)
            });
            let curve = Steps::new(steps).unwrap();
            let (price, interval) = (f64::from(price) / 16.0, [f64::from(from), f64::from(from + length)]);
            let (fast, slow) = (curve.max_minus(price, interval), maximum::by_points(&curve, price, interval));
            prop_assert_eq!((fast.attained, fast.bound), (slow.attained, slow.bound));
        }
    }
}
