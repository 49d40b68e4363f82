//! Hostile model files, and the texts of errors.

use adsml_core::{Error, FeatureColumn, FitContext, Learner, LoaderRegistry, ModelFile, ParamValue, TrainingSet};
use adsml_models::{
    ConstantBaseline, ElasticNet, LinearRegression, LogisticRegression, PoissonRegression, Regressor, Ridge, register,
};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;

fn registry() -> LoaderRegistry {
    let mut registry = LoaderRegistry::new();
    register(&mut registry);
    registry
}

const KINDS: [&str; 6] = [
    ConstantBaseline::KIND,
    LinearRegression::KIND,
    Ridge::KIND,
    ElasticNet::KIND,
    LogisticRegression::KIND,
    PoissonRegression::KIND,
];
const SECTIONS: [&str; 7] = ["coefficients", "center", "deviation", "base", "ending", "dispersion", "value"];

proptest! {
    #[test]
    fn hostile_files_are_refused_or_predict_without_a_panic(
        kind in 0..KINDS.len(),
        sections in proptest::collection::vec((0..SECTIONS.len(), proptest::collection::vec(any::<u8>(), 0..40)), 0..9),
        doubles in proptest::collection::vec((0..SECTIONS.len(), proptest::collection::vec(any::<f64>(), 0..4)), 0..9),
        n_features in any::<u32>(),
    ) {
        let mut file = ModelFile::new(KINDS[kind]);
        for (section, bytes) in sections {
            file.put_bytes(SECTIONS[section], bytes);
        }
        for (section, values) in doubles {
            file.put_f64(SECTIONS[section], &values);
        }
        file.put_u32("ending", &[n_features, 1]).put_u32("n_features", &[n_features]);
        if let Ok(model) = registry().load_regressor(&file) {
            let row = vec![1.0; model.n_features()];
            let _ = (model.predict_row(&row), model.explain(&row), model.importance(), model.to_file());
        }
    }

    #[test]
    fn sections_of_a_real_file_that_change_length_are_refused(section in 0..5_usize, keep in 0..3_usize) {
        let model = LogisticRegression::params().fit([[1.0, 2.0], [2.0, 1.0], [0.0, 1.0]], [0.0, 1.0, 0.0]).unwrap();
        let mut file = model.to_file().unwrap();
        prop_assume!(keep != 2);
        let bytes = file.bytes(SECTIONS[section]).unwrap().to_vec();
        file.put_bytes(SECTIONS[section], bytes[..bytes.len() * keep / 2].to_vec());
        prop_assert!(LogisticRegression::from_file(&file).is_err());
    }
}

#[test]
fn a_file_of_another_kind_is_refused_by_name() {
    let model = Ridge::params().fit([[1.0], [2.0]], [0.0, 1.0]).unwrap();
    let error = LinearRegression::from_file(&model.to_file().unwrap()).unwrap_err();
    insta::assert_snapshot!(error, @"model file refused: no reader for the kind `ridge`; there are readers for linear_regression");
}

#[test]
fn parameters_are_refused_with_their_range() {
    let (x, y) = ([[1.0], [2.0]], [0.0, 1.0]);
    insta::assert_snapshot!(Ridge::params().alpha(-1.0).fit(x, y).unwrap_err(), @"parameter `alpha` is -1, expected a finite number of at least 0");
    insta::assert_snapshot!(ElasticNet::params().l1_ratio(1.5).fit(x, y).unwrap_err(), @"parameter `l1_ratio` is 1.5, expected a number in [0, 1]");
    insta::assert_snapshot!(LogisticRegression::params().tol(0.0).fit(x, y).unwrap_err(), @"parameter `tol` is 0, expected a finite number above 0");
    insta::assert_snapshot!(PoissonRegression::params().max_iter(0).fit(x, y).unwrap_err(), @"parameter `max_iter` is 0, expected a whole number of at least 1");
    let mut learner = LogisticRegression::params();
    insta::assert_snapshot!(learner.set_param("weight_scale", ParamValue::Choice("sum")).unwrap_err(), @"parameter `weight_scale` is sum, expected one of as_given, mean_one");
    insta::assert_snapshot!(learner.set_param("penalty", ParamValue::Choice("l1")).unwrap_err(), @"`logistic_regression` has no parameter `penalty`; it has alpha, l1_ratio, fit_intercept, standardize, weight_scale, max_iter, tol");
}

#[test]
fn rows_are_refused_with_their_place() {
    let y = [0.0, 1.0];
    let holes = [[1.0, 5.0], [2.0, f64::NAN]];
    insta::assert_snapshot!(Ridge::params().fit(holes, y).unwrap_err(), @"feature 1 of sample 1 is NaN, expected a number between -1e150 and 1e150");
    insta::assert_snapshot!(Ridge::params().fit([[1e200], [0.0]], y).unwrap_err(), @"feature 0 of sample 0 is 100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, expected a number between -1e150 and 1e150");
    insta::assert_snapshot!(Ridge::params().fit(&[vec![1.0], vec![]], y).unwrap_err(), @"row 1 has 0 features, the first row has 1");
    insta::assert_snapshot!(Ridge::params().fit([[1.0], [2.0]], [1.0]).unwrap_err(), @"the target has 1 entries, expected 2");
    insta::assert_snapshot!(Ridge::params().fit([[1.0], [2.0]], [1.0, f64::INFINITY]).unwrap_err(), @"the target of sample 1 is inf, expected a number between -1e150 and 1e150");
    insta::assert_snapshot!(Ridge::params().fit_weighted([[1.0], [2.0]], y, [1.0, -2.0]).unwrap_err(), @"the weight of sample 1 is -2, expected a finite number, 0 or more");
    insta::assert_snapshot!(LogisticRegression::params().fit([[1.0], [2.0]], [0.5, 1.5]).unwrap_err(), @"the target of sample 1 is 1.5, expected a number in [0, 1]");
    insta::assert_snapshot!(PoissonRegression::params().fit([[1.0], [2.0]], [-1.0, 1.5]).unwrap_err(), @"the target of sample 0 is -1, expected a number in [0, 1e150]");
    insta::assert_snapshot!(Ridge::params().fit(Array2::zeros((1, 8193)), [1.0]).unwrap_err(), @"8193 features, this model takes at most 8192");

    let (x, y) = (ndarray::arr2(&holes), array![0.0, 1.0]);
    let columns = ["spend", "age"].map(FeatureColumn::number);
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let error = Learner::fit(&Ridge::params(), &data, &FitContext::default()).unwrap_err();
    insta::assert_snapshot!(error, @"feature 1 (`age`) of sample 1 is NaN, expected a number between -1e150 and 1e150");
    let whole = array![[1.0, 2.0], [2.0, 1.0]];
    let data = TrainingSet { x: whole.view(), ..data };
    let model = Ridge::params().fit_set(&data, &FitContext::default()).unwrap();
    insta::assert_snapshot!(model.predict(x.view()).unwrap_err(), @"feature 1 (`age`) of sample 1 is NaN, expected a finite number");
    insta::assert_snapshot!(model.predict_row(&[1.0]).unwrap_err(), @"the input has 1 features, the model was fitted on 2");
    let back = Ridge::from_file(&model.to_file().unwrap()).unwrap();
    assert_eq!(back, model);
    let offset = Array1::zeros(1);
    insta::assert_snapshot!(model.predict_with_offset(whole.view(), offset.view()).unwrap_err(), @"the offset has 1 entries, expected 2");
    let data = data.with_offset(Some(y.view())).unwrap();
    let error = Learner::fit(&ConstantBaseline::params(), &data, &FitContext::default()).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
    insta::assert_snapshot!(error, @"`constant` does not support an offset");
}

#[test]
fn a_linear_function_that_overflows_is_an_error_and_not_an_infinity() {
    let model = LinearRegression::params().fit([[1.0], [2.0]], [0.0, 1e140]).unwrap();
    insta::assert_snapshot!(model.predict_row(&[1e200]).unwrap_err(), @"the linear function of sample 0 is inf, expected a finite number");
}

#[cfg(feature = "serde")]
#[test]
fn serialised_models_come_back_and_ones_that_do_not_add_up_do_not() {
    let model = LogisticRegression::params().fit([[1.0, 2.0], [2.0, 1.0], [0.0, 1.0]], [0.0, 1.0, 0.0]).unwrap();
    let json = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<LogisticRegression>(&json).unwrap(), model);
    let broken = json.replacen("\"center\":[", "\"center\":[0.5,", 1);
    assert_ne!(broken, json);
    let error = serde_json::from_str::<LogisticRegression>(&broken).unwrap_err();
    insta::assert_snapshot!(error.to_string().split(" at line").next().unwrap(), @"section `center` has 3 entries, expected 2");
}

#[cfg(feature = "serde")]
#[test]
fn serialised_trees_are_model_files() {
    use adsml_models::{GradientBoosting, GradientBoostingParams, RandomForest};
    let rows: Vec<[f64; 1]> = (0..60).map(|row| [f64::from(row)]).collect();
    let y: Vec<f64> = (0..60).map(|row| f64::from(row / 20)).collect();
    let model = GradientBoosting::params().n_estimators(3).fit(&rows, &y).unwrap();
    let json = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<GradientBoosting>(&json).unwrap(), model);
    assert!(serde_json::from_str::<RandomForest>(&json).is_err(), "it is of another kind");
    let mut bytes: Vec<u8> = serde_json::from_str(&json).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert!(serde_json::from_value::<GradientBoosting>(serde_json::json!(bytes)).is_err());
    let params = GradientBoosting::params().max_leaves(7);
    let json = serde_json::to_string(&params).unwrap();
    let back: GradientBoostingParams = serde_json::from_str(&json).unwrap();
    assert_eq!(back.fit(&rows, &y).unwrap(), params.fit(&rows, &y).unwrap());
}
