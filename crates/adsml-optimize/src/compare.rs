//! Several optimisers on one problem, side by side.

use std::fmt;

use adsml_core::FitContext;

use crate::allocation::{amount, share};
use crate::certificate::relative_gap;
use crate::{
    Allocation, BayesianOptimizer, BudgetOptimizer, BudgetProblem, DifferentialEvolution, Exact, GeneticAlgorithm,
    OptimizeError, ParticleSwarm, ProjectedGradient, RandomSearch, SimulatedAnnealing, StoppingReason,
};

/// Every optimiser of this crate with its defaults, the exact one first: what [`compare_optimizers`] is usually asked for.
///
/// ```
/// use adsml_optimize::{BudgetOptimizer, default_optimizers};
///
/// let all = default_optimizers();
/// let references: Vec<&dyn BudgetOptimizer> = all.iter().map(|optimizer| &**optimizer).collect();
/// assert_eq!(references[0].name(), "exact");
/// ```
pub fn default_optimizers() -> Vec<Box<dyn BudgetOptimizer>> {
    vec![
        Box::new(Exact::default()),
        Box::new(DifferentialEvolution::default()),
        Box::new(GeneticAlgorithm::default()),
        Box::new(ParticleSwarm::default()),
        Box::new(SimulatedAnnealing::default()),
        Box::new(ProjectedGradient::default()),
        Box::new(BayesianOptimizer::default()),
        Box::new(RandomSearch::default()),
    ]
}

/// What several optimisers made of one problem.
///
/// Its `Display` is a table, the best plan first, failures last.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Comparison {
    rows: Vec<ComparisonRow>,
    upper_bound: f64,
}

/// One optimiser's row.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ComparisonRow {
    /// Name of the optimiser.
    pub optimizer: String,
    /// Its plan, or why it has none.
    pub outcome: Result<Allocation, OptimizeError>,
    /// Gap of its plan to the least upper bound that any of the optimisers proved.
    pub gap: Option<f64>,
}

/// Lets every optimiser divide the same budget under the same circumstances, one after the other.
///
/// An optimiser that fails is a row with its error. Plans are judged by the least upper bound that any of them proved.
///
/// ```
/// use adsml_optimize::{BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, FitContext, Hill, Total};
/// use adsml_optimize::compare_optimizers;
///
/// let problem = BudgetProblem::builder(Currency::new("EUR"))
///     .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 2.0)?))
///     .campaign(Campaign::new("prospecting", Hill::new(2_000.0, 700.0, 2.0)?))
///     .total(Total::Exactly(600.0))
///     .build()?;
/// let (proved, hurried) = (Exact::default(), Exact::default().max_nodes(1));
/// let comparison = compare_optimizers(&problem, &[&proved, &hurried], &FitContext::default());
/// assert!(comparison.best().is_some_and(|row| row.gap.is_some_and(|gap| gap < 1e-6)));
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
pub fn compare_optimizers(
    problem: &BudgetProblem,
    optimizers: &[&dyn BudgetOptimizer],
    context: &FitContext<'_>,
) -> Comparison {
    let mut rows: Vec<ComparisonRow> = Vec::with_capacity(optimizers.len());
    for (done, optimizer) in optimizers.iter().enumerate() {
        context.progress("comparing optimisers", done, Some(optimizers.len()));
        let outcome = optimizer.allocate_with(problem, &FitContext { observer: None, ..*context });
        rows.push(ComparisonRow { optimizer: optimizer.name().to_owned(), outcome, gap: None });
    }
    let plans = || rows.iter().filter_map(|row| row.outcome.as_ref().ok());
    let upper_bound = plans().map(Allocation::upper_bound).fold(f64::INFINITY, f64::min);
    for row in &mut rows {
        row.gap = row.outcome.as_ref().ok().map(|plan| relative_gap(plan.value(), upper_bound));
    }
    // Stable: among equals the order given.
    rows.sort_by(|a, b| {
        let value = |row: &ComparisonRow| row.outcome.as_ref().map_or(f64::NEG_INFINITY, Allocation::value);
        value(b).total_cmp(&value(a))
    });
    Comparison { rows, upper_bound }
}

impl Comparison {
    /// Every optimiser's row, the best plan first, failures last.
    pub fn rows(&self) -> &[ComparisonRow] {
        &self.rows
    }

    /// The row of the best plan, if any optimiser has one.
    pub fn best(&self) -> Option<&ComparisonRow> {
        self.rows.first().filter(|row| row.outcome.is_ok())
    }

    /// The least upper bound that any of them proved; `+inf` when none did.
    pub fn upper_bound(&self) -> f64 {
        self.upper_bound
    }

    /// `(upper_bound - value) / |upper_bound|` for any objective, such as those on the way to a plan; 1 without a bound.
    pub fn gap_of(&self, value: f64) -> f64 {
        relative_gap(value, self.upper_bound)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.optimizer.len()).max().unwrap_or(0).max(9);
        writeln!(
            f,
            "{:<width$} {:>16} {:>12} {:>12} {:>10}  stopped",
            "optimiser", "objective", "gap", "evaluations", "ms"
        )?;
        for row in &self.rows {
            match &row.outcome {
                Ok(plan) => writeln!(
                    f,
                    "{:<width$} {:>16} {:>12} {:>12} {:>10.2}  {}",
                    row.optimizer,
                    amount(plan.value()),
                    row.gap.map_or_else(String::new, share),
                    plan.evaluations(),
                    1e3 * plan.seconds(),
                    in_words(plan.stopping())
                )?,
                Err(error) => writeln!(f, "{:<width$} failed: {error}", row.optimizer)?,
            }
        }
        if self.upper_bound == f64::INFINITY {
            write!(f, "nothing is known that could bound the objective")
        } else {
            write!(f, "no plan has more than {}", amount(self.upper_bound))
        }
    }
}

/// Why an optimiser stopped, in a few words.
fn in_words(reason: StoppingReason) -> &'static str {
    match reason {
        StoppingReason::GapReached => "gap proved",
        StoppingReason::WholeUnits => "whole units",
        StoppingReason::Converged => "converged",
        StoppingReason::MaxIterations => "iterations",
        StoppingReason::MaxEvaluations => "evaluations",
        StoppingReason::TimeLimit => "time limit",
        StoppingReason::CertificateSize => "certificate size",
        StoppingReason::Cancelled => "cancelled",
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ComparisonRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut row = serializer.serialize_struct("ComparisonRow", 8)?;
        row.serialize_field("optimizer", &self.optimizer)?;
        let plan = self.outcome.as_ref().ok();
        row.serialize_field("value", &plan.map(Allocation::value))?;
        row.serialize_field("gap", &self.gap)?;
        row.serialize_field("evaluations", &plan.map(Allocation::evaluations))?;
        row.serialize_field("seconds", &plan.map(Allocation::seconds))?;
        row.serialize_field("stopping", &plan.map(Allocation::stopping))?;
        row.serialize_field("budgets", &plan.map(Allocation::budgets))?;
        row.serialize_field("error", &self.outcome.as_ref().err().map(ToString::to_string))?;
        row.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Campaign, Currency, Exact, Hill, Result, Total};

    #[derive(Debug)]
    struct Broken;

    impl BudgetOptimizer for Broken {
        fn name(&self) -> &'static str {
            "broken"
        }

        fn allocate_with(&self, _: &BudgetProblem, _: &FitContext<'_>) -> Result<Allocation> {
            Err(OptimizeError::Cancelled)
        }
    }

    #[test]
    fn a_failing_optimiser_is_a_row_and_the_last_one() {
        let problem = BudgetProblem::builder(Currency::new("EUR"))
            .campaign(Campaign::new("A", Hill::new(900.0, 200.0, 2.0).unwrap()))
            .campaign(Campaign::new("B", Hill::new(900.0, 300.0, 2.0).unwrap()))
            .total(Total::Exactly(100.0))
            .build()
            .unwrap();
        let comparison = compare_optimizers(&problem, &[&Broken, &Exact::default()], &FitContext::default());
        assert_eq!(comparison.rows()[1].optimizer, "broken");
        assert_eq!(comparison.best().unwrap().optimizer, "exact");
        assert!(comparison.to_string().contains("broken    failed: cancelled"), "{comparison}");
        assert!(comparison.to_string().lines().nth(1).unwrap().ends_with("  gap proved"), "{comparison}");
        assert_eq!(comparison.gap_of(comparison.upper_bound() / 2.0), 0.5);
        let none = compare_optimizers(&problem, &[&Broken], &FitContext::default());
        assert_eq!(none.gap_of(1.0), 1.0);
        assert!(none.best().is_none() && none.to_string().ends_with("could bound the objective"));
    }
    #[test]
    fn the_default_optimisers_have_names_of_their_own_and_solve_a_small_problem() {
        let problem = BudgetProblem::builder(Currency::new("EUR"))
            .campaign(Campaign::new("A", Hill::new(900.0, 200.0, 2.0).unwrap()))
            .campaign(Campaign::new("B", Hill::new(900.0, 300.0, 1.0).unwrap()))
            .total(Total::Exactly(400.0))
            .build()
            .unwrap();
        let all = default_optimizers();
        let references: Vec<&dyn BudgetOptimizer> = all.iter().map(|optimizer| &**optimizer).collect();
        let mut names: Vec<&str> = all.iter().map(|optimizer| optimizer.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
        let comparison = compare_optimizers(&problem, &references, &FitContext::default());
        for row in comparison.rows() {
            let plan = row.outcome.as_ref().unwrap();
            assert_eq!(plan.total(), 40_000, "{}", row.optimizer);
            // Two campaigns: the coarsest search comes within a fifth of the best.
            assert!(row.gap.unwrap() < 0.2, "{comparison}");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_failure_is_plain_data_too() {
        let problem = BudgetProblem::builder(Currency::new("EUR"))
            .campaign(Campaign::new("A", Hill::new(900.0, 200.0, 1.0).unwrap()))
            .total(Total::Exactly(100.0))
            .build()
            .unwrap();
        let comparison = compare_optimizers(&problem, &[&Broken, &Exact::default()], &FitContext::default());
        let json = serde_json::to_value(&comparison).unwrap();
        assert_eq!(json["rows"][0]["budgets"], serde_json::json!([10_000]));
        assert_eq!(json["rows"][0]["stopping"], "gap_reached");
        assert_eq!(json["rows"][1]["value"], serde_json::Value::Null);
        assert_eq!(json["rows"][1]["error"], "cancelled before a feasible plan was found");
        assert_eq!(json["upper_bound"].as_f64(), Some(comparison.upper_bound()));
    }
}
