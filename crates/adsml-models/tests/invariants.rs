//! What must hold on any rows: optimality conditions, symmetries, and slow twins.

use adsml_core::{FitContext, Regressor, Seed, TrainingSet};
use adsml_models::{ElasticNet, LinearRegression, LogisticRegression, PoissonRegression, Ridge, WeightScale};
use ndarray::{Array1, Array2, Axis, array, concatenate, s};
use proptest::prelude::*;

/// Rows on awkward scales, with correlated columns, weights and an offset.
struct Rows {
    x: Array2<f64>,
    y: Array1<f64>,
    weight: Array1<f64>,
    offset: Array1<f64>,
}

impl Rows {
    fn new(seed: u64, n: usize, p: usize) -> Self {
        let mut stream = Seed::new(seed).stream("rows", 0);
        let mut x = Array2::from_shape_fn((n, p), |_| stream.uniform() - 0.5);
        for j in 1..p {
            let shared = 0.5 * &x.column(j - 1);
            let mut column = x.column_mut(j);
            column += &shared;
            column *= [1.0, 30.0, 0.1][j % 3];
            column += [0.0, 100.0, -3.0][j % 3];
        }
        let y = Array1::from_shape_fn(n, |_| stream.uniform());
        let weight = Array1::from_shape_fn(n, |_| stream.below(5) as f64 + 0.5);
        let offset = Array1::from_shape_fn(n, |_| stream.uniform() - 0.5);
        Self { x, y, weight, offset }
    }

    fn set(&self) -> TrainingSet<'_> {
        let set = TrainingSet::new(self.x.view(), self.y.view()).unwrap();
        set.with_weight(Some(self.weight.view())).unwrap().with_offset(Some(self.offset.view())).unwrap()
    }

    fn context() -> FitContext<'static> {
        FitContext::default()
    }

    /// Largest violation of `gradient + l2 b + l1 sign(b) = 0`, relative to the gradient's terms.
    ///
    /// `mean` is the fitted mean of each row; the gradient is `sum of w (mean - y) x / unit`.
    fn violation(&self, mean: &Array1<f64>, b: &[f64], l1: f64, l2: f64, unit: f64) -> f64 {
        let slope = (mean - &self.y) * &self.weight / unit;
        assert!(slope.sum().abs() < 1e-8 * slope.mapv(f64::abs).sum(), "intercept: {}", slope.sum());
        let mut worst = 0.0_f64;
        for (column, &b) in self.x.axis_iter(Axis(1)).zip(b) {
            // Centred, as the intercept allows, so that a far-away column loses no digits.
            let column = &column - column.mean().unwrap();
            let gradient = column.dot(&slope) + l2 * b;
            let scale = (&column * &slope).mapv(f64::abs).sum() + l1;
            let off = if b == 0.0 { (gradient.abs() - l1).max(0.0) } else { (gradient + l1 * b.signum()).abs() };
            worst = worst.max(off / scale);
        }
        worst
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn optimality_conditions_hold(seed in any::<u64>(), n in 20_usize..120, p in 1_usize..7, alpha in 0.001..2.0_f64) {
        let rows = Rows::new(seed, n, p);
        let (set, context) = (rows.set(), Rows::context());
        let total = rows.weight.sum();

        let model = Ridge::params().alpha(alpha).fit_set(&set, &context).unwrap();
        let mean = model.predict_with_offset(rows.x.view(), rows.offset.view()).unwrap();
        prop_assert!(rows.violation(&mean, model.coefficients(), 0.0, alpha, 1.0) < 1e-8);

        let model = ElasticNet::params().alpha(0.02 * alpha).l1_ratio(0.7).fit_set(&set, &context).unwrap();
        prop_assert!(model.converged());
        let mean = model.predict_with_offset(rows.x.view(), rows.offset.view()).unwrap();
        let violation = rows.violation(&mean, model.coefficients(), 0.014 * alpha, 0.006 * alpha, total);
        prop_assert!(violation < 1e-8, "{}", violation);

        for l1_ratio in [0.0, 0.6, 1.0] {
            let params = LogisticRegression::params().alpha(alpha).l1_ratio(l1_ratio);
            let model = params.fit_set(&set, &context).unwrap();
            prop_assert!(model.converged());
            let mean = model.predict_with_offset(rows.x.view(), rows.offset.view()).unwrap();
            let (l1, l2) = (alpha * l1_ratio, alpha * (1.0 - l1_ratio));
            let violation = rows.violation(&mean, model.coefficients(), l1, l2, 1.0);
            prop_assert!(violation < 1e-8, "{}", violation);
        }

        let model = PoissonRegression::params().alpha(alpha).fit_set(&set, &context).unwrap();
        prop_assert!(model.converged());
        let mean = model.predict_with_offset(rows.x.view(), rows.offset.view()).unwrap();
        prop_assert!(rows.violation(&mean, model.coefficients(), 0.0, alpha, total) < 1e-8);
    }

    #[test]
    fn columns_may_be_permuted_and_a_weight_of_two_is_two_rows(seed in any::<u64>(), p in 2_usize..6) {
        let rows = Rows::new(seed, 60, p);
        let order: Vec<usize> = (0..p).rev().collect();
        let permuted = rows.x.select(Axis(1), &order);
        let doubled = concatenate(Axis(0), &[rows.x.view(), rows.x.slice(s![..20, ..])]).unwrap();
        let twice = concatenate(Axis(0), &[rows.y.view(), rows.y.slice(s![..20])]).unwrap();
        let weight = Array1::from_shape_fn(60, |row| if row < 20 { 2.0 } else { 1.0 });
        macro_rules! check {
            ($params:expr) => {{
                let params = $params;
                let model = params.fit_weighted(&rows.x, &rows.y, &weight).unwrap();
                let other = params.fit_weighted(&permuted, &rows.y, &weight).unwrap();
                let repeated = params.fit(&doubled, &twice).unwrap();
                for j in 0..p {
                    let close = |value: f64| (value - model.coefficients()[j]).abs() < 1e-8 * (1.0 + value.abs());
                    prop_assert!(close(other.coefficients()[p - 1 - j]), "permuted");
                    prop_assert!(close(repeated.coefficients()[j]), "repeated");
                }
            }};
        }
        check!(LinearRegression::params());
        check!(Ridge::params());
        check!(ElasticNet::params().alpha(0.01));
        check!(LogisticRegression::params().alpha(0.1));
        check!(LogisticRegression::params().alpha(0.5).l1_ratio(1.0));
        check!(PoissonRegression::params().alpha(0.01));
    }

    #[test]
    fn without_a_penalty_predictions_sum_to_the_targets(seed in any::<u64>(), rate in 1e-4..0.3_f64) {
        let rows = Rows::new(seed, 80, 4);
        let impressions = &rows.weight * 1e6;
        let ctr = &rows.y * rate;
        let model = LogisticRegression::params().alpha(0.0).fit_weighted(&rows.x, &ctr, &impressions).unwrap();
        prop_assert!(model.converged());
        let ratio = model.predict(rows.x.view()).unwrap().dot(&impressions) / ctr.dot(&impressions);
        prop_assert!((ratio - 1.0).abs() < 1e-9, "{}", ratio);
        let counts = PoissonRegression::params().alpha(0.0).fit_weighted(&rows.x, &ctr, &impressions).unwrap();
        let ratio = counts.predict(rows.x.view()).unwrap().dot(&impressions) / ctr.dot(&impressions);
        prop_assert!((ratio - 1.0).abs() < 1e-9, "{}", ratio);
    }

    #[test]
    fn the_unit_of_a_column_does_not_matter_to_unpenalised_and_standardised_fits(
        seed in any::<u64>(), exponent in -9_i32..10
    ) {
        let unit = 10.0_f64.powi(exponent);
        let rows = Rows::new(seed, 50, 3);
        let scaled = &rows.x * unit;
        macro_rules! check {
            ($params:expr) => {{
                let one = $params.fit_set(&rows.set(), &Rows::context()).unwrap();
                let set = TrainingSet { x: scaled.view(), ..rows.set() };
                let other = $params.fit_set(&set, &Rows::context()).unwrap();
                let (one, other) = (one.predict(rows.x.view()).unwrap(), other.predict(scaled.view()).unwrap());
                prop_assert!((one - other).iter().all(|difference| difference.abs() < 1e-9));
            }};
        }
        check!(LinearRegression::params());
        check!(Ridge::params().standardize(true));
        check!(ElasticNet::params().alpha(0.01).standardize(true));
        check!(LogisticRegression::params().standardize(true).weight_scale(WeightScale::MeanOne));
        check!(PoissonRegression::params().alpha(0.01).standardize(true));
    }
}

#[test]
fn least_squares_equals_the_closed_form_of_one_column() {
    let (x, y) = ([1.0, 2.0, 4.0, 7.0], [2.0, 3.0, 3.5, 9.0]);
    let (mx, my) = (3.5, 4.375);
    let covariance: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let variance: f64 = x.iter().map(|x| (x - mx) * (x - mx)).sum();
    let model = LinearRegression::params().fit(x.map(|x| [x]), y).unwrap();
    assert!((model.coefficients()[0] - covariance / variance).abs() < 1e-14);
    assert!((model.intercept() - (my - mx * covariance / variance)).abs() < 1e-14);
    let ridge = Ridge::params().alpha(5.0).fit(x.map(|x| [x]), y).unwrap();
    assert!((ridge.coefficients()[0] - covariance / (variance + 5.0)).abs() < 1e-14);
}

#[test]
fn logistic_regression_equals_plain_gradient_descent() {
    let rows = Rows::new(3, 40, 1);
    let x = rows.x.column(0);
    let (mut b, mut a) = (0.0, 0.0);
    for _ in 0..200_000 {
        let p = x.mapv(|x| 1.0 / (1.0 + (-(a + b * x)).exp()));
        let slope = (p - &rows.y) * &rows.weight;
        a -= 0.02 * slope.sum();
        b -= 0.02 * (x.dot(&slope) + 0.5 * b);
    }
    let model = LogisticRegression::params().alpha(0.5).fit_weighted(&rows.x, &rows.y, &rows.weight).unwrap();
    // Plain descent stops at the rounding of its own steps.
    assert!((model.coefficients()[0] - b).abs() < 1e-9 && (model.intercept() - a).abs() < 1e-9);
}

#[test]
fn an_exposure_is_an_offset_or_a_weight() {
    let rows = Rows::new(5, 50, 3);
    let exposure = &rows.weight * 100.0;
    let counts = (&rows.y * &exposure).mapv(f64::round);
    let log_exposure = exposure.mapv(f64::ln);
    let set = TrainingSet::new(rows.x.view(), counts.view()).unwrap().with_offset(Some(log_exposure.view())).unwrap();
    let offset = PoissonRegression::params().alpha(0.0).fit_set(&set, &Rows::context()).unwrap();
    let weighted =
        PoissonRegression::params().alpha(0.0).fit_weighted(&rows.x, &counts / &exposure, &exposure).unwrap();
    for (a, b) in offset.coefficients().iter().zip(weighted.coefficients()) {
        assert!((a - b).abs() < 1e-9);
    }
    assert!((offset.dispersion().unwrap() / weighted.dispersion().unwrap() - 1.0).abs() < 1e-8);
}

#[test]
fn no_clicks_at_all_give_a_small_rate_and_no_clicks_for_a_group_a_finite_one() {
    let x = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let impressions = [1e6, 2e6, 1e6];
    for (class, expected) in [(0.0, 0.5 / 4_000_001.0), (1.0, 1.0 - 0.5 / 4_000_001.0)] {
        let model = LogisticRegression::params().fit_weighted(x, [class; 3], impressions).unwrap();
        let predicted = model.predict_row(&[1.0, 0.0]).unwrap();
        assert!((predicted - expected).abs() < 1e-12 && predicted > 0.0 && predicted < 1.0);
        assert!(model.converged() && model.coefficients() == [0.0, 0.0]);
        let (y, offset) = (array![class, class, class], array![3.0, -2.0, 40.0]);
        let weight = Array1::from(impressions.to_vec());
        let set = TrainingSet::new(ndarray::aview2(&x), y.view()).unwrap().with_weight(Some(weight.view())).unwrap();
        let set = set.with_offset(Some(offset.view())).unwrap();
        let model = LogisticRegression::params().fit_set(&set, &Rows::context()).unwrap();
        let mean = model.predict_with_offset(ndarray::aview2(&x), offset.view()).unwrap().dot(&weight) / 4e6;
        assert!((mean - expected).abs() < 1e-9 * (1.0 - expected).max(1e-4));
    }
    let counts = PoissonRegression::params().fit_weighted(x, [0.0; 3], impressions).unwrap();
    assert!((counts.predict_row(&[9.0, 9.0]).unwrap() * 4e6 - 0.5).abs() < 1e-9);

    // The second group has no click: its log odds run off, its prediction is a tiny rate.
    let model = LogisticRegression::params().alpha(0.0).fit_weighted([[0.0], [1.0]], [2e-4, 0.0], [1e6, 1e6]).unwrap();
    let predicted = model.predict(array![[0.0], [1.0]].view()).unwrap();
    assert!((predicted[0] - 2e-4).abs() < 1e-12 && predicted[1] > 0.0 && predicted[1] < 1e-12, "{predicted}");
}

#[test]
fn separable_rows_have_an_optimum_with_any_penalty_and_never_a_nan_without() {
    let (x, y) = ([[-2.0], [-1.0], [1.0], [2.0]], [0.0, 0.0, 1.0, 1.0]);
    let mut last = 0.0;
    for alpha in [1.0, 1e-3, 1e-6, 1e-9] {
        for l1_ratio in [0.0, 1.0] {
            let model = LogisticRegression::params().alpha(alpha).l1_ratio(l1_ratio).fit(x, y).unwrap();
            assert!(model.converged(), "alpha {alpha}, l1_ratio {l1_ratio}");
            if l1_ratio == 0.0 {
                assert!(model.coefficients()[0] > last);
                last = model.coefficients()[0];
            }
        }
    }
    let model = LogisticRegression::params().alpha(0.0).fit(x, y).unwrap();
    assert!(model.coefficients()[0].is_finite() && model.predict_row(&[2.0]).unwrap() > 1.0 - 1e-8);
}

#[test]
fn dependent_columns_share_equally_and_predict_as_one() {
    // The full one-hot code of three age groups, one of them twice, and a constant.
    let groups = [0, 1, 2, 0, 1, 2, 0, 1];
    let one_hot = Array2::from_shape_fn((8, 5), |(row, level)| match level {
        0..3 => f64::from(groups[row] == level),
        3 => f64::from(groups[row] == 0),
        _ => 7.0,
    });
    let y = array![0.1, 0.2, 0.6, 0.3, 0.4, 0.8, 0.2, 0.3];
    let means = [0.2, 0.3, 0.7];
    let linear = LinearRegression::params().fit(&one_hot, &y).unwrap();
    let logistic = LogisticRegression::params().alpha(0.0).fit(&one_hot, &y).unwrap();
    assert!(logistic.converged());
    for model in [&linear as &dyn Regressor, &logistic] {
        for (predicted, &group) in model.predict(one_hot.view()).unwrap().iter().zip(&groups) {
            assert!((predicted - means[group]).abs() < 1e-10, "{predicted} {group}");
        }
    }
    for b in [linear.coefficients(), logistic.coefficients()] {
        assert!((b[0] - b[3]).abs() < 1e-10, "{b:?}");
        assert_eq!(b[4], 0.0);
    }
}

#[test]
fn more_features_than_rows_are_fitted_exactly_and_shortly() {
    let rows = Rows::new(8, 10, 30);
    let model = LinearRegression::params().fit(&rows.x, &rows.y).unwrap();
    let worst = (model.predict(rows.x.view()).unwrap() - &rows.y).iter().fold(0.0_f64, |w, d| w.max(d.abs()));
    assert!(worst < 1e-9, "{worst}");
    for alpha in [0.0, 1.0] {
        let model = LogisticRegression::params().alpha(alpha).fit(&rows.x, &rows.y).unwrap();
        assert!(model.converged() && model.coefficients().iter().all(|b| b.is_finite()));
    }
    assert!(ElasticNet::lasso().alpha(0.01).fit(&rows.x, &rows.y).unwrap().converged());
}

#[test]
fn a_rare_rate_on_huge_columns_is_fitted() {
    // Two hundred million impressions at a CTR of 0.0002; budgets in cents, a timestamp.
    let mut stream = Seed::new(4).stream("rare", 0);
    let x = Array2::from_shape_fn((1_000, 3), |(_, j)| match j {
        0 => 1e9 * stream.uniform(),
        1 => 1.7e9 + 1e6 * stream.uniform(),
        _ => f64::from(u8::from(stream.uniform() < 0.01)),
    });
    let impressions = Array1::from_shape_fn(1_000, |_| (2e5 * stream.uniform()).round() + 1.0);
    let ctr = Array1::from_shape_fn(1_000, |row| {
        let odds = (-8.5 + 1e-9 * x[[row, 0]] + 1e-6 * (x[[row, 1]] - 1.7e9) + 0.3 * x[[row, 2]]).exp();
        odds / (1.0 + odds)
    });
    let model = LogisticRegression::params().alpha(0.0).fit_weighted(&x, &ctr, &impressions).unwrap();
    assert!(model.converged());
    for (b, expected) in model.coefficients().iter().zip([1e-9, 1e-6, 0.3]) {
        assert!((b / expected - 1.0).abs() < 1e-6, "{b}");
    }
    for (predicted, ctr) in model.predict(x.view()).unwrap().iter().zip(&ctr) {
        assert!((predicted / ctr - 1.0).abs() < 1e-8);
    }
    assert!(model.dispersion().unwrap() < 1e-6);
}

#[test]
fn explanations_add_up_and_importance_is_per_deviation() {
    let rows = Rows::new(2, 60, 4);
    let model = LogisticRegression::params().fit_weighted(&rows.x, &rows.y, &rows.weight).unwrap();
    let row = rows.x.row(7).to_vec();
    let explanation = model.explain(&row).unwrap().unwrap();
    let raw = explanation.base + explanation.contributions.iter().sum::<f64>();
    let predicted = model.predict_row(&row).unwrap();
    assert!((1.0 / (1.0 + (-raw).exp()) - predicted).abs() < 1e-14);
    let by_hand = model.intercept() + row.iter().zip(model.coefficients()).map(|(x, b)| x * b).sum::<f64>();
    assert!((raw - by_hand).abs() < 1e-9);
    let total = rows.weight.sum();
    for (j, importance) in model.importance().unwrap().into_iter().enumerate() {
        let column = rows.x.column(j);
        let mean = column.dot(&rows.weight) / total;
        let deviation = (column.mapv(|x| (x - mean) * (x - mean)).dot(&rows.weight) / total).sqrt();
        assert!((importance - (deviation * model.coefficients()[j]).abs()).abs() < 1e-12);
    }
}

/// Ad sets of a real account: one-hot age, gender and interest; clicks; impressions.
fn kag() -> Option<(Array2<f64>, Array1<f64>, Array1<f64>)> {
    let path = adsml_testing::shared_data("kag_facebook/KAG_conversion_data.csv")?;
    let text = std::fs::read_to_string(path).unwrap();
    let records: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let levels: Vec<(usize, &str)> = (3..6)
        .flat_map(|column| {
            let mut levels: Vec<_> = records.iter().map(|record| (column, record[column])).collect();
            levels.sort_unstable();
            levels.dedup();
            levels
        })
        .collect();
    let x = Array2::from_shape_fn((records.len(), levels.len()), |(row, k)| {
        f64::from(u8::from(records[row][levels[k].0] == levels[k].1))
    });
    let number =
        |column: usize| records.iter().map(|record| record[column].parse::<f64>().unwrap()).collect::<Array1<_>>();
    Some((x, number(7), number(6)))
}

#[test]
fn a_real_account_of_sparse_one_hot_columns_is_fitted() {
    let Some((x, clicks, impressions)) = kag() else { return };
    assert_eq!((clicks.sum(), impressions.sum()), (38_165.0, 213_434_828.0));
    let ctr = &clicks / &impressions;
    for params in [LogisticRegression::params().alpha(0.0), LogisticRegression::params()] {
        let model = params.fit_weighted(&x, &ctr, &impressions).unwrap();
        assert!(model.converged() && model.n_iter() < 20, "{} steps", model.n_iter());
        let expected = model.predict(x.view()).unwrap().dot(&impressions);
        assert!((expected / clicks.sum() - 1.0).abs() < 1e-9);
        // As by hand from scikit-learn's fit: in this file ads of one audience differ even less than chance allows.
        assert!((model.dispersion().unwrap() - 0.675).abs() < 1e-3, "{:?}", model.dispersion());
    }
    // Its weights hide the penalty; counted per row, it shrinks as on any table of 1,143 rows.
    let length = |params: adsml_models::LogisticRegressionParams| {
        let model = params.fit_weighted(&x, &ctr, &impressions).unwrap();
        model.coefficients().iter().map(|b| b * b).sum::<f64>()
    };
    let plain = length(LogisticRegression::params());
    assert!(length(LogisticRegression::params().weight_scale(WeightScale::MeanOne)) < 0.01 * plain);
    assert!(PoissonRegression::params().alpha(0.0).fit_weighted(&x, &ctr, &impressions).unwrap().converged());
    assert!(ElasticNet::lasso().alpha(1e-5).fit_weighted(&x, &ctr, &impressions).unwrap().converged());
}
