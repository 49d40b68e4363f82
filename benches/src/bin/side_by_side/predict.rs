//! Scoring with tree ensembles: a row alone, and many rows.
//!
//! The models are those that `benches/peers/compare_predict.py` lets LightGBM and XGBoost train and save, and symmetric trees of our own.
//! The clock runs from a model and a matrix of `f64` to the predictions. Rows alone are 10,000 different ones in turn, so that no branch is
//! learnt by heart; what the clock itself takes is measured the same way and subtracted.

use std::error::Error;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use adsml::core::ndarray::{Array1, Array2};
use adsml::core::{FitContext, TrainingSet};
use adsml::models::{GradientBoostingParams, ImportedModel, Regressor};
use adsml_benches::npy;
use clap::ValueEnum;
use serde_json::json;

/// Options of `predict`.
#[derive(Debug, clap::Args)]
pub(crate) struct PredictArgs {
    /// Folder with the tables that the peers' `make_data.py` writes, and with `models` of `compare_predict.py`.
    #[arg(long)]
    data: PathBuf,
    /// Name of the table.
    #[arg(long, default_value = "ctr_100k")]
    table: String,
    /// Which models.
    #[arg(long, value_delimiter = ',', default_value = "lgbm,xgb,symmetric")]
    model: Vec<Model>,
    /// A row alone, or many.
    #[arg(long, value_delimiter = ',', default_value = "single,batch")]
    mode: Vec<Mode>,
    /// Trees of our own models.
    #[arg(long, default_value_t = 500)]
    trees: usize,
    /// Threads to score many rows with.
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
enum Model {
    /// LightGBM's, 31 leaves.
    Lgbm,
    /// XGBoost's, depth 6.
    Xgb,
    /// Our own symmetric trees of depth 6.
    Symmetric,
    /// Our own trees of 31 leaves.
    Leafwise,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Single,
    Batch,
}

/// Different rows that are scored alone.
const ROWS: usize = 10_000;

pub(crate) fn run(args: &PredictArgs) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(args.threads.get()).build_global()?;
    let file = |suffix: &str| args.data.join(format!("{}_{suffix}", args.table));
    let x = npy::read_matrix(&file("X.npy"))?;
    let test = npy::read_indices(&file("test_idx.npy"))?;
    let rows = rows_of(&x, test.get(..ROWS).ok_or("too few test rows")?)?;
    for &kind in &args.model {
        let started = Instant::now();
        let (model, trees) = load(args, kind, &x)?;
        let load_s = started.elapsed().as_secs_f64();
        let peer = args.data.join("models").join(format!("{}_pred.npy", name(&kind)));
        for &mode in &args.mode {
            let (x, figures) = match mode {
                Mode::Single => (&rows, single(model.as_ref(), &rows, args.repeats.get())?),
                Mode::Batch => (&x, batch(model.as_ref(), &x, args.repeats.get())?),
            };
            let mut line = json!({
                "bench": "predict", "side": "adsml", "model": name(&kind), "mode": name(&mode), "trees": trees,
                "threads": if mode == Mode::Single { 1 } else { args.threads.get() }, "rows": x.nrows(),
                "ns_per_row": figures.mean, "p50_ns": figures.p50, "p99_ns": figures.p99, "load_s": load_s,
            });
            if peer.exists() {
                let peer = npy::read_vector(&peer)?;
                let of_row = |at: usize| if mode == Mode::Single { peer[test[at]] } else { peer[at] };
                // XGBoost's predictions are f32.
                let is_f32 = kind == Model::Xgb;
                let ulp =
                    figures.predictions.iter().enumerate().map(|(at, &ours)| ulps(ours, of_row(at), is_f32)).max();
                line["max_ulp_to_peer"] = json!(ulp);
            }
            if args.json {
                println!("{line}");
            } else {
                println!(
                    "{} {} {:.0} ns a row, p50 {:.0}, p99 {:.0}",
                    line["model"], line["mode"], figures.mean, figures.p50, figures.p99
                );
            }
        }
    }
    Ok(())
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A model, and how many trees it has.
fn load(args: &PredictArgs, kind: Model, x: &Array2<f64>) -> Result<(Box<dyn Regressor>, usize), Box<dyn Error>> {
    let params = match kind {
        Model::Lgbm | Model::Xgb => {
            let file = if kind == Model::Lgbm { "lgbm.txt" } else { "xgb.ubj" };
            let model = ImportedModel::read(args.data.join("models").join(file))?;
            let trees = model.n_rounds();
            return Ok((Box::new(model), trees));
        }
        Model::Symmetric => GradientBoostingParams::catboost().max_depth(6),
        Model::Leafwise => GradientBoostingParams::lightgbm(),
    };
    let train = npy::read_indices(&args.data.join(format!("{}_train_idx.npy", args.table)))?;
    let y = npy::read_vector(&args.data.join(format!("{}_ctr.npy", args.table)))?;
    let y: Array1<f64> = train.iter().map(|&row| y[row]).collect();
    let train = rows_of(x, &train)?;
    let context = FitContext::seeded(42).with_threads(args.threads);
    let params = params.learning_rate(0.1).n_estimators(args.trees);
    let model = params.fit_set(&TrainingSet::new(train.view(), y.view())?, &context)?;
    let trees = model.n_rounds();
    Ok((Box::new(model), trees))
}

/// Nanoseconds a row.
struct Figures {
    mean: f64,
    p50: f64,
    p99: f64,
    predictions: Vec<f64>,
}

/// The median run of rows alone.
fn single(model: &dyn Regressor, rows: &Array2<f64>, repeats: usize) -> Result<Figures, Box<dyn Error>> {
    let slices: Vec<&[f64]> =
        rows.outer_iter().map(|row| row.to_slice().ok_or("rows lie apart")).collect::<Result<_, _>>()?;
    let predictions = slices.iter().map(|row| model.predict_row(row)).collect::<Result<Vec<_>, _>>()?;
    let mut runs = Vec::new();
    for _ in 0..repeats {
        let clock = latencies(&slices, |row| Ok(row[0]))?;
        let overhead = clock[clock.len() / 2];
        let started = Instant::now();
        for row in &slices {
            black_box(model.predict_row(black_box(row))?);
        }
        let mean = started.elapsed().as_nanos() as f64 / slices.len() as f64;
        let each = latencies(&slices, |row| Ok(model.predict_row(row)?))?;
        let quantile = |share: usize| (each[(each.len() - 1) * share / 100] - overhead).max(0.0);
        runs.push((quantile(50), quantile(99), mean));
    }
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (p50, p99, mean) = runs[runs.len() / 2];
    Ok(Figures { mean, p50, p99, predictions })
}

/// What each call takes, the clock included, ascending.
fn latencies(
    rows: &[&[f64]],
    call: impl Fn(&[f64]) -> Result<f64, Box<dyn Error>>,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let started = Instant::now();
        black_box(call(black_box(row))?);
        all.push(started.elapsed().as_nanos() as f64);
    }
    all.sort_by(f64::total_cmp);
    Ok(all)
}

/// All rows in one call; quantiles are those of the calls.
fn batch(model: &dyn Regressor, x: &Array2<f64>, repeats: usize) -> Result<Figures, Box<dyn Error>> {
    let mut predictions = vec![0.0; x.nrows()];
    model.predict_into(x.view(), &mut predictions)?;
    let mut walls = Vec::new();
    for _ in 0..repeats {
        let started = Instant::now();
        model.predict_into(x.view(), &mut predictions)?;
        walls.push(started.elapsed().as_nanos() as f64 / x.nrows() as f64);
    }
    walls.sort_by(f64::total_cmp);
    let p50 = walls[walls.len() / 2];
    Ok(Figures { mean: p50, p50, p99: walls[walls.len() - 1], predictions })
}

/// Numbers of the given width between two.
fn ulps(a: f64, b: f64, is_f32: bool) -> u64 {
    let ordered = |bits: i64, sign: i64| if bits < 0 { sign - bits } else { bits };
    let (a, b) = if is_f32 {
        let ordered = |value: f64| ordered(i64::from((value as f32).to_bits() as i32), i64::from(i32::MIN));
        (ordered(a), ordered(b))
    } else {
        let ordered = |value: f64| ordered(value.to_bits() as i64, i64::MIN);
        (ordered(a), ordered(b))
    };
    a.abs_diff(b)
}

fn rows_of(x: &Array2<f64>, rows: &[usize]) -> Result<Array2<f64>, Box<dyn Error>> {
    if let Some(row) = rows.iter().find(|&&row| row >= x.nrows()) {
        return Err(format!("row {row} of {} rows", x.nrows()).into());
    }
    Ok(Array2::from_shape_fn((rows.len(), x.ncols()), |(row, column)| x[[rows[row], column]]))
}
