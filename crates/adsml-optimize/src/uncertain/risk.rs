//! What is to be as great as possible, of a gain that is not certain.

use crate::{OptimizeError, Result};

/// What a plan makes as great as it can, of a response that is not certain.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Risk {
    /// The mean over draws.
    #[default]
    Mean,
    /// The mean over the worst draws: the conditional value at risk of the gain over today's plan (of the response itself, without a
    /// plan of today).
    ///
    /// Source: Rockafellar and Uryasev (2000), "Optimization of conditional value-at-risk", Journal of Risk 2.
    Cvar {
        /// The share of draws that is looked at, in `(0, 1]`: 0.2 for the worst fifth.
        share: f64,
    },
}

impl Risk {
    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Cvar { share } if !(share > 0.0 && share <= 1.0) => Err(OptimizeError::InvalidParameter {
                owner: "the conditional value at risk".to_owned(),
                name: "share",
                value: share.to_string(),
                expected: "a share in (0, 1]",
            }),
            _ => Ok(()),
        }
    }

    /// The value of some gains, all equally likely, and the weights of which it is the mean.
    pub(super) fn of(self, gains: &[f64]) -> (f64, Vec<f64>) {
        let n = gains.len() as f64;
        let share = match self {
            Self::Mean => 1.0,
            Self::Cvar { share } => share,
        };
        let mut order: Vec<usize> = (0..gains.len()).collect();
        order.sort_by(|&a, &b| gains[a].total_cmp(&gains[b]));
        let mut weights = vec![0.0; gains.len()];
        let mut left = 1.0;
        for at in order {
            weights[at] = (1.0 / (share * n)).min(left);
            left -= weights[at];
            if left <= 0.0 {
                break;
            }
        }
        (gains.iter().zip(&weights).map(|(gain, weight)| gain * weight).sum(), weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_share_may_cut_through_a_draw() {
        let gains = [4.0, -1.0, 2.0, 0.0];
        assert_eq!(Risk::Mean.of(&gains).0, 1.25);
        assert_eq!(Risk::Cvar { share: 0.25 }.of(&gains).0, -1.0);
        assert_eq!(Risk::Cvar { share: 0.5 }.of(&gains).0, -0.5);
        // Two thirds of -1, and a third of 0.
        assert!((Risk::Cvar { share: 0.375 }.of(&gains).0 + 2.0 / 3.0).abs() < 1e-15);
        assert!(Risk::Cvar { share: 0.0 }.check().is_err() && Risk::Cvar { share: f64::NAN }.check().is_err());
    }
}
