//! A case that is missing in `suite.rs` would be proven on no engine, and nobody would notice.

use std::{collections::BTreeSet, fs, path::Path};

/// The names behind `pub async fn` in all files below `folder`, as `file::case`.
fn cases_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            cases_below(&path, found);
            continue;
        }
        let file = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("a file");
        let names = text.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('('));
        let noun = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        found.extend(names.map(|(name, _)| format!("{noun}::{file}::{name}")));
    }
}

/// The names in the list, with the modules around them.
fn named(suite: &str) -> BTreeSet<String> {
    let list =
        suite.split("$crate::$make! { $($with)*").nth(1).and_then(|rest| rest.split("};").next()).expect("the list");
    let mut modules: Vec<&str> = Vec::new();
    let mut names = BTreeSet::new();
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (line.strip_suffix(" {"), line) {
            (Some(module), _) => modules.push(module),
            (None, "}") => drop(modules.pop()),
            (None, name) => drop(names.insert(format!("{}::{name}", modules.join("::")))),
        }
    }
    names
}

#[test]
fn every_case_is_named() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut written = BTreeSet::new();
    cases_below(&source.join("cases"), &mut written);
    let named = named(&fs::read_to_string(source.join("suite.rs")).expect("suite.rs"));
    assert!(written.len() > 100, "the cases were not found");
    assert_eq!(named, written);
}
