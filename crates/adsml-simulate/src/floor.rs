//! The noise floor: what even the truth gets wrong.

use crate::{Result, Row, RowTruth, SimulateError};

/// Log loss of the true click-through rates, per impression, in nats.
///
/// ```text
/// log_loss          = -sum(k ln p + (n - k) ln(1 - p)) / sum(n)       of the clicks that happened
/// expected_log_loss =  sum(n H(p)) / sum(n),   H(p) = -p ln p - (1 - p) ln(1 - p)
/// standard_error    =  sqrt(sum(n (1 + (n - 1) rho) p (1 - p) ln(p / (1 - p))^2)) / sum(n)
/// base_log_loss     =  H(sum(k) / sum(n))
/// ```
///
/// with `n` impressions, `k` clicks and true rate `p` of a row, and the account's
/// [click dispersion](crate::AccountParams::click_dispersion) `rho`. Expectations are over clicks, given the
/// impressions.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NoiseFloor {
    /// Log loss of the truth on the clicks that happened.
    pub log_loss: f64,
    /// Its expected value: the entropy of the clicks.
    pub expected_log_loss: f64,
    /// By how much the two differ by chance (one standard deviation).
    pub standard_error: f64,
    /// Log loss of the overall click-through rate, the best constant.
    pub base_log_loss: f64,
    /// Impressions it was measured on.
    pub impressions: u64,
    /// Clicks among them.
    pub clicks: u64,
}

impl NoiseFloor {
    /// Log loss of the truth as a share of the best constant's: the lowest normalised entropy to hope for. `NaN`
    /// when nothing or everything was clicked.
    ///
    /// Source: He et al. (2014), "Practical Lessons from Predicting Clicks on Ads at Facebook", equation 1.
    pub fn normalized_entropy(&self) -> f64 {
        if self.base_log_loss == 0.0 { f64::NAN } else { self.log_loss / self.base_log_loss }
    }
}

/// Impressions, clicks and true rate of a row.
pub(crate) struct Shown {
    impressions: u64,
    clicks: u64,
    ctr: f64,
}

impl Shown {
    pub(crate) const fn new(row: &Row, truth: &RowTruth) -> Self {
        Self { impressions: row.impressions, clicks: row.clicks, ctr: truth.ctr }
    }
}

pub(crate) fn noise_floor(rows: impl Iterator<Item = Shown>, dispersion: f64) -> Option<NoiseFloor> {
    let (mut impressions, mut clicks) = (0, 0);
    let (mut loss, mut expected, mut variance) = (0.0, 0.0, 0.0);
    for row in rows {
        let (n, p) = (row.impressions as f64, row.ctr);
        impressions += row.impressions;
        clicks += row.clicks;
        loss += binomial_loss(row.impressions, row.clicks, p);
        expected += n * entropy(p);
        let inflation = 1.0 + (n - 1.0).max(0.0) * dispersion;
        variance += n * inflation * p * (1.0 - p) * (p / (1.0 - p)).ln().powi(2);
    }
    let total = impressions as f64;
    (impressions > 0).then(|| NoiseFloor {
        log_loss: loss / total,
        expected_log_loss: expected / total,
        standard_error: variance.sqrt() / total,
        base_log_loss: entropy(clicks as f64 / total),
        impressions,
        clicks,
    })
}

pub(crate) fn log_loss(rows: &[Row], predicted: &[f64]) -> Result<Option<f64>> {
    check(rows, predicted)?;
    Ok(per_impression(rows, |row| binomial_loss(rows[row].impressions, rows[row].clicks, predicted[row])))
}

pub(crate) fn excess_log_loss(rows: &[Row], truth: &[RowTruth], predicted: &[f64]) -> Result<Option<f64>> {
    check(rows, predicted)?;
    Ok(per_impression(rows, |row| {
        let (n, p, q) = (rows[row].impressions as f64, truth[row].ctr, predicted[row]);
        n * (p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln())
    }))
}

/// Sum of `loss` over the rows that were shown, divided by their impressions.
fn per_impression(rows: &[Row], loss: impl Fn(usize) -> f64) -> Option<f64> {
    let impressions: u64 = rows.iter().map(|row| row.impressions).sum();
    let sum: f64 = (0..rows.len()).filter(|&row| rows[row].impressions > 0).map(loss).sum();
    (impressions > 0).then(|| sum / impressions as f64)
}

fn check(rows: &[Row], predicted: &[f64]) -> Result<()> {
    if rows.len() != predicted.len() {
        return Err(SimulateError::PredictionCount { expected: rows.len(), found: predicted.len() });
    }
    let judged = |row: usize| rows[row].impressions > 0;
    let bad = (0..rows.len()).find(|&row| judged(row) && !(predicted[row] > 0.0 && predicted[row] < 1.0));
    bad.map_or(Ok(()), |row| Err(SimulateError::InvalidPrediction { row, value: predicted[row] }))
}

fn binomial_loss(impressions: u64, clicks: u64, p: f64) -> f64 {
    -(clicks as f64 * p.ln() + (impressions - clicks) as f64 * (-p).ln_1p())
}

fn entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.ln() - (1.0 - p) * (-p).ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn a_floor_worked_out_by_hand() {
        let rows = [
            Shown { impressions: 4, clicks: 1, ctr: 0.25 },
            Shown { impressions: 0, clicks: 0, ctr: 0.9 },
            Shown { impressions: 2, clicks: 1, ctr: 0.5 },
        ];
        let floor = noise_floor(rows.into_iter(), 0.0).unwrap();
        let ln2 = 2.0_f64.ln();
        let loss = 4.0_f64.ln() + 3.0 * (4.0_f64 / 3.0).ln() + 2.0 * ln2;
        assert_relative_eq!(floor.log_loss, loss / 6.0, max_relative = 1e-15);
        assert_relative_eq!(floor.expected_log_loss, loss / 6.0, max_relative = 1e-15);
        // Only the first row's loss depends on its clicks.
        let sd = (4.0 * 0.25 * 0.75 * 3.0_f64.ln().powi(2)).sqrt();
        assert_relative_eq!(floor.standard_error, sd / 6.0, max_relative = 1e-15);
        assert_relative_eq!(floor.base_log_loss, entropy(1.0 / 3.0), max_relative = 1e-15);
        assert_eq!((floor.impressions, floor.clicks), (6, 2));
    }

    #[test]
    fn nothing_shown_has_no_floor() {
        assert!(noise_floor(std::iter::empty(), 0.0).is_none());
        assert!(noise_floor([Shown { impressions: 0, clicks: 0, ctr: 0.1 }].into_iter(), 0.0).is_none());
    }
}
