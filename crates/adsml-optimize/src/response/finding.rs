//! What a reader of fitted curves has to know.

use std::fmt;

/// Something about the rows, or about what could be learnt from them, that a reader of the curves has to know.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(tag = "finding", rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Finding {
    /// Rows did not come by date; they were sorted.
    OutOfOrder {
        /// The campaign.
        campaign: String,
    },
    /// Dates came more than once; their rows were added up.
    RepeatedDates {
        /// The campaign.
        campaign: String,
        /// How many dates.
        dates: usize,
    },
    /// Too few periods to learn from.
    FewPeriods {
        /// The campaign.
        campaign: String,
        /// How many there are.
        periods: usize,
    },
    /// The campaign never spent, so that nothing is known of it; it has no curve.
    NeverSpent {
        /// The campaign.
        campaign: String,
    },
    /// Spend brought nothing on any date; the curve is what siblings and the prior leave.
    NoResponse {
        /// The campaign.
        campaign: String,
    },
    /// Spend varied so little that the rows hardly say how the response follows it.
    SpendHardlyVaries {
        /// The campaign.
        campaign: String,
        /// Standard deviation of its spend over the mean, on dates with spend.
        variation: f64,
    },
    /// The rows say little beyond what siblings and the prior say of how the response follows the spend.
    NotIdentified {
        /// The campaign.
        campaign: String,
        /// Uncertainty of its elasticity that is left, over what it was before any row.
        left: f64,
    },
    /// Spend seems to follow demand, so that curves flatter it.
    SpendFollowsDemand {
        /// Median over campaigns of the elasticity at a typical spend; `NaN` for fewer than three.
        elasticity: f64,
        /// How clearly demand foretells the next spend, in standard errors; `-inf` where that could not be asked.
        z: f64,
    },
    /// Response came on dates without spend: a part that no spend explains was fitted.
    Baseline {
        /// The campaign.
        campaign: String,
        /// Its share of the typical response.
        share: f64,
    },
    /// The last dates were left out, for their response has not all arrived.
    Immature {
        /// How many periods.
        periods: usize,
    },
}

impl Finding {
    /// Whether it puts the plan itself in doubt, beyond making it less certain.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::FewPeriods { .. }
                | Self::NeverSpent { .. }
                | Self::NoResponse { .. }
                | Self::SpendHardlyVaries { .. }
                | Self::NotIdentified { .. }
                | Self::SpendFollowsDemand { .. }
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfOrder { campaign } => write!(f, "{campaign}: rows did not come by date and were sorted"),
            Self::RepeatedDates { campaign, dates } => {
                write!(f, "{campaign}: {dates} dates came more than once; their rows were added up")
            }
            Self::FewPeriods { campaign, periods } => {
                write!(
                    f,
                    "{campaign}: only {periods} date{}; its curve is mostly what its siblings say",
                    if *periods == 1 { "" } else { "s" }
                )
            }
            Self::NeverSpent { campaign } => {
                write!(f, "{campaign}: never spent, so nothing is known of what its spend would buy; it is not planned")
            }
            Self::NoResponse { campaign } => {
                write!(
                    f,
                    "{campaign}: spend brought nothing on any date; its curve is what its siblings leave possible"
                )
            }
            Self::SpendHardlyVaries { campaign, variation } => write!(
                f,
                "{campaign}: spend varied by {:.0} %, so the rows hardly say what more or less of it would bring",
                100.0 * variation
            ),
            Self::NotIdentified { campaign, left } => write!(
                f,
                "{campaign}: how the response follows the spend is hardly identifiable; {:.0} % of the uncertainty is left",
                100.0 * left
            ),
            Self::SpendFollowsDemand { elasticity, z } => write!(
                f,
                "spend seems to follow demand (median elasticity {elasticity:.2}; demand foretells spend at {z:.1} standard \
                 errors), so that the curves may credit spend with what demand brought: test before moving much"
            ),
            Self::Baseline { campaign, share } => write!(
                f,
                "{campaign}: {:.0} % of a typical response comes without spend and is not credited to it",
                100.0 * share
            ),
            Self::Immature { periods } => {
                write!(f, "the last {periods} dates were left out: their response has not all arrived")
            }
        }
    }
}
