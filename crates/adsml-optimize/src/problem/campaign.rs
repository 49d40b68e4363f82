//! A campaign: its curve, and what its budget may be.

use std::sync::Arc;

use crate::ResponseCurve;

/// One campaign of a [`BudgetProblem`](crate::BudgetProblem): an id, a curve, and what its budget may be.
///
/// Without further word its budget may be anything from 0 to the total. Amounts are in major units of currency.
///
/// ```
/// use adsml_optimize::{Campaign, Hill, Limit};
///
/// let brand = Campaign::new("brand", Hill::new(900.0, 200.0, 1.5)?)
///     .between(Limit::Share(0.05), Limit::Amount(400.0))
///     .today(180.0)
///     .max_change(0.2);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Campaign {
    pub(crate) id: String,
    pub(crate) curve: Arc<dyn ResponseCurve>,
    pub(crate) lower: Option<Limit>,
    pub(crate) upper: Option<Limit>,
    pub(crate) or_zero: bool,
    pub(crate) frozen: bool,
    pub(crate) today: Option<f64>,
    pub(crate) max_change: Option<f64>,
    pub(crate) change_cost: f64,
}

/// A bound on a sum of money.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Limit {
    /// So much money, in major units.
    Amount(f64),
    /// This share of the total, between 0 and 1.
    Share(f64),
}

impl Campaign {
    /// A campaign with the curve of its responses.
    pub fn new(id: impl Into<String>, curve: impl ResponseCurve + 'static) -> Self {
        Self::with_curve(id, Arc::new(curve))
    }

    /// A campaign with a curve that others may share: campaigns of the same `Arc` are known to be twins.
    pub fn with_curve(id: impl Into<String>, curve: Arc<dyn ResponseCurve>) -> Self {
        Self {
            id: id.into(),
            curve,
            lower: None,
            upper: None,
            or_zero: false,
            frozen: false,
            today: None,
            max_change: None,
            change_cost: 0.0,
        }
    }

    /// At least `limit`.
    #[must_use]
    pub fn at_least(mut self, limit: Limit) -> Self {
        self.lower = Some(limit);
        self
    }

    /// At most `limit`.
    #[must_use]
    pub fn at_most(mut self, limit: Limit) -> Self {
        self.upper = Some(limit);
        self
    }

    /// Between two limits.
    #[must_use]
    pub fn between(self, lower: Limit, upper: Limit) -> Self {
        self.at_least(lower).at_most(upper)
    }

    /// Either nothing, or at least `limit`: a campaign that is paused or run properly.
    #[must_use]
    pub fn zero_or_at_least(mut self, limit: Limit) -> Self {
        self.lower = Some(limit);
        self.or_zero = true;
        self
    }

    /// Today's budget: what [`frozen`](Self::frozen), [`max_change`](Self::max_change) and
    /// [`change_cost`](Self::change_cost) refer to, and what a plan is compared with.
    #[must_use]
    pub fn today(mut self, budget: f64) -> Self {
        self.today = Some(budget);
        self
    }

    /// Keeps today's budget.
    #[must_use]
    pub fn frozen(mut self) -> Self {
        self.frozen = true;
        self
    }

    /// At most this share of today's budget up or down: `0.2` for ±20 %.
    #[must_use]
    pub fn max_change(mut self, share: f64) -> Self {
        self.max_change = Some(share);
        self
    }

    /// What each unit of currency by which the budget departs from today's costs, in units of the objective.
    #[must_use]
    pub fn change_cost(mut self, per_unit: f64) -> Self {
        self.change_cost = per_unit;
        self
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its curve.
    pub fn curve(&self) -> &dyn ResponseCurve {
        &*self.curve
    }
}
