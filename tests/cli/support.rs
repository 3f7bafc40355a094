//! A hermetic run of the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// One run's surroundings: an empty home, which is also the working directory.
pub struct Place {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    /// A fresh place.
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("temporary folder"), variables: Vec::new() }
    }

    /// Sets an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file under the home.
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folder");
        std::fs::write(path, text).expect("file");
        self
    }

    /// The home.
    pub fn path(&self) -> &Path {
        self.home.path()
    }

    /// The program, ready to be given arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bss"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("COLUMNS", "100")
            .env("TZ", "Asia/Tokyo")
            .envs(self.variables.iter().map(|(k, v)| (k, v)))
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Shown {
        let output = self.command().args(arguments).output().expect("the program starts");
        self.shown(&output)
    }

    /// An ended run, with the home's path replaced.
    pub fn shown(&self, output: &Output) -> Shown {
        let home = self.home.path().to_str().expect("UTF-8");
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).expect("output is UTF-8").replace(home, "HOME")
        };
        Shown {
            status: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// Runs the program in a fresh place.
pub fn run(arguments: &[&str]) -> Shown {
    Place::new().run(arguments)
}

/// What a run showed.
#[must_use = "look at it or assert success"]
#[derive(Debug)]
pub struct Shown {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Shown {
    /// Demands status, standard output and standard error.
    #[track_caller]
    pub fn is(&self, status: i32, stdout: &str, stderr: &str) {
        assert_eq!(
            (self.status, self.stdout.as_str(), self.stderr.as_str()),
            (Some(status), stdout, stderr)
        );
    }

    /// Demands an error: nothing on standard output, and these parts on standard error.
    #[track_caller]
    pub fn fails(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, Some(status), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no `{part}` in {self:?}");
        }
    }

    /// Demands success and returns standard output.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert_eq!(self.status, Some(0), "{self:?}");
        &self.stdout
    }

    /// Both streams.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A path inside the checkout.
pub fn checkout(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Whether golden and generated files are to be written anew: `dev/generate` asks for it.
pub fn rewriting() -> bool {
    std::env::var("BSS_TEST_GOLDEN").is_ok_and(|v| v == "write")
}

/// Compares with a file in `golden/`, or writes it.
#[track_caller]
pub fn golden(name: &str, text: &str) {
    let path = checkout("tests/cli/golden").join(name);
    if rewriting() {
        std::fs::write(&path, text).expect("golden file");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected == text {
        return;
    }
    let differs = expected.lines().zip(text.lines()).position(|(a, b)| a != b);
    let at = differs.unwrap_or_else(|| expected.lines().count().min(text.lines().count()));
    panic!(
        "{} is stale at line {}:\n- {}\n+ {}\nrun dev/generate and look at the difference",
        path.display(),
        at + 1,
        expected.lines().nth(at).unwrap_or("(end)"),
        text.lines().nth(at).unwrap_or("(end)")
    );
}
