//! How should 1,000 euros be divided over three campaigns, and how good is that answer?
//!
//! ```text
//! cargo run -p adsml-optimize --example divide_a_budget
//! ```
#![allow(clippy::print_stdout)] // An example answers on stdout.

use adsml_optimize::{BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, Hill, Limit, Logarithmic, Total};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let problem = BudgetProblem::builder(Currency::new("EUR"))
        .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 1.0)?).today(400.0))
        .campaign(Campaign::new("search", Logarithmic::new(700.0, 90.0)?).today(300.0).max_change(0.5))
        .campaign(Campaign::new("prospecting", Hill::new(2_000.0, 350.0, 2.5)?).today(300.0))
        .bounds(Limit::Share(0.05), Limit::Share(0.95))
        .total(Total::Exactly(1_000.0))
        .build()?;
    let plan = Exact::default().allocate(&problem)?;
    println!("{}", plan.explain(&problem));
    println!("{}", plan.certificate().verify(&problem)?);
    Ok(())
}
