//! Budget allocation with a certified optimality gap.
//!
//! Given what each campaign's spend buys, a total, and bounds, an optimiser returns budgets that are feasible to the
//! minor unit, and an upper bound that no other plan exceeds. Where every curve says how it runs, [`Exact`] closes the gap
//! between the two; whoever doubts that checks the [`Certificate`] from the curves alone.
//!
//! | What | Holds | See |
//! |---|---|---|
//! | a response curve | what a spend buys, its slope, its declared shape | [`ResponseCurve`], [`Shape`] |
//! | built-in curves | concave: [`MichaelisMenten`], [`NegativeExponential`], [`Logarithmic`], [`Power`]; concave or S-shaped: [`Hill`]; S-shaped: [`Logistic`]; [`PiecewiseLinear`], [`Steps`] | also [`Scaled`], [`Sum`], [`Observed`], and [`UserCurve`] for your own |
//! | a fitted curve | the curve that rows of spend and response say, with standard errors | [`CurveFit`], [`CurveFamily`], [`Likelihood`], [`FittedCurve`] |
//! | a problem | campaigns, bounds, groups, total, [`Objective`]; refused when its constraints clash | [`BudgetProblem`], [`Campaign`], [`Group`], [`Total`] |
//! | an optimiser | a problem in, a plan out | [`BudgetOptimizer`], [`Exact`], [`DifferentialEvolution`], [`GeneticAlgorithm`], [`ParticleSwarm`], [`SimulatedAnnealing`], [`ProjectedGradient`], [`BayesianOptimizer`], [`RandomSearch`], [`default_optimizers`] |
//! | a plan | budgets in minor units, value, upper bound, gap, shadow prices, what binds | [`Allocation`]; `Display` is a table, [`explain`](Allocation::explain) the auditor's page |
//! | a proof | parts of all budgets, each with prices that bound it | [`Certificate`], [`verify`](Certificate::verify) |
//! | several optimisers | one problem, one row each | [`compare_optimizers`], [`Comparison`] |
//!
//! ```
//! use adsml_optimize::{BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, Hill, Limit, Logarithmic, Total};
//!
//! // Daily spend to daily revenue, both in euros.
//! let problem = BudgetProblem::builder(Currency::new("EUR"))
//!     .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 1.5)?).today(600.0))
//!     .campaign(Campaign::new("search", Logarithmic::new(700.0, 90.0)?).today(400.0).max_change(0.5))
//!     .bounds(Limit::Share(0.05), Limit::Share(0.95))
//!     .total(Total::Exactly(1_000.0))
//!     .build()?;
//! let plan = Exact::default().allocate(&problem)?;
//! println!("{plan}");
//! assert_eq!(plan.total(), 100_000); // cents
//! assert!(plan.gap() < 1e-6);
//! let proof = plan.certificate().verify(&problem)?;
//! assert!(proof.upper_bound >= plan.value());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A plan is optimal for the curves it was given; whether a curve is cause and effect is not for an optimiser to say.
//! Amounts go in as major units (euros) and come out as whole minor ones (cents). Same problem, same seed: the same plan at
//! any number of threads, unless a time limit cuts it short.
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `parallel` | yes | several threads for large problems; plans are the same without |
//! | `serde` | no | `ProblemSpec` and `CurveSpec`, problems and curves as plain data; `Serialize` for plans, comparisons and certificates, `Deserialize` for certificates |

mod allocation;
mod bayes;
mod certificate;
mod cholesky;
mod compare;
mod currency;
mod curve;
mod error;
mod exact;
mod fit;
mod forecast;
mod optimizer;
#[cfg(test)]
mod oracle;
mod problem;
mod program;
mod response;
mod search;
mod uncertain;
pub use adsml_core::{FitContext, Seed};

pub use allocation::{Allocation, Binding, CampaignPlan, Constraint, ShadowPrice};
pub use bayes::{BayesianOptimizer, BayesianSearch, Kernel, Recommendation};
pub use certificate::{Certificate, CertificateError, Verified};
pub use compare::{Comparison, ComparisonRow, compare_optimizers, default_optimizers};
pub use currency::Currency;
#[cfg(feature = "serde")]
pub use curve::CurveSpec;
pub use curve::{
    Hill, Logarithmic, Logistic, Maximum, MichaelisMenten, NegativeExponential, Observed, PiecewiseLinear, Power,
    ResponseCurve, ResponseUnit, Scaled, Shape, Steps, Sum, UserCurve,
};
pub use error::{OptimizeError, Result};
pub use exact::Exact;
pub use fit::{CurveFamily, CurveFit, FittedCurve, Likelihood};
pub use forecast::{Forecast, ForecastDay, PlannedDay, forecast_budgets};
pub use optimizer::{BudgetOptimizer, HistoryPoint, StoppingReason};
pub use problem::{BudgetProblem, BudgetProblemBuilder, Campaign, Group, Limit, Objective, Total};
#[cfg(feature = "serde")]
pub use problem::{CampaignSpec, GroupSpec, ProblemSpec};
pub use response::{
    CampaignDay, CampaignHistory, CampaignResponse, CarryOver, Family, Finding, History, LiftTest, ResponseModel,
    ResponseModelParams,
};
pub use search::{
    DifferentialEvolution, GeneticAlgorithm, ParticleSwarm, ProjectedGradient, RandomSearch, SimulatedAnnealing,
};
pub use uncertain::{FrontierPoint, Gain, Risk, UncertainPlan, UncertainProblem};

/// The README's example runs, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
