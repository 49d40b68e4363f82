//! Curves of models, held to the models, to brute force, and to hostile input.

use adsml_core::ndarray::ArrayView2;
use adsml_core::{Regressor, Seed, Steps};
use adsml_optimize::{BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, ResponseCurve, Shape, Total};

use super::{ModelResponse, ModelTarget, MonotoneRepair};
use crate::Error;

/// Any function of the first feature, with its steps where it has some.
#[derive(Debug, Clone)]
struct Known {
    function: fn(f64) -> f64,
    steps: Option<Steps>,
}

impl Known {
    fn smooth(function: fn(f64) -> f64) -> Self {
        Self { function, steps: None }
    }

    fn stepping(breakpoints: &[f64], values: &[f64]) -> Self {
        let steps = Steps { breakpoints: breakpoints.to_vec(), values: values.to_vec() };
        Self { function: |_| f64::NAN, steps: Some(steps) }
    }

    fn random(seed: u64, n: usize) -> Self {
        let mut stream = Seed::from(seed).stream("steps", 0);
        let mut breakpoints: Vec<f64> = (0..n).map(|_| 20.0 * stream.uniform()).collect();
        breakpoints.sort_unstable_by(f64::total_cmp);
        let values: Vec<f64> = (0..=n).map(|i| 1.0 + i as f64 * 0.2 + 3.0 * stream.uniform()).collect();
        Self::stepping(&breakpoints, &values)
    }
}

impl Regressor for Known {
    fn n_features(&self) -> usize {
        2
    }

    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        for (row, out) in x.rows().into_iter().zip(out) {
            *out = self.predict_row(&row.to_vec())?;
        }
        Ok(())
    }

    fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        let stepping = self.steps.as_ref().filter(|_| (self.function)(0.0).is_nan());
        Ok(match stepping {
            Some(steps) => steps.values[steps.breakpoints.partition_point(|&at| at < row[0])],
            None => (self.function)(row[0]),
        })
    }

    fn steps_along(&self, _: usize, _: &[f64]) -> Option<Steps> {
        self.steps.clone()
    }
}

fn cents(range: std::ops::RangeInclusive<i32>) -> impl Iterator<Item = f64> {
    range.map(|cents| f64::from(cents) / 100.0)
}

#[test]
fn steps_are_the_models_at_and_beside_every_breakpoint() {
    let model = Known::stepping(&[2.0, 5.5, 9.0], &[1.0, 4.0, 6.0, 7.0]);
    let response = ModelResponse::params().fit(&model, &[0.0, 0.0], &[1.0, 8.0, 12.0]).unwrap();
    assert_eq!((response.n_pieces(), response.changed(), response.largest_change()), (4, 0.0, 0.0));
    let curve = response.curve();
    assert_eq!((curve.shape(), curve.support()), (Shape::Step, Some([1.0, 12.0])));
    for at in [1.0_f64, 2.0, 5.5, 9.0, 12.0] {
        for spend in [at, at.next_up()] {
            assert_eq!(curve.value(spend), model.predict_row(&[spend, 0.0]).unwrap(), "{spend}");
        }
    }
    // Nothing is promised below what was seen.
    assert_eq!([0.0, 0.99].map(|spend| curve.value(spend)), [0.0, 0.0]);
    assert_eq!(curve.value(1e9), 7.0);
}

#[cfg(feature = "predict")]
#[test]
fn a_forest_curve_is_the_forest() {
    use adsml_models::RandomForest;
    let days: Vec<[f64; 2]> = (0..300).map(|day| [f64::from(day * 7 % 100), f64::from(day % 7)]).collect();
    let revenue: Vec<f64> = days.iter().map(|day| 30.0 * day[0].sqrt() + day[1]).collect();
    let spends: Vec<f64> = days.iter().map(|day| day[0]).collect();
    // Bound to never fall, it needs no repair.
    let forest = RandomForest::params().n_estimators(15).monotone([1, 0]).fit(&days, &revenue).unwrap();
    let response = ModelResponse::params().fit(&forest, &[f64::NAN, 3.0], &spends).unwrap();
    // Means over trees are summed in the same order; only an ulp of their order may be repaired.
    assert!(response.largest_change() < 1e-15 && response.n_pieces() > 50, "{response}");
    for &breakpoint in response.curve().breakpoints() {
        for spend in [breakpoint.next_down().max(0.0), breakpoint] {
            let (curve, forest) = (response.curve().value(spend), forest.predict_row(&[spend, 3.0]).unwrap());
            assert!((curve - forest).abs() <= 1e-12 * forest, "{spend}: {curve} {forest}");
        }
    }
}

#[test]
fn a_saw_tooth_is_exact_at_every_cent_where_nothing_is_repaired() {
    // A rate that rises never lets the response fall.
    let model = Known::stepping(&[2.004, 5.0, 9.999], &[1.0, 1.5, 2.0, 2.5]);
    let params = ModelResponse::params().target(ModelTarget::Rate);
    for repair in [MonotoneRepair::Isotonic, MonotoneRepair::RunningMaximum] {
        let response = params.clone().repair(repair).fit(&model, &[0.0, 0.0], &[0.5, 15.0]).unwrap();
        assert_eq!(response.changed(), 0.0);
        for spend in cents(50..=1_500) {
            let expected = spend * model.predict_row(&[spend, 0.0]).unwrap();
            assert!((response.curve().value(spend) - expected).abs() < 1e-10, "{spend}");
        }
    }
}

#[test]
fn the_running_maximum_of_a_saw_tooth_is_that_of_a_look_at_every_cent() {
    for seed in 0..30 {
        let model = Known::random(seed, 12);
        let params = ModelResponse::params().target(ModelTarget::Rate).repair(MonotoneRepair::RunningMaximum);
        let response = params.fit(&model, &[0.0, 0.0], &[1.0, 19.0]).unwrap();
        let mut most = 0.0_f64;
        for spend in cents(100..=1_900) {
            most = most.max(spend * model.predict_row(&[spend, 0.0]).unwrap());
            let value = response.curve().value(spend);
            assert!((value - most).abs() < 1e-9, "seed {seed} at {spend}: {value} {most}");
        }
    }
}

#[test]
fn the_isotonic_steps_are_the_closest_of_all_that_never_fall() {
    let model = Known::stepping(&[1.0, 3.0, 4.0], &[5.0, 2.0, 8.0, 6.0]);
    let response = ModelResponse::params().fit(&model, &[0.0, 0.0], &[0.0, 8.0]).unwrap();
    // Widths 1, 2, 1, 4: (5 + 2 * 2) / 3 and (8 + 4 * 6) / 5, up to the ulps by which steps begin late.
    for (spend, expected) in [(0.5, 3.0), (2.0, 3.0), (3.5, 6.4), (8.0, 6.4)] {
        assert!((response.curve().value(spend) - expected).abs() < 1e-12);
    }
    assert_eq!(response.changed(), 1.0);
    assert!((response.largest_change() - 2.0 / 8.0).abs() < 1e-12, "{response}");
}

#[test]
fn plans_on_models_steps_are_those_of_brute_force() {
    for seed in 0..12 {
        let curves = [0, 1, 2].map(|i| {
            let response = ModelResponse::params().fit(&Known::random(100 * seed + i, 5), &[0.0, 0.0], &[0.0, 19.0]);
            response.unwrap().curve().clone()
        });
        // A currency without cents: all plans can be listed.
        let yen = Currency::new("JPY");
        assert_eq!(yen.minor_per_major(), 1.0);
        let campaigns = curves.iter().enumerate().map(|(i, curve)| Campaign::with_curve(i.to_string(), curve.clone()));
        let problem = BudgetProblem::builder(yen).campaigns(campaigns).total(Total::Exactly(25.0)).build().unwrap();
        let plan = Exact::default().allocate(&problem).unwrap();
        let mut best = 0.0_f64;
        for a in 0..=19 {
            for b in 0..=19.min(25 - a) {
                if 25 - a - b <= 19 {
                    let spends = [a, b, 25 - a - b].map(f64::from);
                    best = best.max(curves.iter().zip(spends).map(|(curve, spend)| curve.value(spend)).sum());
                }
            }
        }
        assert!((plan.value() - best).abs() < 1e-9, "seed {seed}: {} {best}", plan.value());
    }
}

#[test]
fn other_models_are_looked_at_on_a_grid() {
    let model = Known::smooth(|spend| 100.0 - (spend - 10.0).powi(2));
    let params = ModelResponse::params().grid(41);
    let response = params.fit(&model, &[0.0, 0.0], &[0.0, 20.0]).unwrap();
    assert!(!response.is_exact() && response.changed() > 0.4, "{response}");
    let greatest =
        params.clone().repair(MonotoneRepair::RunningMaximum).fit(&model, &[0.0, 0.0], &[0.0, 20.0]).unwrap();
    assert_eq!([10.0, 15.0, 20.0].map(|spend| greatest.curve().value(spend)), [100.0; 3]);
    assert_eq!(greatest.curve().value(5.0), 75.0);
    // A rate times spend.
    let rate = params.target(ModelTarget::Rate).fit(&Known::smooth(|_| 3.0), &[0.0, 0.0], &[4.0, 20.0]).unwrap();
    for spend in [0.0, 1.0, 4.0, 11.3, 20.0] {
        assert!((rate.curve().value(spend) - 3.0 * spend).abs() < 1e-12);
    }
}

#[test]
fn what_is_below_nothing_is_raised_to_nothing() {
    let model = Known::stepping(&[2.0, 3.0], &[-4.0, -1.0, 5.0]);
    let response = ModelResponse::params().fit(&model, &[0.0, 0.0], &[0.0, 8.0]).unwrap();
    assert_eq!([1.0, 2.5, 4.0].map(|spend| response.curve().value(spend)), [0.0, 0.0, 5.0]);
    assert!((response.largest_change() - 0.8).abs() < 1e-15);
}

#[test]
fn a_single_spend_is_a_support() {
    let model = Known::stepping(&[2.0], &[1.0, 4.0]);
    for target in [ModelTarget::Response, ModelTarget::Rate] {
        let response = ModelResponse::params().target(target).fit(&model, &[0.0, 0.0], &[2.0, 2.0]).unwrap();
        let expected = if target == ModelTarget::Rate { 2.0 } else { 1.0 };
        assert_eq!((response.curve().value(2.0), response.curve().support()), (expected, Some([2.0, 2.0])));
    }
    let smooth = ModelResponse::params().fit(&Known::smooth(f64::sqrt), &[0.0, 0.0], &[0.0]).unwrap();
    assert_eq!(smooth.curve().value(0.0), 0.0);
}

#[test]
fn bad_input_is_refused_by_name() {
    let model = Known::smooth(f64::sqrt);
    let params = ModelResponse::params();
    let say = |result: crate::Result<ModelResponse>| result.unwrap_err().to_string();
    assert!(matches!(params.fit(&model, &[0.0, 0.0], &[]), Err(Error::NoSupport)));
    assert_eq!(
        say(params.clone().feature(2).fit(&model, &[0.0, 0.0], &[1.0])),
        "the spend is said to be feature 2, counted from 0, of a model of 2"
    );
    assert!(matches!(params.fit(&model, &[0.0], &[1.0]), Err(Error::Core(_))));
    for spend in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(params.fit(&model, &[0.0, 0.0], &[1.0, spend]), Err(Error::Optimize(_))));
    }
    for grid in [0, 1, 100_001] {
        assert!(matches!(params.clone().grid(grid).fit(&model, &[0.0, 0.0], &[1.0]), Err(Error::Optimize(_))));
    }
    let logarithm = Known::smooth(f64::ln);
    assert_eq!(
        say(params.fit(&logarithm, &[0.0, 0.0], &[0.0, 5.0])),
        "at a spend of 0 the model predicts -inf, expected a finite number"
    );
    let infinite = Known::stepping(&[2.0], &[1.0, f64::NAN]);
    for target in [ModelTarget::Response, ModelTarget::Rate] {
        let result = params.clone().target(target).fit(&infinite, &[0.0, 0.0], &[0.0, 5.0]);
        assert!(matches!(result, Err(Error::Unpredictable { .. })));
    }
}

#[test]
fn steps_that_break_their_promise_are_not_trusted() {
    let broken = [(&[2.0, 1.0][..], &[1.0, 2.0, 3.0][..]), (&[f64::NAN], &[1.0, 2.0]), (&[2.0, 3.0], &[1.0, 2.0])];
    for (breakpoints, values) in broken {
        let mut model = Known::smooth(f64::sqrt);
        model.steps = Some(Steps { breakpoints: breakpoints.to_vec(), values: values.to_vec() });
        let response = ModelResponse::params().fit(&model, &[0.0, 0.0], &[0.0, 4.0]).unwrap();
        assert!(!response.is_exact());
        assert_eq!(response.curve().value(4.0), 2.0);
    }
}
