//! Plans from tables, and tables that no plan can be made from.

use adsml_core::{CategoryColumn, Column, DateColumn, Table};
use adsml_optimize::{OptimizeError, Total};

use super::*;
use crate::Error;

/// Campaigns `a` and `b` over `days` days: spend cycles, revenue saturates.
fn columns(days: usize) -> Vec<(&'static str, Column)> {
    let rows = || (0..days).flat_map(|day| [(day, "a"), (day, "b")]);
    let spend = |day: usize, id: &str| if id == "a" { 60.0 } else { 90.0 } * (0.6 + 0.1 * (day * 7 % 9) as f64);
    let revenue = |day: usize, id: &str| {
        let spend = spend(day, id);
        let level = if id == "a" { 400.0 } else { 500.0 };
        (level * spend / (spend + 80.0) * (1.0 + 0.05 * ((day * 5 % 7) as f64 - 3.0) / 3.0)).round()
    };
    vec![
        ("day", DateColumn { days: rows().map(|(day, _)| 20_458 + day as i32).collect() }.into()),
        ("campaign", texts(rows().map(|(_, id)| Some(id)))),
        ("spend", Column::Number(rows().map(|(day, id)| spend(day, id)).collect())),
        ("revenue", Column::Number(rows().map(|(day, id)| revenue(day, id)).collect())),
    ]
}

fn texts(values: impl Iterator<Item = Option<&'static str>>) -> Column {
    values.collect::<CategoryColumn>().into()
}

pub(super) fn table(days: usize) -> Table {
    Table::from_columns(columns(days)).unwrap()
}

pub(super) fn with(name: &str, column: Column) -> Table {
    let mut table = table(40);
    match table.get(name) {
        Some(_) => drop(table.replace(name, column).unwrap()),
        None => table.push(name, column).unwrap(),
    }
    table
}

pub(super) fn recipe() -> BudgetPlannerParams {
    let curves = adsml_optimize::ResponseModel::params().n_draws(60);
    BudgetPlanner::params().campaign("campaign").date("day").spend("spend").revenue("revenue").horizon(5).curves(curves)
}

fn number(table: &Table, name: &str, change: impl Fn(usize, f64) -> f64) -> Column {
    Column::Number(table.number(name).unwrap().iter().enumerate().map(|(row, &value)| change(row, value)).collect())
}

#[test]
fn a_plan_adds_up_is_proved_and_says_what_it_is() {
    let planner = recipe().fit(&table(60)).unwrap();
    let report = planner.report();
    let proposed: f64 = report.campaigns.iter().map(|campaign| campaign.proposed).sum();
    assert!((proposed - report.total_today).abs() < 0.005 && report.gap < 1e-6);
    assert!(report.campaigns.iter().all(|campaign| !campaign.outside_support));
    for campaign in &report.campaigns {
        assert!(campaign.curve.iter().all(|at| at.interval[0] <= at.response && at.response <= at.interval[1]));
        assert!(campaign.curve.is_sorted_by(|a, b| a.response <= b.response) && campaign.marginal > 0.0);
    }
    assert_eq!(report.forecast.periods.len(), 5);
    assert_eq!(report.forecast.periods[0].date, "2026-03-06");
    planner.allocation().certificate().verify(planner.plan().problem()).unwrap();
    let text = report.to_string();
    assert!(text.ends_with("Optimal for the fitted curves; not causal evidence."), "{text}");
    assert_eq!(report.to_json()["caution"], "Optimal for the fitted curves; not causal evidence.");
}

#[test]
fn threads_and_order_of_rows_change_nothing() {
    let at = |threads: usize, table: &Table| {
        let context = adsml_core::FitContext::default().with_threads(std::num::NonZeroUsize::new(threads).unwrap());
        recipe().fit_with(table, &context).unwrap().report().to_json()
    };
    let table = table(40);
    assert_eq!(at(1, &table), at(2, &table));
    // The first row stays, so that campaigns keep their order.
    let turned: Vec<usize> = std::iter::once(0).chain((1..80).rev()).collect();
    let (mut there, mut back) = (at(1, &table), at(1, &table.take_rows(&turned)));
    for report in [&mut there, &mut back] {
        report["remarks"] = serde_json::Value::Null;
    }
    assert_eq!(there, back);
}

#[test]
fn what_is_not_stated_is_asked_for() {
    let of = |recipe: BudgetPlannerParams| recipe.fit(&table(20)).unwrap_err().to_string();
    assert!(of(BudgetPlanner::params()).contains("call `spend`"));
    assert!(of(BudgetPlanner::params().spend("spend")).contains("`revenue` or `conversions`"));
    assert!(of(BudgetPlanner::params().spend("spend").revenue("revenue")).contains("`date`"));
    assert!(of(recipe().context(["price"])).contains("price"));
}

#[test]
fn rows_that_cannot_be_are_refused_by_place() {
    let of = |table: &Table| recipe().fit(table).unwrap_err();
    let plain = table(40);
    let negative = with("revenue", number(&plain, "revenue", |row, value| if row == 3 { -5.0 } else { value }));
    let error = of(&negative).to_string();
    assert!(error.contains("`b`") && error.contains("2026-01-06") && error.contains("-5"), "{error}");
    let names = texts((0..80).map(|row| (row != 7).then_some("a")));
    assert!(matches!(of(&with("campaign", names)), Error::PlanRow { row: 7, .. }));
    let mixed = with("currency", texts((0..80).map(|row| Some(if row % 2 == 0 { "EUR" } else { "USD" }))));
    let error = recipe().currency_column("currency").fit(&mixed).unwrap_err();
    assert!(matches!(error, Error::MixedCurrencies { ref found, .. } if *found == ["EUR", "USD"]), "{error}");
}

#[test]
fn little_to_learn_from_is_said_and_not_hidden() {
    let warns = |table: &Table, words: &str| {
        let planner = recipe().fit(table).unwrap();
        let warnings = planner.report().warnings.clone();
        assert!(warnings.iter().any(|warning| warning.contains(words)), "{words}: {warnings:?}");
    };
    let plain = table(40);
    warns(&table(9), "only 9 dates");
    let spend = number(&plain, "spend", |row, value| if row % 2 == 0 { 60.0 + 0.01 * (row % 5) as f64 } else { value });
    warns(&with("spend", spend), "a: spend varied by 0 %");
    let nothing = number(&plain, "revenue", |row, value| if row % 2 == 0 { 0.0 } else { value });
    warns(&with("revenue", nothing), "a: spend brought nothing");
    let unspent = number(&plain, "spend", |row, value| if row % 2 == 0 { 0.0 } else { value });
    warns(&with("spend", unspent), "a: never spent");
    let headers = recipe().fit(&table(40).take_rows(&[])).unwrap_err();
    assert!(matches!(headers, Error::Optimize(OptimizeError::NoHistory)), "{headers}");
    let none = with("spend", number(&plain, "spend", |_, _| 0.0));
    assert!(matches!(recipe().fit(&none).unwrap_err(), Error::Optimize(OptimizeError::NoHistory)));
}

#[test]
fn campaigns_that_stopped_are_left_out() {
    let stopped = number(&table(40), "spend", |row, value| if row % 2 == 0 && row > 40 { 0.0 } else { value });
    let planner = recipe().fit(&with("spend", stopped)).unwrap();
    assert_eq!(planner.report().campaigns.len(), 1);
    assert!(planner.report().remarks.iter().any(|remark| remark.starts_with("a: spends nothing any more")));
}

#[test]
fn spend_beyond_what_was_observed_is_refused_or_flagged() {
    let much = recipe().total(Total::Exactly(2_000.0));
    assert!(matches!(much.fit(&table(40)), Err(Error::Optimize(OptimizeError::Infeasible { .. }))));
    let planner = much.beyond_support(true).fit(&table(40)).unwrap();
    assert!(planner.report().campaigns.iter().any(|campaign| campaign.outside_support));
    assert!(planner.report().warnings.iter().any(|warning| warning.contains("were observed")));
}

#[test]
fn money_has_the_decimals_of_its_currency() {
    let of = |code: &str| recipe().currency(adsml_optimize::Currency::new(code)).fit(&table(40)).unwrap();
    let [euro, yen, dinar] = ["EUR", "JPY", "KWD"].map(of);
    let proposed = |planner: &BudgetPlanner, decimals: usize| {
        let text = format!(" {:.decimals$} ", planner.report().campaigns[0].proposed);
        assert!(planner.report().to_string().contains(&text), "{}", planner.report());
    };
    proposed(&euro, 2);
    proposed(&yen, 0);
    proposed(&dinar, 3);
    assert_eq!(yen.report().to_json()["minor_digits"], 0);
    // Of the yen's report only ratios have decimals.
    let text = yen.report().to_string();
    let decimals = |line: &str| line.matches('.').count();
    let all = text.lines().find(|line| line.starts_with("all")).unwrap();
    assert!(decimals(all) == 0 && text.contains(" a period ("), "{text}");
    assert!(yen.report().campaigns.iter().all(|campaign| campaign.proposed.fract() == 0.0));
    // Conversions are expected in fractions, whatever the money.
    let (conversions, yen_too) = (recipe().conversions("revenue"), adsml_optimize::Currency::new("JPY"));
    let report = conversions.currency(yen_too).fit(&table(40)).unwrap().report().clone();
    assert_eq!((report.money_decimals(), report.response_decimals()), (0, 2));
    #[cfg(feature = "plot")]
    {
        let cell = |planner: &BudgetPlanner, decimals: usize| {
            let cell = format!("<td>{:.decimals$}</td>", planner.report().campaigns[0].proposed);
            assert!(planner.to_html().unwrap().contains(&cell), "{cell}");
        };
        cell(&euro, 2);
        cell(&yen, 0);
        cell(&dinar, 3);
    }
}

#[test]
#[cfg(feature = "predict")]
fn a_plan_for_the_forests_curves_says_so_and_is_judged_by_the_accounts() {
    let planner = recipe().plan_for(PlanCurves::Forest).fit(&table(60)).unwrap();
    let account = recipe().fit(&table(60)).unwrap();
    let report = planner.report();
    assert_eq!((report.curves.as_str(), account.report().curves.as_str()), ("forest", "account"));
    assert_eq!(report.to_json()["curves"], "forest");
    assert!(account.responses().is_none());
    planner.allocation().certificate().verify(planner.plan().problem()).unwrap();
    // Budgets are the best on the forest's curves, and the gain is what the account's draws say of them.
    assert!(report.gap < 1e-6);
    let value = |budget: fn(&CampaignReport) -> f64| -> f64 {
        let curves = planner.responses().unwrap().iter().zip(&report.campaigns);
        curves.map(|(response, campaign)| response.curve().value(budget(campaign))).sum()
    };
    let gain = report.gain.as_ref().unwrap();
    let promised = value(|campaign| campaign.proposed) - value(|campaign| campaign.today);
    assert!((gain.mean + gain.optimism - promised).abs() < 1e-6 * value(|campaign| campaign.today), "{gain:?}");
    let judged: f64 = planner
        .model()
        .campaigns()
        .iter()
        .zip(&report.campaigns)
        .map(|(fitted, campaign)| fitted.response_at(campaign.proposed).0 - fitted.response_at(campaign.today).0)
        .sum();
    assert!((gain.mean - judged).abs() < 1e-6 * judged.abs().max(1.0), "{gain:?} {judged}");
    assert!(report.warnings[0].starts_with("the plan is made for the curves of `forest`"), "{report}");
    let text = report.to_string();
    assert!(text.contains("for the curves of `forest`") && text.ends_with("not causal evidence."), "{text}");
    #[cfg(feature = "plot")]
    {
        let html = planner.to_html().unwrap();
        assert!(html.contains("for the curves of forest") && html.contains("of the account&#39;s own curves"));
        assert!(planner.curve_chart("a").unwrap().is_some());
    }
}

#[test]
#[cfg(feature = "predict")]
fn named_context_reaches_the_forest_and_threads_change_nothing() {
    let season = Column::Number((0..80).map(|row| 1.0 + 0.2 * f64::from(row / 2 % 2)).collect());
    let table = with("seasonality_factor", season);
    let at = |threads: usize| {
        let context = adsml_core::FitContext::default().with_threads(std::num::NonZeroUsize::new(threads).unwrap());
        let recipe = recipe().context(["seasonality_factor"]).plan_for(PlanCurves::Forest);
        recipe.fit_with(&table, &context).unwrap().report().to_json()
    };
    assert_eq!(at(1), at(2));
    assert_ne!(
        at(1)["campaigns"],
        recipe().plan_for(PlanCurves::Forest).fit(&table).unwrap().report().to_json()["campaigns"]
    );
}

#[test]
fn curves_of_models_are_planned_for_under_their_name() {
    use super::super::{ModelResponse, ModelResponseParams};

    /// Pays for every unit of the only feature.
    #[derive(Debug)]
    struct Pays(f64);
    impl adsml_core::Regressor for Pays {
        fn n_features(&self) -> usize {
            1
        }
        fn predict_into(&self, x: ndarray::ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
            out.iter_mut().zip(x.column(0)).for_each(|(out, spend)| *out = self.0 * spend);
            Ok(())
        }
        fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
            Ok(self.0 * row[0])
        }
    }
    let curve = |pays: f64, params: ModelResponseParams| params.fit(&Pays(pays), &[0.0], &[10.0, 200.0]).unwrap();
    let plain = |pays| curve(pays, ModelResponse::params());
    let of = |responses: Vec<(&str, ModelResponse)>| {
        recipe().plan_for(PlanCurves::models("pays", responses)).fit(&table(40))
    };
    let planner = of(vec![("b", plain(3.0)), ("a", plain(2.0))]).unwrap();
    let report = planner.report();
    // What pays more gets all it can hold; the other keeps the least that was observed.
    assert_eq!(
        (report.campaigns[0].id.as_str(), report.campaigns[0].proposed, report.curves.as_str()),
        ("a", 10.0, "pays")
    );
    assert!((report.campaigns[1].marginal - 3.0).abs() < 1e-9 && report.campaigns[0].support == [10.0, 200.0]);

    let says = |responses, words: &str| {
        let error = of(responses).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    says(vec![("b", plain(3.0))], "none of a");
    says(vec![("b", plain(3.0)), ("a", plain(2.0)), ("c", plain(2.0))], "campaign `c` is none of the 2");
    says(vec![("b", plain(3.0)), ("b", plain(3.0))], "`b`");
    let conversions = ModelResponse::params().unit(adsml_optimize::ResponseUnit::Conversions);
    says(vec![("b", plain(3.0)), ("a", curve(2.0, conversions))], "a's in Conversions");
    let named = recipe().plan_for(PlanCurves::models("account", [("a", plain(1.0))])).fit(&table(40));
    assert!(named.unwrap_err().to_string().contains("a name of their own"));
    let careful = recipe().risk(adsml_optimize::Risk::Cvar { share: 0.2 });
    let careful = careful.plan_for(PlanCurves::models("pays", [("a", plain(1.0)), ("b", plain(1.0))])).fit(&table(40));
    assert!(careful.unwrap_err().to_string().contains("the mean"));
}
