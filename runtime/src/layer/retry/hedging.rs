//! Sends copies of a call beside it and takes the first answer: gRFC A6's hedging.
//!
//! When a copy is sent is decided by [`policy::retry`](crate::policy::retry); here the attempts race. The first head of an
//! answer wins. Whoever lost is told so before it is dropped, so that no breaker takes its end for a failure of the peer.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context as Waker, Poll},
    time::Instant,
};

use tokio::time::{Sleep, sleep_until};
use tonic::Status;

use super::{Retry, mirror, mirror_failure};
use crate::{
    call::{Call, Invoke, Method, Phase, Race, Reply, Spare, Tried},
    clock,
    context::Context,
    policy::{
        plan::{Plans, Switch},
        retry::{Ended, Extra, Hedges, HedgingConfig, HedgingRules, Percentile, Reason, Verdict},
    },
};

/// What the hedging of a service's methods remembers from call to call.
#[derive(Debug)]
pub(super) struct Memories(Box<[OnceLock<Memory>]>);

#[derive(Debug, Default)]
struct Memory {
    times: Percentile,
    extra: Extra,
}

/// A hedged call.
struct Contest<'a, I> {
    retry: &'a Retry<I>,
    rules: HedgingRules<'a>,
    hedges: Hedges,
    memory: &'a Memory,
    racers: Vec<Racer<'a>>,
    tried: Tried,
    spare: Spare,
    /// Nobody else is asked any more.
    committed: bool,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
}

/// An attempt under way.
struct Racer<'a> {
    attempt: Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send + 'a>>,
    race: Arc<Race>,
    /// Its number among the readers of the call's messages.
    reader: u32,
    /// How many attempts were sent before.
    previous: u32,
}

enum Event {
    /// The racer at this place was answered.
    Ended(usize, Result<Reply, Status>),
    /// The call is committed to the racer at this place.
    Committed(usize),
    /// The next copy is due.
    Due,
}

// === Memories ===

impl Memories {
    pub(super) fn of(plans: &Plans) -> Self {
        let methods = plans.service().methods.iter();
        Self(methods.map(|_| OnceLock::new()).collect())
    }

    fn of_method(&self, method: &Method) -> &Memory {
        self.0[method.index].get_or_init(Memory::default)
    }
}

// === Retry ===

impl<I: Invoke> Retry<I> {
    /// How a call of `method` is hedged, if it is.
    #[inline]
    pub(super) fn hedging(&self, method: &Method) -> Option<HedgingConfig> {
        match self.plans.is_on(method, Switch::Hedging) {
            true => self.planned_hedging(method),
            false => None,
        }
    }

    #[inline(never)]
    fn planned_hedging(&self, method: &Method) -> Option<HedgingConfig> {
        let config = HedgingConfig::from(self.plans.of(method).policies.hedging.as_ref()?);
        (!config.chain_stop || !Context::is_repeated()).then_some(config)
    }

    /// Sends `call`, of which `spare` is a copy, and further copies of it.
    pub(super) async fn hedge(
        &self,
        call: Call,
        spare: Spare,
        config: HedgingConfig,
    ) -> Result<Reply, Status> {
        let (method, started) = (call.method, call.started.unwrap_or_else(clock::now));
        let memory = self.memories.of_method(method);
        memory.extra.pay(config.max_extra_load);
        let rules = HedgingRules {
            config: &config,
            cap: self.target.attempts_cap,
            throttle: &self.target.throttle,
        };
        let measured = config.hedging_delay_percentile;
        let delay = measured.and_then(|percent| memory.times.get(percent));
        let delay = delay.unwrap_or(config.hedging_delay);
        let mut contest = Contest {
            retry: self,
            hedges: Hedges::new(&rules, delay, started),
            rules,
            memory,
            racers: Vec::new(),
            tried: Tried::default(),
            spare,
            committed: false,
            timer: None,
        };
        contest.send(call, 0, 0);
        let answer = contest.run().await;
        let others = contest.hedges.sent() - 1;
        let (previous, mut reply) = answer.map_err(|mut status| {
            mirror_failure(&mut status, others);
            status
        })?;
        if measured.is_some() {
            memory.times.record(clock::now() - started);
        }
        self.credit(&mut reply);
        mirror(&mut reply, previous);
        Ok(reply)
    }
}

// === Contest ===

impl<'a, I: Invoke> Contest<'a, I> {
    /// Waits for the answer; with it, how many attempts there were before its own.
    async fn run(&mut self) -> Result<(u32, Reply), Status> {
        // What there is to return when nothing more comes.
        let mut failure = None;
        loop {
            match poll_fn(|waker| self.poll(waker)).await {
                Event::Ended(place, Ok(reply)) => {
                    self.commit(place);
                    return Ok((self.racers[0].previous, reply));
                }
                Event::Ended(place, Err(status)) => {
                    let racer = self.racers.swap_remove(place);
                    match self.failed(&status) {
                        Verdict::Return(why) => {
                            self.retry.count_end(why);
                            self.beat();
                            return Err(status);
                        }
                        Verdict::Wait => failure = Some(status),
                        Verdict::Transparent => {
                            if !self.replace(racer) {
                                failure = Some(status);
                            }
                        }
                    }
                }
                Event::Committed(place) => self.commit(place),
                Event::Due => self.due(),
            }
            if self.racers.is_empty() && self.hedges.next().is_none() {
                let none = || Status::internal("a hedged call has no attempt");
                return Err(failure.unwrap_or_else(none));
            }
        }
    }

    fn send(&mut self, mut call: Call, reader: u32, previous: u32) {
        let race = Arc::new(Race::default());
        call.attempt.previous = previous;
        call.attempt.tried = self.tried.clone();
        call.attempt.race = Some(Arc::clone(&race));
        self.racers.push(Racer {
            attempt: Box::pin(self.retry.inner.invoke(call)),
            race,
            reader,
            previous,
        });
    }

    /// Sends the call once more in the place of a racer that no application saw; not, if another one got it just now.
    fn replace(&mut self, racer: Racer<'a>) -> bool {
        let Some((call, reader)) = self.spare.beside() else {
            self.hedges.stop();
            return false;
        };
        self.retry.counts.transparent.add();
        self.send(call, reader, racer.previous);
        true
    }

    /// Sends the copy that is due, unless the target has enough to do.
    fn due(&mut self) {
        let now = clock::now();
        if !self.spare.is_whole() {
            self.hedges.stop();
        } else if !self.rules.throttle.allows() {
            self.hedges.stop();
            self.retry.counts.throttled.add();
        } else if !self.memory.extra.take() {
            match self.racers.is_empty() {
                true => self.hedges.stop(),
                false => self.hedges.put_off(now),
            }
        } else if let Some((call, reader)) = self.spare.beside() {
            let previous = self.hedges.sent();
            self.hedges.send(now);
            self.retry.counts.hedges.add();
            self.send(call, reader, previous);
        } else {
            self.hedges.stop();
        }
    }

    fn failed(&mut self, status: &Status) -> Verdict {
        if self.committed {
            return Verdict::Return(Reason::Committed);
        }
        let ended = Ended {
            status,
            resendable: self.spare.is_whole(),
            chained: false,
            deadline: self.spare.deadline(),
            now: clock::now(),
            random: 0.0,
        };
        self.hedges.failed(&self.rules, &ended, self.racers.len())
    }

    /// Ends all but the racer at `place`.
    fn commit(&mut self, place: usize) {
        self.committed = true;
        self.hedges.stop();
        let winner = self.racers.swap_remove(place);
        self.beat();
        if let Some(replay) = self.spare.replay() {
            replay.commit(winner.reader);
        }
        self.racers.push(winner);
    }

    /// Ends all racers, which are told that it is for no fault of theirs. A caller that goes away tells them nothing.
    fn beat(&mut self) {
        for loser in &self.racers {
            loser.race.lose();
        }
        self.racers.clear();
    }

    fn poll(&mut self, waker: &mut Waker<'_>) -> Poll<Event> {
        for (place, racer) in self.racers.iter_mut().enumerate() {
            Phase::Queue.note();
            Tried::take();
            let polled = racer.attempt.as_mut().poll(waker);
            if let Some(peer) = Tried::take() {
                self.tried.add(peer);
            }
            if let Poll::Ready(answer) = polled {
                return Poll::Ready(Event::Ended(place, answer));
            }
            // Whoever waits for the rest of an answer has its head.
            if !self.committed && Phase::last() == Phase::Body {
                return Poll::Ready(Event::Committed(place));
            }
        }
        if let Some(place) = self.overflown(waker) {
            return Poll::Ready(Event::Committed(place));
        }
        let Some(next) = self.hedges.next() else {
            return Poll::Pending;
        };
        if self.racers.is_empty() {
            Phase::Backoff.note();
        }
        match self.timer(next).poll(waker) {
            Poll::Ready(()) => Poll::Ready(Event::Due),
            Poll::Pending => Poll::Pending,
        }
    }

    /// The racer that has sent more than there was room to keep.
    fn overflown(&self, waker: &Waker<'_>) -> Option<usize> {
        if self.committed {
            return None;
        }
        let reader = self.spare.replay()?.committed(waker.waker())?;
        self.racers.iter().position(|racer| racer.reader == reader)
    }

    /// What ends at `next`.
    fn timer(&mut self, next: Instant) -> Pin<&mut Sleep> {
        let (at, timer) = self
            .timer
            .get_or_insert_with(|| (next, Box::pin(sleep_until(next.into()))));
        if *at != next {
            timer.as_mut().reset(next.into());
            *at = next;
        }
        timer.as_mut()
    }
}
