//! Models of accounts whose truth is known.

use adsml_core::{Seed, Stream, calendar};

use super::*;
use crate::response::draws::normal;
use crate::{Hill, OptimizeError, ResponseCurve, ResponseUnit};

const FIRST: i32 = 20_458;

/// One campaign: its id, ceiling and half spend, and how much its spend varies.
struct Truth {
    id: &'static str,
    ceiling: f64,
    half: f64,
    variation: f64,
    days: usize,
}

impl Truth {
    const fn new(id: &'static str, ceiling: f64, half: f64) -> Self {
        Self { id, ceiling, half, variation: 0.4, days: 120 }
    }

    fn curve(&self) -> Hill {
        Hill::new(self.ceiling, self.half, 1.0).unwrap()
    }

    /// Days up to the account's last, with a response of a tenth off and `retention` carried over.
    fn days(&self, retention: f64, seed: u64) -> Vec<CampaignDay> {
        let mut stream: Stream = Seed::new(seed).stream(self.id, 0);
        let mut carried = 100.0;
        (0..120)
            .map(|day| {
                let spend = 100.0 * (self.variation * normal(&mut stream)).exp();
                carried = (1.0 - retention) * spend + retention * carried;
                let weekend = if calendar::day_of_week(FIRST + day) >= 5 { 0.7 } else { 1.0 };
                let response = self.curve().value(carried) * weekend * (1.0 + 0.1 * normal(&mut stream));
                let (campaign, date) = (self.id.to_owned(), FIRST + day);
                CampaignDay { campaign, date, spend, response: response.max(0.0), context: vec![] }
            })
            .skip(120 - self.days)
            .collect()
    }
}

fn history(truths: &[Truth], retention: f64) -> History {
    let days = truths.iter().enumerate().flat_map(|(seed, truth)| truth.days(retention, seed as u64));
    History::new(ResponseUnit::Revenue, &[], days).unwrap()
}

fn siblings() -> Vec<Truth> {
    vec![
        Truth::new("a", 900.0, 150.0),
        Truth::new("b", 1_100.0, 220.0),
        Truth::new("c", 800.0, 120.0),
        Truth::new("d", 1_000.0, 170.0),
    ]
}

#[test]
fn a_curve_is_found_again_with_its_uncertainty() {
    let truths = siblings();
    let model = ResponseModel::params().fit(&history(&truths, 0.0)).unwrap();
    assert_eq!(model.retention(), 0.0);
    for (truth, fitted) in truths.iter().zip(model.campaigns()) {
        // An average week has two days at 0.7.
        let usual = (5.0 + 2.0 * 0.7) / 7.0;
        for spend in [60.0, 100.0, 180.0] {
            let mut drawn: Vec<f64> = fitted.draws().iter().map(|draw| draw.value(spend)).collect();
            drawn.sort_by(f64::total_cmp);
            let expected = usual * truth.curve().value(spend);
            let found = fitted.curve().value(spend);
            assert!((found / expected - 1.0).abs() < 0.06, "{} {spend}: {found} {expected}", truth.id);
            // Wider than nine in ten: twelve comparisons must all hold.
            assert!(drawn[0] < expected && expected < drawn[drawn.len() - 1], "{} {spend}", truth.id);
        }
    }
    let effect = |name: &str| model.effects().find(|(known, _)| *known == name).unwrap().1;
    assert!((effect("Saturday") - effect("Monday") - 0.7_f64.ln()).abs() < 0.05);
    let factor = |day: i32| model.factor("a", FIRST + 140 + day, &[]).unwrap();
    let week: f64 = (0..7).map(factor).sum();
    assert!((week / 7.0 - 1.0).abs() < 0.01, "{week}");
}

#[test]
fn what_is_carried_over_is_found_and_believed_only_when_it_is_there() {
    let truths = siblings();
    let carried = ResponseModel::params().fit(&history(&truths, 0.5)).unwrap();
    assert!((carried.retention() - 0.5).abs() <= 0.15, "{}", carried.retention());
    let fixed = ResponseModel::params().carry_over(CarryOver::Fixed(0.3)).fit(&history(&truths, 0.5)).unwrap();
    assert_eq!(fixed.retention(), 0.3);
}

#[test]
fn a_campaign_of_three_days_borrows_from_its_siblings() {
    let mut truths = siblings();
    truths.push(Truth { days: 3, ..Truth::new("new", 950.0, 160.0) });
    let history = history(&truths, 0.0);
    let pooled = ResponseModel::params().fit(&history).unwrap();
    let alone = ResponseModel::params().pooling(false).fit(&history).unwrap();
    let spread = |model: &ResponseModel| {
        let values: Vec<f64> = model.campaign("new").unwrap().draws().iter().map(|draw| draw.value(250.0)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt() / mean
    };
    assert!(spread(&pooled) < 0.95 * spread(&alone), "{} {}", spread(&pooled), spread(&alone));
    assert!(pooled.findings().contains(&Finding::FewPeriods { campaign: "new".to_owned(), periods: 3 }));
}

#[test]
fn an_experiment_outweighs_what_rows_cannot_tell() {
    let mut truths = siblings();
    truths[0].variation = 0.02;
    let history = history(&truths, 0.0);
    let test = LiftTest { campaign: "a".to_owned(), spend: [100.0, 200.0], lift: 30.0, standard_error: 5.0 };
    let lift = |model: &ResponseModel| {
        let curve = model.campaign("a").unwrap().curve();
        curve.value(200.0) - curve.value(100.0)
    };
    let without = ResponseModel::params().fit(&history).unwrap();
    let with = ResponseModel::params().lift_tests([test.clone()]).fit(&history).unwrap();
    assert!(lift(&without) > 80.0 && (lift(&with) - 30.0).abs() < 20.0, "{} {}", lift(&without), lift(&with));
    assert!(
        without
            .warnings()
            .any(|finding| matches!(finding, Finding::SpendHardlyVaries { campaign, .. } if campaign == "a"))
    );
    let stranger = LiftTest { campaign: "x".to_owned(), ..test };
    let error = ResponseModel::params().lift_tests([stranger]).fit(&history).unwrap_err();
    assert!(matches!(error, OptimizeError::InvalidParameter { name: "lift_tests", .. }));
}

#[test]
fn young_rows_count_for_what_has_arrived() {
    let truths = siblings();
    let mut history = history(&truths, 0.0);
    // Of the last four days, a half to a tenth has not arrived.
    let arrived = [0.5, 0.7, 0.8, 0.9];
    for campaign in &mut history.campaigns {
        for (age, share) in arrived.iter().enumerate() {
            let row = campaign.response.len() - 1 - age;
            campaign.response[row] *= share;
        }
    }
    let level = |params: ResponseModelParams| params.fit(&history).unwrap().campaigns()[0].curve().value(100.0);
    let (naive, told, excluded) = (
        level(ResponseModel::params()),
        level(ResponseModel::params().completeness(arrived)),
        level(ResponseModel::params().immature_periods(4)),
    );
    assert!(naive < told && (told / excluded - 1.0).abs() < 0.01, "{naive} {told} {excluded}");
}

#[test]
fn response_without_spend_is_not_credited_to_it() {
    let mut days = siblings()[0].days(0.0, 1);
    for (at, day) in days.iter_mut().enumerate() {
        day.spend = if at % 4 == 0 { 0.0 } else { day.spend };
        day.response = if at % 4 == 0 { 0.0 } else { day.response } + 500.0;
    }
    let history = History::new(ResponseUnit::Revenue, &[], days).unwrap();
    let model = ResponseModel::params().fit(&history).unwrap();
    let campaign = &model.campaigns()[0];
    assert!((campaign.baseline() / 500.0 - 1.0).abs() < 0.1, "{}", campaign.baseline());
    assert!(model.findings().iter().any(|finding| matches!(finding, Finding::Baseline { .. })));
    assert_eq!(campaign.curve().value(0.0), 0.0);
}

#[test]
fn spend_raised_with_demand_is_noticed() {
    let mut truths = siblings();
    truths.iter_mut().for_each(|truth| truth.variation = 0.02);
    let mut stream = Seed::new(9).stream("demand", 0);
    let mut days = Vec::new();
    for truth in &truths {
        let mut demand = 0.0_f64;
        for mut day in truth.days(0.0, 4) {
            demand = 0.7 * demand + 0.7 * normal(&mut stream);
            let factor = (0.2 * demand).exp();
            day.spend *= factor;
            day.response = truth.curve().value(day.spend) * factor;
            days.push(day);
        }
    }
    let follows = |history: &History| {
        let model = ResponseModel::params().fit(history).unwrap();
        model.findings().iter().any(|finding| matches!(finding, Finding::SpendFollowsDemand { .. }))
    };
    assert!(follows(&History::new(ResponseUnit::Revenue, &[], days).unwrap()));
    assert!(!follows(&history(&siblings(), 0.0)));
}

#[test]
fn settings_outside_their_range_are_refused() {
    let history = history(&siblings()[..1], 0.0);
    for params in [
        ResponseModel::params().n_draws(1),
        ResponseModel::params().families([]),
        ResponseModel::params().carry_over(CarryOver::Fixed(1.0)),
        ResponseModel::params().completeness([0.0]),
        ResponseModel::params().immature_periods(120),
    ] {
        assert!(matches!(params.fit(&history), Err(OptimizeError::InvalidParameter { .. })), "{params:?}");
    }
}
