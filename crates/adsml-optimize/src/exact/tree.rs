//! Branch and bound: parts, their bounds, and the best plan so far.
//!
//! Best bound first. A part whose bound does not exceed the best plan by more than the tolerance is closed, its prices
//! kept for the certificate; another is cut where its relaxation promises more than the curve has.
//!
//! Source: Falk and Soland (1969), "An algorithm for separable nonconvex programming problems", Management Science 15(9).

use std::collections::BinaryHeap;
use std::time::Instant;

use adsml_core::FitContext;

use super::Exact;
use super::choice::Domain;
use super::part::{Part, Twins, bound_at, is_reachable};
use super::primal::candidates;
use super::relax::{Relaxed, Relaxer};
use crate::certificate::{Node, Prices};
use crate::optimizer::{HistoryPoint, StoppingReason};
use crate::problem::judge::spends as spends_of;
use crate::problem::rounding::round_to_minor;
use crate::program::Program;

/// Parts of up to two to this many plans are searched for the best whole minor units.
const WHOLE_UNIT_BITS: f64 = 48.0;

/// What the search ends with.
#[derive(Debug)]
pub(super) struct Searched {
    /// The best plan, if any was found that keeps the floor.
    pub(super) best: Option<Vec<i64>>,
    /// The spends that missed the floor least, for a floor that no plan keeps.
    pub(super) nearest: Vec<f64>,
    /// The tree of cuts, in preorder.
    pub(super) nodes: Vec<Node>,
    pub(super) twins: Vec<Vec<usize>>,
    pub(super) stopping: StoppingReason,
    pub(super) evaluations: usize,
    pub(super) history: Vec<HistoryPoint>,
}

/// A part that waits.
#[derive(Debug)]
struct Open {
    bound: f64,
    number: usize,
    slot: usize,
    part: Part,
    prices: Prices,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    /// The greatest bound first, then the oldest.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.total_cmp(&other.bound).then_with(|| other.number.cmp(&self.number))
    }
}

/// A node of the tree while it grows.
#[derive(Debug)]
enum Grown {
    Leaf(Node),
    Cut { campaign: usize, at: i64, below: usize, above: usize },
}

pub(super) struct Search<'p> {
    program: &'p Program,
    exact: &'p Exact,
    context: &'p FitContext<'p>,
    started: Instant,
    relaxer: Relaxer<'p>,
    twins: Twins,
    tree: Vec<Grown>,
    open: BinaryHeap<Open>,
    made: usize,
    best: Option<(f64, Vec<i64>)>,
    nearest: (f64, Vec<f64>),
    history: Vec<HistoryPoint>,
    /// The greatest bound of the parts that were closed although a better plan of fractions of minor units may be in them.
    rounding_left: f64,
}

impl<'p> Search<'p> {
    pub(super) fn new(program: &'p Program, exact: &'p Exact, context: &'p FitContext<'p>, started: Instant) -> Self {
        Self {
            program,
            exact,
            context,
            started,
            relaxer: Relaxer::new(program, context.threads),
            twins: Twins::default(),
            tree: Vec::new(),
            open: BinaryHeap::new(),
            made: 0,
            best: None,
            nearest: (f64::INFINITY, Vec::new()),
            history: Vec::new(),
            rounding_left: f64::NEG_INFINITY,
        }
    }

    pub(super) fn run(mut self) -> Searched {
        let root = Part::whole(self.program);
        self.tree.push(Grown::Leaf(Node::Empty));
        let open = Open { bound: f64::INFINITY, number: 0, slot: 0, part: root, prices: Prices::default() };
        // The first part is worked on at once: twins are looked for only if it has to be cut.
        self.work(open);
        let stopping = loop {
            if self.open.peek().is_none_or(|top| self.is_good_enough(top.bound)) {
                let closed = self.rounding_left == f64::NEG_INFINITY || self.is_good_enough(self.rounding_left);
                break if closed { StoppingReason::GapReached } else { StoppingReason::WholeUnits };
            }
            if self.context.check_cancelled().is_err() {
                break StoppingReason::Cancelled;
            }
            if self.started.elapsed() >= self.exact.time_limit {
                break StoppingReason::TimeLimit;
            }
            if self.tree.len() >= self.exact.max_nodes {
                break StoppingReason::CertificateSize;
            }
            let open = self.open.pop().expect("peeked");
            if self.made.is_multiple_of(64) {
                self.context.progress("dividing the budget", self.tree.len(), None);
            }
            self.work(open);
        };
        for open in std::mem::take(&mut self.open).into_vec() {
            self.tree[open.slot] = Grown::Leaf(Node::Bound(open.prices, open.bound));
        }
        Searched {
            best: self.best.take().map(|(_, budgets)| budgets),
            nearest: self.nearest.1,
            nodes: preorder(self.tree),
            evaluations: self.relaxer.answers / self.program.n_campaigns().max(1),
            twins: self.twins.into_classes(),
            stopping,
            history: self.history,
        }
    }

    /// Whether a part of this bound cannot improve the best plan by more than the gap asked for.
    fn is_good_enough(&self, bound: f64) -> bool {
        self.best.as_ref().is_some_and(|(value, _)| bound - value <= self.tolerance(*value))
    }

    fn tolerance(&self, value: f64) -> f64 {
        if value.is_finite() { self.exact.gap * value.abs() } else { 0.0 }
    }

    /// Bounds a part, looks for plans in it, and cuts it unless it is closed.
    fn work(&mut self, open: Open) {
        let Open { bound: inherited, slot, part, prices, .. } = open;
        let domains = part.domains(self.program);
        let value = self.best.as_ref().map_or(f64::NEG_INFINITY, |(value, _)| *value);
        let missing = if inherited.is_finite() && value.is_finite() { inherited - value } else { 0.0 };
        // Prices need not be better than what they have to decide; where they leave nothing to cut, they are sharpened.
        let (mut bound, mut prices) = (inherited, prices);
        let mut cut = None;
        if domains.iter().all(Domain::is_point) {
            // One plan, and its value: no price makes that clearer than none.
            let spends: Vec<f64> = domains.iter().map(Domain::least).collect();
            self.consider(&spends);
            let alone = bound_at(self.program, &domains, &Prices::default(), self.relaxer.near());
            if alone < bound {
                (bound, prices) = (alone, Prices::default());
            }
        }
        for tolerance in [0.02 * missing, 0.0] {
            let relaxed = self.relaxer.relax(&domains, &prices, tolerance.max(0.01 * self.tolerance(value)));
            if relaxed.bound <= bound {
                (bound, prices) = (relaxed.bound, relaxed.prices.clone());
            }
            if self.is_good_enough(bound) || (relaxed.hopeless && !self.nearest.1.is_empty()) {
                break;
            }
            let found = candidates(self.program, &mut self.relaxer, &domains, &relaxed, &self.twins);
            for spends in found {
                self.consider(&spends);
            }
            if self.is_good_enough(bound) || relaxed.hopeless {
                break;
            }
            cut = self.cut_by_promise(&part, &domains, &relaxed);
            if cut.is_some() {
                break;
            }
            if tolerance == 0.0 {
                cut = self.cut_to_whole_units(&part, &relaxed);
                if cut.is_none() {
                    self.rounding_left = self.rounding_left.max(bound);
                }
            }
        }
        self.note(bound);
        let Some((campaign, at)) = cut else {
            self.tree[slot] = Grown::Leaf(Node::Bound(prices, bound));
            return;
        };
        if self.made == 0 {
            self.twins = Twins::find(self.program);
        }
        let slots = [self.tree.len(), self.tree.len() + 1];
        self.tree[slot] = Grown::Cut { campaign, at, below: slots[0], above: slots[1] };
        for (slot, part) in slots.into_iter().zip(part.cut(campaign, at, &self.twins)) {
            let domains = part.domains(self.program);
            if !is_reachable(self.program, &domains) {
                self.tree.push(Grown::Leaf(Node::Empty));
                continue;
            }
            let bound = bound_at(self.program, &domains, &prices, self.relaxer.near());
            self.tree.push(Grown::Leaf(Node::Bound(prices.clone(), bound)));
            if !self.is_good_enough(bound) {
                self.made += 1;
                self.open.push(Open { bound, number: self.made, slot, part, prices: prices.clone() });
            }
        }
    }

    /// Keeps a plan if it is the best so far once it is whole minor units.
    fn consider(&mut self, spends: &[f64]) {
        let program = self.program;
        let value = self.best.as_ref().map_or(f64::NEG_INFINITY, |(value, _)| *value);
        // Rounding may gain a little on a real solution that meets bounds inexactly; never much.
        if value.is_finite() && program.value(spends) < value - 1e-9 * value.abs() {
            return;
        }
        let Some(budgets) = round_to_minor(program, spends) else {
            let shortfall = program.shortfall(spends);
            if shortfall < self.nearest.0 || self.nearest.1.is_empty() {
                self.nearest = (shortfall, spends.to_vec());
            }
            return;
        };
        let rounded = spends_of(program, &budgets);
        let rounded_value = program.value(&rounded);
        if rounded_value > value {
            self.best = Some((rounded_value, budgets));
        }
    }

    /// A point of the history, when the best plan has changed.
    fn note(&mut self, bound: f64) {
        let Some((value, _)) = &self.best else { return };
        if self.history.last().is_none_or(|last| last.value < *value) {
            let upper = self.open.peek().map_or(bound, |open| open.bound.max(bound));
            self.history.push(HistoryPoint {
                evaluations: self.relaxer.answers / self.program.n_campaigns().max(1),
                seconds: self.started.elapsed().as_secs_f64(),
                value: *value,
                upper_bound: Some(upper),
            });
        }
    }

    /// Where to cut: the campaign whose mixture promises most beyond its curve, between its two answers.
    fn cut_by_promise(&self, part: &Part, domains: &[Domain], relaxed: &Relaxed) -> Option<(usize, i64)> {
        let per_major = self.program.minor_per_major;
        let i = (0..domains.len())
            .filter(|&i| part.low[i] < part.high[i] && relaxed.promised[i] > 0.0)
            .max_by(|&a, &b| relaxed.promised[a].total_cmp(&relaxed.promised[b]).then(b.cmp(&a)))?;
        let value = self.best.as_ref().map_or(0.0, |(value, _)| value.abs());
        if relaxed.promised[i] <= 1e-3 * self.exact.gap * value / domains.len() as f64 {
            return None;
        }
        let campaign = self.twin_to_cut(part, relaxed, i);
        let (low, high) = (relaxed.dear[campaign], relaxed.cheap[campaign]);
        let at = if domains[campaign].zero && low == 0.0 && high >= domains[campaign].from {
            0
        } else {
            (0.5 * (low + high) * per_major).floor() as i64
        };
        Some((campaign, at.clamp(part.low[campaign], part.high[campaign] - 1)))
    }

    /// Where to cut when only whole minor units are missing: beside the campaign that is farthest from one. A search worth
    /// its while where few plans are left, hopeless where there are many.
    fn cut_to_whole_units(&self, part: &Part, relaxed: &Relaxed) -> Option<(usize, i64)> {
        let width = |i: usize| part.high[i] - part.low[i];
        let bits: f64 = (0..part.low.len()).map(|i| (width(i) as f64 + 1.0).log2()).sum();
        if bits > WHOLE_UNIT_BITS {
            return None;
        }
        let minor = |i: usize| relaxed.spends[i] * self.program.minor_per_major;
        let fraction = |i: usize| (minor(i) - minor(i).round()).abs();
        let i = (0..part.low.len()).filter(|&i| width(i) > 0).max_by(|&a, &b| {
            let (fa, fb) = (fraction(a), fraction(b));
            if fa.max(fb) > 1e-6 { fa.total_cmp(&fb) } else { width(a).cmp(&width(b)) }.then(b.cmp(&a))
        })?;
        let at = (minor(i) + 1e-9).floor() as i64;
        Some((i, at.clamp(part.low[i], part.high[i] - 1)))
    }

    /// Of twins in the same state, the one whose cut halves the question how many of them go up.
    fn twin_to_cut(&self, part: &Part, relaxed: &Relaxed, campaign: usize) -> usize {
        let Some((class, _)) = self.twins.place(campaign) else { return campaign };
        let same: Vec<usize> = class
            .iter()
            .copied()
            .filter(|&other| part.low[other] == part.low[campaign] && part.high[other] == part.high[campaign])
            .collect();
        let (low, high) = (relaxed.dear[campaign], relaxed.cheap[campaign]);
        let up: f64 = same.iter().map(|&i| (relaxed.spends[i] - low) / (high - low)).sum();
        same[(up.floor().max(0.0) as usize).min(same.len() - 1)]
    }
}

/// The tree in preorder.
fn preorder(tree: Vec<Grown>) -> Vec<Node> {
    let mut nodes = Vec::with_capacity(tree.len());
    let mut stack = vec![0];
    while let Some(slot) = stack.pop() {
        match &tree[slot] {
            Grown::Leaf(node) => nodes.push(node.clone()),
            &Grown::Cut { campaign, at, below, above } => {
                nodes.push(Node::Cut(campaign, at));
                stack.extend([above, below]);
            }
        }
    }
    nodes
}
