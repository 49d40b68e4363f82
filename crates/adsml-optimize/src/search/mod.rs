//! Stochastic and local searches over the feasible set itself: nothing is renormalised afterwards.

mod differential_evolution;
mod driver;
mod feasible;
mod genetic;
mod particle_swarm;
mod projected_gradient;
mod random;
mod simulated_annealing;
mod spectral;
#[cfg(test)]
mod tests;
mod transfer;

pub use differential_evolution::DifferentialEvolution;
pub(crate) use feasible::FeasibleSet;
pub use genetic::GeneticAlgorithm;
pub use particle_swarm::ParticleSwarm;
pub use projected_gradient::ProjectedGradient;
pub use random::RandomSearch;
pub use simulated_annealing::SimulatedAnnealing;
