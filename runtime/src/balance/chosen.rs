//! A call that has its endpoint: it counts there until it is over, and its end tells how well the endpoint is.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Reach, Shared, peer::Peer, view::Release};
use crate::{
    call::{Announced, Body, Call, Deadline, End, Kind, Limit, Mark, Race, Reply, Said, Tried},
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
    /// Whether nothing came back yet, of a call that is answered when it is done: what a stream takes says nothing.
    waits: bool,
    /// Whether the head of an answer came.
    heard: bool,
    said: Option<&'static Said>,
    started: Instant,
    /// When the call must be over, and how long this attempt of it may wait for the head of its answer.
    deadline: Deadline,
    patience: Option<Duration>,
    /// What its method allows a call, where the caller gives it another time.
    allowed: Option<Duration>,
    race: Option<Arc<Race>>,
}

// === Chosen ===

impl<L> Chosen<L> {
    pub(super) fn new(peer: &Arc<Peer<L>>, pass: Pass, call: &Call, now: Instant) -> Self {
        peer.load.begin();
        let waits = call.method.kind == Kind::Unary;
        if waits {
            peer.load.wait(now);
        }
        Self {
            peer: Arc::clone(peer),
            pass: Some(pass),
            waits,
            heard: false,
            said: said(call),
            started: now,
            deadline: call.deadline,
            patience: call.attempt.timeout,
            allowed: allowed(call),
            race: call.attempt.race.clone(),
        }
    }

    /// Tells the end of the call.
    fn end(mut self, failed: Option<&Status>, told: &Told, now: Instant) {
        let Some(pass) = self.pass.take() else {
            return;
        };
        let Some(status) = failed else {
            let was_trial = pass.is_trial();
            pass.complete(now, Outcome::Success);
            if was_trial {
                told.stir();
            }
            return;
        };
        let elapsed = now.saturating_duration_since(self.started);
        let was_shut = self.peer.health.is_shut();
        pass.complete(now, outcome(&told.config, status, elapsed, self.allowed));
        if was_shut != self.peer.health.is_shut() {
            told.stir();
        }
    }
}

/// What the end of a call is told by.
#[derive(Debug)]
struct Told {
    config: Arc<Config>,
    stirred: Arc<Notify>,
}

impl Told {
    fn of<L>(shared: &Shared<L>) -> Self {
        Self {
            config: shared.outlier.config(),
            stirred: Arc::clone(&shared.stirred),
        }
    }

    /// How many of a zone are usable has changed.
    fn stir(&self) {
        self.stirred.notify_one();
    }
}

impl<L: Reach> Chosen<L> {
    /// Sends `call` there.
    pub(super) async fn send(
        mut self,
        mut call: Call,
        shared: &Shared<L>,
    ) -> Result<Reply, Status> {
        shared.picks.add();
        if self.race.is_some() {
            // Whoever sends another attempt beside this one sends it elsewhere.
            Tried::note(self.peer.number);
        }
        // Whoever waits does so for any endpoint, and not for this one.
        call.wait_for_ready = None;
        let mut answer = self.peer.link.invoke(call).await;
        let now = clock::now();
        self.heard = true;
        if self.waits {
            let elapsed = now.saturating_duration_since(self.started);
            self.peer.load.heard();
            match answer {
                Ok(_) => self.peer.load.took(elapsed, now),
                // A quick refusal is no quick answer.
                Err(_) => self.peer.load.took_at_least(elapsed, now),
            }
        }
        match &mut answer {
            Ok(reply) => {
                self.hear(&reply.announced, shared, now);
                self.finish(reply, shared, now);
            }
            Err(status) => {
                Tried::note(self.peer.number);
                if is_misfit(status) {
                    self.refused(shared, now);
                    if self.has_others(shared) {
                        let known = std::mem::replace(status, Status::ok(""));
                        *status = Mark::Misplaced.on(known);
                    }
                }
                self.end(Some(status), &Told::of(shared), now);
            }
        }
        answer
    }

    /// The call is over, or goes on as a stream.
    fn finish(mut self, reply: &mut Reply, shared: &Shared<L>, now: Instant) {
        match &mut reply.body {
            Body::Many(frames) => {
                let told = Told::of(shared);
                frames.on_end(move |end| match end {
                    End::Complete => self.end(None, &told, clock::now()),
                    End::Failed(status) => self.end(Some(status), &told, clock::now()),
                    End::Abandoned => drop(self),
                });
            }
            _ => {
                if let Some(pass) = self.pass.take() {
                    let was_trial = pass.is_trial();
                    pass.complete(now, Outcome::Success);
                    if was_trial {
                        shared.stirred.notify_one();
                    }
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

    /// Whether the call could go to another peer that fits, as far as is known.
    #[cold]
    fn has_others(&self, shared: &Shared<L>) -> bool {
        let view = shared.view.load();
        let mut all = view.candidates(self.said).all.iter();
        all.any(|other| other.number != self.peer.number && other.is_ready())
    }

    /// The two releases do not fit, whatever discovery says.
    #[cold]
    fn refused(&self, shared: &Shared<L>, now: Instant) {
        if self.said.is_some() {
            shared.mark(self.peer.number, Release::of(self.said), now + UNFIT);
        }
    }
}

impl<L> Drop for Chosen<L> {
    fn drop(&mut self) {
        self.peer.load.end();
        if self.waits && !self.heard {
            self.peer.load.heard();
        }
        let Some(pass) = self.pass.take() else {
            return;
        };
        if self.heard {
            // A stream that was answered, and that its reader has enough of.
            return drop(pass);
        }
        Tried::note(self.peer.number);
        // Whoever was given up would have taken longer.
        let now = clock::now();
        let elapsed = now.saturating_duration_since(self.started);
        if self.waits {
            self.peer.load.took_at_least(elapsed, now);
        }
        let lost = self.race.as_ref().is_some_and(|race| race.is_lost());
        let unanswered = self.patience.is_some_and(|patience| elapsed >= patience);
        if !lost && (unanswered || self.deadline.has_passed(now)) {
            pass.complete(now, Outcome::Failure);
        }
    }
}

/// What the method of `call` allows, unless that is what this attempt of it has.
fn allowed(call: &Call) -> Option<Duration> {
    let has_it = call.deadline.limit() == Limit::Method && call.attempt.previous == 0;
    call.method.policies.timeout.filter(|_| !has_it)
}

/// What the caller says of its release.
pub(super) fn said(call: &Call) -> Option<&'static Said> {
    match call.announced {
        Announced::Own(said) => Some(said),
        Announced::Unsaid | Announced::Peer(_) | Announced::Malformed(_) => None,
    }
}

/// What the end of a call says about its endpoint.
fn outcome(
    config: &Config,
    failed: &Status,
    elapsed: Duration,
    allowed: Option<Duration>,
) -> Outcome {
    match is_misfit(failed) {
        true => Outcome::Ignored,
        false => config.outcome(Some(failed), elapsed, allowed),
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
