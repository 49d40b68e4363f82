//! Model files: whole and hostile.

use adsml_core::{Classifier, FitContext, ModelFile, Regressor, Seed, TrainingSet};
use adsml_models::RandomForest;
use ndarray::{Array1, Array2, s};

use super::{bits, forest, rows, tree, with_categories};
use crate::columns;
use crate::damage::{others, use_model};

/// A small forest with numbers, categories and missing values.
fn small_model() -> (RandomForest, Array2<f64>) {
    let (mut x, y) = rows(80, 18);
    with_categories(&mut x);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let params = forest(3).n_estimators(3).min_samples_leaf(3).oob_score(true);
    (params.fit_set(&data, &FitContext::default()).unwrap(), x)
}

#[test]
fn saved_forests_come_back_and_leaves_of_one_class_share_their_probabilities() {
    let (model, x) = small_model();
    let back = RandomForest::from_file(&ModelFile::from_bytes(&model.to_file().unwrap().to_bytes()).unwrap()).unwrap();
    assert_eq!(bits(&back, &x), bits(&model, &x));
    assert_eq!(back.to_file().unwrap().to_bytes(), model.to_file().unwrap().to_bytes());
    assert_eq!(back.classes(), ["0", "1", "2"]);

    let (x, y) = rows(2_000, 19);
    let deep = tree(3).fit(&x, &y).unwrap();
    assert!(deep.n_leaves() > 300);
    assert_eq!(deep.to_file().unwrap().f64("distributions").unwrap().len(), 9, "every leaf is of one class");
}

/// Whether the file is read; the model is used then.
fn use_it(file: &ModelFile, x: &Array2<f64>) -> bool {
    let Ok(model) = RandomForest::from_file(file) else { return false };
    use_model(&model, x);
    if let Ok(proba) = model.predict_proba(x.slice(s![..8, ..])) {
        assert!(proba.iter().all(|p| (0.0..=1.0).contains(p)));
    }
    let _ = model.oob_proba();
    true
}

#[test]
fn hostile_sections_never_panic() {
    let (model, x) = small_model();
    let file = model.to_file().unwrap();
    let mut stream = Seed::new(20).stream("hostile", 0);
    let copy = || ModelFile::from_bytes(&file.to_bytes()).unwrap();
    for name in ["distributions", "tree_values", "tree_questions", "tree_roots", "oob_proba", "oob_predictions"] {
        let section = file.bytes(name).unwrap().to_vec();
        let changed = |bytes: Vec<u8>| {
            let mut file = copy();
            file.put_bytes(name, bytes);
            use_it(&file, &x)
        };
        assert!(changed(section.clone()), "{name}: nothing was changed");
        for length in [section.len() - 8, section.len() + 8] {
            let mut other = section.clone();
            other.resize(length, 0);
            assert!(!changed(other), "{length} bytes of `{name}` are read");
        }
        for other in others(&section, 64, 400, &mut stream) {
            changed(other);
        }
    }
    let values = file.f64("distributions").unwrap();
    let refused = |change: &dyn Fn(&mut ModelFile)| {
        let mut file = copy();
        change(&mut file);
        assert!(!use_it(&file, &x));
    };
    refused(&|file| _ = file.put_f64("distributions", &[]));
    refused(&|file| _ = file.put_f64("distributions", &values[..values.len() - 3]));
    refused(&|file| _ = file.put_f64("distributions", &vec![f64::NAN; values.len()]));
    refused(&|file| _ = file.put_f64("distributions", &vec![0.5; values.len()]));
    refused(&|file| _ = file.put_f64("distributions", &[2.0, -0.5, -0.5].repeat(values.len() / 3)));
    for n_classes in [-1.0, 0.0, 1.0, 2.0, 2.5, 4.0, 1e300] {
        refused(&|file| _ = file.set_fact("n_classes", n_classes));
    }
    refused(&|file| _ = file.set_fact("n_classes", "three"));
    let mut two = forest(2)
        .n_estimators(2)
        .fit(&x, Array1::from_shape_fn(80, |row| (row % 2) as f64))
        .unwrap()
        .to_file()
        .unwrap();
    assert!(use_it(&two, &x));
    two.set_fact("n_classes", 3);
    assert!(!use_it(&two, &x), "two classes have no distributions");
}
