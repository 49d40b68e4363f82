//! What follows from a declared shape, and whether samples contradict it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::rounding::EVALUATION;
use crate::program::Term;
use crate::{BudgetProblem, OptimizeError, Result, Shape};

/// The greatest `weight * f(x) - price * x - change_cost * |x - today|` of a campaign over whole minor units.
#[derive(Debug)]
pub(super) struct Bounder<'p> {
    term: &'p Term,
    minor_per_major: f64,
    /// Of a step curve: first whole minor unit and value of each level, from 0 on; of a bent one: its bends.
    levels: Vec<(i64, f64)>,
    /// The last question and its answer: neighbouring parts often differ in one campaign only.
    last: Option<(Question, Option<Most>)>,
    /// Whether the curve's own bound had to be believed.
    pub(super) believed: bool,
}

/// Weight, price, and the box in minor units.
type Question = (f64, f64, i64, i64);

/// An upper bound and the magnitudes it was computed from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) bound: f64,
    pub(super) magnitude: f64,
    /// The greatest spend it speaks of.
    pub(super) spend: f64,
}

impl Most {
    /// The greater of both. What is not a number bounds nothing, and stays so.
    fn or(self, other: Self) -> Self {
        let known = !self.bound.is_nan() && !other.bound.is_nan();
        Self {
            bound: if known { self.bound.max(other.bound) } else { f64::NAN },
            magnitude: self.magnitude.max(other.magnitude),
            spend: self.spend.max(other.spend),
        }
    }
}

/// A maximand on a stretch that does not have today's budget inside: `weight * f(x) - slope * x - fixed`.
#[derive(Debug, Clone, Copy)]
struct Line {
    weight: f64,
    slope: f64,
    fixed: f64,
}

impl<'p> Bounder<'p> {
    pub(super) fn new(term: &'p Term, minor_per_major: f64) -> Self {
        let breaks = term.curve.breakpoints();
        let levels = match term.curve.shape() {
            Shape::Step => {
                let mut levels = vec![(0, term.curve.value(0.0))];
                for &at in breaks {
                    let minor = at * minor_per_major;
                    let near = minor.round();
                    // A breakpoint that is a whole minor unit is one in spite of rounding.
                    let whole = if near / minor_per_major == at { near } else { minor.ceil() };
                    let value = term.curve.value(at).max(term.curve.value(whole / minor_per_major));
                    levels.push((whole as i64, value));
                }
                levels
            }
            Shape::PiecewiseLinear => breaks.iter().map(|&at| ((at * minor_per_major).floor() as i64, at)).collect(),
            _ => Vec::new(),
        };
        Self { term, minor_per_major, levels, last: None, believed: false }
    }

    /// The greatest on the whole minor units from `low` to `high` that the campaign may spend; `None` when there are none.
    pub(super) fn most(&mut self, weight: f64, price: f64, low: i64, high: i64) -> Option<Most> {
        let question = (weight, price, low, high);
        match self.last {
            Some((last, answer)) if last == question => answer,
            _ => {
                let answer = self.answer(question);
                self.last = Some((question, answer));
                answer
            }
        }
    }

    fn answer(&mut self, (weight, price, low, high): Question) -> Option<Most> {
        let minor = |amount: f64| (amount * self.minor_per_major).round() as i64;
        let (lower, upper) = (low.max(minor(self.term.lower)), high.min(minor(self.term.upper)));
        let today = minor(self.term.today);
        let change = self.term.change_cost;
        let below = Line { weight, slope: price - change, fixed: change * self.term.today };
        let above = Line { weight, slope: price + change, fixed: -change * self.term.today };
        let mut most: Option<Most> = None;
        let mut join = |other: Most| most = Some(most.map_or(other, |most| most.or(other)));
        if self.term.or_zero && low <= 0 && high >= 0 {
            join(self.at(if change == 0.0 || today > 0 { below } else { above }, 0.0));
        }
        if lower <= upper {
            if change == 0.0 {
                join(self.on(Line { weight, slope: price, fixed: 0.0 }, lower, upper));
            } else {
                if lower <= today {
                    join(self.on(below, lower, upper.min(today)));
                }
                if upper > today {
                    join(self.on(above, lower.max(today), upper));
                }
            }
        }
        most
    }

    fn at(&self, line: Line, spend: f64) -> Most {
        let earned = if line.weight == 0.0 { 0.0 } else { line.weight * self.term.curve.value(spend) };
        let paid = line.slope * spend;
        let magnitude = earned.abs() + paid.abs() + line.fixed.abs();
        Most { bound: earned - paid - line.fixed, magnitude, spend }
    }

    fn on(&mut self, line: Line, low: i64, high: i64) -> Most {
        let (from, to) = (low as f64 / self.minor_per_major, high as f64 / self.minor_per_major);
        if low == high {
            return self.at(line, from);
        }
        let ends = || self.at(line, from).or(self.at(line, to));
        if line.weight == 0.0 {
            return ends();
        }
        match self.term.curve.shape() {
            Shape::Concave => self.concave(line, from, to),
            Shape::SShaped { inflection } if to <= inflection => ends(),
            Shape::SShaped { inflection } if from < inflection => {
                self.at(line, from).or(self.concave(line, inflection, to))
            }
            Shape::SShaped { .. } => self.concave(line, from, to),
            Shape::Step => self.steps(line, low, high).or(ends()),
            Shape::PiecewiseLinear => {
                let first = self.levels.partition_point(|&(at, _)| at < low);
                let bends = self.levels[first..].iter().take_while(|&&(at, _)| at <= high);
                bends.map(|&(_, at)| self.at(line, at.clamp(from, to))).fold(ends(), Most::or)
            }
            Shape::Monotone => {
                let refined = self.monotone(line, from, to).or(ends());
                self.better_of(refined, line, from, to)
            }
            Shape::Unknown => {
                let unknown = Most { bound: f64::INFINITY, ..ends() };
                self.better_of(unknown, line, from, to)
            }
        }
    }

    /// The curve's own bound where it is the better one: it then has to be believed.
    fn better_of(&mut self, known: Most, line: Line, from: f64, to: f64) -> Most {
        let own = self.term.curve.max_minus(line.slope / line.weight, [from, to]).bound * line.weight - line.fixed;
        if !known.bound.is_nan() && own < known.bound {
            self.believed = true;
            return Most { bound: own, magnitude: known.magnitude.max(own.abs()), ..known };
        }
        known
    }

    /// Two touching points with the maximum between them: tangents lie above a concave curve and meet above its maximum.
    fn concave(&self, line: Line, from: f64, to: f64) -> Most {
        let excess = |spend: f64| line.weight * self.term.curve.marginal(spend) - line.slope;
        // A sign that a rounding error could turn may hide a curve that rises on to the end, by less than that error.
        let unsure = |most: Most, from: f64| Most {
            magnitude: most.magnitude + 2.0 * line.slope.abs() * (to - from),
            spend: to,
            ..most
        };
        let is_sure = |falling: f64| falling < -4.0 * EVALUATION * line.slope.abs();
        let (mut left, mut right) = (from, to);
        let (mut rising, mut falling) = (excess(left), excess(right));
        if rising <= 0.0 {
            let most = self.at(line, left);
            return if is_sure(rising) { most } else { unsure(most, left) };
        }
        if falling >= 0.0 {
            return self.at(line, right);
        }
        let (mut rising_weight, mut falling_weight) = (1.0, 1.0);
        for turn in 0..200 {
            let width = right - left;
            // The roof is at most so much above its ends; what is paid is of the magnitude of what is earned.
            if (rising - falling) * width <= 1e-16 * (line.slope * right).abs() || width <= 2.0 * f64::EPSILON * right {
                break;
            }
            let secant = (left * falling * falling_weight - right * rising * rising_weight)
                / (falling * falling_weight - rising * rising_weight);
            let middle = if left > 0.0 && turn % 2 == 0 { (left * right).sqrt() } else { 0.5 * (left + right) };
            let next = if turn % 4 != 3 && secant > left && secant < right { secant } else { middle };
            let next = if next > left && next < right { next } else { 0.5 * (left + right) };
            if next <= left || next >= right {
                break;
            }
            let found = excess(next);
            if found >= 0.0 {
                (left, rising) = (next, found);
                (rising_weight, falling_weight) = (1.0, 0.5 * falling_weight);
            } else {
                (right, falling) = (next, found);
                (rising_weight, falling_weight) = (0.5 * rising_weight, 1.0);
            }
        }
        let meeting = self.meeting(line, left, right, rising, falling);
        let beyond = right * (1.0 + 1e-9);
        if is_sure(falling) || beyond >= to || is_sure(excess(beyond)) { meeting } else { unsure(meeting, right) }
    }

    /// Where the tangents at both points meet.
    fn meeting(&self, line: Line, left: f64, right: f64, rising: f64, falling: f64) -> Most {
        let (one, other) = (self.at(line, left), self.at(line, right));
        let both = one.or(other);
        let on_falling = |at: f64| other.bound + falling * (at - right);
        if rising == f64::INFINITY {
            // An upright tangent bounds nothing: only the other one does.
            return both.or(Most { bound: on_falling(left), ..other });
        }
        let at = (other.bound - one.bound + rising * left - falling * right) / (rising - falling);
        let at = at.clamp(left, right);
        // Wherever `at` is after rounding, one of the tangents is at least as high there as where they truly meet.
        let roof = |bound: f64| Most { bound, ..both };
        both.or(roof(one.bound + rising * (at - left))).or(roof(on_falling(at)))
    }

    /// Each level of a step curve at its first and its last whole minor unit within the box.
    fn steps(&self, line: Line, low: i64, high: i64) -> Most {
        let first = self.levels.partition_point(|&(at, _)| at <= low).saturating_sub(1);
        let mut most: Option<Most> = None;
        for (index, &(at, value)) in self.levels.iter().enumerate().skip(first) {
            if at > high {
                break;
            }
            let next = self.levels.get(index + 1).map_or(i64::MAX, |&(next, _)| next);
            for minor in [at.max(low), next.saturating_sub(1).min(high)] {
                if minor < low || minor < at {
                    continue;
                }
                let spend = minor as f64 / self.minor_per_major;
                let (earned, paid) = (line.weight * value, line.slope * spend);
                let magnitude = earned.abs() + paid.abs() + line.fixed.abs();
                let here = Most { bound: earned - paid - line.fixed, magnitude, spend };
                most = Some(most.map_or(here, |most| most.or(here)));
            }
        }
        most.unwrap_or_else(|| self.at(line, low as f64 / self.minor_per_major))
    }

    /// Pieces of a curve that never falls: what the end of each is worth at the price of its start, the worst piece halved.
    fn monotone(&self, line: Line, from: f64, to: f64) -> Most {
        const EVALUATIONS: usize = 2048;
        let value = |spend: f64| line.weight * self.term.curve.value(spend);
        let piece = |left: f64, right: f64| {
            let bound = value(right) - line.slope * if line.slope > 0.0 { left } else { right };
            // What is not a number may be anything.
            Piece { bound: if bound.is_nan() { f64::INFINITY } else { bound }, left, right }
        };
        let mut pieces = BinaryHeap::from([piece(from, to)]);
        let mut attained = f64::NEG_INFINITY;
        for _ in 0..EVALUATIONS {
            let Some(&Piece { bound, left, right }) = pieces.peek() else { break };
            let middle = 0.5 * (left + right);
            attained = attained.max(value(middle) - line.slope * middle);
            if bound - attained <= 1e-13 * bound.abs() || (right - left) * self.minor_per_major < 0.5 {
                break;
            }
            pieces.pop();
            pieces.extend([piece(left, middle), piece(middle, right)]);
        }
        let bound = pieces.peek().map_or(f64::INFINITY, |worst| worst.bound);
        let magnitude = value(to).abs() + (line.slope * to).abs() + line.fixed.abs();
        Most { bound: bound - line.fixed, magnitude, spend: to }
    }
}

/// A stretch of a curve that never falls, ordered by its bound.
#[derive(Debug, Clone, Copy)]
struct Piece {
    bound: f64,
    left: f64,
    right: f64,
}

impl Ord for Piece {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Piece {}

/// Samples every curve between its bounds and compares it with what it declares.
pub(super) fn check(problem: &BudgetProblem) -> Result<()> {
    let samples = if problem.campaigns.len() > 10_000 { 9 } else { 33 };
    let mut points = Vec::with_capacity(samples);
    for (campaign, term) in problem.campaigns.iter().zip(&problem.program.terms) {
        points.clear();
        let from = if term.or_zero { 0.0 } else { term.lower };
        for i in 0..samples {
            // Denser where curves bend most.
            let share = (i as f64 / (samples - 1) as f64).powi(2);
            let spend = from + share * (term.upper - from);
            let value = term.curve.value(spend);
            if !value.is_finite() {
                return Err(OptimizeError::InvalidValue { id: campaign.id.clone(), spend, value });
            }
            points.push((spend, value));
        }
        check_shape(term, &points).map_err(|finding| OptimizeError::FalseDeclaration {
            id: campaign.id.clone(),
            declared: shape_name(term.curve.shape()),
            finding,
        })?;
    }
    Ok(())
}

fn check_shape(term: &Term, points: &[(f64, f64)]) -> std::result::Result<(), String> {
    let shape = term.curve.shape();
    if matches!(shape, Shape::SShaped { inflection } if inflection.is_nan()) {
        return Err("its inflection is not a number".to_owned());
    }
    let never_falls = !matches!(shape, Shape::Concave | Shape::PiecewiseLinear | Shape::Unknown);
    let largest = points.iter().map(|point| point.1.abs()).fold(0.0, f64::max);
    // Differences of values are known to some units in the last place of the values.
    let noise = 1e-13 * largest;
    for pair in points.windows(2) {
        if never_falls && pair[1].1 < pair[0].1 - noise {
            return Err(format!("it falls from {} at {} to {} at {}", pair[0].1, pair[0].0, pair[1].1, pair[1].0));
        }
    }
    for three in points.windows(3) {
        let [(x0, y0), (x1, y1), (x2, y2)] = [three[0], three[1], three[2]];
        if x1 <= x0 || x2 <= x1 {
            continue;
        }
        let (before, after) = ((y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1));
        let doubt = noise / (x1 - x0) + noise / (x2 - x1) + 1e-9 * (before.abs() + after.abs());
        let (concave, convex) = match shape {
            Shape::Concave => (true, false),
            Shape::SShaped { inflection } => (x0 >= inflection, x2 <= inflection),
            _ => (false, false),
        };
        if concave && after > before + doubt {
            return Err(format!("its slope rises from {before} to {after} at a spend of {x1}"));
        }
        if convex && after < before - doubt {
            return Err(format!("its slope falls from {before} to {after} at a spend of {x1}"));
        }
        if concave {
            let marginal = term.curve.marginal(x1);
            if !(marginal <= before + doubt && marginal >= after - doubt) {
                return Err(format!(
                    "its marginal of {marginal} at a spend of {x1} is not between its slopes {after} and {before}"
                ));
            }
        }
    }
    check_pieces(term, noise)
}

/// Between breakpoints, a step curve is level and a bent one straight.
fn check_pieces(term: &Term, noise: f64) -> std::result::Result<(), String> {
    let straight = match term.curve.shape() {
        Shape::Step => false,
        Shape::PiecewiseLinear => true,
        _ => return Ok(()),
    };
    let breaks = term.curve.breakpoints();
    for pair in breaks.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        if from >= to || from.is_nan() || to.is_nan() {
            return Err(format!("its breakpoints {from} and {to} do not ascend"));
        }
        let middle = 0.5 * (from + to);
        let (start, end, found) = (term.curve.value(from), term.curve.value(to), term.curve.value(middle));
        let expected = if straight { 0.5 * (start + end) } else { start };
        if (found - expected).abs() > noise + 1e-12 * expected.abs() {
            return Err(format!("it has {found} at a spend of {middle}, between breakpoints of {start} and {end}"));
        }
    }
    Ok(())
}

fn shape_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Concave => "concave",
        Shape::SShaped { .. } => "S-shaped",
        Shape::PiecewiseLinear => "piecewise linear",
        Shape::Step => "a step curve",
        Shape::Monotone => "monotone",
        Shape::Unknown => "of unknown shape",
    }
}

/// The declarations that a proof rests on, with the number of campaigns that make each.
pub(super) fn trusted(problem: &BudgetProblem, bounders: &[Bounder<'_>]) -> Vec<(String, usize)> {
    let mut all: Vec<(String, usize)> = Vec::new();
    // Places in `all`, so that a hundred thousand campaigns are not compared with each other.
    let mut places = BTreeMap::new();
    for (campaign, bounder) in problem.campaigns.iter().zip(bounders) {
        let shape = shape_name(campaign.curve.shape());
        let own = bounder.believed.then_some(&campaign.id);
        let place = *places.entry((own, if own.is_some() { "" } else { shape })).or_insert(all.len());
        if place == all.len() {
            all.push(match own {
                Some(id) => (format!("the bound that the curve of {id} gives of itself"), 0),
                None => (format!("a curve that is {shape}, as it declares"), 0),
            });
        }
        all[place].1 += 1;
    }
    all
}
