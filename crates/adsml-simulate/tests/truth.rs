//! The rows follow the truth, as far as chance allows. Bounds are four standard deviations of the statistic unless
//! said otherwise; seeds are fixed, so a test that passes once passes always.

use adsml_simulate::{Account, CurveFamily, Row, RowTruth, SpendPolicy};
use approx::assert_relative_eq;
use proptest::prelude::*;

fn pairs(account: &Account) -> impl Iterator<Item = (&Row, &RowTruth)> {
    account.rows().iter().zip(account.truth())
}

/// `(sum of observed - mean) / sd`, the mean of the squared standardised residuals, and how many there are, from
/// cells of `(observed, mean, variance)`.
fn standardised(cells: impl Iterator<Item = (f64, f64, f64)>) -> (f64, f64, f64) {
    let (mut sum, mut total, mut squares, mut n) = (0.0, 0.0, 0.0, 0.0);
    for (observed, mean, variance) in cells {
        sum += observed - mean;
        total += variance;
        squares += (observed - mean).powi(2) / variance;
        n += 1.0;
    }
    (sum / total.sqrt(), squares / n, n)
}

#[test]
fn impressions_are_poisson() {
    let account = Account::demo();
    let cells = pairs(&account)
        .filter(|(_, truth)| truth.expected_impressions > 20.0)
        .map(|(row, truth)| (row.impressions as f64, truth.expected_impressions, truth.expected_impressions));
    let (z, dispersion, n) = standardised(cells);
    assert!(z.abs() < 4.0, "{z}");
    // A squared standard normal has variance 2.
    assert!((dispersion - 1.0).abs() < 4.0 * (2.0_f64 / n).sqrt(), "{dispersion}");
}

#[test]
fn clicks_are_binomial_or_as_dispersed_as_stated() {
    for rho in [0.0, 2e-5, 1e-3, 0.01] {
        let account = Account::params().click_dispersion(rho).build().unwrap();
        let cells =
            pairs(&account).filter(|(row, truth)| row.impressions as f64 * truth.ctr > 20.0).map(|(row, truth)| {
                let (n, p) = (row.impressions as f64, truth.ctr);
                (row.clicks as f64, n * p, n * p * (1.0 - p) * (1.0 + (n - 1.0) * rho))
            });
        let (z, dispersion, n) = standardised(cells);
        assert!(z.abs() < 4.0, "rho {rho}: {z}");
        // Excess kurtosis of a beta with shape p / rho is up to 6 rho / p = 20 at rho 0.01 and p 0.003; about 6 on average.
        let kurtosis = 2.0 + 600.0 * rho;
        assert!((dispersion - 1.0).abs() < 4.0 * (kurtosis / n).sqrt(), "rho {rho}: {dispersion}");
    }
}

#[test]
fn conversions_and_revenue_follow_their_rates() {
    for seed in 0..5 {
        let account = Account::params().seed(seed).build().unwrap();
        let (z, ..) = standardised(pairs(&account).filter(|(row, _)| row.clicks > 0).map(|(row, truth)| {
            let (n, p) = (row.clicks as f64, truth.cvr);
            (row.conversions as f64, n * p, n * p * (1.0 - p))
        }));
        assert!(z.abs() < 4.0, "seed {seed}, conversions: {z}");
        // Conversions of a Poisson number of impressions are Poisson; gamma orders of shape 2 add half of the squared mean.
        let (z, ..) = standardised(pairs(&account).filter(|(row, _)| row.spend > 0.0).map(|(row, truth)| {
            (row.revenue, truth.expected_revenue, 1.5 * truth.expected_revenue * truth.order_value)
        }));
        assert!(z.abs() < 4.0, "seed {seed}, revenue: {z}");
    }
}

#[test]
fn a_campaigns_day_follows_the_campaigns_curve() {
    let account = Account::params().curves(CurveFamily::ALL).currency("XXX", 4).build().unwrap();
    let n_campaigns = account.campaigns().len();
    let days = account.campaigns()[0].context.len();
    let mut spend = vec![vec![0.0; days]; n_campaigns];
    let mut revenue = spend.clone();
    let first = account.rows()[0].date;
    for (row, truth) in pairs(&account) {
        let day = (row.date - first) as usize;
        spend[row.campaign][day] += row.spend;
        revenue[row.campaign][day] += truth.expected_revenue;
    }
    for (index, campaign) in account.campaigns().iter().enumerate() {
        for day in 0..days {
            let expected = campaign.curve.times(campaign.context[day] * campaign.demand[day]).value(spend[index][day]);
            // Rounding of an ad set's spend, as little as 0.01, to four digits: 5e-3 at worst.
            assert_relative_eq!(revenue[index][day], expected, max_relative = 5e-3);
        }
    }
}

#[test]
fn an_ad_sets_row_follows_its_curve_whatever_the_rates() {
    // At these prices the conversion rate would have to exceed one: larger orders make up for it.
    let account = Account::params().order_value(1.0).cpm(50.0).roas(20.0).build().unwrap();
    for (row, truth) in pairs(&account) {
        let curve = account.ad_sets()[row.ad_set].curve;
        let expected = curve.value(row.spend) * truth.context * truth.demand;
        assert_relative_eq!(truth.expected_revenue, expected, max_relative = 1e-12);
        assert!(truth.cvr <= 0.25);
    }
}

#[test]
fn the_context_can_be_computed_from_the_columns() {
    const WEEKDAY: [f64; 7] = [1.04, 1.0, 0.98, 1.0, 1.03, 1.0, 0.95];
    let account = Account::demo();
    for (row, truth) in pairs(&account) {
        let usual = account.campaigns()[row.campaign].usual_competition;
        let rivalry = (-0.6 * (row.competition_level - usual)).exp();
        let expected = row.seasonality_factor * WEEKDAY[row.day_of_week as usize] * rivalry;
        assert_relative_eq!(truth.context, expected, max_relative = 1e-14);
    }
}

#[test]
fn the_truth_scores_the_floor() {
    let account = Account::demo();
    let floor = account.noise_floor().unwrap();
    let truth = account.true_ctr();
    assert_relative_eq!(account.log_loss(&truth).unwrap().unwrap(), floor.log_loss, max_relative = 1e-14);
    assert_eq!(account.excess_log_loss(&truth).unwrap(), Some(0.0));
    let base = account.totals().ctr().or_missing();
    let constant = vec![base; truth.len()];
    assert_relative_eq!(account.log_loss(&constant).unwrap().unwrap(), floor.base_log_loss, max_relative = 1e-12);
}

#[test]
fn the_realised_floor_scatters_around_the_expected_one_as_stated() {
    for rho in [0.0, 1e-4] {
        let seeds = 100;
        let squares: f64 = (0..seeds)
            .map(|seed| {
                let params = Account::params().seed(seed).n_campaigns(3).ad_sets_per_campaign(2).days(60);
                let floor = params.click_dispersion(rho).build().unwrap().noise_floor().unwrap();
                ((floor.log_loss - floor.expected_log_loss) / floor.standard_error).powi(2)
            })
            .sum();
        let (n, mean) = (seeds as f64, squares / seeds as f64);
        assert!((mean - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "rho {rho}: {mean}");
    }
}

#[test]
fn any_other_prediction_is_worse() {
    let account = Account::demo();
    let truth = account.true_ctr();
    let floor = account.noise_floor().unwrap().log_loss;
    type Distortion = fn(usize, f64) -> f64;
    let distortions: [Distortion; 4] =
        [|_, p| p * 1.1, |_, p| p * 0.9, |row, p| p * if row % 2 == 0 { 1.15 } else { 0.87 }, |_, _| 0.0144];
    for distort in distortions {
        let predicted: Vec<f64> = truth.iter().enumerate().map(|(row, &p)| distort(row, p)).collect();
        let loss = account.log_loss(&predicted).unwrap().unwrap();
        let excess = account.excess_log_loss(&predicted).unwrap().unwrap();
        assert!(loss > floor && excess > 0.0);
        // The difference of two losses on the same clicks has little noise: about sqrt(sum n p delta^2) / sum n.
        assert!((loss - floor - excess).abs() < 4.0 * (0.0144 * 0.5 * 0.5 / 4e7_f64).sqrt(), "{}", loss - floor);
    }
}

#[test]
fn floors_of_parts_average_to_that_of_the_whole() {
    let account = Account::demo();
    let n = account.rows().len();
    let [all, early, late] =
        [0..n, 0..n / 3, n / 3..n].map(|rows| account.noise_floor_of(rows).expect("shown to somebody"));
    let weighted =
        (early.log_loss * early.impressions as f64 + late.log_loss * late.impressions as f64) / all.impressions as f64;
    assert_relative_eq!(all.log_loss, weighted, max_relative = 1e-12);
    assert_eq!(Some(all), account.noise_floor());
}

#[test]
fn predictions_that_cannot_be_judged_are_refused() {
    let account = Account::demo();
    let short = account.log_loss(&[0.1]).unwrap_err();
    assert_eq!(short.to_string(), "1 predictions were given for 3600 rows");
    let mut predicted = account.true_ctr();
    predicted[7] = f64::NAN;
    let message = account.excess_log_loss(&predicted).unwrap_err().to_string();
    assert_eq!(message, "the prediction for row 7 is NaN, expected a probability above 0 and below 1");
    predicted[7] = 0.0;
    let error = adsml_core::Error::from(account.log_loss(&predicted).unwrap_err());
    assert!(matches!(error, adsml_core::Error::InvalidSample { row: 7, .. }));
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    xy / (xx * yy).sqrt()
}

#[test]
fn budgets_follow_demand_as_strongly_as_asked_and_vary_as_much_as_asked() {
    for strength in [0.0, 0.6, 1.0] {
        let params = Account::params().n_campaigns(40).ad_sets_per_campaign(1).days(365);
        let account = params.spend_policy(SpendPolicy::FollowsDemand { strength }).build().unwrap();
        let logs: Vec<(f64, f64)> = pairs(&account)
            .map(|(row, truth)| {
                let usual = account.campaigns()[row.campaign].usual_budget;
                ((row.budget / usual).ln(), truth.demand.ln())
            })
            .collect();
        // 14,600 days, but weekly budgets and remembered demand leave about 14,600 / 7 independent ones.
        let error = 4.0 / (14_600.0_f64 / 7.0).sqrt();
        assert!((correlation(&logs) - strength).abs() < error, "{strength}: {}", correlation(&logs));
        let sd = (logs.iter().map(|(log, _)| log * log).sum::<f64>() / logs.len() as f64).sqrt();
        assert!((sd - 0.3).abs() < 0.3 * error, "{strength}: {sd}");
        let demand = pairs(&account).map(|(_, truth)| truth.demand).sum::<f64>() / logs.len() as f64;
        assert!((demand - 1.0).abs() < 0.15 * error, "{demand}");
    }
}

#[test]
fn late_conversions_arrive_and_nothing_else_changes() {
    let prompt = Account::demo();
    let late = Account::params().conversion_delay(3.0).build().unwrap();
    let last = late.rows().last().unwrap().date;
    let (mut shown, mut complete, mut old) = (0, 0, 0);
    for ((row, truth), (other, _)) in pairs(&late).zip(pairs(&prompt)) {
        assert_eq!((truth.final_conversions, truth.final_revenue), (other.conversions, other.revenue));
        assert_eq!((row.clicks, row.spend), (other.clicks, other.spend));
        assert!(row.conversions <= truth.final_conversions && row.revenue <= truth.final_revenue);
        if row.date == last {
            shown += row.conversions;
            complete += truth.final_conversions;
        }
        old += u64::from(row.date < last - 60 && row.conversions < truth.final_conversions);
    }
    // A quarter of the last day's conversions have arrived; binomial. After 60 days (3/4)^61 = 2e-8 are missing.
    let (mean, sd) = (0.25 * complete as f64, (0.25 * 0.75 * complete as f64).sqrt());
    assert!((shown as f64 - mean).abs() < 4.0 * sd, "{shown} of {complete}");
    assert_eq!(old, 0);
}

#[test]
fn carried_spend_is_the_recursion_of_the_docs() {
    let account = Account::params().carry_over(0.4).days(30).build().unwrap();
    let n_ad_sets = account.ad_sets().len();
    let mut carried = vec![0.0; n_ad_sets];
    for (row, truth) in pairs(&account) {
        carried[row.ad_set] = 0.6 * row.spend + 0.4 * carried[row.ad_set];
        assert_relative_eq!(truth.effective_spend, carried[row.ad_set], max_relative = 1e-12);
        if row.spend > 0.0 {
            let curve = account.ad_sets()[row.ad_set].curve;
            let expected = curve.value(carried[row.ad_set]) * truth.context * truth.demand;
            assert_relative_eq!(truth.expected_revenue, expected, max_relative = 1e-12);
        }
    }
}

fn any_family() -> impl Strategy<Value = CurveFamily> {
    (0..CurveFamily::ALL.len()).prop_map(|index| CurveFamily::ALL[index])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rows_are_sane_for_all_settings(
        seed: u64,
        shape in (1..5_usize, 1..4_usize, 1..40_usize),
        start in (1971..2199_i32, 1..=12_u32, 1..=28_u32),
        minor_digits in 0..=4_u8,
        // A billion impressions a day are the most an ad set may have: more is refused, as a test beside the parameters says.
        (budget, cpm) in (1e-3..1e6_f64, 1e-2..1e4_f64).prop_map(|(budget, cpm)| (budget.min(0.999e6 * cpm), cpm)),
        (order_value, roas) in (1e-3..1e5_f64, 1e-3..100.0_f64),
        curves in proptest::collection::vec(any_family(), 1..4),
        strength in 0.0..=1.0_f64,
        (exploration, outage_rate, demand_sd) in (0.0..=1.0_f64, 0.0..=0.5_f64, 0.0..=1.0_f64),
        (dispersion, carry_over, delay) in (0.0..=0.05_f64, 0.0..=0.95_f64, 0.0..=60.0_f64),
    ) {
        let account = Account::params()
            .seed(seed)
            .n_campaigns(shape.0)
            .ad_sets_per_campaign(shape.1)
            .days(shape.2)
            .start_date(start.0, start.1, start.2)
            .currency("XXX", minor_digits)
            .ad_set_budget(budget)
            .cpm(cpm)
            .order_value(order_value)
            .roas(roas)
            .curves(curves)
            .spend_policy(SpendPolicy::FollowsDemand { strength })
            .exploration(exploration)
            .outage_rate(outage_rate)
            .demand_sd(demand_sd)
            .click_dispersion(dispersion)
            .carry_over(carry_over)
            .conversion_delay(delay)
            .build()
            .unwrap();
        prop_assert_eq!(account.rows().len(), shape.0 * shape.1 * shape.2);
        for (row, truth) in pairs(&account) {
            prop_assert!(row.clicks <= row.impressions && row.conversions <= row.clicks);
            prop_assert!(0.0 <= row.spend && row.spend <= row.budget && row.budget.is_finite());
            prop_assert!(0.0 <= row.revenue && row.revenue <= truth.final_revenue && truth.final_revenue.is_finite());
            prop_assert!(row.spend > 0.0 || row.impressions == 0);
            prop_assert!((0.003..=0.05).contains(&truth.ctr) && (0.0..=0.25).contains(&truth.cvr));
            prop_assert!(truth.order_value.is_finite() && truth.expected_revenue.is_finite());
            prop_assert!(truth.demand > 0.0 && truth.context > 0.0 && truth.effective_spend >= 0.0);
            prop_assert!((1.0..=10.0).contains(&row.relevance_score) && (1..=10).contains(&row.creative_count));
            prop_assert!(row.hour_of_day < 24 && row.day_of_week < 7 && (1..=12).contains(&row.month));
            prop_assert!(row.market_size >= row.audience_size && row.audience_size >= 10_000);
        }
        let table = account.table();
        prop_assert!(table.columns().all(|(_, column)| column.n_missing() == 0 && column.len() == table.n_rows()));
        prop_assert!(account.campaign_table().columns().all(|(_, column)| column.n_missing() == 0));
    }

    #[test]
    fn no_distortion_beats_the_truth_in_expectation(size in 0.0..0.5_f64, seed in 0..1_000_u64) {
        let account = Account::params().seed(3).n_campaigns(2).days(20).build().unwrap();
        let mut stream = adsml_core::Seed::new(seed).stream("distortion", 0);
        let predicted: Vec<f64> =
            account.true_ctr().iter().map(|p| p * (size * (2.0 * stream.uniform() - 1.0)).exp()).collect();
        prop_assert!(account.excess_log_loss(&predicted).unwrap().unwrap() >= -1e-15);
    }
}
