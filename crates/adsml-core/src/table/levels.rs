//! The texts of a category column, each once.

use std::hash::{BuildHasher, RandomState};

/// Distinct texts, numbered from zero, in one piece of memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Levels {
    text: String,
    ends: Vec<usize>,
}

impl Levels {
    /// Number of levels.
    #[inline]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of level `code`.
    ///
    /// # Panics
    ///
    /// When there is no such level.
    #[inline]
    pub fn get(&self, code: usize) -> &str {
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.text[start..self.ends[code]]
    }

    /// The texts, in the order of their codes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|code| self.get(code))
    }

    /// Bytes its buffers hold.
    pub fn buffer_bytes(&self) -> usize {
        self.text.len() + size_of_val(self.ends.as_slice())
    }

    /// Large buffers grow by a quarter rather than double, so that they stay near what they hold.
    fn push(&mut self, text: &str) {
        const LARGE: usize = 1 << 16;
        if self.ends.len() == self.ends.capacity() && self.ends.len() >= LARGE {
            self.ends.reserve_exact(self.ends.len() / 4);
        }
        if self.text.capacity() - self.text.len() < text.len() && self.text.len() >= LARGE {
            self.text.reserve_exact(text.len().max(self.text.len() / 4));
        }
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }
}

/// Repeated texts keep the code of their first appearance.
impl<S: AsRef<str>> FromIterator<S> for Levels {
    fn from_iter<I: IntoIterator<Item = S>>(texts: I) -> Self {
        let mut interner = Interner::new();
        for text in texts {
            interner.intern(text.as_ref());
        }
        interner.into_levels()
    }
}

/// Numbers texts in the order in which they first appear, and finds them again.
///
/// Keyed hashing makes it safe to feed with hostile text; the numbering does not depend on the key.
#[derive(Debug, Clone, Default)]
pub struct Interner {
    levels: Levels,
    /// Open addressing with linear probing: code + 1, or 0 where free. Its length is a power of two.
    slots: Vec<u32>,
    hasher: RandomState,
}

impl Interner {
    /// An interner without texts.
    pub fn new() -> Self {
        Self::default()
    }

    /// The code of `text`, which becomes a level when it is new.
    ///
    /// # Panics
    ///
    /// Beyond `u32::MAX - 1` distinct texts.
    pub fn intern(&mut self, text: &str) -> u32 {
        if self.slots.len() * 3 <= (self.levels.len() + 1) * 4 {
            self.grow();
        }
        let slot = self.slot(text);
        if self.slots[slot] == 0 {
            let code = u32::try_from(self.levels.len()).ok().filter(|&code| code < u32::MAX - 1);
            let code = code.expect("fewer than u32::MAX - 1 distinct texts");
            self.levels.push(text);
            self.slots[slot] = code + 1;
        }
        self.slots[slot] - 1
    }

    /// The code of `text`, if it is a level.
    pub fn find(&self, text: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.slots[self.slot(text)].checked_sub(1)
    }

    /// The levels so far.
    #[inline]
    pub const fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Forgets all texts and keeps the memory for others.
    pub fn clear(&mut self) {
        self.levels.text.clear();
        self.levels.ends.clear();
        self.slots.fill(0);
    }

    /// Bytes of memory it holds, spare room and index included.
    pub fn allocated_bytes(&self) -> usize {
        self.levels.text.capacity()
            + self.levels.ends.capacity() * size_of::<usize>()
            + self.slots.capacity() * size_of::<u32>()
    }

    /// The levels, without the index.
    pub fn into_levels(self) -> Levels {
        self.levels
    }

    /// Where `text` stands, or the free slot where it would.
    fn slot(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(text) as usize & mask;
        while self.slots[slot] != 0 && self.levels.get(self.slots[slot] as usize - 1) != text {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(16);
        self.slots = vec![0; length];
        for code in 0..self.levels.len() {
            let slot = self.slot(self.levels.get(code));
            self.slots[slot] = code as u32 + 1;
        }
    }
}

/// An index over existing levels.
impl From<&Levels> for Interner {
    fn from(levels: &Levels) -> Self {
        let mut interner = Self::new();
        for text in levels.iter() {
            interner.intern(text);
        }
        interner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn codes_equal_those_of_a_map(texts in proptest::collection::vec("[a-c]{0,3}|.{0,4}", 0..200)) {
            let mut interner = Interner::new();
            let mut map = BTreeMap::new();
            for text in &texts {
                let next = map.len() as u32;
                let expected = *map.entry(text.clone()).or_insert(next);
                prop_assert_eq!(interner.intern(text), expected);
            }
            for (text, code) in &map {
                prop_assert_eq!(interner.find(text), Some(*code));
                prop_assert_eq!(interner.levels().get(*code as usize), text);
            }
            prop_assert_eq!(interner.find("not there, being too long"), None);
        }
    }
}
