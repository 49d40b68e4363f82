//! What can go wrong while a budget is divided.

/// Result of this crate's functions.
pub type Result<T, E = OptimizeError> = std::result::Result<T, E>;

/// What can go wrong while a budget is divided.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizeError {
    /// A parameter of a curve or an optimiser lies outside its accepted range.
    #[error("parameter `{name}` of {owner} is {value}, expected {expected}")]
    InvalidParameter {
        /// Whose parameter: `the Hill curve`, `differential_evolution`.
        owner: String,
        /// Its name.
        name: &'static str,
        /// What was given.
        value: String,
        /// The accepted range, in words.
        expected: &'static str,
    },
    /// There is nothing to divide a budget over.
    #[error("the problem has no campaigns")]
    NoCampaigns,
    /// Two campaigns share an id.
    #[error("campaign `{id}` appears twice")]
    DuplicateCampaign {
        /// The shared id.
        id: String,
    },
    /// A group names a campaign that does not exist.
    #[error("group `{group}` names campaign `{id}`, which the problem does not have")]
    UnknownCampaign {
        /// The group.
        group: String,
        /// The id it names.
        id: String,
    },
    /// A campaign is in two groups, or twice in one.
    #[error("campaign `{id}` is in group `{first}` and in group `{second}`; groups may not overlap")]
    OverlappingGroups {
        /// The campaign.
        id: String,
        /// One group.
        first: String,
        /// The other.
        second: String,
    },
    /// An amount of money is negative, missing or infinite.
    #[error("{what} is {value}, expected {expected}")]
    InvalidAmount {
        /// Which amount: `the total`, `the lower bound of campaign C2`.
        what: String,
        /// What was given.
        value: f64,
        /// The accepted range, in words.
        expected: &'static str,
    },
    /// An amount is finer than the currency's smallest coin.
    #[error("{what} is {value}, which is not a whole number of minor units: {currency} has {digits} decimal digits")]
    FractionOfMinorUnit {
        /// Which amount.
        what: String,
        /// What was given.
        value: f64,
        /// The currency.
        currency: String,
        /// Its decimal digits.
        digits: u8,
    },
    /// An amount has more minor units than can be counted exactly.
    #[error("{what} is {value}, more than the {most} that can be counted in minor units")]
    Overflow {
        /// Which amount.
        what: String,
        /// What was given.
        value: f64,
        /// The greatest amount.
        most: f64,
    },
    /// A lower bound lies above its upper bound.
    #[error("{what} has the lower bound {lower} above its upper bound {upper}")]
    CrossedBounds {
        /// Whose bounds.
        what: String,
        /// The lower bound.
        lower: f64,
        /// The upper bound.
        upper: f64,
    },
    /// Nothing limits what a campaign may spend: neither a total, nor a bound of its own, nor its curve's support.
    #[error(
        "nothing limits the spend of campaign `{id}`: without a total it needs an upper bound, or a curve with a support"
    )]
    UnlimitedSpend {
        /// The campaign.
        id: String,
    },
    /// A share of the total where there is no total.
    #[error("{what} is a share of the total, but the problem has no total")]
    ShareWithoutTotal {
        /// Which bound.
        what: String,
    },
    /// Responses of different units cannot be added, or not compared with the objective.
    #[error("campaign `{id}` counts its response in {found}, expected {expected}")]
    ResponseUnits {
        /// The campaign.
        id: String,
        /// Its unit.
        found: &'static str,
        /// The unit of the others, or of the objective.
        expected: &'static str,
    },
    /// No budgets satisfy every constraint.
    #[error("no budgets satisfy these constraints together: {}", clash.join("; "))]
    Infeasible {
        /// A smallest set of constraints that clash: without any one of them the others can be satisfied.
        clash: Vec<String>,
    },
    /// Given budgets do not keep a constraint of the problem.
    #[error("the plan does not fit the problem: {finding}")]
    InvalidPlan {
        /// The first constraint that is not kept, with numbers.
        finding: String,
    },
    /// No plan reaches the target, or none was found.
    #[error("no plan reaches {target}: the best found has {best}{}", if *.proved { ", and none has more" } else { "" })]
    TargetUnreachable {
        /// The target, in words.
        target: String,
        /// The nearest that was found, in words.
        best: String,
        /// Whether it is proved that no plan reaches it.
        proved: bool,
    },
    /// A curve is not what it declares.
    #[error("the curve of campaign `{id}` declares itself {declared}, but {finding}")]
    FalseDeclaration {
        /// The campaign.
        id: String,
        /// Its declared shape.
        declared: &'static str,
        /// What was found, with numbers.
        finding: String,
    },
    /// A curve has a value that is not a finite number.
    #[error("the curve of campaign `{id}` has the value {value} at a spend of {spend}")]
    InvalidValue {
        /// The campaign.
        id: String,
        /// The spend.
        spend: f64,
        /// Its value there.
        value: f64,
    },
    /// There are no rows to learn from, or no campaign ever spent.
    #[error("there is no spend to learn from: no rows, or every one of them spent nothing")]
    NoHistory,
    /// A row of the history is not what it can be.
    #[error("{what} of campaign `{campaign}` on {date} is {value}, expected {expected}")]
    InvalidDay {
        /// The campaign.
        campaign: String,
        /// The date.
        date: String,
        /// Which of its numbers.
        what: String,
        /// What was given.
        value: String,
        /// What is accepted, in words.
        expected: &'static str,
    },
    /// Columns of one sample have different lengths.
    #[error("there are {found} {what} for {expected} spends")]
    LengthMismatch {
        /// Which column: `responses`, `weights`.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Number of spends.
        expected: usize,
    },
    /// A number of a sample lies outside its accepted range.
    #[error("{what} of row {row} is {value}, expected {expected}")]
    InvalidObservation {
        /// Which number: `spend`, `response`, `weight`.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// What was given.
        value: f64,
        /// What is accepted, in words.
        expected: &'static str,
    },
    /// Fewer rows, or fewer different spends, than a fit needs.
    #[error("the fit needs {needed} {what} and has {found}")]
    TooFewRows {
        /// What there is too little of: `rows`, `different spends above 0`.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// Spend hardly varies, and no curve can be told from one point.
    #[error(
        "spend hardly varies: its coefficient of variation over {n_rows} rows is {:.3} %, expected at least 1 %",
        100.0 * variation
    )]
    ConstantSpend {
        /// Rows with spend.
        n_rows: usize,
        /// Standard deviation of spend over its mean.
        variation: f64,
    },
    /// There was no response at all.
    #[error("the response of all {n_rows} rows is 0")]
    NoResponse {
        /// Number of rows.
        n_rows: usize,
    },
    /// The cancel token was used before any feasible plan was found.
    #[error("cancelled before a feasible plan was found")]
    Cancelled,
}

impl From<OptimizeError> for adsml_core::Error {
    fn from(error: OptimizeError) -> Self {
        match error {
            OptimizeError::Cancelled => Self::Cancelled,
            error => Self::component(error),
        }
    }
}
