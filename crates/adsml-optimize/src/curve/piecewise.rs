//! Piecewise linear curve: straight between given points.

use super::hulls::Hulls;
use super::{Maximum, ResponseCurve, Shape, points};
use crate::Result;

/// A piecewise linear curve through given points.
///
/// ```text
/// f(x) = v[0]                                                   x <= x[0]
///      = v[i] + (v[i+1] - v[i]) * (x - x[i]) / (x[i+1] - x[i])  x[i] <= x <= x[i+1]
///      = v[n-1]                                                 x >= x[n-1]
/// ```
///
/// with `x` the spend in currency and `v` the response. Declared concave if its slopes never rise, else
/// [`Shape::PiecewiseLinear`]. `O(log n)` per evaluation, `O(log^2 n)` per maximum on an interval.
///
/// ```
/// use adsml_optimize::{PiecewiseLinear, ResponseCurve, Shape};
///
/// let curve = PiecewiseLinear::new([(0.0, 0.0), (100.0, 80.0), (300.0, 120.0)])?;
/// assert_eq!(curve.value(200.0), 100.0);
/// assert_eq!(curve.shape(), Shape::Concave);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PiecewiseLinear {
    vertices: Hulls,
    /// Slope after each point; 0 after the last.
    slopes: Vec<f64>,
    concave: bool,
}

impl PiecewiseLinear {
    /// A curve through `points`: `(spend, response)`, at least one; spends ascending, at least 0; responses never falling.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for points that are not so.
    pub fn new(points: impl IntoIterator<Item = (f64, f64)>) -> Result<Self> {
        let (x, y) = points::ascending("the piecewise linear curve", "points", points, f64::NEG_INFINITY)?;
        let mut slopes: Vec<f64> = (1..x.len()).map(|i| (y[i] - y[i - 1]) / (x[i] - x[i - 1])).collect();
        slopes.push(0.0);
        let flat_start = x[0] == 0.0 || slopes.iter().all(|&slope| slope == 0.0);
        let concave = flat_start && slopes.is_sorted_by(|before, after| before >= after);
        Ok(Self { vertices: Hulls::new(x, y), slopes, concave })
    }

    /// The points, as given.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.vertices.x().iter().copied().zip(self.vertices.y().iter().copied())
    }

    /// The last point at or before `spend`; `None` before the first.
    fn segment(&self, spend: f64) -> Option<usize> {
        self.vertices.x().partition_point(|&x| x <= spend).checked_sub(1)
    }
}

impl ResponseCurve for PiecewiseLinear {
    fn value(&self, spend: f64) -> f64 {
        let (x, y) = (self.vertices.x(), self.vertices.y());
        match self.segment(spend) {
            None => y[0],
            Some(last) if last + 1 == x.len() => y[last],
            // Rounded up at the end of a piece, the curve would fall to the next point.
            Some(i) => (y[i] + self.slopes[i] * (spend - x[i])).min(y[i + 1]),
        }
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.segment(spend.max(0.0)).map_or(0.0, |segment| self.slopes[segment])
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        [self.marginal(spend), 0.0]
    }

    fn shape(&self) -> Shape {
        if self.concave { Shape::Concave } else { Shape::PiecewiseLinear }
    }

    fn breakpoints(&self) -> &[f64] {
        self.vertices.x()
    }

    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], _: f64) -> f64 {
        if price <= 0.0 {
            to
        } else if self.concave {
            match self.slopes.partition_point(|&slope| slope > price) {
                0 => from,
                bend => self.vertices.x()[bend].clamp(from, to),
            }
        } else {
            self.max_minus(price, [from, to]).spend
        }
    }

    fn max_minus(&self, price: f64, [from, to]: [f64; 2]) -> Maximum {
        if self.concave {
            Maximum::at(self, price, self.argmax_minus(price, [from, to], from))
        } else {
            points::max_minus(self, &self.vertices, price, [from, to])
        }
    }

    fn description(&self) -> Option<String> {
        Some(format!("straight lines through {:?}", self.vertices))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        Some(super::CurveSpec::PiecewiseLinear { points: self.points().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{check, maximum};

    fn concave() -> PiecewiseLinear {
        PiecewiseLinear::new([(0.0, 0.0), (100.0, 80.0), (300.0, 120.0), (700.0, 140.0)]).unwrap()
    }

    fn crooked() -> PiecewiseLinear {
        PiecewiseLinear::new([
            (50.0, 3.0),
            (100.0, 5.0),
            (300.0, 120.0),
            (500.0, 130.0),
            (501.0, 131.0),
            (800.0, 330.0),
        ])
        .unwrap()
    }

    #[test]
    fn keeps_the_rules_of_curves() {
        check::curve(&concave(), 1000.0);
        check::curve(&crooked(), 1000.0);
        check::extremes(&concave());
        check::extremes(&crooked());
        check::curve(&PiecewiseLinear::new([(5.0, 7.0)]).unwrap(), 10.0);
    }

    #[test]
    fn the_shape_follows_the_slopes() {
        assert_eq!((concave().shape(), crooked().shape()), (Shape::Concave, Shape::PiecewiseLinear));
        // Concave but for its flat beginning.
        let late = PiecewiseLinear::new([(10.0, 0.0), (100.0, 80.0)]).unwrap();
        assert_eq!(late.shape(), Shape::PiecewiseLinear);
    }

    #[test]
    fn the_maximum_is_that_of_a_look_at_every_point() {
        for curve in [concave(), crooked()] {
            for price in [-0.2, 0.0, 0.05, 0.1, 0.3, 0.41, 0.575, 0.8, 1.0, 2.0] {
                for interval in
                    [[0.0, 1000.0], [60.0, 250.0], [100.0, 300.0], [120.0, 130.0], [0.0, 0.0], [900.0, 950.0]]
                {
                    let (fast, slow) = (curve.max_minus(price, interval), maximum::by_points(&curve, price, interval));
                    assert_eq!((fast.attained, fast.bound), (slow.attained, slow.bound), "{price} {interval:?}");
                }
            }
        }
    }
}
