//! Ctrl-C where work so far is worth keeping: the first asks for an end, the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a program that Ctrl-C ended, as shells give it.
const ENDED: i32 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From here on the first Ctrl-C only asks, and says so. `what` ends then.
pub fn watch(what: &'static str) {
    let asked = move || {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(ENDED);
        }
        eprintln!("Ctrl-C: {what} ends with what there is so far; again to end at once");
    };
    if let Err(error) = ctrlc::set_handler(asked) {
        eprintln!("note: Ctrl-C will lose {what}: {error}");
    }
}

/// Whether an end was asked for.
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
