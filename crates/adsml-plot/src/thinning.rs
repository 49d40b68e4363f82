//! Fewer points than rows.

/// At most `most` of `n` rows, ascending: all of them, or those with the smallest hashes of their places. The same on every run, and
/// independent of the values.
pub(crate) fn sample(n: usize, most: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n).collect();
    if n > most {
        rows.sort_unstable_by_key(|&row| (scattered(row as u64), row));
        rows.truncate(most);
        rows.sort_unstable();
    }
    rows
}

/// The finaliser of splitmix64: rows in an order that has nothing to do with their places, so that
/// no period in the data (every seventh day) can line up with the thinning.
fn scattered(row: u64) -> u64 {
    let mut z = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
