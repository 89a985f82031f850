//! A shared memory of fixed size for the threaded engine.
//!
//! Safari crashes on shared memory that grows, and the standard library's allocator knows no other way to get memory. So
//! the linked module is given all of its memory at the start, and each `memory.grow` becomes a call of a function that hands
//! out the next pages of what is there already. Pages cost nothing until they are touched.

use std::path::Path;

use walrus::ir::{AtomicOp, AtomicWidth, BinaryOp, Call, Instr, InstrSeq, MemArg, VisitorMut, dfs_pre_order_mut};
use walrus::{FunctionBuilder, FunctionId, MemoryId, Module, ValType};
use wasmparser::{Operator, Parser, Payload, TypeRef};

use crate::Outcome;
use crate::wasm::BUILDS;

/// Pages for the threaded engine: 512 MB, enough for some 100,000 atoms. iOS refuses 2 GB.
const PAGES: u32 = 8192;
const PAGE_BYTES: u32 = 65536;
const COUNTER_WIDTH: MemArg = MemArg { align: 4, offset: 0 };

/// Where the pages that are handed out lie.
struct Layout {
    memory: MemoryId,
    /// Address of the count of pages handed out so far: the first word behind the static data and the stack.
    counter: i32,
    /// First page behind the counter's.
    first: i32,
    /// Pages from there to the end.
    available: i32,
}

/// Gives a linked module with shared memory all of it at once.
pub fn fix(module: &[u8]) -> Outcome<Vec<u8>> {
    let mut module = Module::from_buffer(module).map_err(|error| format!("the linked module: {error:#}"))?;
    let layout = layout(&mut module)?;
    let grow = add_grow(&mut module, &layout);
    for (function, body) in module.funcs.iter_local_mut() {
        if function != grow {
            let entry = body.entry_block();
            dfs_pre_order_mut(&mut Rewrite { grow }, body, entry);
        }
    }
    Ok(module.emit_wasm())
}

fn layout(module: &mut Module) -> Outcome<Layout> {
    let memory = module.memories.iter_mut().next().ok_or("the linked module has no memory")?;
    let taken = u32::try_from(memory.initial).ok().filter(|pages| pages + 1 < PAGES);
    let taken = taken.ok_or_else(|| format!("static data take {} of {PAGES} pages of memory", memory.initial))?;
    memory.initial = PAGES.into();
    memory.maximum = Some(PAGES.into());
    // Below 2^31, as PAGES is.
    let [counter, first, available] = [taken * PAGE_BYTES, taken + 1, PAGES - taken - 1].map(u32::cast_signed);
    Ok(Layout { memory: memory.id(), counter, first, available })
}

/// A function that takes a number of pages and returns the first of them, or -1 where there are not as many left.
fn add_grow(module: &mut Module, layout: &Layout) -> FunctionId {
    let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
    let wanted = module.locals.add(ValType::I32);
    let before = module.locals.add(ValType::I32);
    builder
        .name("grow_within_fixed_memory".to_owned())
        .func_body()
        .i32_const(layout.counter)
        .local_get(wanted)
        .atomic_rmw(layout.memory, AtomicOp::Add, AtomicWidth::I32, COUNTER_WIDTH)
        .local_tee(before)
        .local_get(wanted)
        .binop(BinaryOp::I32Add)
        .i32_const(layout.available)
        .binop(BinaryOp::I32GtU)
        .if_else(
            ValType::I32,
            |refuse| {
                refuse.i32_const(layout.counter).local_get(wanted);
                refuse.atomic_rmw(layout.memory, AtomicOp::Sub, AtomicWidth::I32, COUNTER_WIDTH);
                refuse.drop().i32_const(-1);
            },
            |grant| {
                grant.local_get(before).i32_const(layout.first).binop(BinaryOp::I32Add);
            },
        );
    builder.finish(vec![wanted], &mut module.funcs)
}

struct Rewrite {
    grow: FunctionId,
}

impl VisitorMut for Rewrite {
    fn start_instr_seq_mut(&mut self, sequence: &mut InstrSeq) {
        for (instruction, _) in &mut sequence.instrs {
            if matches!(instruction, Instr::MemoryGrow(_)) {
                *instruction = Instr::Call(Call { func: self.grow });
            }
        }
    }
}

/// Fails where a built module with shared memory could still grow it.
pub fn check(root: &Path) -> Outcome {
    for build in BUILDS.iter().filter(|build| build.threads) {
        let path = build.module(root);
        let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if !is_fixed(&bytes).map_err(|error| format!("{}: {error}", path.display()))? {
            return Err(format!("{}: its shared memory can grow, on which Safari crashes", path.display()));
        }
    }
    Ok(())
}

/// Whether a module's memory is imported with its final size and no instruction asks for more.
fn is_fixed(module: &[u8]) -> wasmparser::Result<bool> {
    let mut fixed = false;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if let TypeRef::Memory(memory) = import?.ty {
                        fixed = memory.shared && memory.maximum == Some(memory.initial);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if matches!(operator?, Operator::MemoryGrow { .. }) {
                        return Ok(false);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(fixed)
}
