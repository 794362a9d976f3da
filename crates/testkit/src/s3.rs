use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::guard::Guard;
use crate::ports::on_a_free_port;
use crate::{Program, TempFolder};

/// An object store that speaks S3's protocol and checks signatures, on a free port of this
/// machine: s3s over a folder, whose folders are its buckets.
#[derive(Debug)]
pub struct ObjectStore {
    // Stops the server, so it goes before the folder.
    _guard: Guard,
    port: u16,
    root: PathBuf,
    _folder: TempFolder,
}

impl ObjectStore {
    /// Starts one, at which one account has this key, and nobody else any.
    pub fn start(key: &str, secret: &str) -> Result<Self> {
        on_a_free_port(|port| Self::start_on(port, key, secret))
    }

    fn start_on(port: u16, key: &str, secret: &str) -> Result<Self> {
        let program = Program::S3S_FS.locate()?;
        let folder = TempFolder::new()?;
        let root = folder.join("buckets");
        fs::create_dir(&root).context("making the folder of buckets")?;
        let option = |name: &str, value: &str| [format!("--{name}"), value.to_owned()];
        let arguments = [
            option("host", "127.0.0.1"),
            option("port", &port.to_string()),
            option("access-key", key),
            option("secret-key", secret),
        ];
        let mut arguments = arguments.concat();
        arguments.push(root.display().to_string());
        let guard = Guard::start(&folder, "TERM", &program, &arguments)?;
        guard.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { _guard: guard, port, root, _folder: folder })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Puts an object, straight into the folder.
    pub fn put(&self, bucket: &str, key: &str, bytes: &[u8]) -> Result<()> {
        let file = self.root.join(bucket).join(key);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))
    }
}
