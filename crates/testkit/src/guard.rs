use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::TempFolder;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);

/// Starts a server, tells its process id, and waits until its standard input ends: because we
/// dropped the guard, or because we are gone, in whatever way. Then it stops the server, with
/// SIGKILL if ten seconds were not enough, and removes the folder.
const SCRIPT: &str = r#"
signal=$1 folder=$2 log=$3
shift 3
"$@" >>"$log" 2>&1 </dev/null &
server=$!
echo "$server"
exec >/dev/null 2>&1
read -r _
kill -s "$signal" "$server"
tries=0
while kill -0 "$server" && [ "$tries" -lt 500 ]; do
    sleep 0.02
    tries=$((tries + 1))
done
kill -s KILL "$server"
cd /
rm -rf "$folder"
"#;

/// A server's parent, in a process of its own so that no server outlives its test.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
    /// Closed to tell the guard that it is over.
    alive: Option<ChildStdin>,
    server: u32,
    log: PathBuf,
}

impl Guard {
    /// Runs `program` as the folder's user; `signal` asks it to stop. Its output goes to the
    /// file `log` of the folder.
    pub fn start(
        folder: &TempFolder,
        signal: &str,
        program: &Path,
        arguments: &[String],
    ) -> Result<Self> {
        let log = folder.write("log", "")?;
        let mut shell = folder
            .command("/bin/sh")
            .args(["-c", SCRIPT, "guard", signal])
            .args([folder.path(), &log, program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Out of reach of a Ctrl-C that is meant for the test.
            .process_group(0)
            .spawn()
            .context("starting a server's guard")?;
        let alive = shell.stdin.take();
        let server = read_pid(&mut shell)?;
        Ok(Self { shell, alive, server, log })
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server
    }

    /// What the server has written so far.
    pub fn log(&self) -> Result<String> {
        let bytes = fs::read(&self.log).with_context(|| self.log.display().to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until the server is ready; its log says why when it never is.
    pub fn wait_until(&self, mut is_ready: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + START;
        while !is_ready() {
            if !self.is_running() || Instant::now() > deadline {
                bail!("the server did not start; its log:\n{}", self.log()?);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends the server at once, as a crash would.
    pub fn kill(&self) -> Result<()> {
        send_signal(self.server, "KILL")?;
        while self.is_running() {
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// A server that has ended and waits for its parent counts as ended.
    fn is_running(&self) -> bool {
        let state = fs::read_to_string(format!("/proc/{}/stat", self.server));
        state.is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().starts_with(" Z"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.shell.wait();
    }
}

/// Sends a signal to a process that must be there.
pub fn send_signal(pid: u32, signal: &str) -> Result<()> {
    let status = Command::new("/bin/sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "kill", signal, &pid.to_string()])
        .status()
        .context("running kill")?;
    ensure!(status.success(), "the server was not running");
    Ok(())
}

/// What a program printed; what it complained of when it failed.
pub fn succeeded(output: std::io::Result<Output>, what: &str) -> Result<String> {
    let output = output.with_context(|| format!("running {what}"))?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn read_pid(shell: &mut Child) -> Result<u32> {
    let output = shell.stdout.take().context("a guard without output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    line.trim().parse().with_context(|| format!("the guard said {line:?} for a process id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_there(pid: u32) -> bool {
        Path::new(&format!("/proc/{pid}")).exists()
    }

    fn sleeper(folder: &TempFolder) -> Guard {
        Guard::start(folder, "TERM", Path::new("/bin/sleep"), &["600".to_owned()]).unwrap()
    }

    #[test]
    fn the_server_ends_with_its_guard() {
        let folder = TempFolder::new().unwrap();
        let guard = sleeper(&folder);
        let pid = guard.pid();
        assert!(is_there(pid));
        drop(guard);
        assert!(!is_there(pid));
        assert!(!folder.path().exists());
    }

    #[test]
    fn a_server_that_ends_early_is_noticed() {
        let folder = TempFolder::new().unwrap();
        let arguments = ["-c", "echo no such option"].map(str::to_owned);
        let guard = Guard::start(&folder, "TERM", Path::new("/bin/sh"), &arguments).unwrap();
        let error = guard.wait_until(|| false).unwrap_err().to_string();
        assert!(error.contains("no such option"), "{error}");
    }

    #[test]
    fn a_killed_server_is_gone() {
        let folder = TempFolder::new().unwrap();
        let guard = sleeper(&folder);
        guard.kill().unwrap();
        assert!(!guard.is_running());
    }
}
