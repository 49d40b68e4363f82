//! What is compiled for AVX-512, where the processor has it.
//!
//! `index` and `lanes` are the safe twins, to which the tests hold what is here; `docs/adr/0007-our-own-csv-reader.md` has the
//! measurements.
#![allow(unsafe_code)]

use super::super::number::{Batch, Decimal};
use super::cells::Dialect;
use super::index::Index;

/// Proof that this processor has what is compiled here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectors(());

/// There is none elsewhere; what it would do, the safe twins do.
#[cfg(not(target_arch = "x86_64"))]
impl Vectors {
    pub(super) const fn detect() -> Option<Self> {
        None
    }

    pub(super) fn ascii(self, bytes: &[u8]) -> Option<&str> {
        std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii() && !text.contains('\0'))
    }

    pub(super) fn convert(self, batch: &mut Batch, n: usize, decimal: Decimal, empty_is_missing: bool) {
        batch.convert(n, decimal, empty_is_missing);
    }

    pub(super) fn find(
        self,
        index: &mut Index,
        bytes: &[u8],
        from: usize,
        dialect: Dialect,
        n_columns: usize,
    ) -> usize {
        index.find::<super::index::Portable>(bytes, from, dialect, n_columns)
    }
}

#[cfg(target_arch = "x86_64")]
impl Vectors {
    /// The proof, if there is one.
    pub(super) fn detect() -> Option<Self> {
        let is_there = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("avx512vpopcntdq")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        is_there.then_some(Self(()))
    }

    /// The bytes as text, when all are ASCII and none is NUL; others may be text all the same.
    pub(super) fn ascii(self, bytes: &[u8]) -> Option<&str> {
        // SAFETY: `detect` found the features.
        let is_ascii = unsafe { avx512::is_ascii(bytes) };
        // SAFETY: ASCII is UTF-8.
        is_ascii.then(|| unsafe { std::str::from_utf8_unchecked(bytes) })
    }

    /// As [`Batch::convert`].
    #[inline]
    pub(super) fn convert(self, batch: &mut Batch, n: usize, decimal: Decimal, empty_is_missing: bool) {
        // SAFETY: `detect` found the features.
        unsafe { avx512::convert(batch, n, decimal, empty_is_missing) }
    }

    /// As [`Index::find`].
    #[inline]
    pub(super) fn find(
        self,
        index: &mut Index,
        bytes: &[u8],
        from: usize,
        dialect: Dialect,
        n_columns: usize,
    ) -> usize {
        // SAFETY: `detect` found the features.
        unsafe { avx512::find(index, bytes, from, dialect, n_columns) }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::super::index::Chunk;
    use super::{Batch, Decimal, Dialect, Index};

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn is_ascii(bytes: &[u8]) -> bool {
        // NUL leaves the range at its other end. All bytes are looked at, which compilers make vectors of.
        bytes.iter().fold(true, |all, &byte| all & (byte.wrapping_sub(1) < 0x7F))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vpopcntdq")]
    pub(super) fn convert(batch: &mut Batch, n: usize, decimal: Decimal, empty_is_missing: bool) {
        batch.convert(n, decimal, empty_is_missing);
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn find(index: &mut Index, bytes: &[u8], from: usize, dialect: Dialect, n_columns: usize) -> usize {
        index.find::<Register>(bytes, from, dialect, n_columns)
    }

    /// Sixty-four bytes in a register.
    #[derive(Debug)]
    struct Register;

    impl Chunk for Register {
        #[inline(always)]
        fn positions(chunk: &[u8; 64], wanted: u8) -> u64 {
            // SAFETY: the array has the bytes that are read; only `find` comes here, whose features these are.
            unsafe {
                let all = _mm512_loadu_si512(chunk.as_ptr().cast());
                _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(wanted.cast_signed()))
            }
        }

        #[inline(always)]
        fn places(bits: u64, base: u16, out: &mut [u16; 64]) -> usize {
            const ALL: [u8; 64] = {
                let mut places = [0; 64];
                let mut i = 0;
                while i < 64 {
                    places[i] = i as u8;
                    i += 1;
                }
                places
            };
            let n = bits.count_ones() as usize;
            let (first, second) = out.split_at_mut(32);
            // SAFETY: the arrays have the bytes that are read and written; only `find` comes here, whose features these are.
            unsafe {
                let found = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(ALL.as_ptr().cast()));
                let base = _mm512_set1_epi16(base.cast_signed());
                let places = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(found));
                _mm512_storeu_si512(first.as_mut_ptr().cast(), _mm512_add_epi16(places, base));
                if n > 32 {
                    let places = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(found));
                    _mm512_storeu_si512(second.as_mut_ptr().cast(), _mm512_add_epi16(places, base));
                }
            }
            n
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::Portable;
    use super::*;
    use proptest::prelude::*;

    const DIALECT: Dialect = Dialect { delimiter: b',', terminator: b'\n' };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn separators_are_those_of_the_safe_twin(
            text in "(([a\r]{0,90}|\"([a,\n]|\"\"){0,40}\"|[a,\"\n]{0,3})[,\n]){0,40}", n_columns in 1..4_usize,
        ) {
            let Some(vectors) = Vectors::detect() else { return Ok(()) };
            let (mut found, mut expected) = (Index::default(), Index::default());
            let rows = vectors.find(&mut found, text.as_bytes(), 0, DIALECT, n_columns);
            prop_assert_eq!(rows, expected.find::<Portable>(text.as_bytes(), 0, DIALECT, n_columns));
            if rows > 0 {
                prop_assert_eq!((found.end(), found.n_lines()), (expected.end(), expected.n_lines()));
                for column in 0..n_columns {
                    prop_assert!(found.column(column).eq(expected.column(column)));
                }
            }
        }

        #[test]
        fn numbers_are_those_of_the_safe_twin_bit_for_bit(
            cells in proptest::collection::vec("-?[0-9]{0,9}[.,]?[0-9]{0,18}(e-[0-9]{2})?|[ -~]{0,8}", 1..=64),
            empty_is_missing in any::<bool>(),
        ) {
            let Some(vectors) = Vectors::detect() else { return Ok(()) };
            let text = format!("....{}{}", cells.concat(), "x".repeat(24));
            let (mut found, mut expected) = (Batch::default(), Batch::default());
            for batch in [&mut found, &mut expected] {
                let mut at = 4;
                for (lane, cell) in cells.iter().enumerate() {
                    batch.load(lane, text.as_bytes(), at, at + cell.len());
                    at += cell.len();
                }
            }
            vectors.convert(&mut found, cells.len(), Decimal::Auto, empty_is_missing);
            expected.convert(cells.len(), Decimal::Auto, empty_is_missing);
            for (lane, cell) in cells.iter().enumerate() {
                prop_assert_eq!(format!("{:?}", found.scan(lane)), format!("{:?}", expected.scan(lane)), "{}", cell);
            }
        }

        #[test]
        fn ascii_is_what_the_library_says(bytes in proptest::collection::vec(prop_oneof![9 => 1..=0x7F_u8, 1 => any::<u8>()], 0..200)) {
            let Some(vectors) = Vectors::detect() else { return Ok(()) };
            let expected = std::str::from_utf8(&bytes).ok().filter(|text| text.is_ascii() && !text.contains('\0'));
            prop_assert_eq!(vectors.ascii(&bytes), expected);
        }
    }
}
