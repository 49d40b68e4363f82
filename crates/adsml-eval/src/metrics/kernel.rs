//! What one row adds to each metric: one home for each formula, shared by metrics and bootstrap draws.

/// Probabilities are brought this far inside `(0, 1)` before their logarithm is taken: the machine
/// epsilon of `f64`, as scikit-learn does, so that one wrong certainty costs about 36 and not infinity.
pub(crate) const CLIP: f64 = f64::EPSILON;

pub(crate) fn squared_error(y: f64, p: f64) -> f64 {
    (y - p) * (y - p)
}

pub(crate) fn absolute_error(y: f64, p: f64) -> f64 {
    (y - p).abs()
}

/// `y` must not be zero.
pub(crate) fn absolute_percentage_error(y: f64, p: f64) -> f64 {
    ((y - p) / y).abs()
}

/// `-(y ln p + (1 - y) ln(1 - p))`, with `p` clipped.
pub(crate) fn log_loss(y: f64, p: f64) -> f64 {
    let p = p.clamp(CLIP, 1.0 - CLIP);
    -(y * p.ln() + (1.0 - y) * (-p).ln_1p())
}

/// `y (1 - p)² + (1 - y) p²`: the squared error of the trials behind a rate.
pub(crate) fn brier(y: f64, p: f64) -> f64 {
    y * (1.0 - p) * (1.0 - p) + (1.0 - y) * p * p
}

pub(crate) fn poisson_deviance(y: f64, p: f64) -> f64 {
    2.0 * (x_ln_ratio(y, p) - y + p)
}

pub(crate) fn binomial_deviance(y: f64, p: f64) -> f64 {
    let p = p.clamp(CLIP, 1.0 - CLIP);
    2.0 * (x_ln_ratio(y, p) + x_ln_ratio(1.0 - y, 1.0 - p))
}

/// `-(q ln q + (1 - q) ln(1 - q))`: the log loss of predicting the base rate `q`.
pub(crate) fn entropy(q: f64) -> f64 {
    -(x_ln_ratio(q, 1.0) + if q < 1.0 { (1.0 - q) * (-q).ln_1p() } else { 0.0 })
}

/// `x ln(x / y)`, 0 at `x = 0`.
fn x_ln_ratio(x: f64, y: f64) -> f64 {
    if x > 0.0 { x * (x / y).ln() } else { 0.0 }
}
