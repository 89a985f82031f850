//! Seeded random numbers whose stream is the same on every machine and survives a checkpoint.

use rand::SeedableRng;

/// ChaCha8: counter-based, portable, serialisable.
pub type Rng = rand_chacha::ChaCha8Rng;

/// A generator for `seed`; `stream` separates independent uses of one seed.
pub fn seeded(seed: u64, stream: u64) -> Rng {
    let mut rng = Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}
