//! Stochastic and local searches over the feasible set itself: nothing is renormalised afterwards.

mod feasible;

pub(crate) use feasible::FeasibleSet;
