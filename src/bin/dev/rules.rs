//! Rules of this project that no tool knows.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// A word that must not appear in some folders, and why.
struct Rule {
    words: &'static [&'static str],
    /// Folders below the repository that the rule is about.
    within: &'static [&'static str],
    /// Folders that it leaves out.
    except: &'static [&'static str],
    reason: &'static str,
}

const RULES: [Rule; 2] = [
    Rule {
        words: &[
            "wasm_bindgen",
            "wasm_bindgen_futures",
            "wasm_bindgen_rayon",
            "serde_wasm_bindgen",
            "console_error_panic_hook",
            "js_sys",
            "web_sys",
            "plotters_canvas",
            "JsValue",
        ],
        within: &["src"],
        except: &["src/wasm", "src/bin/dev"],
        reason: "only src/wasm may name JS types: physics knows nothing of the browser",
    },
    Rule {
        words: &["mul_add"],
        within: &["src/potential", "src/math", "src/neighbor", "src/dynamics"],
        except: &[],
        reason: "a fused multiply-add rounds otherwise than wasm does, which has none: results would differ by machine",
    },
];

/// Fails on the first file that breaks a rule.
pub fn check(root: &Path) -> Outcome {
    for rule in &RULES {
        for folder in rule.within {
            for file in rust_files(&root.join(folder)).map_err(|error| format!("{folder}: {error}"))? {
                let relative = file.strip_prefix(root).unwrap_or(&file);
                if rule.except.iter().any(|except| relative.starts_with(except)) {
                    continue;
                }
                let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", relative.display()))?;
                if let Some((line, word)) = find_word(&text, rule.words) {
                    return Err(format!("{}:{line}: names `{word}`; {}", relative.display(), rule.reason));
                }
            }
        }
    }
    Ok(())
}

/// First line, from 1, that has one of `words` as a whole identifier outside a comment.
fn find_word<'a>(text: &str, words: &[&'a str]) -> Option<(usize, &'a str)> {
    text.lines().enumerate().find_map(|(number, line)| {
        let code = line.split("//").next().unwrap_or_default();
        let mut identifiers = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let word = identifiers.find_map(|identifier| words.iter().find(|word| **word == identifier))?;
        Some((number + 1, *word))
    })
}

fn rust_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_the_browser_s_side_has_a_rule() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).expect("the manifest");
        let (_, section) = manifest.split_once("[target.'cfg(target_arch = \"wasm32\")'.dependencies]\n").expect("it");
        let names = section.lines().take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once(" = "));
        // plotters-backend is plain Rust.
        let names: Vec<&str> = names.map(|(name, _)| name).filter(|name| *name != "plotters-backend").collect();
        assert!(names.contains(&"serde-wasm-bindgen"), "{names:?}");
        for name in names {
            let code = format!("use {}::x;", name.replace('-', "_"));
            assert!(find_word(&code, RULES[0].words).is_some(), "{name} has no rule");
        }
    }

    #[test]
    fn whole_identifiers_count_and_comments_do_not() {
        let words = ["js_sys", "mul_add"];
        assert_eq!(find_word("a\nlet x = y.mul_add(a, b);", &words), Some((2, "mul_add")));
        assert_eq!(find_word("use js_sys::Date;", &words), Some((1, "js_sys")));
        assert_eq!(find_word("// no mul_add here\nlet my_mul_add_count = 0;", &words), None);
    }
}
