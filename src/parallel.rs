//! Fixed chunks over threads, results in a fixed order: the same bits for every thread count.

use rayon::prelude::*;

/// Runs `body(chunk_index, chunk)` over `data` cut into chunks of `chunk` items (the last may be shorter).
pub fn for_each_chunk<T: Send>(data: &mut [T], chunk: usize, body: impl Fn(usize, &mut [T]) + Sync + Send) {
    data.par_chunks_mut(chunk).enumerate().for_each(|(index, items)| body(index, items));
}

/// Runs both closures, on two threads where there are two.
pub fn join(left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    rayon::join(left, right);
}

/// Index of the calling thread in its pool; `None` outside of one.
pub fn thread_index() -> Option<usize> {
    rayon::current_thread_index()
}

/// Threads that [`for_each_chunk`] may use.
pub fn threads() -> usize {
    rayon::current_num_threads()
}
