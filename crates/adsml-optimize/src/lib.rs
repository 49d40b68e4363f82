//! Budget allocation with a certified optimality gap.
//!
//! *A title page: nothing is here yet.* This crate will hold response curves, the budget problem
//! (totals, bounds, groups, targets), an exact optimiser and the well-known stochastic ones behind
//! one trait, and a certificate with every plan that anyone can re-check.
