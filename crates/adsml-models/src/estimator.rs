//! What every set of parameters has in common: typed `fit`s, and being a `Learner`.

use adsml_core::{Learner, ParamValue};

use crate::Result;

/// How sample weights count against a penalty that is added to a weighted *sum* of losses.
///
/// Two hundred million impressions are two hundred million coin flips to a binomial likelihood,
/// against which no ordinary `alpha` weighs anything; but rows of an account may vary more than
/// coins do. [`MeanOne`](Self::MeanOne) lets each row count as one observation, so that the same `alpha`
/// means the same for 1,143 ads of 200 thousand impressions as for 1,143 plain rows. Without a
/// penalty the two give the same model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum WeightScale {
    /// As given, as in scikit-learn: a weight of two is two rows. Parameter value `"as_given"`.
    #[default]
    AsGiven,
    /// Divided by the mean weight of the rows whose weight is positive. Parameter value `"mean_one"`.
    MeanOne,
}

impl WeightScale {
    /// The help line of the parameter.
    pub(crate) const HELP: &str = "Whether weights count against the penalty as given, or scaled to a mean of one";
}

/// A field of a parameter set, as a [`ParamValue`] and back.
pub(crate) trait Setting {
    fn value(&self) -> ParamValue;
    /// Sets it; the value was checked against its spec.
    fn set(&mut self, value: ParamValue);
}

impl Setting for f64 {
    fn value(&self) -> ParamValue {
        ParamValue::Real(*self)
    }
    fn set(&mut self, value: ParamValue) {
        if let ParamValue::Real(value) = value {
            *self = value;
        }
    }
}

impl Setting for usize {
    fn value(&self) -> ParamValue {
        ParamValue::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
    }
    fn set(&mut self, value: ParamValue) {
        if let ParamValue::Integer(value) = value {
            *self = Self::try_from(value).unwrap_or(Self::MAX);
        }
    }
}

impl Setting for bool {
    fn value(&self) -> ParamValue {
        ParamValue::Flag(*self)
    }
    fn set(&mut self, value: ParamValue) {
        if let ParamValue::Flag(value) = value {
            *self = value;
        }
    }
}

/// Names of the variants of an enum, as values of a parameter.
macro_rules! choice {
    ($name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        impl $name {
            /// Values of the parameter, in the order of the variants.
            pub(crate) const NAMES: &[&str] = &[$($text),*];

            /// Its value as a parameter.
            pub(crate) const fn name(self) -> &'static str {
                Self::NAMES[self as usize]
            }

            /// The variant of a value.
            #[allow(dead_code)] // Not every choice is read from a file.
            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl $crate::estimator::Setting for $name {
            fn value(&self) -> adsml_core::ParamValue {
                adsml_core::ParamValue::Choice(self.name())
            }
            fn set(&mut self, value: adsml_core::ParamValue) {
                if let adsml_core::ParamValue::Choice(name) = value {
                    *self = Self::from_name(name).unwrap_or(*self);
                }
            }
        }
    };
}

pub(crate) use choice;

choice!(WeightScale { AsGiven = "as_given", MeanOne = "mean_one" });

/// Judges every parameter against its spec.
pub(crate) fn check(params: &dyn Learner) -> Result<()> {
    for spec in params.params() {
        spec.check(params.param(spec.name)?)?;
    }
    Ok(())
}

/// The typed entries and the [`Learner`] of a parameter set that has a `fit_set` and `SPECS`.
macro_rules! estimator {
    ($params:ident => $model:ident, $name:literal, { $($field:ident),* $(,)? }) => {
        impl $model {
            /// Parameters with their defaults.
            pub fn params() -> $params {
                $params::default()
            }
        }

        impl $params {
            /// Fits on rows of equal weight.
            ///
            /// `x`: shape `(n_samples, n_features)`, `y`: `(n_samples)`; ndarray views or plain slices.
            ///
            /// # Errors
            ///
            /// As [`fit_set`](Self::fit_set).
            pub fn fit(&self, x: impl $crate::AsMatrix, y: impl $crate::AsVector) -> $crate::Result<$model> {
                let x = x.as_matrix()?;
                let data = adsml_core::TrainingSet::new(x.view(), y.as_vector())?;
                self.fit_set(&data, &adsml_core::FitContext::default())
            }

            /// Fits on weighted rows; a rate takes its denominator (impressions) as weight.
            ///
            /// # Errors
            ///
            /// As [`fit_set`](Self::fit_set).
            pub fn fit_weighted(
                &self,
                x: impl $crate::AsMatrix,
                y: impl $crate::AsVector,
                sample_weight: impl $crate::AsVector,
            ) -> $crate::Result<$model> {
                let x = x.as_matrix()?;
                let data = adsml_core::TrainingSet::new(x.view(), y.as_vector())?
                    .with_weight(Some(sample_weight.as_vector()))?;
                self.fit_set(&data, &adsml_core::FitContext::default())
            }

            /// Judges every parameter.
            ///
            /// # Errors
            ///
            /// [`ModelError::InvalidParameter`](crate::ModelError::InvalidParameter) with the accepted range.
            pub fn check(&self) -> $crate::Result<()> {
                $crate::estimator::check(self)
            }
        }

        impl adsml_core::Learner for $params {
            fn name(&self) -> &'static str {
                $name
            }

            fn params(&self) -> &'static [adsml_core::ParamSpec] {
                SPECS
            }

            fn param(&self, name: &str) -> adsml_core::Result<adsml_core::ParamValue> {
                let spec = adsml_core::ParamSpec::find(SPECS, $name, name)?;
                match spec.name {
                    $(stringify!($field) => Ok($crate::estimator::Setting::value(&self.$field)),)*
                    other => unreachable!("{other}: every spec is a field"),
                }
            }

            fn set_param(&mut self, name: &str, value: adsml_core::ParamValue) -> adsml_core::Result<()> {
                let spec = adsml_core::ParamSpec::find(SPECS, $name, name)?;
                let value = spec.check(value)?;
                match (spec.name, value) {
                    $((stringify!($field), value) => $crate::estimator::Setting::set(&mut self.$field, value),)*
                    // Every spec is a field; without fields `find` has refused.
                    _ => {}
                }
                Ok(())
            }

            fn fit(
                &self,
                data: &adsml_core::TrainingSet<'_>,
                context: &adsml_core::FitContext<'_>,
            ) -> adsml_core::Result<Box<dyn adsml_core::Regressor>> {
                Ok(Box::new(self.fit_set(data, context)?))
            }

            fn boxed_clone(&self) -> Box<dyn adsml_core::Learner> {
                Box::new(self.clone())
            }
        }

        /// Weights of the dataset are honoured.
        #[cfg(feature = "linfa")]
        impl<D, T> linfa::traits::Fit<ndarray::ArrayBase<D, ndarray::Ix2>, T, $crate::ModelError> for $params
        where
            D: ndarray::Data<Elem = f64>,
            T: linfa::dataset::AsSingleTargets<Elem = f64>,
        {
            type Object = $model;

            fn fit(
                &self,
                dataset: &linfa::DatasetBase<ndarray::ArrayBase<D, ndarray::Ix2>, T>,
            ) -> $crate::Result<$model> {
                let weight = dataset.weights().map(|weights| weights.iter().map(|&w| f64::from(w)).collect::<Vec<_>>());
                let data = adsml_core::TrainingSet::new(dataset.records().view(), linfa::dataset::AsSingleTargets::as_single_targets(dataset.targets()))?
                    .with_weight(weight.as_deref().map(ndarray::ArrayView1::from))?;
                self.fit_set(&data, &adsml_core::FitContext::default())
            }
        }
    };
}

pub(crate) use estimator;

/// serde by way of the model file, so that what comes from outside is judged as a file is: for a model with `write` and `from_file`.
macro_rules! serde_as_file {
    ($model:ident) => {
        #[cfg(feature = "serde")]
        impl From<$model> for Vec<u8> {
            /// The bytes of its model file.
            fn from(model: $model) -> Self {
                model.write().to_bytes()
            }
        }

        #[cfg(feature = "serde")]
        impl TryFrom<Vec<u8>> for $model {
            type Error = $crate::ModelError;

            /// From the bytes of its model file.
            fn try_from(bytes: Vec<u8>) -> $crate::Result<Self> {
                Self::from_file(&adsml_core::ModelFile::from_bytes(&bytes)?)
            }
        }
    };
}

pub(crate) use serde_as_file;
