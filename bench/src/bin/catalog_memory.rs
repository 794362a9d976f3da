//! Says how much memory a process has that opens a catalog of a million user mappings.
//!
//! Without an argument it makes such a catalog in a temporary folder, and runs itself on it, so
//! that what making it took does not count.
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use medley_bench::{Result, fill};
use medley_catalog::Catalog;

#[expect(clippy::print_stdout, reason = "it is what the program is for")]
fn main() -> Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        let folder = tempfile::tempdir()?;
        fill(folder.path())?;
        Command::new(env::current_exe()?).arg(folder.path()).status()?;
        return Ok(());
    };
    let started = Instant::now();
    let catalog = Catalog::open(Path::new(&folder))?;
    println!("open: {:?}", started.elapsed());
    println!("mappings: {}", catalog.snapshot().mapping_count());
    let status = fs::read_to_string("/proc/self/status")?;
    for line in status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"))
    {
        println!("{line}");
    }
    Ok(())
}
