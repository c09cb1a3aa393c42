//! The runtime that every program uses, so that none has another number of threads.

use std::{future::Future, io};

use tokio::runtime::Builder;

/// Runs `work` on tokio's usual runtime, or on the one thread that is asked for.
///
/// # Errors
/// If the system gives no threads.
pub fn run<T>(one_thread: bool, work: impl Future<Output = T>) -> io::Result<T> {
    let mut builder = match one_thread {
        true => Builder::new_current_thread(),
        false => Builder::new_multi_thread(),
    };
    Ok(builder.enable_all().build()?.block_on(work))
}
