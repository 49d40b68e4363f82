//! Model files: whole, damaged, hostile.

use adsml_core::{FitContext, ModelFile, Regressor, Seed, TrainingSet};
use adsml_models::{GradientBoosting, Growth, Importance, Loss};
use ndarray::{Array1, Array2};

use super::{params, rows};
use crate::damage::{assert_damage_is_refused, others, use_model};
use crate::{bytes, columns};

/// Sections of a tree model's file.
const SECTIONS: [&str; 14] = [
    "base",
    "validation_loss",
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
];

/// A small model with numbers, categories and missing values.
fn small_model(loss: Loss) -> (GradientBoosting, Array2<f64>) {
    let (mut x, y) = rows(300, loss, 20);
    x.column_mut(2).iter_mut().for_each(|value| *value = value.min(5.0));
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let params = params(Growth::LeafWise, loss).n_estimators(6).min_samples_leaf(5).cat_l2(0.0).cat_smooth(1.0);
    let model = params.fit_set(&data, &FitContext::default()).unwrap();
    assert!(model.importance_by(Importance::Splits)[2] > 0.0, "some splits are of the category");
    (model, x)
}

/// Whether the file is read; the model is used then.
fn use_it(file: &ModelFile, x: &Array2<f64>) -> bool {
    let Ok(model) = GradientBoosting::from_file(file) else { return false };
    use_model(&model, x);
    true
}

#[test]
fn damaged_files_are_refused() {
    let (model, x) = small_model(Loss::Logistic);
    let bytes = bytes(&model);
    assert!(use_it(&ModelFile::from_bytes(&bytes).unwrap(), &x));
    assert_damage_is_refused(&bytes);
}

#[test]
fn hostile_sections_never_panic() {
    for loss in [Loss::SquaredError, Loss::Softmax] {
        let (model, x) = small_model(loss);
        let file = model.to_file().unwrap();
        let mut stream = Seed::new(21).stream("hostile", 0);
        for name in SECTIONS {
            let section = file.bytes(name).unwrap().to_vec();
            let changed = |bytes: Vec<u8>| {
                let mut file = ModelFile::from_bytes(&file.to_bytes()).unwrap();
                file.put_bytes(name, bytes);
                use_it(&file, &x)
            };
            assert!(changed(section.clone()), "{name}: nothing was changed");
            // A number less or more.
            for length in [section.len().saturating_sub(8), section.len() + 8] {
                let mut other = section.clone();
                other.resize(length, 0);
                let is_read = changed(other);
                // Losses may be any number, and so may classes; sets of no levels take no bits.
                let may_vary = ["validation_loss", "tree_set_levels"].contains(&name)
                    || (name == "base" && loss == Loss::Softmax)
                    || length == section.len();
                assert!(!is_read || may_vary, "{loss:?}: {length} bytes of `{name}` are read");
            }
            for other in others(&section, 64, 600.min(40 * section.len()), &mut stream) {
                changed(other);
            }
        }
        let n_nodes = file.f64("tree_values").unwrap().len();
        let refused = |change: &dyn Fn(&mut ModelFile)| {
            let mut file = ModelFile::from_bytes(&file.to_bytes()).unwrap();
            change(&mut file);
            assert!(!use_it(&file, &x));
        };
        refused(&|file| _ = file.put_f64("tree_values", &vec![f64::NAN; n_nodes]));
        refused(&|file| _ = file.put_u32("tree_roots", &[]));
        refused(&|file| _ = file.put_u32("tree_roots", &[u32::MAX; 12]));
        refused(&|file| _ = file.put_u32("tree_set_levels", &[u32::MAX]));
        refused(&|file| _ = file.put_bytes("tree_questions", vec![0; 2 * n_nodes]));
        refused(&|file| _ = file.put_bytes("tree_questions", vec![0xfe; 2 * n_nodes]));
        refused(&|file| _ = file.put_f64("importance_gain", &[1.0]));
        refused(&|file| _ = file.put_f64("base", &[]));
        refused(&|file| _ = file.put_f64("base", &[f64::NAN]));
        refused(&|file| _ = file.set_fact("question_bytes", 3));
        refused(&|file| _ = file.set_fact("link", "magic"));
    }
}

#[test]
fn more_features_than_a_short_question_names_are_saved_too() {
    let x = Array2::from_shape_fn((60, 9_000), |(row, feature)| f64::from(feature == 8_999 && row % 2 == 0));
    let y = Array1::from_shape_fn(60, |row| (row % 2) as f64);
    let model = params(Growth::LeafWise, Loss::SquaredError).min_samples_leaf(1).fit(&x, &y).unwrap();
    let bytes = model.to_file().unwrap().to_bytes();
    let back = GradientBoosting::from_file(&ModelFile::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(back, model);
    assert!(model.importance().unwrap()[8_999] > 0.0);
}
