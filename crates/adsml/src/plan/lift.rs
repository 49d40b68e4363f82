//! Experiments from a file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use adsml_core::Table;
use adsml_features::{ColumnType, CsvReader};
use adsml_optimize::LiftTest;

use crate::{Error, Result};

/// Columns of numbers, in the order of a [`LiftTest`].
const NUMBERS: [&str; 4] = ["from", "to", "lift", "standard_error"];

/// As large as a file may be, in bytes: some hundred thousand tests.
const MOST_BYTES: u64 = 16 << 20;

/// Lift tests from a CSV file with a header and a test per line.
///
/// ```text
/// campaign,from,to,lift,standard_error
/// search,0,120,310,45
/// ```
///
/// `from` and `to`: spend per period without and with the treatment, in currency; `lift`: the response per period (revenue, or
/// conversions) that the difference caused; `standard_error`: its standard error. Other columns are not read.
///
/// # Errors
///
/// [`Error::File`] for a file that cannot be opened, or is larger than 16 MiB; [`Error::MissingColumns`], which names every column that
/// the file lacks; [`Error::Read`] for a file that is no such table, and [`Error::Cell`] for a cell that is empty or outside its range:
/// both name file, line and column.
pub fn read_lift_tests(path: impl AsRef<Path>) -> Result<Vec<LiftTest>> {
    let path = path.as_ref();
    let bytes = bounded(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let reader = CsvReader::new().input_name(path.display().to_string());
    // Which columns there are has to be known before what they have to be.
    let names: BTreeSet<String> = reader.read_bytes(&bytes)?.names().map(str::to_owned).collect();
    let wanted = || std::iter::once("campaign").chain(NUMBERS);
    let missing: Vec<String> = wanted().filter(|name| !names.contains(*name)).map(str::to_owned).collect();
    if !missing.is_empty() {
        return Err(Error::MissingColumns { columns: missing });
    }
    let reader =
        NUMBERS.iter().fold(reader.columns(wanted()), |reader, name| reader.column_type(*name, ColumnType::Number));
    let table = reader.column_type("campaign", ColumnType::Category).read_bytes(&bytes)?;
    let lines = lines(&bytes, table.n_rows());
    let place = |row: usize| match &lines {
        Some(lines) => format!("{}, line {}", path.display(), lines[row]),
        None => format!("{}, row {}", path.display(), row + 1),
    };
    judged(&table, place)
}

/// The whole of a small file.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("larger than 16 MiB, which no list of lift tests is"));
    }
    Ok(bytes)
}

/// A test of every row; `place` says where it stands.
fn judged(table: &Table, place: impl Fn(usize) -> String) -> Result<Vec<LiftTest>> {
    let campaigns = table.category("campaign")?;
    let [from, to, lift, standard_error] = NUMBERS.map(|name| table.number(name));
    let (from, to, lift, standard_error) = (from?, to?, lift?, standard_error?);
    let judge = |(row, campaign): (usize, Option<&str>)| -> Result<LiftTest> {
        let refuse = |column: &'static str, found: f64, expected: &'static str| {
            let found = if found.is_nan() { "empty".to_owned() } else { found.to_string() };
            Err(Error::Cell { place: place(row), column, found, expected })
        };
        let Some(campaign) = campaign.filter(|campaign| !campaign.is_empty()) else {
            return refuse("campaign", f64::NAN, "a campaign");
        };
        let [from, to, lift, standard_error] = [from[row], to[row], lift[row], standard_error[row]];
        if !(from >= 0.0 && from.is_finite()) {
            return refuse("from", from, "a spend, at least 0");
        }
        if !(to > from && to.is_finite()) {
            return refuse("to", to, "a spend above `from`");
        }
        if !lift.is_finite() {
            return refuse("lift", lift, "a finite number");
        }
        if !(standard_error > 0.0 && standard_error.is_finite()) {
            return refuse("standard_error", standard_error, "a finite number above 0");
        }
        Ok(LiftTest { campaign: campaign.to_owned(), spend: [from, to], lift, standard_error })
    };
    campaigns.iter().enumerate().map(judge).collect()
}

/// The line of every row, counted from 1, where no cell has a line break.
fn lines(bytes: &[u8], n_rows: usize) -> Option<Vec<usize>> {
    let filled = bytes.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
    let numbers: Vec<usize> = filled.map(|(at, _)| at + 1).skip(1).collect();
    (numbers.len() == n_rows).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Vec<LiftTest>> {
        let path = std::env::temp_dir().join(format!("adsml-lift-{}-{name}.csv", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let tests = read_lift_tests(&path);
        std::fs::remove_file(&path).unwrap();
        tests
    }

    #[test]
    fn a_line_is_a_test() {
        let text = "campaign,from,to,lift,standard_error,note\n7,0,120,310.5,45,geo\nbrand,50,80,-3,20,\n";
        let tests = read("good", text).unwrap();
        let of = |campaign: &str, spend, lift, standard_error| LiftTest {
            campaign: campaign.to_owned(),
            spend,
            lift,
            standard_error,
        };
        assert_eq!(tests, [of("7", [0.0, 120.0], 310.5, 45.0), of("brand", [50.0, 80.0], -3.0, 20.0)]);
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let says = |name: &str, text: &str, words: &[&str]| {
            let error = read(name, text).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        const HEAD: &str = "campaign,from,to,lift,standard_error\n";
        says("columns", "campaign,from,to\na,0,1\n", &["`lift`, `standard_error`"]);
        says("text", &format!("{HEAD}a,0,10,5,1\na,0,ten,5,1\n"), &["line 3", "`to`", "ten"]);
        says("empty", &format!("{HEAD}\na,0,10,,1\n"), &["line 3", "`lift`", "empty"]);
        says("crossed", &format!("{HEAD}a,10,10,5,1\n"), &["line 2", "`to` is 10", "above `from`"]);
        says("negative", &format!("{HEAD}a,-1,10,5,1\n"), &["line 2", "`from` is -1"]);
        says("certain", &format!("{HEAD}a,0,10,5,0\n"), &["line 2", "`standard_error` is 0", "above 0"]);
        says("nameless", &format!("{HEAD},0,10,5,1\n"), &["line 2", "`campaign` is empty"]);
        says("nothing", "", &["nothing.csv"]);
        let missing = read_lift_tests("no-such-file.csv").unwrap_err().to_string();
        assert!(missing.starts_with("no-such-file.csv"), "{missing}");
    }
}
