//! From what a search found to a plan: rounded, judged, bounded.

use std::num::NonZeroUsize;
use std::time::Instant;

use super::shadow::shadow_prices;
use super::{Allocation, Binding, CampaignPlan};
use crate::certificate::{Certificate, Node, relative_gap};
use crate::exact::{local_prices, root_bound};
use crate::optimizer::{Found, HistoryPoint, StoppingReason};
use crate::problem::BudgetProblem;
use crate::problem::judge::{minor, spends as spends_of};
use crate::problem::rounding::round_to_minor;
use crate::{OptimizeError, Result};

/// How a search went.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) evaluations: usize,
    pub(crate) stopping: StoppingReason,
    pub(crate) history: Vec<HistoryPoint>,
    pub(crate) started: Instant,
    pub(crate) threads: NonZeroUsize,
}

impl Allocation {
    /// Rounds what a heuristic found, and bounds it by the relaxation of the whole problem.
    pub(crate) fn conclude(
        problem: &BudgetProblem,
        optimizer: &str,
        found: Found,
        started: Instant,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        let program = &problem.program;
        let budgets =
            round_to_minor(program, &found.spends).ok_or_else(|| problem.unreachable(&found.spends, false))?;
        let (prices, bound) = root_bound(program, threads);
        let nodes = vec![Node::Bound(prices, bound)];
        let Found { evaluations, stopping, history, .. } = found;
        let course = Course { evaluations, stopping, history, started, threads };
        Ok(Self::certified(problem, optimizer, budgets, nodes, Vec::new(), course))
    }

    /// A plan with its proof.
    pub(crate) fn certified(
        problem: &BudgetProblem,
        optimizer: &str,
        budgets: Vec<i64>,
        nodes: Vec<Node>,
        twins: Vec<Vec<usize>>,
        course: Course,
    ) -> Self {
        let program = &problem.program;
        let spends = spends_of(program, &budgets);
        let responses: Vec<f64> =
            program.terms.iter().zip(&spends).map(|(term, &spend)| term.curve.value(spend)).collect();
        let of_term = |i: usize| program.terms[i].objective(program.reward, program.cost, spends[i], responses[i]);
        let value = (0..spends.len()).map(of_term).sum::<f64>();
        let bounds = nodes.iter().filter_map(|node| if let Node::Bound(_, bound) = node { Some(*bound) } else { None });
        let upper_bound = bounds.fold(value, f64::max);
        let prices = match &nodes[..] {
            // Nothing was cut and nothing is missing: the proof's prices are the plan's.
            [Node::Bound(prices, bound)] if relative_gap(value, *bound) < 1e-9 => Some(prices.clone()),
            _ => local_prices(program, &spends, course.threads),
        };
        let bindings: Vec<Binding> =
            program.terms.iter().zip(&spends).map(|(term, &spend)| binding(term, spend)).collect();
        let campaigns = problem
            .campaigns
            .iter()
            .enumerate()
            .map(|(i, campaign)| CampaignPlan {
                id: campaign.id.clone(),
                budget: budgets[i],
                today: campaign.today.map(|today| minor(program, today)),
                response: responses[i],
                marginal: campaign.curve.marginal(spends[i]),
                binding: bindings[i],
            })
            .collect::<Vec<_>>();
        Self {
            optimizer: optimizer.to_owned(),
            currency: problem.currency.clone(),
            value,
            response: responses.iter().sum(),
            upper_bound,
            gap: relative_gap(value, upper_bound),
            shadow_prices: prices.map(|prices| shadow_prices(problem, &spends, &bindings, &prices)).unwrap_or_default(),
            evaluations: course.evaluations,
            stopping: course.stopping,
            history: course.history,
            certificate: Certificate { value, upper_bound, budgets, twins, nodes },
            campaigns,
            seconds: course.started.elapsed().as_secs_f64(),
        }
    }
}

fn binding(term: &crate::program::Term, spend: f64) -> Binding {
    if term.or_zero && spend == 0.0 {
        Binding::Paused
    } else if term.lower == term.upper && !term.or_zero {
        Binding::Fixed
    } else if spend == term.lower {
        Binding::AtLeast
    } else if spend == term.upper {
        Binding::AtMost
    } else {
        Binding::Free
    }
}

impl BudgetProblem {
    /// The error of a target that no plan reaches (`proved`), or that none was found to reach.
    pub(crate) fn unreachable(&self, nearest: &[f64], proved: bool) -> OptimizeError {
        use crate::Objective;
        let response = self.program.response(nearest);
        let spend: f64 = nearest.iter().sum();
        let (target, best) = match self.objective {
            Objective::TargetRoas(roas) => (format!("a ROAS of {roas}"), format!("{:.4}", response / spend)),
            Objective::TargetCpa(cpa) => (format!("a CPA of {cpa}"), format!("{:.4}", spend / response)),
            Objective::MinimumSpend { volume } => (format!("a volume of {volume}"), format!("{response:.4}")),
            Objective::Response | Objective::Profit { .. } => ("the totals".to_owned(), format!("{spend}")),
        };
        OptimizeError::TargetUnreachable { target, best, proved }
    }
}
