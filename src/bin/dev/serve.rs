//! A small static server for the built site, on this machine only.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use tiny_http::{Header, Method, Request, Response, Server};

use crate::Outcome;

/// Requests are few and short; some hang while a browser holds its connection.
const WORKERS: usize = 4;

/// Serves `site` until interrupted; `isolated` adds the headers under which a page may share memory.
pub fn serve(site: &Path, port: u16, isolated: bool) -> Outcome {
    let server = listen(port)?;
    println!("\nCrucible is at http://localhost:{}/ (Ctrl-C ends)", port_of(&server));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                for request in server.incoming_requests() {
                    // A browser that went away in the middle of an answer is none of our concern.
                    let _ = answer(request, site, isolated);
                }
            });
        }
    });
    Ok(())
}

fn listen(port: u16) -> Outcome<Server> {
    Server::http(("127.0.0.1", port)).map_err(|error| {
        format!("Port {port} of this machine can't be listened on ({error}). Another one: cargo dev serve --port 8001")
    })
}

fn port_of(server: &Server) -> u16 {
    server.server_addr().to_ip().map_or(0, |address| address.port())
}

fn answer(request: Request, site: &Path, isolated: bool) -> io::Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return request.respond(Response::from_string("Only GET and HEAD.").with_status_code(405));
    }
    let opened = file_of(site, request.url()).and_then(|path| Some((File::open(&path).ok()?, path)));
    let Some((file, path)) = opened else {
        return request.respond(Response::from_string("Not found.").with_status_code(404));
    };
    let mut response = Response::from_file(file).with_header(header("Content-Type", mime(&path)));
    // A rebuilt site has to show at once.
    response.add_header(header("Cache-Control", "no-store"));
    if isolated {
        response.add_header(header("Cross-Origin-Opener-Policy", "same-origin"));
        response.add_header(header("Cross-Origin-Embedder-Policy", "require-corp"));
        response.add_header(header("Cross-Origin-Resource-Policy", "cross-origin"));
    }
    request.respond(response)
}

/// The file that a URL asks for, or none where there is no such file inside the site.
fn file_of(site: &Path, url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?;
    let decoded = percent_decode(path)?;
    let relative = PathBuf::from(decoded.trim_start_matches('/'));
    if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
        return None;
    }
    let mut file = site.join(relative);
    if file.is_dir() {
        file.push("index.html");
    }
    // A link inside the site must not lead out of it either.
    let file = file.canonicalize().ok()?;
    file.starts_with(site.canonicalize().ok()?).then_some(file)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "toml" | "txt" | "md" | "mtp" | "almtp" | "cfg" | "xyz" | "extxyz" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn header(name: &'static str, value: &'static str) -> Header {
    // Both are literals of this file in ASCII, which is all that a header asks for.
    Header::from_bytes(name, value).unwrap_or_else(|()| unreachable!("{name}: {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_never_leaves_the_site() {
        let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(file_of(&site, "/lib.rs?x=1").is_some());
        for url in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "//etc/passwd", "/%00", "/%zz", "/%"] {
            assert_eq!(file_of(&site, url), None, "{url}");
        }
    }
}
