//! Where the minimiser ended, and why.

/// Where the minimiser ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Minimum {
    pub(crate) sum_of_squares: f64,
    pub(crate) stopped: Stopped,
    /// Linear models made.
    pub(crate) n_iter: usize,
    /// Times that residuals were asked for.
    pub(crate) n_evaluations: usize,
}

/// Why the minimiser ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The gradient vanishes within bounds, or the residuals do.
    Gradient,
    /// Next to nothing is left to gain.
    Reduction,
    /// Only steps too short to matter still gain: a minimum but for rounding, or residuals that are not smooth.
    Step,
    /// As many iterations as were allowed.
    MaxIter,
    /// Residuals or derivatives at the start are not finite.
    NotFinite,
}

impl Stopped {
    /// Whether it ended at a minimum, as far as can be told.
    pub(crate) fn converged(self) -> bool {
        matches!(self, Self::Gradient | Self::Reduction | Self::Step)
    }
}
