//! Proof that the built modules compute in SIMD: LLVM seldom vectorises sums, so a change can lose it in silence.

use std::fs;
use std::path::Path;

use wasmparser::{Parser, Payload};

use crate::Outcome;
use crate::wasm::BUILDS;

/// First byte of every opcode on v128.
const PREFIX: u8 = 0xfd;
/// Second part of the opcodes f64x2.add, sub, mul and div.
const F64X2_ARITHMETIC: std::ops::RangeInclusive<u32> = 0xf0..=0xf3;
/// Half of what the lane kernels have: a loop that fell back to scalars loses more than that.
const LEAST_ARITHMETIC: usize = 8_000;

/// Opcodes on v128 in a module.
#[derive(Debug, Default, PartialEq)]
struct Count {
    all: usize,
    arithmetic: usize,
}

/// Prints the counts; fails where an engine lacks SIMD arithmetic. The charts have no kernel and none is asked of them.
pub fn check(root: &Path) -> Outcome {
    for build in BUILDS.iter().filter(|build| build.name != "charts") {
        let path = build.module(root);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let count = count(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("  {:8} {} opcodes on v128, {} of them f64x2 arithmetic", build.name, count.all, count.arithmetic);
        if count.arithmetic < LEAST_ARITHMETIC {
            return Err(format!(
                "{}: fewer than {LEAST_ARITHMETIC} f64x2 operations: the kernels lost their SIMD",
                build.name
            ));
        }
    }
    Ok(())
}

fn count(module: &[u8]) -> wasmparser::Result<Count> {
    let mut count = Count::default();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload? else { continue };
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let position = operators.original_position();
            operators.read()?;
            let Some((&PREFIX, rest)) = module.get(position..).and_then(<[u8]>::split_first) else { continue };
            count.all += 1;
            count.arithmetic += usize::from(leb128(rest).is_some_and(|opcode| F64X2_ARITHMETIC.contains(&opcode)));
        }
    }
    Ok(count)
}

/// The unsigned number that `bytes` begin with, seven bits a byte; the reader has validated it before.
fn leb128(bytes: &[u8]) -> Option<u32> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_opcodes_of_a_small_module() {
        // (func (param v128) (result v128) local.get 0 local.get 0 f64x2.mul f64x2.neg)
        let header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
        let types = [0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b];
        let functions = [0x03, 0x02, 0x01, 0x00];
        let code = [0x0a, 0x0e, 0x01, 0x0c, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0xf2, 0x01, 0xfd, 0xed, 0x01, 0x0b];
        let module: Vec<u8> = header.iter().chain(&types).chain(&functions).chain(&code).copied().collect();
        assert_eq!(count(&module).expect("a valid module"), Count { all: 2, arithmetic: 1 });
    }
}
