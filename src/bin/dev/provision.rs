//! Installing what a machine lacks. Debian packages where there is apt and root; elsewhere the exact commands to type.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::process::{command, exists, output, run_within};

/// A mirror that answers at all needs well under this for the largest of our packages.
const APT_LIMIT: Duration = Duration::from_secs(900);
/// Seconds without a byte after which apt tries no longer.
const APT_SILENCE: &str = "30";

/// The packages of Chromium elsewhere, and a browser that is there under another name.
const CHROMIUM_BY_HAND: &str = "
    sudo dnf install chromium            (Fedora)
    sudo pacman -S chromium              (Arch)
    sudo zypper install chromium         (openSUSE)
    brew install --cask chromium         (macOS)

or, with a Chromium or Chrome that is somewhere else:

    CHROMIUM=/path/to/chromium cargo dev test
";

/// Installs Debian packages after saying why; fails with the commands to type where that can't be done. `elsewhere` is what to
/// type on systems without apt.
pub fn install_debian(packages: &[&str], reason: &str, elsewhere: &str) -> Outcome {
    let list = packages.join(" ");
    let by_hand = format!("apt-get update && apt-get install --no-install-recommends {list}");
    if !exists("apt-get") {
        return Err(format!("{reason}\nThis system has no apt-get to install it. Please type:\n{elsewhere}"));
    }
    if !is_root() {
        return Err(format!("{reason}\nInstalling needs root. Please type:\n\n    sudo sh -c '{by_hand}'\n"));
    }
    println!("{reason}\nInstalling the Debian packages: {list}");
    let attempt = apt(&["update"]).and_then(|()| {
        let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
        arguments.extend(packages);
        apt(&arguments)
    });
    attempt.map_err(|error| format!("{error}\nPlease see why, then type:\n\n    {by_hand}\n"))
}

fn apt(arguments: &[&str]) -> Outcome {
    let mut apt = command("apt-get", Path::new("/"));
    apt.args([
        "--quiet",
        "--quiet",
        "-o",
        "Dpkg::Use-Pty=0",
        "-o",
        "Acquire::Retries=1",
        "-o",
        "DPkg::Lock::Timeout=120",
    ]);
    apt.args(["-o", &format!("Acquire::http::Timeout={APT_SILENCE}")]);
    apt.args(["-o", &format!("Acquire::https::Timeout={APT_SILENCE}")]);
    // Hundreds of lines about unpacking would hide what matters; errors come on the other stream.
    apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    run_within(&mut apt, APT_LIMIT)
}

/// True where packages may be installed.
fn is_root() -> bool {
    output(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// The path of a Chromium for the browser tests, installed if it is missing.
pub fn chromium() -> Outcome<String> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    if let Ok(path) = std::env::var("CHROMIUM") {
        return Ok(path);
    }
    let find = || names.iter().find_map(|name| output(Command::new("which").arg(name)));
    if let Some(path) = find() {
        return Ok(path);
    }
    let reason = "The browser tests run the built site in a real Chromium, which is not installed.";
    install_debian(&["chromium"], reason, CHROMIUM_BY_HAND)?;
    find().ok_or_else(|| "chromium was installed but is not on the search path".to_owned())
}

/// How to get a nightly with its library's source by hand.
pub fn rustup_by_hand(nightly: &str) -> String {
    let install = format!("    rustup toolchain install {nightly} --profile minimal --component rust-src,clippy\n");
    if exists("rustup") {
        return format!("\n{install}");
    }
    // As https://rustup.rs says.
    format!("\n    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh\n{install}")
}
