//! What other totals would bring.

use adsml_core::{FitContext, parallel};

use super::problem::UncertainProblem;
use crate::{BudgetOptimizer, Exact, Result, Total};

/// The best that a total can bring.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct FrontierPoint {
    /// The total that may be spent, in currency.
    pub total: f64,
    /// Expected response of the best plan, on the draws that plans are made for.
    pub response: f64,
    /// Response to one more unit of currency, from the plan of a total one percent greater; `NaN` where there is none.
    pub marginal: f64,
}

impl UncertainProblem {
    /// The best plans of other totals; in ascending order, in whole minor units; those that are not positive, or that the constraints rule out, are left out. Totals are solved side by side.
    ///
    /// # Errors
    ///
    /// Those of the averaged curves; none for totals.
    pub fn frontier(&self, totals: &[f64], context: &FitContext<'_>) -> Result<Vec<FrontierPoint>> {
        let builder = self.mean_builder()?;
        let minor = self.nominal.currency.minor_per_major();
        let rounded = |total: f64| (total * minor).round() / minor;
        let mut totals: Vec<f64> = totals.iter().map(|&total| rounded(total)).filter(|total| *total > 0.0).collect();
        totals.sort_unstable_by(f64::total_cmp);
        totals.dedup();
        let best = |total: f64| {
            let problem = builder.clone().total(Total::Exactly(rounded(total))).build().ok()?;
            Exact::default().allocate_with(&problem, &context.for_part("frontier", 0)).ok().map(|plan| plan.response())
        };
        let one = |i: usize| {
            let total = totals[i];
            let response = best(total)?;
            let more = rounded(1.01 * total).max(total + 1.0 / minor);
            let marginal = best(more).map_or(f64::NAN, |most| (most - response) / (more - total));
            Some(FrontierPoint { total, response, marginal })
        };
        Ok(parallel::map(totals.len(), context.threads, one).into_iter().flatten().collect())
    }
}
