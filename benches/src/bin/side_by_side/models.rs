//! Fitting tree ensembles to the CTR tables: time, memory, and how far the scores are from the best possible.
//!
//! | Setting | Models |
//! |---|---|
//! | `matched` | 500 trees, learning rate 0.1, 255 bins: leaf-wise with 31 leaves, depth-wise and symmetric of depth 6 |
//! | `default` | 100 trees, otherwise the presets named after the libraries, and our defaults for the forest |
//!
//! One default is not the peer's: CatBoost finds its learning rate from the data (ours is 0.03). The forest of classifiers looks
//! at the square root of the features in each split, as scikit-learn's does by default.
//!
//! The clock runs from the matrix of `f64` to the fitted model, binning included. Every row is a process of its own, so
//! that the peak of one is not the start of the next.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use adsml::core::ndarray::{Array1, Array2};
use adsml::core::{FitContext, Regressor, TrainingSet};
use adsml::eval::metrics;
use adsml::models::{Criterion, GradientBoostingParams, Loss, RandomForest};
use adsml::plot::ImportanceChart;
use adsml_benches::{memory_mb, npy};
use clap::ValueEnum;
use serde_json::{Value, json};

/// Options of `models`; of the lists, every combination that exists is a row.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelsArgs {
    /// Folder with the tables that the peers' `make_data.py` writes.
    #[arg(long)]
    data: PathBuf,
    /// Names of the tables.
    #[arg(long, value_delimiter = ',', default_value = "ctr_100k,ctr_1m")]
    table: Vec<String>,
    /// Settings; the forest and scikit-learn's boosting have only `default`.
    #[arg(long, value_delimiter = ',', default_value = "matched,default")]
    setting: Vec<Setting>,
    /// Targets: the rate, or the click.
    #[arg(long, value_delimiter = ',', default_value = "reg,clf")]
    task: Vec<Task>,
    /// Models.
    #[arg(long, value_delimiter = ',', default_value = "leafwise,depthwise,symmetric,forest,sklearn_gb")]
    model: Vec<Model>,
    /// Threads to fit with.
    #[arg(long, default_value = "1")]
    threads: NonZeroUsize,
    /// Seed of the fits.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Fits per row; times are over all, the peak is that of the first.
    #[arg(long, default_value = "3")]
    repeats: NonZeroUsize,
    /// JSON lines instead of text.
    #[arg(long)]
    json: bool,
    /// An SVG file for the time per row of every line.
    #[arg(long)]
    chart: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Setting {
    Matched,
    Default,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Task {
    Reg,
    Clf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Model {
    Leafwise,
    Depthwise,
    Symmetric,
    Forest,
    SklearnGb,
}

/// One line of the answer.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    table: &'a str,
    setting: Setting,
    task: Task,
    model: Model,
}

pub(crate) fn run(args: &ModelsArgs) -> Result<(), Box<dyn Error>> {
    let rows = rows(args);
    if rows.is_empty() {
        return Err("no such row: the forest and scikit-learn's boosting have only the setting `default`".into());
    }
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let line = if rows.len() == 1 { measure(args, *row)? } else { in_a_child(args, *row)? };
        println!("{}", if args.json { line.to_string() } else { text(&line) });
        lines.push(line);
    }
    match &args.chart {
        Some(file) => Ok(std::fs::write(file, chart(&lines, args.threads)?)?),
        None => Ok(()),
    }
}

/// The time per training row of every line.
fn chart(lines: &[Value], threads: NonZeroUsize) -> Result<String, Box<dyn Error>> {
    let bars = lines.iter().map(|line| {
        let string = |key: &str| line[key].as_str().unwrap_or_default();
        let per_row = line["wall_s"].as_f64().unwrap_or(f64::NAN) / line["train_rows"].as_f64().unwrap_or(f64::NAN);
        (format!("{}, {}", string("model"), string("data")), 1e6 * per_row)
    });
    let threads = if threads.get() == 1 { "one thread".to_owned() } else { format!("{threads} threads") };
    let chart =
        ImportanceChart::new("Time to fit, per training row").subtitle(format!("By model and table, {threads}"));
    Ok(chart.unit("microseconds").features(bars).to_svg()?)
}

fn rows(args: &ModelsArgs) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for table in &args.table {
        for &setting in &args.setting {
            for &task in &args.task {
                let exists = |model: Model| setting == Setting::Default || model.has_a_matched_setting();
                let models = args.model.iter().filter(|&&model| exists(model));
                rows.extend(models.map(|&model| Row { table, setting, task, model }));
            }
        }
    }
    rows
}

/// The line of this program again, asked for one row only.
fn in_a_child(args: &ModelsArgs, row: Row<'_>) -> Result<Value, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?);
    child.arg("models").arg("--json").arg("--data").arg(&args.data);
    child.args(["--table", row.table, "--setting", &name(row.setting), "--task", &name(row.task)]);
    child.args(["--model", &name(row.model), "--threads", &args.threads.to_string()]);
    child.args(["--seed", &args.seed.to_string(), "--repeats", &args.repeats.to_string()]);
    let answer = child.stderr(Stdio::inherit()).output()?;
    if !answer.status.success() {
        return Err(format!("{row:?} ended with {}", answer.status).into());
    }
    Ok(serde_json::from_slice(&answer.stdout)?)
}

fn measure(args: &ModelsArgs, row: Row<'_>) -> Result<Value, Box<dyn Error>> {
    let data = CtrData::load(&args.data, row)?;
    let training = TrainingSet::new(data.train.0.view(), data.train.1.view())?;
    let context = FitContext::seeded(args.seed).with_threads(args.threads);
    let before = memory_mb("VmRSS:");
    // The peak starts again from here; where the system refuses, it is that of loading too.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let timed = || -> Result<_, Box<dyn Error>> {
        let started = Instant::now();
        let fitted = row.fit(&training, &context)?;
        Ok((fitted, started.elapsed().as_secs_f64()))
    };
    let (fitted, first) = timed()?;
    let peak = memory_mb("VmHWM:");
    let mut walls = vec![first];
    for _ in 1..args.repeats.get() {
        walls.push(timed()?.1);
    }
    walls.sort_by(f64::total_cmp);
    let (quality, excess) = data.judge(row.task, fitted.model.as_ref())?;
    Ok(json!({
        "bench": "models",
        "side": "adsml",
        "data": row.table,
        "setting": name(row.setting),
        "task": name(row.task),
        "model": name(row.model),
        "threads": args.threads,
        "wall_s": (walls[(walls.len() - 1) / 2] + walls[walls.len() / 2]) / 2.0,
        "min_s": walls[0],
        "max_s": walls[walls.len() - 1],
        "repeats": args.repeats,
        "seed": args.seed,
        "quality": quality,
        "excess": excess,
        "train_rows": data.train.1.len(),
        "file_mb": fitted.model.to_file()?.to_bytes().len() as f64 / f64::from(1 << 20),
        "leaves_per_tree": fitted.n_leaves as f64 / fitted.n_trees as f64,
        "peak_minus_before_mb": peak - before,
    }))
}

/// A line for reading, from the one for machines.
fn text(line: &Value) -> String {
    let string = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| line[key].as_f64().unwrap_or(f64::NAN);
    let pairs = |key: &str| {
        let pairs = line[key].as_object().into_iter().flatten();
        pairs.map(|(name, value)| format!("{name} {:.5}", value.as_f64().unwrap_or(f64::NAN))).collect::<Vec<_>>()
    };
    format!(
        "{:8} {:7} {} {:10} {} threads  {:8.3} s ({:.3} to {:.3})  {}, excess {}  {:7.1} leaves per tree  {:6.0} MiB",
        string("data"),
        string("setting"),
        string("task"),
        string("model"),
        line["threads"],
        number("wall_s"),
        number("min_s"),
        number("max_s"),
        pairs("quality").join(", "),
        pairs("excess").join(", "),
        number("leaves_per_tree"),
        number("peak_minus_before_mb"),
    )
}

fn name(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

struct Fitted {
    model: Box<dyn Regressor>,
    n_leaves: usize,
    n_trees: usize,
}

impl Model {
    fn has_a_matched_setting(self) -> bool {
        !matches!(self, Self::Forest | Self::SklearnGb)
    }
}

impl Row<'_> {
    fn fit(self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Fitted, Box<dyn Error>> {
        let params = match self.model {
            Model::Leafwise => GradientBoostingParams::lightgbm(),
            Model::Depthwise => GradientBoostingParams::xgboost(),
            Model::Symmetric => GradientBoostingParams::catboost().n_estimators(100),
            Model::SklearnGb => GradientBoostingParams::sklearn(),
            Model::Forest => return self.fit_forest(data, context),
        };
        let params = match self.setting {
            Setting::Matched => params.learning_rate(0.1).n_estimators(500),
            Setting::Default => params,
        };
        let params = match self.task {
            Task::Reg => params,
            Task::Clf => params.loss(Loss::Logistic),
        };
        let model = params.fit_set(data, context)?;
        Ok(Fitted { n_leaves: model.n_leaves(), n_trees: model.n_rounds(), model: Box::new(model) })
    }

    fn fit_forest(self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Fitted, Box<dyn Error>> {
        let criterion = match self.task {
            Task::Reg => Criterion::SquaredError,
            Task::Clf => Criterion::Gini,
        };
        let n = data.n_features() as f64;
        let max_features = if self.task == Task::Clf { n.sqrt().floor() / n } else { 1.0 };
        let params = RandomForest::params().n_estimators(100).criterion(criterion).max_features(max_features);
        let model = params.fit_set(data, context)?;
        Ok(Fitted { n_leaves: model.n_leaves(), n_trees: model.n_trees(), model: Box::new(model) })
    }
}

/// Training and test rows of a table, and the best score that anybody can reach on the latter.
struct CtrData {
    train: (Array2<f64>, Array1<f64>),
    test: (Array2<f64>, Array1<f64>),
    floor: f64,
}

impl CtrData {
    fn load(folder: &Path, row: Row<'_>) -> Result<Self, Box<dyn Error>> {
        let file = |suffix: &str| folder.join(format!("{}_{suffix}", row.table));
        let (target, floor) = match row.task {
            Task::Reg => ("ctr.npy", "best_rmse"),
            Task::Clf => ("clicked.npy", "best_logloss"),
        };
        let (x, y) = (npy::read_matrix(&file("X.npy"))?, npy::read_vector(&file(target))?);
        let part = |suffix| -> Result<_, Box<dyn Error>> { rows_of(&x, &y, &npy::read_indices(&file(suffix))?) };
        let floors: Value = serde_json::from_reader(std::fs::File::open(file("floor.json"))?)?;
        let floor = floors[floor].as_f64().ok_or_else(|| format!("{} lacks {floor}", file("floor.json").display()))?;
        Ok(Self { train: part("train_idx.npy")?, test: part("test_idx.npy")?, floor })
    }

    /// Scores on the test rows, and how far the loss is from the best possible: `{"rmse", "r2"}` and `{"mse"}`, or
    /// `{"log_loss", "auc"}` and `{"log_loss"}`.
    fn judge(&self, task: Task, model: &dyn Regressor) -> Result<(Value, Value), Box<dyn Error>> {
        let (y, p) = (self.test.1.to_vec(), model.predict(self.test.0.view())?.to_vec());
        Ok(match task {
            Task::Reg => {
                let rmse = metrics::rmse(&y, &p, None)?;
                let quality = json!({ "rmse": rmse, "r2": metrics::r2(&y, &p, None)? });
                (quality, json!({ "mse": rmse * rmse - self.floor * self.floor }))
            }
            Task::Clf => {
                let log_loss = metrics::log_loss(&y, &p, None)?;
                let quality = json!({ "log_loss": log_loss, "auc": metrics::auc(&y, &p, None)? });
                (quality, json!({ "log_loss": log_loss - self.floor }))
            }
        })
    }
}

fn rows_of(x: &Array2<f64>, y: &Array1<f64>, rows: &[usize]) -> Result<(Array2<f64>, Array1<f64>), Box<dyn Error>> {
    if let Some(row) = rows.iter().find(|&&row| row >= x.nrows() || row >= y.len()) {
        return Err(format!("row {row} of {} rows and {} targets", x.nrows(), y.len()).into());
    }
    let mut values = Vec::with_capacity(rows.len() * x.ncols());
    for &row in rows {
        values.extend(x.row(row));
    }
    let y = rows.iter().map(|&row| y[row]).collect();
    Ok((Array2::from_shape_vec((rows.len(), x.ncols()), values)?, y))
}
