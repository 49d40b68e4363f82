//! Where tests find their data.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A stored result, `tests/golden/<name>` as JSON: `golden("sklearn-1.9.1/linear.json")`.
///
/// `None`, after a printed line, when there is no such file.
///
/// # Panics
///
/// When the file is not JSON.
pub fn golden(name: &str) -> Option<serde_json::Value> {
    let path = workspace_root().join("tests/golden").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no stored result tests/golden/{name}");
        return None;
    };
    let value = serde_json::from_str(&text);
    Some(value.unwrap_or_else(|error| panic!("tests/golden/{name} is not JSON: {error}")))
}

/// A real data set, `../shared/data/<path>` beside the workspace.
///
/// `None`, after a printed line, when it is absent, as on a fresh clone.
pub fn shared_data(path: &str) -> Option<PathBuf> {
    let full = workspace_root().join("../shared/data").join(path);
    if full.exists() {
        return Some(full);
    }
    println!("skipped: no data set ../shared/data/{path}");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_none_and_not_a_panic() {
        assert!(workspace_root().join("Cargo.lock").exists());
        assert!(golden("no-such-library-0/nothing.json").is_none());
        assert!(shared_data("no/such/file.csv").is_none());
    }
}
