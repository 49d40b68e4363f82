//! What the benches share.
//!
//! Two kinds: criterion benches under `benches/benches/`, for a function at a time
//! (`cargo bench -p adsml-benches`), and the program `side_by_side`, for whole jobs beside their Python peers.

pub mod npy;

/// A field of this process's memory status (`"VmRSS:"`, `"VmHWM:"`), in MiB; `NaN` where the system does not tell.
pub fn memory_mb(field: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find(|line| line.starts_with(field)).and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}
