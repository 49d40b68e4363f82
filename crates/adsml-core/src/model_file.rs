//! The envelope of a saved model: a JSON header, named binary sections, a checksum.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{FeatureColumn, FeatureKind};

/// The version of the envelope that is written; every version up to it is read.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"adsml\0mf";
/// Magic, format version, header length.
const PREFIX: usize = 8 + 4 + 8;
const CHECKSUM: usize = 32;
/// Longest header that is read. Parsed JSON takes up to some fifty times its text: sections are the place for numbers.
const MAX_HEADER: usize = 16 << 20;

/// A model as it stands in a file.
///
/// ```text
/// magic (8) | format version (u32) | header length (u64) | header (JSON) | sections | SHA-256 of all before (32)
/// ```
///
/// Numbers are little-endian. The header names the kind of model, the version of the crate that
/// wrote it, the features and a hash of them, the training window, the metrics, facts of the
/// model's own, and every section with its length. What does not add up is refused by name: a
/// hostile file can not panic, and makes the reader allocate at most twice the file's size and fifty
/// times its header, which is at most 16 MiB long.
///
/// ```
/// use adsml_core::ModelFile;
///
/// let mut file = ModelFile::new("constant");
/// file.put_f64("value", &[0.25]);
/// let bytes = file.to_bytes();
/// let back = ModelFile::from_bytes(&bytes)?;
/// assert_eq!(back.f64("value")?, [0.25]);
/// assert!(ModelFile::from_bytes(&bytes[..bytes.len() - 1]).is_err());
/// # Ok::<(), adsml_core::ModelFileError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    kind: String,
    crate_version: String,
    feature_names: Vec<String>,
    schema_hash: String,
    training_window: Option<(String, String)>,
    metrics: BTreeMap<String, f64>,
    facts: Map<String, Value>,
    sections: BTreeMap<String, Vec<u8>>,
}

/// Why a model file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// It does not begin like a model file.
    #[error("not an adsml model file")]
    Magic,
    /// It was written by a newer version.
    #[error("format version {found}, this program reads up to {FORMAT_VERSION}")]
    Version {
        /// The file's version.
        found: u32,
    },
    /// It ends too early, or its parts do not add up to its length.
    #[error("{what} does not fit into the file's {length} bytes")]
    Truncated {
        /// What does not fit.
        what: String,
        /// The file's length.
        length: usize,
    },
    /// Its checksum differs: it was damaged.
    #[error("the checksum differs: the file is damaged")]
    Checksum,
    /// Its header is not what it should be.
    #[error("header: {reason}")]
    Header {
        /// What is wrong.
        reason: String,
    },
    /// A section is missing.
    #[error("section `{name}` is missing")]
    MissingSection {
        /// Its name.
        name: String,
    },
    /// A section holds something else than expected.
    #[error("section `{name}`: {reason}")]
    Section {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// No reader for this kind of model.
    #[error("no reader for the kind `{kind}`; there are readers for {known}")]
    UnknownKind {
        /// The file's kind.
        kind: String,
        /// The kinds that can be read, comma separated.
        known: String,
    },
}

type FileResult<T> = std::result::Result<T, ModelFileError>;

impl ModelFile {
    /// An empty file of this kind, written by this version of the crate.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            feature_names: Vec::new(),
            schema_hash: String::new(),
            training_window: None,
            metrics: BTreeMap::new(),
            facts: Map::new(),
            sections: BTreeMap::new(),
        }
    }

    /// The kind of model.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The version of the crate that wrote it.
    pub fn crate_version(&self) -> &str {
        &self.crate_version
    }

    /// Refuses a file of another kind.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::UnknownKind`].
    pub fn require_kind(&self, kind: &str) -> FileResult<()> {
        if self.kind == kind {
            return Ok(());
        }
        Err(ModelFileError::UnknownKind { kind: self.kind.clone(), known: kind.to_owned() })
    }

    /// Names of the features.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// SHA-256 (hexadecimal) of the features' names, kinds and levels; empty when they were not stated.
    pub fn schema_hash(&self) -> &str {
        &self.schema_hash
    }

    /// States the features.
    pub fn set_features(&mut self, columns: &[FeatureColumn]) -> &mut Self {
        self.feature_names = columns.iter().map(|column| column.name.clone()).collect();
        self.schema_hash = schema_hash(columns);
        self
    }

    /// First and last moment of the training rows, as text.
    pub fn training_window(&self) -> Option<(&str, &str)> {
        self.training_window.as_ref().map(|(first, last)| (first.as_str(), last.as_str()))
    }

    /// States first and last moment of the training rows.
    pub fn set_training_window(&mut self, first: impl Into<String>, last: impl Into<String>) -> &mut Self {
        self.training_window = Some((first.into(), last.into()));
        self
    }

    /// Metrics of the model, by name.
    pub const fn metrics(&self) -> &BTreeMap<String, f64> {
        &self.metrics
    }

    /// States a metric; one that is not finite is left out.
    pub fn set_metric(&mut self, name: impl Into<String>, value: f64) -> &mut Self {
        if value.is_finite() {
            self.metrics.insert(name.into(), value);
        }
        self
    }

    /// States a fact of the model's own in the header.
    pub fn set_fact(&mut self, name: impl Into<String>, value: impl Into<Value>) -> &mut Self {
        self.facts.insert(name.into(), value.into());
        self
    }

    /// A fact of the model's own.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::Header`] when it is not there.
    pub fn fact(&self, name: &str) -> FileResult<&Value> {
        self.facts.get(name).ok_or_else(|| header(format!("`{name}` is missing")))
    }

    /// A fact that is text.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::Header`] when it is not there or something else.
    pub fn text_fact(&self, name: &str) -> FileResult<&str> {
        self.fact(name)?.as_str().ok_or_else(|| header(format!("`{name}` is not text")))
    }

    /// A fact that is a finite number.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::Header`] when it is not there or something else.
    pub fn number_fact(&self, name: &str) -> FileResult<f64> {
        self.fact(name)?.as_f64().ok_or_else(|| header(format!("`{name}` is not a number")))
    }

    /// Adds (or replaces) a section of bytes: text, or another model file.
    pub fn put_bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> &mut Self {
        self.sections.insert(name.into(), bytes);
        self
    }

    /// Adds (or replaces) a section of numbers.
    pub fn put_f64(&mut self, name: impl Into<String>, values: &[f64]) -> &mut Self {
        self.put_bytes(name, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// Adds (or replaces) a section of whole numbers.
    pub fn put_u32(&mut self, name: impl Into<String>, values: &[u32]) -> &mut Self {
        self.put_bytes(name, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// A section of bytes.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::MissingSection`].
    pub fn bytes(&self, name: &str) -> FileResult<&[u8]> {
        let section =
            self.sections.get(name).ok_or_else(|| ModelFileError::MissingSection { name: name.to_owned() })?;
        Ok(section)
    }

    /// A section of numbers.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::MissingSection`]; [`ModelFileError::Section`] unless its length is a multiple of eight.
    pub fn f64(&self, name: &str) -> FileResult<Vec<f64>> {
        self.numbers(name, f64::from_le_bytes)
    }

    /// A section of finite numbers.
    ///
    /// # Errors
    ///
    /// As [`f64`](Self::f64), and [`ModelFileError::Section`] for a number that is not finite.
    pub fn finite_f64(&self, name: &str) -> FileResult<Vec<f64>> {
        let values = self.f64(name)?;
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(at) => Err(section(name, format!("entry {at} is not finite"))),
        }
    }

    /// A section of whole numbers.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::MissingSection`]; [`ModelFileError::Section`] unless its length is a multiple of four.
    pub fn u32(&self, name: &str) -> FileResult<Vec<u32>> {
        self.numbers(name, u32::from_le_bytes)
    }

    fn numbers<T, const N: usize>(&self, name: &str, convert: fn([u8; N]) -> T) -> FileResult<Vec<T>> {
        let (entries, rest) = self.bytes(name)?.as_chunks::<N>();
        if !rest.is_empty() {
            return Err(section(name, format!("its length is not a multiple of {N}")));
        }
        Ok(entries.iter().map(|&entry| convert(entry)).collect())
    }

    /// Adds (or replaces) a section that is a model file itself.
    pub fn put_file(&mut self, name: impl Into<String>, file: &Self) -> &mut Self {
        self.put_bytes(name, file.to_bytes())
    }

    /// A section that is a model file itself.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::MissingSection`]; as [`from_bytes`](Self::from_bytes).
    pub fn file(&self, name: &str) -> FileResult<Self> {
        Self::from_bytes(self.bytes(name)?)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sections: Vec<Value> =
            self.sections.iter().map(|(name, bytes)| json!({"name": name, "length": bytes.len()})).collect();
        let header = json!({
            "kind": self.kind,
            "crate_version": self.crate_version,
            "feature_names": self.feature_names,
            "schema_hash": self.schema_hash,
            "training_window": self.training_window,
            "metrics": self.metrics,
            "facts": self.facts,
            "sections": sections,
        })
        .to_string();
        let body: usize = self.sections.values().map(Vec::len).sum();
        let mut bytes = Vec::with_capacity(PREFIX + header.len() + body + CHECKSUM);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        for section in self.sections.values() {
            bytes.extend_from_slice(section);
        }
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// [`ModelFileError`], by name of what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> FileResult<Self> {
        if bytes.len() < MAGIC.len() || bytes[..MAGIC.len()] != MAGIC {
            return Err(ModelFileError::Magic);
        }
        let truncated = |what: &str| ModelFileError::Truncated { what: what.to_owned(), length: bytes.len() };
        let Some((content, checksum)) = bytes.split_last_chunk::<CHECKSUM>().filter(|(rest, _)| rest.len() >= PREFIX)
        else {
            return Err(truncated("the preamble"));
        };
        let version = u32::from_le_bytes(content[8..12].try_into().expect("four bytes"));
        if version == 0 || version > FORMAT_VERSION {
            return Err(ModelFileError::Version { found: version });
        }
        let header_length = u64::from_le_bytes(content[12..20].try_into().expect("eight bytes"));
        let (header_bytes, mut body) = usize::try_from(header_length)
            .ok()
            .and_then(|length| content[PREFIX..].split_at_checked(length))
            .ok_or_else(|| truncated("the header"))?;
        if header_bytes.len() > MAX_HEADER {
            return Err(header(format!("{} bytes long, at most {MAX_HEADER} are read", header_bytes.len())));
        }
        if Sha256::digest(content)[..] != checksum[..] {
            return Err(ModelFileError::Checksum);
        }
        let header_value = serde_json::from_slice(header_bytes).map_err(|error| header(error.to_string()))?;
        let sections = section_table(&header_value)?;
        let mut file = Self::from_header(header_value)?;
        for (name, length) in sections {
            let (section_bytes, rest) = usize::try_from(length)
                .ok()
                .and_then(|length| body.split_at_checked(length))
                .ok_or_else(|| truncated(&format!("section `{name}`")))?;
            body = rest;
            if file.sections.insert(name.clone(), section_bytes.to_vec()).is_some() {
                return Err(section(&name, "appears twice".to_owned()));
            }
        }
        if !body.is_empty() {
            return Err(header(format!("{} bytes after the last section", body.len())));
        }
        Ok(file)
    }

    /// Everything but the sections.
    fn from_header(mut value: Value) -> FileResult<Self> {
        let Some(Value::Object(facts)) = value.get_mut("facts").map(Value::take) else {
            return Err(header("`facts` is not an object".to_owned()));
        };
        let texts = |value: &Value| -> Option<Vec<String>> {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let training_window = match &value["training_window"] {
            Value::Null => None,
            window => match texts(window).as_deref() {
                Some([first, last]) => Some((first.clone(), last.clone())),
                _ => return Err(header("`training_window` is not a pair of texts".to_owned())),
            },
        };
        let metrics = value["metrics"].as_object().ok_or_else(|| header("`metrics` is not an object".to_owned()))?;
        Ok(Self {
            kind: text(&value, "kind")?,
            crate_version: text(&value, "crate_version")?,
            feature_names: texts(&value["feature_names"])
                .ok_or_else(|| header("`feature_names` is not a list of texts".to_owned()))?,
            schema_hash: text(&value, "schema_hash")?,
            training_window,
            metrics: metrics.iter().filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect(),
            facts,
            sections: BTreeMap::new(),
        })
    }
}

fn section_table(value: &Value) -> FileResult<Vec<(String, u64)>> {
    let entries = value["sections"].as_array().ok_or_else(|| header("`sections` is not a list".to_owned()))?;
    entries
        .iter()
        .map(|entry| {
            let length = entry["length"].as_u64().ok_or_else(|| header("a section has no length".to_owned()))?;
            Ok((text(entry, "name")?, length))
        })
        .collect()
}

fn text(value: &Value, name: &str) -> FileResult<String> {
    value[name].as_str().map(str::to_owned).ok_or_else(|| header(format!("`{name}` is not text")))
}

fn header(reason: String) -> ModelFileError {
    ModelFileError::Header { reason }
}

fn section(name: &str, reason: String) -> ModelFileError {
    ModelFileError::Section { name: name.to_owned(), reason }
}

/// SHA-256 of names, kinds and levels, each with its length before it, in hexadecimal.
fn schema_hash(columns: &[FeatureColumn]) -> String {
    let mut hasher = Sha256::new();
    let mut feed = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for column in columns {
        feed(&column.name);
        match &column.kind {
            FeatureKind::Number => feed("number"),
            FeatureKind::Category { levels } => {
                feed("category");
                feed(&levels.len().to_string());
                levels.iter().for_each(&mut feed);
            }
        }
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> ModelFile {
        let mut inner = ModelFile::new("inner");
        inner.put_u32("codes", &[1, 2, u32::MAX]);
        let mut file = ModelFile::new("sample");
        file.set_features(&[FeatureColumn::number("spend")])
            .set_training_window("2026-01-01", "2026-03-31")
            .set_metric("log_loss", 0.1)
            .set_metric("auc", f64::NAN)
            .set_fact("link", "logit")
            .put_f64("coefficients", &[f64::MIN_POSITIVE, -0.0, f64::INFINITY])
            .put_file("inner", &inner);
        file
    }

    #[test]
    fn a_file_comes_back_bit_for_bit() {
        let file = sample();
        let back = ModelFile::from_bytes(&file.to_bytes()).unwrap();
        assert_eq!(back, file);
        assert_eq!(back.to_bytes(), file.to_bytes());
        assert_eq!(back.file("inner").unwrap().u32("codes").unwrap(), [1, 2, u32::MAX]);
        assert_eq!(back.f64("coefficients").unwrap()[1].to_bits(), (-0.0_f64).to_bits());
        assert!(matches!(back.finite_f64("coefficients"), Err(ModelFileError::Section { .. })));
        assert!(matches!(back.f64("intercept"), Err(ModelFileError::MissingSection { .. })));
        assert_eq!(back.metrics().len(), 1);
    }

    #[test]
    fn every_truncation_is_refused() {
        let bytes = sample().to_bytes();
        for length in 0..bytes.len() {
            assert!(ModelFile::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_newer_format_is_refused_by_its_version() {
        let mut bytes = sample().to_bytes();
        bytes[8] = 2;
        assert_eq!(ModelFile::from_bytes(&bytes), Err(ModelFileError::Version { found: 2 }));
    }

    /// A file whose checksum is right, whatever else is wrong with it.
    fn sealed(header: &str, body: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(body);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    #[test]
    fn a_header_of_another_shape_is_refused() {
        for text in ["[]", "1", "null", "{}", r#"{"facts":{}}"#, r#"{"facts":[],"sections":[]}"#, "{"] {
            assert!(matches!(ModelFile::from_bytes(&sealed(text, &[])), Err(ModelFileError::Header { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut bytes = sample().to_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(ModelFile::from_bytes(&bytes).is_err());
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = ModelFile::from_bytes(&bytes);
            let _ = ModelFile::from_bytes(&sealed(&String::from_utf8_lossy(&bytes), &bytes));
        }

        #[test]
        fn lying_lengths_are_refused(length in any::<u64>(), body in proptest::collection::vec(any::<u8>(), 0..40)) {
            let header = format!(
                r#"{{"kind":"k","crate_version":"0","feature_names":[],"schema_hash":"","metrics":{{}},"facts":{{}},
                "sections":[{{"name":"a","length":{length}}}]}}"#
            );
            prop_assert_eq!(ModelFile::from_bytes(&sealed(&header, &body)).is_ok(), length == body.len() as u64);
        }
    }
}
