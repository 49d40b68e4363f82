//! Independent pieces of work, in order, on several threads.

use std::num::NonZeroUsize;

/// The number of threads that the machine offers; 1 without feature `parallel`.
pub fn available_threads() -> NonZeroUsize {
    if cfg!(feature = "parallel") {
        std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    } else {
        NonZeroUsize::MIN
    }
}

/// `work(0), work(1), … work(n - 1)`, in order, on at most `threads` threads.
///
/// The pieces are handed out one by one, so they may differ in cost; the result does not depend on
/// the number of threads. A panic in one piece is propagated.
///
/// ```
/// use adsml_core::parallel;
///
/// let squares = parallel::map(4, parallel::available_threads(), |i| i * i);
/// assert_eq!(squares, [0, 1, 4, 9]);
/// ```
pub fn map<T: Send>(n: usize, threads: NonZeroUsize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let threads = if cfg!(feature = "parallel") { threads.get().min(n) } else { 1 };
    if threads <= 1 {
        return (0..n).map(work).collect();
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let take_turns = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if i >= n {
                return done;
            }
            done.push((i, work(i)));
        }
    };
    let mut pieces: Vec<(usize, T)> = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(take_turns)).collect();
        let mut pieces = take_turns();
        for helper in helpers {
            pieces.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        pieces
    });
    pieces.sort_unstable_by_key(|&(i, _)| i);
    pieces.into_iter().map(|(_, piece)| piece).collect()
}

/// Like [`map`], for work that can fail: all results, or the error of the first piece that failed.
///
/// # Errors
///
/// The error of the piece with the lowest index, whatever the number of threads.
pub fn try_map<T: Send, E: Send>(
    n: usize,
    threads: NonZeroUsize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    map(n, threads, work).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_depend_on_threads() {
        for threads in [1, 2, 7] {
            let threads = NonZeroUsize::new(threads).unwrap();
            assert_eq!(map(100, threads, |i| i * 3), (0..100).map(|i| i * 3).collect::<Vec<_>>());
        }
        assert!(map(0, NonZeroUsize::MIN, |i| i).is_empty());
    }

    #[test]
    fn the_first_failure_is_reported() {
        let threads = NonZeroUsize::new(4).unwrap();
        let result = try_map(50, threads, |i| if i % 20 == 19 { Err(i) } else { Ok(i) });
        assert_eq!(result, Err(19));
    }
}
