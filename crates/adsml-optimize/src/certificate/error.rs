//! Why a certificate is refused.

use crate::OptimizeError;

/// Why a certificate is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The plan does not satisfy the problem.
    #[error("the plan is not one of the problem: {0}")]
    Plan(OptimizeError),
    /// The plan's objective is not what is claimed.
    #[error("the plan has an objective of {found}, the certificate claims {claimed}")]
    Value {
        /// The claim.
        claimed: f64,
        /// The objective of the budgets.
        found: f64,
    },
    /// The tree of cuts is not one: a part is missing, left over, or speaks of something that does not exist.
    #[error("node {node} of the certificate: {what}")]
    Malformed {
        /// Place among the nodes, counted from zero.
        node: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A price that proves nothing: not a number, or of the wrong sign.
    #[error("node {node} of the certificate has {price} as the price of {constraint}, expected {expected}")]
    Price {
        /// Place among the nodes.
        node: usize,
        /// Of which constraint.
        constraint: &'static str,
        /// The price.
        price: f64,
        /// What it should be.
        expected: &'static str,
    },
    /// Campaigns that are called twins are not.
    #[error("campaigns {first} and {second} are called twins, but they differ in {what}")]
    Twins {
        /// One, by its place in the problem.
        first: usize,
        /// The other.
        second: usize,
        /// In what they differ.
        what: &'static str,
    },
    /// A part that is called empty may hold plans.
    #[error("node {node} of the certificate is called empty, but sums and bounds do not exclude it")]
    NotEmpty {
        /// Place among the nodes.
        node: usize,
    },
    /// The prices of a part prove less than is claimed of it.
    #[error(
        "node {node} of the certificate claims that no plan of its part has more than {claimed}; its prices prove {proved}"
    )]
    Bound {
        /// Place among the nodes.
        node: usize,
        /// The claim.
        claimed: f64,
        /// What the prices prove.
        proved: f64,
    },
    /// The claimed upper bound lies below that of a part, or below the plan itself.
    #[error("the certificate claims an upper bound of {claimed}, but {what} has {found}")]
    UpperBound {
        /// The claim.
        claimed: f64,
        /// Which part, or the plan.
        what: String,
        /// Its bound or value.
        found: f64,
    },
    /// A curve is not what it declares.
    #[error(transparent)]
    Declaration(OptimizeError),
}
