//! Prices for the constraints: the Lagrangian relaxation of a part of the search.
//!
//! At given prices every campaign answers on its own, so the relaxation is one line per campaign; its bound is convex
//! in the prices and least at those where the answers, mixed, meet the constraints. Groups are disjoint, so a group's
//! price depends on the total's only through a clamp; the floor's price is the outermost loop.
//!
//! Source: Everett (1963), "Generalized Lagrange multiplier method for solving problems of optimum allocation of
//! resources", Operations Research 11(3); Falk and Soland (1969) for the bound on non-concave terms.

mod answers;
mod crossing;

use std::num::NonZeroUsize;

use crossing::{Answer, Crossing};

use super::choice::{Domain, is_plain, maximand};
use crate::certificate::Prices;
use crate::certificate::rounding::Outward;
use crate::program::Program;

/// The relaxation of a part at its best prices.
#[derive(Debug, Clone)]
pub(crate) struct Relaxed {
    /// No plan of the part has more.
    pub(crate) bound: f64,
    pub(crate) prices: Prices,
    /// The answers, mixed so that they meet the constraints. Where all curves are concave: a solution.
    pub(crate) spends: Vec<f64>,
    /// Answers when money is a little too cheap and a little too dear: the spends lie between.
    pub(crate) cheap: Vec<f64>,
    pub(crate) dear: Vec<f64>,
    /// What each campaign's mixture promises beyond what its curve has at the mixed spend, in units of the bound.
    pub(crate) promised: Vec<f64>,
    /// No price of the floor is high enough for it to be kept: no plan of the part keeps it.
    pub(crate) hopeless: bool,
}

/// A floor that is missed at so many times a sensible price is missed at every price.
const HOPELESS: f64 = 1e9;

/// Finds prices; keeps its buffers and its last answers as guesses for the next part.
#[derive(Debug)]
pub(crate) struct Relaxer<'p> {
    program: &'p Program,
    free: Vec<usize>,
    everyone: Vec<usize>,
    near: Vec<f64>,
    /// Answers of single campaigns so far.
    pub(crate) answers: usize,
    threads: NonZeroUsize,
}

/// What the price of the floor fixes for everything inside.
#[derive(Debug, Clone, Copy)]
struct Terms {
    weight: f64,
    /// Price of a unit of spend before totals and groups.
    base: f64,
    tolerance: f64,
    /// Whether everybody answers by a single concave stretch.
    plain: bool,
}

impl<'p> Relaxer<'p> {
    pub(crate) fn new(program: &'p Program, threads: NonZeroUsize) -> Self {
        let everyone: Vec<usize> = (0..program.n_campaigns()).collect();
        let free = everyone.iter().copied().filter(|&campaign| program.group_of[campaign].is_none()).collect();
        let near = program.terms.iter().map(|term| 0.5 * (term.lower + term.upper)).collect();
        Self { program, free, everyone, near, answers: 0, threads }
    }

    /// Each campaign's last answer, a guess for its next one.
    pub(crate) fn near(&self) -> &[f64] {
        &self.near
    }

    /// The relaxation of a part that has feasible sums, to within `tolerance` of its least bound; `start` is a guess.
    pub(crate) fn relax(&mut self, domains: &[Domain], start: &Prices, tolerance: f64) -> Relaxed {
        let plain = self.program.terms.iter().zip(domains).all(|(term, domain)| is_plain(term, domain));
        let Some(floor) = self.program.floor else {
            let terms = Terms { weight: self.program.reward, base: self.program.cost, tolerance, plain };
            let crossing = self.meet_total(domains, terms, start.total);
            return self.mixed(domains, terms, &crossing, 0.0);
        };
        let program = self.program;
        let inner = |price: f64| Terms {
            weight: program.reward + price,
            base: program.cost + price * floor.ratio,
            tolerance: 0.1 * tolerance,
            plain,
        };
        let mut total = start.total;
        let mut solve = |relaxer: &mut Self, price: f64| {
            let terms = inner(price);
            let crossing = relaxer.meet_total(domains, terms, total);
            let mut relaxed = relaxer.mixed(domains, terms, &crossing, price);
            relaxed.bound += claimed(-price * floor.least);
            total = relaxed.prices.total;
            let responses = relaxer.mixed_responses(&crossing);
            let spend: f64 = relaxed.spends.iter().sum();
            (price, responses - floor.ratio * spend - floor.least, relaxed)
        };
        let mut short = solve(self, 0.0);
        if short.1 >= 0.0 {
            return short.2;
        }
        let mut price = if start.floor > 0.0 { start.floor } else { self.floor_guess(domains) };
        let mut kept = loop {
            let tried = solve(self, price);
            if tried.1 >= 0.0 {
                break tried;
            }
            short = tried;
            if price > HOPELESS * self.floor_guess(domains) {
                short.2.hopeless = true;
                return short.2;
            }
            price *= 4.0;
        };
        for turn in 0..60 {
            // Tangents of the convex bound at both prices: they meet at or below its least.
            let meet = (kept.2.bound - short.2.bound + short.1 * short.0 - kept.1 * kept.0) / (short.1 - kept.1);
            let least = short.2.bound + short.1 * (meet - short.0);
            let width = kept.0 - short.0;
            let best = kept.2.bound.min(short.2.bound);
            if best - least <= tolerance.max(1e-13 * best.abs()) || width <= 1e-13 * kept.0 {
                break;
            }
            let middle = if short.0 > 0.0 { (short.0 * kept.0).sqrt() } else { 0.5 * kept.0 };
            let next = match turn % 3 {
                0 => meet,
                1 => meet + 0.1 * (if meet - short.0 > kept.0 - meet { short.0 } else { kept.0 } - meet),
                _ => middle,
            };
            let next = if next > short.0 && next < kept.0 { next } else { middle };
            let tried = solve(self, next);
            if tried.1 >= 0.0 {
                kept = tried;
            } else {
                short = tried;
            }
        }
        let share = if kept.1 - short.1 > 0.0 { -short.1 / (kept.1 - short.1) } else { 1.0 };
        self.blend(&short.2, &kept.2, share)
    }

    /// The mixture of two relaxations at different prices of the floor, `share` of the second.
    fn blend(&self, first: &Relaxed, second: &Relaxed, share: f64) -> Relaxed {
        let mix = |a: &[f64], b: &[f64]| -> Vec<f64> {
            a.iter().zip(b).map(|(a, b)| if a == b { *a } else { (1.0 - share) * a + share * b }).collect()
        };
        let best = if second.bound <= first.bound { second } else { first };
        let weight = self.program.reward + best.prices.floor;
        let spends = mix(&first.spends, &second.spends);
        let mut promised = mix(&first.promised, &second.promised);
        for (i, term) in self.program.terms.iter().enumerate() {
            let (one, other) = (first.spends[i], second.spends[i]);
            if one != other {
                let chord = (1.0 - share) * term.curve.value(one) + share * term.curve.value(other);
                promised[i] += (weight * (chord - term.curve.value(spends[i]))).max(0.0);
            }
        }
        let ends = |i: usize| [first.cheap[i], first.dear[i], second.cheap[i], second.dear[i]];
        Relaxed {
            bound: best.bound,
            prices: best.prices.clone(),
            cheap: (0..spends.len()).map(|i| ends(i).into_iter().fold(f64::NEG_INFINITY, f64::max)).collect(),
            dear: (0..spends.len()).map(|i| ends(i).into_iter().fold(f64::INFINITY, f64::min)).collect(),
            spends,
            promised,
            hopeless: false,
        }
    }

    /// A price of the floor to begin with: where one more unit of response weighs as much as what it costs.
    fn floor_guess(&self, domains: &[Domain]) -> f64 {
        if self.program.reward > 0.0 {
            return 0.3 * self.program.reward;
        }
        let terms = self.program.terms.iter().zip(domains);
        let (mut response, mut spend) = (0.0, 0.0);
        for (term, domain) in terms {
            let middle = 0.5 * (domain.least() + domain.most());
            response += term.curve.value(middle);
            spend += middle;
        }
        if response > 0.0 && spend > 0.0 { self.program.cost.max(1e-9) * spend / response } else { 1.0 }
    }

    /// The relaxation from the answers on both sides of the total's price.
    fn mixed(&self, domains: &[Domain], terms: Terms, crossing: &Crossing, floor: f64) -> Relaxed {
        let Crossing { cheap, dear, share } = crossing;
        let share = *share;
        let best = if cheap.bound <= dear.bound { cheap } else { dear };
        let ends = |answer: &'_ Answer| -> (Vec<f64>, Vec<f64>) {
            if answer.cheap.is_empty() {
                (answer.spends.clone(), answer.spends.clone())
            } else {
                (answer.cheap.clone(), answer.dear.clone())
            }
        };
        let ((cheap_most, cheap_least), (dear_most, dear_least)) = (ends(cheap), ends(dear));
        let spends: Vec<f64> =
            cheap.spends.iter().zip(&dear.spends).map(|(a, b)| share * a + (1.0 - share) * b).collect();
        let promised = (0..spends.len())
            .map(|i| {
                let (low, high) = (cheap_least[i].min(dear_least[i]), cheap_most[i].max(dear_most[i]));
                if high <= low || domains[i].is_point() {
                    return 0.0;
                }
                // The chord between the two answers, above the curve at the mixture.
                let term = &self.program.terms[i];
                let part = (spends[i] - low) / (high - low);
                let chord = part * maximand(term, terms.weight, 0.0, high)
                    + (1.0 - part) * maximand(term, terms.weight, 0.0, low);
                (chord - maximand(term, terms.weight, 0.0, spends[i])).max(0.0)
            })
            .collect();
        Relaxed {
            bound: best.bound,
            prices: Prices { total: best.price, floor, groups: best.groups.clone() },
            cheap: cheap_most.iter().zip(&dear_most).map(|(a, b)| a.max(*b)).collect(),
            dear: cheap_least.iter().zip(&dear_least).map(|(a, b)| a.min(*b)).collect(),
            spends,
            promised,
            hopeless: false,
        }
    }

    /// The summed response that the mixture promises.
    fn mixed_responses(&self, crossing: &Crossing) -> f64 {
        let response = |answer: &Answer| -> f64 {
            self.program
                .terms
                .iter()
                .enumerate()
                .map(|(i, term)| {
                    if answer.cheap.is_empty() || answer.cheap[i] <= answer.dear[i] {
                        return term.curve.value(answer.spends[i]);
                    }
                    let part = (answer.spends[i] - answer.dear[i]) / (answer.cheap[i] - answer.dear[i]);
                    part * term.curve.value(answer.cheap[i]) + (1.0 - part) * term.curve.value(answer.dear[i])
                })
                .sum()
        };
        crossing.share * response(&crossing.cheap) + (1.0 - crossing.share) * response(&crossing.dear)
    }
}

/// A payment, with room for the rounding errors of whoever checks the bound it is part of.
fn claimed(payment: f64) -> f64 {
    let mut sum = Outward::default();
    sum.add(payment, payment.abs());
    sum.claim()
}
