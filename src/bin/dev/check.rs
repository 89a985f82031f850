//! What is checked without running the program: format, lints, docs, JS types, and rules that no tool knows.

use std::path::Path;

use crate::process::{command, run};
use crate::toolchain;
use crate::wasm::{BUILDS, Speed};
use crate::{Outcome, fixed_memory, rules, simd, site};

/// All checks; the first that fails ends it.
pub fn check(root: &Path) -> Outcome {
    step("format", || run(command("cargo", root).args(["fmt", "--check"])))?;
    step("rules: JS types only at the boundary, no fused multiply-add in kernels", || rules::check(root))?;
    step("clippy, natively", || {
        run(command("cargo", root).args([
            "clippy",
            "--quiet",
            "--all-targets",
            "--features",
            "dev",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    step("docs", || {
        run(command("cargo", root).args(["doc", "--quiet", "--no-deps", "--lib"]).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let toolchain = toolchain::provide(root)?;
    toolchain.provide_clippy(root)?;
    for build in &BUILDS {
        step(&format!("clippy, wasm: {}", build.name), || {
            run(build.cargo(root, &toolchain, "clippy", Speed::Full).args(["--quiet", "--", "-D", "warnings"]))
        })?;
    }
    site::build(root, Speed::Full)?;
    step("SIMD in the built modules", || simd::check(root))?;
    step("fixed shared memory", || fixed_memory::check(root))?;
    step("JS types", || javascript_types(root))
}

/// Says what is being checked and checks it.
fn step(name: &str, body: impl FnOnce() -> Outcome) -> Outcome {
    println!("check: {name}");
    body().map_err(|error| format!("check failed: {name}\n{error}"))
}

/// TypeScript's checker over the plain modules and their JSDoc types, against the built packages' own declarations.
fn javascript_types(root: &Path) -> Outcome {
    run(command("node", root).args(["www/node_modules/typescript/bin/tsc", "--project", "www"]))
}
