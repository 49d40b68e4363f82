//! Progress and cancellation of long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Result};

/// How far a piece of long work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is being done, in a few words.
    pub stage: &'a str,
    /// Steps done.
    pub done: usize,
    /// Steps in all; `None` when not known.
    pub total: Option<usize>,
}

/// Who is told of progress: a progress bar, a log, a test.
///
/// Called from any thread; should return at once.
pub trait Observer: Send + Sync {
    /// Progress was made.
    fn progress(&self, progress: Progress<'_>);
}

impl<F: Fn(Progress<'_>) + Send + Sync> Observer for F {
    fn progress(&self, progress: Progress<'_>) {
        self(progress);
    }
}

/// A flag that asks long work to stop; clones share it.
///
/// ```
/// use adsml_core::CancelToken;
///
/// let token = CancelToken::new();
/// let given_to_the_worker = token.clone();
/// token.cancel();
/// assert!(given_to_the_worker.check().is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the work to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// [`Error::Cancelled`] once the work was asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
