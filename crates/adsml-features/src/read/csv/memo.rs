//! What the same text meant a few rows before.
//!
//! Columns of advertising tables repeat themselves: levels, hours, zeros, what is derived from them. A short cell that was seen
//! lately is looked up by its bytes, three words, which takes a third of the time of converting it or of
//! hashing it with a key. Where a column does not repeat itself, its memo is left alone after a few rows.

/// Bytes of the longest cell that is remembered.
const MAX_LEN: usize = 24;
const N_SLOTS: usize = 128;
/// Lookups after which a memo is judged, and passes it rests when most failed.
const TRIAL: u32 = 64;
const REST: u32 = 15;

/// Raw values of a column by the bytes of their cells.
#[derive(Debug, Default)]
pub(super) struct Memo {
    slots: Vec<Slot>,
    /// Which values are still true.
    epoch: u64,
    tries: u32,
    hits: u32,
    rest: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    words: [u64; 3],
    /// Epoch and length of the cell.
    tag: u64,
    value: u64,
}

/// The bytes of a short cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    words: [u64; 3],
    len: u64,
}

impl Key {
    /// The bytes from `start` to `end`; `None` when they are too many, or stand too near the end of all.
    #[inline(always)]
    pub(super) fn new(bytes: &[u8], start: usize, end: usize) -> Option<Self> {
        const MASKS: [u64; 9] =
            [0, 0xFF, 0xFFFF, 0xFF_FFFF, 0xFFFF_FFFF, 0xFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF, 0xFF_FFFF_FFFF_FFFF, u64::MAX];
        let window = bytes.get(start..).and_then(|rest| rest.first_chunk::<MAX_LEN>())?;
        let len = end - start;
        if len > MAX_LEN {
            return None;
        }
        let word = |i: usize| {
            let eight = u64::from_le_bytes(window[8 * i..8 * i + 8].try_into().expect("eight bytes"));
            eight & MASKS[len.saturating_sub(8 * i).min(8)]
        };
        Some(Self { words: [word(0), word(1), word(2)], len: len as u64 })
    }

    #[inline(always)]
    fn slot(&self) -> usize {
        let mixed = self.words[0] ^ self.words[1].rotate_left(23) ^ self.words[2].rotate_left(46) ^ self.len;
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 57) as usize
    }
}

impl Memo {
    /// Forgets everything, for other rows.
    pub(super) fn restart(&mut self) {
        self.epoch += 1;
        self.rest = self.rest.saturating_sub(1);
        (self.tries, self.hits) = (0, 0);
        if self.slots.is_empty() {
            self.slots = vec![Slot::default(); N_SLOTS];
        }
    }

    /// Whether it is worth asking, as long as half of the lookups find something; if not, it rests.
    #[inline]
    pub(super) fn pays(&mut self) -> bool {
        if self.tries >= TRIAL && self.hits < self.tries / 2 {
            self.rest = REST;
        }
        self.rest == 0
    }

    /// Counts lookups, and those that found something.
    #[inline]
    pub(super) const fn count(&mut self, tries: u32, hits: u32) {
        self.tries += tries;
        self.hits += hits;
    }

    /// The value of a cell seen lately.
    #[inline(always)]
    pub(super) fn get(&self, key: &Key) -> Option<u64> {
        let at = key.slot();
        // Word by word: the words of the key are in registers, and would have to be stored to be compared as a whole.
        let holds = |slot: &Slot| {
            let [first, second, third] = [0, 1, 2].map(|i| slot.words[i] ^ key.words[i]);
            first | second | third | (slot.tag ^ (self.epoch << 8 | key.len)) == 0
        };
        let (slot, other) = (&self.slots[at], &self.slots[at ^ 1]);
        if holds(slot) { Some(slot.value) } else { holds(other).then_some(other.value) }
    }

    /// Remembers the value of a cell, beside another rather than in its place.
    #[inline]
    pub(super) fn put(&mut self, key: &Key, value: u64) {
        let is_taken = |at: usize| self.slots[at].tag >> 8 == self.epoch;
        let at = key.slot();
        let at = if is_taken(at) && !is_taken(at ^ 1) { at ^ 1 } else { at };
        self.slots[at] = Slot { words: key.words, tag: self.epoch << 8 | key.len, value };
    }
}
