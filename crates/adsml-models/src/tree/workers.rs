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

    /// Runs a whole fit inside the pool, whose other threads stay awake for its pieces.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        #[cfg(feature = "parallel")]
        if let Some(pool) = &self.pool {
            return pool.install(|| awake::with_others_awake(work));
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

/// Threads that wait for work without going to sleep.
///
/// A tree is made of thousands of pieces of some microseconds, and to wake a sleeping thread takes longer than that.
#[cfg(feature = "parallel")]
mod awake {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    /// Without work for this long, a thread lets others have its core.
    const PATIENCE: Duration = Duration::from_millis(1);
    /// How long it then rests before it looks again.
    const NAP: Duration = Duration::from_micros(100);

    /// Runs `work` on this thread of a pool while the others look for pieces of it.
    pub(super) fn with_others_awake<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let others = rayon::current_num_threads().min(cores) - 1;
        let (started, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        rayon::scope(|scope| {
            for _ in 0..others {
                scope.spawn(|_| {
                    // Each watch on a thread of its own: none looks for work before all have begun.
                    started.fetch_add(1, Ordering::AcqRel);
                    while started.load(Ordering::Acquire) < others {
                        std::thread::yield_now();
                    }
                    watch(&done);
                });
            }
            while started.load(Ordering::Acquire) < others {
                std::thread::yield_now();
            }
            let _ends = Ends(&done);
            work()
        })
    }

    /// Ends the watches, also when the work panics.
    struct Ends<'a>(&'a AtomicBool);

    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }

    fn watch(done: &AtomicBool) {
        let mut idle_since = Instant::now();
        while !done.load(Ordering::Acquire) {
            if rayon::yield_now() == Some(rayon::Yield::Executed) {
                idle_since = Instant::now();
            } else if idle_since.elapsed() < PATIENCE {
                std::thread::yield_now();
            } else {
                std::thread::sleep(NAP);
            }
        }
    }
}

/// `0..n` in at most `parts` pieces of about equal length, none shorter than `least` unless it is alone.
pub(crate) fn pieces(n: usize, parts: usize, least: usize) -> Vec<std::ops::Range<usize>> {
    let parts = parts.min(n / least.max(1)).max(1);
    (0..parts).map(|part| n * part / parts..n * (part + 1) / parts).collect()
}
