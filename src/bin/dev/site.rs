//! The static site: what `target/site/` holds and how it gets there.

use std::fs;
use std::path::{Path, PathBuf};

use flate2::Crc;

use crate::wasm::Speed;
use crate::{Outcome, node_modules, wasm};

/// The built site, relative to the repository.
pub const SITE: &str = "target/site";

/// The list of the site's files, in the site.
const FILE_LIST: &str = "files.json";

/// Entries of `www/` that are the developers' and not the site's.
const NOT_SHIPPED: [&str; 6] =
    ["node_modules", "package.json", "package-lock.json", ".npmrc", "tsconfig.json", "README.md"];

/// Folders of a potential that say how it was fitted: megabytes that no run needs.
const FOR_FITTING: [&str; 2] = ["data", "report"];

/// A node module that the page imports as a file.
struct Vendored {
    package: &'static str,
    /// Files: (below the package, below `www/vendor/<package>/`, module for the types, if it is imported).
    files: &'static [(&'static str, &'static str, &'static str)],
}

/// What the page takes from others.
const VENDORED: [Vendored; 3] = [
    Vendored {
        package: "three",
        files: &[("build/three.module.js", "three.module.js", "three"), ("build/three.core.js", "three.core.js", "")],
    },
    Vendored { package: "idb", files: &[("build/index.js", "index.js", "idb")] },
    Vendored { package: "fflate", files: &[("esm/browser.js", "browser.js", "fflate")] },
];

/// Builds modules and site.
pub fn build(root: &Path, speed: Speed) -> Outcome {
    node_modules::provide(root)?;
    wasm::build(root, speed)?;
    package(root).map_err(|error| format!("www/pkg: {error}"))?;
    vendor(root).map_err(|error| format!("www/vendor: {error}"))?;
    assemble(root).map_err(|error| format!("{SITE}: {error}"))?;
    println!("site: {SITE}/");
    Ok(())
}

/// What makes `www/pkg` a package for node as well.
fn package(root: &Path) -> std::io::Result<()> {
    let pkg = root.join("www/pkg");
    write_if_changed(&pkg.join("index.js"), include_str!("package/index.js"))?;
    write_if_changed(&pkg.join("index.d.ts"), include_str!("package/index.d.ts"))?;
    let manifest = include_str!("package/package.json").replace("{version}", env!("CARGO_PKG_VERSION"));
    write_if_changed(&pkg.join("package.json"), &manifest)
}

/// Copies node modules to `www/vendor/`, so that the page imports them by relative paths and needs no import map.
fn vendor(root: &Path) -> std::io::Result<()> {
    for Vendored { package, files } in &VENDORED {
        let from = root.join("www/node_modules").join(package);
        let to = root.join("www/vendor").join(package);
        fs::create_dir_all(&to)?;
        for (source, name, types) in *files {
            write_if_changed(&to.join(name), &fs::read_to_string(from.join(source))?)?;
            if !types.is_empty() {
                let declaration = format!("export * from '{types}';\n");
                write_if_changed(&to.join(name.replace(".js", ".d.ts")), &declaration)?;
            }
        }
        copy_if_changed(&from.join("LICENSE"), &to.join("LICENSE"))?;
    }
    Ok(())
}

/// Brings `target/site` up to date: `www/`, the packages, what is vendored, `potentials/` without [`FOR_FITTING`]; whatever
/// else is there goes.
fn assemble(root: &Path) -> std::io::Result<()> {
    let site = root.join(SITE);
    mirror(&root.join("www"), &site, &|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !NOT_SHIPPED.contains(&name) && !name.ends_with(".d.ts") || path.ends_with("pkg/package.json")
    })?;
    let potentials = root.join("potentials");
    if potentials.is_dir() {
        mirror(&potentials, &site.join("potentials"), &|path| !FOR_FITTING.iter().any(|name| path.ends_with(name)))?;
    }
    list(&site)
}

/// Writes `files.json`: every file of the site and a version that changes with any of them. The page keeps these for use
/// without a network.
fn list(site: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    files_below(site, &mut files)?;
    files.retain(|file| file != &site.join(FILE_LIST));
    files.sort();
    let mut checksum = Crc::new();
    let mut names = Vec::new();
    for file in &files {
        let name = file.strip_prefix(site).unwrap_or(file).to_string_lossy().replace('\\', "/");
        checksum.update(name.as_bytes());
        checksum.update(&fs::read(file)?);
        names.push(name);
    }
    let list = serde_json::json!({ "version": format!("{:08x}", checksum.sum()), "files": names });
    write_if_changed(&site.join(FILE_LIST), &list.to_string())
}

fn files_below(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for path in children(directory)? {
        if path.is_dir() { files_below(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Makes `to` hold exactly the files below `from` that `keep` accepts; `potentials/` in the target is left alone.
fn mirror(from: &Path, to: &Path, keep: &dyn Fn(&Path) -> bool) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?.path();
        let Some(name) = entry.file_name() else { continue };
        let source = from.join(name);
        if name == "potentials" || (source.exists() && keep(&source) && source.is_dir() == entry.is_dir()) {
            continue;
        }
        if entry.is_dir() { fs::remove_dir_all(&entry)? } else { fs::remove_file(&entry)? }
    }
    for source in children(from)? {
        let Some(name) = source.file_name() else { continue };
        let target = to.join(name);
        if !keep(&source) {
            continue;
        }
        if source.is_dir() { mirror(&source, &target, keep)? } else { copy_if_changed(&source, &target)? }
    }
    Ok(())
}

fn children(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn copy_if_changed(from: &Path, to: &Path) -> std::io::Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|present| present == bytes) { Ok(()) } else { fs::write(to, bytes) }
}

fn write_if_changed(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) { Ok(()) } else { fs::write(path, text) }
}
