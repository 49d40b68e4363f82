//! What a file is, from its beginning, with the reasons.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::delimited::head::{self, HEAD_BYTES, Head};
use crate::error::{Place, shorten};
use crate::{MetaError, Result, Source};

/// What a file is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recognition {
    /// The format; `None` when it is none of Meta's with rows of delivery.
    pub source: Option<Source>,
    /// What that was concluded from.
    pub reasons: Vec<String>,
}

impl std::fmt::Display for Recognition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{source}")?,
            None => f.write_str("not one of Meta's formats")?,
        }
        write!(f, ": {}", self.reasons.join("; "))
    }
}

/// Says which of Meta's formats a file is, with the reasons; reads no more than its first MiB.
///
/// # Errors
///
/// [`MetaError::Io`] when it cannot be read; [`MetaError::Mojibake`] or [`MetaError::DuplicateHeader`] for a header that is one
/// of Meta's and cannot be used.
pub fn recognise(path: impl AsRef<Path>) -> Result<Recognition> {
    let path = path.as_ref();
    let input = path.display().to_string();
    let io = |source| MetaError::Io { input: input.clone(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(HEAD_BYTES as u64).read_to_end(&mut bytes).map_err(io)?;
    recognise_bytes(&bytes, &input)
}

/// As [`recognise`], for the beginning of a file that is in memory.
///
/// # Errors
///
/// As [`recognise`], but for [`MetaError::Io`].
pub fn recognise_bytes(bytes: &[u8], name: &str) -> Result<Recognition> {
    Ok(match begin(bytes, name)? {
        Beginning::Delimited(head) => Recognition { source: Some(head.source), reasons: reasons(&head) },
        Beginning::Json(true, reason) => Recognition { source: Some(Source::InsightsRows), reasons: vec![reason] },
        Beginning::Json(false, reason) | Beginning::Neither(reason) => {
            Recognition { source: None, reasons: vec![reason] }
        }
    })
}

/// How a file begins.
#[derive(Debug)]
pub(crate) enum Beginning {
    Delimited(Head),
    /// JSON, and whether it holds Insights rows, with the reason.
    Json(bool, String),
    Neither(String),
}

/// Looks at the beginning of a file.
pub(crate) fn begin(bytes: &[u8], input: &str) -> Result<Beginning> {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Ok(Beginning::Neither("it is UTF-16, expected UTF-8".to_owned()));
    }
    let bytes = &bytes[..bytes.len().min(HEAD_BYTES)];
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if matches!(text.first(), Some(b'{' | b'[')) {
        let (is_rows, reason) = json(text);
        return Ok(Beginning::Json(is_rows, reason));
    }
    if let Some(head) = head::find(bytes, input)? {
        return Ok(Beginning::Delimited(head));
    }
    let line = text.split(|&byte| byte == b'\n' || byte == b'\r').next().unwrap_or_default();
    Ok(Beginning::Neither(match std::str::from_utf8(line) {
        Ok("") => "it is empty".to_owned(),
        Ok(line) => format!("its first line is `{}`, no header of Meta's", shorten(line)),
        Err(error) => format!("its first line is not UTF-8 (byte 0x{:02X})", line[error.valid_up_to()]),
    }))
}

/// The error for a file that begins so.
pub(crate) fn refusal(reason: String, bytes: &[u8], input: &str) -> MetaError {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        let found = "a byte order mark of UTF-16".to_owned();
        return MetaError::Encoding { place: Place::line(input, 1), found };
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return MetaError::Empty { input: input.to_owned() };
    }
    MetaError::NotMeta { input: input.to_owned(), found: reason }
}

fn reasons(head: &Head) -> Vec<String> {
    let known: Vec<&str> =
        head.columns.iter().filter(|column| column.meaning.is_some()).map(|column| column.header.as_str()).collect();
    let shown: Vec<String> = known.iter().take(5).map(|header| format!("`{}`", shorten(header))).collect();
    let mut reasons =
        vec![format!("{} of {} headers are known, such as {}", known.len(), head.columns.len(), shown.join(", "))];
    if let Source::AdsManagerExport(language) = head.source {
        reasons.push(format!("they are in {language}"));
    }
    if let Some(currency) = head.columns.iter().find_map(|column| column.currency.as_deref()) {
        reasons.push(format!("amounts are in {currency}"));
    }
    reasons
}

/// Whether JSON holds Insights rows, from the keys at its beginning.
fn json(text: &[u8]) -> (bool, String) {
    const LOOKED_AT: usize = 64 << 10;
    let text = &text[..text.len().min(LOOKED_AT)];
    let mut keys: Vec<&[u8]> = Vec::new();
    let mut at = 0;
    while at < text.len() && keys.len() < 2_000 {
        if text[at] != b'"' {
            at += 1;
            continue;
        }
        let start = at + 1;
        at = start;
        while at < text.len() && text[at] != b'"' {
            at += 1 + usize::from(text[at] == b'\\');
        }
        let end = at.min(text.len());
        at = end + 1;
        let after = text.get(at..).unwrap_or_default().trim_ascii_start();
        if after.first() == Some(&b':') {
            keys.push(&text[start..end]);
        }
    }
    let has = |key: &str| keys.contains(&key.as_bytes());
    let measured = ["impressions", "spend", "reach", "clicks", "actions"].into_iter().find(|key| has(key));
    match measured {
        Some(measured) if has("date_start") => (true, format!("its rows have the keys `date_start` and `{measured}`")),
        _ if has("data") && (keys.len() == 1 || keys.get(1) == Some(&b"paging".as_slice())) => {
            (true, "it is a page without rows".to_owned())
        }
        _ => {
            let shown = keys.iter().take(6).map(|key| format!("`{}`", shorten(&String::from_utf8_lossy(key))));
            let shown: Vec<String> = shown.collect();
            (
                false,
                format!("JSON whose keys are {}", if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }),
            )
        }
    }
}
