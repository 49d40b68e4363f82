//! What every fit must keep.

use adsml_core::Seed;
use proptest::prelude::*;

use super::{CurveFamily, CurveFit, FittedCurve, Likelihood};
use crate::ResponseCurve;

const LIKELIHOODS: [Likelihood; 3] = [Likelihood::Gaussian, Likelihood::Poisson, Likelihood::Gamma];

/// Parameters of a curve for spends up to some hundreds.
fn truth(family: CurveFamily) -> &'static [f64] {
    match family {
        CurveFamily::Hill => &[900.0, 120.0, 1.7],
        CurveFamily::MichaelisMenten => &[900.0, 120.0],
        CurveFamily::NegativeExponential => &[900.0, 150.0],
        CurveFamily::Logarithmic => &[400.0, 60.0],
        CurveFamily::Power => &[700.0, 0.6],
        CurveFamily::Logistic => &[900.0, 130.0, 0.03],
    }
}

const GREATEST: f64 = 400.0;

/// Spends from 4 to 400, and what the true curve makes of them, times noise of a standard deviation of `noise`.
fn simulate(family: CurveFamily, n: usize, noise: f64, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let curve = family.curve(truth(family), [0.0, GREATEST]).unwrap();
    let mut stream = Seed::new(seed).stream("fit", 0);
    (1..=n)
        .map(|i| {
            let spend = GREATEST * 100.0_f64.powf(i as f64 / n as f64 - 1.0);
            (spend, curve.value(spend) * (1.0 + noise * (2.0 * stream.uniform() - 1.0) * 3.0_f64.sqrt()))
        })
        .unzip()
}

#[test]
fn curves_without_noise_are_recovered() {
    for family in CurveFamily::ALL {
        for likelihood in LIKELIHOODS {
            for n in [family.parameters().len(), 12, 365] {
                let (spend, response) = simulate(family, n, 0.0, 0);
                let fitted = CurveFit::new(family).likelihood(likelihood).fit(&spend, &response).unwrap();
                assert!(fitted.converged(), "{family:?} {likelihood:?} {n}: {}", fitted.stopped());
                for (found, expected) in fitted.parameters().iter().zip(truth(family)) {
                    assert!((found / expected - 1.0).abs() < 1e-6, "{family:?} {likelihood:?} {n}: {fitted:?}");
                }
                assert_eq!(fitted.at_bounds(), Vec::<&str>::new());
                assert_eq!(fitted.dispersion().is_none(), n == family.parameters().len());
            }
        }
    }
}

#[test]
fn the_fit_is_that_of_scipy() {
    // scipy 1.17.1: curve_fit(f, x, y, [600, 50, 1.5], 1 / sqrt(w), jac=..., ftol=1e-14, xtol=1e-14, gtol=1e-14)
    let x = [5.0, 12.0, 20.0, 31.0, 44.0, 60.0, 75.0, 90.0, 120.0, 160.0, 210.0, 300.0];
    let y = [8.0, 41.0, 88.0, 160.0, 231.0, 320.0, 372.0, 401.0, 470.0, 528.0, 561.0, 592.0];
    let w = [1.0, 1.0, 2.0, 1.0, 1.0, 0.5, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0];
    let fitted = CurveFit::new(CurveFamily::Hill).fit_weighted(&x, &y, &w).unwrap();
    let errors = fitted.standard_errors();
    let expected = [[641.29851421, 7.73234762], [62.736085889, 1.35326162], [1.5924353562, 0.0350380233]];
    for (j, [value, error]) in expected.into_iter().enumerate() {
        assert!((fitted.parameters()[j] / value - 1.0).abs() < 1e-8, "{fitted:?}");
        assert!((errors[j].unwrap() / error - 1.0).abs() < 1e-7, "{errors:?}");
    }
    assert!((fitted.deviance() / 247.98964316 - 1.0).abs() < 1e-9);
    insta::assert_snapshot!(fitted, @r"
    Hill curve from 12 rows: deviance 247.989643; nothing is left to gain
      ceiling            641.298515 +- 7.732348
      half_spend          62.736086 +- 1.353262
      exponent             1.592435 +- 0.035038
    ");
}

/// The objective as it is documented, of logarithms of parameters.
fn objective(
    family: CurveFamily,
    likelihood: Likelihood,
    rows: &[(f64, f64, f64)],
    dispersion: f64,
    priors: &[Option<[f64; 2]>],
    theta: &[f64],
) -> f64 {
    let parameters: Vec<f64> = theta.iter().map(|t| t.exp()).collect();
    let curve = family.curve(&parameters, [0.0, GREATEST]).unwrap();
    let deviance = |y: f64, mu: f64| match likelihood {
        Likelihood::Gaussian => (y - mu).powi(2),
        Likelihood::Poisson => 2.0 * (y * (y / mu).ln() - y + mu),
        Likelihood::Gamma => 2.0 * ((y - mu) / mu - (y / mu).ln()),
    };
    let rows: f64 = rows.iter().map(|&(x, y, w)| w * deviance(y, curve.value(x))).sum();
    let departures = theta.iter().zip(priors).filter_map(|(t, prior)| prior.map(|[m, s]| ((t - m.ln()) / s).powi(2)));
    rows / dispersion + departures.sum::<f64>()
}

#[test]
fn no_direction_leads_down_from_a_fit() {
    for family in CurveFamily::ALL {
        for likelihood in LIKELIHOODS {
            for with_priors in [false, true] {
                let (spend, response) = simulate(family, 90, 0.2, 3);
                let weight: Vec<f64> = (0..90).map(|i| 0.5 + f64::from(i % 3)).collect();
                let mut fit = CurveFit::new(family).likelihood(likelihood);
                let mut priors = vec![None; truth(family).len()];
                if with_priors {
                    for (j, name) in family.parameter_names().enumerate().skip(1) {
                        let prior = [1.3 * truth(family)[j], 0.1];
                        fit = fit.prior(name, prior[0], prior[1]);
                        priors[j] = Some(prior);
                    }
                }
                let fitted = fit.fit_weighted(&spend, &response, &weight).unwrap();
                let place = format!("{likelihood:?}, priors {with_priors}: {fitted:?}");
                assert!(fitted.converged() && fitted.at_bounds().is_empty(), "{place}");
                let rows: Vec<_> = (0..90).map(|i| (spend[i], response[i], weight[i])).collect();
                let dispersion = fitted.dispersion().unwrap();
                assert!((dispersion * (90 - priors.len()) as f64 / fitted.deviance() - 1.0).abs() < 1e-12);
                let theta: Vec<f64> = fitted.parameters().iter().map(|value| value.ln()).collect();
                let at = |j: usize, by: f64| {
                    let mut moved = theta.clone();
                    moved[j] += by;
                    objective(family, likelihood, &rows, dispersion, &priors, &moved)
                };
                let covariance = fitted.log_covariance().unwrap();
                for j in 0..theta.len() {
                    let sd = covariance[j * (theta.len() + 1)].sqrt();
                    let h = 1e-3 * sd;
                    // Minus twice the log posterior has a slope of 2 one standard deviation away.
                    let slope = (at(j, h) - at(j, -h)) / (2.0 * h) * sd;
                    assert!(slope.abs() < 1e-4, "{place}: {j} {slope}");
                }
            }
        }
    }
}

#[test]
fn covariances_are_those_of_the_expected_information() {
    let (spend, response) = simulate(CurveFamily::MichaelisMenten, 60, 0.1, 5);
    for likelihood in LIKELIHOODS {
        let fit = CurveFit::new(CurveFamily::MichaelisMenten).likelihood(likelihood).prior("half_spend", 100.0, 0.3);
        let fitted = fit.fit(&spend, &response).unwrap();
        let [ceiling, half] = [fitted.parameters()[0], fitted.parameters()[1]];
        // Of the prior, then of every row: means, and their derivatives by both logarithms.
        let mut information = [0.0, 0.0, 1.0 / 0.09];
        for x in &spend {
            let mean = ceiling * x / (half + x);
            let by = [mean, -mean * half / (half + x)];
            let variance = fitted.dispersion().unwrap()
                * mean.powi(LIKELIHOODS.iter().position(|l| *l == likelihood).unwrap() as i32);
            for (sum, term) in information.iter_mut().zip([by[0] * by[0], by[0] * by[1], by[1] * by[1]]) {
                *sum += term / variance;
            }
        }
        let [a, b, c] = information;
        let expected = [c, -b, -b, a].map(|x| x / (a * c - b * b));
        for (found, expected) in fitted.log_covariance().unwrap().iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-10, "{likelihood:?}: {found} {expected}");
        }
    }
}

#[test]
fn a_weight_of_two_is_two_rows_and_of_zero_none() {
    let (mut spend, mut response) = simulate(CurveFamily::Hill, 40, 0.1, 1);
    let weight: Vec<f64> = (0..40).map(|i| f64::from(i % 3)).collect();
    let weighted = CurveFit::new(CurveFamily::Hill).fit_weighted(&spend, &response, &weight).unwrap();
    let repeated: Vec<usize> = (0..40).flat_map(|i| vec![i; i % 3]).collect();
    spend = repeated.iter().map(|&i| spend[i]).collect();
    response = repeated.iter().map(|&i| response[i]).collect();
    let rows = CurveFit::new(CurveFamily::Hill).fit(&spend, &response).unwrap();
    for (a, b) in weighted.parameters().iter().zip(rows.parameters()) {
        assert!((a / b - 1.0).abs() < 1e-8, "{a} {b}");
    }
    assert!((weighted.deviance() / rows.deviance() - 1.0).abs() < 1e-12);
    assert_eq!((weighted.n_samples(), rows.n_samples()), (26, 39));
}

#[test]
fn days_without_spend_count_as_rows_that_every_curve_explains_alike() {
    let (mut spend, mut response) = simulate(CurveFamily::Hill, 40, 0.1, 1);
    let without = CurveFit::new(CurveFamily::Hill).fit(&spend, &response).unwrap();
    spend.extend([0.0, 0.0]);
    response.extend([3.0, -4.0]);
    let with = CurveFit::new(CurveFamily::Hill).fit(&spend, &response).unwrap();
    assert_eq!(with.parameters(), without.parameters());
    assert!((with.deviance() - without.deviance() - 25.0).abs() < 1e-9 * with.deviance());
    assert_eq!(with.n_samples(), 42);
    assert_eq!(with.curve().support(), Some([0.0, GREATEST]));
}

#[test]
fn a_straight_line_has_no_half_spend_and_the_fit_says_so() {
    let spend: Vec<f64> = (1..=30).map(f64::from).collect();
    let response: Vec<f64> = spend.iter().map(|x| 3.0 * x).collect();
    let fitted = CurveFit::new(CurveFamily::MichaelisMenten).fit(&spend, &response).unwrap();
    assert!(fitted.converged());
    assert_eq!(fitted.at_bounds(), ["half_spend"]);
    // Ten times the greatest spend.
    assert!((fitted.parameter("half_spend").unwrap() / 300.0 - 1.0).abs() < 1e-15);
    assert!(matches!(fitted.standard_errors()[..], [Some(_), None]));
    insta::assert_snapshot!(fitted, @r"
    Michaelis-Menten curve from 30 rows: deviance 29.370839; nothing is left to gain
      ceiling            967.943511 +- 3.399007
      half_spend         300.000000 at its bound
    ");
}

#[test]
fn spend_that_brings_less_and_less_is_flat_at_best() {
    let spend: Vec<f64> = (1..=30).map(f64::from).collect();
    let falling: Vec<f64> = spend.iter().map(|x| 100.0 - x).collect();
    let negative: Vec<f64> = spend.iter().map(|x| -x).collect();
    for family in CurveFamily::ALL {
        let flat = CurveFit::new(family).fit(&spend, &falling).unwrap();
        assert!(flat.converged() && !flat.at_bounds().is_empty(), "{flat:?}");
        let none = CurveFit::new(family).fit(&spend, &negative).unwrap();
        assert!(none.converged() && none.curve().value(30.0) < 1e-3, "{none:?}");
    }
}

#[test]
fn a_narrow_prior_decides_and_a_wide_one_does_not() {
    let (spend, response) = simulate(CurveFamily::Hill, 60, 0.1, 2);
    let fit = CurveFit::new(CurveFamily::Hill);
    let plain = fit.fit(&spend, &response).unwrap();
    let narrow = fit.clone().prior("exponent", 1.0, 1e-6).fit(&spend, &response).unwrap();
    let simple = CurveFit::new(CurveFamily::MichaelisMenten).fit(&spend, &response).unwrap();
    assert!((narrow.parameter("half_spend").unwrap() / simple.parameter("half_spend").unwrap() - 1.0).abs() < 1e-3);
    let wide = fit.prior("exponent", 1.0, 1e6).fit(&spend, &response).unwrap();
    assert!((wide.parameter("exponent").unwrap() / plain.parameter("exponent").unwrap() - 1.0).abs() < 1e-6);
}

#[test]
fn priors_on_its_shape_make_a_curve_of_a_single_spend() {
    let fit = CurveFit::new(CurveFamily::MichaelisMenten).prior("half_spend", 50.0, 0.2).dispersion(1.0);
    let fitted = fit.fit(&[50.0, 50.0], &[10.0, 12.0]).unwrap();
    assert!(fitted.converged());
    assert!((fitted.curve().value(50.0) - 11.0).abs() < 1e-6);
    assert!((fitted.parameter("half_spend").unwrap() - 50.0).abs() < 1e-6);
    let error =
        CurveFit::new(CurveFamily::MichaelisMenten).prior("half_spend", 50.0, 0.2).fit(&[50.0, 50.0], &[10.0, 12.0]);
    insta::assert_snapshot!(error.unwrap_err(), @"the fit needs 3 rows and has 2");
}

#[test]
fn what_cannot_be_fitted_is_named() {
    let fit = |family| CurveFit::new(family);
    let hill = || fit(CurveFamily::Hill);
    let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 2.5, 2.7]);
    let poisson = hill().likelihood(Likelihood::Poisson);
    let gamma = hill().likelihood(Likelihood::Gamma);
    let errors = [
        hill().fit(&x, &y[..3]),
        hill().fit_weighted(&x, &y, &[1.0]),
        hill().fit(&[1.0, -2.0, 3.0, 4.0], &y),
        hill().fit(&[1.0, f64::NAN, 3.0, 4.0], &y),
        hill().fit(&x, &[1.0, f64::INFINITY, 3.0, 4.0]),
        hill().fit_weighted(&x, &y, &[1.0, 1.0, 1.0, -1.0]),
        hill().fit(&[], &[]),
        hill().fit(&[1.0, 2.0, 2.0, 1.0], &y),
        hill().fit_weighted(&x, &y, &[0.0; 4]),
        hill().fit(&[100.0, 100.5, 101.0, 100.2], &y),
        hill().fit(&x, &[0.0; 4]),
        poisson.fit(&x, &[1.0, -1.0, 2.0, 3.0]),
        poisson.fit(&[0.0, 1.0, 2.0, 3.0], &y),
        gamma.fit(&x, &[0.0, 1.0, 2.0, 3.0]),
        gamma.fit(&[0.0, 1.0, 2.0, 3.0], &y),
        hill().prior("slope", 1.0, 1.0).fit(&x, &y),
        hill().prior("exponent", 0.0, 1.0).fit(&x, &y),
        hill().prior("exponent", 1.0, f64::NAN).fit(&x, &y),
        hill().dispersion(-1.0).fit(&x, &y),
        hill().max_iter(0).fit(&x, &y),
    ];
    let messages: Vec<String> = errors.into_iter().map(|error| error.unwrap_err().to_string()).collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    there are 3 responses for 4 spends
    there are 1 weights for 4 spends
    spend of row 1 is -2, expected 0, or a number from 1e-100 to 1e100
    spend of row 1 is NaN, expected 0, or a number from 1e-100 to 1e100
    response of row 1 is inf, expected a number between -1e100 and 1e100
    weight of row 3 is -1, expected a number from 0 to 1e100
    the fit needs 3 different spends above 0 and has 0
    the fit needs 3 different spends above 0 and has 2
    the fit needs 3 different spends above 0 and has 0
    spend hardly varies: its coefficient of variation over 4 rows is 0.375 %, expected at least 1 %
    the response of all 4 rows is 0
    response of row 1 is -1, expected a number from 0 to 1e100
    response of row 0 is 1, expected 0 where nothing is spent
    response of row 0 is 0, expected a number above 0, at most 1e100
    spend of row 0 is 0, expected above 0 for the gamma likelihood
    parameter `prior` of the Hill fit is of `slope`, expected one of a parameter of the family
    parameter `median` of the Hill fit is 0.0, expected a finite number above 0
    parameter `log_sd` of the Hill fit is NaN, expected a finite number above 0
    parameter `dispersion` of the Hill fit is -1.0, expected a finite number above 0
    parameter `max_iter` of the Hill fit is 0, expected at least 1
    ");
}

#[test]
fn few_iterations_are_said_not_to_be_enough() {
    let (spend, response) = simulate(CurveFamily::Logistic, 90, 0.3, 4);
    let fitted = CurveFit::new(CurveFamily::Logistic).max_iter(1).fit(&spend, &response).unwrap();
    assert!(!fitted.converged());
    assert_eq!(fitted.stopped(), "as many iterations as were allowed");
}

/// Whether every number of the fit is one.
fn is_sound(fitted: &FittedCurve) -> bool {
    fitted.parameters().iter().all(|x| x.is_finite() && *x >= 0.0) && fitted.deviance() >= 0.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Anything is fitted or refused.
    #[test]
    fn nothing_panics(
        rows in prop::collection::vec((0_u8..12, -1e6_f64..1e6, -120_i32..120, 0.0_f64..3.0), 0..90),
        likelihood in 0_usize..3,
        prior in proptest::option::of((1e-9_f64..1e9, 1e-6_f64..1e3)),
    ) {
        let spend: Vec<f64> = rows.iter().map(|row| match row.0 {
            0 => 0.0,
            1 => 10.0_f64.powi(row.2),
            _ => row.1.abs(),
        }).collect();
        let response: Vec<f64> = rows.iter().map(|row| match row.0 {
            2 => 10.0_f64.powi(-row.2),
            3 => 0.0,
            _ if likelihood == 0 => row.1,
            _ => row.1.abs(),
        }).collect();
        let weight: Vec<f64> = rows.iter().map(|row| if row.0 == 4 { 10.0_f64.powi(row.2) } else { row.3 }).collect();
        for family in CurveFamily::ALL {
            let mut fit = CurveFit::new(family).likelihood(LIKELIHOODS[likelihood]);
            if let Some((median, log_sd)) = prior {
                let name = family.parameter_names().last().unwrap();
                fit = fit.prior(name, median, log_sd);
            }
            if let Ok(fitted) = fit.fit_weighted(&spend, &response, &weight) {
                prop_assert!(is_sound(&fitted), "{fitted:?}");
            }
        }
    }

    /// Euros or cents, sales or thousands of sales: the same curve.
    #[test]
    fn units_do_not_matter(seed in 0_u64..1000, spend_unit in 1e-3_f64..1e3, response_unit in 1e-3_f64..1e3) {
        for family in CurveFamily::ALL {
            let (spend, response) = simulate(family, 80, 0.2, seed);
            let scaled = |values: &[f64], unit: f64| values.iter().map(|value| unit * value).collect::<Vec<f64>>();
            let plain = CurveFit::new(family).fit(&spend, &response).unwrap();
            let other =
                CurveFit::new(family).fit(&scaled(&spend, spend_unit), &scaled(&response, response_unit)).unwrap();
            for x in [5.0, 50.0, 300.0] {
                let (a, b) = (plain.curve().value(x), other.curve().value(spend_unit * x) / response_unit);
                prop_assert!((a / b - 1.0).abs() < 1e-6, "{plain} {other}");
            }
        }
    }

    /// The order of rows does not matter.
    #[test]
    fn any_order_of_rows_is_the_same_curve(seed in 0_u64..1000) {
        for family in CurveFamily::ALL {
            let (mut spend, mut response) = simulate(family, 100, 0.2, seed);
            let plain = CurveFit::new(family).fit(&spend, &response).unwrap();
            spend.reverse();
            response.reverse();
            let other = CurveFit::new(family).fit(&spend, &response).unwrap();
            prop_assert!((plain.deviance() / other.deviance() - 1.0).abs() < 1e-10);
            prop_assert_eq!(plain.at_bounds(), other.at_bounds());
        }
    }
}
