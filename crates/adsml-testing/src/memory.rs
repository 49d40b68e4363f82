//! How much memory a piece of work holds at once.
#![allow(unsafe_code)] // An allocator is.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An allocator that counts the bytes that are allocated, now and at most; the system's otherwise.
///
/// ```
/// use adsml_testing::{CountingAllocator, allocated_here, alone, measured};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator;
///
/// let _alone = alone();
/// let (table, most) = measured(|| vec![0_u8; 1 << 20]);
/// assert!(table.len() == 1 << 20 && most >= 1 << 20);
/// assert!(allocated_here(|| drop(vec![0_u8; 64])).1 >= 64);
/// ```
#[derive(Debug)]
pub struct CountingAllocator;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// All that this thread ever allocated.
    static HERE: Cell<usize> = const { Cell::new(0) };
}

fn grown(bytes: usize) {
    HERE.with(|here| here.set(here.get().wrapping_add(bytes)));
    let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged; the counters touch no memory of it.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Large blocks are moved by remapping pages, so that the old and the new one never take memory at once.
        grown(size.saturating_sub(layout.size()));
        NOW.fetch_sub(layout.size().saturating_sub(size), Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// Waits for the tests before, so that what other threads allocate is not counted: the first line of every test of a
/// process that measures.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A test that failed is no reason for the others to fail.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `work` gives, and the most bytes it held at once above those before.
///
/// Counts only in a process whose global allocator is the [`CountingAllocator`].
pub fn measured<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let result = work();
    (result, MOST.load(Ordering::Relaxed).saturating_sub(before))
}

/// What `work` gives, and all the bytes that this thread allocated for it, freed again or not; what others do meanwhile is not counted.
///
/// Counts only in a process whose global allocator is the [`CountingAllocator`].
pub fn allocated_here<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HERE.get();
    let result = work();
    (result, HERE.get().wrapping_sub(before))
}
