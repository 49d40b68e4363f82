//! What does the model that we trained elsewhere say of these ads, and why?
//!
//! ```text
//! cargo run --release --example score_lightgbm_model -- --model model.txt --csv ads.csv --out scored.csv
//! ```
//!
//! Reads what LightGBM or XGBoost saved (text, JSON or UBJSON), finds its features among the columns of a CSV file by their names, and gives for
//! each row the prediction and the features that moved it most. Without files it runs on a bundled model of click rates
//! (`examples/data/ads_lightgbm.py`).
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use std::fmt::Write;
use std::path::PathBuf;

use adsml::core::{FeatureKind, FeatureMatrix};
use adsml::models::ImportedModel;
use adsml::prelude::*;
use adsml_examples::{Outcome, say};
use clap::Parser;
use serde_json::{Value, json};

/// What does the model that we trained elsewhere say of these ads, and why?
#[derive(Debug, Parser)]
struct Args {
    /// Model file of LightGBM (text) or XGBoost (JSON, UBJSON).
    #[arg(long, value_name = "FILE", requires = "csv")]
    model: Option<PathBuf>,
    /// Rows to score: CSV, or JSON by its ending.
    #[arg(long, value_name = "FILE", requires = "model")]
    csv: Option<PathBuf>,
    /// The file has no header; a model with names then needs them to be c0, c1, c2, …
    #[arg(long, requires = "csv")]
    no_header: bool,
    /// Columns that are no features, comma separated, where features go by their order (a label, say).
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "csv")]
    ignore: Vec<String>,
    /// Features that are named per row.
    #[arg(long, default_value_t = 3)]
    reasons: usize,
    /// Write all rows here, as CSV.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Rows of the table that are shown.
const SHOWN: usize = 20;

fn main() -> Outcome {
    let args = Args::parse();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/data");
    let bundled = (format!("{data}/ads_lightgbm.txt").into(), format!("{data}/ads_to_score.csv").into());
    let (model, rows) = args.model.clone().zip(args.csv.clone()).unwrap_or(bundled);
    let model = ImportedModel::read(model)?;
    let mut table = adsml::read_plain(&rows, !args.no_header)?;
    for name in &args.ignore {
        table.remove(name)?;
    }
    let scored = Scored::new(&model, &model.matrix(&table)?, args.reasons)?;
    if let Some(path) = &args.out {
        std::fs::write(path, scored.csv())?;
        eprintln!("wrote {}", path.display());
    }
    if args.json { say(scored.json()) } else { say(scored.text()) }
}

/// Predictions, and why.
struct Scored {
    summary: String,
    /// Names of the classes; of two, the second is what is predicted.
    classes: Vec<String>,
    /// Before the link, without knowing a row.
    base: Vec<f64>,
    rows: Vec<ScoredRow>,
}

struct ScoredRow {
    predictions: Vec<f64>,
    probabilities: Vec<f64>,
    /// The output that the reasons are of: of several classes, the likeliest.
    output: usize,
    reasons: Vec<Reason>,
}

struct Reason {
    feature: String,
    value: String,
    contribution: f64,
}

impl Scored {
    fn new(model: &ImportedModel, matrix: &FeatureMatrix, n_reasons: usize) -> Outcome<Self> {
        let x = matrix.view();
        let outputs = model.outputs(x)?;
        let classifier = model.as_classifier();
        let proba = classifier.map(|classifier| classifier.predict_proba(x)).transpose()?;
        let contributions = model.shap_values(x)?;
        let row = |row: usize| {
            let output =
                (0..outputs.ncols()).max_by(|&a, &b| outputs[[row, a]].total_cmp(&outputs[[row, b]])).unwrap_or(0);
            let values = contributions.values(output);
            let mut features: Vec<usize> = (0..x.ncols()).filter(|&feature| values[[row, feature]] != 0.0).collect();
            features.sort_by(|&a, &b| values[[row, b]].abs().total_cmp(&values[[row, a]].abs()));
            let reason = |&feature: &usize| Reason {
                feature: matrix.columns()[feature].name.clone(),
                value: shown(matrix, row, feature),
                contribution: values[[row, feature]],
            };
            ScoredRow {
                predictions: outputs.row(row).to_vec(),
                probabilities: proba.as_ref().map(|proba| proba.row(row).to_vec()).unwrap_or_default(),
                output,
                reasons: features.iter().take(n_reasons).map(reason).collect(),
            }
        };
        Ok(Self {
            summary: format!(
                "{} model with objective {}: {} features, {} rounds, {} leaves",
                model.format(),
                model.objective(),
                x.ncols(),
                model.n_rounds(),
                model.n_leaves()
            ),
            classes: classifier.map(|classifier| classifier.classes().to_vec()).unwrap_or_default(),
            base: (0..contributions.n_outputs()).map(|output| contributions.base(output)).collect(),
            rows: (0..x.nrows()).map(row).collect(),
        })
    }

    fn has_many_classes(&self) -> bool {
        self.classes.len() > 2
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}\n{} rows, and what moved each most (on the scale before the link)\n\n",
            self.summary,
            self.rows.len()
        );
        for (number, row) in self.rows.iter().enumerate().take(SHOWN) {
            let reasons: Vec<String> = row
                .reasons
                .iter()
                .map(|why| format!("{} = {} {:+.3}", why.feature, why.value, why.contribution))
                .collect();
            let prediction = if self.has_many_classes() {
                format!("class {} with {:.4}", self.classes[row.output], row.probabilities[row.output])
            } else {
                row.predictions.iter().map(|prediction| format!("{prediction:.5}")).collect::<Vec<_>>().join(" ")
            };
            // A String takes whatever is written.
            writeln!(text, "{:>6}  {prediction:<12}  {}", number + 1, reasons.join(", ")).unwrap_or_default();
        }
        if self.rows.len() > SHOWN {
            writeln!(text, "   ...  and {} more (--out FILE writes all)", self.rows.len() - SHOWN).unwrap_or_default();
        }
        text
    }

    fn json(&self) -> Value {
        let reason =
            |why: &Reason| json!({"feature": why.feature, "value": why.value, "contribution": why.contribution});
        let row = |(number, row): (usize, &ScoredRow)| {
            let mut object = json!({
                "row": number + 1,
                "prediction": row.predictions,
                "reasons_of_output": row.output,
                "reasons": row.reasons.iter().map(reason).collect::<Vec<_>>(),
            });
            if !self.classes.is_empty() {
                object["probabilities"] = json!(row.probabilities);
            }
            object
        };
        json!({
            "model": self.summary,
            "classes": self.classes,
            "base": self.base,
            "rows": self.rows.iter().enumerate().map(row).collect::<Vec<_>>(),
        })
    }

    fn csv(&self) -> String {
        let n_outputs = self.base.len();
        let n_reasons = self.rows.iter().map(|row| row.reasons.len()).max().unwrap_or(0);
        let mut header = vec!["row".to_owned()];
        let one = n_outputs == 1;
        header.extend(
            (0..n_outputs).map(|output| if one { "prediction".to_owned() } else { format!("prediction_{output}") }),
        );
        header
            .extend((1..=n_reasons).flat_map(|reason| [format!("reason_{reason}"), format!("contribution_{reason}")]));
        let mut text = header.join(",") + "\n";
        for (number, row) in self.rows.iter().enumerate() {
            let mut cells = vec![(number + 1).to_string()];
            cells.extend(row.predictions.iter().map(ToString::to_string));
            for why in &row.reasons {
                let reason = format!("{} = {}", why.feature, why.value);
                cells.push(format!("\"{}\"", reason.replace('"', "\"\"")));
                cells.push(why.contribution.to_string());
            }
            cells.resize(header.len(), String::new());
            text += &(cells.join(",") + "\n");
        }
        text
    }
}

/// A value as the table has it: the text of a level, `missing`, or a number.
fn shown(matrix: &FeatureMatrix, row: usize, feature: usize) -> String {
    let value = matrix.view()[[row, feature]];
    match &matrix.columns()[feature].kind {
        _ if value.is_nan() => "missing".to_owned(),
        FeatureKind::Category { levels } if (value as usize) < levels.len() => levels.get(value as usize).to_owned(),
        FeatureKind::Category { .. } => "unknown".to_owned(),
        FeatureKind::Number => value.to_string(),
    }
}
