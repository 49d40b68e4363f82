//! temp
use crate::program::Program;
pub(crate) fn major(program: &Program, b: &[i64]) -> Vec<f64> {
    b.iter().map(|&x| x as f64 / program.minor_per_major).collect()
}
pub(crate) fn round_to_minor(program: &Program, spends: &[f64]) -> Option<Vec<i64>> {
    let pm = program.minor_per_major;
    let mut b: Vec<i64> = spends.iter().map(|&x| (x * pm + 1e-6).floor() as i64).collect();
    for (b, t) in b.iter_mut().zip(&program.terms) {
        *b = (*b).clamp((t.lower * pm).round() as i64, (t.upper * pm).round() as i64);
    }
    let total = (program.total.1 * pm).round() as i64;
    let mut left = total - b.iter().sum::<i64>();
    let mut turn = 0;
    while left != 0 && turn < 10 {
        turn += 1;
        for (b, t) in b.iter_mut().zip(&program.terms) {
            if left > 0 && *b < (t.upper * pm).round() as i64 && *b > (t.lower * pm).round() as i64 {
                *b += 1;
                left -= 1;
            }
            if left < 0 && *b > (t.lower * pm).round() as i64 {
                *b -= 1;
                left += 1;
            }
        }
    }
    (left == 0).then_some(b)
}
