//! The price at which answers sum to a target: a bracket, then secants on the logarithms or tangents of the bound.

use super::Relaxer;

/// A total that is met to this share of itself is met.
const CLOSE: f64 = 1e-9;

/// A total that is not met at so many times a sensible price is at the edge of what can be spent: rounding errors of a
/// still higher price would weigh more than what it could tell.
const FARTHEST: f64 = 1e5;

/// What the campaigns answer to a price of the total.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) price: f64,
    pub(super) sum: f64,
    /// The Lagrangian bound, without the part of the floor's volume.
    pub(super) bound: f64,
    pub(super) spends: Vec<f64>,
    pub(super) cheap: Vec<f64>,
    pub(super) dear: Vec<f64>,
    /// Price of each group, beside that of the total.
    pub(super) groups: Vec<f64>,
}

/// The answers on both sides of the price that meets a target sum.
#[derive(Debug, Clone)]
pub(super) struct Crossing {
    /// When money is a little too cheap: too much is asked for.
    pub(super) cheap: Answer,
    /// When it is a little too dear.
    pub(super) dear: Answer,
    /// The share of the cheap ones at which the mixture meets the target.
    pub(super) share: f64,
}

impl Relaxer<'_> {
    /// Searches the price at which the answers sum to `target`: the answers when money is too cheap, too dear, and the
    /// share of the former that meets it.
    pub(super) fn cross(
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
}
