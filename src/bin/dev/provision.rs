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

/// Installs Debian packages after saying why; fails with the commands to type where that can't be done.
pub fn install_debian(packages: &[&str], reason: &str) -> Outcome {
    let list = packages.join(" ");
    let by_hand = format!("apt-get update && apt-get install --no-install-recommends {list}");
    if !exists("apt-get") {
        return Err(format!("{reason}\nThis system has no apt-get; on Debian 12 these would be the packages: {list}"));
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
    install_debian(&["chromium"], "The browser tests run the built site in a real Chromium, which is not installed.")?;
    find().ok_or_else(|| "chromium was installed but is not on the search path".to_owned())
}
