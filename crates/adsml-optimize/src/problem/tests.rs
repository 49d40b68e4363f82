//! What a problem accepts, what it refuses, and what it becomes.

use super::*;
use crate::{ResponseCurve, Shape};

/// `a * sqrt(x)`.
#[derive(Debug)]
struct Root(f64);

impl ResponseCurve for Root {
    fn value(&self, spend: f64) -> f64 {
        self.0 * spend.sqrt()
    }

    fn marginal(&self, spend: f64) -> f64 {
        0.5 * self.0 / spend.sqrt()
    }

    fn shape(&self) -> Shape {
        Shape::Concave
    }
}

fn campaign(id: &str) -> Campaign {
    Campaign::new(id, Root(1.0))
}

fn euros() -> BudgetProblemBuilder {
    BudgetProblem::builder(Currency::new("EUR"))
}

#[test]
fn bounds_become_whole_minor_units_within_the_total() {
    let problem = euros()
        .campaign(campaign("a").between(Limit::Share(0.05), Limit::Amount(400.0)))
        .campaign(campaign("b").at_least(Limit::Share(1.0 / 3.0)))
        .campaign(campaign("c").today(10.0).max_change(0.2))
        .campaign(campaign("d").zero_or_at_least(Limit::Amount(5.0)))
        .campaign(campaign("e").today(7.5).frozen())
        .total(Total::Exactly(100.0))
        .build()
        .unwrap();
    let bounds: Vec<_> = problem.program.terms.iter().map(|term| (term.lower, term.upper, term.or_zero)).collect();
    let expected =
        [(5.0, 100.0, false), (33.34, 100.0, false), (8.0, 12.0, false), (5.0, 100.0, true), (7.5, 7.5, false)];
    assert_eq!(bounds, expected);
    assert_eq!(problem.program.total, (100.0, 100.0));
}
