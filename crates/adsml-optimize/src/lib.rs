//! Budget allocation with a certified optimality gap.
//!
//! *Under construction.*
#![allow(dead_code)]

mod allocation;
mod certificate;
mod compare;
mod currency;
mod curve;
mod error;
mod exact;
mod optimizer;
#[cfg(test)]
mod oracle;
mod problem;
mod program;
mod search;
pub use adsml_core::FitContext;

pub use allocation::{Allocation, Binding, CampaignPlan, Constraint, ShadowPrice};
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
pub use optimizer::{BudgetOptimizer, HistoryPoint, StoppingReason};
pub use problem::{BudgetProblem, BudgetProblemBuilder, Campaign, Group, Limit, Objective, Total};
#[cfg(feature = "serde")]
pub use problem::{CampaignSpec, GroupSpec, ProblemSpec};
pub use search::{
    DifferentialEvolution, GeneticAlgorithm, ParticleSwarm, ProjectedGradient, RandomSearch, SimulatedAnnealing,
};
