//! The other side: Kafka Streams' own test driver, built once and asked once for all cases.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde_json::Value;

use crate::case::Case;
use crate::results::{Line, Totals};

/// What Kafka Streams made of a case of windows.
#[derive(Debug)]
pub struct Answer {
    pub lines: Vec<Line>,
    /// Its metric `dropped-records-total`.
    pub dropped: u64,
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/kafka-streams")
}

/// The last change below a path.
fn changed(path: &Path) -> SystemTime {
    let own = fs::metadata(path).and_then(|facts| facts.modified()).expect("a readable file");
    let Ok(entries) = fs::read_dir(path) else { return own };
    entries.map(|entry| changed(&entry.expect("a readable folder").path())).fold(own, Ord::max)
}

/// Runs a command to its end, or says how to run it by hand.
fn done(command: &mut Command, by_hand: &str) -> Vec<u8> {
    let output = match command.stderr(Stdio::piped()).output() {
        Ok(output) => output,
        Err(fault) => panic!("could not start `{by_hand}`: {fault}\nrun: dev/prerequisites"),
    };
    // Maven tells its errors on standard output, and without a JDK it says so there.
    let told = if by_hand.contains("mvn") { &output.stdout } else { &output.stderr };
    let told = String::from_utf8_lossy(told);
    let state = output.status;
    assert!(
        state.success(),
        "`{by_hand}` ended with {state}; for a missing JDK or Maven run: dev/prerequisites\n{told}"
    );
    output.stdout
}

/// Builds the project unless it was built since its last change.
fn build() {
    let project = project();
    let stamp = project.join("target/built");
    let sources = changed(&project.join("src")).max(changed(&project.join("pom.xml")));
    let built = fs::metadata(&stamp).and_then(|facts| facts.modified());
    if built.is_ok_and(|built| built > sources) {
        return;
    }
    // Jars of another version would stay beside the new ones.
    match fs::remove_dir_all(project.join("target")) {
        Ok(()) => {}
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {}
        Err(fault) => panic!("cannot remove tests/oracle/kafka-streams/target: {fault}"),
    }
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "package"]).current_dir(&project);
    let _output = done(&mut maven, "cd tests/oracle/kafka-streams && mvn -q -B package");
    fs::write(&stamp, "").expect("a file in the target folder");
}

/// Asks all questions; the answers are in their order. A question has its number in `case`.
pub fn answers(asked: &[Value]) -> Vec<Value> {
    build();
    let questions = project().join("target/cases.ndjson");
    let lines: Vec<String> = asked.iter().map(|question| question.to_string() + "\n").collect();
    fs::write(&questions, lines.concat()).expect("a file in the target folder");
    let mut java = Command::new("java");
    java.args([
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        "target/classes:target/lib/*",
    ])
    .args(["bss.oracle.Oracle", "target/cases.ndjson"])
    .current_dir(project());
    let output = done(
        &mut java,
        "cd tests/oracle/kafka-streams && \
         java -cp 'target/classes:target/lib/*' bss.oracle.Oracle target/cases.ndjson",
    );
    let output = String::from_utf8(output).expect("UTF-8");
    let answers = output.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let answers: Vec<Value> = answers.collect();
    let number = |of: &[Value]| of.iter().map(|one| one["case"].clone()).collect::<Vec<Value>>();
    assert_eq!(number(&answers), number(asked), "an answer to each, in their order");
    answers
}

impl Answer {
    /// Reads the answer to a case of windows.
    pub fn of(answer: &Value) -> Self {
        let results = answer["results"].as_array().expect("results");
        let dropped = answer["dropped"].as_u64().expect("a number of dropped records");
        Self { lines: results.iter().map(result).collect(), dropped }
    }
}

fn result(result: &Value) -> Line {
    let number = |nth: usize| result[nth].as_i64();
    let known = |nth: usize| number(nth).expect("a number");
    let totals =
        number(4).map(|count| Totals { count, sum: known(5), min: known(6), max: known(7) });
    Line {
        step: usize::try_from(known(0)).expect("a step"),
        key: Case::key(result[1].as_str().expect("a key")),
        start: known(2),
        end: known(3),
        totals,
    }
}
