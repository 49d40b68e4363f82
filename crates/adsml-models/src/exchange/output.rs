//! From the sums of trees to what the other library predicts.

/// What becomes of the sums of one row; what would overflow is the largest number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Output {
    /// `raw`
    Identity,
    /// `sign(raw) raw^2`
    SignedSquare,
    /// `exp(raw)`
    Exp,
    /// `1 / (1 + exp(-scale raw))`
    Sigmoid { scale: f64 },
    /// `ln(1 + exp(raw))`
    LogOnePlusExp,
    /// `exp(raw[k]) / sum of exp(raw[j])`
    Softmax,
    /// `1 / (1 + exp(-scale raw[k]))`, one class against the others
    OneVersusAll { scale: f64 },
    /// 1 for positive sums, else 0
    Hinge,
    /// `Exp` in `f32`
    ExpF32,
    /// `Sigmoid` in `f32`, of a rate or of two classes
    SigmoidF32,
    /// `Softmax` in `f32`
    SoftmaxF32,
}

impl Output {
    /// Turns the sums of a row into predictions, in place.
    pub(super) fn apply(self, raw: &mut [f64]) {
        match self {
            Self::Identity => {}
            Self::SignedSquare => each(raw, |raw| {
                // LightGBM's order of the products, and its sign of 0.
                let square = if raw == 0.0 { 0.0 } else { raw.signum() * raw * raw };
                square.clamp(f64::MIN, f64::MAX)
            }),
            Self::Exp => each(raw, |raw| raw.exp().min(f64::MAX)),
            Self::Sigmoid { scale } | Self::OneVersusAll { scale } => {
                each(raw, |raw| 1.0 / (1.0 + (-scale * raw).exp()))
            }
            Self::LogOnePlusExp => each(raw, |raw| raw.exp().ln_1p().min(f64::MAX)),
            Self::Hinge => each(raw, |raw| f64::from(raw > 0.0)),
            Self::ExpF32 => each(raw, |raw| f64::from((raw as f32).exp().min(f32::MAX))),
            Self::SigmoidF32 => each(raw, |raw| f64::from(sigmoid(raw as f32))),
            Self::Softmax => {
                let most = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                each(raw, |raw| (raw - most).exp());
                let total = raw.iter().sum::<f64>();
                each(raw, |part| part / total);
            }
            Self::SoftmaxF32 => {
                let most = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max) as f32;
                each(raw, |raw| f64::from((raw as f32 - most).exp()));
                // Summed in f64, divided in f32.
                let total = raw.iter().sum::<f64>() as f32;
                each(raw, |part| f64::from(part as f32 / total));
            }
        }
    }

    /// Whether what is predicted is a class of several, by their probabilities or scores.
    pub(super) const fn has_many_classes(self) -> bool {
        matches!(self, Self::Softmax | Self::OneVersusAll { .. } | Self::SoftmaxF32)
    }
}

fn each(values: &mut [f64], f: impl Fn(f64) -> f64) {
    values.iter_mut().for_each(|value| *value = f(*value));
}

/// XGBoost's, which neither overflows nor divides by zero.
fn sigmoid(raw: f32) -> f32 {
    1.0 / ((-raw).min(88.7).exp() + 1.0 + 1e-16)
}
