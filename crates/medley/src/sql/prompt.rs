//! The prompt: statements end with a semicolon, the history is kept.
use std::path::PathBuf;

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::printer::Printer;
use super::target::Target;
use crate::print::print;

const HISTORY_FILE: &str = ".medley_history";

/// Reads statements until the end of input.
pub async fn run(target: &mut Target, printer: &mut Printer) -> anyhow::Result<()> {
    print("Statements end with a semicolon; Ctrl-D ends the session.\n")?;
    let mut editor = DefaultEditor::new()?;
    let history = history_file();
    if let Some(file) = &history {
        // A first session has none yet.
        let _ = editor.load_history(file);
    }
    let mut statement = String::new();
    loop {
        let line = tokio::task::block_in_place(|| {
            editor.readline(if statement.is_empty() { "medley=> " } else { "medley-> " })
        });
        match line {
            Ok(line) => statement.push_str(&format!("{line}\n")),
            // Ctrl-C begins anew, Ctrl-D ends.
            Err(ReadlineError::Interrupted) => statement.clear(),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
        if statement.trim_end().ends_with(';') || is_exit(&statement) {
            let text = std::mem::take(&mut statement);
            if is_exit(&text) {
                break;
            }
            // What is kept shows no literal of a statement that may hold a secret.
            let _ = editor.add_history_entry(medley_sql::mask_literals(text.trim_end()));
            target.run(&text, printer).await?;
        }
    }
    if let Some(file) = &history {
        editor.save_history(file)?;
    }
    Ok(())
}

fn is_exit(text: &str) -> bool {
    matches!(text.trim(), "exit" | "quit" | "\\q")
}

fn history_file() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(HISTORY_FILE))
}
