//! What would an account with a known truth look like?
//!
//! ```text
//! cargo run --release -p adsml-simulate --example make_account [account.csv]
//! ```
//!
//! Prints the account's totals, its true curves and the noise floor; writes its rows when a path is given.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use adsml_simulate::Account;

fn main() -> Result<(), Box<dyn Error>> {
    let account = Account::demo();
    println!("{account}");

    let currency = account.currency();
    println!("What a day's spend truly buys, at the usual budget:");
    for campaign in account.campaigns() {
        let spend = campaign.usual_budget;
        println!(
            "  {:<3} {spend:>8.2} {currency} -> {:>8.2} {currency}; one more {currency} brings {:.2}   {:?}",
            campaign.id,
            campaign.curve.value(spend),
            campaign.curve.marginal(spend),
            campaign.family,
        );
    }

    if let Some(floor) = account.noise_floor() {
        println!(
            "\nBest log loss anybody can reach: {:.6} per impression ({:.6} expected, give or take {:.6}); \
             normalised entropy {:.4}.",
            floor.log_loss,
            floor.expected_log_loss,
            floor.standard_error,
            floor.normalized_entropy(),
        );
    }

    if let Some(path) = std::env::args_os().nth(1) {
        let mut out = BufWriter::new(File::create(&path)?);
        account.write_csv(&mut out)?;
        out.flush()?;
        println!("{} rows written to {}.", account.rows().len(), path.display());
    }
    Ok(())
}
