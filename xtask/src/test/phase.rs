use std::fmt;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

/// What was done, and how long it took.
pub struct Phases {
    since: Instant,
    count: usize,
}

impl Default for Phases {
    fn default() -> Self {
        Self { since: Instant::now(), count: 0 }
    }
}

impl Phases {
    /// Does one thing, saying so before and after.
    pub fn run<T>(&mut self, title: &str, phase: impl FnOnce() -> Result<T>) -> Result<T> {
        say(format_args!("{title} ..."));
        let since = Instant::now();
        let result = phase();
        let outcome = if result.is_ok() { "done" } else { "FAILED" };
        say(format_args!("{title}: {outcome} in {:.1} s", since.elapsed().as_secs_f64()));
        self.count += 1;
        result
    }

    /// The last line, said only when no phase failed.
    pub fn close(self) -> ExitCode {
        let seconds = self.since.elapsed().as_secs_f64();
        say(format_args!("all {} phases passed in {seconds:.1} s", self.count));
        ExitCode::SUCCESS
    }
}

/// A line of progress, marked as ours among those of the programs we run.
#[expect(clippy::print_stdout, reason = "a command's own output")]
pub fn say(line: fmt::Arguments<'_>) {
    println!("xtask test: {line}");
}
