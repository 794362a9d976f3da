//! This machine, as wrappers reach it and what is beyond it.
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use medley_fdw::{Address, Dialer, RemoteStream};

use crate::ReferenceRules;
use crate::references::file;

/// Reaches what another dialer reaches, and files but for those that nobody may read.
pub(crate) struct Machine {
    network: Arc<dyn Dialer>,
    rules: Arc<ReferenceRules>,
}

impl Machine {
    pub fn new(network: Arc<dyn Dialer>, rules: Arc<ReferenceRules>) -> Self {
        Self { network, rules }
    }
}

#[async_trait]
impl Dialer for Machine {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.network.resolve(host, port).await
    }

    async fn dial(&self, address: &Address) -> io::Result<Box<dyn RemoteStream>> {
        self.network.dial(address).await
    }

    fn admits(&self, address: &Address) -> bool {
        self.network.admits(address)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        file::open(&self.rules, path)
    }

    fn runs_programs(&self) -> bool {
        self.rules.runs_programs
    }
}
