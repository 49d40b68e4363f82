//! Problems as text: what a configuration file or a request says about them.

use serde::{Deserialize, Serialize};

use super::{BudgetProblem, BudgetProblemBuilder, Campaign, Group, Limit, Objective, Total};
use crate::{Currency, CurveSpec, OptimizeError, Result};

/// A [`BudgetProblem`] as plain data, not yet checked. Fields that are not known are refused.
///
/// ```
/// use adsml_optimize::{ProblemSpec, Total};
///
/// let text = r#"{
///   "currency": "EUR",
///   "total": {"exactly": 600},
///   "objective": {"profit": {"margin": 0.3}},
///   "bounds": [{"share": 0.05}, {"share": 0.95}],
///   "campaigns": [
///     {"id": "brand", "curve": {"type": "hill", "ceiling": 900, "half_spend": 200, "exponent": 1.5}, "today": 180, "max_change": 0.5},
///     {"id": "search", "curve": {"type": "logarithmic", "slope": 700, "scale": 90}, "zero_or_at_least": {"amount": 50}}
///   ],
///   "groups": [{"name": "all", "campaigns": ["brand", "search"], "at_least": {"share": 0.5}}]
/// }"#;
/// let mut spec: ProblemSpec = serde_json::from_str(text)?;
/// spec.total = Some(Total::AtMost(500.0));
/// assert_eq!(spec.build()?.campaigns().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProblemSpec {
    /// Code of the currency.
    pub currency: String,
    /// Decimal digits of its smallest coin; those of ISO 4217 where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor_digits: Option<u8>,
    /// How much is spent in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Total>,
    /// To what end; the summed response where left out.
    #[serde(default = "response")]
    pub objective: Objective,
    /// Bounds for campaigns without their own: see [`BudgetProblemBuilder::bounds`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<(Limit, Limit)>,
    /// Whether budgets may leave the observed spends: see [`BudgetProblemBuilder::beyond_support`].
    #[serde(default)]
    pub beyond_support: bool,
    /// The campaigns.
    pub campaigns: Vec<CampaignSpec>,
    /// Campaigns that have a budget together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupSpec>,
}

/// A [`Campaign`] of a [`ProblemSpec`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignSpec {
    /// Its id.
    pub id: String,
    /// Its curve.
    pub curve: CurveSpec,
    /// Lower bound: see [`Campaign::at_least`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Limit>,
    /// Upper bound: see [`Campaign::at_most`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Limit>,
    /// Instead of `at_least`: see [`Campaign::zero_or_at_least`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_or_at_least: Option<Limit>,
    /// Today's budget, in major units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<f64>,
    /// Whether it keeps today's budget.
    #[serde(default)]
    pub frozen: bool,
    /// Greatest change from today's budget, as a share of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_change: Option<f64>,
    /// Cost of each unit of currency by which it departs from today's budget.
    #[serde(default)]
    pub change_cost: f64,
}

/// A [`Group`] of a [`ProblemSpec`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// Its name.
    pub name: String,
    /// Ids of its campaigns.
    pub campaigns: Vec<String>,
    /// Together at least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Limit>,
    /// Together at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Limit>,
}

fn response() -> Objective {
    Objective::Response
}

impl ProblemSpec {
    /// The problem.
    ///
    /// # Errors
    ///
    /// As [`into_builder`](Self::into_builder) and [`BudgetProblemBuilder::build`].
    pub fn build(self) -> Result<BudgetProblem> {
        self.into_builder()?.build()
    }

    /// The problem, still to be judged, for whoever has more to say.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for a parameter of a curve outside its range, or for a campaign with both
    /// `at_least` and `zero_or_at_least`.
    pub fn into_builder(self) -> Result<BudgetProblemBuilder> {
        let currency = match self.minor_digits {
            Some(digits) => Currency::with_minor_digits(self.currency, digits),
            None => Currency::new(self.currency),
        };
        let mut builder =
            BudgetProblem::builder(currency).objective(self.objective).beyond_support(self.beyond_support);
        if let Some(total) = self.total {
            builder = builder.total(total);
        }
        if let Some((lower, upper)) = self.bounds {
            builder = builder.bounds(lower, upper);
        }
        for campaign in self.campaigns {
            builder = builder.campaign(campaign.build()?);
        }
        for GroupSpec { name, campaigns, at_least, at_most } in self.groups {
            builder = builder.group(Group { name, members: campaigns, lower: at_least, upper: at_most });
        }
        Ok(builder)
    }
}

impl CampaignSpec {
    fn build(self) -> Result<Campaign> {
        if self.at_least.is_some() && self.zero_or_at_least.is_some() {
            return Err(OptimizeError::InvalidParameter {
                owner: format!("campaign `{}`", self.id),
                name: "zero_or_at_least",
                value: "given beside `at_least`".to_owned(),
                expected: "one of the two",
            });
        }
        Ok(Campaign {
            curve: self.curve.build()?,
            id: self.id,
            lower: self.at_least.or(self.zero_or_at_least),
            upper: self.at_most,
            or_zero: self.zero_or_at_least.is_some(),
            frozen: self.frozen,
            today: self.today,
            max_change: self.max_change,
            change_cost: self.change_cost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{
        "currency": "KWD",
        "total": {"at_most": 90.125},
        "objective": {"target_roas": 2.5},
        "bounds": [{"amount": 0}, {"share": 0.9}],
        "beyond_support": true,
        "campaigns": [
            {"id": "a", "curve": {"type": "michaelis_menten", "ceiling": 900, "half_spend": 20}, "at_least": {"share": 0.1}},
            {"id": "b", "curve": {"type": "steps", "steps": [[1, 2]]}, "zero_or_at_least": {"amount": 5}, "at_most": {"amount": 7}},
            {"id": "c", "curve": {"type": "steps", "steps": [[1, 2]]}, "today": 4.5, "frozen": true},
            {"id": "d", "curve": {"type": "steps", "steps": [[1, 2]]}, "today": 5, "max_change": 0.5, "change_cost": 0.25}
        ],
        "groups": [{"name": "g", "campaigns": ["a", "b"], "at_most": {"amount": 50}}]
    }"#;

    #[test]
    fn a_problem_survives_text_and_back() {
        let spec: ProblemSpec = serde_json::from_str(ALL).unwrap();
        let again: ProblemSpec = serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
        assert_eq!(again, spec);
        let problem = spec.build().unwrap();
        let bounds: Vec<_> =
            problem.program.terms.iter().map(|term| (term.lower, term.upper, term.or_zero, term.change_cost)).collect();
        // 10 % and 90 % of 90.125 are 9.0125 and 81.1125: inward.
        let expected =
            [(9.013, 81.112, false, 0.0), (5.0, 7.0, true, 0.0), (4.5, 4.5, false, 0.0), (2.5, 7.5, false, 0.25)];
        assert_eq!(bounds, expected);
        assert_eq!((problem.program.groups[0].most, problem.program.total), (50.0, (0.0, 90.125)));
        assert_eq!((problem.currency().minor_digits(), problem.objective()), (3, Objective::TargetRoas(2.5)));
    }

    #[test]
    fn text_that_is_not_a_problem_is_refused_where_it_goes_wrong() {
        let with = |from: &str, to: &str| {
            assert!(ALL.contains(from), "{from}");
            match serde_json::from_str::<ProblemSpec>(&ALL.replacen(from, to, 1)) {
                Ok(spec) => spec.build().unwrap_err().to_string(),
                Err(error) => error.to_string(),
            }
        };
        insta::assert_snapshot!(with(r#""today": 5"#, r#""to_day": 5"#), @"unknown field `to_day`, expected one of `id`, `curve`, `at_least`, `at_most`, `zero_or_at_least`, `today`, `frozen`, `max_change`, `change_cost` at line 11 column 79");
        insta::assert_snapshot!(with(r#""at_most": 90.125"#, r#""about": 90.125"#), @"unknown variant `about`, expected `exactly` or `at_most` at line 3 column 25");
        insta::assert_snapshot!(with(r#"{"target_roas": 2.5}"#, r#""fame""#), @"unknown variant `fame`, expected one of `response`, `profit`, `target_roas`, `target_cpa`, `minimum_spend` at line 4 column 27");
        insta::assert_snapshot!(with(r#""currency": "KWD","#, ""), @"missing field `currency` at line 14 column 5");
        insta::assert_snapshot!(with(r#""at_most": {"amount": 7}"#, r#""at_least": {"amount": 7}"#), @"parameter `zero_or_at_least` of campaign `b` is given beside `at_least`, expected one of the two");
        insta::assert_snapshot!(with(r#""ceiling": 900"#, r#""ceiling": -900"#), @"parameter `ceiling` of the Michaelis-Menten curve is -900.0, expected a finite number, at least 0");
        insta::assert_snapshot!(with(r#""currency": "KWD","#, r#""currency": "KWD", "minor_digits": 2,"#), @"the total is 90.125, which is not a whole number of minor units: KWD has 2 decimal digits");
    }
}
