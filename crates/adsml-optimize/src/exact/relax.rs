//! Prices for the constraints: the Lagrangian relaxation of a part of the search.
//!
//! At given prices every campaign answers on its own, so the relaxation is one line per campaign; its bound is convex
//! in the prices and least at those where the answers, mixed, meet the constraints. Groups are disjoint, so a group's
//! price depends on the total's only through a clamp; the floor's price is the outermost loop.
//!
//! Source: Everett (1963), "Generalized Lagrange multiplier method for solving problems of optimum allocation of
//! resources", Operations Research 11(3); Falk and Soland (1969) for the bound on non-concave terms.

use std::num::NonZeroUsize;

use adsml_core::parallel;

use super::choice::{Choice, Domain, choose, is_plain, maximand, plain_spend};
use super::part::magnitude;
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

/// A total that is met to this share of itself is met.
const CLOSE: f64 = 1e-9;

/// Campaigns that one thread answers for at a time.
const CHUNK: usize = 4096;

/// Campaigns in the sample that a first price comes from.
const SAMPLE: usize = 64;

/// A total that is not met at so many times a sensible price is at the edge of what can be spent: rounding errors of a
/// still higher price would weigh more than what it could tell.
const FARTHEST: f64 = 1e5;

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

/// What the campaigns answer to a price of the total.
#[derive(Debug, Clone, Default)]
struct Answer {
    price: f64,
    sum: f64,
    /// The Lagrangian bound, without the part of the floor's volume.
    bound: f64,
    spends: Vec<f64>,
    cheap: Vec<f64>,
    dear: Vec<f64>,
    /// Price of each group, beside that of the total.
    groups: Vec<f64>,
}

/// The answers on both sides of the price that meets a target sum.
#[derive(Debug, Clone)]
struct Crossing {
    /// When money is a little too cheap: too much is asked for.
    cheap: Answer,
    /// When it is a little too dear.
    dear: Answer,
    /// The share of the cheap ones at which the mixture meets the target.
    share: f64,
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

/// Group sides that were already solved at this price of the floor: the group at its most, at its least.
type Sides = Vec<[Option<Answer>; 2]>;

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

    /// The answers on both sides of the best price of the total.
    fn meet_total(&mut self, domains: &[Domain], terms: Terms, start: f64) -> Crossing {
        let (least, most) = self.program.total;
        let mut sides: Sides = vec![[None, None]; self.program.groups.len()];
        let everyone = std::mem::take(&mut self.everyone);
        let free = std::mem::take(&mut self.free);
        let plain = terms.plain && self.program.groups.is_empty();
        // A guess from an extreme part would lead to more extreme ones.
        let sensible = self.price_guess(domains, terms);
        let known = start.abs() > 1e-3 * sensible && start.abs() < 1e3 * sensible;
        let mut start = if known { start } else { sensible };
        if !known && plain && everyone.len() >= 8 * SAMPLE && most.is_finite() {
            start = self.sampled_price(domains, terms, start);
        }
        let mut ask = |relaxer: &mut Self, price: f64, want_bound: bool| {
            if relaxer.program.groups.is_empty() {
                let mut answer = relaxer.ask(domains, terms, &everyone, price, want_bound);
                answer.bound += claimed(allowance(price, least, most));
                answer
            } else {
                relaxer.ask_with_groups(domains, terms, &free, &mut sides, price)
            }
        };
        let outcome = 'found: {
            // A total that is not exact may be met at no price at all.
            if least < most {
                let idle = ask(self, 0.0, true);
                if idle.sum >= least && idle.sum <= most {
                    break 'found Crossing { cheap: idle.clone(), dear: idle, share: 1.0 };
                }
                let target = if idle.sum > most { most } else { least };
                let start = if idle.sum > most { start.abs() } else { -start.abs() };
                break 'found self.cross(target, start, terms.tolerance, plain, &mut ask);
            }
            self.cross(most, start, terms.tolerance, plain, &mut ask)
        };
        self.everyone = everyone;
        self.free = free;
        outcome
    }

    /// Searches the price at which the answers sum to `target`: the answers when money is too cheap, too dear, and the
    /// share of the former that meets it.
    fn cross(
        &mut self,
        target: f64,
        start: f64,
        tolerance: f64,
        plain: bool,
        ask: &mut dyn FnMut(&mut Self, f64, bool) -> Answer,
    ) -> Crossing {
        let (mut cheap, mut dear) = self.bracket(target, start, plain, ask);
        let mut last = [(cheap.price, cheap.sum), (dear.price, dear.sum)];
        for turn in 0..200 {
            let width = dear.price - cheap.price;
            // The plan and the bound err by the square of this.
            let close = |answer: &Answer| (answer.sum - target).abs() <= CLOSE * target.abs();
            if close(&cheap) || close(&dear) || width <= 2e-16 * dear.price.abs().max(cheap.price.abs()) {
                break;
            }
            let positive = cheap.price > 0.0;
            let middle = if positive { (cheap.price * dear.price).sqrt() } else { 0.5 * (cheap.price + dear.price) };
            let (over, under) = (cheap.sum - target, dear.sum - target);
            // Through the last two points, on the logarithms: sums are nearly powers of the price.
            let secant = {
                let [(one, high), (other, low)] = last;
                if positive && high > 0.0 && low > 0.0 && target > 0.0 {
                    let share = (target / low).ln() / (high / low).ln();
                    (one.ln() * share + other.ln() * (1.0 - share)).exp()
                } else {
                    let share = (target - low) / (high - low);
                    one * share + other * (1.0 - share)
                }
            };
            let next = if plain {
                // Where the secant stalls, as at a bend, the bracket is halved.
                let left = (last[1].1 - target).abs();
                let stalled = turn >= 2 && left > 0.25 * (last[0].1 - target).abs();
                if stalled { middle } else { secant }
            } else {
                let meet = (dear.bound - cheap.bound - over * cheap.price + under * dear.price) / (under - over);
                let least = cheap.bound - over * (meet - cheap.price);
                let best = cheap.bound.min(dear.bound);
                if best - least <= tolerance.max(1e-12 * best.abs()) {
                    break;
                }
                match turn % 3 {
                    0 => meet,
                    1 => {
                        meet + 0.1
                            * (if meet - cheap.price > dear.price - meet { cheap.price } else { dear.price } - meet)
                    }
                    _ => secant,
                }
            };
            let next = if next > cheap.price && next < dear.price { next } else { middle };
            if next <= cheap.price || next >= dear.price {
                break;
            }
            // The error of a secant is of the order of the product of the last two: the last one brings its bound along.
            let missed = |(_, sum): (f64, f64)| (sum - target).abs() / target.abs();
            let answer = ask(self, next, !plain || missed(last[0]) * missed(last[1]) < CLOSE);
            last = [last[1], (answer.price, answer.sum)];
            if answer.sum >= target {
                cheap = answer;
            } else {
                dear = answer;
            }
        }
        if plain {
            // Only sums were asked for on the way: the bound of the nearer end is still to come.
            let cheaper = cheap.sum - target <= target - dear.sum;
            let (end, other) = if cheaper { (&mut cheap, &mut dear) } else { (&mut dear, &mut cheap) };
            if end.bound.is_nan() {
                *end = ask(self, end.price, true);
            }
            other.bound = f64::INFINITY;
        }
        let share = if cheap.sum > dear.sum { (target - dear.sum) / (cheap.sum - dear.sum) } else { 1.0 };
        // An end that meets the target all but for a rounding error is taken whole: mixing in the other would move
        // campaigns off their bounds.
        let whole = |answer: &Answer| plain && (answer.sum - target).abs() <= 2e-9 * target.abs();
        let share = if whole(&cheap) {
            1.0
        } else if whole(&dear) {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
        Crossing { cheap, dear, share }
    }

    /// Prices on both sides of the target, from a guess.
    fn bracket(
        &mut self,
        target: f64,
        start: f64,
        plain: bool,
        ask: &mut dyn FnMut(&mut Self, f64, bool) -> Answer,
    ) -> (Answer, Answer) {
        let (mut cheap, mut dear) = (None, None);
        let (mut price, mut factor) = (start, 1.3);
        // By how many percent the sum falls when the price rises by one; at first that of a typical curve.
        let mut elasticity = 1.0;
        let mut last = None;
        for turn in 0.. {
            let answer = ask(self, price, !plain);
            // Exactly enough, as where everyone is at a bound: nothing is left to search.
            if answer.sum == target || price.abs() > FARTHEST * start.abs() {
                return (answer.clone(), answer);
            }
            let (enough, sum) = (answer.sum >= target, answer.sum);
            if enough {
                cheap = Some(answer);
            } else {
                dear = Some(answer);
            }
            if cheap.is_some() && dear.is_some() || turn > 200 {
                break;
            }
            if plain && price > 0.0 && sum > 0.0 && target > 0.0 {
                if let Some((before, then)) = last {
                    let known: f64 = -f64::ln(sum / then) / f64::ln(price / before);
                    elasticity = known.clamp(0.2, 20.0);
                }
                // A little farther than it seems, so that the target lies between.
                let step = ((sum / target).ln() * 1.2 / elasticity).clamp(-3.0, 3.0);
                if step.abs() > 1e-8 {
                    last = Some((price, sum));
                    price *= step.exp();
                    continue;
                }
            }
            // Too much is asked for: dearer; too little: cheaper, through 0 to a bounty.
            price = match (enough, price > 0.0) {
                (true, true) => price * factor,
                (true, false) if price < -1e-9 * start.abs() => price / factor,
                (true, false) => start.abs() * 1e-9,
                (false, true) if price > 1e-9 * start.abs() => price / factor,
                (false, true) if price > 0.0 && turn < 190 => {
                    if price > 1e-12 * start.abs() {
                        0.0
                    } else {
                        -start.abs() * 1e-9
                    }
                }
                (false, _) if price == 0.0 => -start.abs() * 1e-9,
                (false, _) => price * factor,
            };
            factor = (factor * factor).min(16.0);
        }
        match (cheap, dear) {
            (Some(cheap), Some(dear)) => (cheap, dear),
            (Some(only), None) | (None, Some(only)) => (only.clone(), only),
            (None, None) => unreachable!("at least one price was asked"),
        }
    }

    /// What `members` answer to a price of the total; with the bound of their part only if wanted.
    fn ask(&mut self, domains: &[Domain], terms: Terms, members: &[usize], price: f64, want_bound: bool) -> Answer {
        let mut answer = Answer { price, spends: vec![0.0; domains.len()], ..Answer::default() };
        self.answers += members.len();
        // Chunks of one size, whatever the number of threads: the sums are the same bits.
        let chunks: Vec<&[usize]> = members.chunks(CHUNK).collect();
        let part = |chunk: &[usize]| -> Vec<Choice> {
            chunk.iter().map(|&campaign| self.choose(domains, terms, campaign, price, want_bound)).collect()
        };
        let parts = parallel::map(chunks.len(), self.threads, |i| part(chunks[i]));
        let price = terms.base + price;
        let mut bound = Outward::default();
        for (chunk, choices) in chunks.into_iter().zip(parts) {
            let mut sum = 0.0;
            for (&campaign, choice) in chunk.iter().zip(choices) {
                answer.spends[campaign] = choice.spend;
                sum += choice.spend;
                if want_bound {
                    bound.add(choice.bound, magnitude(self.program, campaign, &domains[campaign], price, &choice));
                }
                if choice.spend > domains[campaign].from {
                    self.near[campaign] = choice.spend;
                }
            }
            answer.sum += sum;
        }
        answer.bound = if want_bound { bound.claim() } else { f64::NAN };
        answer
    }

    fn choose(&self, domains: &[Domain], terms: Terms, campaign: usize, price: f64, want_bound: bool) -> Choice {
        let (term, domain) = (&self.program.terms[campaign], &domains[campaign]);
        let price = terms.base + price;
        if !want_bound && (terms.plain || is_plain(term, domain)) {
            let spend = plain_spend(term, terms.weight, price, domain, self.near[campaign]);
            Choice { spend, attained: f64::NAN, bound: f64::NAN }
        } else {
            choose(term, terms.weight, price, domain, self.near[campaign], self.program.minor_per_major)
        }
    }

    /// What everyone answers when groups keep their limits: a group beyond its limit gets a price of its own.
    fn ask_with_groups(
        &mut self,
        domains: &[Domain],
        terms: Terms,
        free: &[usize],
        sides: &mut Sides,
        price: f64,
    ) -> Answer {
        let program = self.program;
        let mut answer = self.ask(domains, terms, free, price, true);
        answer.cheap = answer.spends.clone();
        answer.dear = answer.spends.clone();
        answer.groups = vec![0.0; program.groups.len()];
        for (index, group) in program.groups.iter().enumerate() {
            let own = self.ask(domains, terms, &group.members, price, true);
            let side = if own.sum > group.most {
                Some((0, group.most))
            } else if own.sum < group.least {
                Some((1, group.least))
            } else {
                None
            };
            let Some((side, limit)) = side else {
                for &campaign in &group.members {
                    answer.spends[campaign] = own.spends[campaign];
                    answer.cheap[campaign] = own.spends[campaign];
                    answer.dear[campaign] = own.spends[campaign];
                }
                answer.sum += own.sum;
                answer.bound += own.bound;
                continue;
            };
            if sides[index][side].is_none() {
                let members = &group.members;
                let sensible = self.price_guess(domains, terms);
                let start =
                    if price.abs() > 1e-3 * sensible && price.abs() < 1e3 * sensible { price } else { sensible };
                let Crossing { cheap, dear, share } =
                    self.cross(limit, start, terms.tolerance, false, &mut |relaxer, price, _| {
                        let mut answer = relaxer.ask(domains, terms, members, price, true);
                        answer.bound += claimed(price * limit);
                        answer
                    });
                let mut solved = if cheap.bound <= dear.bound { cheap.clone() } else { dear.clone() };
                for &campaign in members {
                    solved.spends[campaign] = share * cheap.spends[campaign] + (1.0 - share) * dear.spends[campaign];
                }
                solved.cheap = cheap.spends;
                solved.dear = dear.spends;
                sides[index][side] = Some(solved);
            }
            let solved = sides[index][side].as_ref().expect("solved above");
            for &campaign in &group.members {
                answer.spends[campaign] = solved.spends[campaign];
                answer.cheap[campaign] = solved.cheap[campaign];
                answer.dear[campaign] = solved.dear[campaign];
            }
            answer.sum += limit;
            let own_price = solved.price - price;
            if (side == 0) == (own_price > 0.0) {
                answer.groups[index] = own_price;
                // The group pays its own price; of that, the total's part is counted there.
                answer.bound += solved.bound + claimed(-price * limit);
            } else {
                // A price of the wrong sign, where both prices are the same but for a rounding error.
                answer.bound += own.bound;
            }
        }
        let (least, most) = program.total;
        answer.bound += claimed(allowance(price, least, most));
        answer
    }

    /// A price to begin with: what money is worth when it is divided equally.
    fn price_guess(&self, domains: &[Domain], terms: Terms) -> f64 {
        let (least, most) = self.program.total;
        let count = domains.len() as f64;
        let total = if most.is_finite() { most } else { domains.iter().map(Domain::most).sum() };
        let lower: f64 = domains.iter().map(Domain::least).sum();
        let share = (total.max(least) - lower).max(0.0) / count;
        let (mut sum, mut known) = (0.0, 0.0);
        // A sample is enough for a guess.
        for campaign in (0..domains.len()).step_by(1 + domains.len() / 64) {
            let (term, domain) = (&self.program.terms[campaign], &domains[campaign]);
            let spend = (domain.least() + share).min(domain.most());
            if spend > 0.0 {
                let marginal = terms.weight * term.curve.marginal(spend).max(term.curve.value(spend) / (4.0 * spend));
                if marginal.is_finite() && marginal > 0.0 {
                    sum += marginal.ln();
                    known += 1.0;
                }
            }
        }
        if known > 0.0 { (sum / known).exp() } else { 1.0 }
    }

    /// A price to begin with for very many campaigns: the one that a sample of them settles on.
    fn sampled_price(&mut self, domains: &[Domain], terms: Terms, start: f64) -> f64 {
        // Fibonacci hashing: a fixed sample that follows no period of the list.
        let at = |i: usize| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % domains.len();
        let mut sample: Vec<usize> = (0..SAMPLE.max(domains.len() / 128)).map(at).collect();
        sample.sort_unstable();
        sample.dedup();
        let target = self.program.total.1 * sample.len() as f64 / domains.len() as f64;
        let Crossing { cheap, dear, share } =
            self.cross(target, start, f64::INFINITY, true, &mut |relaxer, price, _| {
                relaxer.ask(domains, terms, &sample, price, false)
            });
        if share >= 0.5 { cheap.price } else { dear.price }
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

/// What the total's price is paid for: the most that may be spent, or the least when money is given away.
fn allowance(price: f64, least: f64, most: f64) -> f64 {
    if price > 0.0 {
        price * most
    } else if price < 0.0 {
        price * least
    } else {
        0.0
    }
}
