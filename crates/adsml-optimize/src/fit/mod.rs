//! Nonlinear least squares, and the curves fitted by it.
//!
//! ```text
//! curve_fit            what is fitted, and how
//! fitted               what was found, and how well it is known
//! family               curves, by the logarithms of their parameters
//! likelihood           how responses scatter
//! sample               rows, checked
//! search               starts, and what becomes of them
//! objective            the sum of squares
//! levenberg_marquardt  its minimum
//! dense                QR and SVD
//! nist                 reference problems
//! ```

mod curve_fit;
mod dense;
mod family;
mod fitted;
mod levenberg_marquardt;
mod likelihood;
#[cfg(test)]
mod nist;
mod objective;
mod sample;
mod search;
#[cfg(test)]
mod tests;

pub use curve_fit::CurveFit;
pub use family::CurveFamily;
pub use fitted::FittedCurve;
pub use likelihood::Likelihood;
