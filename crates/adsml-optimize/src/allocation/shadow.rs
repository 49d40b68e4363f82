//! Shadow prices: what one more unit of a constraint is worth.

use super::Binding;
use crate::Shape;
use crate::certificate::Prices;
use crate::problem::{BudgetProblem, Objective};

/// What the objective gains when a constraint is relaxed by one unit of currency (or of the target).
///
/// A derivative at the plan: good for small changes, and for as long as no campaign starts, stops or meets a bound.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ShadowPrice {
    /// Which constraint.
    pub constraint: Constraint,
    /// Gain of the objective per unit by which its limit is raised; negative where raising it costs.
    pub per_unit: f64,
}

/// A constraint of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Constraint {
    /// The total.
    Total,
    /// The upper (or binding lower) limit of a group, by name.
    Group(String),
    /// The upper bound of a campaign, by id.
    CampaignAtMost(String),
    /// The lower bound of a campaign, by id.
    CampaignAtLeast(String),
    /// The target ROAS or CPA, or the least volume.
    Target,
}

/// The shadow prices of a plan, constraints that do not bind left out. `spends` in major units, `prices` those at which
/// its campaigns would not move.
pub(super) fn shadow_prices(
    problem: &BudgetProblem,
    spends: &[f64],
    bindings: &[Binding],
    prices: &Prices,
) -> Vec<ShadowPrice> {
    let mut all = Vec::new();
    if prices.total != 0.0 {
        all.push(ShadowPrice { constraint: Constraint::Total, per_unit: prices.total });
    }
    if prices.floor > 0.0 {
        let spend: f64 = spends.iter().sum();
        // The floor is sum f - ratio * spend >= least: by how much does it move per unit of the target?
        let moved = match problem.objective {
            Objective::TargetRoas(_) => spend,
            Objective::TargetCpa(target) => -spend / (target * target),
            _ => 1.0,
        };
        all.push(ShadowPrice { constraint: Constraint::Target, per_unit: -prices.floor * moved });
    }
    for (group, &price) in problem.groups.iter().zip(&prices.groups) {
        if price != 0.0 {
            all.push(ShadowPrice { constraint: Constraint::Group(group.name.clone()), per_unit: price });
        }
    }
    for (i, binding) in bindings.iter().enumerate() {
        let constraint: fn(String) -> Constraint = match binding {
            Binding::AtMost => Constraint::CampaignAtMost,
            Binding::AtLeast => Constraint::CampaignAtLeast,
            Binding::Free | Binding::Fixed | Binding::Paused => continue,
        };
        let per_unit = worth(problem, prices, i, spends[i], *binding == Binding::AtLeast);
        // At its lower bound a campaign may be worth more than its price only by rounding; at its upper, less.
        let sensible = match binding {
            Binding::AtMost => per_unit > 0.0,
            _ => per_unit < 0.0,
        };
        if sensible {
            all.push(ShadowPrice { constraint: constraint(problem.campaigns[i].id.clone()), per_unit });
        }
    }
    all
}

/// What one more unit of a campaign's spend brings beyond the prices it pays; `below`: what one less would save, negated.
fn worth(problem: &BudgetProblem, prices: &Prices, campaign: usize, spend: f64, below: bool) -> f64 {
    let program = &problem.program;
    let term = &program.terms[campaign];
    let smooth = !matches!(term.curve.shape(), Shape::Step | Shape::PiecewiseLinear);
    let marginal = if smooth || !below {
        term.curve.marginal(spend)
    } else {
        // At a step or a bend, what is lost by spending less is not what is gained by spending more.
        let unit = 1.0 / program.minor_per_major;
        (term.curve.value(spend) - term.curve.value(spend - unit)) / unit
    };
    let grows = if below { spend > term.today } else { spend >= term.today };
    let change = if grows { term.change_cost } else { -term.change_cost };
    (program.reward + prices.floor) * marginal - prices.of_spend(program, campaign) - change
}
