//! The workspace is as the architecture says: arrows, licences, small graphs, packages ready to publish.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The floor each member lives on; an arrow points only to a lower one.
const FLOORS: [(&str, u8); 16] = [
    ("adsml-core", 0),
    ("adsml-eval", 1),
    ("adsml-features", 2),
    ("adsml-meta", 2),
    ("adsml-models", 2),
    ("adsml-optimize", 2),
    ("adsml-segment", 2),
    ("adsml-learning", 2),
    ("adsml-simulate", 2),
    ("adsml-plot", 2),
    ("adsml", 3),
    ("adsml-platform", 4),
    ("adsml-examples", 5),
    ("adsml-benches", 5),
    ("adsml-tests", 5),
    // Beside the house: the common checks, which only tests may use.
    ("adsml-testing", 1),
];

/// Licences a dependency may offer; one alternative of its expression is enough.
const LICENCES: [&str; 14] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "0BSD",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(["--locked".to_owned(), "--offline".to_owned()])
        .exec()
        .expect("cargo metadata runs")
}

fn members(metadata: &Metadata) -> BTreeMap<&str, &Package> {
    metadata.workspace_packages().into_iter().map(|package| (package.name.as_str(), package)).collect()
}

#[test]
fn every_member_has_a_floor() {
    let metadata = metadata();
    let known: BTreeSet<&str> = FLOORS.iter().map(|&(name, _)| name).collect();
    assert_eq!(members(&metadata).into_keys().collect::<BTreeSet<_>>(), known);
}

#[test]
fn arrows_point_only_to_lower_floors() {
    let metadata = metadata();
    let floors = BTreeMap::from(FLOORS);
    for (name, package) in members(&metadata) {
        for dependency in package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal) {
            let Some(floor) = floors.get(dependency.name.as_str()) else { continue };
            assert!(*floor < floors[name], "{name} may not use {}", dependency.name);
            let beside = dependency.name == "adsml-testing";
            assert!(!beside || floors[name] == 5, "{name} may use adsml-testing in its tests only");
        }
    }
}

#[test]
fn every_licence_is_permitted() {
    for package in &metadata().packages {
        let expression = package.license.as_deref().unwrap_or_default();
        assert!(is_permitted(expression), "{} {}: licence `{expression}`", package.name, package.version);
    }
}

/// Every `AND` part of an SPDX expression (without nested parentheses) offers a permitted alternative.
fn is_permitted(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    !expression.is_empty()
        && expression
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|one| LICENCES.contains(&one.trim().trim_matches(['(', ')']).trim())))
}

#[test]
fn a_user_of_one_crate_compiles_few_others_and_no_c() {
    // The design asks for about 30 under core and eval, about 40 under optimize.
    for (name, most) in [("adsml-core", 32), ("adsml-eval", 36), ("adsml-optimize", 40)] {
        let packages = normal_tree(name);
        assert!(packages.len() <= most, "{name} has {} packages: {packages:?}", packages.len());
        assert!(!packages.iter().any(|package| package.starts_with("linfa")), "{name} knows linfa");
    }
    for name in ["adsml-features", "adsml-meta", "adsml-models", "adsml-simulate", "adsml-plot", "adsml"] {
        let packages = normal_tree(name);
        let compiles_c = |package: &&String| package.ends_with("-sys") || *package == "cc" || *package == "cmake";
        assert_eq!(packages.iter().find(compiles_c), None, "{name} compiles C");
    }
}

/// Names of the packages that a user of `package` compiles.
fn normal_tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--package", package])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_published_crate_says_what_it_is() {
    for (name, package) in members(&metadata()) {
        if package.publish.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        assert!(package.description.is_some(), "{name} has no description");
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"), "{name}");
        assert!(package.readme.is_some(), "{name} has no README");
        assert!(package.rust_version.is_some(), "{name} has no rust-version");
        assert!(!package.keywords.is_empty() && !package.categories.is_empty(), "{name}");
    }
}

#[test]
fn both_readmes_show_the_same_commands() {
    let commands = |file: &str| -> Vec<String> {
        let text = std::fs::read_to_string(format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"))).expect("it is there");
        text.lines().filter(|line| line.starts_with("cargo ")).map(str::to_owned).collect()
    };
    let english = commands("README.md");
    assert!(english.len() >= 2);
    assert_eq!(english, commands("README.es.md"));
}
