//! What all curves share: bounds of random ones, and what is said about wrong parameters.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn leaf() -> impl Strategy<Value = Arc<dyn ResponseCurve>> {
    fn shared(curve: impl ResponseCurve + 'static) -> Arc<dyn ResponseCurve> {
        Arc::new(curve)
    }
    let level = || (1.0..2000.0_f64, 5.0..800.0_f64);
    let points = || {
        prop::collection::vec((0.1..90.0_f64, 0.0..70.0_f64), 1..40).prop_map(|steps| {
            let mut at = (0.0, 0.0);
            steps.into_iter().map(move |(spend, value)| {
                at = (at.0 + spend, at.1 + value);
                at
            })
        })
    };
    prop_oneof![
        (level(), 0.1..9.0_f64).prop_map(|((a, b), s)| shared(Hill::new(a, b, s).unwrap())),
        level().prop_map(|(a, b)| shared(MichaelisMenten::new(a, b).unwrap())),
        level().prop_map(|(a, b)| shared(NegativeExponential::new(a, b).unwrap())),
        level().prop_map(|(a, b)| shared(Logarithmic::new(a, b).unwrap())),
        (level(), 0.05..1.0_f64).prop_map(|((a, b), s)| shared(Power::new(a, b, s).unwrap())),
        (level(), 0.001..0.2_f64).prop_map(|((a, b), s)| shared(Logistic::new(a, b, s).unwrap())),
        points().prop_map(|points| shared(PiecewiseLinear::new(points).unwrap())),
        points().prop_map(|points| shared(Steps::new(points).unwrap())),
    ]
}

fn any_curve() -> impl Strategy<Value = Arc<dyn ResponseCurve>> {
    prop_oneof![
        4 => leaf(),
        1 => (leaf(), 0.01..50.0_f64, 0.05..20.0_f64)
            .prop_map(|(curve, v, s)| Arc::new(curve.scaled(v, s).unwrap()) as Arc<dyn ResponseCurve>),
        1 => prop::collection::vec(leaf(), 1..4)
            .prop_map(|parts| Arc::new(Sum::new(parts).unwrap()) as Arc<dyn ResponseCurve>),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_spend_has_more_than_the_bound(
        curve in any_curve(), part in -0.5..4.0_f64, ends in (0.0..1.0_f64, 0.0..1.0_f64), end in 1.0..3000.0_f64,
    ) {
        let price = part * curve.value(end) / end;
        let interval = [ends.0.min(ends.1) * end, ends.0.max(ends.1) * end];
        check::maximum(&curve, price, interval);
        check::maximum(&curve, price, [0.0, interval[1]]);
    }

    #[test]
    fn the_guess_does_not_move_the_maximiser(curve in leaf(), part in 0.01..0.99_f64, near in 0.0..1.0_f64) {
        let from = match curve.shape() {
            Shape::Concave => 0.0,
            Shape::SShaped { inflection } => inflection,
            _ => return Ok(()),
        };
        let interval = [from, from + 2000.0];
        let price = part * curve.marginal(from + 3.0);
        let cold = curve.argmax_minus(price, interval, from);
        let warm = curve.argmax_minus(price, interval, from + 2000.0 * near);
        let net = |x: f64| curve.value(x) - price * x;
        // At the maximiser the net is level: the two may differ by the root of its rounding error, the nets by that error.
        prop_assert!((net(cold) - net(warm)).abs() <= 1e-14 * (curve.value(cold) + price * cold), "{cold}, {warm}");
    }
}

#[test]
fn wrong_parameters_are_named() {
    let hill = || Hill::new(900.0, 200.0, 1.5).unwrap();
    let errors = [
        Hill::new(f64::NAN, 200.0, 1.5).err(),
        Hill::new(900.0, 0.0, 1.5).err(),
        Hill::new(900.0, 200.0, f64::INFINITY).err(),
        MichaelisMenten::new(-1.0, 200.0).err(),
        MichaelisMenten::new(900.0, -200.0).err(),
        NegativeExponential::new(f64::INFINITY, 200.0).err(),
        NegativeExponential::new(900.0, f64::NAN).err(),
        Logarithmic::new(-0.5, 50.0).err(),
        Logarithmic::new(300.0, 0.0).err(),
        Power::new(-80.0, 100.0, 0.5).err(),
        Power::new(80.0, 0.0, 0.5).err(),
        Power::new(80.0, 100.0, 1.5).err(),
        Logistic::new(-1.0, 300.0, 0.02).err(),
        Logistic::new(900.0, -300.0, 0.02).err(),
        Logistic::new(900.0, 300.0, 0.0).err(),
        PiecewiseLinear::new([]).err(),
        PiecewiseLinear::new([(-1.0, 0.0)]).err(),
        PiecewiseLinear::new([(0.0, 0.0), (10.0, 5.0), (10.0, 6.0)]).err(),
        PiecewiseLinear::new([(0.0, 0.0), (10.0, 5.0), (20.0, 4.0)]).err(),
        Steps::new([]).err(),
        Steps::new([(0.0, -1.0)]).err(),
        Steps::new([(0.0, 1.0), (10.0, f64::NAN)]).err(),
        Steps::isotonic([(5.0, 1.0), (4.0, 2.0)]).err(),
        Steps::isotonic([]).err(),
        hill().scaled(0.0, 1.0).err(),
        hill().scaled(1.0, f64::NAN).err(),
        hill().scaled(1e200, 1e200).err(),
        hill().observed([5.0, 4.0]).err(),
        Sum::new([]).err(),
        hill().in_unit(ResponseUnit::Revenue).plus(hill().in_unit(ResponseUnit::Conversions)).err(),
        hill().observed([0.0, 1.0]).unwrap().plus(hill().observed([2.0, 3.0]).unwrap()).err(),
    ];
    let texts: Vec<_> = errors.into_iter().map(|error| error.unwrap().to_string()).collect();
    insta::assert_snapshot!(texts.join("\n"));
}
