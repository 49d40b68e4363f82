//! Malformed, truncated and hostile files of other libraries: an error, or a model that works.
//!
//! Never a panic, a hang, or memory beyond 32 bytes for each byte of the file. `ADSML_FUZZ_SECONDS=600` lets each reader be
//! tried for so long; what is found is kept in `tests/hostile/`, and tried in every run.
#![allow(clippy::print_stdout)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use adsml_core::{ModelFile, Regressor, RngCore, Seed, Stream};
use adsml_models::{ImportedModel, ModelError, Result};
use adsml_testing::{CountingAllocator, alone, measured};
use ndarray::Array2;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

type Reader = fn(&[u8]) -> Result<ImportedModel>;

const BYTES_PER_BYTE: usize = 32;
/// For messages, and for XGBoost's sets of categories, of which a short list may hold a high number.
const BYTES_IN_ANY_CASE: usize = 2 << 20;
const LONGEST: Duration = Duration::from_secs(5);

fn lightgbm(bytes: &[u8]) -> Result<ImportedModel> {
    match std::str::from_utf8(bytes) {
        Ok(text) => ImportedModel::from_lightgbm_text(text),
        Err(_) => ImportedModel::from_bytes(bytes),
    }
}

fn json(bytes: &[u8]) -> Result<ImportedModel> {
    match std::str::from_utf8(bytes) {
        Ok(text) => ImportedModel::from_xgboost_json(text),
        Err(_) => ImportedModel::from_bytes(bytes),
    }
}

const READERS: [(&str, &str, Reader); 3] = [
    ("lightgbm-4.7.0", "txt", lightgbm),
    ("xgboost-3.2.0", "json", json),
    ("xgboost-3.2.0", "ubj", ImportedModel::from_xgboost_ubjson),
];

/// Real files of a format.
fn real(library: &str, end: &str) -> Vec<Vec<u8>> {
    let folder = adsml_testing::workspace_root().join("tests/golden").join(library).join("exchange");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("stored models").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let paths = paths.into_iter().filter(|path| path.extension().is_some_and(|found| found == end));
    paths.map(|path| std::fs::read(path).expect("a stored model")).collect()
}

/// Holds a reader to its promises; gives the model, if it is one.
fn try_file(read: Reader, bytes: &[u8]) -> Option<ImportedModel> {
    let begun = Instant::now();
    let (result, most) = measured(|| catch_unwind(AssertUnwindSafe(|| read(bytes))));
    let problem = match &result {
        Err(_) => Some("a panic".to_owned()),
        _ if most > BYTES_PER_BYTE * bytes.len() + BYTES_IN_ANY_CASE => Some(format!("{most} bytes of memory")),
        _ if begun.elapsed() > LONGEST => Some(format!("{:?}", begun.elapsed())),
        Ok(Err(ModelError::ForeignModel { place, reason, .. })) => {
            let lengths = place.len() + reason.len();
            (lengths > 2_000).then(|| format!("a message of {lengths} bytes"))
        }
        Ok(Err(other)) => Some(format!("another error: {other}")),
        Ok(Ok(_)) => None,
    };
    let problem = problem.or_else(|| {
        let model = result.as_ref().ok()?.as_ref().ok()?;
        catch_unwind(AssertUnwindSafe(|| use_model(model)))
            .err()
            .map(|_| "a panic of the model that was read".to_owned())
    });
    if let Some(problem) = problem {
        let path = std::env::temp_dir().join(format!("adsml-find-{}", bytes.len()));
        std::fs::write(&path, bytes).expect("a file for the find");
        panic!("{problem}: {}", path.display());
    }
    result.ok()?.ok()
}

/// What was read predicts finite numbers, and survives a file of ours.
fn use_model(model: &ImportedModel) {
    let odd = [f64::NAN, 0.0, -0.0, 1.0, -1.0, 0.5, 1e300, f64::INFINITY, f64::NEG_INFINITY, 3.0, 1e-36];
    let n_features = model.n_features();
    if n_features > 10_000 {
        return;
    }
    let x = Array2::from_shape_fn((odd.len(), n_features), |(row, feature)| odd[(row + feature) % odd.len()]);
    let outputs = model.outputs(x.view()).expect("rows of the right length");
    assert!(outputs.iter().all(|output| output.is_finite()), "a prediction is not finite");
    if let Some(classifier) = model.as_classifier() {
        let proba = classifier.predict_proba(x.view()).expect("rows of the right length");
        assert!(proba.outer_iter().all(|row| (row.sum() - 1.0).abs() < 1e-9), "probabilities do not sum to one");
    }
    let file = model.to_file().expect("a model file").to_bytes();
    let back = ImportedModel::from_file(&ModelFile::from_bytes(&file).expect("a model file")).expect("a model");
    assert!(back.outputs(x.view()).expect("rows").iter().zip(&outputs).all(|(a, b)| a.to_bits() == b.to_bits()));
}

/// Numbers and names that may stand where a number or a name stood.
const ODD: [&str; 26] = [
    "-1",
    "0",
    "1",
    "2",
    "-2",
    "31",
    "32",
    "255",
    "256",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "1e309",
    "-1e309",
    "9223372036854775807",
    "99999999999999999999",
    "nan",
    "inf",
    "NaN",
    "null",
    "1.5",
    "1e-46",
    "",
    "true",
    "\u{e9}",
];

fn pick<'a, T>(items: &'a [T], stream: &mut Stream) -> &'a T {
    &items[stream.below(items.len())]
}

/// Words of a text: what separators leave, with their places.
fn words(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_separator = |byte: u8| matches!(byte, b' ' | b'\n' | b'=' | b',' | b':' | b'[' | b']' | b'{' | b'}' | b'"');
    let mut words = Vec::new();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if is_separator(byte) {
            words.push(from..at);
            from = at + 1;
        }
    }
    words.push(from..bytes.len());
    words
}

fn replace(bytes: &[u8], range: std::ops::Range<usize>, with: &[u8]) -> Vec<u8> {
    [&bytes[..range.start], with, &bytes[range.end..]].concat()
}

/// A range of at most `most` bytes.
fn piece(length: usize, most: usize, stream: &mut Stream) -> std::ops::Range<usize> {
    let from = stream.below(length + 1);
    from..(from + stream.below(most + 1)).min(length)
}

/// The same length, with other bytes somewhere.
fn overwrite(bytes: &[u8], with: &[u8], stream: &mut Stream) -> Vec<u8> {
    let from = stream.below(bytes.len() + 1);
    replace(bytes, from..(from + with.len()).min(bytes.len()), with)
}

/// One change that knows something of the format.
fn mutate(bytes: &[u8], seeds: &[Vec<u8>], is_text: bool, stream: &mut Stream) -> Vec<u8> {
    let n = bytes.len();
    match stream.below(if is_text { 9 } else { 7 }) {
        0 => overwrite(bytes, &[stream.next_u32() as u8], stream),
        1 => replace(bytes, piece(n, 40, stream), b""),
        2 => {
            let copied = bytes[piece(n, 60, stream)].to_vec();
            replace(bytes, piece(n, 0, stream), &copied)
        }
        3 => {
            let other = pick(seeds, stream);
            let copied = &other[piece(other.len(), 400, stream)];
            replace(bytes, piece(n, 400, stream), copied)
        }
        4 => bytes[..stream.below(n + 1)].to_vec(),
        5 => {
            // Lengths of UBJSON are eight bytes after an `L`.
            let places: Vec<usize> = (0..n).filter(|&at| bytes[at] == b'L' && at + 9 <= n).collect();
            if places.is_empty() {
                return bytes.to_vec();
            }
            let at = *pick(&places, stream);
            let old = u64::from_be_bytes(bytes[at + 1..at + 9].try_into().expect("eight bytes"));
            let new = *pick(
                &[0, 1, old.wrapping_add(1), old.wrapping_sub(1), u64::MAX, 1 << 62, 1 << 32, old.wrapping_mul(2)],
                stream,
            );
            replace(bytes, at + 1..at + 9, &new.to_be_bytes())
        }
        6 => {
            let word = *pick(
                &[0_u32, 1, 2, u32::MAX, 0x7fff_ffff, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000],
                stream,
            );
            overwrite(bytes, &word.to_be_bytes(), stream)
        }
        7 => {
            let words = words(bytes);
            let with = if stream.below(3) == 0 {
                bytes[pick(&words, stream).clone()].to_vec()
            } else {
                pick(&ODD, stream).as_bytes().to_vec()
            };
            replace(bytes, pick(&words, stream).clone(), &with)
        }
        _ => {
            // A line, or an entry, is dropped, doubled or moved.
            let separator = if bytes.contains(&b'\n') { b'\n' } else { b',' };
            let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == separator).collect();
            let line = lines[stream.below(lines.len())];
            match stream.below(3) {
                0 => drop(lines.remove(stream.below(lines.len()))),
                1 => lines.insert(stream.below(lines.len() + 1), line),
                _ => {
                    let (a, b) = (stream.below(lines.len()), stream.below(lines.len()));
                    lines.swap(a, b);
                }
            }
            lines.join(&separator)
        }
    }
}

#[test]
fn mutations_of_real_files_and_random_bytes() {
    let _alone = alone();
    let seconds = std::env::var("ADSML_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (run, seconds) = (seconds.unwrap_or(0), seconds.unwrap_or(2));
    for (library, end, read) in READERS {
        let seeds = real(library, end);
        // Another stream for every long run.
        let mut stream = Seed::new(run).stream(end, if run > 0 { u64::from(std::process::id()) } else { 0 });
        let end_of_time = Instant::now() + Duration::from_secs(seconds);
        let (mut n, mut n_models) = (0, 0);
        // A short run does as much on any machine, unless it is a slow one.
        while Instant::now() < end_of_time && (run > 0 || n < 2_000) {
            let mut bytes = pick(&seeds, &mut stream).clone();
            if stream.below(50) == 0 {
                bytes = (0..stream.below(300)).map(|_| stream.next_u32() as u8).collect();
            }
            for _ in 0..=stream.below(4) {
                bytes = mutate(&bytes, &seeds, end != "ubj", &mut stream);
            }
            n_models += usize::from(try_file(read, &bytes).is_some());
            n += 1;
        }
        println!("{library} {end}: {n} files, {n_models} of them models");
        assert!(n_models > 0, "some changes do not matter");
    }
}

#[test]
fn truncations_at_every_offset() {
    let _alone = alone();
    for (library, end, read) in READERS {
        let seeds = real(library, end);
        // Small ones of every kind; all of them in a long run.
        let all = std::env::var_os("ADSML_FUZZ_SECONDS").is_some();
        let mut by_length: Vec<&Vec<u8>> = seeds.iter().collect();
        by_length.sort_by_key(|bytes| bytes.len());
        for bytes in by_length.iter().step_by(if all { 1 } else { 12 }) {
            let trees_end = bytes.windows(12).position(|window| window == b"end of trees");
            for length in 0..bytes.len() {
                let model = try_file(read, &bytes[..length]);
                // What follows the trees of LightGBM's text does not change a prediction.
                let is_whole = trees_end.is_some_and(|end| length >= end + 12);
                assert!(model.is_none() || is_whole, "{library} {end}: {length} of {} bytes are a model", bytes.len());
            }
        }
    }
}

#[test]
fn what_was_found_once() {
    let _alone = alone();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        for (_, _, read) in READERS {
            try_file(read, &bytes);
        }
        try_file(ImportedModel::from_bytes, &bytes);
    }
}

#[test]
fn files_that_promise_much_take_little() {
    let _alone = alone();
    let n = 200_000;
    let header = |features: &str, last: usize, trees: usize| {
        let sizes = vec!["1"; trees].join(" ");
        format!(
            "tree\nversion=v4\nnum_class=1\nmax_feature_idx={last}\nfeature_names={features}\ntree_sizes={sizes}\n\n"
        )
    };
    let mut texts = Vec::new();
    // Many features, many trees, a tree that is a line of nodes, many fields, and counts that nothing follows.
    let names: Vec<String> = (0..n).map(|feature| feature.to_string()).collect();
    texts.push(header(&names.join(" "), n - 1, 0) + "end of trees\n");
    let trees: String = (0..n).map(|tree| format!("Tree={tree}\nnum_leaves=1\nleaf_value=0\n")).collect();
    texts.push(header("a", 0, n) + &trees + "end of trees\n");
    let row = |number: &dyn Fn(usize) -> String, n: usize| (0..n).map(number).collect::<Vec<_>>().join(" ");
    let line = format!(
        "Tree=0\nnum_leaves={}\nnum_cat=0\nsplit_feature={}\nthreshold={}\nleft_child={}\nright_child={}\nleaf_value={}\n",
        n + 1,
        row(&|_| "0".to_owned(), n),
        row(&|_| "0".to_owned(), n),
        row(&|at| if at + 1 < n { (at + 1).to_string() } else { (-(n as i64) - 1).to_string() }, n),
        row(&|at| (-(at as i64) - 1).to_string(), n),
        row(&|_| "0".to_owned(), n + 1),
    );
    texts.push(header("a", 0, 1) + &line + "end of trees\n");
    texts.push("tree\n".to_owned() + &(0..n).map(|field| format!("{field}\n")).collect::<String>());
    texts.push(header("a", 0, 1) + "Tree=0\nnum_leaves=4000000000\nleaf_value=0\n\nend of trees\n");
    texts.push(header("a", 0, 0).replace("num_class=1", "num_class=4000000000") + "end of trees\n");
    texts.push(header("a", 0, 0) + "end of trees\npandas_categorical:" + &"[".repeat(n));
    texts.push(header("a", 0, 0) + "end of trees\npandas_categorical:[" + &"[],".repeat(n) + "[]]");
    for text in &texts {
        try_file(lightgbm, text.as_bytes());
    }
    assert!(lightgbm(texts[2].as_bytes()).is_ok(), "a line of nodes is a tree");

    let model = |trees: &str, more: &str, param: &str| {
        format!(
            "{{\"learner\":{{\"gradient_booster\":{{\"model\":{{\"tree_info\":[],\"trees\":[{trees}]{more}}},\"name\":\"gbtree\"}},\
             \"learner_model_param\":{{\"base_score\":\"0\",{param}}},\"objective\":{{\"name\":\"reg:squarederror\"}}}}}}"
        )
    };
    let features = "\"num_feature\":\"1\",\"num_class\":\"0\"";
    for text in [
        model("", "", "\"num_feature\":\"4000000000\",\"num_class\":\"0\""),
        model("", "", "\"num_feature\":\"1\",\"num_class\":\"4000000000\""),
        model(&vec!["{\"id\":0}"; n].join(","), "", features),
        model("", &format!(",\"cats\":{{\"enc\":[{}]}}", vec!["{}"; n].join(",")), features),
        model("", &format!(",\"cats\":{{\"enc\":[{{\"values\":[{}]}}]}}", vec!["1"; n].join(",")), features),
        model(
            "",
            &format!(",\"cats\":{{\"enc\":[{{\"offsets\":[{}],\"values\":[]}}]}}", vec!["0"; n].join(",")),
            features,
        ),
        "[".repeat(n),
        "{\"a\":".repeat(n),
        format!("{{\"learner\":{{\"attributes\":{{\"a\":{}", "[".repeat(n)),
    ] {
        try_file(json, text.as_bytes());
    }
}
