//! Plans from rows, through the facade: real tables, and simulated accounts judged by their truth.

use std::num::NonZeroUsize;

use adsml::plan::{BudgetPlannerParams, CampaignReport, SimulatedCurve};
use adsml::prelude::*;
use adsml_testing::shared_data;

/// The same plan at one thread and at two; nothing proposed outside of what was observed without a word.
fn planned(recipe: &BudgetPlannerParams, table: &Table) -> BudgetPlanner {
    let at = |threads: usize| {
        let threads = NonZeroUsize::new(threads).expect("at least one");
        recipe.fit_with(table, &FitContext::default().with_threads(threads)).expect("it can be planned")
    };
    let (one, two) = (at(1), at(2));
    assert_eq!(one.report().to_json(), two.report().to_json());
    for campaign in &one.report().campaigns {
        let [low, high] = campaign.support;
        let inside = campaign.proposed >= low - 0.01 && campaign.proposed <= high + 0.01;
        assert!(inside != campaign.outside_support, "{campaign:?}");
    }
    one
}

#[test]
fn weekly_facebook_spend_is_planned_and_what_is_not_identifiable_is_said() {
    let Some(path) = shared_data("robyn_weekly/dt_simulated_weekly.csv") else { return };
    let table = read_table(path, true).expect("it reads");
    let recipe = BudgetPlanner::params().date("DATE").spend("facebook_S").revenue("revenue").horizon(8);
    let report = planned(&recipe, &table).report().clone();
    assert_eq!((report.period_days, report.dates[1].as_str()), (7, "2019-11-11"));
    // Most of a retailer's revenue comes without this channel.
    assert!(report.campaigns[0].baseline > 1e6, "{}", report.campaigns[0].baseline);
    let said = report.warnings.iter().chain(&report.remarks).any(|text| text.contains("comes without spend"));
    assert!(said && report.warnings.iter().any(|text| text.contains("hardly identifiable")), "{report}");
}

#[test]
fn a_month_of_campaigns_is_planned_with_dates_that_begin_with_the_day() {
    let Some(path) = shared_data("digital_marketing_daily/Marketing.csv") else { return };
    let table = read_table(path, true).expect("it reads");
    let recipe = BudgetPlanner::params()
        .campaign("campaign_name")
        .date("c_date")
        .spend("mark_spent")
        .revenue("revenue")
        .horizon(5);
    let planner = planned(&recipe, &table);
    let report = planner.report();
    assert_eq!(
        (report.campaigns.len(), report.dates[0].as_str(), report.dates[1].as_str()),
        (11, "2021-02-01", "2021-02-28")
    );
    let spent: f64 = planner.history().campaigns().iter().flat_map(|campaign| &campaign.spend).sum();
    assert!((spent - 30_590_879.82).abs() < 0.01, "{spent}");
    let proposed: f64 = report.campaigns.iter().map(|campaign| campaign.proposed).sum();
    assert!((proposed - report.total_today).abs() < 0.01);
}

#[test]
fn plans_of_simulated_accounts_are_better_than_today_on_their_true_curves() {
    let mut captured = Vec::new();
    for seed in 1..=6 {
        let account = Account::params().seed(seed).n_campaigns(6).build().expect("settings are in range");
        let planner = BudgetPlanner::params()
            .campaign("campaign_id")
            .date("date")
            .spend("spend")
            .revenue("revenue")
            .context(["competition_level", "seasonality_factor"])
            .horizon(1)
            .fit(&account.campaign_table())
            .expect("it can be planned");
        let report = planner.report();
        let value = |budget: fn(&CampaignReport) -> f64| -> f64 {
            let campaigns = report.campaigns.iter().zip(account.campaigns());
            campaigns.map(|(campaign, truth)| SimulatedCurve(truth.curve).value(budget(campaign))).sum()
        };
        let gain = value(|campaign| campaign.proposed) / value(|campaign| campaign.today) - 1.0;
        captured.push(gain);
    }
    // By chance one account may end a little worse; six do not.
    let better = captured.iter().filter(|gain| **gain > 0.0).count();
    let mean = captured.iter().sum::<f64>() / 6.0;
    assert!(better >= 5 && mean > 0.02, "{captured:?}");
}
