//! An allocator that counts what each thread asks for, so that bounds are measured and not argued; and that a step of
//! dynamics asks for nothing, unless the list of neighbours is made anew.

use std::alloc::{GlobalAlloc, Layout, System as SystemAllocator};
use std::cell::Cell as Counter;

use crucible::dynamics::{Limits, Simulation};
use crucible::io::{read_almtp, read_cfg};
use crucible::potential::Potential;
use crucible::potential::mtp::MtpPotential;
use crucible::potential::simple::LennardJones;
use crucible::system::System;

use crate::dynamics::{advance, ensembles, liquid};

struct Counting;

thread_local! {
    static LIVE: Counter<usize> = const { Counter::new(0) };
    static PEAK: Counter<usize> = const { Counter::new(0) };
    static CALLS: Counter<usize> = const { Counter::new(0) };
}

fn record(change: impl Fn(usize) -> usize) {
    // During a thread's end its counters are gone, and nothing is measured then.
    let _ = LIVE.try_with(|live| {
        live.set(change(live.get()));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: every call is passed on to the system's allocator unchanged; the counters do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
        record(|live| live.saturating_add(layout.size()));
        // SAFETY: as for this function.
        unsafe { SystemAllocator.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        record(|live| live.saturating_sub(layout.size()));
        // SAFETY: as for this function.
        unsafe { SystemAllocator.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory that `body` held at a time, bytes.
pub fn peak_of(body: impl FnOnce()) -> usize {
    let before = LIVE.get();
    PEAK.set(before);
    body();
    PEAK.get().saturating_sub(before)
}

/// How often `body` asked for memory.
fn calls_of(body: impl FnOnce()) -> usize {
    let before = CALLS.get();
    body();
    CALLS.get() - before
}

/// Steps until every buffer has its size, and steps that are counted.
const STEPS: usize = 300;
/// The list of neighbours is made anew every fifth to twentieth of these steps; whatever else asked for memory would do so
/// in every step.
const FEWEST_QUIET_STEPS: usize = STEPS / 2;

fn most_steps_ask_for_nothing(
    name: &str,
    system: &System,
    potential: &(dyn Fn() -> Box<dyn Potential> + Sync),
    timestep_fs: f64,
) {
    for ensemble in ensembles(false) {
        let label = format!("{name}, {ensemble:?}");
        // A pool of one thread, whose counters see everything.
        let quiet = crate::dynamics::in_pool(1, || {
            let mut simulation =
                Simulation::new(system.clone(), potential(), ensemble, timestep_fs, 1, Limits::default()).unwrap();
            advance(&mut simulation, STEPS);
            (0..STEPS).filter(|_| calls_of(|| simulation.step().unwrap()) == 0).count()
        });
        assert!(quiet >= FEWEST_QUIET_STEPS, "{label}: only {quiet} of {STEPS} steps asked for no memory");
    }
}

#[test]
fn a_step_asks_for_no_memory() {
    most_steps_ask_for_nothing("Lennard-Jones", &liquid(3), &|| Box::new(LennardJones::argon()), 4.0);
    let read = |name: &str| {
        let path = format!("{}/potentials/cacl2-kcl/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    };
    let check = String::from_utf8(read("check.cfg")).unwrap();
    let species = ["K", "Ca", "Cl"].map(|name| crucible::system::Species::from_name(name).unwrap());
    let melt = read_cfg(&check, "check.cfg", &species).unwrap().swap_remove(0).system;
    let parameters = read_almtp(&read("potential.almtp"), "potential.almtp").unwrap().parameters;
    most_steps_ask_for_nothing("MTP", &melt, &|| Box::new(MtpPotential::new(parameters.clone()).unwrap()), 1.0);
}
