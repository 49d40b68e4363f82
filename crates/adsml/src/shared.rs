//! One model for many threads, exchanged while they predict.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A handle on the model in use, shared by threads, whose model can be exchanged at any time.
///
/// [`get`](Self::get) gives the model as it is now and keeps it alive: a caller that holds it goes on with it while the
/// next one gets the new model, so that no answer is of neither. Inside is an `Arc` behind a lock, held for a few
/// nanoseconds to count the `Arc` up or to exchange it; never during a prediction, nor while a model is loaded or dropped. Prediction itself takes no lock:
/// a thread that scores many rows calls `get` once.
///
/// ```
/// use std::sync::{Arc, LazyLock};
///
/// use adsml::Shared;
/// use adsml::models::{ConstantBaseline, Regressor};
///
/// static MODEL: LazyLock<Shared<dyn Regressor>> = LazyLock::new(|| Shared::new(constant(0.01)));
///
/// fn constant(rate: f64) -> Arc<dyn Regressor> {
///     Arc::new(ConstantBaseline::params().fit(&[[0.0]], &[rate]).expect("one row is enough"))
/// }
///
/// assert_eq!(MODEL.get().predict_row(&[0.0])?, 0.01);
/// MODEL.swap(constant(0.02));
/// assert_eq!(MODEL.get().predict_row(&[0.0])?, 0.02);
/// # Ok::<(), adsml::core::Error>(())
/// ```
pub struct Shared<M: ?Sized> {
    current: RwLock<Arc<M>>,
}

impl<M: ?Sized> Shared<M> {
    /// A handle on a model.
    pub const fn new(model: Arc<M>) -> Self {
        Self { current: RwLock::new(model) }
    }

    /// The model in use.
    pub fn get(&self) -> Arc<M> {
        // Nothing panics while the lock is held, so that a poisoned one holds a whole model.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another model in use and gives the one before, which lives until its last caller is done.
    pub fn swap(&self, model: Arc<M>) -> Arc<M> {
        std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), model)
    }
}

impl<M: ?Sized + fmt::Debug> fmt::Debug for Shared<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_model_lives_as_long_as_its_last_caller() {
        let shared = Shared::new(Arc::new(1));
        let held = shared.get();
        let before = shared.swap(Arc::new(2));
        assert_eq!((*held, *before, *shared.get()), (1, 1, 2));
        assert_eq!(Arc::strong_count(&held), 2);
    }

    #[cfg(feature = "predict")]
    #[test]
    fn answers_during_exchanges_are_of_the_old_or_the_new_model() {
        use adsml_models::{GradientBoosting, Regressor};

        let x: Vec<[f64; 2]> = (0..200).map(|row| [f64::from(row % 17), f64::from(row % 5)]).collect();
        let fit = |scale: f64| -> Arc<dyn Regressor> {
            let y: Vec<f64> = x.iter().map(|row| scale * (row[0] + row[1] * row[0])).collect();
            Arc::new(GradientBoosting::params().n_estimators(30).fit(&x, &y).unwrap())
        };
        let models = [fit(1.0), fit(-3.0)];
        let answers =
            models.each_ref().map(|model| x.iter().map(|row| model.predict_row(row).unwrap()).collect::<Vec<_>>());
        let shared = Shared::new(Arc::clone(&models[0]));
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let readers = [(); 8].map(|()| {
                scope.spawn(|| {
                    let mut seen = [0_usize; 2];
                    while !done.load(Ordering::Relaxed) || seen == [0, 0] {
                        for (at, row) in x.iter().enumerate() {
                            let answer = shared.get().predict_row(row).unwrap();
                            let of = answers.iter().position(|answers| answers[at].to_bits() == answer.to_bits());
                            seen[of.expect("an answer of neither model")] += 1;
                        }
                    }
                    seen
                })
            });
            for exchange in 1..=1_000 {
                shared.swap(Arc::clone(&models[exchange % 2]));
                std::thread::yield_now();
            }
            done.store(true, Ordering::Relaxed);
            readers.into_iter().for_each(|reader| assert_ne!(reader.join().unwrap(), [0, 0]));
        });
    }
}
