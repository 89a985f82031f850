//! Every test: natively, the built module under node, the built site in a real browser.

use std::path::Path;

use crate::process::{command, run};
use crate::wasm::Speed;
use crate::{Outcome, provision, site};

/// Builds first, so that a test never sees a module older than the source.
pub fn test(root: &Path, slow: bool) -> Outcome {
    let chromium = provision::chromium()?;
    site::build(root, Speed::Full)?;
    println!("\ntest: natively");
    // With the features of this very command, so that nothing is compiled twice.
    run(command("cargo", root).args(["test", "--quiet", "--features", "dev"]))?;
    if slow {
        println!("\ntest: natively, slow ones");
        run(command("cargo", root).args(["test", "--profile", "slow-tests", "--test", "physics", "--", "--ignored"]))?;
    }
    println!("\ntest: the built module under node");
    node_tests(root, "pkg-tests/node", &chromium)?;
    println!("\ntest: the built site in {chromium}");
    node_tests(root, "pkg-tests/browser", &chromium)
}

fn node_tests(root: &Path, folder: &str, chromium: &str) -> Outcome {
    run(command("node", root).args(["--test", "--test-reporter=spec", folder]).env("CHROMIUM", chromium))
}
