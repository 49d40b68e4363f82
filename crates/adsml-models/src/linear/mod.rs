//! The linear family: a linear function of the features behind a link.
//!
//! | File | What it holds |
//! |---|---|
//! | `function` | the fitted linear function: predict, explain, save |
//! | `design` | standardised columns, in blocks of rows; never a copy of the matrix |
//! | `cholesky` | symmetric solves, minimum-norm where columns are dependent |
//! | `descent` | coordinate descent on a penalised quadratic |
//! | `least_squares`, `glm` | the two fits: normal equations; (proximal) Newton |
//! | the others | one estimator each |

mod cholesky;
mod descent;
mod design;
mod elastic_net;
mod function;
mod glm;
mod least_squares;
mod linear_regression;
mod logistic;
mod poisson;
mod ridge;

pub use elastic_net::{ElasticNet, ElasticNetParams};
pub use linear_regression::{LinearRegression, LinearRegressionParams};
pub use logistic::{LogisticRegression, LogisticRegressionParams};
pub use poisson::{PoissonRegression, PoissonRegressionParams};
pub use ridge::{Ridge, RidgeParams};
