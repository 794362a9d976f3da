//! What can be typed.
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// SQL/MED as a server: one SQL over many sources, each reached as the person's own account.
#[derive(Debug, Parser)]
#[command(
    name = "medley",
    version,
    about,
    after_help = "Begin with \"medley demo\". Then: \"medley init --data DIR\", \
                  \"medley serve --data DIR\", and connect with any PostgreSQL client."
)]
pub struct Cli {
    /// Logs more: -v what the server does, -vv how, -vvv everything. Never a statement's text.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// How log lines are written, to standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: a JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a data folder.
    Init(Init),
    /// Serves a data folder to PostgreSQL clients.
    Serve(Serve),
    /// Runs SQL, on a running server or on a data folder.
    Sql(Sql),
    /// Writes what is in a running server, or in a data folder, as SQL that makes it again.
    Dump(Dump),
    /// Tells which keys seal secrets, and rotates them.
    #[command(subcommand)]
    Key(Key),
    /// Shows the main job: two servers, four people, and who is who at the remote.
    Demo(Demo),
    /// Tells which wrappers there are, and which options they take.
    #[command(subcommand)]
    Wrapper(Wrapper),
}

/// Makes a data folder: a catalog with one superuser, and a key that seals secrets.
///
/// The superuser's password is taken from MEDLEY_PASSWORD, or asked for on the terminal.
#[derive(Debug, Args)]
#[command(after_help = "Example: medley init --data ./data --key-file ~/.medley.key")]
pub struct Init {
    /// The folder to make. It must be empty, or not exist.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// The superuser's name.
    #[arg(long, value_name = "NAME", default_value = "postgres")]
    pub superuser: String,

    /// How people prove who they are.
    #[arg(long, value_enum, default_value_t = Auth::ScramSha256)]
    pub auth: Auth,

    /// Where the master key is kept: better not beside what it seals.
    /// [default: master.key in the data folder]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    /// Seals under the master key in this file, which another data folder uses already, so that
    /// a dump of its sealed secrets replays here.
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub use_key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// By a password that never crosses the wire.
    #[value(name = "scram-sha-256")]
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// By saying so: for tests on one's own machine.
    Trust,
}

/// Serves a data folder until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(after_help = "Then, for example: psql -h 127.0.0.1 -p 5433 -U postgres medley")]
pub struct Serve {
    /// The folder, made by "medley init".
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Where the master key is, if it has moved since "medley init".
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    /// Where to listen; may be given several times. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:5433")]
    pub listen: Vec<SocketAddr>,

    /// Also listens on a Unix socket in this folder.
    #[arg(long, value_name = "DIR")]
    pub socket_dir: Option<PathBuf>,

    /// How many clients may be connected at once.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub max_connections: usize,

    /// How long running statements may go on after SIGTERM or SIGINT, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub grace: u64,
}

/// Runs SQL from -c, from -f, from standard input, or at a prompt.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    medley sql \"host=127.0.0.1 port=5433 user=alice dbname=medley\"\n  \
    medley sql --data ./data --role alice -c \"SELECT * FROM films\" --format csv")]
pub struct Sql {
    /// A running server, as libpq writes it: "host=... port=... user=..." or postgresql://...
    /// The password is taken from it or from PGPASSWORD.
    #[arg(value_name = "CONNINFO", conflicts_with = "data")]
    pub conninfo: Option<String>,

    /// A data folder that no server is serving.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Where the master key is, if it has moved since "medley init".
    #[arg(long, value_name = "FILE", requires = "data")]
    pub key_file: Option<PathBuf>,

    /// On whose behalf: SET ROLE before anything else.
    #[arg(long, value_name = "NAME")]
    pub role: Option<String>,

    /// Runs this; may be given several times.
    #[arg(short = 'c', long = "command", value_name = "SQL")]
    pub commands: Vec<String>,

    /// Runs what is in this file; "-" is standard input.
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// How rows are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Writes the catalog as SQL: "psql -v ON_ERROR_STOP=1 -f" or "medley sql -f" runs it in an
/// empty Medley, and a dump of that is the same again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    medley dump \"host=127.0.0.1 port=5433 user=postgres\" > films.sql\n  \
    medley dump --data ./data --secrets sealed > films.sql")]
pub struct Dump {
    /// A running server, as libpq writes it: "host=... port=... user=..." or postgresql://...
    /// The password is taken from it or from PGPASSWORD.
    #[arg(value_name = "CONNINFO", conflicts_with = "data")]
    pub conninfo: Option<String>,

    /// A data folder that no server is serving. No key is needed.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// What becomes of passwords and other secrets.
    #[arg(long, value_enum, default_value_t = Secrets::Omit)]
    pub secrets: Secrets,
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Tells which keys there are and how many values each seals; superusers only.
    Status(On),
    /// Makes a new data key and seals every secret under it anew; superusers only. The server
    /// goes on serving. Interrupted, run it again.
    Rotate(Rotate),
}

/// Where the keys are.
#[derive(Debug, Args)]
pub struct On {
    /// A running server, as libpq writes it: "host=... port=... user=..." or postgresql://...
    /// The password is taken from it or from PGPASSWORD.
    #[arg(value_name = "CONNINFO", conflicts_with = "data")]
    pub conninfo: Option<String>,

    /// A data folder that no server is serving.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Where the master key is, if it is not where the data folder's medley.toml says.
    #[arg(long, value_name = "FILE", requires = "data")]
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    medley key rotate \"host=127.0.0.1 port=5433 user=postgres\"\n  \
    medley key rotate \"host=127.0.0.1 port=5433 user=postgres\" --new-key-file /etc/medley/new.key\n  \
    medley key rotate --data ./data --new-key-file ~/.medley.new.key")]
pub struct Rotate {
    #[command(flatten)]
    pub on: On,

    /// Instead, wraps the data keys by the master key in this file, which is made if it is not
    /// there, and has medley.toml name it. A running server goes on serving; this is then to be
    /// run on its machine, by its account.
    #[arg(long, value_name = "FILE")]
    pub new_key_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Secrets {
    /// They are left empty, and comments say what to enter again.
    Omit,
    /// They go as ciphertext, and login passwords as verifiers; for superusers, and for a server
    /// that has the same master key ("medley init --use-key").
    Sealed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned, for people.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects for each result.
    Json,
}

/// Starts two servers on loopback, runs one SELECT as four people, and shows who was who.
#[derive(Debug, Args)]
pub struct Demo {
    /// Leaves both servers running until Ctrl-C, and says how to connect.
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, Subcommand)]
pub enum Wrapper {
    /// Lists the wrappers of this build.
    List,
    /// Lists one wrapper's options.
    Show {
        /// Its name, postgres_fdw for example.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
