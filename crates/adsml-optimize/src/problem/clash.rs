//! A smallest set of constraints that clash.

use super::resolve::Draft;
use crate::OptimizeError;

impl Draft<'_> {
    pub(super) fn clash(&self, _total: Option<f64>) -> OptimizeError {
        OptimizeError::Infeasible { clash: vec![] }
    }
}
