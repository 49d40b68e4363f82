//! Model files: whole, damaged, hostile.

use adsml_core::{FitContext, ModelFile, Regressor, Seed, TrainingSet};
use adsml_models::{Criterion, DecisionTree, Importance, RandomForest};
use ndarray::Array2;

use super::{CRITERIA, forest, rows};
use crate::damage::{assert_damage_is_refused, others, use_model};
use crate::{bytes, columns};

/// Sections of a forest's file.
const SECTIONS: [&str; 14] = [
    "importance_gain",
    "importance_splits",
    "importance_cover",
    "tree_questions",
    "tree_values",
    "tree_cover",
    "tree_roots",
    "tree_set_levels",
    "tree_set_bits",
    "level_counts",
    "level_lengths",
    "level_texts",
    "oob_predictions",
    "oob_score",
];

/// A small forest with numbers, categories and missing values.
fn small_model(criterion: Criterion) -> (RandomForest, Array2<f64>) {
    let (x, y) = rows(80, 20);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let params = forest().n_estimators(3).min_samples_leaf(3).criterion(criterion).max_features(0.6).oob_score(true);
    let model = params.fit_set(&data, &FitContext::default()).unwrap();
    assert!(model.importance_by(Importance::Splits)[2] > 0.0, "some splits are of the category");
    (model, x)
}

/// Whether the file is read; the model is used then.
fn use_it(file: &ModelFile, x: &Array2<f64>) -> bool {
    let Ok(model) = RandomForest::from_file(file) else { return false };
    use_model(&model, x);
    let _ = (model.oob_score(), model.oob_predictions(), model.oob_proba());
    true
}

#[test]
fn damaged_files_are_refused() {
    let (model, x) = small_model(Criterion::Gini);
    let bytes = bytes(&model);
    assert!(use_it(&ModelFile::from_bytes(&bytes).unwrap(), &x));
    assert_damage_is_refused(&bytes);
}

#[test]
fn hostile_sections_never_panic() {
    for criterion in CRITERIA {
        let (model, x) = small_model(criterion);
        let file = model.to_file().unwrap();
        let copy = || ModelFile::from_bytes(&file.to_bytes()).unwrap();
        let mut stream = Seed::new(21).stream("hostile", 0);
        for name in SECTIONS {
            let section = file.bytes(name).unwrap().to_vec();
            let changed = |bytes: Vec<u8>| {
                let mut file = copy();
                file.put_bytes(name, bytes);
                use_it(&file, &x)
            };
            assert!(changed(section.clone()), "{name}: nothing was changed");
            // A number less or more.
            for length in [section.len().saturating_sub(8), section.len() + 8] {
                let mut other = section.clone();
                other.resize(length, 0);
                // Nothing says how many rows there were; sets of no levels take no bits.
                let may_vary = ["oob_predictions", "tree_set_levels"].contains(&name) || length == section.len();
                assert!(!changed(other) || may_vary, "{criterion:?}: {length} bytes of `{name}` are read");
            }
            for other in others(&section, 40, 150.min(20 * section.len()), &mut stream) {
                changed(other);
            }
        }
        let n_nodes = file.f64("tree_values").unwrap().len();
        let refused = |change: &dyn Fn(&mut ModelFile)| {
            let mut file = copy();
            change(&mut file);
            assert!(!use_it(&file, &x));
        };
        refused(&|file| _ = file.put_f64("tree_values", &vec![f64::NAN; n_nodes]));
        refused(&|file| _ = file.put_u32("tree_roots", &[]));
        refused(&|file| _ = file.put_u32("tree_roots", &[u32::MAX; 3]));
        refused(&|file| _ = file.put_u32("tree_set_levels", &[u32::MAX]));
        refused(&|file| _ = file.put_bytes("tree_questions", vec![0xfe; 2 * n_nodes]));
        refused(&|file| _ = file.put_f64("importance_gain", &[1.0]));
        refused(&|file| _ = file.put_f64("oob_score", &[]));
        refused(&|file| _ = file.set_fact("question_bytes", 3));
        refused(&|file| _ = file.set_fact("criterion", "magic"));
        if criterion == Criterion::Gini {
            refused(&|file| _ = file.set_fact("n_classes", 3));
        }
        assert!(DecisionTree::from_file(&file).is_err(), "a forest is no tree");
    }
}
