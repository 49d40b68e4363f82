//! On labels that mean nothing, nothing must be found: the test that catches leakage through the target encoding.
#![allow(clippy::print_stdout)] // The measured figures are worth a line in the log.

use adsml::core::{FitContext, Provenance, Seed, Table, Target};
use adsml::eval::{Candidate, Dataset, Folds, Metric, cross_validate};
use adsml::features::{CategoryEncoding, FeaturePipeline, LintOptions, Reason, lint_matrix};
use adsml::models::LogisticRegression;
use adsml::simulate::Account;

const FOLDS: usize = 5;
const SHUFFLES: u64 = 200;

/// 5,000 ad-days of 1,000 ad sets, and labels: was this one of the better half?
fn rows() -> (Table, Vec<f64>) {
    let params = Account::params().n_campaigns(200).ad_sets_per_campaign(5).days(5);
    let account = params.build().expect("valid settings");
    let table = account.table().select(&["ad_set_id"]).expect("it is there");
    assert_eq!((table.n_rows(), table.category("ad_set_id").unwrap().levels().len()), (5_000, 1_000));
    let rates = account.true_ctr();
    let mut sorted = rates.clone();
    sorted.sort_by(f64::total_cmp);
    let labels = rates.iter().map(|&rate| f64::from(u8::from(rate > sorted[2_500]))).collect();
    (table, labels)
}

fn permuted(labels: &[f64], index: u64) -> Vec<f64> {
    let mut labels = labels.to_vec();
    Seed::new(1).stream("permute labels", index).shuffle(&mut labels);
    labels
}

fn encoding() -> FeaturePipeline {
    FeaturePipeline::new().categorical_with(["ad_set_id"], CategoryEncoding::Target)
}

/// Mean over folds of the AUC on rows that were not fitted on.
fn auc(table: &Table, labels: &[f64], pipeline: &FeaturePipeline, seed: u64) -> f64 {
    let data = Dataset::new(table, labels).unwrap();
    let folds = Folds::k_fold(labels.len(), FOLDS, Seed::new(seed)).unwrap();
    let learner = LogisticRegression::params();
    let candidate = Candidate::new("target_encoded", pipeline, &learner);
    let context = FitContext::seeded(seed);
    let judged = cross_validate(&candidate, &data, &folds, &[Metric::Auc], &context).unwrap();
    judged.mean_test(0).expect("both labels are in every fold")
}

#[test]
fn permuted_labels_cannot_be_predicted_when_the_encoding_is_inside_the_folds() {
    let (table, labels) = rows();
    let pipeline = encoding();
    let aucs: Vec<f64> = (0..SHUFFLES).map(|index| auc(&table, &permuted(&labels, index), &pipeline, index)).collect();
    let n = aucs.len() as f64;
    let mean = aucs.iter().sum::<f64>() / n;
    let deviation = (aucs.iter().map(|auc| (auc - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let standard_error = deviation / n.sqrt();
    println!("mean AUC {mean:.5}, Monte-Carlo standard error {standard_error:.5}");
    assert!(
        (mean - 0.5).abs() < 3.0 * standard_error,
        "{mean} is more than three standard errors of {standard_error} from 0.5"
    );
    assert!((mean - 0.5).abs() < 0.005, "{mean}");
}

#[test]
fn an_encoding_learnt_from_all_rows_flatters_and_the_linter_names_it() {
    let (table, labels) = rows();
    let labels = permuted(&labels, 0);
    let target = Target::new((&labels).into());
    let fitted = encoding().fit(&table, Some(&target), &FitContext::default()).unwrap();
    let leaked = adsml::core::FittedTransform::transform(&fitted, &table).unwrap();

    let column = adsml::core::Column::from(leaked.view().column(0).to_vec());
    let leaked_table = Table::from_columns([("encoded", column)]).unwrap();
    let flattering = auc(&leaked_table, &labels, &FeaturePipeline::new().numeric(["encoded"]), 1);
    println!("AUC with the encoding fitted on all rows {flattering:.3}");
    assert!(flattering >= 0.60, "{flattering}");

    let lint = |matrix| lint_matrix(matrix, &target, Provenance::AfterClick, &LintOptions::default()).unwrap();
    let report = lint(&leaked);
    assert!(report.findings().iter().any(|finding| matches!(finding.reason, Reason::TargetEncoded { .. })), "{report}");
    // The same pipeline, cross-fitted, is not accused.
    let (_, honest) = encoding().fit_transform(&table, Some(&target), &FitContext::default()).unwrap();
    let report = lint(&honest);
    assert!(
        !report.findings().iter().any(|finding| matches!(finding.reason, Reason::TargetEncoded { .. })),
        "{report}"
    );
}
