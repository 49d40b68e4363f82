//! A part of the search: one box of whole minor units, and how it is cut.

use super::choice::{Choice, Domain, choose};
use crate::certificate::Prices;
use crate::certificate::rounding::Outward;
use crate::problem::judge::{major, minor};
use crate::program::{Program, Term};

/// A box of budgets, in minor units.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) low: Vec<i64>,
    pub(super) high: Vec<i64>,
}

impl Part {
    /// The whole problem.
    pub(super) fn whole(program: &Program) -> Self {
        let low = |term: &Term| if term.or_zero { 0 } else { minor(program, term.lower) };
        Self {
            low: program.terms.iter().map(low).collect(),
            high: program.terms.iter().map(|term| minor(program, term.upper)).collect(),
        }
    }

    /// Where each campaign's spend may lie.
    pub(super) fn domains(&self, program: &Program) -> Vec<Domain> {
        let boxes = program.terms.iter().zip(&self.low).zip(&self.high);
        let domain = |((term, &low), &high): ((&Term, &i64), &i64)| Domain {
            from: major(program, low).max(term.lower),
            to: major(program, high).min(term.upper),
            zero: term.or_zero && low <= 0,
        };
        boxes.map(domain).collect()
    }

    /// Both sides of a cut: `x[campaign] <= at`, and `x[campaign] >= at + 1`; twins follow.
    pub(super) fn cut(&self, campaign: usize, at: i64, twins: &Twins) -> [Self; 2] {
        let (mut below, mut above) = (self.clone(), self.clone());
        below.high[campaign] = below.high[campaign].min(at);
        above.low[campaign] = above.low[campaign].max(at + 1);
        if let Some((class, place)) = twins.place(campaign) {
            for &later in &class[place + 1..] {
                below.high[later] = below.high[later].min(at);
            }
            for &earlier in &class[..place] {
                above.low[earlier] = above.low[earlier].max(at + 1);
            }
        }
        [below, above]
    }
}

/// Whether a part has budgets that satisfy bounds, groups and total, as far as sums can tell.
pub(super) fn is_reachable(program: &Program, domains: &[Domain]) -> bool {
    if domains.iter().any(Domain::is_empty) {
        return false;
    }
    // Half a minor unit: sums of whole units are exact up to rounding error.
    let slack = 0.5 / program.minor_per_major;
    let (mut least, mut most) = (0.0, 0.0);
    for (domain, group) in domains.iter().zip(&program.group_of) {
        if group.is_none() {
            least += domain.least();
            most += domain.most();
        }
    }
    for group in &program.groups {
        let low: f64 = group.members.iter().map(|&member| domains[member].least()).sum();
        let high: f64 = group.members.iter().map(|&member| domains[member].most()).sum();
        if low > group.most + slack || high < group.least - slack {
            return false;
        }
        least += low.max(group.least);
        most += high.min(group.most);
    }
    least <= program.total.1 + slack && most >= program.total.0 - slack
}

/// The Lagrangian bound of a part at given prices, with room for the rounding errors of whoever checks it.
pub(super) fn bound_at(program: &Program, domains: &[Domain], prices: &Prices, near: &[f64]) -> f64 {
    let weight = program.reward + prices.floor;
    let mut sum = Outward::default();
    let mut pay = |price: f64, least: f64, most: f64| {
        let paid = allowance(price, least, most);
        sum.add(paid, paid.abs());
    };
    let (least, most) = program.total;
    pay(prices.total, least, most);
    for (group, &price) in program.groups.iter().zip(&prices.groups) {
        pay(price, group.least, group.most);
    }
    if let Some(floor) = program.floor {
        pay(-prices.floor, floor.least, floor.least);
    }
    for (campaign, (term, domain)) in program.terms.iter().zip(domains).enumerate() {
        let price = prices.of_spend(program, campaign);
        let choice = choose(term, weight, price, domain, near[campaign], program.minor_per_major);
        sum.add(choice.bound, magnitude(program, campaign, domain, price, &choice));
    }
    sum.claim()
}

/// What a price is paid for: the most that may be spent, or the least when money is given away.
pub(super) fn allowance(price: f64, least: f64, most: f64) -> f64 {
    if price > 0.0 {
        price * most
    } else if price < 0.0 {
        price * least
    } else {
        0.0
    }
}

/// Of what magnitudes the bound of a choice is made: what is earned is what is left plus what is paid.
pub(super) fn magnitude(program: &Program, campaign: usize, domain: &Domain, price: f64, choice: &Choice) -> f64 {
    let term = &program.terms[campaign];
    let change = 2.0 * term.change_cost * (domain.most() + term.today);
    choice.bound.abs() + 3.0 * (price.abs() + program.cost) * domain.most() + change
}

/// Classes of campaigns that may be exchanged without changing anything.
#[derive(Debug, Clone, Default)]
pub(super) struct Twins {
    classes: Vec<Vec<usize>>,
    /// Class and place in it, by campaign.
    places: Vec<Option<(usize, usize)>>,
}

impl Twins {
    /// Twins share curve (the same `Arc`, or the same complete description), bounds, today's budget and group.
    pub(super) fn find(program: &Program) -> Self {
        let mut by_key = std::collections::BTreeMap::<Key, Vec<usize>>::new();
        for (campaign, term) in program.terms.iter().enumerate() {
            let numbers = [term.lower, term.upper, term.today, term.change_cost].map(f64::to_bits);
            let curve = term.curve.description().ok_or(std::sync::Arc::as_ptr(&term.curve).cast::<()>() as usize);
            by_key.entry((curve, numbers, term.or_zero, program.group_of[campaign])).or_default().push(campaign);
        }
        let mut classes: Vec<Vec<usize>> = by_key.into_values().filter(|class| class.len() > 1).collect();
        // Addresses of curves reach the order of the keys, not of the classes.
        classes.sort_unstable();
        let mut places = vec![None; program.n_campaigns()];
        for (index, class) in classes.iter().enumerate() {
            for (place, &campaign) in class.iter().enumerate() {
                places[campaign] = Some((index, place));
            }
        }
        Self { classes, places }
    }

    /// The class of a campaign and its place there.
    pub(super) fn place(&self, campaign: usize) -> Option<(&[usize], usize)> {
        let (class, place) = (*self.places.get(campaign)?)?;
        Some((&self.classes[class], place))
    }

    pub(super) fn into_classes(self) -> Vec<Vec<usize>> {
        self.classes
    }
}

/// What twins have in common: the curve's description or address, bounds, whether 0 is allowed, group.
type Key = (Result<String, usize>, [u64; 4], bool, Option<usize>);
