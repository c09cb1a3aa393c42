//! Keeps the way to one endpoint open: connects, waits until the connection is gone, and connects again.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::Semaphore,
    task::AbortHandle,
    time::{sleep, timeout},
};
use tonic::Status;

use super::{Reach, Shared, peer::Peer, serving::attend};

/// How many ways are opened at once, so that a large set of endpoints is not a stampede.
const AT_ONCE: usize = 16;
/// How long one that does not open keeps the next one waiting: hosts that swallow everything must not hold up the others.
const PATIENCE: Duration = Duration::from_millis(250);

/// Keeps the way to one peer open, until it is dropped.
#[derive(Debug)]
pub(super) struct Keeper(AbortHandle);

/// What the keepers of one balancer share.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Keeper {
    pub(super) fn start<L: Reach>(
        peer: Arc<Peer<L>>,
        shared: Arc<Shared<L>>,
        turns: Turns,
    ) -> Self {
        let keeping = keep(peer, shared, turns);
        Self(tokio::spawn(keeping).abort_handle())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn keep<L: Reach>(peer: Arc<Peer<L>>, shared: Arc<Shared<L>>, turns: Turns) {
    loop {
        match connect(&peer.link, &turns).await {
            Ok(()) => {
                let mut asked = shared.health.subscribe();
                tokio::select! {
                    () = peer.link.lost() => {}
                    never = attend(&peer, &shared, &mut asked) => match never {},
                }
                let mut hurried = pin!(shared.wanted.hurried());
                // Enabled before calls see that they cannot go there, so that none is missed.
                hurried.as_mut().enable();
                peer.down();
                shared.stirred.notify_one();
                // A server that left is not run over by all of its clients at once.
                tokio::select! {
                    biased;
                    () = hurried => {}
                    () = sleep(peer.link.pause()) => {}
                }
            }
            Err(status) => {
                peer.fail(status.message().to_owned());
                shared.stirred.notify_one();
                sleep(peer.link.pause()).await;
            }
        }
    }
}

/// Opens a way when it is its turn.
async fn connect<L: Reach>(link: &L, turns: &Turns) -> Result<(), Status> {
    let turn = turns.0.acquire().await;
    let mut connecting = pin!(link.connect());
    match timeout(PATIENCE, &mut connecting).await {
        Ok(connected) => connected,
        Err(_) => {
            drop(turn);
            connecting.await
        }
    }
}
