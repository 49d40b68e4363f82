//! What is planned, from which columns, within which limits.

use adsml_core::{FitContext, Table};
use adsml_optimize::{
    Currency, LiftTest, Limit, Objective, PlannedDay, ResponseModelParams, ResponseUnit, Risk, Total,
};

use super::{BudgetPlanner, PlanCurves};
use crate::Result;

/// Settings of a [`BudgetPlanner`].
#[derive(Debug, Clone)]
pub struct BudgetPlannerParams {
    pub(super) campaign: Option<String>,
    pub(super) date: Option<String>,
    pub(super) spend: Option<String>,
    pub(super) response: Option<(String, ResponseUnit)>,
    pub(super) context: Vec<String>,
    pub(super) currency_column: Option<String>,
    pub(super) currency: Option<Currency>,
    pub(super) total: Option<Total>,
    pub(super) bounds: Option<(Limit, Limit)>,
    pub(super) max_change: Option<f64>,
    pub(super) change_cost: f64,
    pub(super) beyond_support: bool,
    pub(super) objective: Objective,
    pub(super) risk: Risk,
    pub(super) curves: ResponseModelParams,
    pub(super) lift_tests: Vec<LiftTest>,
    pub(super) completeness: Vec<f64>,
    pub(super) plan_for: PlanCurves,
    pub(super) horizon: usize,
    pub(super) outlook: Vec<PlannedDay>,
    pub(super) compare: bool,
}

impl Default for BudgetPlannerParams {
    fn default() -> Self {
        Self {
            campaign: None,
            date: None,
            spend: None,
            response: None,
            context: Vec::new(),
            currency_column: None,
            currency: None,
            total: None,
            bounds: None,
            max_change: None,
            change_cost: 0.0,
            beyond_support: false,
            objective: Objective::Response,
            risk: Risk::Mean,
            curves: ResponseModelParams::default(),
            lift_tests: Vec::new(),
            completeness: Vec::new(),
            plan_for: PlanCurves::Account,
            horizon: 30,
            outlook: Vec::new(),
            compare: false,
        }
    }
}

impl BudgetPlannerParams {
    /// Column of campaigns: categories, or numbers that are ids. Without it, all rows are of one campaign, named after the column of
    /// the spend.
    #[must_use]
    pub fn campaign(mut self, column: impl Into<String>) -> Self {
        self.campaign = Some(column.into());
        self
    }

    /// Column of dates; text of day, month and year is understood where some date in it leaves no doubt about their order.
    #[must_use]
    pub fn date(mut self, column: impl Into<String>) -> Self {
        self.date = Some(column.into());
        self
    }

    /// Column of what was spent, in currency. Missing is nothing spent.
    #[must_use]
    pub fn spend(mut self, column: impl Into<String>) -> Self {
        self.spend = Some(column.into());
        self
    }

    /// Column of the revenue that came of it, in the same currency. Missing is none.
    #[must_use]
    pub fn revenue(mut self, column: impl Into<String>) -> Self {
        self.response = Some((column.into(), ResponseUnit::Revenue));
        self
    }

    /// Column of the conversions that came of it. Missing is none.
    #[must_use]
    pub fn conversions(mut self, column: impl Into<String>) -> Self {
        self.response = Some((column.into(), ResponseUnit::Conversions));
        self
    }

    /// Columns of numbers that say in what circumstances: competition, season, price. Their effects are learnt with the curves.
    #[must_use]
    pub fn context<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.context.extend(columns.into_iter().map(Into::into));
        self
    }

    /// The currency of spend and revenue; default: that of the column that names it, else EUR.
    #[must_use]
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }

    /// Column that names the currency of every row; more than one is refused.
    #[must_use]
    pub fn currency_column(mut self, column: impl Into<String>) -> Self {
        self.currency_column = Some(column.into());
        self
    }

    /// What a period may cost. Default: what the last periods cost, to be spent exactly for [`Objective::Response`], else at
    /// most.
    #[must_use]
    pub fn total(mut self, total: Total) -> Self {
        self.total = Some(total);
        self
    }

    /// Bounds for every campaign. Default: the spends that were observed.
    #[must_use]
    pub fn bounds(mut self, lower: Limit, upper: Limit) -> Self {
        self.bounds = Some((lower, upper));
        self
    }

    /// At most this share of today's budget up or down, per period: `0.2` for ±20 %.
    #[must_use]
    pub fn max_change(mut self, share: f64) -> Self {
        self.max_change = Some(share);
        self
    }

    /// What each unit of currency by which a budget changes from one period to the next costs, in units of the objective. It
    /// keeps plans from thrashing. Default 0.
    #[must_use]
    pub fn change_cost(mut self, per_unit: f64) -> Self {
        self.change_cost = per_unit;
        self
    }

    /// Whether budgets may leave the spends that were observed; those that do are flagged. Default `false`.
    #[must_use]
    pub fn beyond_support(mut self, beyond: bool) -> Self {
        self.beyond_support = beyond;
        self
    }

    /// To what end the budget is divided. Default [`Objective::Response`].
    #[must_use]
    pub fn objective(mut self, objective: Objective) -> Self {
        self.objective = objective;
        self
    }

    /// The mean over what the rows leave possible, or its worst part. Default [`Risk::Mean`].
    #[must_use]
    pub fn risk(mut self, risk: Risk) -> Self {
        self.risk = risk;
        self
    }

    /// How the account's curves are learnt.
    #[must_use]
    pub fn curves(mut self, curves: ResponseModelParams) -> Self {
        self.curves = curves;
        self
    }

    /// Changes how the account's curves are learnt, and keeps what was said before.
    #[must_use]
    pub fn adjust_curves(mut self, change: impl FnOnce(ResponseModelParams) -> ResponseModelParams) -> Self {
        self.curves = change(self.curves);
        self
    }

    /// Experiments, which enter the likelihood of their campaigns' curves; where there are any, in place of those of
    /// [`curves`](Self::curves). `read_lift_tests` reads them from a file.
    #[must_use]
    pub fn lift_tests(mut self, tests: impl IntoIterator<Item = LiftTest>) -> Self {
        self.lift_tests = tests.into_iter().collect();
        self
    }

    /// The share of the response that has arrived by age, from the last period backwards, each in `(0, 1]`; older periods are complete. Where
    /// it is said, in place of that of [`curves`](Self::curves).
    #[must_use]
    pub fn completeness(mut self, by_age: impl IntoIterator<Item = f64>) -> Self {
        self.completeness = by_age.into_iter().collect();
        self
    }

    /// The settings of the account's curves, with experiments and completeness.
    pub(super) fn learning(&self) -> ResponseModelParams {
        let mut curves = self.curves.clone();
        if !self.lift_tests.is_empty() {
            curves = curves.lift_tests(self.lift_tests.clone());
        }
        if !self.completeness.is_empty() {
            curves = curves.completeness(self.completeness.clone());
        }
        curves
    }

    /// Which curves the plan is made for: the account's (the default), those of fitted models, or those of the prototype's forest.
    #[must_use]
    pub fn plan_for(mut self, curves: PlanCurves) -> Self {
        self.plan_for = curves;
        self
    }

    /// Periods to look ahead, up to 366, in average circumstances. Default 30.
    #[must_use]
    pub fn horizon(mut self, periods: usize) -> Self {
        self.horizon = periods;
        self
    }

    /// The periods to look ahead, with their circumstances and totals, in place of [`horizon`](Self::horizon).
    #[must_use]
    pub fn outlook(mut self, days: impl IntoIterator<Item = PlannedDay>) -> Self {
        self.outlook = days.into_iter().collect();
        self
    }

    /// Whether every optimiser divides the budget too, to be compared: some seconds. Default `false`.
    #[must_use]
    pub fn compare(mut self, compare: bool) -> Self {
        self.compare = compare;
        self
    }

    /// Learns the curves, divides the budget, looks ahead.
    ///
    /// # Errors
    ///
    /// As [`fit_with`](Self::fit_with).
    pub fn fit(&self, table: &Table) -> Result<BudgetPlanner> {
        self.fit_with(table, &FitContext::default())
    }

    /// As [`fit`](Self::fit), with a seed, threads, an observer, a way to cancel. Nothing but the seed changes the plan.
    ///
    /// # Errors
    ///
    /// [`Error::NotStated`](crate::Error::NotStated) without columns of date, spend and response;
    /// [`Error::Core`](crate::Error::Core) for a missing or mistyped column; [`Error::PlanRow`](crate::Error::PlanRow) for a
    /// row without campaign or date, [`Error::MixedCurrencies`](crate::Error::MixedCurrencies),
    /// [`Error::AmbiguousDates`](crate::Error::AmbiguousDates);
    /// [`Error::UnknownCampaign`](crate::Error::UnknownCampaign) for a model's curve of a campaign that has no rows;
    /// [`Error::Optimize`](crate::Error::Optimize) for rows that cannot be (negative revenue), for constraints that clash, for a target out
    /// of reach, for lift tests of campaigns without rows, for a completeness outside its range, for models' curves that leave out a campaign that spends or are in another unit, and for the worst draws of
    /// curves that have none.
    pub fn fit_with(&self, table: &Table, context: &FitContext<'_>) -> Result<BudgetPlanner> {
        super::fit::fit(self, table, context)
    }
}
