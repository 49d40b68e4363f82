//! What the examples share: options of a prediction task and of a plan, progress on a terminal, charts into a folder.

pub mod plan;
pub mod planner;

use std::error::Error;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use adsml::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};

/// What an example's `main` returns: its failures are shown as sentences.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Any error, shown with what caused it instead of with its fields.
pub struct Failure(Box<dyn Error>);

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// `main` prints errors by `Debug`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string())
    }
}

/// Where a table comes from, what is predicted, and from which columns.
#[derive(Debug, Clone, clap::Args)]
pub struct PredictArgs {
    /// CSV file (or JSON: array or lines, by its ending). Delimiter, decimal comma and line ends are found out. An Ads Manager
    /// export or Insights rows are recognised: then no column needs a name.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// The file has no header: its columns are called c0, c1, c2, …
    #[arg(long, requires = "csv")]
    pub no_header: bool,
    /// Column of clicks, for a rate out of --impressions.
    #[arg(long, value_name = "COL", requires_all = ["csv", "impressions"], conflicts_with = "target")]
    pub clicks: Option<String>,
    /// Column of impressions.
    #[arg(long, value_name = "COL", requires_all = ["csv", "clicks"])]
    pub impressions: Option<String>,
    /// Column to predict instead: 0 or 1 per row, a rate, or any number.
    #[arg(long, value_name = "COL", requires = "csv")]
    pub target: Option<String>,
    /// Columns of categories, comma separated; `c14..c39` names a run of columns.
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "csv")]
    pub categorical: Vec<String>,
    /// Columns of numbers, comma separated; `c1..c13` names a run of columns.
    #[arg(long, value_name = "C,D", value_delimiter = ',', requires = "csv")]
    pub numeric: Vec<String>,
    /// Rows that share a value of this column stay together when rows are split.
    #[arg(long, value_name = "COL", conflicts_with = "time", requires = "csv")]
    pub group: Option<String>,
    /// Date or timestamp: models are judged on days after those they learnt from.
    #[arg(long, value_name = "COL", requires = "csv")]
    pub time: Option<String>,
    /// Number of folds.
    #[arg(long, default_value_t = 5)]
    pub folds: usize,
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Threads to use; all by default. The figures do not depend on it.
    #[arg(long)]
    pub threads: Option<NonZeroUsize>,
    /// Use these columns even when they give the answer away; without names, all of them.
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 0..=1, requires = "csv")]
    pub allow_leaks: Option<Vec<String>>,
    /// Folder for charts and the saved model.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    pub json: bool,
}

impl PredictArgs {
    /// Reads the table that `--csv` names. One of Meta's files gives the canonical table, unless columns are named that only the
    /// file itself has.
    pub fn read(&self, path: &Path) -> Outcome<Table> {
        let file = adsml::read_file(path, !self.no_header)?;
        let named = [&self.clicks, &self.impressions, &self.target, &self.group, &self.time].into_iter().flatten();
        let mut named = named.chain(&self.categorical).chain(&self.numeric);
        if file.understanding.is_some() && named.any(|name| file.table.get(name).is_none()) {
            return Ok(adsml::read_plain(path, !self.no_header)?);
        }
        Ok(file.table)
    }

    /// The recipe these options describe, for the columns of `table`.
    pub fn recipe(&self, table: &Table) -> Outcome<CtrPredictorParams> {
        let named = CtrPredictor::params().folds(self.folds);
        let mut recipe = match (&self.clicks, &self.impressions, &self.target) {
            (Some(clicks), Some(impressions), _) => named.rate(clicks, impressions),
            (_, _, Some(target)) => named.target(target),
            // One of Meta's files finds its columns by itself.
            _ => CtrPredictorParams::from_ads(table, self.folds)
                .map_err(|_| "name what to predict: --clicks COL --impressions COL, or --target COL")?,
        };
        recipe = recipe.categorical(expand(&self.categorical, table)?).numeric(expand(&self.numeric, table)?);
        recipe = match self.allow_leaks.as_deref() {
            None => recipe,
            Some([]) => recipe.allow_leaks(true),
            Some(names) => recipe.allow_leaks_of(expand(names, table)?),
        };
        if let Some(group) = &self.group {
            recipe = recipe.group(group);
        }
        if let Some(time) = &self.time {
            recipe = recipe.time(time);
        }
        Ok(recipe)
    }

    /// Seed and threads.
    pub fn context(&self) -> FitContext<'static> {
        let context = FitContext::seeded(self.seed);
        match self.threads {
            Some(threads) => context.with_threads(threads),
            None => context,
        }
    }

    /// Fits the recipe with progress on the terminal; the context holds seed and threads.
    pub fn fit(&self, recipe: &CtrPredictorParams, table: &Table) -> Outcome<CtrPredictor> {
        let progress = TerminalProgress::new();
        let context = FitContext { observer: Some(&progress), ..self.context() };
        let fitted = recipe.fit_with(table, &context);
        progress.finish();
        Ok(fitted?)
    }

    /// Writes the charts and the model into `--out`, or into `out/<example>`; gives what was written.
    pub fn write(&self, predictor: &CtrPredictor, example: &str) -> Outcome<Vec<PathBuf>> {
        let folder = self.out.clone().unwrap_or_else(|| Path::new("out").join(example));
        std::fs::create_dir_all(&folder)?;
        let mut written = Vec::new();
        for chart in predictor.charts()? {
            let path = folder.join(chart.file_name);
            std::fs::write(&path, chart.svg)?;
            written.push(path);
        }
        let path = folder.join("predictor.adsml");
        predictor.save(&path)?;
        written.push(path);
        Ok(written)
    }
}

/// Replaces `a..b` by the run of the table's columns from `a` to `b`.
fn expand(names: &[String], table: &Table) -> Outcome<Vec<String>> {
    let known: Vec<&str> = table.names().collect();
    let position = |name: &str| {
        known.iter().position(|known| *known == name).ok_or_else(|| format!("the table has no column `{name}`"))
    };
    let mut expanded = Vec::new();
    for name in names {
        match name.split_once("..") {
            Some((first, last)) if !known.contains(&name.as_str()) => {
                let (first, last) = (position(first)?, position(last)?);
                let run = known.get(first..=last).filter(|run| !run.is_empty());
                let run = run.ok_or_else(|| {
                    format!("`{name}` runs backwards: the table has the second column before the first")
                })?;
                expanded.extend(run.iter().map(|&name| name.to_owned()));
            }
            _ => expanded.push(name.clone()),
        }
    }
    Ok(expanded)
}

/// Prints to stdout; that nobody reads on (`… | head`) is no failure.
pub fn say(text: impl fmt::Display) -> Outcome {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Progress on stderr, when that is a terminal.
#[derive(Debug)]
pub struct TerminalProgress {
    bar: Option<Mutex<ProgressBar>>,
}

impl TerminalProgress {
    /// A bar when stderr is a terminal, else nothing.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg:28} {bar:40} {pos}/{len}").expect("a valid template");
            Mutex::new(ProgressBar::new(0).with_style(style))
        });
        Self { bar }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.lock().expect("no thread panicked while drawing").finish_and_clear();
        }
    }
}

impl Default for TerminalProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for TerminalProgress {
    fn progress(&self, progress: Progress<'_>) {
        if let Some(bar) = &self.bar {
            let bar = bar.lock().expect("no thread panicked while drawing");
            bar.set_message(progress.stage.to_owned());
            bar.set_length(progress.total.unwrap_or_default() as u64);
            bar.set_position(progress.done as u64);
        }
    }
}
