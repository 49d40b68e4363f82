//! The `adsml` program: command line and web platform.
//!
//! *A title page: nothing is here yet.* Until its turn comes, the examples of the workspace do
//! what the program will: `cargo run --release --example predict_ctr -- --help`.

fn main() -> std::process::ExitCode {
    // The one place of the workspace that may speak on stderr without being asked.
    #[allow(clippy::print_stderr)]
    {
        eprintln!("adsml: the platform is not built yet; see the examples (README.md)");
    }
    std::process::ExitCode::FAILURE
}
