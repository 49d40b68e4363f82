//! A budget to be divided, and the draws of its curves.

use std::sync::Arc;

use adsml_core::FitContext;

use super::gain::Gain;
use super::plan::UncertainPlan;
use super::risk::Risk;
use super::sampled::Sampled;
use crate::problem::BudgetProblemBuilder;
use crate::{
    Allocation, BudgetOptimizer, BudgetProblem, Exact, Objective, OptimizeError, ResponseCurve, Result, Scaled, Sum,
};

/// A budget to be divided over campaigns whose curves are only known up to draws.
///
/// The problem (bounds, groups, total, objective) is described as any other; its campaigns' own curves only say where spend is supported. A third of the
/// draws is what plans are made for (sample average approximation: Shapiro, Dentcheva and Ruszczynski 2014, "Lectures on
/// stochastic programming", 5), the others judge them. [`on_own_curves`](Self::on_own_curves) turns that round for curves that do
/// not say how sure they are: plans are made for the campaigns' own curves, and every draw judges them.
///
/// ```
/// use std::sync::Arc;
/// use adsml_optimize::{BudgetProblem, Campaign, Currency, Hill, ResponseCurve, Risk, Total, UncertainProblem};
///
/// // Nobody knows whether the second campaign saturates early or late.
/// let draws = |half: f64| (0..30).map(move |i| {
///     Arc::new(Hill::new(900.0, half * (1.0 + 0.05 * f64::from(i % 10)), 1.0).unwrap()) as Arc<dyn ResponseCurve>
/// }).collect::<Vec<_>>();
/// let curves = vec![draws(150.0), draws(400.0)];
/// let problem = BudgetProblem::builder(Currency::new("EUR"))
///     .campaign(Campaign::with_curve("brand", curves[0][0].clone()).today(500.0))
///     .campaign(Campaign::with_curve("search", curves[1][0].clone()).today(100.0))
///     .total(Total::Exactly(600.0));
/// let plan = UncertainProblem::new(problem, curves)?.allocate(Risk::Mean)?;
/// let gain = plan.gain().expect("today's plan is known");
/// assert!(gain.mean > 0.0 && gain.probability_worse < 0.05);
/// assert!(plan.gap() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct UncertainProblem {
    pub(super) builder: BudgetProblemBuilder,
    /// With the campaigns' own curves.
    pub(super) nominal: BudgetProblem,
    pub(super) draws: Vec<Vec<Arc<dyn ResponseCurve>>>,
    pub(super) sampled: Vec<Sampled>,
    /// Whether plans are made for the campaigns' own curves.
    own: bool,
}

/// Plans are made for one draw in so many.
const MADE_FOR: usize = 3;
/// Rounds in which the weights of the worst draws are sought.
const ROUNDS: usize = 24;
/// A relative gap at which they are found.
const CLOSE: f64 = 1e-4;

impl UncertainProblem {
    /// `draws`: per campaign of the problem, in its order, equally likely curves; draw `i` of one goes with draw `i` of the others.
    ///
    /// # Errors
    ///
    /// Those of [`BudgetProblemBuilder::build`]; [`InvalidParameter`](OptimizeError::InvalidParameter) unless there are
    /// equally many draws of every campaign, at least three.
    pub fn new(problem: BudgetProblemBuilder, draws: Vec<Vec<Arc<dyn ResponseCurve>>>) -> Result<Self> {
        let nominal = problem.clone().build()?;
        let n = draws.first().map_or(0, Vec::len);
        if draws.len() != nominal.campaigns.len() || n < MADE_FOR || draws.iter().any(|draws| draws.len() != n) {
            return Err(OptimizeError::InvalidParameter {
                owner: "the uncertain problem".to_owned(),
                name: "draws",
                value: format!("{:?} draws", draws.iter().map(Vec::len).collect::<Vec<_>>()),
                expected: "equally many for every campaign, at least three",
            });
        }
        let sampled = draws
            .iter()
            .zip(&nominal.program.terms)
            .map(|(draws, term)| {
                let seen: Vec<_> = draws.iter().step_by(MADE_FOR).cloned().collect();
                Sampled::new(&seen, term.upper)
            })
            .collect();
        Ok(Self { builder: problem, nominal, draws, sampled, own: false })
    }

    /// Makes plans for the campaigns' own curves, and judges them on all draws: a second opinion on curves of a model that does
    /// not say how sure it is. A plan's value, bound and certificate are of the own curves, its [`Gain`] is by the draws, and the gain's
    /// [`optimism`](Gain::optimism) is what the own curves promise beyond that. There is no worst of one: [`Risk::Cvar`] is refused.
    #[must_use]
    pub fn on_own_curves(mut self) -> Self {
        self.own = true;
        self
    }

    /// The problem with the campaigns' own curves.
    pub fn nominal(&self) -> &BudgetProblem {
        &self.nominal
    }

    /// Divides the budget with the default context.
    ///
    /// # Errors
    ///
    /// As [`allocate_with`](Self::allocate_with).
    pub fn allocate(&self, risk: Risk) -> Result<UncertainPlan> {
        self.allocate_with(risk, &Exact::default(), &FitContext::default())
    }

    /// Divides the budget so that the mean of the response, or of its worst draws, is as great as can be.
    ///
    /// The mean is one problem of averaged curves. For the worst draws, weights of draws are sought that make the best plan
    /// for them as bad as can be (fictitious play); every such plan's bound is a bound, for its weights are one choice of many.
    /// On curves that are not concave a gap may remain.
    ///
    /// # Errors
    ///
    /// Those of the optimiser; [`InvalidParameter`](OptimizeError::InvalidParameter) for a share of draws outside its range, and for
    /// the worst of them on own curves.
    pub fn allocate_with(&self, risk: Risk, optimizer: &Exact, context: &FitContext<'_>) -> Result<UncertainPlan> {
        risk.check()?;
        if self.own {
            return self.allocate_own(risk, optimizer, context);
        }
        let n_seen = self.sampled[0].n_draws();
        let today = self.nominal.today();
        let base = |draw: usize| today.as_ref().map_or(0.0, |today| self.value_of(today, draw));
        let bases: Vec<f64> = (0..self.draws[0].len()).map(base).collect();
        let seen: Vec<usize> = (0..self.draws[0].len()).step_by(MADE_FOR).collect();
        let gains = |budgets: &[i64], draws: &[usize]| -> Vec<f64> {
            draws.iter().map(|&draw| self.value_of(budgets, draw) - bases[draw]).collect()
        };
        let mean_base =
            |weights: &[f64]| seen.iter().zip(weights).map(|(&draw, weight)| weight * bases[draw]).sum::<f64>();

        let mut weights = vec![1.0 / n_seen as f64; n_seen];
        let mut best: Option<(f64, Allocation, BudgetProblem)> = None;
        let mut upper_bound = f64::INFINITY;
        for round in 0..ROUNDS {
            let problem = self.averaged(&weights)?;
            let plan = optimizer.allocate_with(&problem, context)?;
            upper_bound = upper_bound.min(plan.upper_bound() - mean_base(&weights));
            let (value, worst) = match risk {
                Risk::Mean => (plan.value() - mean_base(&weights), Vec::new()),
                risk => risk.of(&gains(plan.budgets(), &seen)),
            };
            if best.as_ref().is_none_or(|(known, ..)| value > *known) {
                best = Some((value, plan, problem));
            }
            let known = best.as_ref().map_or(value, |(known, ..)| *known);
            if risk == Risk::Mean || upper_bound - known <= CLOSE * upper_bound.abs().max(1e-9) {
                break;
            }
            let step = 2.0 / (round as f64 + 3.0);
            weights.iter_mut().zip(&worst).for_each(|(weight, worst)| *weight += step * (worst - *weight));
        }
        let (value, allocation, problem) = best.ok_or(OptimizeError::Cancelled)?;
        let unseen: Vec<usize> = (0..self.draws[0].len()).filter(|draw| draw % MADE_FOR != 0).collect();
        let gain = today.as_ref().map(|_| {
            let expected = unseen.iter().map(|&draw| bases[draw]).sum::<f64>() / unseen.len() as f64;
            Gain::new(&gains(allocation.budgets(), &seen), &gains(allocation.budgets(), &unseen), expected)
        });
        Ok(UncertainPlan { allocation, problem, risk, value, upper_bound, gain })
    }

    /// Divides the budget for the campaigns' own curves; every draw judges.
    fn allocate_own(&self, risk: Risk, optimizer: &Exact, context: &FitContext<'_>) -> Result<UncertainPlan> {
        if risk != Risk::Mean {
            return Err(OptimizeError::InvalidParameter {
                owner: "the uncertain problem".to_owned(),
                name: "risk",
                value: format!("{risk:?}"),
                expected: "the mean, where plans are made for one curve a campaign",
            });
        }
        let allocation = optimizer.allocate_with(&self.nominal, context)?;
        let today = self.nominal.today();
        let base = match &today {
            Some(today) => self.nominal.value(today)?,
            None => 0.0,
        };
        let gain = today.as_ref().map(|today| {
            let bases: Vec<f64> = (0..self.draws[0].len()).map(|draw| self.value_of(today, draw)).collect();
            let gains = bases.iter().enumerate().map(|(draw, base)| self.value_of(allocation.budgets(), draw) - base);
            let expected = bases.iter().sum::<f64>() / bases.len() as f64;
            Gain::new(&[allocation.value() - base], &gains.collect::<Vec<_>>(), expected)
        });
        let (value, upper_bound) = (allocation.value() - base, allocation.upper_bound() - base);
        Ok(UncertainPlan { allocation, problem: self.nominal.clone(), risk, value, upper_bound, gain })
    }

    /// The problem of averaged curves.
    pub(super) fn averaged(&self, weights: &[f64]) -> Result<BudgetProblem> {
        self.averaged_builder(weights)?.build()
    }

    /// The problem that the mean plan is made for.
    pub(super) fn mean_builder(&self) -> Result<BudgetProblemBuilder> {
        if self.own {
            return Ok(self.builder.clone());
        }
        let n = self.sampled[0].n_draws();
        self.averaged_builder(&vec![1.0 / n as f64; n])
    }

    fn averaged_builder(&self, weights: &[f64]) -> Result<BudgetProblemBuilder> {
        let curves = self.sampled.iter().map(|sampled| sampled.average(weights)).collect::<Result<Vec<_>>>()?;
        Ok(self.builder.clone().with_curves(curves))
    }

    /// The problem that the mean plan is made for, each campaign's curve times a factor.
    pub(crate) fn scaled_builder(&self, factors: &[f64]) -> Result<BudgetProblemBuilder> {
        if self.own {
            let scale = |(campaign, &factor): (&crate::Campaign, &f64)| -> Result<Arc<dyn ResponseCurve>> {
                Ok(Arc::new(Scaled::new(Sum::new([Arc::clone(&campaign.curve)])?, factor, 1.0)?))
            };
            let curves = self.nominal.campaigns.iter().zip(factors).map(scale).collect::<Result<Vec<_>>>()?;
            return Ok(self.builder.clone().with_curves(curves));
        }
        let average = |(sampled, factor): (&Sampled, &f64)| {
            let n = sampled.n_draws();
            sampled.average(&vec![factor / n as f64; n])
        };
        let curves = self.sampled.iter().zip(factors).map(average).collect::<Result<Vec<_>>>()?;
        Ok(self.builder.clone().with_curves(curves))
    }

    /// The objective of budgets on a draw.
    fn value_of(&self, budgets: &[i64], draw: usize) -> f64 {
        let spends = crate::problem::judge::spends(&self.nominal.program, budgets);
        let response: f64 = self.draws.iter().zip(&spends).map(|(draws, &spend)| draws[draw].value(spend)).sum();
        match self.nominal.objective {
            Objective::Profit { margin } => margin * response - spends.iter().sum::<f64>(),
            Objective::MinimumSpend { .. } => -spends.iter().sum::<f64>(),
            _ => response,
        }
    }
}
