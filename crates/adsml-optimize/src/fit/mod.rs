//! Nonlinear least squares, and the curves fitted by it.

// What fits curves comes next; until then only tests call this.
#![cfg_attr(not(test), allow(dead_code))]

mod dense;
mod levenberg_marquardt;
#[cfg(test)]
mod nist;
