//! What campaigns answer to prices, alone, in groups and under the total.

use adsml_core::parallel;

use super::crossing::{Answer, Crossing};
use super::{Relaxer, Terms, claimed};
use crate::certificate::rounding::Outward;
use crate::exact::choice::{Choice, Domain, choose, is_plain, plain_spend};
use crate::exact::part::{allowance, magnitude};

/// Campaigns that one thread answers for at a time.
const CHUNK: usize = 4096;

/// Campaigns in the sample that a first price comes from.
const SAMPLE: usize = 64;

/// Group sides that were already solved at this price of the floor: the group at its most, at its least.
type Sides = Vec<[Option<Answer>; 2]>;

impl Relaxer<'_> {
    /// The answers on both sides of the best price of the total.
    pub(super) fn meet_total(&mut self, domains: &[Domain], terms: Terms, start: f64) -> Crossing {
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
}
