//! Stochastic and local searches over the feasible set itself: nothing is renormalised afterwards.

mod differential_evolution;
mod driver;
mod feasible;
mod projected_gradient;
mod random;
mod spectral;
#[cfg(test)]
mod tests;

pub use differential_evolution::DifferentialEvolution;
pub(crate) use feasible::FeasibleSet;
pub use projected_gradient::ProjectedGradient;
pub use random::RandomSearch;
