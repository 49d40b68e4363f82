//! Given budgets, judged exactly: in whole minor units, without rounding error.

use crate::program::{Program, Term};
use crate::{BudgetProblem, OptimizeError, Result};

/// An amount of the program in whole minor units.
pub(crate) fn minor(program: &Program, amount: f64) -> i64 {
    (amount * program.minor_per_major).round() as i64
}

/// Minor units as the program's major ones, correctly rounded.
pub(crate) fn major(program: &Program, minor: i64) -> f64 {
    minor as f64 / program.minor_per_major
}

/// Whole budgets as spends of the program.
pub(crate) fn spends(program: &Program, budgets: &[i64]) -> Vec<f64> {
    budgets.iter().map(|&budget| major(program, budget)).collect()
}

/// Whether budgets keep every bound, group and the total, to the minor unit; floors are another matter.
pub(crate) fn is_feasible(program: &Program, budgets: &[i64]) -> bool {
    budgets.len() == program.n_campaigns()
        && program.terms.iter().zip(budgets).all(|(term, &budget)| allows(program, term, budget))
        && within(program, sum(budgets.iter().copied()), program.total)
        && program.groups.iter().all(|group| {
            within(program, sum(group.members.iter().map(|&member| budgets[member])), (group.least, group.most))
        })
}

fn allows(program: &Program, term: &Term, budget: i64) -> bool {
    (term.or_zero && budget == 0) || within(program, budget, (term.lower, term.upper))
}

fn within(program: &Program, budget: i64, (least, most): (f64, f64)) -> bool {
    (minor(program, least)..=minor(program, most)).contains(&budget)
}

/// Budgets that somebody gives may be anything.
fn sum(budgets: impl Iterator<Item = i64>) -> i64 {
    budgets.fold(0, i64::saturating_add)
}

impl BudgetProblem {
    /// The objective of `budgets`, in minor units, one per campaign: response, profit, or the negative of the spend for
    /// [`MinimumSpend`](crate::Objective::MinimumSpend); less what changes cost. Feasible or not.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidPlan`] unless there is one budget per campaign, none negative.
    pub fn value(&self, budgets: &[i64]) -> Result<f64> {
        self.check_shape(budgets)?;
        Ok(self.program.value(&spends(&self.program, budgets)))
    }

    /// Whether `budgets`, in minor units, one per campaign, keep every constraint, target or volume included.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidPlan`] names the first constraint they do not keep: campaigns first, then groups, the total,
    /// the target.
    pub fn check(&self, budgets: &[i64]) -> Result<()> {
        self.check_shape(budgets)?;
        let program = &self.program;
        for ((campaign, term), &budget) in self.campaigns.iter().zip(&program.terms).zip(budgets) {
            if !allows(program, term, budget) {
                let zero = if term.or_zero { "0 or " } else { "" };
                let range = self.between((term.lower, term.upper));
                let found = self.currency.format_bare(budget);
                return Err(refused(format!("campaign `{}` has {found}, expected {zero}{range}", campaign.id)));
            }
        }
        for (group, limit) in self.groups.iter().zip(&program.groups) {
            let spent = sum(limit.members.iter().map(|&member| budgets[member]));
            if !within(program, spent, (limit.least, limit.most)) {
                let (found, range) = (self.currency.format_bare(spent), self.between((limit.least, limit.most)));
                return Err(refused(format!("group `{}` has {found}, expected {range}", group.name)));
            }
        }
        let spent = sum(budgets.iter().copied());
        if !within(program, spent, program.total) {
            let (found, range) = (self.currency.format_bare(spent), self.between(program.total));
            return Err(refused(format!("the budgets add up to {found}, expected {range}")));
        }
        let shortfall = program.shortfall(&spends(program, budgets));
        if shortfall > 0.0 {
            return Err(refused(format!("the response falls {shortfall} short of the target")));
        }
        Ok(())
    }

    fn check_shape(&self, budgets: &[i64]) -> Result<()> {
        if budgets.len() != self.campaigns.len() {
            let (found, expected) = (budgets.len(), self.campaigns.len());
            return Err(refused(format!("{found} budgets for {expected} campaigns")));
        }
        match budgets.iter().position(|&budget| budget < 0) {
            Some(at) => {
                let found = self.currency.format_bare(budgets[at]);
                Err(refused(format!(
                    "campaign `{}` has {found}, expected an amount of at least 0",
                    self.campaigns[at].id
                )))
            }
            None => Ok(()),
        }
    }

    /// In words, with numbers.
    fn between(&self, (least, most): (f64, f64)) -> String {
        let [least, most] = [least, most].map(|amount| minor(&self.program, amount));
        let [low, high] = [least, most].map(|amount| self.currency.format_bare(amount));
        if least == most {
            format!("exactly {low}")
        } else if least == 0 {
            format!("at most {high}")
        } else {
            format!("{low} to {high}")
        }
    }
}

fn refused(finding: String) -> OptimizeError {
    OptimizeError::InvalidPlan { finding }
}
