//! Budget problems whose true curves are known.

use adsml_optimize::{
    BudgetProblem, BudgetProblemBuilder, Campaign, CampaignDay, Currency, History, ResponseCurve, ResponseUnit, Shape,
    Total,
};
use adsml_simulate::{Account, Totals, TrueCurve};

use crate::Result;

/// A simulated campaign's true curve as a [`ResponseCurve`]: expected revenue of a usual day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedCurve(pub TrueCurve);

impl ResponseCurve for SimulatedCurve {
    fn value(&self, spend: f64) -> f64 {
        self.0.value(spend)
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.0.marginal(spend)
    }

    fn shape(&self) -> Shape {
        self.0.inflection().map_or(Shape::Concave, |inflection| Shape::SShaped { inflection })
    }

    fn unit(&self) -> ResponseUnit {
        ResponseUnit::Revenue
    }

    fn description(&self) -> Option<String> {
        Some(format!("{:?}", self.0))
    }
}

/// The daily budgets of a simulated account as a problem: its campaigns with their true curves, their mean daily spends as
/// today's budgets (rounded to minor units), and the sum of those as the total, exactly.
///
/// # Errors
///
/// [`Error::Optimize`](crate::Error::Optimize) for an account without campaigns.
pub fn demo_problem(account: &Account) -> Result<BudgetProblemBuilder> {
    let currency = Currency::new(account.currency());
    let per_major = currency.minor_per_major();
    let mean = |(campaign, totals): (&adsml_simulate::Campaign, Totals)| {
        (totals.spend / campaign.context.len() as f64 * per_major).round()
    };
    let today: Vec<f64> = account.campaigns().iter().zip(account.campaign_totals()).map(mean).collect();
    let campaigns = account.campaigns().iter().zip(&today).map(|(campaign, &budget)| {
        Campaign::new(&campaign.id, SimulatedCurve(campaign.curve)).today(budget / per_major)
    });
    let total = today.iter().sum::<f64>() / per_major;
    Ok(BudgetProblem::builder(currency).campaigns(campaigns).total(Total::Exactly(total)))
}

/// A simulated account's campaign days: spend, revenue, and as context the competition and the season, which its export shows.
///
/// # Errors
///
/// [`Error::Optimize`](crate::Error::Optimize) for an account without rows.
pub fn simulated_history(account: &Account) -> Result<History> {
    // Rows stand by date, then by campaign.
    let days = account.rows().chunk_by(|a, b| (a.date, a.campaign) == (b.date, b.campaign)).map(|rows| CampaignDay {
        campaign: account.campaigns()[rows[0].campaign].id.clone(),
        date: rows[0].date,
        spend: rows.iter().map(|row| row.spend).sum(),
        response: rows.iter().map(|row| row.revenue).sum(),
        context: vec![rows[0].competition_level, rows[0].seasonality_factor],
    });
    Ok(History::new(ResponseUnit::Revenue, &["competition_level", "seasonality_factor"], days)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_optimize::{BudgetOptimizer, Exact};

    #[test]
    fn the_demo_accounts_plan_is_proved_and_better_than_today() {
        let problem = demo_problem(&Account::demo()).unwrap().build().unwrap();
        let today = problem.today().unwrap();
        let plan = Exact::default().allocate(&problem).unwrap();
        plan.certificate().verify(&problem).unwrap();
        assert_eq!(plan.total(), today.iter().sum::<i64>());
        assert!(plan.value() > problem.value(&today).unwrap() && plan.gap() < 1e-6, "{plan}");
    }
}
