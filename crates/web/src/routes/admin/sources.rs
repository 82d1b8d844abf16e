//! A test that reads the handlers of the staff.

use std::{fs, path::Path};

/// Every source file below this folder.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read_to_string(&path).expect("a text")));
        }
    }
}

#[test]
fn the_staff_run_nothing_that_is_not_in_the_audit_log() {
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let mut found = Vec::new();
    for folder in ["admin", "pages/admin"] {
        sources(&routes.join(folder), &mut found);
    }
    assert!(found.len() > 25, "{} files", found.len());
    assert!(found.iter().any(|(_, text)| text.contains("run_as(staff.actor()")), "nothing was read");
    for (path, text) in found.iter().filter(|(path, _)| !path.ends_with("sources.rs")) {
        for unseen in ["app.run(", "app.try_run(", "app.run_once(", "store::execute"] {
            assert!(!text.contains(unseen), "{path} has `{unseen}`: what the staff do runs as somebody (`run_as`)");
        }
    }
}
