use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::guard::{Guard, succeeded};
use crate::ports::on_a_free_port;
use crate::{Program, TempFolder};

/// A real Vault of one's own: OpenBao, in memory, on a free port of 127.0.0.1.
///
/// It stops when it is dropped, and when the process ends.
#[derive(Debug)]
pub struct OpenBao {
    // Stops the server, so it goes before the folder.
    guard: Guard,
    port: u16,
    program: PathBuf,
    folder: TempFolder,
}

/// What its owner proves to be that by.
const ROOT_TOKEN: &str = "root-of-a-test";

impl OpenBao {
    /// Starts one, and returns when it answers.
    pub fn start() -> Result<Self> {
        on_a_free_port(Self::start_on)
    }

    fn start_on(port: u16) -> Result<Self> {
        let program = Program::BAO.locate()?;
        let folder = TempFolder::new()?;
        let arguments = [
            "server".to_owned(),
            "-dev".to_owned(),
            "-dev-no-store-token".to_owned(),
            format!("-dev-root-token-id={ROOT_TOKEN}"),
            format!("-dev-listen-address=127.0.0.1:{port}"),
        ];
        let guard = Guard::start(&folder, "TERM", &program, &arguments)?;
        let bao = Self { guard, port, program, folder };
        bao.guard.wait_until(|| bao.run(&["kv", "put", "secret/ready", "it=is"]).is_ok())?;
        Ok(bao)
    }

    /// Where it is: `http://127.0.0.1:8200`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What the server has logged so far.
    pub fn log(&self) -> Result<String> {
        self.guard.log()
    }

    /// Makes a policy of this text.
    pub fn policy(&self, name: &str, text: &str) -> Result<()> {
        let file = self.folder.write(&format!("{name}.hcl"), text)?;
        self.run(&["policy", "write", name, &file.display().to_string()]).map(drop)
    }

    /// Runs its client as its owner, and returns what that prints.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.folder.command(&self.program);
        command.env("BAO_ADDR", self.url()).env("BAO_TOKEN", ROOT_TOKEN);
        let output = command.env("HOME", self.folder.path()).args(arguments).output();
        let printed = succeeded(output, "bao").with_context(|| arguments.join(" "))?;
        Ok(printed.trim_end().to_owned())
    }
}
