//! Can these click-through rates be believed?
//!
//! ```text
//! cargo run -p adsml-plot --example draw_reliability > reliability.svg
//! ```
#![allow(clippy::print_stdout)] // An example answers on stdout.

use adsml_plot::{PlotError, ReliabilityBin, ReliabilityChart};

fn main() -> Result<(), PlotError> {
    let svg = ReliabilityChart::new("Can these rates be believed?")
        .subtitle("Ads the model had not seen")
        .rate("click-through rate")
        .weight_label("impressions")
        .interval_label("95 % interval")
        .bin(ReliabilityBin::new(0.0011, 0.0010, 250_000.0).interval(0.0009, 0.0011))
        .bin(ReliabilityBin::new(0.0018, 0.0019, 240_000.0).interval(0.0017, 0.0021))
        .bin(ReliabilityBin::new(0.0027, 0.0031, 260_000.0).interval(0.0029, 0.0033))
        .to_svg()?;
    println!("{svg}");
    Ok(())
}
