//! The system's wish that a program should end.

/// Resolves when the program is asked to end: by SIGTERM, as systemd, Kubernetes and `kill` do, or by SIGINT, which is
/// Ctrl-C; on systems without signals, by Ctrl-C.
///
/// From its first poll on, these signals no longer end the program by themselves. Where the system does not let it
/// listen, it never resolves, and they do.
///
/// ```no_run
/// # async fn shown(movies: impl couplet::codegen::Contract + 'static) -> Result<(), couplet::server::ServeError> {
/// use couplet::{Server, server::signal};
///
/// let drained = Server::builder()
///     .add(movies)
///     .serve_with_shutdown("0.0.0.0:50051", signal::terminated())
///     .await?;
/// # drop(drained);
/// # Ok(()) }
/// ```
pub async fn terminated() {
    #[cfg(unix)]
    let heard = either().await;
    #[cfg(not(unix))]
    let heard = tokio::signal::ctrl_c().await;
    if let Err(error) = heard {
        tracing::error!(%error, "cannot listen to signals; they end the program at once");
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn either() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal = name, "asked to end");
    Ok(())
}
