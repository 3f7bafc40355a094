//! completions/ and man/ are what the command line says; `dev/generate` writes them anew.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{Place, checkout, rewriting, run};

#[test]
fn the_committed_files_are_fresh() {
    let files = bss::cli::generate::files_of_the_checkout().unwrap();
    if rewriting() {
        write(&files);
    }
    for (path, text) in &files {
        let committed = std::fs::read(checkout("").join(path)).unwrap_or_default();
        assert!(committed == *text, "{} is stale: run dev/generate", path.display());
    }
    let expected: BTreeSet<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    let found: BTreeSet<PathBuf> = ["completions", "man"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(checkout(folder)).unwrap())
        .map(|entry| entry.unwrap().path().strip_prefix(checkout("")).unwrap().to_owned())
        .collect();
    assert_eq!(found, expected, "run dev/generate");
}

fn write(files: &[(PathBuf, Vec<u8>)]) {
    for folder in ["completions", "man"].map(checkout) {
        std::fs::create_dir_all(&folder).unwrap();
        for entry in std::fs::read_dir(&folder).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    for (path, text) in files {
        std::fs::write(checkout("").join(path), text).unwrap();
    }
}

#[test]
fn every_command_has_a_page_and_can_print_it() {
    let pages = bss::cli::generate::man_pages().unwrap();
    assert_eq!(pages.len(), crate::help::commands().len());
    for path in crate::help::commands() {
        let mut arguments = vec!["man"];
        arguments.extend(path.iter().map(String::as_str));
        let shown = run(&arguments);
        let page = shown.ok();
        for heading in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH \"EXIT STATUS\""] {
            assert!(page.contains(heading), "{path:?} has no {heading}");
        }
    }
}

#[test]
fn man_writes_all_pages_to_a_folder() {
    let place = Place::new();
    let shown = place.run(&["man", "--dir", "pages"]);
    let pages = std::fs::read_dir(place.path().join("pages")).unwrap().count();
    assert_eq!(shown.stderr, format!("Wrote {pages} pages to pages.\n"));
    assert_eq!(pages, crate::help::commands().len());
}

#[test]
fn bash_completes_commands_and_options() {
    let script = checkout("completions/bss.bash");
    let complete = |words: &str, at: usize| {
        let text = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD={at}; _bss bss \"${{COMP_WORDS[{at}]}}\" x; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let output = Command::new("bash")
            .args(["--norc", "--noprofile", "-c", &text])
            .stdin(Stdio::null())
            .output()
            .expect("bash");
        String::from_utf8(output.stdout).unwrap()
    };
    let groups = complete("bss ''", 1);
    for group in ["setup", "metrics", "streams", "fraud", "config", "doctor"] {
        assert!(groups.lines().any(|l| l == group), "no {group} in {groups}");
    }
    assert!(complete("bss config sh", 2).lines().any(|l| l == "show"));
    assert!(complete("bss config show --outp", 3).lines().any(|l| l == "--output"));
}
