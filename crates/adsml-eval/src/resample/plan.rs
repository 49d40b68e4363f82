//! Each metric in the form in which it is quickly computed again and again with other weights.
//!
//! A draw gives each unit a multiplicity. Most metrics are a function of a few sums over units, so their rows are added
//! up by unit once; ranking metrics walk over rows that were sorted once.

use super::ranking::Ranking;
use super::units::Units;
use crate::Metric;
use crate::metrics::kernel;
use crate::metrics::reliability::equal_count_bins;
use crate::metrics::sample::Sample;

/// Sums are kept in blocks of this many, side by side, so that a draw reads memory in order.
pub(super) const LANES: usize = 8;

/// Units whose sums stay in the nearest cache while several draws use them.
const TILE: usize = 512;

/// A quantity that is summed over the rows of a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stat {
    Weight,
    WeightedTarget,
    CentredTarget,
    CentredTargetSquared,
    WeightOfNonzero,
    Model(usize, ModelStat),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum ModelStat {
    SquaredError,
    AbsoluteError,
    PercentageError,
    LogLoss,
    Brier,
    PoissonDeviance,
    BinomialDeviance,
    WeightedPrediction,
}

/// One metric of one model.
#[derive(Debug)]
enum Plan {
    Sums { metric: Metric, columns: [usize; 4] },
    Auc { ranking: usize },
    PrAuc { ranking: usize },
    Ece { binning: usize },
}

/// The rows that models are judged on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) y: &'a [f64],
    pub(super) w: Option<&'a [f64]>,
    /// The fold of each row, when an AUC compares rows of one fold only.
    pub(super) folds: Option<&'a [usize]>,
}

/// Every metric of every model, ready to be drawn.
#[derive(Debug)]
pub(super) struct Plans<'a> {
    y: &'a [f64],
    w: Option<&'a [f64]>,
    /// The fold of each row, when an AUC compares rows of one fold only.
    folds: Option<&'a [usize]>,
    units: &'a Units,
    centre: f64,
    plans: Vec<Plan>,
    columns: Vec<Stat>,
    blocks: Vec<Vec<[f64; LANES]>>,
    /// By model, and whether within folds.
    rankings: Vec<((usize, bool), Ranking)>,
    binnings: Vec<Binning>,
}

impl<'a> Plans<'a> {
    /// Plans for `targets`: pairs of the number of a model and a metric that is defined for it.
    pub(super) fn new(
        Rows { y, w, folds }: Rows<'a>,
        models: &[&'a [f64]],
        targets: &[(usize, Metric)],
        units: &'a Units,
    ) -> Self {
        let weight = |row: usize| w.map_or(1.0, |w| w[row]);
        let total: f64 = (0..y.len()).map(weight).sum();
        let centre = (0..y.len()).map(|row| weight(row) * y[row]).sum::<f64>() / total;
        let mut plans = Self {
            y,
            w,
            folds,
            units,
            centre,
            plans: Vec::new(),
            columns: Vec::new(),
            blocks: Vec::new(),
            rankings: Vec::new(),
            binnings: Vec::new(),
        };
        for &(model, metric) in targets {
            let plan = plans.plan(model, metric, models[model]);
            plans.plans.push(plan);
        }
        plans.add_up(models);
        plans
    }

    /// Number of plans.
    pub(super) fn len(&self) -> usize {
        self.plans.len()
    }

    /// Every plan's value for each draw: `counts` holds the multiplicities of all units, one draw after the other, and
    /// `out` takes the values, one draw after the other. `NaN` where a metric is undefined.
    pub(super) fn evaluate(&self, counts: &[f32], out: &mut [f64]) {
        let n_units = self.units.n_units();
        let mut sums = vec![0.0; self.blocks.len() * LANES];
        let n_draws = counts.len() / n_units;
        let mut totals = vec![[0.0; LANES]; self.blocks.len() * n_draws];
        for (block, totals) in self.blocks.iter().zip(totals.chunks_exact_mut(n_draws)) {
            for (tile, start) in block.chunks(TILE).zip((0..n_units).step_by(TILE)) {
                for (draw, total) in totals.iter_mut().enumerate() {
                    let from = draw * n_units + start;
                    add_weighted(total, tile, &counts[from..from + tile.len()]);
                }
            }
        }
        for draw in 0..n_draws {
            for block in 0..self.blocks.len() {
                sums[block * LANES..][..LANES].copy_from_slice(&totals[block * n_draws + draw]);
            }
            let counts = &counts[draw * n_units..][..n_units];
            for (plan, value) in self.plans.iter().zip(&mut out[draw * self.len()..]) {
                *value = match plan {
                    Plan::Sums { metric, columns } => finish(*metric, columns.map(|column| sums[column])),
                    Plan::Auc { ranking } => self.rankings[*ranking].1.auc(counts),
                    Plan::PrAuc { ranking } => self.rankings[*ranking].1.pr_auc(counts),
                    Plan::Ece { binning } => self.binnings[*binning].ece(self.units.of_rows(), counts),
                };
            }
        }
    }

    /// The influence of each unit on a plan's value: the change when it is left out (sums), or its derivative with
    /// respect to the unit's multiplicity (the others), which agree to first order.
    pub(super) fn influence(&self, plan: usize) -> Vec<f64> {
        let n_units = self.units.n_units();
        match &self.plans[plan] {
            Plan::Sums { metric, columns } => {
                let of = |unit: usize| columns.map(|column| self.blocks[column / LANES][unit][column % LANES]);
                let mut total = [0.0; 4];
                for unit in 0..n_units {
                    total.iter_mut().zip(of(unit)).for_each(|(total, part)| *total += part);
                }
                let value = finish(*metric, total);
                let without = |unit| {
                    let mut rest = total;
                    rest.iter_mut().zip(of(unit)).for_each(|(rest, part)| *rest -= part);
                    finish(*metric, rest)
                };
                (0..n_units).map(|unit| value - without(unit)).collect()
            }
            Plan::Auc { ranking } => self.rankings[*ranking].1.influence_on_auc(n_units),
            Plan::PrAuc { ranking } => self.rankings[*ranking].1.influence_on_pr_auc(n_units),
            Plan::Ece { binning } => self.binnings[*binning].influence(self.units.of_rows(), n_units),
        }
    }

    fn plan(&mut self, model: usize, metric: Metric, p: &'a [f64]) -> Plan {
        use ModelStat as M;
        let of = |stat| Stat::Model(model, stat);
        let stats: &[Stat] = match metric {
            Metric::Mse | Metric::Rmse => &[of(M::SquaredError), Stat::Weight],
            Metric::Mae => &[of(M::AbsoluteError), Stat::Weight],
            Metric::R2 => &[of(M::SquaredError), Stat::Weight, Stat::CentredTarget, Stat::CentredTargetSquared],
            Metric::Mape => &[of(M::PercentageError), Stat::WeightOfNonzero],
            Metric::PoissonDeviance => &[of(M::PoissonDeviance), Stat::Weight],
            Metric::LogLoss => &[of(M::LogLoss), Stat::Weight],
            Metric::NormalizedEntropy => &[of(M::LogLoss), Stat::Weight, Stat::WeightedTarget],
            Metric::Brier => &[of(M::Brier), Stat::Weight],
            Metric::BinomialDeviance => &[of(M::BinomialDeviance), Stat::Weight],
            Metric::CalibrationRatio => &[of(M::WeightedPrediction), Stat::WeightedTarget],
            Metric::Auc => return Plan::Auc { ranking: self.ranking(model, p, self.folds) },
            Metric::PrAuc => return Plan::PrAuc { ranking: self.ranking(model, p, None) },
            Metric::Ece => {
                self.binnings.push(Binning::new(self.y, p, self.w));
                return Plan::Ece { binning: self.binnings.len() - 1 };
            }
        };
        let mut columns = [0; 4];
        for (place, stat) in columns.iter_mut().zip(stats) {
            *place = self.columns.iter().position(|known| known == stat).unwrap_or_else(|| {
                self.columns.push(*stat);
                self.columns.len() - 1
            });
        }
        Plan::Sums { metric, columns }
    }

    fn ranking(&mut self, model: usize, p: &[f64], folds: Option<&[usize]>) -> usize {
        let key = (model, folds.is_some());
        self.rankings.iter().position(|&(known, _)| known == key).unwrap_or_else(|| {
            let rows = Rows { y: self.y, w: self.w, folds };
            self.rankings.push((key, Ranking::new(rows, p, self.units.of_rows())));
            self.rankings.len() - 1
        })
    }

    /// Adds the rows of each unit up.
    fn add_up(&mut self, models: &[&[f64]]) {
        let n_blocks = self.columns.len().div_ceil(LANES);
        self.blocks = vec![vec![[0.0; LANES]; self.units.n_units()]; n_blocks];
        for (column, stat) in self.columns.iter().enumerate() {
            let block = &mut self.blocks[column / LANES];
            for (row, &unit) in self.units.of_rows().iter().enumerate() {
                let (y, w) = (self.y[row], self.w.map_or(1.0, |w| w[row]));
                let term = match *stat {
                    Stat::Weight => w,
                    Stat::WeightedTarget => w * y,
                    Stat::CentredTarget => w * (y - self.centre),
                    Stat::CentredTargetSquared => w * (y - self.centre) * (y - self.centre),
                    Stat::WeightOfNonzero => {
                        if y == 0.0 {
                            0.0
                        } else {
                            w
                        }
                    }
                    Stat::Model(model, stat) => w * of_model(stat, y, models[model][row]),
                };
                block[unit as usize][column % LANES] += term;
            }
        }
    }
}

fn of_model(stat: ModelStat, y: f64, p: f64) -> f64 {
    match stat {
        ModelStat::SquaredError => kernel::squared_error(y, p),
        ModelStat::AbsoluteError => kernel::absolute_error(y, p),
        ModelStat::PercentageError if y == 0.0 => 0.0,
        ModelStat::PercentageError => kernel::absolute_percentage_error(y, p),
        ModelStat::LogLoss => kernel::log_loss(y, p),
        ModelStat::Brier => kernel::brier(y, p),
        ModelStat::PoissonDeviance => kernel::poisson_deviance(y, p),
        ModelStat::BinomialDeviance => kernel::binomial_deviance(y, p),
        ModelStat::WeightedPrediction => p,
    }
}

/// `total += sum of count * sums`, in the order of units.
fn add_weighted(total: &mut [f64; LANES], tile: &[[f64; LANES]], counts: &[f32]) {
    let mut local = [0.0; LANES];
    for (sums, &count) in tile.iter().zip(counts) {
        let count = f64::from(count);
        for lane in 0..LANES {
            local[lane] += count * sums[lane];
        }
    }
    total.iter_mut().zip(local).for_each(|(total, local)| *total += local);
}

/// A metric from its sums, in the order of [`Plans::plan`]; `NaN` where it is undefined.
fn finish(metric: Metric, [loss, weight, a, b]: [f64; 4]) -> f64 {
    let mean = loss / weight;
    let value = match metric {
        Metric::Rmse => mean.max(0.0).sqrt(),
        Metric::R2 => 1.0 - loss / (b - a * a / weight),
        Metric::NormalizedEntropy => mean / kernel::entropy((a / weight).clamp(0.0, 1.0)),
        _ => mean,
    };
    if value.is_finite() { value } else { f64::NAN }
}

/// Rows and the bin that each had in the full sample; bins stay when rows are drawn again.
#[derive(Debug)]
struct Binning {
    rows: Vec<BinnedRow>,
}

#[derive(Debug)]
struct BinnedRow {
    weight: f64,
    /// Weight times predicted minus observed.
    excess: f64,
    bin: u32,
}

impl Binning {
    fn new(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Self {
        let sample = Sample::new(y, p, w).expect("the metric was evaluated on these rows");
        let bins = equal_count_bins(sample, Metric::ECE_BINS);
        let row = |((y, p, w), bin): ((f64, f64, f64), u32)| BinnedRow { weight: w, excess: w * (p - y), bin };
        Self { rows: sample.rows().zip(bins).map(row).collect() }
    }

    fn excess_by_bin(&self, unit_of_row: &[u32], counts: &[f32]) -> ([f64; Metric::ECE_BINS], f64) {
        let (mut excess, mut weight) = ([0.0; Metric::ECE_BINS], 0.0);
        for (row, &unit) in self.rows.iter().zip(unit_of_row) {
            let count = f64::from(counts[unit as usize]);
            excess[row.bin as usize] += count * row.excess;
            weight += count * row.weight;
        }
        (excess, weight)
    }

    fn ece(&self, unit_of_row: &[u32], counts: &[f32]) -> f64 {
        let (excess, weight) = self.excess_by_bin(unit_of_row, counts);
        let value = excess.iter().map(|excess| excess.abs()).sum::<f64>() / weight;
        if value.is_finite() { value } else { f64::NAN }
    }

    fn influence(&self, unit_of_row: &[u32], n_units: usize) -> Vec<f64> {
        let ones = vec![1.0; n_units];
        let (excess, weight) = self.excess_by_bin(unit_of_row, &ones);
        let value = self.ece(unit_of_row, &ones);
        let mut influence = vec![0.0; n_units];
        for (row, &unit) in self.rows.iter().zip(unit_of_row) {
            let sign = excess[row.bin as usize].signum();
            influence[unit as usize] += (sign * row.excess - value * row.weight) / weight;
        }
        influence
    }
}
