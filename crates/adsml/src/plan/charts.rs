//! Charts of plans.

use adsml_optimize::{Allocation, Comparison, ComparisonRow};
use adsml_plot::{AllocationChart, CampaignBudget, ConvergenceChart, PlotError};

use crate::{Chart, Error, Result};

/// The file of budgets now and proposed.
pub(super) const ALLOCATION: &str = "allocation.svg";

/// Gaps below this are drawn as none: what the exact optimiser asks of itself.
const FLOOR: f64 = 1e-9;

/// As many searches as a chart can hold.
const MOST_SEARCHES: usize = 12;

/// What every campaign spends today (where that was said), and what the plan proposes.
///
/// # Errors
///
/// [`Error::Plot`], naming the chart.
pub fn allocation_chart(plan: &Allocation) -> Result<Chart> {
    let currency = plan.currency();
    let campaigns = plan.campaigns().iter().map(|campaign| {
        let budget = CampaignBudget::new(&campaign.id, currency.to_major(campaign.budget));
        match campaign.today {
            Some(today) => budget.now(currency.to_major(today)),
            None => budget,
        }
    });
    let svg = AllocationChart::new("Where should the money go?")
        .subtitle(format!("{} in all, by {}", currency.format(plan.total()), words(plan.optimizer())))
        .unit(currency.code())
        .campaigns(campaigns)
        .to_svg();
    chart(ALLOCATION, svg)
}

/// The charts there is something to draw for: the best plan, and how every optimiser's gap shrank with its evaluations
/// and with time (where any optimiser proved a bound).
///
/// # Errors
///
/// [`Error::Plot`], naming the chart.
pub fn comparison_charts(comparison: &Comparison) -> Result<Vec<Chart>> {
    let mut charts = Vec::new();
    let Some(Ok(best)) = comparison.best().map(|row| &row.outcome) else { return Ok(charts) };
    charts.push(allocation_chart(best)?);
    if comparison.upper_bound().is_finite() {
        charts.push(convergence("gap_by_evaluations.svg", comparison, "evaluations", |step| step.evaluations as f64)?);
        charts.push(convergence("gap_by_time.svg", comparison, "seconds", |step| step.seconds)?);
    }
    Ok(charts)
}

/// How far an optimiser has come.
struct Step {
    evaluations: usize,
    seconds: f64,
}

fn convergence(
    file_name: &'static str,
    comparison: &Comparison,
    progress: &str,
    count: fn(&Step) -> f64,
) -> Result<Chart> {
    let plans: Vec<(&ComparisonRow, &Allocation)> =
        comparison.rows().iter().filter_map(|row| Some((row, row.outcome.as_ref().ok()?))).collect();
    let shown = &plans[..plans.len().min(MOST_SEARCHES)];
    let left_out = match plans.len() - shown.len() {
        0 => String::new(),
        n => format!("; {n} worse ones are left out"),
    };
    let mut chart = ConvergenceChart::new("Which optimiser gets there first?")
        .subtitle(format!("Gap to the least upper bound that any of them proved; lower is better{left_out}"))
        .progress(progress)
        .floor(FLOOR);
    for (row, plan) in shown {
        chart = chart.series(words(&row.optimizer), &course(comparison, plan, count));
    }
    self::chart(file_name, chart.to_svg())
}

/// The gap at each improvement, and at the end, where the plan is rounded to whole minor units.
fn course(comparison: &Comparison, plan: &Allocation, count: fn(&Step) -> f64) -> Vec<(f64, f64)> {
    let steps = plan
        .history()
        .iter()
        .map(|point| (Step { evaluations: point.evaluations, seconds: point.seconds }, point.value));
    let end = (Step { evaluations: plan.evaluations(), seconds: plan.seconds() }, plan.value());
    let mut from = 0.0_f64;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (step, value) in steps.chain([end]).filter(|(_, value)| value.is_finite()) {
        // Evaluations that a later stage counts anew do not lead back.
        from = from.max(count(&step));
        points.push((from, comparison.gap_of(value)));
    }
    thinned(points)
}

/// At most 2,000 points: every n-th one, and the last.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let (last, every) = (points.len().saturating_sub(1), points.len().div_ceil(2_000).max(1));
    let keep = |i: usize| i.is_multiple_of(every) || i == last;
    points.into_iter().enumerate().filter(|&(i, _)| keep(i)).map(|(_, point)| point).collect()
}

/// `differential evolution` for `differential_evolution`.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

pub(super) fn chart(file_name: &'static str, svg: Result<String, PlotError>) -> Result<Chart> {
    let svg = svg.map_err(|source| Error::Plot { chart: file_name, source })?;
    Ok(Chart { file_name, svg })
}

#[cfg(test)]
mod tests {
    use adsml_optimize::{
        BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, FitContext, Hill, Limit, Objective, Total,
        compare_optimizers,
    };

    use super::*;

    fn problem() -> BudgetProblem {
        BudgetProblem::builder(Currency::new("EUR"))
            .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 1.5).unwrap()).today(400.0))
            .campaign(Campaign::new("new", Hill::new(2_000.0, 700.0, 2.0).unwrap()).at_most(Limit::Amount(900.0)))
            .total(Total::Exactly(1_000.0))
            .build()
            .unwrap()
    }

    #[test]
    fn a_comparison_has_its_best_plan_and_every_course() {
        let hurried = Exact::default().max_nodes(1);
        let comparison = compare_optimizers(&problem(), &[&Exact::default(), &hurried], &FitContext::default());
        let charts = comparison_charts(&comparison).unwrap();
        let names: Vec<&str> = charts.iter().map(|chart| chart.file_name).collect();
        assert_eq!(names, ["allocation.svg", "gap_by_evaluations.svg", "gap_by_time.svg"]);
        assert!(charts[0].svg.contains("brand") && charts[0].svg.contains("1 000.00 EUR in all, by exact"));
        assert!(charts[1].svg.contains("evaluations") && charts[2].svg.contains("seconds"));
    }

    #[test]
    fn without_a_plan_there_is_nothing_to_draw() {
        let unreachable = BudgetProblem::builder(Currency::new("EUR"))
            .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 1.5).unwrap()))
            .total(Total::Exactly(1_000.0))
            .objective(Objective::TargetRoas(1e6))
            .build()
            .unwrap();
        let comparison = compare_optimizers(&unreachable, &[&Exact::default()], &FitContext::default());
        assert!(comparison.best().is_none(), "{comparison}");
        assert!(comparison_charts(&comparison).unwrap().is_empty());
    }

    #[test]
    fn a_course_never_goes_back_and_ends_at_the_plan() {
        let problem = problem();
        let comparison = compare_optimizers(&problem, &[&Exact::default()], &FitContext::default());
        let plan = Exact::default().allocate(&problem).unwrap();
        let points = course(&comparison, &plan, |step| step.evaluations as f64);
        assert!(points.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert_eq!(points[points.len() - 1], (plan.evaluations() as f64, comparison.gap_of(plan.value())));
        let many = thinned((0..10_001).map(|i| (f64::from(i), 0.0)).collect());
        assert!(many.len() <= 2_001 && many[many.len() - 1].0 == 10_000.0);
    }
}
