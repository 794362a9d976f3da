//! What no compiler keeps.
//!
//! Each module checks one subject and returns [`Finding`]s; none changes anything.
mod architecture;
mod arrows;
mod dependencies;
mod finding;
mod manual;
mod scripts;
mod security;
mod shape;
mod text;
mod tree;
mod words;
mod workspace;

use std::path::Path;

use anyhow::Result;

pub use finding::Finding;
use tree::Tree;
use workspace::Workspace;

/// Everything that is wrong with the checkout at `root`.
pub fn check(root: &Path) -> Result<Vec<Finding>> {
    let tree = Tree::read(root)?;
    let workspace = Workspace::read(root)?;
    let mut findings = arrows::check(&tree, &workspace);
    findings.extend(architecture::check(&tree, &workspace));
    findings.extend(security::check(&tree));
    findings.extend(dependencies::check(&tree));
    findings.extend(scripts::check(&tree));
    findings.extend(manual::check(&tree));
    findings.extend(shape::check(&tree));
    findings.extend(words::check(&tree));
    findings.extend(text::check(&tree));
    Ok(findings)
}
