//! The layout as data: who may import what, sizes, names, documentation. What is not written down
//! here is not a rule; what is, holds in a year as on the first day.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders of the project's own text.
const FOLDERS: [&str; 6] = ["src", "tests", "dev", "migrations", "examples", "man"];

/// Rooms that decide and never act: values in, values out.
const PURE: [&str; 14] = [
    "activity",
    "analytics",
    "customers",
    "domain",
    "fraud",
    "events",
    "generate",
    "metrics",
    "orders",
    "pricing",
    "recommend",
    "streams",
    "timescale",
    "topics",
];

/// What a pure room must not name: other places of this program and crates that act.
const ACTING: [&str; 12] = [
    "crate::backends",
    "crate::commands",
    "crate::cli",
    "crate::ui",
    "crate::config",
    "crate::runtime",
    "crate::telemetry",
    "tokio",
    "clap",
    "anyhow",
    "tracing",
    "indicatif",
];

/// Client libraries, and the one folder that may name each.
const CLIENTS: [(&str, &str); 5] = [
    ("fjall", "src/backends/kafka/runner/disk"),
    ("sqlx", "src/backends/postgres"),
    ("rdkafka", "src/backends/kafka"),
    ("redis", "src/backends/redis"),
    ("hyper", "src/http"),
];

/// What a folder must not name: (folder, forbidden).
const FORBIDDEN: [(&str, &[&str]); 9] = [
    (
        "src/backends",
        &["crate::ui", "crate::cli", "crate::commands", "clap", "indicatif", "comfy_table"],
    ),
    ("src/backends/postgres", &["crate::backends::kafka", "crate::backends::redis"]),
    ("src/backends/kafka", &["crate::backends::postgres", "crate::backends::redis"]),
    ("src/backends/redis", &["crate::backends::postgres", "crate::backends::kafka"]),
    (
        "src/ui",
        &[
            "crate::timescale",
            "crate::metrics",
            "crate::streams",
            "crate::fraud",
            "crate::recommend",
            "crate::topics",
            "crate::backends",
            "crate::commands",
            "crate::config",
        ],
    ),
    ("src/http", &["crate::ui", "crate::commands", "crate::backends", "crate::config", "clap"]),
    ("src/config", &["crate::ui", "crate::commands", "crate::backends", "clap"]),
    ("src/runtime", &["crate::ui", "crate::commands", "crate::backends", "clap"]),
    ("src/telemetry", &["crate::ui", "crate::commands", "crate::backends", "clap"]),
];

/// The only edges between rooms, beside the one to `domain` that all have.
const EDGES: [(&str, &str); 8] = [
    ("src/analytics", "crate::metrics"),
    ("src/analytics", "crate::timescale"),
    ("src/customers", "crate::events"),
    ("src/streams/topologies", "crate::activity"),
    ("src/streams/topologies", "crate::fraud"),
    ("src/streams/topologies", "crate::orders"),
    ("src/streams/topologies", "crate::pricing"),
    ("src/streams/topologies", "crate::recommend"),
];

/// What stands at the top of the project.
const TOP: [&str; 18] = [
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "build.rs",
    "clippy.toml",
    "completions",
    "dev",
    "examples",
    "man",
    "migrations",
    "rustfmt.toml",
    "src",
    "tests",
];

/// Names that say nothing.
const BANNED: [&str; 11] = [
    "util", "utils", "helper", "helpers", "common", "manager", "misc", "shared", "types", "base",
    "core",
];

/// Lines of a file: more is told, many more fail.
const FILE_TOLD: usize = 500;
const FILE_LIMIT: usize = 800;
/// Lines of a function.
const FUNCTION_LIMIT: usize = 70;
/// Longer functions that were there before the limit: they may shrink, not grow.
const LONG_FUNCTIONS: [(&str, &str, usize); 1] =
    [("src/backends/kafka/runner/restore.rs", "restore", 72)];
/// Columns of a line of Rust without a text in it: rustfmt keeps to 100 where it can, this is for
/// what it leaves alone.
const COLUMNS: usize = 120;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the checkout, as paths from its root.
fn files(folder: &str) -> Vec<String> {
    fn walk(path: &Path, out: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(path) else { return };
        for entry in entries.map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let built = ["target", "node_modules", "build", "lib"].contains(&name.as_str());
            match entry.file_type().unwrap().is_dir() {
                true if built || name.starts_with('.') => {}
                true => walk(&entry.path(), out),
                false => out.push(entry.path()),
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let name = |p: PathBuf| p.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = found.into_iter().map(name).collect();
    names.sort();
    names
}

fn rust(folder: &str) -> Vec<String> {
    files(folder).into_iter().filter(|f| f.ends_with(".rs")).collect()
}

fn read(file: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(root().join(file)).unwrap()).into_owned()
}

/// Lines of code with their numbers; comments and the unit tests at the end are left out.
fn code(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line == "#[cfg(test)]" {
            break;
        }
        let line = line.split("//").next().unwrap_or_default();
        lines.push((at + 1, line.to_owned()));
    }
    lines
}

/// Whether a line names a path or a crate, as a whole word: `redis::Client` names `redis`,
/// `backends::redis::Facts` and `self::redis` do not.
fn names(line: &str, what: &str) -> bool {
    let imported = line.trim_start().strip_prefix("use ").is_some_and(|rest| {
        rest.strip_prefix(what).is_some_and(|r| r.starts_with([':', ';', ' ']))
    });
    let used = format!("{what}::");
    imported
        || line.match_indices(&used).any(|(at, _)| {
            !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
        })
}

/// Whether a file names a module of this crate, also through a nested `use crate::{...}`.
fn names_in_use_tree(line: &str, module: &str) -> bool {
    let Some(module) = module.strip_prefix("crate::") else { return false };
    let line = line.trim_start();
    let Some(list) = line.strip_prefix("use crate::{") else { return false };
    list.split([',', '{', '}']).any(|item| {
        item.trim().strip_prefix(module).is_some_and(|r| r.is_empty() || r.starts_with([':', ';']))
    })
}

fn offences(folder: &str, forbidden: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust(folder) {
        for (number, line) in code(&read(&file)) {
            for &what in forbidden.iter().filter(|w| names(&line, w) || names_in_use_tree(&line, w))
            {
                if EDGES.iter().any(|&(from, to)| file.starts_with(from) && to == what) {
                    continue;
                }
                found.push(format!("{file}:{number} names {what}"));
            }
        }
    }
    found
}

#[track_caller]
fn none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

#[test]
fn rooms_decide_and_never_act() {
    let mut found = Vec::new();
    for room in PURE {
        let others = PURE.iter().filter(|r| **r != room && **r != "domain");
        let others: Vec<String> = others.map(|r| format!("crate::{r}")).collect();
        let clients = CLIENTS.iter().map(|(client, _)| *client);
        let forbidden: Vec<&str> =
            ACTING.into_iter().chain(clients).chain(others.iter().map(String::as_str)).collect();
        found.extend(offences(&format!("src/{room}"), &forbidden));
    }
    none("a room imports only `domain` (and what EDGES has) and no I/O", &found);
}

#[test]
fn only_its_backend_imports_a_client_library() {
    let mut found = Vec::new();
    for (client, home) in CLIENTS {
        for file in rust("src").into_iter().filter(|f| !f.starts_with(home)) {
            let text = read(&file);
            // A command may have a module of that name, or import the backend's.
            let module = [format!("mod {client};"), format!("{client}::{{self")];
            let own = module.iter().any(|m| text.contains(m.as_str()));
            for (number, line) in code(&text) {
                let imports = line.trim_start().starts_with(&format!("use {client}"));
                if names(&line, client) && (imports || !own) {
                    found.push(format!("{file}:{number} names {client}"));
                }
            }
        }
    }
    none("a client library is imported by its backend alone", &found);
}

#[test]
fn dependencies_go_one_way() {
    let found: Vec<String> =
        FORBIDDEN.iter().flat_map(|(folder, what)| offences(folder, what)).collect();
    none("dependencies go main -> cli -> commands -> backends -> rooms", &found);
}

#[test]
#[expect(clippy::print_stderr, reason = "a note beside the verdict")]
fn files_are_short() {
    let (mut found, mut told) = (Vec::new(), Vec::new());
    for file in FOLDERS.into_iter().flat_map(rust) {
        let lines = read(&file).lines().count();
        if lines > FILE_LIMIT {
            found.push(format!("{file} has {lines} lines"));
        } else if lines > FILE_TOLD {
            told.push(format!("{file} has {lines} lines"));
        }
    }
    if !told.is_empty() {
        eprintln!("note: over {FILE_TOLD} lines:\n  {}", told.join("\n  "));
    }
    none(&format!("a file has at most {FILE_LIMIT} lines"), &found);
}

/// Functions by rustfmt's layout: from the line of `fn` to the brace in its column.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let Some(at) = words.find("fn ") else { continue };
        let before = &words[..at];
        let modifiers = ["pub", "async", "const", "unsafe", "pub(crate)", "pub(super)", "extern"];
        if !before.split_whitespace().all(|w| modifiers.contains(&w)) {
            continue;
        }
        let name: String =
            words[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let close = format!("{}}}", " ".repeat(indent));
        if line.ends_with('}') || line.ends_with(';') {
            continue;
        }
        if let Some(length) = lines[start..].iter().position(|l| *l == close) {
            found.push((name, start + 1, length + 1));
        }
    }
    found
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for file in ["src", "tests"].into_iter().flat_map(rust) {
        for (name, line, length) in functions(&read(&file)) {
            let known = LONG_FUNCTIONS.iter().find(|(f, n, _)| *f == file && *n == name);
            let limit = known.map_or(FUNCTION_LIMIT, |(_, _, limit)| *limit);
            if length > limit {
                found.push(format!("{file}:{line} {name} has {length} lines"));
            }
        }
    }
    none(&format!("a function has at most {FUNCTION_LIMIT} lines"), &found);
}

#[test]
fn lines_fit() {
    let mut found = Vec::new();
    for file in ["src", "tests"].into_iter().flat_map(rust) {
        for (at, line) in read(&file).lines().enumerate() {
            let columns = if line.contains('"') { 0 } else { line.chars().count() };
            if columns > COLUMNS {
                found.push(format!("{file}:{} has {columns} columns", at + 1));
            }
        }
    }
    none(&format!("a line has at most {COLUMNS} columns"), &found);
}

#[test]
fn names_say_something() {
    let mut found = Vec::new();
    for file in ["src", "tests"].into_iter().flat_map(rust) {
        let parts = Path::new(&file).iter().map(|p| p.to_str().unwrap().trim_end_matches(".rs"));
        if parts.into_iter().any(|p| BANNED.contains(&p)) {
            found.push(file);
        }
    }
    none("no file is named for its kind", &found);
}

#[test]
fn nothing_is_left_for_later() {
    let marks = ["TODO", "FIXME"].map(|m| m.to_owned());
    let macros = ["todo", "unimplemented"].map(|m| format!("{m}!("));
    let mut found = Vec::new();
    for file in FOLDERS.into_iter().flat_map(files).filter(|f| f != "tests/tidy.rs") {
        for (at, line) in read(&file).lines().enumerate() {
            let word = |mark: &String| {
                line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == mark)
            };
            if marks.iter().any(word) || macros.iter().any(|m| line.contains(m)) {
                found.push(format!("{file}:{}: {}", at + 1, line.trim()));
            }
        }
    }
    none("what is not done is not there", &found);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut found = Vec::new();
    for file in ["src", "tests"].into_iter().flat_map(rust) {
        if !read(&file).starts_with("//!") {
            found.push(file);
        }
    }
    none("a file starts with a module doc", &found);
    let mut folders = BTreeSet::new();
    for file in rust("src") {
        folders.insert(Path::new(&file).parent().unwrap().to_owned());
    }
    let without: Vec<String> = folders
        .into_iter()
        .filter(|f| f != Path::new("src") && !root().join(f).join("mod.rs").exists())
        .map(|f| f.display().to_string())
        .collect();
    none("a folder has a mod.rs", &without);
}

#[test]
fn every_migration_starts_with_its_reason() {
    let mut found = Vec::new();
    let mut numbers = BTreeSet::new();
    let migrations = files("migrations").into_iter().filter(|f| f.ends_with(".sql"));
    for file in migrations {
        let name = Path::new(&file).file_name().unwrap().to_str().unwrap().to_owned();
        let number: String = name.chars().take_while(char::is_ascii_digit).collect();
        if number.len() != 4 || !numbers.insert(number) {
            found.push(format!("{file}: no number of its own in four digits"));
        }
        let text = read(&file);
        let reason = text.lines().next().unwrap_or_default();
        let directive = reason.starts_with("-- no-transaction");
        let reason = if directive { text.lines().nth(1).unwrap_or_default() } else { reason };
        if !reason.starts_with("-- ") || reason.len() < 20 {
            found.push(format!("{file}: no reason at its top"));
        }
    }
    none("a migration has a number and a reason", &found);
    assert!(!numbers.is_empty());
}

/// The test binaries, one a level: each costs a link.
const BINARIES: [&str; 5] = [
    "tests/cli/main.rs",
    "tests/live/main.rs",
    "tests/oracle/main.rs",
    "tests/simulation/main.rs",
    "tests/tidy.rs",
];

#[test]
fn every_test_file_is_declared() {
    let mut found = Vec::new();
    for binary in ["tests/cli", "tests/live", "tests/oracle", "tests/simulation"] {
        let main = read(&format!("{binary}/main.rs"));
        for file in rust(binary) {
            let Some(name) = file.strip_prefix(&format!("{binary}/")) else { continue };
            let name = name.trim_end_matches(".rs").trim_end_matches("/mod");
            if name != "main" && !name.contains('/') && !main.contains(&format!("mod {name};")) {
                found.push(format!("{file} is in no `mod` of {binary}/main.rs"));
            }
        }
    }
    let binaries: Vec<String> = rust("tests")
        .into_iter()
        .filter(|f| f.matches('/').count() == 1 || f.ends_with("/main.rs"))
        .filter(|f| !BINARIES.contains(&&**f))
        .collect();
    found.extend(binaries.into_iter().map(|f| format!("{f} is a test binary more")));
    none("every test runs, in one of the binaries", &found);
}

/// Settings that the configuration uses itself: the ways to a secret.
const OWN_SETTINGS: [&str; 2] = ["password_file", "password_command"];

#[test]
fn every_setting_does_something() {
    let rooms = rust("src").into_iter().filter(|f| !f.starts_with("src/config/"));
    let code: Vec<String> = rooms.map(|f| read(&f)).collect();
    let used = |key: &str| {
        let field = format!(".{key}");
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        code.iter()
            .any(|text| text.match_indices(&field).any(|(at, _)| ends(&text[at + field.len()..])))
    };
    let mut found = Vec::new();
    let mut section = String::new();
    for line in read("src/config/default.toml").lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((key, _)) = line.split_once(" = ")
            && !OWN_SETTINGS.contains(&key)
            && !used(key)
        {
            found.push(format!("{section}.{key}"));
        }
    }
    none("an option that does nothing is not there", &found);
}

#[test]
fn no_test_skips() {
    let ignored = ["#[ign", "ore"].concat();
    let found: Vec<String> = ["src", "tests"]
        .into_iter()
        .flat_map(rust)
        .filter(|f| f != "tests/tidy.rs" && read(f).contains(&ignored))
        .collect();
    none("a missing service is a failure", &found);
}

#[test]
fn nothing_foreign_is_committed() {
    // The checkout may be another user's.
    let git = std::process::Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git lists what is committed");
    assert!(git.status.success(), "{git:?}");
    let listed = String::from_utf8(git.stdout).expect("UTF-8");
    let mut found = Vec::new();
    for file in listed.split('\0').filter(|f| !f.is_empty()) {
        let top = file.split('/').next().unwrap_or_default();
        if !TOP.contains(&top) {
            found.push(format!("{file} has no place at the top"));
        }
        // One that is deleted but not yet committed so has no length.
        let length = std::fs::metadata(root().join(file)).map_or(0, |m| m.len());
        if length > 1 << 20 {
            found.push(format!("{file} has {length} bytes"));
        }
    }
    none("sources only, and small samples", &found);
}

#[test]
fn the_checks_check() {
    assert!(names("use sqlx::Row;", "sqlx"));
    assert!(names("let x = redis::cmd(a);", "redis"));
    assert!(!names("use crate::backends::redis::Facts;", "redis"));
    assert!(!names("self.redis.port", "redis"));
    assert!(names("crate::ui::visible(x)", "crate::ui"));
    assert!(names_in_use_tree("use crate::{config, ui::Cell};", "crate::ui"));
    assert!(!names_in_use_tree("use crate::{config, uix};", "crate::ui"));
    let text = "impl A {\n    pub fn one(\n        a: u8,\n    ) {\n        x();\n    }\n}\nfn two() {\n}\n";
    assert_eq!(functions(text), [("one".to_owned(), 2, 5), ("two".to_owned(), 8, 2)]);
}
