//! Structures of every format, the first byte choosing the format: no input panics, and what is read can be written.
#![no_main]

use crucible::io::{StructureFormat, read_structure, write_structure};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, content)) = bytes.split_first() else { return };
    let names = ["a.cfg", "a.extxyz", "a.data", "POSCAR", "nameless"];
    let name = names[usize::from(*choice) % names.len()];
    if let Ok(read) = read_structure(content, name) {
        use StructureFormat::{Cfg, ExtXyz, LammpsData, LammpsDump, Poscar};
        for format in [Cfg, ExtXyz, LammpsData, LammpsDump, Poscar] {
            let _ = write_structure(format, &read[..1]);
        }
    }
});
