//! The auditor's page: what was asked, what was found, and why it can be believed.

use std::fmt::Write;

use super::display::{amount, share};
use super::shadow::Constraint;
use super::{Allocation, Binding, ShadowPrice};
use crate::{BudgetProblem, Objective, Shape, StoppingReason, Total};

impl Allocation {
    /// The auditor's page: what was asked, the plan, the proof and what it rests on, what binds and what that costs.
    ///
    /// `problem` is the one the plan was made for.
    pub fn explain(&self, problem: &BudgetProblem) -> String {
        let mut page = String::new();
        self.write_page(&mut page, problem).expect("a string takes every line");
        page
    }

    fn write_page(&self, page: &mut String, problem: &BudgetProblem) -> std::fmt::Result {
        writeln!(page, "Asked")?;
        writeln!(page, "  {}", objective(problem.objective()))?;
        writeln!(page, "  over {} campaigns, {}", self.campaigns.len(), self.total_words(problem.total()))?;
        for group in problem.groups() {
            writeln!(page, "  group {}: {} campaigns", group.name(), group.members().len())?;
        }
        writeln!(page, "\nPlan\n{}", indent(&self.to_string()))?;
        writeln!(page, "\nProof")?;
        self.write_proof(page, problem)?;
        writeln!(page, "\nWhat binds")?;
        let bound = |binding: Binding| self.campaigns.iter().filter(|campaign| campaign.binding == binding).count();
        writeln!(
            page,
            "  {} campaigns at their least, {} at their most, {} fixed, {} paused, {} free",
            bound(Binding::AtLeast),
            bound(Binding::AtMost),
            bound(Binding::Fixed),
            bound(Binding::Paused),
            bound(Binding::Free)
        )?;
        const MOST_PRICES: usize = 20;
        for price in self.shadow_prices.iter().take(MOST_PRICES) {
            writeln!(page, "  {}", self.price_words(problem, price))?;
        }
        if self.shadow_prices.len() > MOST_PRICES {
            writeln!(page, "  … and {} more", self.shadow_prices.len() - MOST_PRICES)?;
        }
        writeln!(page, "\nOptimal for the given curves; not causal evidence.")
    }

    fn write_proof(&self, page: &mut String, problem: &BudgetProblem) -> std::fmt::Result {
        let stopped = match self.stopping {
            StoppingReason::GapReached => "the gap asked for is proved",
            StoppingReason::WholeUnits => "only the rounding to whole minor units is left",
            StoppingReason::Converged => "the search converged",
            StoppingReason::MaxIterations => "every iteration was done",
            StoppingReason::MaxEvaluations => "every evaluation was spent",
            StoppingReason::TimeLimit => "the time limit passed",
            StoppingReason::CertificateSize => "the certificate reached its greatest size",
            StoppingReason::Cancelled => "it was cancelled",
        };
        writeln!(page, "  {} stopped because {stopped}, after {} evaluations", self.optimizer, self.evaluations)?;
        if self.upper_bound == f64::INFINITY {
            return writeln!(page, "  no bound: a curve of unknown shape does not bound itself");
        }
        writeln!(
            page,
            "  at most {} ({}) is left to be gained, shown part by part for {} parts of all budgets",
            amount((self.upper_bound - self.value).max(0.0)),
            share(self.gap),
            self.certificate.n_parts()
        )?;
        writeln!(page, "  it rests on these declarations of the curves:")?;
        for (words, count) in declarations(problem) {
            writeln!(page, "    {count} {words}")?;
        }
        Ok(())
    }

    fn total_words(&self, total: Option<Total>) -> String {
        let money = |amount: f64| {
            self.currency.to_minor(amount).map_or_else(|_| amount.to_string(), |minor| self.currency.format(minor))
        };
        match total {
            Some(Total::Exactly(amount)) => format!("{} in all, exactly", money(amount)),
            Some(Total::AtMost(amount)) => format!("{} in all or less", money(amount)),
            None => "without a total".to_owned(),
        }
    }

    fn price_words(&self, problem: &BudgetProblem, price: &ShadowPrice) -> String {
        let code = self.currency.code();
        let step = 100.0;
        let worth = amount(step * price.per_unit);
        match &price.constraint {
            Constraint::Total => format!("{step} {code} more in total are worth about {worth}"),
            Constraint::Group(name) => format!("{step} {code} more for group {name} are worth about {worth}"),
            Constraint::CampaignAtMost(id) => format!("raising {id}'s cap by {step} {code} is worth about {worth}"),
            Constraint::CampaignAtLeast(id) => {
                format!("lowering {id}'s minimum by {step} {code} is worth about {}", amount(-step * price.per_unit))
            }
            Constraint::Target => {
                let (what, step) = match problem.objective() {
                    Objective::TargetRoas(_) => ("the target ROAS", 0.1),
                    Objective::TargetCpa(_) => ("the target CPA", 1.0),
                    _ => ("the volume", 1.0),
                };
                format!("raising {what} by {step} changes the objective by about {}", amount(step * price.per_unit))
            }
        }
    }
}

fn objective(objective: Objective) -> String {
    match objective {
        Objective::Response => "the greatest response".to_owned(),
        Objective::Profit { margin } => format!("the greatest profit, at a margin of {margin} per unit of response"),
        Objective::TargetRoas(roas) => format!("the greatest revenue at a ROAS of {roas} or more"),
        Objective::TargetCpa(cpa) => format!("the most conversions at a CPA of {cpa} or less"),
        Objective::MinimumSpend { volume } => format!("the least spend for a response of {volume} or more"),
    }
}

/// What the curves declare, with how many of them.
fn declarations(problem: &BudgetProblem) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for campaign in problem.campaigns() {
        let words = match campaign.curve().shape() {
            Shape::Concave => "concave: returns diminish everywhere",
            Shape::SShaped { .. } => "S-shaped: convex up to the inflection, concave beyond",
            Shape::PiecewiseLinear => "piecewise linear between their breakpoints",
            Shape::Step => "constant between their breakpoints",
            Shape::Monotone => "never falling",
            Shape::Unknown => "of unknown shape, bounded by themselves",
        };
        match counts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => counts.push((words, 1)),
        }
    }
    counts
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
