//! The threads of one fit.

use crate::Result;

/// Threads that take pieces of work of a few microseconds: a rayon pool of the size the caller allows, or the
/// calling thread alone.
#[derive(Debug)]
pub(crate) struct Workers {
    #[cfg(feature = "parallel")]
    pool: Option<rayon::ThreadPool>,
}

impl Workers {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        #[cfg(feature = "parallel")]
        {
            let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = if threads > 1 { Some(pool().map_err(adsml_core::Error::component)?) } else { None };
            Ok(Self { pool })
        }
        #[cfg(not(feature = "parallel"))]
        {
            let _ = threads;
            Ok(Self {})
        }
    }

    /// Runs a whole fit inside the pool, so that its pieces find the threads awake.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        #[cfg(feature = "parallel")]
        if let Some(pool) = &self.pool {
            return pool.install(work);
        }
        work()
    }

    pub(crate) fn threads(&self) -> usize {
        #[cfg(feature = "parallel")]
        if let Some(pool) = &self.pool {
            return pool.current_num_threads();
        }
        1
    }

    /// `work` on every part, at the same time where there are threads.
    pub(crate) fn each<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> T + Sync) -> Vec<T> {
        #[cfg(feature = "parallel")]
        if let Some(pool) = &self.pool
            && parts.len() > 1
        {
            use rayon::prelude::*;
            return pool.install(|| parts.into_par_iter().with_max_len(1).map(&work).collect());
        }
        parts.into_iter().map(work).collect()
    }

    /// Two pieces of work, at the same time where there are threads.
    pub(crate) fn both<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        #[cfg(feature = "parallel")]
        if let Some(pool) = &self.pool {
            return pool.install(|| rayon::join(first, second));
        }
        (first(), second())
    }

    /// `work(0), …, work(n - 1)`, in order.
    pub(crate) fn map<T: Send>(&self, n: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
        self.each((0..n).collect(), work)
    }
}

/// `0..n` in at most `parts` pieces of about equal length, none shorter than `least` unless it is alone.
pub(crate) fn pieces(n: usize, parts: usize, least: usize) -> Vec<std::ops::Range<usize>> {
    let parts = parts.min(n / least.max(1)).max(1);
    (0..parts).map(|part| n * part / parts..n * (part + 1) / parts).collect()
}
