//! What is being done, while it is done: a spinner on a terminal, lines elsewhere.
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::print::say;

const TICK: Duration = Duration::from_millis(100);

/// A step that is being done; dropped, it leaves nothing on the terminal.
pub struct Step(Option<ProgressBar>);

impl Step {
    /// Says what is being done.
    pub fn begin(what: &str) -> anyhow::Result<Self> {
        if !std::io::stderr().is_terminal() {
            say(&format!("{what} ..."));
            return Ok(Self(None));
        }
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        bar.set_style(ProgressStyle::with_template("  {spinner} {msg} ...")?);
        bar.enable_steady_tick(TICK);
        Ok(Self(Some(bar)))
    }

    /// It is done, and this is what came of it.
    pub fn done(self, what: &str) -> anyhow::Result<()> {
        match self.0 {
            None => say(&format!("  {what}")),
            Some(bar) => {
                bar.finish_and_clear();
                say(&format!("  \u{2713} {what}"));
            }
        }
        Ok(())
    }
}
