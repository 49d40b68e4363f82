//! Checking a certificate, from the curves alone.
//!
//! Nothing here is shared with the solvers but the statement of the problem: the tree is walked with integer boxes, and
//! each part's bound is computed again from values, marginals and declared shapes.

use std::cmp::Ordering;
use std::fmt;

use super::declared::{self, Bounder};
use super::rounding::{EVALUATION, Outward};
use super::{Certificate, CertificateError, Node, Prices, relative_gap};
use crate::problem::BudgetProblem;
use crate::problem::judge::minor;
use crate::program::{Program, Term};

type Result<T> = std::result::Result<T, CertificateError>;

/// What a certificate proves, and what the proof rests on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Verified {
    /// Objective of the plan.
    pub value: f64,
    /// What no plan exceeds.
    pub upper_bound: f64,
    /// `(upper_bound - value) / |upper_bound|`.
    pub gap: f64,
    /// Number of parts that were checked.
    pub parts: usize,
    /// What had to be believed: the declarations of the curves, with the number of campaigns that make each.
    pub trusted: Vec<(String, usize)>,
}

impl Certificate {
    /// Checks the proof against a problem: the plan satisfies every constraint and has the objective that is claimed, the
    /// parts cover all budgets, the prices of each part prove its bound, and none exceeds the upper bound.
    ///
    /// What is proved is proved of plans that keep a target exactly, as far as evaluations can tell; a plan may be called
    /// feasible when it misses its target by a relative 1e-12.
    ///
    /// Values and marginals of curves are believed to a relative accuracy of 2e-14; their declared shapes are sampled, and
    /// listed as what the proof rests on. Sums are rounded outward. `O(n_parts * n_campaigns)`, without recursion.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] names the first thing that is wrong.
    pub fn verify(&self, problem: &BudgetProblem) -> Result<Verified> {
        problem.check(&self.budgets).map_err(CertificateError::Plan)?;
        declared::check(problem).map_err(CertificateError::Declaration)?;
        let program = &problem.program;
        self.check_value(program)?;
        self.check_twins(program)?;
        let mut walk = Walk::new(program, &self.twins);
        let greatest = walk.check(&self.nodes)?;
        if is_above(greatest, self.upper_bound) {
            let what = "a part of the budgets".to_owned();
            return Err(CertificateError::UpperBound { claimed: self.upper_bound, what, found: greatest });
        }
        Ok(Verified {
            value: self.value,
            upper_bound: self.upper_bound,
            gap: relative_gap(self.value, self.upper_bound),
            parts: self.n_parts(),
            trusted: declared::trusted(problem, &walk.bounders),
        })
    }

    fn check_value(&self, program: &Program) -> Result<()> {
        let mut sum = Outward::default();
        for (term, &budget) in program.terms.iter().zip(&self.budgets) {
            let spend = budget as f64 / program.minor_per_major;
            let earned = program.reward * term.curve.value(spend);
            let paid = program.cost * spend + term.change_cost * (spend - term.today).abs();
            sum.add(earned - paid, earned.abs() + paid.abs());
        }
        let accuracy = sum.upper() - sum.claim() + 0.0;
        let found = sum.upper();
        // Claimed from a plain sum: n rounding errors more.
        let slack = 4.0 * accuracy.abs() + program.n_campaigns() as f64 * f64::EPSILON * found.abs();
        if is_above((self.value - found).abs(), slack) || !self.value.is_finite() || !found.is_finite() {
            return Err(CertificateError::Value { claimed: self.value, found });
        }
        if is_above(self.value, self.upper_bound) {
            let what = "the plan".to_owned();
            return Err(CertificateError::UpperBound { claimed: self.upper_bound, what, found: self.value });
        }
        Ok(())
    }

    fn check_twins(&self, program: &Program) -> Result<()> {
        let mut known = vec![false; program.n_campaigns()];
        for class in &self.twins {
            for pair in class.windows(2) {
                let (first, second) = (pair[0], pair[1]);
                let refuse = |what| Err(CertificateError::Twins { first, second, what });
                let (Some(one), Some(other)) = (program.terms.get(first), program.terms.get(second)) else {
                    return refuse("that one does not exist");
                };
                if !same_curve(one, other) {
                    return refuse("their curves");
                }
                let numbers = |term: &Term| (term.lower, term.upper, term.or_zero);
                if numbers(one) != numbers(other) {
                    return refuse("their bounds");
                }
                let changes = |term: &Term| (term.change_cost, if term.change_cost == 0.0 { 0.0 } else { term.today });
                if changes(one) != changes(other) {
                    return refuse("the cost of change");
                }
                if program.group_of[first] != program.group_of[second] {
                    return refuse("their groups");
                }
            }
            for &campaign in class {
                match known.get_mut(campaign) {
                    Some(seen) if !*seen => *seen = true,
                    _ => {
                        let what = "being named once";
                        return Err(CertificateError::Twins { first: campaign, second: campaign, what });
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a number exceeds a claim, or may: prices may be so great, and curves so odd, that sums are not numbers at all.
fn is_above(found: f64, claimed: f64) -> bool {
    found.partial_cmp(&claimed).is_none_or(Ordering::is_gt)
}

/// Whether two campaigns surely have the same curve: the same object, or the same complete description.
fn same_curve(one: &Term, other: &Term) -> bool {
    std::sync::Arc::ptr_eq(&one.curve, &other.curve)
        || one.curve.description().is_some_and(|description| Some(description) == other.curve.description())
}

/// The walk through the tree of cuts.
struct Walk<'p> {
    program: &'p Program,
    /// Bounds of the current part, in minor units, twins' cuts aside.
    low: Vec<i64>,
    high: Vec<i64>,
    /// The same with what follows from cuts of twins, when a part is checked.
    boxes: Vec<(i64, i64)>,
    bounders: Vec<Bounder<'p>>,
    classes: &'p [Vec<usize>],
    least_total: i64,
    most_total: i64,
}

/// A cut on the way to the current part.
struct Frame {
    campaign: usize,
    at: i64,
    above: bool,
    /// The campaign's bounds before.
    before: (i64, i64),
}

impl<'p> Walk<'p> {
    fn new(program: &'p Program, classes: &'p [Vec<usize>]) -> Self {
        let minor = |amount: f64| minor(program, amount);
        Self {
            program,
            low: program.terms.iter().map(|term| if term.or_zero { 0 } else { minor(term.lower) }).collect(),
            high: program.terms.iter().map(|term| minor(term.upper)).collect(),
            bounders: program.terms.iter().map(|term| Bounder::new(term, program.minor_per_major)).collect(),
            classes,
            boxes: Vec::with_capacity(program.n_campaigns()),
            least_total: minor(program.total.0),
            most_total: minor(program.total.1),
        }
    }

    /// Checks every node; the greatest bound that is claimed of a part.
    fn check(&mut self, nodes: &[Node]) -> Result<f64> {
        let mut greatest = f64::NEG_INFINITY;
        let mut way: Vec<Frame> = Vec::new();
        let mut complete = false;
        for (place, node) in nodes.iter().enumerate() {
            let malformed = |what| Err(CertificateError::Malformed { node: place, what });
            if complete {
                return malformed("every part was checked already");
            }
            match node {
                &Node::Cut(campaign, at) => {
                    if campaign >= self.program.n_campaigns() {
                        return malformed("there is no such campaign");
                    }
                    let before = (self.low[campaign], self.high[campaign]);
                    let frame = Frame { campaign, at, above: false, before };
                    self.enter(&frame);
                    way.push(frame);
                    continue;
                }
                Node::Empty => {
                    self.fill_boxes();
                    if !self.is_empty() {
                        return Err(CertificateError::NotEmpty { node: place });
                    }
                }
                Node::Bound(prices, claimed) => {
                    self.fill_boxes();
                    let proved = self.bound(place, prices)?;
                    if is_above(proved, *claimed) {
                        return Err(CertificateError::Bound { node: place, claimed: *claimed, proved });
                    }
                    greatest = greatest.max(*claimed);
                }
            }
            // On to the other side of the last cut that has one left.
            loop {
                let Some(mut frame) = way.pop() else {
                    complete = true;
                    break;
                };
                (self.low[frame.campaign], self.high[frame.campaign]) = frame.before;
                if !frame.above {
                    frame.above = true;
                    self.enter(&frame);
                    way.push(frame);
                    break;
                }
            }
        }
        if complete {
            Ok(greatest)
        } else {
            Err(CertificateError::Malformed { node: nodes.len(), what: "a part is missing" })
        }
    }

    /// Narrows the bounds of a campaign to one side of a cut.
    fn enter(&mut self, frame: &Frame) {
        let (low, high) = (&mut self.low[frame.campaign], &mut self.high[frame.campaign]);
        if frame.above {
            *low = (*low).max(frame.at.saturating_add(1));
        } else {
            *high = (*high).min(frame.at);
        }
    }

    /// The current part's box: of twins, none is above an earlier one, nor below a later one.
    ///
    /// Done where a part is checked and not at each cut, so that a deep tree over many twins needs no more memory than cuts.
    fn fill_boxes(&mut self) {
        self.boxes.clear();
        self.boxes.extend(self.low.iter().copied().zip(self.high.iter().copied()));
        for class in self.classes {
            let mut high = i64::MAX;
            for &campaign in class {
                high = high.min(self.boxes[campaign].1);
                self.boxes[campaign].1 = high;
            }
            let mut low = i64::MIN;
            for &campaign in class.iter().rev() {
                low = low.max(self.boxes[campaign].0);
                self.boxes[campaign].0 = low;
            }
        }
    }

    /// Whether bounds and sums of whole minor units exclude every plan.
    fn is_empty(&self) -> bool {
        let program = self.program;
        let minor = |amount: f64| minor(program, amount);
        // Least and most of a campaign, or nothing when its box is empty.
        let range = |i: usize| -> Option<(i64, i64)> {
            let term = &program.terms[i];
            let (from, to) = self.boxes[i];
            let (low, high) = (from.max(minor(term.lower)), to.min(minor(term.upper)));
            let zero = term.or_zero && from <= 0 && to >= 0;
            match (low <= high, zero) {
                (true, true) => Some((0, high)),
                (true, false) => Some((low, high)),
                (false, true) => Some((0, 0)),
                (false, false) => None,
            }
        };
        let mut free = (0_i64, 0_i64);
        let mut grouped = vec![(0_i64, 0_i64); program.groups.len()];
        for i in 0..program.n_campaigns() {
            let Some((low, high)) = range(i) else { return true };
            let sums = program.group_of[i].map_or(&mut free, |group| &mut grouped[group]);
            *sums = (sums.0.saturating_add(low), sums.1.saturating_add(high));
        }
        let (mut least, mut most) = free;
        for (group, (low, high)) in program.groups.iter().zip(grouped) {
            let (low, high) = (low.max(minor(group.least)), high.min(minor(group.most)));
            if low > high {
                return true;
            }
            least = least.saturating_add(low);
            most = most.saturating_add(high);
        }
        least > self.most_total || most < self.least_total
    }

    /// What the prices prove of the current part, rounded outward.
    fn bound(&mut self, node: usize, prices: &Prices) -> Result<f64> {
        let program = self.program;
        let refuse = |constraint, price, expected| Err(CertificateError::Price { node, constraint, price, expected });
        if !prices.total.is_finite() {
            return refuse("the total", prices.total, "a finite number");
        }
        if !(prices.floor >= 0.0 && prices.floor.is_finite()) || (program.floor.is_none() && prices.floor != 0.0) {
            return refuse("the target", prices.floor, "a number of at least 0, and 0 without a target");
        }
        if !prices.groups.is_empty() && prices.groups.len() != program.groups.len() {
            return Err(CertificateError::Malformed { node, what: "it has not one price for each group" });
        }
        if let Some(&price) = prices.groups.iter().find(|price| !price.is_finite()) {
            return refuse("a group", price, "a finite number");
        }
        let mut sum = Outward::default();
        let mut pay = |price: f64, least: f64, most: f64| {
            let paid = if price > 0.0 {
                price * most
            } else if price < 0.0 {
                price * least
            } else {
                0.0
            };
            sum.add(paid, paid.abs());
        };
        pay(prices.total, program.total.0, program.total.1);
        for (group, &price) in program.groups.iter().zip(&prices.groups) {
            pay(price, group.least, group.most);
        }
        if let Some(floor) = program.floor {
            let paid = prices.floor * floor.least;
            sum.add(-paid, paid.abs());
        }
        let weight = program.reward + prices.floor;
        for i in 0..program.n_campaigns() {
            let group = program.group_of[i].and_then(|group| prices.groups.get(group)).copied().unwrap_or(0.0);
            let ratio = program.floor.map_or(0.0, |floor| prices.floor * floor.ratio);
            let price = program.cost + prices.total + group + ratio;
            // The price itself is a rounded sum, and so is a spend in major units.
            let doubt = 4.0 * f64::EPSILON * (program.cost + prices.total.abs() + group.abs() + ratio) / EVALUATION;
            let (low, high) = self.boxes[i];
            let Some(most) = self.bounders[i].most(weight, price, low, high) else {
                // No budget of this campaign is in the part.
                return Ok(f64::NEG_INFINITY);
            };
            sum.add(most.bound, most.magnitude + doubt * most.spend);
        }
        Ok(sum.upper())
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "verified: objective {}, no plan has more than {} (gap {:.1e}), in {} parts",
            self.value, self.upper_bound, self.gap, self.parts
        )?;
        write!(f, "it rests on")?;
        for (declaration, count) in &self.trusted {
            write!(f, "\n  {count} x {declaration}")?;
        }
        Ok(())
    }
}
