//! A call that has its endpoint: it counts there until it is over, and its end tells how well the endpoint is.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{
    Reach, Shared,
    peer::Peer,
    view::{Release, Unfit},
};
use crate::{
    call::{Announced, Body, Call, Deadline, End, Race, Reply, Said, Tried},
    clock,
    policy::{
        outlier::{Config, Outcome, Pass},
        version::admits,
    },
};

/// How long an endpoint gets no calls of a client that it refused for its release, unless discovery says its release anew.
const UNFIT: Duration = Duration::from_secs(30);

/// A place at an endpoint, until the call is over. Dropped before, the call was given up.
#[derive(Debug)]
pub(super) struct Chosen<L> {
    peer: Arc<Peer<L>>,
    /// There until the end is told.
    pass: Option<Pass>,
    said: Option<&'static Said>,
    started: Instant,
    /// When the call must be over, and how long this attempt of it may wait for the head of its answer.
    deadline: Deadline,
    patience: Option<Duration>,
    race: Option<Arc<Race>>,
}

// === Chosen ===

impl<L> Chosen<L> {
    pub(super) fn new(peer: &Arc<Peer<L>>, pass: Pass, call: &Call, now: Instant) -> Self {
        peer.load.begin();
        Self {
            peer: Arc::clone(peer),
            pass: Some(pass),
            said: said(call),
            started: now,
            deadline: call.deadline,
            patience: call.attempt.timeout,
            race: call.attempt.race.clone(),
        }
    }

    /// Tells the end of the call.
    fn end(mut self, failed: Option<&Status>, config: &Config) {
        if let Some(pass) = self.pass.take() {
            let now = clock::now();
            let elapsed = now.saturating_duration_since(self.started);
            pass.complete(now, outcome(config, failed, elapsed));
        }
    }
}

impl<L: Reach> Chosen<L> {
    /// Sends `call` there.
    pub(super) async fn send(self, call: Call, shared: &Shared<L>) -> Result<Reply, Status> {
        if self.race.is_some() {
            // Whoever sends another attempt beside this one sends it elsewhere.
            Tried::note(self.peer.number);
        }
        let mut answer = self.peer.link.invoke(call).await;
        let now = clock::now();
        match &mut answer {
            Ok(reply) => {
                let elapsed = now.saturating_duration_since(self.started);
                self.peer.load.took(elapsed, now);
                self.hear(&reply.announced, shared, now);
                self.finish(reply, shared);
            }
            Err(status) => {
                Tried::note(self.peer.number);
                if is_misfit(status) {
                    self.refused(shared, now);
                }
                self.end(Some(status), &shared.outlier.config());
            }
        }
        answer
    }

    /// The call is over, or goes on as a stream.
    fn finish(mut self, reply: &mut Reply, shared: &Shared<L>) {
        match &mut reply.body {
            Body::Many(frames) => {
                let config = shared.outlier.config();
                frames.on_end(move |end| match end {
                    End::Complete => self.end(None, &config),
                    End::Failed(status) => self.end(Some(status), &config),
                    End::Abandoned => drop(self),
                });
            }
            _ => {
                if let Some(pass) = self.pass.take() {
                    pass.complete(clock::now(), Outcome::Success);
                }
            }
        }
    }

    /// A server that does not check is told apart by what it says.
    fn hear(&self, announced: &Announced, shared: &Shared<L>, now: Instant) {
        if let (Some(said), Some(range)) = (self.said, announced.range())
            && admits(&said.range, range).is_err()
        {
            self.refused(shared, now);
        }
    }

    /// The two releases do not fit, whatever discovery says.
    #[cold]
    fn refused(&self, shared: &Shared<L>, now: Instant) {
        if let Some(said) = self.said {
            shared.mark(Unfit {
                peer: self.peer.number,
                release: Release::of(said),
                until: now + UNFIT,
            });
        }
    }
}

impl<L> Drop for Chosen<L> {
    fn drop(&mut self) {
        self.peer.load.end();
        let Some(pass) = self.pass.take() else {
            return;
        };
        Tried::note(self.peer.number);
        // Whoever was given up would have taken longer.
        let now = clock::now();
        let elapsed = now.saturating_duration_since(self.started);
        self.peer.load.took_at_least(elapsed, now);
        let lost = self.race.as_ref().is_some_and(|race| race.is_lost());
        let unanswered = self.patience.is_some_and(|patience| elapsed >= patience);
        if !lost && (unanswered || self.deadline.has_passed(now)) {
            pass.complete(now, Outcome::Failure);
        }
    }
}

/// What the caller says of its release.
pub(super) fn said(call: &Call) -> Option<&'static Said> {
    match call.announced {
        Announced::Own(said) => Some(said),
        Announced::Unsaid | Announced::Peer(_) | Announced::Malformed(_) => None,
    }
}

/// What the end of a call says about its endpoint.
fn outcome(config: &Config, failed: Option<&Status>, elapsed: Duration) -> Outcome {
    match failed {
        Some(status) if is_misfit(status) => Outcome::Ignored,
        failed => config.outcome(failed, elapsed, None),
    }
}

/// Whether the peer refused the client's release.
fn is_misfit(status: &Status) -> bool {
    let says_why = status.code() == Code::FailedPrecondition && !status.details().is_empty();
    let about_release = || {
        let info = status.get_details_error_info()?;
        Some(info.domain == "couplet" && info.reason.starts_with("API_"))
    };
    says_why && about_release().unwrap_or(false)
}
