//! The three wasm builds of one source: engine with threads, engine without, charts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{command, run};
use crate::toolchain::{self, WasmToolchain};
use crate::{Outcome, fixed_memory};

const TARGET: &str = "wasm32-unknown-unknown";
/// Symbols through which wasm-bindgen gives every thread its stack and thread-local storage.
const THREAD_EXPORTS: [&str; 5] = ["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base", "__heap_base"];
/// To be raised with every change of what happens to a compiled module, so that the present packages are made anew.
const BINDING: u32 = 2;

/// One of the builds; its name is also that of its Cargo feature's package folder.
pub struct Build {
    /// Folder under `www/pkg`.
    pub name: &'static str,
    /// Cargo feature that decides what it exports.
    pub feature: &'static str,
    /// With shared memory and atomics.
    pub threads: bool,
}

/// All builds, the largest first.
pub const BUILDS: [Build; 3] = [
    Build { name: "threads", feature: "threads", threads: true },
    Build { name: "single", feature: "engine", threads: false },
    Build { name: "charts", feature: "charts", threads: false },
];

/// How much time a build takes, and the simulations after it.
#[derive(Clone, Copy, PartialEq)]
pub enum Speed {
    /// What is shipped, tested and measured.
    Full,
    /// Compiled in seconds after a change, several times slower to run: for work on the page.
    Quick,
}

impl Speed {
    /// As the command line asks for it.
    pub fn of(quick: bool) -> Self {
        if quick { Self::Quick } else { Self::Full }
    }

    /// Cargo's name for it.
    fn profile(self) -> &'static str {
        match self {
            Self::Full => "release",
            Self::Quick => "quick",
        }
    }
}

impl Build {
    /// Compiler flags, one per element.
    fn rustflags(&self, toolchain: &WasmToolchain) -> Vec<String> {
        let features = if self.threads {
            "+simd128,+bulk-memory,+mutable-globals,+nontrapping-fptoint,+atomics"
        } else {
            "+simd128,+bulk-memory,+mutable-globals,+nontrapping-fptoint"
        };
        let mut flags = vec![format!("-Ctarget-feature={features}")];
        flags.extend(toolchain.linker.map(|linker| format!("-Clinker={linker}")));
        if self.threads {
            flags.extend(["-Clink-arg=--shared-memory".to_owned(), "-Clink-arg=--import-memory".to_owned()]);
            // Shared memory has to name a maximum; `fixed_memory` sets the size that it has in the end.
            flags.push("-Clink-arg=--max-memory=1073741824".to_owned());
            flags.extend(THREAD_EXPORTS.map(|symbol| format!("-Clink-arg=--export={symbol}")));
        }
        flags
    }

    /// A cargo subcommand over the library as this build compiles it.
    pub fn cargo(&self, root: &Path, toolchain: &WasmToolchain, subcommand: &str, speed: Speed) -> Command {
        let mut cargo = toolchain.cargo(root);
        cargo.args([subcommand, "--lib", "--profile", speed.profile()]);
        cargo.args(["--no-default-features", "--features", self.feature]);
        cargo
            .args(["--target", TARGET, "-Z", "build-std=std,panic_abort", "--target-dir"])
            .arg(self.target_directory(root));
        cargo.env("CARGO_ENCODED_RUSTFLAGS", self.rustflags(toolchain).join("\u{1f}"));
        cargo
    }

    /// One for each build: they write a module of the same name, and would take each other's for stale.
    fn target_directory(&self, root: &Path) -> PathBuf {
        root.join("target").join(format!("wasm-{}", self.name))
    }

    /// What the compiler wrote.
    fn compiled(&self, root: &Path, speed: Speed) -> PathBuf {
        self.target_directory(root).join(TARGET).join(speed.profile()).join("crucible.wasm")
    }

    /// The module as it is shipped.
    pub fn module(&self, root: &Path) -> PathBuf {
        root.join("www/pkg").join(self.name).join("crucible_bg.wasm")
    }
}

/// Builds all modules into `www/pkg/<name>/`, side by side: most of a build is link-time optimisation, which keeps one
/// core busy. Those whose compiled code did not change are left as they are.
pub fn build(root: &Path, speed: Speed) -> Outcome {
    let toolchain = toolchain::provide(root)?;
    println!("wasm: {}", BUILDS.map(|build| build.name).join(", "));
    let outcomes = std::thread::scope(|scope| {
        let builds = BUILDS.each_ref().map(|build| {
            let toolchain = &toolchain;
            scope.spawn(move || {
                run(build.cargo(root, toolchain, "build", speed).arg("--quiet"))?;
                bind(root, build, speed)
            })
        });
        builds.map(|build| build.join().unwrap_or_else(|_| Err("a build panicked".to_owned())))
    });
    for (build, outcome) in BUILDS.iter().zip(outcomes) {
        outcome.map_err(|error| format!("wasm build `{}`: {error}", build.name))?;
    }
    print_sizes(root)
}

/// wasm-bindgen and wasm-opt over one compiled module.
fn bind(root: &Path, build: &Build, speed: Speed) -> Outcome {
    let compiled = build.compiled(root, speed);
    let bytes = fs::read(&compiled).map_err(|error| format!("{}: {error}", compiled.display()))?;
    let directory = root.join("www/pkg").join(build.name);
    // The compiled module itself is the stamp: a time stamp would change without it.
    let stamp = root.join("target").join(format!("bound-{}-{BINDING}.wasm", build.name));
    if directory.join("crucible.js").is_file() && fs::read(&stamp).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    // Nothing to remove on the first build.
    let _ = fs::remove_file(&stamp);
    let _ = fs::remove_dir_all(&directory);
    let linked = if build.threads { fixed_memory::fix(&bytes)? } else { bytes.clone() };
    Bindgen::new()
        .input_bytes("crucible", linked)
        .web(true)
        .and_then(|bindgen| {
            // With the module's own place as default the page needs no path to it.
            bindgen.omit_default_module_path(false);
            bindgen.typescript(true).remove_name_section(true).remove_producers_section(true).generate(&directory)
        })
        .map_err(|error| format!("wasm-bindgen: {error:#}"))?;
    if speed == Speed::Full {
        optimize(root, build)?;
    }
    fs::write(&stamp, bytes).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Shrinks a bound module in place.
fn optimize(root: &Path, build: &Build) -> Outcome {
    let module = build.module(root);
    let mut optimizer = command("node", root);
    optimizer.arg(root.join("www/node_modules/binaryen/bin/wasm-opt")).arg("-O3").arg(&module).arg("-o").arg(&module);
    optimizer.args([
        "--enable-simd",
        "--enable-bulk-memory",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
    ]);
    optimizer.args(["--enable-sign-ext", "--enable-reference-types", "--enable-multivalue"]);
    if build.threads {
        optimizer.arg("--enable-threads");
    }
    run(&mut optimizer)
}

/// Sizes of the shipped modules, as they are and as a server compresses them.
fn print_sizes(root: &Path) -> Outcome {
    for build in &BUILDS {
        let path = build.module(root);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let packed = gzip_size(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("  {:8} {:5} kB, {:4} kB gzip", build.name, bytes.len() / 1000, packed / 1000);
    }
    Ok(())
}

fn gzip_size(bytes: &[u8]) -> std::io::Result<usize> {
    use std::io::Write;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
