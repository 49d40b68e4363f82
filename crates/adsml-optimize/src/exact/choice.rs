//! One campaign's best answer to a price.

use crate::Shape;
use crate::curve::concave_slack;
use crate::program::{Program, Term};

/// Where one campaign's spend may lie in a part of the search: an interval of whole minor units, and perhaps 0 beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Domain {
    /// Least of the interval, in major units.
    pub(crate) from: f64,
    /// Greatest of the interval; below `from` when only 0 is left.
    pub(crate) to: f64,
    /// Whether 0 is allowed beside the interval.
    pub(crate) zero: bool,
}

impl Domain {
    /// What a campaign may spend when nothing has been cut yet.
    pub(crate) fn whole(term: &Term) -> Self {
        Self { from: term.lower, to: term.upper, zero: term.or_zero }
    }

    /// One spend only.
    pub(crate) fn point(spend: f64) -> Self {
        Self { from: spend, to: spend, zero: false }
    }

    /// A stretch without 0 beside it.
    pub(crate) fn stretch(from: f64, to: f64) -> Self {
        Self { from, to, zero: false }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.from > self.to && !self.zero
    }

    pub(crate) fn is_point(&self) -> bool {
        (self.from == self.to && !self.zero) || (self.from > self.to && self.zero)
    }

    /// Least spend.
    pub(crate) fn least(&self) -> f64 {
        if self.zero { 0.0 } else { self.from }
    }

    /// Greatest spend.
    pub(crate) fn most(&self) -> f64 {
        if self.from > self.to { 0.0 } else { self.to }
    }
}

/// A spend that maximises `weight * f(x) - price * x - change_cost * |x - today|` on a domain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Choice {
    pub(super) spend: f64,
    /// The maximand there.
    pub(super) attained: f64,
    /// No spend of the domain has more.
    pub(super) bound: f64,
}

impl Choice {
    fn or(self, other: Self) -> Self {
        let best = if other.attained > self.attained { other } else { self };
        Self { bound: self.bound.max(other.bound), ..best }
    }
}

/// The maximand.
pub(super) fn maximand(term: &Term, weight: f64, price: f64, spend: f64) -> f64 {
    let change = if term.change_cost == 0.0 { 0.0 } else { term.change_cost * (spend - term.today).abs() };
    let response = if weight == 0.0 { 0.0 } else { weight * term.curve.value(spend) };
    response - price * spend - change
}

/// Whether a campaign answers every price by a single concave stretch: no comparison of values is needed then.
pub(super) fn is_plain(term: &Term, domain: &Domain) -> bool {
    term.change_cost == 0.0 && !domain.zero && is_concave_on(term.curve.shape(), domain)
}

fn is_concave_on(shape: Shape, domain: &Domain) -> bool {
    match shape {
        Shape::Concave => true,
        Shape::SShaped { inflection } => domain.from >= inflection || domain.from == domain.to,
        _ => domain.from == domain.to,
    }
}

/// The best spend of a [plain](is_plain) campaign.
pub(super) fn plain_spend(term: &Term, weight: f64, price: f64, domain: &Domain, near: f64) -> f64 {
    if domain.from >= domain.to {
        domain.from
    } else if weight <= 0.0 {
        if price > 0.0 { domain.from } else { domain.to }
    } else {
        term.curve.argmax_minus(price / weight, [domain.from, domain.to], near).clamp(domain.from, domain.to)
    }
}

/// The best choice on a domain, which is not empty; `near` is a guess.
pub(super) fn choose(term: &Term, weight: f64, price: f64, domain: &Domain, near: f64, minor_per_major: f64) -> Choice {
    let zero = domain.zero.then(|| {
        let attained = maximand(term, weight, price, 0.0);
        Choice { spend: 0.0, attained, bound: attained }
    });
    if domain.from > domain.to {
        return zero.expect("a domain that is not empty");
    }
    let today = term.today;
    let stretch = if term.change_cost != 0.0 && domain.from < today && today < domain.to {
        // The cost of change bends at today's budget: it adds to the price above and takes from it below.
        let below = on_stretch(term, weight, price, [domain.from, today], near, minor_per_major);
        below.or(on_stretch(term, weight, price, [today, domain.to], near, minor_per_major))
    } else {
        on_stretch(term, weight, price, [domain.from, domain.to], near, minor_per_major)
    };
    zero.map_or(stretch, |zero| stretch.or(zero))
}

/// The best choice on a stretch that does not have today's budget inside.
fn on_stretch(term: &Term, weight: f64, price: f64, [from, to]: [f64; 2], near: f64, minor_per_major: f64) -> Choice {
    let at = |spend: f64| {
        let attained = maximand(term, weight, price, spend);
        Choice { spend, attained, bound: attained }
    };
    if from == to {
        return at(from);
    }
    let slope = if term.change_cost == 0.0 {
        price
    } else if from >= term.today {
        price + term.change_cost
    } else {
        price - term.change_cost
    };
    if weight <= 0.0 {
        return at(if slope > 0.0 { from } else { to });
    }
    let concave = |from: f64| {
        if from >= to {
            return at(to);
        }
        let spend = term.curve.argmax_minus(slope / weight, [from, to], near).clamp(from, to);
        let touch = at(spend);
        let slack = weight * concave_slack(&*term.curve, slope / weight, [from, to], spend);
        Choice { bound: touch.attained + slack, ..touch }
    };
    match term.curve.shape() {
        Shape::Concave => concave(from),
        Shape::SShaped { inflection } if to <= inflection => at(from).or(at(to)),
        Shape::SShaped { inflection } if from < inflection => at(from).or(concave(inflection)),
        Shape::SShaped { .. } => concave(from),
        shape => {
            let best = term.curve.max_minus(slope / weight, [from, to]);
            let spend =
                if shape == Shape::Step { whole_up(best.spend, minor_per_major).clamp(from, to) } else { best.spend };
            let touch = at(spend);
            let slack = (best.bound - best.attained).max(0.0) * weight;
            // A step that begins inside a minor unit is bought by the next whole one.
            let lost = if shape == Shape::Step { (slope * (best.spend - spend)).abs() } else { 0.0 };
            Choice { bound: touch.attained + slack + lost, ..touch }
        }
    }
}

/// The next whole number of minor units, unless `spend` is one up to rounding error.
pub(crate) fn whole_up(spend: f64, minor_per_major: f64) -> f64 {
    let minor = spend * minor_per_major;
    let near = minor.round();
    (if (minor - near).abs() < 1e-7 { near } else { minor.ceil() }) / minor_per_major
}

/// The stretch around `spend` on which the curve of a campaign is concave, within `domain`: where a local solve may move it.
pub(crate) fn concave_stretch(program: &Program, campaign: usize, domain: &Domain, spend: f64) -> Domain {
    let term = &program.terms[campaign];
    if domain.zero && spend == 0.0 {
        return Domain::point(0.0);
    }
    let (from, to) = (domain.from, domain.to);
    match term.curve.shape() {
        Shape::Concave => Domain::stretch(from, to),
        Shape::SShaped { inflection } if spend >= inflection => Domain::stretch(from.max(inflection).min(spend), to),
        Shape::Step => {
            let breaks = term.curve.breakpoints();
            let per_major = program.minor_per_major;
            let next = breaks.partition_point(|&at| at <= spend + 1e-7 / per_major);
            let before = |at: f64| ((whole_up(at, per_major) * per_major).round() - 1.0) / per_major;
            let end = breaks.get(next).map_or(to, |&at| before(at).min(to));
            Domain::stretch(spend, end.max(spend))
        }
        Shape::PiecewiseLinear => {
            let breaks = term.curve.breakpoints();
            let above = breaks.partition_point(|&at| at <= spend);
            let below = breaks.partition_point(|&at| at < spend);
            let start = below.checked_sub(1).map_or(from, |at| breaks[at].max(from)).min(spend);
            let end = breaks.get(above).map_or(to, |&at| at.min(to)).max(spend);
            // At a bend, one of the two pieces: both only where they are concave together.
            if above != below && term.curve.marginal(start) < term.curve.marginal(spend) {
                Domain::stretch(spend, end)
            } else {
                Domain::stretch(start, end)
            }
        }
        _ => Domain::point(spend),
    }
}
