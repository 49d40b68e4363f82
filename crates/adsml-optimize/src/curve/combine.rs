//! What surrounds a curve: where and in what it was observed, a pointer to it, a closure taken for one.

use std::fmt;
use std::sync::Arc;

use super::{Maximum, ResponseCurve, ResponseUnit, Shape};
use crate::{OptimizeError, Result};

/// A curve that knows at which spends it was observed, and what its response is counted in.
///
/// Made by [`ResponseCurve::observed`] and [`ResponseCurve::in_unit`].
#[derive(Debug, Clone, PartialEq)]
pub struct Observed<C> {
    pub(super) curve: C,
    pub(super) support: Option<[f64; 2]>,
    pub(super) unit: Option<ResponseUnit>,
}

/// `support` if it is a range of spends.
pub(super) fn check_support(support: [f64; 2]) -> Result<[f64; 2]> {
    let [from, to] = support;
    if from >= 0.0 && from <= to && to.is_finite() {
        return Ok(support);
    }
    Err(OptimizeError::InvalidParameter {
        owner: "the observed curve".to_owned(),
        name: "support",
        value: format!("{support:?}"),
        expected: "two finite spends in ascending order, at least 0",
    })
}

/// The methods of a curve that only pass a question on.
macro_rules! ask {
    ($self:ident => $curve:expr) => {
        fn value(&$self, spend: f64) -> f64 {
            $curve.value(spend)
        }
        fn marginal(&$self, spend: f64) -> f64 {
            $curve.marginal(spend)
        }
        fn slopes(&$self, spend: f64) -> [f64; 2] {
            $curve.slopes(spend)
        }
        fn shape(&$self) -> Shape {
            $curve.shape()
        }
        fn breakpoints(&$self) -> &[f64] {
            $curve.breakpoints()
        }
        fn argmax_minus(&$self, price: f64, interval: [f64; 2], near: f64) -> f64 {
            $curve.argmax_minus(price, interval, near)
        }
        fn max_minus(&$self, price: f64, interval: [f64; 2]) -> Maximum {
            $curve.max_minus(price, interval)
        }
        fn description(&$self) -> Option<String> {
            $curve.description()
        }
    };
}

impl<C: ResponseCurve> ResponseCurve for Observed<C> {
    ask!(self => self.curve);

    fn support(&self) -> Option<[f64; 2]> {
        self.support.or_else(|| self.curve.support())
    }

    fn unit(&self) -> ResponseUnit {
        self.unit.unwrap_or_else(|| self.curve.unit())
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let curve = Box::new(self.curve.spec()?);
        Some(super::CurveSpec::Observed { curve, support: self.support, unit: self.unit })
    }
}

/// A pointer is the curve it points to.
macro_rules! pointer {
    ($pointer:ident) => {
        impl<C: ResponseCurve + ?Sized> ResponseCurve for $pointer<C> {
            ask!(self => (**self));

            fn support(&self) -> Option<[f64; 2]> {
                (**self).support()
            }

            fn unit(&self) -> ResponseUnit {
                (**self).unit()
            }

            #[cfg(feature = "serde")]
            fn spec(&self) -> Option<super::CurveSpec> {
                (**self).spec()
            }
        }
    };
}

pointer!(Arc);
pointer!(Box);

/// A curve of the caller's own, from closures: value, marginal and a declared shape.
///
/// The declaration is believed, and named in every certificate that rests on it; a certificate also looks for
/// contradictions by sampling. For more than that (second slopes, a closed maximiser) implement [`ResponseCurve`].
///
/// ```
/// use adsml_optimize::{ResponseCurve, Shape, UserCurve};
///
/// let root = UserCurve::new(Shape::Concave, |x| 20.0 * x.sqrt(), |x| 10.0 / x.sqrt());
/// let found = root.max_minus(0.5, [0.0, 1000.0]);
/// assert!((found.spend - 400.0).abs() < 1e-9 && found.bound - found.attained < 1e-9);
/// ```
pub struct UserCurve<V, M> {
    shape: Shape,
    value: V,
    marginal: M,
    breakpoints: Vec<f64>,
    description: Option<String>,
}

impl<V, M> UserCurve<V, M>
where
    V: Fn(f64) -> f64 + Send + Sync,
    M: Fn(f64) -> f64 + Send + Sync,
{
    /// A curve of `value(spend)` and its right derivative `marginal(spend)`, declared to be of a `shape`.
    ///
    /// Both are only asked for spends of at least 0.
    pub fn new(shape: Shape, value: V, marginal: M) -> Self {
        Self { shape, value, marginal, breakpoints: Vec::new(), description: None }
    }

    /// Spends where it steps or bends, for [`Shape::Step`] and [`Shape::PiecewiseLinear`]; in any order.
    #[must_use]
    pub fn with_breakpoints(mut self, breakpoints: impl IntoIterator<Item = f64>) -> Self {
        self.breakpoints = breakpoints.into_iter().collect();
        self.breakpoints.sort_by(f64::total_cmp);
        self.breakpoints.dedup();
        self
    }

    /// A complete [`description`](ResponseCurve::description): curves that share it are taken for the same function.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl<V, M> fmt::Debug for UserCurve<V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.description.as_deref().unwrap_or("closure");
        f.debug_struct("UserCurve").field("shape", &self.shape).field("description", &name).finish_non_exhaustive()
    }
}

impl<V, M> ResponseCurve for UserCurve<V, M>
where
    V: Fn(f64) -> f64 + Send + Sync,
    M: Fn(f64) -> f64 + Send + Sync,
{
    fn value(&self, spend: f64) -> f64 {
        (self.value)(spend.max(0.0))
    }

    fn marginal(&self, spend: f64) -> f64 {
        (self.marginal)(spend.max(0.0))
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn breakpoints(&self) -> &[f64] {
        &self.breakpoints
    }

    fn description(&self) -> Option<String> {
        self.description.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Hill, check};

    #[test]
    fn an_observed_curve_is_the_same_function() {
        let plain = Hill::new(900.0, 200.0, 2.0).unwrap();
        let curve = plain.clone().observed([50.0, 400.0]).unwrap().in_unit(ResponseUnit::Conversions);
        check::curve(&curve, 1000.0);
        assert_eq!((curve.support(), curve.unit()), (Some([50.0, 400.0]), ResponseUnit::Conversions));
        assert_eq!(curve.description(), plain.description());
        let pointer: Arc<dyn ResponseCurve> = Arc::new(curve);
        assert_eq!((pointer.support(), pointer.unit()), (Some([50.0, 400.0]), ResponseUnit::Conversions));
        check::curve(&Box::new(pointer), 1000.0);
    }

    #[test]
    fn a_closure_is_a_curve_of_any_shape() {
        let cube = |x: f64| x.min(10.0).powi(3) + (x - 10.0).max(0.0).sqrt();
        let slope = |x: f64| if x < 10.0 { 3.0 * x * x } else { 0.5 / (x - 10.0).sqrt() };
        check::maxima(&UserCurve::new(Shape::SShaped { inflection: 10.0 }, cube, slope), 30.0);
        let step = UserCurve::new(Shape::Step, |x: f64| (x / 4.0).floor().min(3.0), |_| 0.0);
        check::maxima(&step.with_breakpoints([12.0, 4.0, 8.0]), 30.0);
        check::maxima(&UserCurve::new(Shape::Concave, |x: f64| x.ln_1p(), |x| 1.0 / (1.0 + x)), 30.0);
        let unknown = UserCurve::new(Shape::Unknown, f64::sin, f64::cos);
        assert_eq!(unknown.max_minus(0.1, [0.0, 3.0]).bound, f64::INFINITY);
        assert_eq!(unknown.described("sin x").description().as_deref(), Some("sin x"));
    }
}
