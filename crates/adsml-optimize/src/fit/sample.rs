//! What was spent and what it brought: checked, and counted in shares of the greatest.

use super::family::{Spend, Unit};
use super::likelihood::Likelihood;
use crate::{OptimizeError, Result};

/// Spend of a lower coefficient of variation tells nothing of a curve.
const LEAST_VARIATION: f64 = 0.01;

/// Numbers beyond these are nobody's money, and their squares would not be numbers.
const GREATEST: f64 = 1e100;
const LEAST: f64 = 1e-100;

/// Rows of one campaign in which something was spent, and a summary of the others.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) spends: Vec<Spend>,
    /// As shares of the greatest in absolute value.
    pub(super) responses: Vec<f64>,
    /// Roots of the weights.
    pub(super) roots: Vec<f64>,
    /// Logarithm of the least spend, as a share of the greatest.
    pub(super) ln_least: f64,
    /// In currency.
    pub(super) support: [f64; 2],
    pub(super) greatest_response: f64,
    /// Deviance of the rows without spend, where every curve is 0.
    pub(super) without_spend: f64,
    /// Rows of a weight above 0.
    pub(super) n_rows: usize,
}

impl Sample {
    /// The rows, or what is wrong with them. `needed`: how many different spends the fit has to have.
    pub(super) fn new(
        likelihood: Likelihood,
        spend: &[f64],
        response: &[f64],
        weight: Option<&[f64]>,
        needed: usize,
    ) -> Result<Self> {
        check(likelihood, spend, response, weight)?;
        let weighted = |i: usize| weight.map_or(1.0, |weight| weight[i]);
        let rows = || (0..spend.len()).filter(|&i| weighted(i) > 0.0);
        let greatest_spend = rows().map(|i| spend[i]).fold(0.0, f64::max);
        let least_spend = rows().map(|i| spend[i]).filter(|&x| x > 0.0).fold(greatest_spend, f64::min);
        let greatest_response = rows().map(|i| response[i].abs()).fold(0.0, f64::max);
        let mut sample = Self {
            spends: Vec::with_capacity(spend.len()),
            responses: Vec::with_capacity(spend.len()),
            roots: Vec::with_capacity(spend.len()),
            ln_least: (least_spend / greatest_spend).ln(),
            support: [rows().map(|i| spend[i]).fold(greatest_spend, f64::min), greatest_spend],
            greatest_response,
            without_spend: 0.0,
            n_rows: 0,
        };
        for i in rows() {
            sample.n_rows += 1;
            let (weight, response) = (weighted(i), response[i] / greatest_response);
            if spend[i] > 0.0 {
                sample.spends.push(Spend::new(spend[i] / greatest_spend));
                sample.responses.push(response);
                sample.roots.push(weight.sqrt());
            } else if likelihood == Likelihood::Gaussian {
                sample.without_spend += weight * response * response;
            }
        }
        sample.tells(needed)?;
        if greatest_response == 0.0 {
            return Err(OptimizeError::NoResponse { n_rows: sample.n_rows });
        }
        Ok(sample)
    }

    /// What a parameter that is 1 here is in its own unit.
    pub(super) fn unit(&self, unit: Unit) -> f64 {
        match unit {
            Unit::Response => self.greatest_response,
            Unit::Spend => self.support[1],
            Unit::PerSpend => 1.0 / self.support[1],
            Unit::None => 1.0,
        }
    }

    /// The same of a dispersion.
    pub(super) fn dispersion_unit(&self, likelihood: Likelihood) -> f64 {
        match likelihood {
            Likelihood::Gaussian => self.greatest_response * self.greatest_response,
            Likelihood::Poisson => self.greatest_response,
            Likelihood::Gamma => 1.0,
        }
    }

    /// Whether there are `needed` different spends, far enough from each other.
    fn tells(&self, needed: usize) -> Result<()> {
        let mut different: Vec<f64> = Vec::with_capacity(needed);
        for spend in &self.spends {
            if different.len() < needed && !different.contains(&spend.share) {
                different.push(spend.share);
            }
        }
        if different.len() < needed {
            return Err(OptimizeError::TooFewRows { what: "different spends above 0", found: different.len(), needed });
        }
        if needed < 2 {
            return Ok(());
        }
        let moments = self.spends.iter().zip(&self.roots).fold([0.0; 3], |[n, sum, squares], (spend, root)| {
            let weight = root * root;
            [n + weight, sum + weight * spend.share, squares + weight * spend.share * spend.share]
        });
        let mean = moments[1] / moments[0];
        let variation = (moments[2] / moments[0] - mean * mean).max(0.0).sqrt() / mean;
        if variation < LEAST_VARIATION {
            return Err(OptimizeError::ConstantSpend { n_rows: self.spends.len(), variation });
        }
        Ok(())
    }

    /// `(weight, response, spend)` of every row with spend.
    pub(super) fn rows(&self) -> impl Iterator<Item = (f64, f64, Spend)> {
        self.roots.iter().zip(&self.responses).zip(&self.spends).map(|((root, &y), &x)| (root * root, y, x))
    }

    /// Weighted means of rows of similar spend, at most `n_bins`, evenly wide in the logarithm of spend.
    pub(super) fn binned(&self, n_bins: usize) -> Self {
        let mut bins = vec![[0.0; 3]; n_bins];
        for (weight, y, x) in self.rows() {
            // The least spend is in the first, the greatest in the last.
            let place = (1.0 - x.ln / self.ln_least) * n_bins as f64;
            let bin = &mut bins[(place as usize).min(n_bins - 1)];
            *bin = [bin[0] + weight, bin[1] + weight * y, bin[2] + weight * x.share];
        }
        bins.retain(|bin| bin[0] > 0.0);
        Self {
            spends: bins.iter().map(|[weight, _, x]| Spend::new(x / weight)).collect(),
            responses: bins.iter().map(|[weight, y, _]| y / weight).collect(),
            roots: bins.iter().map(|[weight, ..]| weight.sqrt()).collect(),
            ..*self
        }
    }
}

fn check(likelihood: Likelihood, spend: &[f64], response: &[f64], weight: Option<&[f64]>) -> Result<()> {
    let lengths = [("responses", response.len()), ("weights", weight.map_or(spend.len(), <[f64]>::len))];
    for (what, found) in lengths {
        if found != spend.len() {
            return Err(OptimizeError::LengthMismatch { what, found, expected: spend.len() });
        }
    }
    let refuse = |what, row, value, expected| Err(OptimizeError::InvalidObservation { what, row, value, expected });
    let amount = |value: f64| (0.0..=GREATEST).contains(&value);
    for (row, (&x, &y)) in spend.iter().zip(response).enumerate() {
        if !amount(x) || (0.0 < x && x < LEAST) {
            return refuse("spend", row, x, "0, or a number from 1e-100 to 1e100");
        }
        if y.is_nan() || y.abs() > GREATEST || !likelihood.allows(y) {
            return refuse("response", row, y, likelihood.expected());
        }
        match likelihood {
            Likelihood::Poisson if x == 0.0 && y > 0.0 => {
                return refuse("response", row, y, "0 where nothing is spent");
            }
            Likelihood::Gamma if x == 0.0 => return refuse("spend", row, x, "above 0 for the gamma likelihood"),
            _ => {}
        }
    }
    for (row, &weight) in weight.into_iter().flatten().enumerate() {
        if !amount(weight) {
            return refuse("weight", row, weight, "a number from 0 to 1e100");
        }
    }
    Ok(())
}
