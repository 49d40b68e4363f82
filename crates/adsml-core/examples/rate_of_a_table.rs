//! What is the click-through rate of each placement?
//!
//! ```text
//! cargo run -p adsml-core --example rate_of_a_table
//! ```
#![allow(clippy::print_stdout)] // An example answers on stdout.

use adsml_core::{Column, Ratio, Result, Table};

fn main() -> Result<()> {
    let table = Table::from_columns([
        ("placement", Column::from(["feed", "stories", "feed", "reels", "stories"])),
        ("impressions", Column::from([120_000.0, 40_000.0, 900.0, 0.0, 65_000.0])),
        ("clicks", Column::from([1_310.0, 300.0, 31.0, 0.0, 520.0])),
    ])?;
    let (clicks, impressions) = (table.number("clicks")?, table.number("impressions")?);
    let placement = table.category("placement")?;
    for (code, name) in placement.levels().iter().enumerate() {
        // A ratio of sums: the row with 900 impressions counts as 900 impressions.
        let rows = (0..table.n_rows()).filter(|&row| placement.codes()[row] as usize == code);
        let ctr: Ratio = rows.map(|row| Ratio::new(clicks[row], impressions[row])).sum();
        match ctr.value() {
            Some(rate) => println!("{name:<8} {:.3} % of {} impressions", 100.0 * rate, ctr.denominator),
            None => println!("{name:<8} unknown: it was never shown"),
        }
    }
    Ok(())
}
