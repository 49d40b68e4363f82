//! Many numbers at once: the same steps for each, none of which branches.
//!
//! Numbers of one column differ in sign and length, which no branch predictor can foretell. Here every cell is brought to the
//! same form, nineteen digits from the left and zeros after them, so that its value is one integer over a power of ten that
//! only depends on where the separator stood, and compilers make vector instructions of each step. What is
//! not a plain number of up to nineteen digits is flawed, and left to [`super::cell`], to which the tests hold every lane.

use super::compose::{EXACT_POWERS, LEADING_POWERS};
use super::{Decimal, Scan, Separator, ZEROS, not_digits, value_of};

/// Cells that are converted at once.
pub(in crate::read) const LANES: usize = 64;

/// Bytes that are looked at from the beginning of a cell on, and before its end.
const HEAD: usize = 24;
const TAIL: usize = 4;

/// Digits that fit, zeros in front included.
const MAX_DIGITS: u64 = 23;
/// Powers of ten to divide by.
const MAX_DOWN: u64 = 60;

/// `e-`, as a tail begins.
const E_MINUS: u64 = u16::from_le_bytes(*b"e-") as u64;

/// What is to be known about a lane, as bits.
const POINT: u64 = 1;
const COMMA: u64 = 2;
const UNFAITHFUL: u64 = 4;
const FLAWED: u64 = 8;

/// Cells, one to a lane, and the numbers they are.
#[derive(Debug)]
pub(in crate::read) struct Batch {
    lengths: [u64; LANES],
    /// The first bytes.
    words: [[u64; LANES]; 3],
    /// The last bytes.
    tails: [u64; LANES],
    notes: [u64; LANES],
    values: [f64; LANES],
}

impl Default for Batch {
    fn default() -> Self {
        let zeros = [0; LANES];
        Self { lengths: zeros, words: [zeros; 3], tails: zeros, notes: zeros, values: [0.0; LANES] }
    }
}

impl Batch {
    /// Puts the cell from `start` to `end` into a lane.
    #[inline(always)]
    pub(in crate::read) fn load(&mut self, lane: usize, bytes: &[u8], start: usize, end: usize) {
        let head = bytes.get(start..).and_then(|rest| rest.first_chunk::<HEAD>());
        let tail = bytes.get(..end).and_then(|cell| cell.last_chunk::<TAIL>());
        let (Some(head), Some(tail)) = (head, tail) else {
            // Longer than any number here.
            self.lengths[lane] = u64::MAX;
            return;
        };
        self.lengths[lane] = (end - start) as u64;
        self.tails[lane] = u64::from(u32::from_le_bytes(*tail));
        for (i, words) in self.words.iter_mut().enumerate() {
            words[lane] = u64::from_le_bytes(head[8 * i..8 * i + 8].try_into().expect("eight bytes"));
        }
    }

    /// Converts the first `n` lanes. An empty cell is a missing value if `empty_is_missing`.
    #[inline(always)]
    pub(in crate::read) fn convert(&mut self, n: usize, decimal: Decimal, empty_is_missing: bool) {
        self.lengths[n..].fill(1);
        self.words[0][n..].fill(0);
        let (mut longest, mut shortest) = (0, u64::MAX);
        let mut is_dressed = false;
        for lane in 0..LANES {
            let n = self.lengths[lane];
            (longest, shortest) = (n.max(longest), n.min(shortest));
            is_dressed |= (self.words[0][lane] & 0xFF == u64::from(b'-')) | (self.tails[lane] & 0xFFFF == E_MINUS);
        }
        match (longest, is_dressed) {
            (0..=8, false) if self.convert_whole() => {}
            (0..=8, false) => self.convert_short(decimal),
            (9..=20, false) => self.convert_long::<false, false>(decimal),
            (0..=20, true) => self.convert_long::<true, false>(decimal),
            _ => self.convert_long::<true, true>(decimal),
        }
        if empty_is_missing && shortest == 0 {
            for lane in 0..LANES {
                let is_empty = self.lengths[lane] == 0;
                self.values[lane] = if is_empty { f64::NAN } else { self.values[lane] };
                self.notes[lane] = if is_empty { 0 } else { self.notes[lane] };
            }
        }
    }

    /// Whole numbers of up to eight digits; `false` when there are others.
    #[inline(always)]
    fn convert_whole(&mut self) -> bool {
        let mut others = 0;
        for lane in 0..LANES {
            let n = self.lengths[lane];
            let digits = (self.words[0][lane] ^ ZEROS) & lowest(n);
            others |= not_digits(digits);
            self.notes[lane] = (UNFAITHFUL & leading_zero(n, digits)) | (FLAWED & all_if(n == 0));
            // The last digit comes last.
            self.values[lane] = value_of(digits << ((64 - 8 * n) & 63)) as f64;
        }
        others == 0
    }

    /// Cells of up to eight bytes, without sign: an integer over a power of ten, both exact.
    #[inline(always)]
    fn convert_short(&mut self, decimal: Decimal) {
        for lane in 0..LANES {
            let Digits { words, n_whole, notes } =
                digits([self.words[0][lane] ^ ZEROS, 0, 0], self.lengths[lane], decimal);
            let power = EXACT_POWERS[(8_u64.wrapping_sub(n_whole) & 15) as usize];
            self.values[lane] = value_of(words[0]) as f64 / power;
            self.notes[lane] = notes;
        }
    }

    /// Numbers of up to nineteen digits: the leading bits of a product, as in [`compose`](mod@super::compose).
    ///
    /// `DRESSED`: with a minus, or an `e-` and two digits. `ZEROS_IN_FRONT`: of more digits, up to seven zeros before the nineteen.
    #[inline(always)]
    fn convert_long<const DRESSED: bool, const ZEROS_IN_FRONT: bool>(&mut self, decimal: Decimal) {
        for lane in 0..LANES {
            let mut words = [0, 1, 2].map(|i| self.words[i][lane] ^ ZEROS);
            let mut n = self.lengths[lane];
            let (mut sign, mut scale) = (0, 0);
            if DRESSED {
                let tail = self.tails[lane];
                let (tens, ones) = ((tail >> 16 & 0xFF) ^ 0x30, (tail >> 24) ^ 0x30);
                let scaled = all_if((tail & 0xFFFF == E_MINUS) & (tens < 10) & (ones < 10) & (n > 4));
                scale = (10 * tens + ones) & scaled;
                let negative = all_if(words[0] & 0xFF == u64::from(b'-' ^ b'0'));
                words = choose(negative, moved(words), words);
                sign = negative << 63;
                // One less with a sign, four with an exponent.
                n = n.wrapping_add(negative).wrapping_sub(scaled & 4);
            }
            let Digits { mut words, n_whole, notes } = digits(words, n, decimal);
            let mut zeros = 0;
            if ZEROS_IN_FRONT {
                let [first, second, third] = words;
                let mark = first & first.wrapping_neg();
                zeros = u64::from(mark.wrapping_sub(1).count_ones()) & 0x38;
                let any = all_if(zeros != 0);
                let carried = |next: u64| (next << (zeros.wrapping_neg() & 63)) & any;
                words = [first >> zeros | carried(second), second >> zeros | carried(third), third >> zeros];
            }
            let mantissa = (value_of(words[0]).wrapping_mul(100_000_000_000))
                .wrapping_add(value_of(words[1]).wrapping_mul(1_000))
                .wrapping_add(value_of(words[2] << 40));
            let too_many = all_if(words[2] >> 24 != 0);
            let down = 19_u64.wrapping_sub(n_whole).wrapping_add(zeros / 8).wrapping_add(scale);
            let power = LEADING_POWERS[(down & 63) as usize];
            let beyond = all_if(down > MAX_DOWN);
            let shift = u64::from(mantissa.leading_zeros()) & 63;
            let upper = upper_half(mantissa << shift, power);
            let top = upper >> 63;
            let leading = upper >> (top + 9);
            let bits = (leading + (leading & 1)) >> 1;
            let rounded_up = bits >> 53;
            let fraction = if rounded_up == 0 { bits & ((1 << 52) - 1) } else { 0 };
            // Binary digits of the power: floor(-down log2(10)).
            let binary = 0_u64.wrapping_sub((217_706 * down + 0xFFFF) >> 16);
            let exponent =
                binary.wrapping_add(63 + 1023).wrapping_add(top).wrapping_sub(shift).wrapping_add(rounded_up);
            self.values[lane] = f64::from_bits(sign | if mantissa == 0 { 0 } else { fraction | exponent << 52 });
            // The power is cut off, and `upper` may be one less: the product is greater, by less than three in `upper`. That
            // matters only where two more leave the lower half between two neighbours; `leading` is even then.
            let doubtful = all_if((leading & 1 == 0) & (upper & 0x1FF >= 0x1FE));
            self.notes[lane] = notes | (FLAWED & (doubtful | too_many | beyond));
        }
    }

    /// The number in a lane; `None` when it is flawed.
    #[inline]
    pub(in crate::read) fn scan(&self, lane: usize) -> Option<Scan> {
        let notes = self.notes[lane];
        let separator = match notes & (POINT | COMMA) {
            0 => Separator::None,
            POINT => Separator::Point,
            _ => Separator::Comma,
        };
        let scan = Scan { value: self.values[lane], end: 0, separator, faithful: notes & UNFAITHFUL == 0 };
        (notes & FLAWED == 0).then_some(scan)
    }

    /// The first `n` values, and whether any has a point, a comma; `None` when one is flawed or an `f64` does not keep what is written.
    #[inline(always)]
    pub(in crate::read) fn plain(&self, n: usize) -> Option<(&[f64], bool, bool)> {
        let notes = self.notes[..n].iter().fold(0, |all, notes| all | notes);
        let plain = notes & (FLAWED | UNFAITHFUL) == 0;
        plain.then(|| (&self.values[..n], notes & POINT != 0, notes & COMMA != 0))
    }
}

/// The digits of a number, from the left of three words.
struct Digits {
    words: [u64; 3],
    /// How many come before the separator.
    n_whole: u64,
    notes: u64,
}

/// What the first `n` bytes say, which come without their [`ZEROS`].
#[inline(always)]
fn digits(words: [u64; 3], n: u64, decimal: Decimal) -> Digits {
    let point_is = if decimal == Decimal::Comma { u64::MAX } else { u64::from(b'.' ^ b'0') };
    let comma_is = if decimal == Decimal::Point { u64::MAX } else { u64::from(b',' ^ b'0') };
    // The highest bit of the first byte that is not a digit.
    let marks = not_digits(words[0] & lowest(n));
    let mark = marks & marks.wrapping_neg();
    let separated = all_if(mark != 0);
    let before = (mark.wrapping_sub(1) >> 7) | !separated;
    let n_before = u64::from(before.count_ones()) / 8;
    let separator = (words[0] >> ((8 * n_before) & 63)) & 0xFF;
    // What comes after the separator moves onto it.
    let n_digits = n.wrapping_add(separated);
    let closed = choose(separated, moved(words), words);
    let digits = [
        ((words[0] & before) | (closed[0] & !before)) & lowest(n_digits),
        closed[1] & lowest(n_digits.saturating_sub(8)),
        closed[2] & lowest(n_digits.saturating_sub(16)),
    ];
    let n_whole = (n & !separated) | (n_before & separated);
    let is_point = all_if(separator == point_is) & separated;
    let is_comma = all_if(separator == comma_is) & separated;
    let other = separated & !is_point & !is_comma;
    let bad = all_if(not_digits(digits[0]) | not_digits(digits[1]) | not_digits(digits[2]) != 0);
    // Whole numbers of more digits may be beyond 2^53.
    let unfit = all_if(n_digits.wrapping_sub(1) >= MAX_DIGITS) | (all_if(n > 15) & !separated);
    let flawed = bad | unfit | other;
    let unfaithful = leading_zero(n_whole, digits[0]);
    let notes = (POINT & is_point) | (COMMA & is_comma) | (UNFAITHFUL & unfaithful) | (FLAWED & flawed);
    Digits { words: digits, n_whole: n_whole & !flawed, notes }
}

/// Whether more than one digit comes before the separator, and the first is zero.
#[inline(always)]
fn leading_zero(n_whole: u64, digits: u64) -> u64 {
    all_if(n_whole > 1) & all_if(digits & 0xFF == 0)
}

/// Every bit, or none.
#[inline(always)]
fn all_if(holds: bool) -> u64 {
    u64::from(holds).wrapping_neg()
}

/// One or the other, bit by bit.
#[inline(always)]
fn choose(mask: u64, yes: [u64; 3], no: [u64; 3]) -> [u64; 3] {
    [0, 1, 2].map(|i| (yes[i] & mask) | (no[i] & !mask))
}

/// Without the first byte.
#[inline(always)]
const fn moved([first, second, third]: [u64; 3]) -> [u64; 3] {
    [first >> 8 | second << 56, second >> 8 | third << 56, third >> 8]
}

/// The lowest `n` bytes.
#[inline(always)]
const fn lowest(n: u64) -> u64 {
    if n < 8 { (1 << ((8 * n) & 63)) - 1 } else { u64::MAX }
}

/// The upper half of a product, or one less, from products of halves, which vectors have.
#[inline(always)]
const fn upper_half(a: u64, b: u64) -> u64 {
    const LOW: u64 = 0xFFFF_FFFF;
    let ([a0, a1], [b0, b1]) = ([a & LOW, a >> 32], [b & LOW, b >> 32]);
    let (left, right) = (a1 * b0, a0 * b1);
    // Without the product of the lower halves, which could only carry a one; with it, compilers see a product of 128 bits,
    // and go back to one lane after the other.
    a1 * b1 + (left >> 32) + (right >> 32) + (((left & LOW) + (right & LOW)) >> 32)
}

#[cfg(test)]
mod tests {
    use super::super::cell;
    use super::*;
    use proptest::prelude::*;

    /// Every cell alone and among the others, as a lane says it.
    fn in_lanes(cells: &[String], decimal: Decimal) -> Vec<Option<Scan>> {
        let text = format!("before;{};after, whatever it may be, and still more of it", cells.join(";"));
        let (mut batch, mut at) = (Batch::default(), 7);
        for (lane, cell) in cells.iter().enumerate() {
            batch.load(lane, text.as_bytes(), at, at + cell.len());
            at += cell.len() + 1;
        }
        batch.convert(cells.len(), decimal, false);
        (0..cells.len()).map(|lane| batch.scan(lane)).collect()
    }

    fn facts(scan: Option<Scan>) -> Option<(u64, Separator, bool)> {
        scan.map(|scan| (scan.value.to_bits(), scan.separator, scan.faithful))
    }

    fn assert_as_alone(cells: &[String], decimal: Decimal) {
        for (cell_text, found) in cells.iter().zip(in_lanes(cells, decimal)) {
            if found.is_some() {
                assert_eq!(facts(found), facts(cell(cell_text.as_bytes(), 0, cell_text.len(), decimal)), "{cell_text}");
            }
        }
    }

    #[test]
    fn usual_numbers_are_not_flawed() {
        let cells = [
            "0",
            "-0",
            "7",
            "20160101",
            "3107.85",
            ".5",
            "5.",
            "-1",
            "0.3078",
            "123456789012345",
            "0.7071067811865476",
            "-0.6234898018587334",
            "0.0047584358109102325",
            "2.3348298602189796",
            "-1.8369701987210297e-16",
            "1e-05",
            "9007199254740991.0",
            "0.1",
            "100000000.25",
            "00",
            "007.5",
        ]
        .map(str::to_owned);
        for (cell, found) in cells.iter().zip(in_lanes(&cells, Decimal::Point)) {
            // A separator after eight digits is beyond what lanes look for.
            assert_eq!(found.is_some(), !["9007199254740991.0", "100000000.25"].contains(&cell.as_str()), "{cell}");
        }
        assert_as_alone(&cells, Decimal::Point);
    }

    #[test]
    fn an_empty_cell_is_missing_where_it_may_be() {
        let mut batch = Batch::default();
        batch.load(0, b"1234;;-5;                        ", 5, 5);
        batch.load(1, b"1234;;-5;                        ", 6, 8);
        batch.convert(2, Decimal::Auto, true);
        let (values, point, comma) = batch.plain(2).unwrap();
        assert!(values[0].is_nan());
        assert_eq!((values[1], point, comma), (-5.0, false, false));
        batch.load(0, b"1234;;-5;                        ", 5, 5);
        batch.load(1, b"1234;;-5;                        ", 6, 8);
        batch.convert(2, Decimal::Auto, false);
        assert!(batch.plain(2).is_none());
    }

    #[test]
    fn cells_near_the_ends_are_left_alone() {
        let mut batch = Batch::default();
        batch.load(0, b"17;                             ", 0, 2);
        batch.load(1, b"                        ;17", 25, 27);
        batch.convert(2, Decimal::Auto, false);
        assert!(batch.scan(0).is_none() && batch.scan(1).is_none());
    }

    fn a_decimal() -> impl Strategy<Value = Decimal> {
        prop_oneof![Just(Decimal::Auto), Just(Decimal::Point), Just(Decimal::Comma)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn a_lane_says_what_the_cell_alone_says(
            cells in proptest::collection::vec(
                "[+-]?[0-9]{0,24}|-?[0-9]{0,9}[.,][0-9]{0,24}|-?[0-9]{1,3}(\\.[0-9]{1,18})?e-?[0-9]{0,3}|[0-9.,e+-]{0,24}|[ -~é]{0,9}",
                1..=LANES,
            ),
            decimal in a_decimal(),
        ) {
            assert_as_alone(&cells, decimal);
        }

        #[test]
        fn floats_as_they_are_printed_equal_themselves(
            values in proptest::collection::vec(prop_oneof![-1e9..1e9_f64, -1.0..1.0_f64, -1e-6..1e-6_f64], 1..=LANES),
        ) {
            let cells: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
            for (value, found) in values.iter().zip(in_lanes(&cells, Decimal::Point)) {
                if let Some(scan) = found {
                    prop_assert_eq!(scan.value.to_bits(), value.to_bits());
                }
            }
        }

        /// Of nineteen digits, those just below half way between two neighbours, and those just above.
        #[test]
        fn near_half_way_cases_equal_the_cell_alone(values in proptest::collection::vec(1.0..900.0_f64, LANES / 2)) {
            let near = |value: f64| {
                let n_whole = value.trunc().to_string().len();
                let (bits, places) = (value.to_bits(), 19 - n_whole as u32);
                let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
                // Half way is (2 mantissa + 1) 2^-(down + 1).
                let down = 1075 - (bits >> 52);
                let below = ((2 * mantissa + 1) * 10_u128.pow(places)) >> (down + 1);
                [below, below + 1].map(|digits| {
                    let digits = digits.to_string();
                    format!("{}.{}", &digits[..n_whole], &digits[n_whole..])
                })
            };
            let cells: Vec<String> = values.into_iter().flat_map(near).collect();
            assert_as_alone(&cells, Decimal::Point);
        }
    }
}
