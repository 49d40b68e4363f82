//! Explaining predictions of trees: contributions, interactions, contributions against a background.
//!
//! The model is 500 trees of 31 leaves at a learning rate of 0.1, fitted to the click rates of the table's training rows; what is explained are
//! its first test rows. The clock runs from the model and a matrix of `f64` to the values; nothing is kept from call to call.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use adsml::core::ndarray::{Array1, Array2, ArrayView2, s};
use adsml::core::{FitContext, TrainingSet};
use adsml::models::{GradientBoosting, GradientBoostingParams};
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
    /// What is asked for.
    #[arg(long, value_delimiter = ',', default_value = "contributions,row,interactions,background")]
    what: Vec<What>,
    /// Rows to explain.
    #[arg(long, default_value_t = 1000)]
    rows: usize,
    /// Rows of the background.
    #[arg(long, default_value_t = 100)]
    background: usize,
    /// Trees of the model.
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

pub(crate) fn run(args: &ShapArgs) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(args.threads.get()).build_global()?;
    let file = |suffix: &str| args.data.join(format!("{}_{suffix}", args.table));
    let (x, y) = (npy::read_matrix(&file("X.npy"))?, npy::read_vector(&file("ctr.npy"))?);
    let train = npy::read_indices(&file("train_idx.npy"))?;
    let model = fit(args, &rows_of(&x, &train)?, &train.iter().map(|&row| y[row]).collect())?;
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
    model: &GradientBoosting,
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
    walls.sort_by(f64::total_cmp);
    let mut max_error = 0.0_f64;
    for (row, sum) in x.outer_iter().zip(&sums) {
        let raw = model.raw_score(&row.to_vec(), 0)?;
        max_error = max_error.max((sum - raw).abs());
    }
    let what = what.to_possible_value().map(|value| value.get_name().to_owned());
    Ok(json!({
        "bench": "shap", "side": "adsml", "model": "leafwise", "what": what, "data": args.table,
        "trees": model.n_rounds(), "leaves_per_tree": model.n_leaves() as f64 / model.n_rounds() as f64,
        "threads": args.threads, "rows": x.nrows(), "background": background.nrows(),
        "wall_s": (walls[(walls.len() - 1) / 2] + walls[walls.len() / 2]) / 2.0,
        "min_s": walls[0], "max_s": walls[walls.len() - 1], "repeats": args.repeats, "max_error": max_error,
    }))
}

/// Base and contributions of every row, added up.
fn sums_of(
    model: &GradientBoosting,
    what: What,
    x: ArrayView2<'_, f64>,
    background: ArrayView2<'_, f64>,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let values = match what {
        What::Contributions => model.shap_values(x)?,
        What::Background => model.shap_values_against(x, background)?,
        What::Interactions => {
            let pairs = model.shap_interactions(x)?;
            return Ok(pairs.values(0).outer_iter().map(|row| pairs.base(0) + row.sum()).collect());
        }
        What::Row => {
            let one = |row: usize| -> Result<f64, Box<dyn Error>> {
                let values = model.shap_values(x.slice(s![row..=row, ..]))?;
                Ok(values.base(0) + values.values(0).sum())
            };
            return (0..x.nrows()).map(one).collect();
        }
    };
    Ok(values.values(0).outer_iter().map(|row| values.base(0) + row.sum()).collect())
}

fn rows_of(x: &Array2<f64>, rows: &[usize]) -> Result<Array2<f64>, Box<dyn Error>> {
    if let Some(row) = rows.iter().find(|&&row| row >= x.nrows()) {
        return Err(format!("row {row} of {} rows", x.nrows()).into());
    }
    Ok(Array2::from_shape_fn((rows.len(), x.ncols()), |(row, column)| x[[rows[row], column]]))
}
