//! Potentials: no input panics; what is read is written and read back the same.
#![no_main]

use crucible::io::{read_almtp, write_almtp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = read_almtp(bytes, "input") {
        let again = read_almtp(&write_almtp(&read), "written").expect("a written file reads");
        assert_eq!(again.parameters, read.parameters);
    }
});
