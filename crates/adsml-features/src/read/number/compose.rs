//! A decimal mantissa and exponent to the nearest `f64`.
//!
//! Either both are exact in an `f64` and one operation rounds once (Clinger), or one 64 × 128 bit product has
//! the leading bits (Lemire).

pub(super) const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// `mantissa * 10^exponent`, correctly rounded; `None` outside what the tables cover.
#[inline(always)]
pub(super) fn compose(mantissa: u64, exponent: i64) -> Option<f64> {
    // Exact up to 2^53; the bound is lower, so that the usual sixteen and seventeen digits of a printed `f64` go one way.
    if mantissa <= 1 << 40 && (-22..=22).contains(&exponent) {
        let power = EXACT_POWERS[exponent.unsigned_abs() as usize];
        return Some(if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power });
    }
    if mantissa == 0 {
        return Some(0.0);
    }
    lemire(mantissa, exponent)
}

const MIN_POWER: i64 = -60;
const MAX_POWER: i64 = 30;

/// The leading 128 bits of 5^q for q in `MIN_POWER..=MAX_POWER`: cut off above zero, rounded up below.
static POWERS: [(u64, u64); (MAX_POWER - MIN_POWER + 1) as usize] = powers_of_five();

/// The leading 64 bits of 10^-n at `n`.
pub(super) static LEADING_POWERS: [u64; 64] = {
    let mut table = [0; 64];
    let mut n = 0;
    while n <= (-MIN_POWER) as usize {
        table[n] = POWERS[(-(n as i64) - MIN_POWER) as usize].0;
        n += 1;
    }
    table
};

const fn powers_of_five() -> [(u64, u64); (MAX_POWER - MIN_POWER + 1) as usize] {
    let mut table = [(0, 0); (MAX_POWER - MIN_POWER + 1) as usize];
    let mut q = MIN_POWER;
    while q <= MAX_POWER {
        let mut power = 1_u128;
        // 5^55 is the last that fits; below -55 the power is kept in 192 bits by `reciprocal`.
        if q >= 0 {
            let mut i = 0;
            while i < q {
                power *= 5;
                i += 1;
            }
            power <<= power.leading_zeros();
        } else {
            power = reciprocal((-q) as u32);
        }
        table[(q - MIN_POWER) as usize] = ((power >> 64) as u64, power as u64);
        q += 1;
    }
    table
}

/// The leading 128 bits of `1 / 5^n`, rounded up, by long division in base two.
const fn reciprocal(n: u32) -> u128 {
    // The divisor in 192 bits, little end first, which holds up to 5^82.
    let mut divisor = [1_u64, 0, 0];
    let mut i = 0;
    while i < n {
        let mut carry = 0_u128;
        let mut limb = 0;
        while limb < 3 {
            let product = divisor[limb] as u128 * 5 + carry;
            divisor[limb] = product as u64;
            carry = product >> 64;
            limb += 1;
        }
        i += 1;
    }
    let mut remainder = [1_u64, 0, 0];
    let mut quotient = 0_u128;
    while quotient.leading_zeros() > 0 {
        // remainder *= 2; it stays below twice the divisor.
        remainder =
            [remainder[0] << 1, (remainder[1] << 1) | (remainder[0] >> 63), (remainder[2] << 1) | (remainder[1] >> 63)];
        quotient <<= 1;
        let mut less = false;
        let mut limb = 3;
        while limb > 0 {
            limb -= 1;
            if remainder[limb] != divisor[limb] {
                less = remainder[limb] < divisor[limb];
                break;
            }
        }
        if !less {
            let mut borrow = 0_u64;
            let mut limb = 0;
            while limb < 3 {
                let (difference, under) = remainder[limb].overflowing_sub(divisor[limb]);
                let (difference, under_again) = difference.overflowing_sub(borrow);
                remainder[limb] = difference;
                borrow = (under || under_again) as u64;
                limb += 1;
            }
            quotient |= 1;
        }
    }
    quotient + 1
}

/// Lemire's product: the 53 leading bits of `mantissa * 10^exponent` and their rounding.
#[inline(always)]
fn lemire(mantissa: u64, exponent: i64) -> Option<f64> {
    if !(MIN_POWER..=MAX_POWER).contains(&exponent) {
        return None;
    }
    let (high, low) = POWERS[(exponent - MIN_POWER) as usize];
    let shift = mantissa.leading_zeros();
    let normal = u128::from(mantissa << shift);
    let mut product = normal * u128::from(high);
    if (product >> 64) as u64 & 0x1FF == 0x1FF {
        product = product.wrapping_add((normal * u128::from(low)) >> 64);
    }
    let (upper, lower) = ((product >> 64) as u64, product as u64);
    if lower == u64::MAX && !(-27..=55).contains(&exponent) {
        return None;
    }
    let top = (upper >> 63) as u32;
    let mut bits = upper >> (top + 9);
    let mut power = ((217_706 * exponent) >> 16) + 63 + i64::from(top) - i64::from(shift) + 1023;
    // Half way between two neighbours: to the even one.
    if lower <= 1 && (-4..=23).contains(&exponent) && bits & 3 == 1 && bits << (top + 9) == upper {
        bits &= !1;
    }
    bits = (bits + (bits & 1)) >> 1;
    if bits >= 1 << 53 {
        bits = 1 << 52;
        power += 1;
    }
    // With these tables the power stays far from the ends of an f64's range.
    Some(f64::from_bits((bits & ((1 << 52) - 1)) | ((power as u64) << 52)))
}
