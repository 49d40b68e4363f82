//! Which rows to train on and which to judge on.
//!
//! | Split | Use it when | Refuses |
//! |---|---|---|
//! | [`Folds::by_group`] | rows of one campaign, user or account resemble each other | fewer groups than folds |
//! | [`Folds::forward_chaining`] | the model will predict the future | too few distinct times |
//! | [`Folds::k_fold`], [`Folds::stratified`], [`Folds::holdout`] | rows are independent of each other | fewer rows than folds |
//! | [`Folds::given`] | somebody else decided | fewer than two folds |
//!
//! A panel (campaigns by days) split at random is judged on rows whose neighbours it was trained on: its scores
//! are too good. All splits are deterministic: the same rows and seed give the same folds.

mod by_group;
mod by_row;
mod by_time;

pub use by_group::inner_folds;

use std::fmt;

use adsml_core::Seed;

use crate::{Dataset, EvalError, Result};

/// Pairs of training and test rows, checked: rows exist, a row is in at most one test set and never in the training
/// and test set of the same fold, and no set is empty.
///
/// ```
/// use adsml_core::Seed;
/// use adsml_eval::Folds;
///
/// let campaigns = [7, 7, 7, 9, 9, 12];
/// let folds = Folds::by_group(&campaigns, 2, Seed::new(42))?.of_column("campaign");
/// assert_eq!(folds.to_string(), "2 folds by group of `campaign`, seed 42");
/// assert_eq!(folds.iter().map(|fold| fold.test().len()).collect::<Vec<_>>(), [3, 3]);
/// # Ok::<(), adsml_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Folds {
    folds: Vec<Fold>,
    n_rows: usize,
    kind: SplitKind,
    column: Option<String>,
    seed: Option<Seed>,
    gap: Option<i64>,
}

/// One pair of training and test rows, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fold {
    train: Vec<usize>,
    test: Vec<usize>,
}

impl Fold {
    /// Rows to train on, ascending.
    pub fn train(&self) -> &[usize] {
        &self.train
    }

    /// Rows to judge on, ascending.
    pub fn test(&self) -> &[usize] {
        &self.test
    }
}

/// The rule by which rows were split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SplitKind {
    /// A random share of the rows is held out, once.
    Holdout,
    /// Random folds of equal size.
    KFold,
    /// Random folds of equal size and like targets.
    StratifiedKFold,
    /// Folds of whole groups.
    GroupKFold,
    /// Each fold is judged on what came after its training rows.
    ForwardChaining,
    /// Folds that the caller made.
    Given,
}

impl SplitKind {
    /// The name in snake case: `"group_k_fold"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holdout => "holdout",
            Self::KFold => "k_fold",
            Self::StratifiedKFold => "stratified_k_fold",
            Self::GroupKFold => "group_k_fold",
            Self::ForwardChaining => "forward_chaining",
            Self::Given => "given",
        }
    }
}

impl fmt::Display for SplitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Folds {
    /// Says from which column groups, times or fold numbers were taken.
    #[must_use]
    pub fn of_column(mut self, name: impl Into<String>) -> Self {
        self.column = Some(name.into());
        self
    }

    /// The folds, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Fold> {
        self.folds.iter()
    }

    /// A fold by number.
    pub fn get(&self, fold: usize) -> Option<&Fold> {
        self.folds.get(fold)
    }

    /// Number of folds.
    pub fn n_folds(&self) -> usize {
        self.folds.len()
    }

    /// Number of rows of the data set that was split.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The rule by which rows were split.
    pub const fn kind(&self) -> SplitKind {
        self.kind
    }

    /// The column that decided, if one did.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// The seed, if chance decided.
    pub const fn seed(&self) -> Option<Seed> {
        self.seed
    }

    /// Whole units of time left out between training and test rows, for a split in time.
    pub const fn gap(&self) -> Option<i64> {
        self.gap
    }

    /// The fold in whose test set each row is; `None` for rows that are never judged.
    pub fn fold_of_rows(&self) -> Vec<Option<usize>> {
        let mut fold_of_row = vec![None; self.n_rows];
        for (number, fold) in self.folds.iter().enumerate() {
            fold.test.iter().for_each(|&row| fold_of_row[row] = Some(number));
        }
        fold_of_row
    }

    /// Rows that are in some test set, ascending.
    pub fn judged_rows(&self) -> Vec<usize> {
        let fold_of_row = self.fold_of_rows();
        (0..self.n_rows).filter(|&row| fold_of_row[row].is_some()).collect()
    }

    /// From a fold number per row: each fold is judged on its rows and trained on all others; fold numbers may be any
    /// numbers. Folds are ordered by number.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotEnough`] without rows or with fewer than two distinct numbers.
    pub fn given(fold_of_row: &[usize]) -> Result<Self> {
        let mut numbers = fold_of_row.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() < 2 {
            return Err(EvalError::NotEnough { what: "given folds", needed: 2, found: numbers.len() });
        }
        let dense: Vec<usize> =
            fold_of_row.iter().map(|number| numbers.binary_search(number).expect("a number of the list")).collect();
        Ok(Self::complementary(&dense, numbers.len(), SplitKind::Given, None))
    }

    /// From pairs of training and test rows, in any order.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotEnough`] without pairs; [`EvalError::EmptyFold`]; [`EvalError::InvalidRow`] for a row that
    /// is not smaller than `n_rows`, that appears twice in a set, in both sets of a fold, or in two test sets.
    pub fn given_pairs(n_rows: usize, pairs: impl IntoIterator<Item = (Vec<usize>, Vec<usize>)>) -> Result<Self> {
        let mut folds = Vec::new();
        let mut judged = vec![false; n_rows];
        for (number, (mut train, mut test)) in pairs.into_iter().enumerate() {
            train.sort_unstable();
            test.sort_unstable();
            let mut used = vec![false; n_rows];
            for &row in train.iter().chain(&test) {
                let used = used.get_mut(row).ok_or_else(|| EvalError::InvalidRow {
                    row,
                    reason: format!("of fold {number} does not exist, there are {n_rows} rows"),
                })?;
                if std::mem::replace(used, true) {
                    return Err(EvalError::InvalidRow { row, reason: format!("appears twice in fold {number}") });
                }
            }
            for &row in &test {
                if std::mem::replace(&mut judged[row], true) {
                    return Err(EvalError::InvalidRow { row, reason: "is in two test sets".to_owned() });
                }
            }
            for (part, rows) in [("training", &train), ("test", &test)] {
                if rows.is_empty() {
                    return Err(EvalError::EmptyFold { fold: number, part, reason: "none were given".to_owned() });
                }
            }
            folds.push(Fold { train, test });
        }
        if folds.is_empty() {
            return Err(EvalError::NotEnough { what: "given folds", needed: 1, found: 0 });
        }
        Ok(Self { folds, n_rows, kind: SplitKind::Given, column: None, seed: None, gap: None })
    }

    /// Every row is judged in its fold and trained on in all others.
    fn complementary(fold_of_row: &[usize], n_folds: usize, kind: SplitKind, seed: Option<Seed>) -> Self {
        let folds = (0..n_folds).map(|fold| {
            let (test, train) = (0..fold_of_row.len()).partition(|&row| fold_of_row[row] == fold);
            Fold { train, test }
        });
        Self { folds: folds.collect(), n_rows: fold_of_row.len(), kind, column: None, seed, gap: None }
    }
}

impl<'a> IntoIterator for &'a Folds {
    type Item = &'a Fold;
    type IntoIter = std::slice::Iter<'a, Fold>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Folds {
    /// In words: `5 folds by group of "campaign", seed 42`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.n_folds();
        match self.kind {
            SplitKind::Holdout => {
                write!(f, "{} of {} rows held out at random", self.folds[0].test.len(), self.n_rows)?;
            }
            SplitKind::KFold => write!(f, "{n} random folds")?,
            SplitKind::StratifiedKFold => write!(f, "{n} stratified folds")?,
            SplitKind::GroupKFold => write!(f, "{n} folds by group")?,
            SplitKind::ForwardChaining => write!(f, "{n} folds forward in time")?,
            SplitKind::Given => write!(f, "{n} given folds")?,
        }
        if let Some(column) = &self.column {
            write!(f, " of `{column}`")?;
        }
        if let Some(gap) = self.gap {
            write!(f, ", gap {gap}")?;
        }
        if let Some(seed) = self.seed {
            write!(f, ", seed {}", seed.value())?;
        }
        Ok(())
    }
}

/// A rule for splitting, to be applied to a [`Dataset`].
///
/// ```
/// use adsml_core::{Column, Seed, Table};
/// use adsml_eval::{Dataset, Splitter};
///
/// let table = Table::from_columns([("spend", Column::from([1.0, 2.0, 3.0, 4.0]))])?;
/// let data = Dataset::new(&table, &[0.0, 1.0, 0.0, 1.0])?;
/// let folds = Splitter::StratifiedKFold { n_folds: 2 }.split(&data, Seed::new(42))?;
/// assert_eq!(folds.n_folds(), 2);
/// let error = Splitter::GroupKFold { n_folds: 2 }.split(&data, Seed::new(42)).unwrap_err();
/// assert_eq!(error.to_string(), "a group_k_fold split needs groups in the data set");
/// # Ok::<(), adsml_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Splitter {
    /// [`Folds::holdout`].
    Holdout {
        /// Share of the rows to judge on, in `(0, 1)`.
        test_share: f64,
    },
    /// [`Folds::k_fold`].
    KFold {
        /// Number of folds, 2 or more.
        n_folds: usize,
    },
    /// [`Folds::stratified`].
    StratifiedKFold {
        /// Number of folds, 2 or more.
        n_folds: usize,
    },
    /// [`Folds::by_group`], with the data set's groups.
    GroupKFold {
        /// Number of folds, 2 or more.
        n_folds: usize,
    },
    /// [`Folds::forward_chaining`], with the data set's times.
    ForwardChaining {
        /// Number of folds, 1 or more.
        n_folds: usize,
        /// Whole units of time between the last training row and the first test row.
        gap: i64,
    },
}

impl Splitter {
    /// The kind of folds it makes.
    pub const fn kind(&self) -> SplitKind {
        match self {
            Self::Holdout { .. } => SplitKind::Holdout,
            Self::KFold { .. } => SplitKind::KFold,
            Self::StratifiedKFold { .. } => SplitKind::StratifiedKFold,
            Self::GroupKFold { .. } => SplitKind::GroupKFold,
            Self::ForwardChaining { .. } => SplitKind::ForwardChaining,
        }
    }

    /// Splits the rows of a data set; the name of its group or time column goes along.
    ///
    /// # Errors
    ///
    /// [`EvalError::MissingPart`] when the data set lacks groups or times; as the constructor of [`Folds`] says.
    pub fn split(&self, data: &Dataset<'_>, seed: Seed) -> Result<Folds> {
        let missing = |what| EvalError::MissingPart { splitter: self.kind().name(), what };
        match *self {
            Self::Holdout { test_share } => Folds::holdout(data.n_rows(), test_share, seed),
            Self::KFold { n_folds } => Folds::k_fold(data.n_rows(), n_folds, seed),
            Self::StratifiedKFold { n_folds } => Folds::stratified(data.y(), data.weight(), n_folds, seed),
            Self::GroupKFold { n_folds } => {
                let folds = Folds::by_group(data.groups().ok_or_else(|| missing("groups"))?, n_folds, seed)?;
                Ok(folds.of_column(data.group_name().unwrap_or_default()))
            }
            Self::ForwardChaining { n_folds, gap } => {
                let folds = Folds::forward_chaining(data.times().ok_or_else(|| missing("times"))?, n_folds, gap)?;
                Ok(folds.of_column(data.time_name().unwrap_or_default()))
            }
        }
    }
}

/// At least two folds, and enough of what they are made of.
fn check_n_folds(n_folds: usize, what: &'static str, found: usize) -> Result<()> {
    if n_folds < 2 {
        return Err(EvalError::invalid_parameter("n_folds", n_folds, "a whole number of at least 2"));
    }
    if found < n_folds {
        return Err(EvalError::NotEnough { what, needed: n_folds, found });
    }
    Ok(())
}
