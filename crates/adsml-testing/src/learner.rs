//! What every set of parameters promises.

use std::num::NonZeroUsize;

use adsml_core::{
    Error, FitContext, Learner, LoaderRegistry, ModelFile, ParamKind, ParamSpec, ParamValue, Regressor, Result,
    TrainingSet,
};

use crate::regressor::{bits, check_regressor};

/// Holds a learner (with its defaults) to what [`Learner`] promises, on rows it can be fitted on.
///
/// Every parameter has a spec whose default passes its own check and is what the learner holds;
/// values can be set and read back; one outside its range, of the wrong kind or of an unknown name
/// is refused and changes nothing. Fits are the same bits from run to run and at any number of
/// threads; the model passes [`check_regressor`] and comes back from its file, through `registry`,
/// with the same bits. The rows passed may carry weights, an offset, and so on.
///
/// # Panics
///
/// With the promise that was broken.
pub fn check_learner(learner: &dyn Learner, data: &TrainingSet<'_>, registry: &LoaderRegistry) {
    check_params(learner);

    let threads = |n| FitContext::seeded(7).with_threads(NonZeroUsize::new(n).expect("positive"));
    let model = learner.fit(data, &threads(1)).expect("the rows can be fitted");
    let expected = bits(&*model, data.x);
    for n in [1, 2, 5] {
        let again = learner.boxed_clone().fit(data, &threads(n)).expect("the rows can be fitted");
        assert_eq!(bits(&*again, data.x), expected, "{} threads give another model", n);
    }
    check_regressor(&*model, data.x);

    let bytes = model.to_file().expect("a fitted model can be saved").to_bytes();
    let file = ModelFile::from_bytes(&bytes).expect("a saved model can be read");
    let back = registry.load_regressor(&file).expect("the registry reads what the model wrote");
    assert_eq!(bits(&*back, data.x), expected, "save, load, predict gives other bits");
    assert_eq!(back.importance(), model.importance(), "importances survive saving");
    assert_eq!(back.to_file().expect("it can be saved again").to_bytes(), bytes, "saving again gives other bytes");
}

fn check_params(learner: &dyn Learner) {
    let owner = learner.name();
    assert!(owner.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "`{owner}`: snake case");
    for spec in learner.params() {
        let name = spec.name;
        assert!(!spec.help.is_empty(), "`{owner}.{name}` has no help");
        assert!(spec.check(spec.default).is_ok(), "the default of `{owner}.{name}` fails its own check");
        assert_eq!(
            learner.param(name).expect("listed"),
            spec.default,
            "`{owner}.{name}` does not start at its default"
        );

        let mut changed = learner.boxed_clone();
        for value in values_inside(spec) {
            changed.set_param(name, value).expect("a value inside the range is taken");
            assert_eq!(changed.param(name).expect("listed"), value, "`{owner}.{name}` was set and reads otherwise");
        }
        let before = changed.param(name).expect("listed");
        for value in values_outside(spec) {
            let refusal = changed.set_param(name, value);
            assert!(
                matches!(&refusal, Err(Error::InvalidParameter { name: named, .. }) if named == name),
                "`{owner}.{name}` takes {value}"
            );
            assert_eq!(changed.param(name).expect("listed"), before, "a refused value changed `{owner}.{name}`");
        }
    }
    let unknown = "no_such_parameter";
    assert!(matches!(learner.param(unknown), Err(Error::UnknownParameter { .. })), "an unknown name is refused");
    let refusal = learner.boxed_clone().set_param(unknown, ParamValue::Flag(true));
    assert!(matches!(refusal, Err(Error::UnknownParameter { .. })), "an unknown name is refused");
}

fn values_inside(spec: &ParamSpec) -> Vec<ParamValue> {
    match spec.kind {
        ParamKind::Real { min, max, min_excluded } => {
            let above = if min_excluded { min + (max - min).min(1.0) / 1024.0 } else { min };
            vec![ParamValue::Real(above), ParamValue::Real(max.min(min + 0.5))]
        }
        ParamKind::Integer { min, max } => vec![ParamValue::Integer(min), ParamValue::Integer(max.min(min + 3))],
        ParamKind::Flag => vec![ParamValue::Flag(true), ParamValue::Flag(false)],
        ParamKind::Choice(names) => names.iter().map(|name| ParamValue::Choice(name)).collect(),
        _ => Vec::new(),
    }
}

fn values_outside(spec: &ParamSpec) -> Vec<ParamValue> {
    match spec.kind {
        ParamKind::Real { min, max, min_excluded } => {
            let mut values = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, min - min.abs().max(1.0)];
            values.extend(min_excluded.then_some(min));
            values.extend((max < f64::MAX).then_some(max + max.abs().max(1.0)));
            let mut values: Vec<_> = values.into_iter().map(ParamValue::Real).collect();
            values.push(ParamValue::Flag(true));
            values
        }
        ParamKind::Integer { min, max } => {
            let mut values = vec![ParamValue::Real(0.5), ParamValue::Flag(true)];
            values.extend(min.checked_sub(1).map(ParamValue::Integer));
            values.extend(max.checked_add(1).map(ParamValue::Integer));
            values
        }
        ParamKind::Flag => vec![ParamValue::Integer(1), ParamValue::Choice("true")],
        ParamKind::Choice(_) => vec![ParamValue::Choice("no_such_choice"), ParamValue::Integer(0)],
        _ => Vec::new(),
    }
}

/// Settings that are not the defaults, as a learner without parameters: [`check_learner`] tries those out.
#[derive(Debug, Clone)]
pub struct Preset<P>(pub P);

impl<P: Learner + Clone + 'static> Learner for Preset<P> {
    fn name(&self) -> &'static str {
        "preset"
    }
    fn params(&self) -> &'static [ParamSpec] {
        &[]
    }
    fn param(&self, name: &str) -> Result<ParamValue> {
        Err(ParamSpec::find(&[], "preset", name).unwrap_err())
    }
    fn set_param(&mut self, name: &str, _: ParamValue) -> Result<()> {
        Err(ParamSpec::find(&[], "preset", name).unwrap_err())
    }
    fn fit(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Box<dyn Regressor>> {
        Learner::fit(&self.0, data, context)
    }
    fn boxed_clone(&self) -> Box<dyn Learner> {
        Box::new(self.clone())
    }
}
