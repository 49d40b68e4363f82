//! LightGBM's text, line by line: names and what stands behind them.

use std::str::FromStr;

use super::super::fault::{Fault, Read, shown};

/// LightGBM 4 writes 12 fields of a header and at most 21 of a tree.
const MAX_FIELDS: usize = 64;

/// What stands before the trees, and after them.
#[derive(Debug, Default)]
pub(super) struct Header<'a> {
    pub(super) fields: Fields<'a>,
    /// The last line: levels of the columns that were categories of a data frame, as JSON.
    pub(super) pandas_categorical: Option<Field<'a>>,
    /// `[categorical_feature: …]` of the parameters that the model was trained with.
    pub(super) categorical_feature: Option<Field<'a>>,
}

/// Lines of the form `name=value`, in order.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    entries: Vec<Field<'a>>,
    /// The line they begin on.
    line: usize,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Counted from one.
    pub(super) line: usize,
}

impl<'a> Field<'a> {
    pub(super) fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(format_args!("line {}", self.line), reason).within(self.name)
    }

    /// The one number of the field.
    pub(super) fn number<T: FromStr>(&self) -> Read<T> {
        self.value.trim().parse().map_err(|_| self.fault(format!("{} is no number of this field", shown(self.value))))
    }

    /// All numbers of the field, which must be `n`.
    pub(super) fn numbers<T: FromStr>(&self, n: usize) -> Read<Vec<T>> {
        // A number takes two bytes of the file, so that a false `n` allocates nothing.
        let mut numbers = Vec::with_capacity(n.min(self.value.len() / 2 + 1));
        for word in self.value.split(' ').filter(|word| !word.is_empty()) {
            let number = word.parse().map_err(|_| {
                self.fault(format!("number {} is {}, which is no number of this field", numbers.len(), shown(word)))
            })?;
            numbers.push(number);
        }
        if numbers.len() != n {
            return Err(self.fault(format!("has {} numbers, expected {n}", numbers.len())));
        }
        Ok(numbers)
    }
}

impl<'a> Fields<'a> {
    pub(super) fn find(&self, name: &str) -> Option<Field<'a>> {
        self.entries.iter().find(|field| field.name == name).copied()
    }

    pub(super) fn require(&self, name: &str) -> Read<Field<'a>> {
        self.find(name).ok_or_else(|| Fault::new(format_args!("line {}", self.line), "is missing").within(name))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Field<'a>> {
        self.entries.iter()
    }

    fn push(&mut self, field: Field<'a>) -> Read<()> {
        if self.entries.len() == MAX_FIELDS {
            return Err(field.fault(format!("there are more than {MAX_FIELDS} fields")));
        }
        if self.find(field.name).is_some() {
            return Err(field.fault("appears twice"));
        }
        self.entries.push(field);
        Ok(())
    }
}

/// Lines with their numbers, without what ends them.
struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        Some((self.line, line.strip_suffix('\r').unwrap_or(line)))
    }
}

const END_OF_TREES: &str = "end of trees";

/// Reads the whole text: `begin` gets the header's fields, `tree` what it made of them and the fields of each tree.
pub(super) fn read<'a, T>(
    text: &'a str,
    begin: impl FnOnce(&Header<'a>) -> Read<T>,
    mut tree: impl FnMut(&mut T, &Fields<'a>) -> Read<()>,
) -> Read<(Header<'a>, T)> {
    let mut lines = Lines { rest: text, line: 0 };
    match lines.next() {
        Some((_, "tree")) => {}
        Some((_, first)) => {
            return Err(Fault::new("line 1", format!("the first line is {}, expected \"tree\"", shown(first))));
        }
        None => return Err(Fault::new("line 1", "it is empty")),
    }
    let mut header = Header { fields: Fields { entries: Vec::new(), line: 1 }, ..Header::default() };
    let mut n_trees = 0;
    // The fields of the tree that is being read; none while the header is.
    let mut current: Option<Fields<'a>> = None;
    let (mut begin, mut begun) = (Some(begin), None);
    let begun = loop {
        let Some((line, text)) = lines.next() else {
            let place = format_args!("line {}", lines.line).to_string();
            return Err(Fault::new(place, format!("the file ends before \"{END_OF_TREES}\"")));
        };
        let is_end = text == END_OF_TREES;
        let number = text.strip_prefix("Tree=");
        if (is_end || number.is_some())
            && let Some(begin) = begin.take()
        {
            begun = Some(begin(&header)?);
        }
        if (is_end || number.is_some())
            && let (Some(fields), Some(begun)) = (current.take(), begun.as_mut())
        {
            tree(begun, &fields).map_err(|fault| fault.within(format_args!("Tree={n_trees}")))?;
            n_trees += 1;
        }
        if is_end && let Some(begun) = begun.take() {
            break begun;
        }
        if let Some(number) = number {
            if number.trim().parse() != Ok(n_trees) {
                let reason = format!("is tree {}, expected tree {n_trees}", shown(number));
                return Err(Field { name: "Tree", value: number, line }.fault(reason));
            }
            current = Some(Fields { entries: Vec::new(), line });
        } else if !text.is_empty() {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            current.as_mut().unwrap_or(&mut header.fields).push(Field { name, value, line })?;
        }
    };
    if let Some(sizes) = header.fields.find("tree_sizes") {
        let expected = sizes.value.split(' ').filter(|word| !word.is_empty()).count();
        if expected != n_trees {
            return Err(sizes.fault(format!("announces {expected} trees, there are {n_trees}")));
        }
    }
    for (line, text) in lines {
        if let Some(value) = text.strip_prefix("pandas_categorical:") {
            header.pandas_categorical = Some(Field { name: "pandas_categorical", value, line });
        } else if let Some(value) = text.strip_prefix("[categorical_feature: ").and_then(|text| text.strip_suffix(']'))
        {
            header.categorical_feature = Some(Field { name: "categorical_feature", value, line });
        }
    }
    Ok((header, begun))
}
