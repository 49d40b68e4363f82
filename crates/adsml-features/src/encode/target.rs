//! Target encoding: the mean target of each level, smoothed and cross-fitted.

use adsml_core::{Error, Seed, Table, Target};

use super::Categories;
use super::frequency::value_of;
use crate::derive::RatePrior;
use crate::error::Result;

/// How the mean target of a thin level is drawn towards the mean of all rows.
///
/// With `n` the weight of the level's rows, `m` and `v` their weighted mean and variance (divisor `n`), `M` and `V` those
/// of all rows:
///
/// ```text
/// Fixed(s)       (n·m + s·M) / (n + s)
/// Variance       λ·m + (1 − λ)·M,   λ = V·n / (V·n + v)
/// BetaBinomial   (n·m + s·M) / (n + s),   s = the strength of the levels' RatePrior
/// ```
///
/// A row of weight `w` counts as `w` rows of weight 1; with all weights 1 the first two are scikit-learn's.
///
/// Source: Micci-Barreca (2001), "A preprocessing scheme for high-cardinality categorical attributes",
/// SIGKDD Explorations 3(1), equations 3 to 7.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Smoothing {
    /// [`BetaBinomial`](Self::BetaBinomial) when every target lies in `[0, 1]`, else [`Variance`](Self::Variance).
    #[default]
    Auto,
    /// scikit-learn's `smooth="auto"`: empirical Bayes from the variance within the level.
    ///
    /// A level whose rows all agree (a single row, for one) is not smoothed at all.
    Variance,
    /// scikit-learn's `smooth=s`: `s` rows of the overall mean are added. Finite, 0 or more.
    Fixed(f64),
    /// Each level is a rate out of as many trials as its weight, shrunk by [`RatePrior`]. Targets must lie in `[0, 1]`.
    BetaBinomial,
}

/// What a missing category is encoded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum MissingLevel {
    /// A level of its own, as in scikit-learn.
    #[default]
    Own,
    /// The overall mean, as for a level not seen at fitting.
    Mean,
}

/// Parameters of a [`TargetEncoder`].
///
/// ```
/// use adsml_core::{Column, Seed, Table, Target};
/// use adsml_features::{Smoothing, TargetEncoderParams};
/// use ndarray::aview1;
///
/// let table = Table::from_columns([("ad", Column::from(["a", "b", "a", "b"]))])?;
/// let clicked = [1.0, 0.0, 1.0, 0.0];
/// let params = TargetEncoderParams::default().smoothing(Smoothing::Fixed(2.0)).n_folds(2);
/// let encoder = params.fit(&table, "ad", &Target::new(aview1(&clicked)))?;
/// assert_eq!(encoder.transform(&table)?, [0.75, 0.25, 0.75, 0.25]);
/// # Ok::<(), adsml_features::FeatureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TargetEncoderParams {
    pub(crate) smoothing: Smoothing,
    pub(crate) missing: MissingLevel,
    pub(crate) n_folds: usize,
    pub(crate) seed: Seed,
}

impl Default for TargetEncoderParams {
    fn default() -> Self {
        Self { smoothing: Smoothing::Auto, missing: MissingLevel::Own, n_folds: 5, seed: Seed::default() }
    }
}

impl TargetEncoderParams {
    /// How thin levels are drawn towards the mean. Default [`Smoothing::Auto`].
    #[must_use]
    pub fn smoothing(mut self, smoothing: Smoothing) -> Self {
        self.smoothing = smoothing;
        self
    }

    /// What a missing category is encoded as. Default [`MissingLevel::Own`].
    #[must_use]
    pub fn missing(mut self, missing: MissingLevel) -> Self {
        self.missing = missing;
        self
    }

    /// Folds of the cross-fitting when the target brings none, 2 or more. Default 5.
    #[must_use]
    pub fn n_folds(mut self, n_folds: usize) -> Self {
        self.n_folds = n_folds;
        self
    }

    /// The seed that shuffles rows into folds. Default 42.
    #[must_use]
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.seed = seed.into();
        self
    }

    /// Learns the encoding of a column of categories or numbers from all rows. `O(n)`.
    ///
    /// For rows to come, not for these: a row's own target is in its encoding. Train on the
    /// values of [`fit_transform`](Self::fit_transform).
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::ColumnKind`]; [`Error::Length`]; [`Error::InvalidSample`] for a target that is
    /// not finite (or outside `[0, 1]` for [`Smoothing::BetaBinomial`]) or a weight that is negative or not finite;
    /// [`Error::NotEnough`] without weight; [`Error::InvalidParameter`].
    pub fn fit(&self, table: &Table, column: &str, target: &Target<'_>) -> Result<TargetEncoder> {
        let checked = CheckedTarget::new(self, table.n_rows(), target)?;
        let values = table.column(column)?;
        let categories = Categories::fit(column, values)?;
        let codes = categories.codes(column, values)?;
        let encoding = checked.encode(&codes, categories.len(), |_| true)?;
        Ok(TargetEncoder { column: column.to_owned(), categories, encoding })
    }

    /// Learns the encoding from all rows, and encodes these rows by cross-fitting: each from the rows of other folds.
    ///
    /// Folds are those of the target, or else `n_folds` shuffled ones, stratified when the target
    /// has two values. `O(n · n_folds)`.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`Error::NotEnough`] with fewer than two folds or rows.
    pub fn fit_transform(&self, table: &Table, column: &str, target: &Target<'_>) -> Result<(TargetEncoder, Vec<f64>)> {
        let encoder = self.fit(table, column, target)?;
        let checked = CheckedTarget::new(self, table.n_rows(), target)?;
        let folds = cross_fit_folds(self, target)?;
        let codes = encoder.categories.codes(column, table.column(column)?)?;
        let values = checked.cross_fit(&codes, encoder.categories.len(), &folds)?;
        Ok((encoder, values))
    }

    pub(crate) fn check(&self) -> adsml_core::Result<()> {
        if let Smoothing::Fixed(strength) = self.smoothing
            && !(strength.is_finite() && strength >= 0.0)
        {
            return Err(Error::invalid_parameter("smoothing", strength, "a finite number, 0 or more"));
        }
        if self.n_folds < 2 {
            return Err(Error::invalid_parameter("n_folds", self.n_folds, "2 or more"));
        }
        Ok(())
    }
}

/// Gives each level its smoothed mean target, as learnt by [`TargetEncoderParams::fit`].
#[derive(Debug, Clone, PartialEq)]
pub struct TargetEncoder {
    column: String,
    categories: Categories,
    encoding: Encoding,
}

impl TargetEncoder {
    /// Parameters with their defaults.
    pub fn params() -> TargetEncoderParams {
        TargetEncoderParams::default()
    }

    /// The levels.
    pub const fn categories(&self) -> &Categories {
        &self.categories
    }

    /// The encoding of each level.
    pub fn encodings(&self) -> &[f64] {
        &self.encoding.levels
    }

    /// The mean target of all rows (a ratio of sums when there are weights): the encoding of a level not seen at fitting.
    pub const fn target_mean(&self) -> f64 {
        self.encoding.mean
    }

    /// The encoding of each row's level.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::ColumnKind`].
    pub fn transform(&self, table: &Table) -> Result<Vec<f64>> {
        let codes = self.categories.codes(&self.column, table.column(&self.column)?)?;
        Ok(codes.into_iter().map(|code| self.encoding.value(code)).collect())
    }
}

/// A value per level, for missing values, and for the rest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Encoding {
    pub(crate) levels: Vec<f64>,
    pub(crate) missing: f64,
    pub(crate) mean: f64,
}

impl Encoding {
    pub(crate) fn value(&self, code: u32) -> f64 {
        value_of(code, &self.levels, self.missing, self.mean)
    }
}

/// Targets and weights that were checked, and what smoothing they ask for.
#[derive(Debug)]
pub(crate) struct CheckedTarget {
    y: Vec<f64>,
    weight: Option<Vec<f64>>,
    smoothing: Smoothing,
    missing: MissingLevel,
}

impl CheckedTarget {
    pub(crate) fn new(params: &TargetEncoderParams, n_rows: usize, target: &Target<'_>) -> adsml_core::Result<Self> {
        params.check()?;
        Error::check_length("the target", n_rows, target.y.len())?;
        let y = target.y.to_vec();
        refuse("the target", &y, f64::is_finite, "a finite number")?;
        let weight = target.sample_weight.map(|weight| weight.to_vec());
        if let Some(weight) = &weight {
            Error::check_length("the sample weight", n_rows, weight.len())?;
            refuse("the weight", weight, |value| value.is_finite() && value >= 0.0, "a finite number, 0 or more")?;
        }
        let is_rate = |value: f64| (0.0..=1.0).contains(&value);
        let smoothing = match params.smoothing {
            Smoothing::Auto if y.iter().all(|&value| is_rate(value)) => Smoothing::BetaBinomial,
            Smoothing::Auto => Smoothing::Variance,
            Smoothing::BetaBinomial => {
                refuse("the target", &y, is_rate, "a rate between 0 and 1, for beta-binomial smoothing")?;
                Smoothing::BetaBinomial
            }
            given => given,
        };
        Ok(Self { y, weight, smoothing, missing: params.missing })
    }

    fn weight(&self, row: usize) -> f64 {
        self.weight.as_ref().map_or(1.0, |weight| weight[row])
    }

    /// The encoding learnt from the rows that `learn` accepts.
    pub(crate) fn encode(
        &self,
        codes: &[u32],
        n_levels: usize,
        learn: impl Fn(usize) -> bool,
    ) -> adsml_core::Result<Encoding> {
        let rows = || (0..codes.len()).filter(|&row| learn(row));
        // Missing values are the level after the last.
        let level = |row: usize| (codes[row] as usize).min(n_levels);
        let (mut total, mut sum) = (0.0, 0.0);
        let (mut n, mut sums) = (vec![0.0; n_levels + 1], vec![0.0; n_levels + 1]);
        for row in rows() {
            let (weight, value) = (self.weight(row), self.weight(row) * self.y[row]);
            total += weight;
            sum += value;
            n[level(row)] += weight;
            sums[level(row)] += value;
        }
        if total <= 0.0 {
            let what = "rows of positive weight to learn a target encoding from".to_owned();
            return Err(Error::NotEnough { what, needed: 1, found: 0 });
        }
        let mean = sum / total;
        let mut levels: Vec<f64> = match self.smoothing {
            Smoothing::Variance | Smoothing::Auto => {
                let (mut variance, mut squares) = (0.0, vec![0.0; n_levels + 1]);
                for row in rows() {
                    let (from_all, from_level) = (self.y[row] - mean, self.y[row] - sums[level(row)] / n[level(row)]);
                    variance += self.weight(row) * from_all * from_all;
                    if n[level(row)] > 0.0 {
                        squares[level(row)] += self.weight(row) * from_level * from_level;
                    }
                }
                variance /= total;
                let encode = |((&n, &sum), &squares): ((&f64, &f64), &f64)| {
                    let share = variance * n / (variance * n + squares / n);
                    if share.is_nan() { mean } else { share * (sum / n) + (1.0 - share) * mean }
                };
                n.iter().zip(&sums).zip(&squares).map(encode).collect()
            }
            Smoothing::Fixed(strength) => smoothed(&n, &sums, strength, mean),
            Smoothing::BetaBinomial => {
                let cells = sums.iter().copied().zip(n.iter().copied());
                let prior = RatePrior::from_moments(mean, total, cells);
                smoothed(&n, &sums, prior.strength, mean)
            }
        };
        let own = levels.pop().unwrap_or(mean);
        let missing = match self.missing {
            MissingLevel::Own => own,
            MissingLevel::Mean => mean,
        };
        Ok(Encoding { levels, missing, mean })
    }

    /// The encoding of each row, learnt from the rows of other folds.
    pub(crate) fn cross_fit(&self, codes: &[u32], n_levels: usize, folds: &[usize]) -> adsml_core::Result<Vec<f64>> {
        let mut names = folds.to_vec();
        names.sort_unstable();
        names.dedup();
        if names.len() < 2 {
            let what = "folds to cross-fit a target encoding".to_owned();
            return Err(Error::NotEnough { what, needed: 2, found: names.len() });
        }
        let mut out = vec![f64::NAN; codes.len()];
        for name in names {
            let encoding = self.encode(codes, n_levels, |row| folds[row] != name)?;
            for row in (0..codes.len()).filter(|&row| folds[row] == name) {
                out[row] = encoding.value(codes[row]);
            }
        }
        Ok(out)
    }
}

fn smoothed(n: &[f64], sums: &[f64], strength: f64, mean: f64) -> Vec<f64> {
    let encode = |(&n, &sum): (&f64, &f64)| {
        let trials = n + strength;
        if trials > 0.0 { (sum + strength * mean) / trials } else { mean }
    };
    n.iter().zip(sums).map(encode).collect()
}

fn refuse(what: &str, values: &[f64], valid: impl Fn(f64) -> bool, expected: &'static str) -> adsml_core::Result<()> {
    match values.iter().position(|&value| !valid(value)) {
        None => Ok(()),
        Some(row) => Err(Error::InvalidSample { what: what.to_owned(), row, value: values[row], expected }),
    }
}

/// The folds of the target, or else shuffled ones, stratified when the target has two values.
pub(crate) fn cross_fit_folds(params: &TargetEncoderParams, target: &Target<'_>) -> adsml_core::Result<Vec<usize>> {
    let n_rows = target.y.len();
    if let Some(folds) = target.folds {
        Error::check_length("the list of folds", n_rows, folds.len())?;
        return Ok(folds.to_vec());
    }
    let n_folds = params.n_folds.min(n_rows);
    if n_folds < 2 {
        let what = "rows to cross-fit a target encoding".to_owned();
        return Err(Error::NotEnough { what, needed: 2, found: n_rows });
    }
    let mut rows: Vec<usize> = (0..n_rows).collect();
    params.seed.stream("target_encoder/folds", 0).shuffle(&mut rows);
    let first = target.y[0];
    let second = target.y.iter().copied().find(|&value| value != first);
    if target.y.iter().all(|&value| value == first || Some(value) == second) {
        rows.sort_by_key(|&row| target.y[row] == first);
    }
    let mut folds = vec![0; n_rows];
    for (at, row) in rows.into_iter().enumerate() {
        folds[row] = at % n_folds;
    }
    Ok(folds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::{CategoryColumn, Column};
    use ndarray::aview1;
    use proptest::prelude::*;

    fn table(levels: &[Option<u8>]) -> Table {
        let column: CategoryColumn = levels.iter().map(|level| level.map(|level| level.to_string())).collect();
        Table::from_columns([("ad", Column::from(column))]).unwrap()
    }

    #[test]
    fn the_unseen_is_the_overall_mean_and_the_missing_its_own_level() {
        let levels = table(&[Some(1), Some(1), None, None]);
        let y = [1.0, 3.0, 10.0, 10.0];
        let target = Target::new(aview1(&y));
        let params = TargetEncoder::params().smoothing(Smoothing::Fixed(0.0));
        let other = table(&[Some(7), None]);
        assert_eq!(params.fit(&levels, "ad", &target).unwrap().transform(&other).unwrap(), [6.0, 10.0]);
        let mean = params.missing(MissingLevel::Mean);
        assert_eq!(mean.fit(&levels, "ad", &target).unwrap().transform(&other).unwrap(), [6.0, 6.0]);
    }

    #[test]
    fn a_row_is_never_encoded_from_its_own_fold() {
        // One level: the encoding of a fold is the mean of the other fold, whatever the smoothing.
        let levels = table(&[Some(1); 4]);
        let (y, folds) = ([0.0, 1.0, 1.0, 1.0], [7, 7, 3, 3]);
        let target = Target::new(aview1(&y)).with_folds(Some(&folds));
        let (_, values) = TargetEncoder::params().fit_transform(&levels, "ad", &target).unwrap();
        assert_eq!(values, [1.0, 1.0, 0.5, 0.5]);
    }

    #[test]
    fn own_folds_are_even_and_stratified() {
        let y: Vec<f64> = (0..100).map(|row| f64::from(u8::from(row % 10 == 0))).collect();
        let folds = cross_fit_folds(&TargetEncoder::params(), &Target::new(aview1(&y))).unwrap();
        for fold in 0..5 {
            let rows: Vec<usize> = (0..100).filter(|&row| folds[row] == fold).collect();
            assert_eq!(rows.len(), 20);
            assert_eq!(rows.iter().map(|&row| y[row]).sum::<f64>(), 2.0);
        }
    }

    #[test]
    fn bad_targets_and_parameters_are_refused() {
        let levels = table(&[Some(1), Some(2)]);
        let fit = |params: TargetEncoderParams, y: &[f64]| {
            params.fit_transform(&levels, "ad", &Target::new(aview1(y))).unwrap_err().to_string()
        };
        let params = TargetEncoder::params;
        insta::assert_snapshot!(
            [
                fit(params(), &[0.0]),
                fit(params(), &[0.0, f64::NAN]),
                fit(params().smoothing(Smoothing::BetaBinomial), &[0.0, 2.0]),
                fit(params().smoothing(Smoothing::Fixed(-1.0)), &[0.0, 1.0]),
                fit(params().n_folds(1), &[0.0, 1.0]),
            ]
            .join("\n"),
            @r"
            the target has 1 entries, expected 2
            the target of sample 1 is NaN, expected a finite number
            the target of sample 1 is 2, expected a rate between 0 and 1, for beta-binomial smoothing
            parameter `smoothing` is -1, expected a finite number, 0 or more
            parameter `n_folds` is 1, expected 2 or more
            "
        );
    }

    proptest! {
        #[test]
        fn a_weight_counts_as_that_many_rows(
            rows in proptest::collection::vec((0..4_u8, 0..5_u8, 0..4_usize), 2..40),
            smoothing in prop_oneof![Just(Smoothing::Variance), Just(Smoothing::BetaBinomial), (0.0..9.0_f64).prop_map(Smoothing::Fixed)],
        ) {
            prop_assume!(rows.iter().any(|row| row.2 > 0));
            let repeated: Vec<_> = rows.iter().flat_map(|&row| std::iter::repeat_n(row, row.2)).collect();
            let levels = |rows: &[(u8, u8, usize)]| table(&rows.iter().map(|row| Some(row.0)).collect::<Vec<_>>());
            let y = |rows: &[(u8, u8, usize)]| rows.iter().map(|row| f64::from(row.1) / 4.0).collect::<Vec<_>>();
            let weight: Vec<f64> = rows.iter().map(|row| row.2 as f64).collect();
            let params = TargetEncoder::params().smoothing(smoothing);
            let (few, many) = (y(&rows), y(&repeated));
            let weighted = Target::new(aview1(&few)).with_weight(Some(aview1(&weight)));
            let weighted = params.fit(&levels(&rows), "ad", &weighted).unwrap().transform(&levels(&rows)).unwrap();
            let counted = params.fit(&levels(&repeated), "ad", &Target::new(aview1(&many))).unwrap();
            let counted = counted.transform(&levels(&rows)).unwrap();
            for (row, (a, b)) in weighted.iter().zip(&counted).enumerate() {
                // Only rounding differs; a level without weight has the mean in both.
                prop_assert!((a - b).abs() < 1e-12, "row {row}: {a} {b}");
            }
        }
    }
}
