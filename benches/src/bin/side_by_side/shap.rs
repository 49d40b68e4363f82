//! Explaining predictions of trees: contributions, interactions, contributions against a background.
//!
//! The model is 500 trees of 31 leaves at a learning rate of 0.1, fitted to the click rates of the table's training rows, or one that LightGBM
//! wrote; what is explained are the table's first test rows. The clock runs from the model and a matrix of `f64` to the values; nothing is kept from call to call.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use adsml::core::ndarray::{Array1, Array2, ArrayView2, s};
use adsml::core::{FitContext, TrainingSet};
use adsml::models::{GradientBoosting, GradientBoostingParams, ImportedModel, ShapInteractions, ShapValues};
use adsml_benches::npy;
use clap::ValueEnum;
use serde_json::{Value, json};

/// Options of `shap`.
#[derive(Debug, clap::Args)]
pub(crate) struct ShapArgs {
    /// Folder with the tables that the peers' `make_data.py` writes.
    #[arg(long)]
    data: PathBuf,
    /// Name of the table.
    #[arg(long, default_value = "ctr_100k")]
    table: String,
    /// A model that LightGBM wrote, instead of one of our own.
    #[arg(long)]
    model: Option<PathBuf>,
    /// An array of contributions and, last, the base of every row, to compare with.
    #[arg(long)]
    expected: Option<PathBuf>,
    /// What is asked for.
    #[arg(long, value_delimiter = ',', default_value = "contributions,row,interactions,background")]
    what: Vec<What>,
    /// Rows to explain.
    #[arg(long, default_value_t = 1000)]
    rows: usize,
    /// Rows of the background.
    #[arg(long, default_value_t = 100)]
    background: usize,
    /// Trees of our own model.
    #[arg(long, default_value_t = 500)]
    trees: usize,
    /// Threads to explain with.
    #[arg(long, default_value = "1")]
    threads: NonZeroUsize,
    /// Times each.
    #[arg(long, default_value = "5")]
    repeats: NonZeroUsize,
    /// JSON lines instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Contributions of all rows at once.
    Contributions,
    /// The same, one row after the other.
    Row,
    /// Interactions of all rows.
    Interactions,
    /// Contributions of all rows against a background.
    Background,
}

/// What is explained.
enum Model {
    Own(GradientBoosting),
    Imported(ImportedModel),
}

impl Model {
    fn values(&self, x: ArrayView2<'_, f64>) -> adsml::core::Result<ShapValues> {
        match self {
            Self::Own(model) => model.shap_values(x),
            Self::Imported(model) => model.shap_values(x),
        }
    }

    fn values_against(
        &self,
        x: ArrayView2<'_, f64>,
        background: ArrayView2<'_, f64>,
    ) -> adsml::core::Result<ShapValues> {
        match self {
            Self::Own(model) => model.shap_values_against(x, background),
            Self::Imported(model) => model.shap_values_against(x, background),
        }
    }

    fn interactions(&self, x: ArrayView2<'_, f64>) -> adsml::core::Result<ShapInteractions> {
        match self {
            Self::Own(model) => model.shap_interactions(x),
            Self::Imported(model) => model.shap_interactions(x),
        }
    }

    fn raw_score(&self, row: &[f64]) -> adsml::core::Result<f64> {
        match self {
            Self::Own(model) => model.raw_score(row, 0),
            Self::Imported(model) => model.raw_score(row, 0),
        }
    }

    /// Name, trees, leaves.
    fn facts(&self) -> (&'static str, usize, usize) {
        match self {
            Self::Own(model) => ("leafwise", model.n_rounds(), model.n_leaves()),
            Self::Imported(model) => ("lightgbm", model.n_rounds(), model.n_leaves()),
        }
    }
}

pub(crate) fn run(args: &ShapArgs) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(args.threads.get()).build_global()?;
    let file = |suffix: &str| args.data.join(format!("{}_{suffix}", args.table));
    let (x, y) = (npy::read_matrix(&file("X.npy"))?, npy::read_vector(&file("ctr.npy"))?);
    let train = npy::read_indices(&file("train_idx.npy"))?;
    let model = match &args.model {
        Some(file) => Model::Imported(ImportedModel::read(file)?),
        None => Model::Own(fit(args, &rows_of(&x, &train)?, &train.iter().map(|&row| y[row]).collect())?),
    };
    let test = rows_of(&x, npy::read_indices(&file("test_idx.npy"))?.get(..args.rows).ok_or("too few test rows")?)?;
    let background = rows_of(&x, train.get(..args.background).ok_or("too few training rows")?)?;
    for &what in &args.what {
        let line = measure(args, &model, what, test.view(), background.view())?;
        if args.json {
            println!("{line}");
        } else {
            let number = |key: &str| line[key].as_f64().unwrap_or(f64::NAN);
            println!("{} {:.4} s, sums off by at most {:e}", line["what"], number("wall_s"), number("max_error"));
        }
    }
    Ok(())
}

fn fit(args: &ShapArgs, x: &Array2<f64>, y: &Array1<f64>) -> Result<GradientBoosting, Box<dyn Error>> {
    let params = GradientBoostingParams::lightgbm().learning_rate(0.1).n_estimators(args.trees);
    let context = FitContext::seeded(42).with_threads(args.threads);
    Ok(params.fit_set(&TrainingSet::new(x.view(), y.view())?, &context)?)
}

fn measure(
    args: &ShapArgs,
    model: &Model,
    what: What,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Value, Box<dyn Error>> {
    let mut walls = Vec::new();
    let mut sums = Vec::new();
    for _ in 0..args.repeats.get() {
        let started = Instant::now();
        sums = sums_of(model, what, x, background)?;
        walls.push(started.elapsed().as_secs_f64());
    }
    let last = walls.last().copied();
    walls.sort_by(f64::total_cmp);
    let mut max_error = 0.0_f64;
    for (row, sum) in x.outer_iter().zip(&sums) {
        let raw = model.raw_score(&row.to_vec())?;
        max_error = max_error.max((sum - raw).abs());
    }
    let (name, n_trees, n_leaves) = model.facts();
    let max_difference = match &args.expected {
        Some(file) if what == What::Contributions => Some(difference(&model.values(x)?, &npy::read_matrix(file)?)?),
        _ => None,
    };
    let what = what.to_possible_value().map(|value| value.get_name().to_owned());
    Ok(json!({
        "bench": "shap", "side": "adsml", "model": name, "what": what, "data": args.table,
        "trees": n_trees, "leaves_per_tree": n_leaves as f64 / n_trees as f64, "max_difference": max_difference,
        "threads": args.threads, "rows": x.nrows(), "background": background.nrows(),
        "last_s": last, "wall_s": (walls[(walls.len() - 1) / 2] + walls[walls.len() / 2]) / 2.0,
        "min_s": walls[0], "max_s": walls[walls.len() - 1], "repeats": args.repeats, "max_error": max_error,
    }))
}

/// Base and contributions of every row, added up.
fn sums_of(
    model: &Model,
    what: What,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let values = match what {
        What::Contributions => model.values(x)?,
        What::Background => model.values_against(x, background)?,
        What::Interactions => {
            let pairs = model.interactions(x)?;
            return Ok(pairs.values(0).outer_iter().map(|row| pairs.base(0) + row.sum()).collect());
        }
        What::Row => {
            let one = |row: usize| -> Result<f64, Box<dyn Error>> {
                let values = model.values(x.slice(s![row..=row, ..]))?;
                Ok(values.base(0) + values.values(0).sum())
            };
            return (0..x.nrows()).map(one).collect();
        }
    };
    Ok(values.values(0).outer_iter().map(|row| values.base(0) + row.sum()).collect())
}

/// The largest difference between contributions, or bases, and those of another library.
fn difference(ours: &ShapValues, theirs: &Array2<f64>) -> Result<f64, Box<dyn Error>> {
    let (values, base) = (ours.values(0), [ours.base(0)]);
    if theirs.dim() != (values.nrows(), values.ncols() + 1) {
        return Err(format!("{:?} contributions expected, {:?} are ours", theirs.dim(), values.dim()).into());
    }
    let rows = values.outer_iter().zip(theirs.outer_iter());
    let pairs = rows.flat_map(|(ours, theirs)| {
        ours.into_iter()
            .chain(&base)
            .copied()
            .zip(theirs)
            .map(|(ours, theirs)| (ours - theirs).abs())
            .collect::<Vec<_>>()
    });
    Ok(pairs.fold(0.0, f64::max))
}

fn rows_of(x: &Array2<f64>, rows: &[usize]) -> Result<Array2<f64>, Box<dyn Error>> {
    if let Some(row) = rows.iter().find(|&&row| row >= x.nrows()) {
        return Err(format!("row {row} of {} rows", x.nrows()).into());
    }
    Ok(Array2::from_shape_fn((rows.len(), x.ncols()), |(row, column)| x[[rows[row], column]]))
}
