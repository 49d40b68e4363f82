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
fn lift_tests_and_completeness_reach_the_curves() {
    let account = Account::demo();
    let table = account.campaign_table();
    let recipe =
        || BudgetPlanner::params().campaign("campaign_id").date("date").spend("spend").revenue("revenue").horizon(0);
    let plain = recipe().fit(&table).expect("it can be planned");
    let [low, high] = plain.report().campaigns[0].support;
    let id = plain.report().campaigns[0].id.clone();
    let rise = |planner: &BudgetPlanner| {
        let fitted = planner.model().campaign(&id).expect("it is known");
        fitted.response_at(high).0 - fitted.response_at(low).0
    };
    // A clear test says that spend causes half of what the rows suggest.
    let lift = 0.5 * rise(&plain);
    let path = std::env::temp_dir().join(format!("adsml-planner-lift-{}.csv", std::process::id()));
    let text = format!("campaign,from,to,lift,standard_error\n{id},{low},{high},{lift},{}\n", 0.02 * lift);
    std::fs::write(&path, text).expect("it can be written");
    let tests = adsml::plan::read_lift_tests(&path).expect("it reads");
    std::fs::remove_file(&path).expect("it was written");
    let tested = planned(&recipe().lift_tests(tests), &table);
    // The rows go on contradicting it; more than half of the way is the test's.
    assert!(rise(&tested) - lift < 0.5 * (rise(&plain) - lift), "{} {lift}", rise(&tested));
    let said = |planner: &BudgetPlanner, words: &str| planner.report().remarks.iter().any(|text| text.contains(words));
    assert!(said(&tested, &format!("{id}: 1 lift test entered")) && !said(&plain, "lift test"));

    // Little of the last ten days' revenue has arrived: who says so plans nearly as with all of it.
    let last = *account.rows().iter().map(|row| &row.date).max().expect("it has rows");
    let dates = table.date("date").expect("a column of dates").days.clone();
    let revenue = table.number("revenue").expect("a column of numbers").iter().zip(&dates);
    let cut = revenue.map(|(revenue, date)| if last - date < 10 { 0.2 * revenue } else { *revenue }).collect();
    let mut young = table.clone();
    young.replace("revenue", Column::Number(cut)).expect("the column is there");
    let off = |planner: &BudgetPlanner| (rise(planner) / rise(&plain) - 1.0).abs();
    let [naive, told] = [recipe(), recipe().completeness([0.2; 10])].map(|recipe| recipe.fit(&young).expect("a plan"));
    assert!(said(&told, "of the last 10 periods") && off(&told) < 0.5 * off(&naive), "{} {}", off(&told), off(&naive));
    let unknown =
        adsml::optimize::LiftTest { campaign: "nobody".to_owned(), spend: [0.0, 1.0], lift: 1.0, standard_error: 1.0 };
    let error = recipe().lift_tests([unknown]).fit(&table).unwrap_err().to_string();
    assert!(error.contains("`nobody`"), "{error}");
    assert!(recipe().completeness([1.5]).fit(&table).is_err());
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
