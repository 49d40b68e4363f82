//! Budget allocation with a certified optimality gap.
//!
//! *Under construction.*
#![allow(dead_code)]

mod certificate;
mod curve;
mod error;
mod optimizer;
mod problem;
mod program;
pub use adsml_core::FitContext;

#[derive(Debug)]
pub struct Allocation;
pub use certificate::Certificate;
pub use curve::{
    Hill, Logarithmic, Logistic, Maximum, MichaelisMenten, NegativeExponential, PiecewiseLinear, Power, ResponseCurve,
    ResponseUnit, Shape, Steps,
};
pub use error::{OptimizeError, Result};
pub use optimizer::{BudgetOptimizer, HistoryPoint, StoppingReason};
pub use problem::{BudgetProblem, Campaign, Group, Limit, Objective, Total};
