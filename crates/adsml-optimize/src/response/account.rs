//! All campaigns while they are being learnt: curves of one family, effects and noise in turn.

use std::num::NonZeroUsize;

use adsml_core::parallel;

use super::effects::{Design, Normal};
use super::family::Family;
use super::history::{CampaignHistory, History};
use super::mode::{Belief, Mode, Target, mode};
use super::noise::{self, Noise, Scatter};
use super::params::ResponseModelParams;
use super::pooling;
use super::series::{Maturity, Series};
use crate::cholesky::Cholesky;

/// All campaigns while they are being learnt.
#[derive(Default)]
pub(super) struct Account<'a> {
    pub(super) campaigns: Vec<&'a CampaignHistory>,
    pub(super) series: Vec<Series>,
    pub(super) noise: Vec<Noise>,
    pub(super) modes: Vec<Mode>,
    pub(super) belief: Belief,
    pub(super) effects: Vec<f64>,
    pub(super) effects_factor: Option<Cholesky>,
}

impl<'a> Account<'a> {
    /// Series of all campaigns that ever spent, nothing learnt yet.
    pub(super) fn new(params: &ResponseModelParams, history: &'a History, design: &Design, retention: f64) -> Self {
        let maturity = Maturity { excluded: params.immature, completeness: &params.completeness };
        let mut account = Self::default();
        for campaign in &history.campaigns {
            if let Some(series) = Series::new(history, campaign, design, retention, &maturity, &params.lift_tests) {
                account.campaigns.push(campaign);
                account.noise.push(Noise { memory: 0.3, demand: 0.15, dispersion: 0.05 * series.typical_response });
                account.series.push(series);
            }
        }
        if !account.series.is_empty() {
            account.belief = pooling::first_belief(&account.series);
        }
        account.effects = vec![0.0; design.n_columns()];
        account
    }

    /// Curves of one family, effects and noise in turn.
    pub(super) fn learn(&mut self, design: &Design, threads: NonZeroUsize, rounds: usize) {
        for _ in 0..rounds {
            self.fit_modes(threads);
            self.fit_effects(design, threads);
            self.fit_modes(threads);
            self.fit_noise(threads);
        }
        self.fit_modes(threads);
    }

    /// What is learnt here with another share of spend carried over: the curves again, with the same effects and noise.
    pub(super) fn carrying(&self, history: &History, retention: f64, threads: NonZeroUsize) -> Self {
        let series = self.series.iter().zip(&self.campaigns);
        let mut account = Self {
            campaigns: self.campaigns.clone(),
            series: series.map(|(series, campaign)| series.carrying(history, campaign, retention)).collect(),
            noise: self.noise.clone(),
            modes: self.modes.clone(),
            belief: self.belief,
            effects: self.effects.clone(),
            effects_factor: None,
        };
        account.fit_modes(threads);
        account
    }

    fn fit_modes(&mut self, threads: NonZeroUsize) {
        let one = |i: usize| {
            let start = self.modes.get(i).map(|mode| &mode.theta);
            mode(&self.series[i], Family::Hill, &self.noise[i], &self.belief, self.series[i].len(), start)
        };
        self.modes = parallel::map(self.series.len(), threads, one);
    }

    fn fit_effects(&mut self, design: &Design, threads: NonZeroUsize) {
        let n = self.effects.len();
        if n == 0 {
            return;
        }
        let one = |i: usize| {
            let (series, mode) = (&self.series[i], &self.modes[i]);
            let target = Target::at(series, mode, &self.belief, &self.noise[i]);
            let mut normal = Normal::new(n);
            normal.add(&target.linearise(&mode.theta), &target.effect_columns(&mode.theta, n));
            normal
        };
        let parts = parallel::map(self.series.len(), threads, one);
        let normal = parts.iter().fold(Normal::new(n), Normal::merge);
        if let Some((effects, factor)) = normal.solve(design, &self.effects) {
            self.series.iter_mut().for_each(|series| series.set_effects(&effects));
            self.effects = effects;
            self.effects_factor = Some(factor);
        }
    }

    fn fit_noise(&mut self, threads: NonZeroUsize) {
        let scatter: Vec<Scatter> = self
            .series
            .iter()
            .zip(&self.modes)
            .map(|(series, mode)| Scatter {
                periods: series.periods.clone(),
                mean: mode.mean.clone(),
                residuals: mode.residuals(series),
                n_parameters: 2,
            })
            .collect();
        self.noise = noise::estimate(&scatter, threads);
    }

    pub(super) fn log_density(&self) -> f64 {
        let of = |i: usize| self.modes[i].log_density(&self.series[i], &self.noise[i], 0);
        (0..self.series.len()).map(of).sum()
    }

    /// What calendar and context multiply a response by.
    pub(super) fn factor(&self, row: &[f64]) -> f64 {
        row.iter().zip(&self.effects).map(|(x, effect)| x * effect).sum::<f64>().exp()
    }
}
