//! The connections to one target: which of them takes the next call, and when another one is opened.
//!
//! A call takes the connection with the fewest calls. A busy one makes another come up beside it; a full one makes the
//! call wait for that, or for a place. Without any, the call waits for the first. While a failed attempt is waited out it fails at
//! once, or waits for that too if it is to wait for ready. The states, and when connecting is tried again, are
//! [`Connectivity`](crate::policy::connectivity)'s.
//!

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use tokio::{
    sync::watch,
    time::{sleep, sleep_until},
};
use tonic::Status;

use super::{
    connection::{Connection, Lease},
    dial::Dial,
    standing::{Rest, Standing},
    target::Target,
};
use crate::{
    call::Mark,
    clock,
    policy::{
        backoff::Backoff,
        connectivity::{Attempt, Demand, Leave, Need, State},
    },
};

/// From how many calls on a connection another one is worth opening.
const BUSY: usize = 100;

/// How long it is from one look for connections that are not needed to the next.
const LOOK: Duration = Duration::from_secs(60);

/// How often one call waits for a connection that is gone again when it gets there.
const PATIENCE: usize = 3;

/// The connections to one target.
#[derive(Debug)]
pub(super) struct Pool {
    dial: Dial,
    most: usize,
    open: ArcSwap<Vec<Arc<Connection>>>,
    standing: Arc<Standing>,
    tended: Mutex<Tended>,
}

/// Sees to it that connections are left when they are not needed.
#[derive(Debug)]
struct Tended {
    need: Need,
    /// How long it is from one look to the next.
    every: Duration,
    /// Whether somebody looks.
    watched: bool,
}

/// Where a call can go.
enum Pick {
    /// Here.
    Free(Lease),
    /// Here, but another connection would be good.
    Busy(Lease),
    /// Nowhere without waiting.
    Full(Arc<Connection>),
    /// There is no connection.
    Nowhere,
}

// === Pool ===

impl Pool {
    /// No connection yet.
    pub(super) fn new(
        dial: Dial,
        backoff: Backoff,
        most: usize,
        idle_timeout: Option<Duration>,
    ) -> Arc<Self> {
        let Target {
            scheme, authority, ..
        } = &dial.target;
        let standing = Standing::new(format!("{scheme}://{authority}"), backoff);
        Arc::new(Self {
            dial,
            most: most.max(1),
            open: ArcSwap::default(),
            standing: Arc::new(standing),
            tended: Mutex::new(Tended {
                need: Need::new(idle_timeout, clock::now()),
                every: idle_timeout.map_or(LOOK, |limit| LOOK.min(limit / 2)),
                watched: false,
            }),
        })
    }

    /// A place for one call. A `patient` one waits until it can be had.
    ///
    /// # Errors
    /// UNAVAILABLE, marked as unprocessed, with the reason why there is no connection.
    pub(super) async fn lease(self: &Arc<Self>, patient: bool) -> Result<Lease, Status> {
        match self.pick() {
            Pick::Free(lease) => Ok(lease),
            Pick::Busy(lease) => {
                self.grow();
                Ok(lease)
            }
            Pick::Full(_) | Pick::Nowhere => self.wait(patient).await,
        }
    }

    /// Returns once no connection is open.
    pub(super) async fn lost(&self) {
        let mut states = self.standing.states();
        // It cannot end before this does.
        let _ = states.wait_for(|state| *state != State::Ready).await;
    }

    /// How long it is until connecting may be tried again by whoever is in no hurry.
    pub(super) fn pause(&self) -> Duration {
        self.standing.pause(Demand::Keep)
    }

    /// The state of the connections, and how it changes.
    pub(super) fn states(&self) -> watch::Receiver<State> {
        self.standing.states()
    }

    async fn wait(self: &Arc<Self>, patient: bool) -> Result<Lease, Status> {
        let waiting = self.standing.stand();
        let mut attempts = 0;
        while patient || attempts < PATIENCE {
            let mut changed = pin!(self.standing.changed());
            let mut freed = pin!(waiting.freed());
            // Enabled before looking, so that nothing is missed.
            changed.as_mut().enable();
            freed.as_mut().enable();
            let (mut rested, mut nowhere) = (None, false);
            match self.pick() {
                Pick::Free(lease) => return Ok(lease),
                Pick::Busy(lease) => {
                    self.grow();
                    return Ok(lease);
                }
                Pick::Full(connection) if !self.grow() => return Ok(connection.queue()),
                Pick::Full(_) => {}
                Pick::Nowhere => match self.connect(Demand::Call) {
                    Ok(()) => nowhere = true,
                    Err(rest) if patient => rested = Some(rest.until),
                    Err(rest) => return Err(self.unreachable(&rest.why)),
                },
            }
            tokio::select! {
                // By order and not by chance, so that a simulation can be repeated.
                biased;
                // One that came up and was filled by others is no sign of a peer that ends them.
                () = changed => attempts += usize::from(nowhere),
                () = freed => {}
                () = until(rested) => {}
            }
        }
        Err(self.unreachable("connections come up and end at once"))
    }

    fn pick(&self) -> Pick {
        let open = self.open.load();
        while let Some(least) = least(&open) {
            let free = least.lease(BUSY);
            let busy = free.is_none();
            let Some(mut lease) = free.or_else(|| least.lease(usize::MAX)) else {
                return Pick::Full(Arc::clone(least));
            };
            match (lease.is_alive(), busy) {
                (false, _) => {}
                (true, false) => return Pick::Free(lease),
                (true, true) => return Pick::Busy(lease),
            }
        }
        Pick::Nowhere
    }

    /// Sees to it that another connection is coming up; whether one is.
    fn grow(self: &Arc<Self>) -> bool {
        self.live() < self.most && self.connect(Demand::Spare).is_ok()
    }

    fn live(&self) -> usize {
        let open = self.open.load();
        let open = open.iter().filter(|connection| connection.is_open());
        open.count()
    }

    /// Sees to it that a connection is coming up.
    fn connect(self: &Arc<Self>, demand: Demand) -> Result<(), Rest> {
        let Some(attempt) = self.standing.ask(demand)? else {
            return Ok(());
        };
        let attempt = Trying {
            pool: Arc::clone(self),
            attempt: Some(attempt),
        };
        tokio::spawn(attempt.conclude());
        Ok(())
    }

    fn add(self: &Arc<Self>, connection: Connection) {
        let mut tended = self.tended();
        let mut open = self.still_open();
        open.push(Arc::new(connection));
        self.open.store(Arc::new(open));
        tended.need.touch(clock::now());
        if !std::mem::replace(&mut tended.watched, true) {
            tokio::spawn(tend(Arc::downgrade(self), tended.every));
        }
    }

    /// Leaves all connections. Calls that are under way go on.
    pub(super) fn leave(&self) {
        let _alone = self.tended();
        self.leave_all();
    }

    fn leave_all(&self) {
        for connection in self.open.swap(Arc::default()).iter() {
            connection.leave();
        }
    }

    fn still_open(&self) -> Vec<Arc<Connection>> {
        let open = self.open.load();
        let open = open.iter().filter(|connection| connection.is_open());
        open.cloned().collect()
    }

    /// Leaves what is not needed; whether there is something left to look at.
    fn tend(&self) -> bool {
        let mut tended = self.tended();
        let open = self.still_open();
        let peaks: Vec<_> = open.iter().map(|one| one.take_peak()).collect();
        let room = open.iter().map(|one| one.room()).min();
        let room = room.unwrap_or_default().min(BUSY);
        match tended.need.look(clock::now(), &peaks, room) {
            Leave::None => {}
            Leave::All => self.leave_all(),
            Leave::One => {
                if let Some(spare) = least(&open) {
                    spare.leave();
                }
                // A connection ends when the last who could use it lets go.
                self.open.store(Arc::new(self.still_open()));
            }
        }
        tended.watched = self.live() > 0;
        tended.watched
    }

    fn tended(&self) -> MutexGuard<'_, Tended> {
        self.tended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreachable(&self, why: &str) -> Status {
        let target = &self.dial.target;
        Mark::Unprocessed.on(Status::unavailable(format!(
            "cannot connect to {}://{}: {why}",
            target.scheme, target.authority
        )))
    }
}

/// The open connection with the fewest calls.
fn least(all: &[Arc<Connection>]) -> Option<&Arc<Connection>> {
    all.iter()
        .filter(|connection| connection.is_open())
        .min_by_key(|connection| connection.calls())
}

/// Looks after a pool until it is gone, or has no connection.
async fn tend(pool: Weak<Pool>, every: Duration) {
    loop {
        sleep(every).await;
        let goes_on = pool.upgrade().is_some_and(|pool| pool.tend());
        if !goes_on {
            return;
        }
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.standing.shutdown();
    }
}

// === Trying ===

/// An attempt to connect; over when dropped, even if its runtime ended under it.
struct Trying {
    pool: Arc<Pool>,
    attempt: Option<Attempt>,
}

impl Trying {
    async fn conclude(mut self) {
        let pool = &self.pool;
        match pool.dial.connect(Arc::clone(&pool.standing)).await {
            Ok(connection) => pool.add(connection),
            Err(why) => {
                if let Some(attempt) = self.attempt.take() {
                    pool.standing.failed(attempt, why);
                }
            }
        }
    }
}

impl Drop for Trying {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            self.pool.standing.over(attempt);
        }
    }
}
