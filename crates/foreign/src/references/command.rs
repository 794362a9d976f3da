//! A secret that a command prints.
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use medley_secret::{ReferenceError, Who};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use zeroize::Zeroizing;

use super::rules::CommandRule;
use super::value::{self, MOST_BYTES};
use super::{FetchError, ReferenceRules};

/// How often a command that has closed its output is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs a command that the configuration names. It gets no input, what it says to standard error
/// is nobody's, and it and all that it began is killed when its time is over.
pub(super) fn read(
    rules: &ReferenceRules,
    name: &str,
    who: Who<&str>,
) -> Result<Zeroizing<String>, FetchError> {
    let rule = rules.commands.get(name).ok_or(FetchError::Refused {
        why: "the configuration names no such command",
        hint: "Name it in medley.toml, under [references.commands].",
    })?;
    let mut child = Running(command(rules, rule, name, who)?.spawn().map_err(|error| {
        FetchError::Unavailable(format!("command \"{name}\" cannot be run: {}", error.kind()))
    })?);
    let bytes = child.output(name, Instant::now() + rule.timeout, rule.timeout)?;
    value::line(&bytes)
}

fn command(
    rules: &ReferenceRules,
    rule: &CommandRule,
    name: &str,
    who: Who<&str>,
) -> Result<Command, FetchError> {
    let fits = |role: &str| match medley_secret::is_plain_name(role) {
        true => Ok(role.to_owned()),
        false => Err(ReferenceError::RoleName {
            role: role.to_owned(),
            reference: format!("exec:{name}"),
        }),
    };
    let mut command = Command::new(&rule.program);
    for argument in &rule.arguments {
        command.arg(argument.fill(who, fits)?);
    }
    for variable in &rules.private_variables {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
    Ok(command)
}

/// A command that is killed, with all that it began, unless it ended by itself.
struct Running(Child);

impl Running {
    fn output(
        &mut self,
        name: &str,
        deadline: Instant,
        timeout: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, FetchError> {
        let late = || {
            let timeout = timeout.as_secs_f32();
            FetchError::Unavailable(format!("command \"{name}\" took longer than {timeout} s"))
        };
        let broken = |error: std::io::Error| {
            FetchError::Unavailable(format!("command \"{name}\" cannot be heard: {}", error.kind()))
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 2));
        let stdout = self.0.stdout.take();
        if let Some(mut stdout) = stdout {
            while read_some(&mut stdout, &mut bytes, deadline).map_err(broken)?.ok_or_else(late)? {
                if bytes.len() > MOST_BYTES {
                    return Err(FetchError::Unusable("what the command prints is too long"));
                }
            }
        }
        let status = self.wait(deadline).map_err(broken)?.ok_or_else(late)?;
        match status.success() {
            true => Ok(bytes),
            false => {
                Err(FetchError::Unavailable(format!("command \"{name}\" ended with {status}")))
            }
        }
    }

    fn wait(&mut self, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
        loop {
            match self.0.try_wait()? {
                Some(status) => return Ok(Some(status)),
                None if Instant::now() >= deadline => return Ok(None),
                None => thread::sleep(PAUSE),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.0.try_wait() {
            return;
        }
        // A child that was not waited for keeps its number, so that this is no other's group.
        if let Ok(group) = i32::try_from(self.0.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads what there is: false at the end, none when the time is over.
fn read_some(
    stdout: &mut ChildStdout,
    bytes: &mut Vec<u8>,
    deadline: Instant,
) -> std::io::Result<Option<bool>> {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    let mut waiting = [PollFd::new(stdout.as_fd(), PollFlags::POLLIN)];
    match poll(&mut waiting, left) {
        Ok(0) => return Ok(None),
        Ok(_) => {}
        Err(nix::errno::Errno::EINTR) => return Ok(Some(true)),
        Err(error) => return Err(error.into()),
    }
    // Within the room that is there, so that the buffer does not move.
    let room = (MOST_BYTES + 2).saturating_sub(bytes.len()).min(4096);
    let before = bytes.len();
    bytes.resize(before + room, 0);
    let read = stdout.read(&mut bytes[before..]);
    bytes.truncate(before + *read.as_ref().unwrap_or(&0));
    Ok(Some(read? > 0))
}

#[cfg(test)]
mod tests {
    use medley_secret::Template;

    use super::*;

    const ANN: Who<&str> = Who { role: "ann", session_user: "bob" };

    fn rules(arguments: &[&str], timeout: Duration) -> ReferenceRules {
        let [program, arguments @ ..] = arguments else { panic!("no program") };
        let rule = CommandRule {
            program: program.into(),
            arguments: arguments.iter().map(|it| Template::parse(it).unwrap()).collect(),
            timeout,
        };
        ReferenceRules {
            commands: [("c".to_owned(), rule)].into(),
            private_variables: vec!["PATH".to_owned()],
            ..ReferenceRules::default()
        }
    }

    fn run(arguments: &[&str], who: Who<&str>) -> String {
        run_for(Duration::from_secs(60), arguments, who)
    }

    fn run_for(timeout: Duration, arguments: &[&str], who: Who<&str>) -> String {
        match read(&rules(arguments, timeout), "c", who) {
            Ok(text) => text.to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn shell(script: &str) -> String {
        run(&["/bin/sh", "-c", script], ANN)
    }

    #[test]
    fn a_command_prints_a_secret() {
        assert_eq!(run(&["/bin/echo", "{role} of", "{session_user}"], ANN), "ann of bob");
        assert_eq!(shell("printf 'a\\nb\\n'"), "a\nb");
        assert_eq!(shell("/bin/cat; echo x"), "x", "there is no input");
        assert_eq!(shell("echo no >&2; echo x"), "x");
        // A shell sets one for itself, but does not export it.
        let told = shell("/usr/bin/env | /bin/grep -c ^PATH= || true");
        assert_eq!(told, "0", "a private variable is not told");
    }

    #[test]
    fn there_is_no_shell() {
        assert_eq!(run(&["/bin/echo", "$(id); `id` | id"], ANN), "$(id); `id` | id");
        let evil = Who { role: "ann;id", session_user: "bob" };
        assert!(run(&["/bin/echo", "{role}"], evil).starts_with("role name \"ann;id\""));
    }

    #[test]
    fn a_command_that_fails_says_nothing_of_what_it_said() {
        let check = |script, expected: &str| assert_eq!(shell(script), expected);
        check("echo secret; exit 3", "command \"c\" ended with exit status: 3");
        check("echo secret >&2; exit 1", "command \"c\" ended with exit status: 1");
        check("echo secret; kill -9 $$", "command \"c\" ended with signal: 9 (SIGKILL)");
        check("true", "there is nothing there");
        check("printf '\\377'", "what is there is no text");
        check("exec /usr/bin/yes", "what the command prints is too long");
        assert_eq!(run(&["/no/such"], ANN), "command \"c\" cannot be run: entity not found");
        let none = read(&ReferenceRules::default(), "c", ANN).unwrap_err();
        assert_eq!(none.to_string(), "the configuration names no such command");
    }

    #[test]
    fn a_command_has_not_all_the_time_nor_have_its_children() {
        let shell =
            |script: &str| run_for(Duration::from_millis(500), &["/bin/sh", "-c", script], ANN);
        let late = "command \"c\" took longer than 0.5 s";
        for script in
            ["sleep 60", "sleep 60 & echo x", "exec >&-; sleep 60", "trap '' TERM; sleep 60"]
        {
            let began = Instant::now();
            assert_eq!(shell(script), late, "{script}");
            assert!(began.elapsed() < Duration::from_secs(20), "{script}");
        }
        let folder = tempfile::tempdir().unwrap();
        let sign = folder.path().join("alive");
        let script = format!("(sleep 2; : > {}) & sleep 60", sign.display());
        assert_eq!(shell(&script), late);
        thread::sleep(Duration::from_millis(2500));
        assert!(!sign.exists(), "what it began went on");
    }
}
