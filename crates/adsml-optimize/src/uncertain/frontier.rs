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
    /// The best plans of other totals; those that the constraints rule out are left out. Totals are solved side by side.
    ///
    /// # Errors
    ///
    /// Those of the averaged curves; none for totals.
    pub fn frontier(&self, totals: &[f64], context: &FitContext<'_>) -> Result<Vec<FrontierPoint>> {
        let n = self.sampled[0].n_draws();
        let builder = self.averaged_builder(&vec![1.0 / n as f64; n])?;
        let minor = self.nominal.currency.minor_per_major();
        let best = |total: f64| {
            let problem = builder.clone().total(Total::Exactly((total * minor).round() / minor)).build().ok()?;
            Exact::default().allocate_with(&problem, &context.for_part("frontier", 0)).ok().map(|plan| plan.response())
        };
        let one = |i: usize| {
            let total = totals[i];
            let response = best(total)?;
            let marginal = best(1.01 * total).map_or(f64::NAN, |more| (more - response) / (0.01 * total));
            Some(FrontierPoint { total, response, marginal })
        };
        Ok(parallel::map(totals.len(), context.threads, one).into_iter().flatten().collect())
    }
}
