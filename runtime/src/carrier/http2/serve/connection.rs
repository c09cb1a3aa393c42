//! One served connection: handshake, calls, drain, end.

use std::{future::Future, io, pin::pin, sync::Arc};

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::{select, time::timeout};

use super::{
    Dispatch, Settings, Socket,
    age::Leaving,
    answering::Answering,
    calls::Calls,
    preface::{Greeted, greet},
    stage::{Hearer, Stage},
};
use crate::call::Peer;

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Who answers.
    pub(crate) dispatch: Dispatch,
    /// What a connection may ask for.
    pub(crate) settings: Settings,
}

/// Serves the connection that `opening` makes until the client goes away, it is too old, or the server's `life` says so. Returns how many
/// calls were cut.
pub(crate) async fn serve(
    opening: impl Future<Output = io::Result<(Socket, Peer)>>,
    shared: Arc<Shared>,
    life: Hearer,
) -> usize {
    let (socket, peer) = select! {
        opened = open(opening, &shared.settings) => match opened {
            Ok(opened) => opened,
            Err(error) => {
                tracing::debug!(%error, "a connection was not opened");
                return 0;
            }
        },
        // No call was accepted yet, so there is nothing to wait for.
        () = life.reached(Stage::Draining) => return 0,
    };
    let left_behind = socket.left_behind();
    match carry(socket, peer, shared, &life).await {
        End::Gone => 0,
        End::Cut(calls) => calls,
        End::Finished => {
            select! {
                () = left_behind.linger() => {}
                () = life.reached(Stage::Over) => {}
            }
            0
        }
    }
}

/// How a connection ended.
enum End {
    /// The client is gone, or is not waited for any longer.
    Gone,
    /// It was told to go elsewhere, and all of its calls are over.
    Finished,
    /// Its server is over, and so many of its calls were not.
    Cut(usize),
}

/// Serves an open connection to its end.
async fn carry(socket: Greeted, peer: Peer, shared: Arc<Shared>, life: &Hearer) -> End {
    let (ages, traffic) = (shared.settings.ages, socket.traffic());
    let (calls, peer) = (Calls::new(ages.idle.is_some()), Arc::new(peer));
    let http = shared.settings.http(calls.clone());
    let service =
        service_fn(move |request| Answering::New(request, Arc::clone(&shared), Arc::clone(&peer)));
    let mut served = pin!(http.serve_connection(TokioIo::new(socket), service));
    let why = select! {
        biased;
        ended = served.as_mut() => {
            report(ended);
            return End::Gone;
        }
        () = life.reached(Stage::Draining) => Leaving::Draining,
        why = ages.reached(&calls, fastrand::f64()) => why,
    };
    // The client hears of it twice: at first that it should go, and, once it has confirmed that, up to which of its calls
    // it was heard. What is above was not looked at.
    served.as_mut().graceful_shutdown();
    select! {
        biased;
        ended = served.as_mut() => {
            report(ended);
            End::Finished
        }
        // Dropping the connection resets its calls, which drops their handlers.
        () = life.reached(Stage::Over) => End::Cut(calls.open()),
        () = ages.given_up(why, &calls, &traffic) => {
            tracing::debug!(?why, calls = calls.open(), "a connection was given up");
            End::Gone
        }
    }
}

fn report(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection failed");
    }
}

async fn open(
    opening: impl Future<Output = io::Result<(Socket, Peer)>>,
    settings: &Settings,
) -> io::Result<(Greeted, Peer)> {
    let opened = timeout(settings.handshake_timeout, async {
        let (socket, peer) = opening.await?;
        Ok((greet(socket).await?, peer))
    });
    match opened.await {
        Ok(opened) => opened,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client did not finish its handshake in time",
        )),
    }
}
