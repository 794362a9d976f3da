//! `medley demo`, as somebody at a terminal would run it.
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};

use medley_testkit::Program;
use tempfile::TempDir;

const REFUSAL: &str = "ERROR:  42704: user mapping not found for user \"dave\", server \"cinema\"";

/// Lines of the table, without its spaces.
const TABLE: [&str; 5] = [
    "who asked mapping for remote account what came",
    "alice alice ann 1927 Metropolis",
    "bob bob ben 1950 Rashomon",
    "carol PUBLIC guest 1967 Playtime",
    "dave none none user mapping not found for user",
];

/// A demo whose temporary folder is in a folder of the test's.
fn demo(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medley"));
    command.arg("demo").env("TMPDIR", folder.path());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("medley-test-").tempdir().expect("a folder")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_nothing_left(folder: &TempDir) {
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("our folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The addresses that progress tells of: "remote on 127.0.0.1:40001: accounts ...".
fn addresses(progress: &str) -> Vec<&str> {
    let after = progress.split(" on ").skip(1);
    after.filter_map(|rest| rest.split_once(": ")).map(|(address, _)| address).collect()
}

fn assert_closed(progress: &str) {
    let addresses = addresses(progress);
    assert_eq!(addresses.len(), 2, "{progress}");
    for address in addresses {
        assert!(TcpStream::connect(address).is_err(), "{address} still listens");
    }
}

fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("sh").success());
}

#[test]
fn four_people_three_accounts_one_error() {
    let folder = folder();
    let output = demo(&folder).output().expect("medley");
    let (text, progress) = (stdout(&output), stderr(&output));
    assert!(output.status.success(), "{text}\n{progress}");
    let lines: Vec<_> = text.lines().map(words).collect();
    let places: Vec<_> =
        TABLE.iter().map(|row| lines.iter().position(|line| line == row)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{text}");
    assert!(lines.contains(&words(REFUSAL)) && text.contains(REFUSAL), "{text}");
    assert_closed(&progress);
    assert_nothing_left(&folder);
}

#[test]
fn passwords_are_not_shown() {
    let folder = folder();
    let text = stdout(&demo(&folder).output().expect("medley"));
    let text = text.to_uppercase();
    let shown: Vec<_> = text.split("PASSWORD '").skip(1).collect();
    assert_eq!(shown.len(), 10, "{text}");
    assert!(shown.iter().all(|rest| rest.starts_with("********'")), "{text}");
}

/// A demo that is kept; killed with the test.
struct Kept {
    child: Child,
    text: String,
}

impl Kept {
    /// Reads what it prints until it has said how to log in.
    fn start(folder: &TempDir) -> Self {
        let mut child = demo(folder).arg("--keep").spawn().expect("medley");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let mut kept = Self { child, text: String::new() };
        for line in out.lines() {
            kept.text += &format!("{}\n", line.expect("UTF-8"));
            if kept.text.contains("-U guest medley\n") {
                return kept;
            }
        }
        panic!("it ended: {}", kept.text);
    }

    /// Types the line that logs this role in, and a statement.
    fn psql(&self, role: &str, sql: &str) -> Output {
        let login = format!("-U {role} medley");
        let line = self.text.lines().find(|line| line.ends_with(&login)).expect("a line to type");
        let psql = Program::PSQL.locate().unwrap_or_else(|missing| panic!("{missing}"));
        let line = line.replace(" psql ", &format!(" '{}' -XAt ", psql.display()));
        Command::new("sh").args(["-c", &format!("{line} -c \"{sql}\"")]).output().expect("sh")
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn kept_it_takes_logins_until_it_is_interrupted() {
    let folder = folder();
    let mut kept = Kept::start(&folder);
    let select = "SELECT account, title FROM films WHERE year > 1950 ORDER BY year";
    let alice = kept.psql("alice", select);
    assert_eq!(stdout(&alice), "ann|Vertigo\nann|Paprika\n", "{}", stderr(&alice));
    let dave = kept.psql("dave", select);
    assert_eq!(words(&stderr(&dave)), words(&REFUSAL.replace(" 42704:", "")));
    let guest = kept.psql("guest", "SELECT account FROM shelf");
    assert_eq!(stdout(&guest), "guest\n", "{}", stderr(&guest));

    signal(&kept.child, "INT");
    assert!(kept.child.wait().expect("our child").success());
    let mut progress = String::new();
    kept.child.stderr.take().expect("piped").read_to_string(&mut progress).expect("UTF-8");
    assert_closed(&progress);
    assert_nothing_left(&folder);
}

#[test]
fn interrupted_it_leaves_nothing() {
    for (name, step) in [("INT", "starting the remote"), ("TERM", "logging in")] {
        let folder = folder();
        let mut child = demo(&folder).spawn().expect("medley");
        let mut progress = BufReader::new(child.stderr.take().expect("piped")).lines();
        progress
            .find(|line| line.as_ref().is_ok_and(|line| line.starts_with(step)))
            .expect(step)
            .expect("UTF-8");
        signal(&child, name);
        assert_eq!(child.wait().expect("our child").code(), Some(130), "{name}");
        let rest: Vec<_> = progress.map_while(Result::ok).collect();
        assert!(rest.iter().any(|line| line.contains("interrupted")), "{rest:?}");
        assert_nothing_left(&folder);
    }
}

/// With so few files open, something fails: the first time, when the folder is filled; the last
/// time, when both servers run.
#[test]
fn failing_it_says_why_and_leaves_nothing() {
    for files in [10, 12, 16] {
        let folder = folder();
        let limited = format!("ulimit -n {files}; exec \"$0\" demo");
        let mut command = Command::new("sh");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_medley")]).env("TMPDIR", folder.path());
        let output = command.output().expect("sh");
        assert_eq!(output.status.code(), Some(1), "{files}: {}", stderr(&output));
        assert!(stderr(&output).contains("medley: "), "{files}: {}", stderr(&output));
        assert_nothing_left(&folder);
    }
}
