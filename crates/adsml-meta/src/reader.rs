//! The front door: any of Meta's files to a canonical table.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::path::Path;

use adsml_core::parallel;
use jiff::civil::Date;

use crate::builder::{Draft, Finish};
use crate::delimited::head::{self, HEAD_BYTES};
use crate::delimited::{self, Stated};
use crate::insights::Insights;
use crate::recognise::{self, Beginning};
use crate::understanding::Understanding;
use crate::{AdTable, DateOrder, Decimal, Level, Limits, MetaError, Result, Source, connector};

/// Reads Ads Manager exports, Insights rows and connectors' tables into a canonical [`AdTable`].
///
/// Everything is found out: format, language, delimiter, number and date style, currency. What a file leaves open is
/// refused, with both readings; the setters state it.
///
/// Memory: at most sixteen times the size of a delimited file and 32 MiB; for JSON also the file itself.
#[derive(Debug, Clone)]
pub struct MetaReader {
    as_of: Option<Date>,
    decimal: Option<Decimal>,
    date_order: Option<DateOrder>,
    conversions: Option<String>,
    limits: Limits,
    threads: NonZeroUsize,
}

impl Default for MetaReader {
    fn default() -> Self {
        Self {
            as_of: None,
            decimal: None,
            date_order: None,
            conversions: None,
            limits: Limits::default(),
            threads: parallel::available_threads(),
        }
    }
}

/// What one input gave.
#[derive(Debug)]
struct One {
    draft: Draft,
    known: Understanding,
}

impl MetaReader {
    /// A reader that finds everything out.
    pub fn new() -> Self {
        Self::default()
    }

    /// The day as of which rows are judged mature: that on which the file was made. Default: its newest day.
    #[must_use]
    pub fn as_of(mut self, day: Date) -> Self {
        self.as_of = Some(day);
        self
    }

    /// The decimal mark of every number, for a file that does not show it.
    #[must_use]
    pub fn decimal(mut self, decimal: Decimal) -> Self {
        self.decimal = Some(decimal);
        self
    }

    /// The order of day and month in every date, for a file that does not show it.
    #[must_use]
    pub fn date_order(mut self, order: DateOrder) -> Self {
        self.date_order = Some(order);
        self
    }

    /// The one type that conversions are of: an action type (`omni_purchase`), a result indicator, or `purchase` and `lead`
    /// for the columns of an export. Default: purchases, else leads, else the only result indicator.
    #[must_use]
    pub fn conversions(mut self, action_type: impl Into<String>) -> Self {
        self.conversions = Some(action_type.into());
        self
    }

    /// What an input may cost.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Threads to read with; all by default. The table does not depend on it.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`MetaError`], naming file, line and column; [`MetaError::NotMeta`] for a file of another kind.
    pub fn read_path(&self, path: impl AsRef<Path>) -> Result<AdTable> {
        self.read_paths([path])
    }

    /// Reads files that belong together: pages of one report, with the campaigns and ad sets that have the budgets; exports of
    /// several months; the tables of a connector (rows, their actions, and the histories that hold names). Later files
    /// restate earlier ones.
    ///
    /// # Errors
    ///
    /// As [`read_path`](Self::read_path), and [`MetaError::Mismatch`] for files that cannot become one table.
    pub fn read_paths<P: AsRef<Path>>(&self, paths: impl IntoIterator<Item = P>) -> Result<AdTable> {
        let mut rows = Gathered::new(self);
        for path in paths {
            let path = path.as_ref();
            let name = path.display().to_string();
            let file = File::open(path).map_err(|source| MetaError::Io { input: name.clone(), source })?;
            rows.read(file, &name)?;
        }
        rows.finish()
    }

    /// Reads a file that is in memory; `name` stands for it in errors.
    ///
    /// # Errors
    ///
    /// As [`read_path`](Self::read_path).
    pub fn read_bytes(&self, bytes: &[u8], name: &str) -> Result<AdTable> {
        let mut rows = Gathered::new(self);
        rows.read(Cursor::new(bytes), name)?;
        rows.finish()
    }

    fn stated(&self) -> Stated<'_> {
        Stated {
            decimal: self.decimal,
            date_order: self.date_order,
            conversions: self.conversions.as_deref(),
            limits: &self.limits,
            threads: self.threads,
        }
    }
}

/// What several inputs gave.
struct Gathered<'a> {
    reader: &'a MetaReader,
    insights: Insights<'a>,
    names: Vec<String>,
    json: usize,
    tables: Vec<One>,
}

impl<'a> Gathered<'a> {
    fn new(reader: &'a MetaReader) -> Self {
        Self { reader, insights: Insights::new(&reader.limits), names: Vec::new(), json: 0, tables: Vec::new() }
    }

    fn read(&mut self, mut input: impl Read + Seek, name: &str) -> Result<()> {
        let io = |source| MetaError::Io { input: name.to_owned(), source };
        let length = input.seek(SeekFrom::End(0)).map_err(io)?;
        input.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut bytes = Vec::with_capacity(length.min(HEAD_BYTES as u64) as usize);
        input.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut bytes).map_err(io)?;
        self.names.push(name.to_owned());
        match recognise::begin(&bytes, name)? {
            Beginning::Neither(reason) => Err(recognise::refusal(reason, &bytes, name)),
            Beginning::Json(..) => {
                self.reader.limits.check_json(length, name)?;
                bytes.reserve_exact((length as usize).saturating_sub(bytes.len()));
                // One byte more than it said it has shows a file that grows.
                input.take((length + 1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes).map_err(io)?;
                self.json += 1;
                self.insights.read(&bytes, name)
            }
            Beginning::Delimited(head) => {
                drop(bytes);
                if head.source == Source::ConnectorCreatives {
                    let what = "creatives of a connector".to_owned();
                    return Err(MetaError::NotRows { input: name.to_owned(), what });
                }
                let (draft, known) = delimited::read(input, length, &head, name, self.reader.stated())?;
                self.tables.push(One { draft, known });
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<AdTable> {
        let stated = self.reader.conversions.as_deref();
        let input = self.names.join(", ");
        let mut finish =
            Finish { as_of: self.reader.as_of, upsert: true, only_key: None, threads: self.reader.threads };
        if self.tables.is_empty() {
            let (draft, known) = self.insights.finish(&input, stated)?;
            return draft.finish(known, finish);
        }
        if self.json > 0 {
            let problem = "JSON rows and tables cannot be read as one".to_owned();
            return Err(MetaError::Mismatch { input, problem });
        }
        let (mut rows, mut actions, mut histories) = (Vec::new(), Vec::new(), Vec::new());
        for one in self.tables {
            match one.known.source {
                Source::ConnectorActions => actions.push(one),
                Source::ConnectorHistory(level) => histories.push((level, one)),
                _ => rows.push(one),
            }
        }
        let mut known = rows.iter().chain(&actions).chain(histories.iter().map(|found| &found.1)).map(|one| &one.known);
        let mut known = merge(&input, &mut known);
        let actions = connector::Actions::gather(actions.into_iter().map(|one| (one.draft, one.known.input)).collect());
        if rows.is_empty() && actions.is_empty() {
            return history_alone(histories, known, finish);
        }
        let mut drafts = rows.into_iter().map(|one| (one.draft, one.known.source));
        let mut draft = match drafts.next() {
            None => return actions.alone(stated, &mut known)?.finish(known, finish),
            Some((draft, source)) => {
                // Two rows of one export are two things; two of a connector are two versions of one.
                finish.upsert = !matches!(source, Source::AdsManagerExport(_)) || drafts.len() > 0;
                draft
            }
        };
        for (more, _) in drafts {
            draft.append(more);
        }
        actions.join(&mut draft, stated, &mut known);
        for (level, one) in histories {
            connector::name(&mut draft, level, &one.draft, head::id_of(level));
        }
        draft.finish(known, finish)
    }
}

/// What was understood of several inputs.
fn merge(input: &str, all: &mut dyn Iterator<Item = &Understanding>) -> Understanding {
    let mut merged = all.next().expect("there is an input").clone();
    merged.input = input.to_owned();
    for more in all {
        merged.recognised.extend(more.recognised.iter().cloned());
        merged.ignored.extend(more.ignored.iter().cloned());
        merged.removed.extend(more.removed.iter().cloned());
        merged.n_removed += more.n_removed;
        merged
            .style
            .extend(more.style.iter().filter(|style| !merged.style.contains(style)).cloned().collect::<Vec<_>>());
        merged.warnings.extend(more.warnings.iter().cloned());
        merged.conversions = merged.conversions.take().or_else(|| more.conversions.clone());
    }
    merged
}

/// The newest version of each object of one level.
fn history_alone(histories: Vec<(Level, One)>, known: Understanding, finish: Finish) -> Result<AdTable> {
    let mut histories = histories.into_iter();
    let (level, mut first) = histories.next().expect("there is an input");
    for (other, more) in histories {
        if other != level {
            let problem = format!("a history of {}s beside one of {}s, without rows", other.as_str(), level.as_str());
            return Err(MetaError::Mismatch { input: known.input, problem });
        }
        first.draft.append(more.draft);
    }
    first.draft.finish(known, Finish { only_key: Some(head::id_of(level)), ..finish })
}
