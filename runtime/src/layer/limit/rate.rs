//! Bounds how many calls of a method begin in a time: for all callers together, or for each peer, header or tenant.
//!
//! Stands first of the limits: it looks at nothing but the head of a call. A client may let its own calls wait for
//! their turn, as long as that comes before their deadline.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::HeaderName;
use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use super::{
    Counts, refuse,
    shell::{Bounded, BoundedLayer, Bounds},
};
use crate::{
    call::{Call, Invoke, Method, Phase, Reply, during},
    clock,
    policy::limit::rate::{Config, ConfigError, Keyed, Limited, Rate},
};

/// The rate limit of one method, or of several.
#[derive(Debug)]
pub struct Limit {
    bound: Bound,
    /// The longest that a call may wait for its turn, in nanoseconds.
    wait: AtomicU64,
}

/// Says whose call one is; `None` if it cannot tell.
pub type KeyOf = dyn Fn(&Call) -> Option<String> + Send + Sync;

/// Whose calls count together. Those of which nothing is known count as one more.
#[derive(Clone)]
#[non_exhaustive]
pub enum By {
    /// Those from one address, whatever its ports.
    Peer,
    /// Those with the same value of a header.
    Header(HeaderName),
    /// Those of which this says the same, such as the tenant that a token names.
    Key(Arc<KeyOf>),
}

#[derive(Debug)]
enum Bound {
    All(Rate),
    /// The hash is keyed at random, so that no peer can choose whom it shares a place with.
    Each(Keyed, By, RandomState),
}

/// Asks a rate limit before every call.
pub type Limiting<I> = Bounded<Limit, I>;

/// Puts a [`Limiting`] around what it is given.
pub type RateLayer = BoundedLayer<Limit>;

// === Limit ===

impl Limit {
    /// One limit for all callers together.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self {
            bound: Bound::All(Rate::new(config, clock::now())?),
            wait: AtomicU64::new(0),
        })
    }

    /// A limit for each of at most so many `keys` at a time, see [`Keyed`].
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong.
    pub fn each(config: Config, by: By, keys: usize) -> Result<Self, ConfigError> {
        let keyed = Keyed::new(config, keys, clock::now())?;
        Ok(Self {
            bound: Bound::Each(keyed, by, RandomState::new()),
            wait: AtomicU64::new(0),
        })
    }

    /// Lets calls wait for their turn, so long at most, and never beyond their deadline. For clients, and for limits of
    /// all callers together; a limit for each refuses at once.
    #[must_use]
    pub fn waiting(self, longest: Duration) -> Self {
        self.wait_up_to(longest);
        self
    }

    /// The same for a limit that is in use: from the next call on, they wait so long at most.
    pub fn wait_up_to(&self, longest: Duration) {
        let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        self.wait.store(nanos, Relaxed);
    }

    /// Changes the rate while calls come.
    ///
    /// # Errors
    /// What [`Config::validate`] finds wrong; then nothing has changed.
    pub fn reconfigure(&self, config: Config) -> Result<(), ConfigError> {
        match &self.bound {
            Bound::All(rate) => rate.reconfigure(config, clock::now()),
            Bound::Each(keyed, ..) => keyed.reconfigure(config, clock::now()),
        }
    }

    /// Admits the call, after its wait.
    async fn admit(&self, call: &mut Call, now: Instant, counts: &Counts) -> Result<(), Limited> {
        let rate = match &self.bound {
            Bound::All(rate) => rate,
            Bound::Each(keyed, by, hashes) => return keyed.admit(by.key(call, hashes), now),
        };
        let left = call.deadline.remaining(now).unwrap_or(Duration::MAX);
        let longest = Duration::from_nanos(self.wait.load(Relaxed));
        let turn = rate.reserve(now, longest.min(left))?;
        if !turn.wait().is_zero() {
            counts.waited.add();
            during(Phase::Queue, tokio::time::sleep(turn.wait())).await;
            // What it waited for here is not the peer's doing.
            call.started = None;
        }
        turn.take();
        Ok(())
    }
}

// === By ===

impl By {
    fn key(&self, call: &Call, hashes: &RandomState) -> u64 {
        match self {
            Self::Peer => {
                let peer = call.peer.as_ref().and_then(|peer| peer.address);
                hashes.hash_one(peer.map(|address| address.ip()))
            }
            Self::Header(name) => hashes.hash_one(call.metadata.as_ref().get(name)),
            Self::Key(key) => hashes.hash_one(key(call)),
        }
    }
}

impl fmt::Debug for By {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer => formatter.write_str("Peer"),
            Self::Header(name) => formatter.debug_tuple("Header").field(name).finish(),
            Self::Key(_) => formatter.write_str("Key"),
        }
    }
}

// === Limit: Bounds ===

impl Bounds for Limit {
    async fn pass<I: Invoke>(
        self: Arc<Self>,
        at: &Limiting<I>,
        mut call: Call,
    ) -> Result<Reply, Status> {
        let admitted = self.admit(&mut call, clock::now(), &at.counts).await;
        admitted.map_err(|limited| {
            at.counts.refused.add();
            told(call.method, limited)
        })?;
        at.inner.invoke(call).await
    }
}

#[cold]
fn told(method: &Method, limited: Limited) -> Status {
    let mut details = ErrorDetails::new();
    details.set_retry_info(Some(limited.retry_in));
    let code = Code::ResourceExhausted;
    refuse(method, code, "RATE_LIMITED", limited, details)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tonic_types::StatusExt;
    use tower_layer::Layer;

    use super::{
        super::{Side, Table},
        *,
    };
    use crate::{
        call::{Deadline, Limit as Source, Mark, Peer, headers},
        fixture::{ECHO, Handler, echo, say},
    };

    /// Ten calls a second, one at once.
    fn config() -> Config {
        let mut config = Config::default();
        (config.limit_for_period, config.burst) = (10, Some(1));
        config
    }

    fn stack(limit: Limit) -> (Limiting<impl Invoke>, RateLayer) {
        let limit = Arc::new(limit);
        let table = Table::new(&ECHO, |_| Some(Arc::clone(&limit)));
        let layer = RateLayer::new(Arc::new(table), Side::Client);
        (layer.layer(Handler(echo)), layer)
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_calls_are_told_when_to_come_back() {
        let (stack, layer) = stack(Limit::new(config()).unwrap());
        stack.invoke(say(&ECHO, "1")).await.unwrap();
        let refused = stack.invoke(say(&ECHO, "2")).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(Mark::of(&refused), Some(Mark::Refused));
        let retry = refused.get_details_retry_info().unwrap().retry_delay;
        assert_eq!(retry, Some(Duration::from_millis(100)));
        tokio::time::advance(Duration::from_millis(100)).await;
        stack.invoke(say(&ECHO, "3")).await.unwrap();
        assert_eq!(layer.counts().refused.sum(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_waits_for_its_turn_but_not_beyond_its_deadline() {
        let limit = Limit::new(config()).unwrap();
        let (stack, layer) = stack(limit.waiting(Duration::from_secs(1)));
        let started = clock::now();
        for _ in 0..4 {
            stack.invoke(say(&ECHO, "in time")).await.unwrap();
        }
        assert_eq!(clock::now() - started, Duration::from_millis(300));
        assert_eq!(layer.counts().waited.sum(), 3);

        let mut call = say(&ECHO, "too late");
        call.deadline = Deadline::after(clock::now(), Duration::from_millis(50), Source::Call);
        let before = clock::now();
        stack.invoke(call).await.unwrap_err();
        assert_eq!(
            clock::now(),
            before,
            "it is refused before it waits in vain"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn each_peer_or_header_or_tenant_has_a_rate_of_its_own() {
        let from = |address: &str| {
            let mut call = say(&ECHO, "hi");
            call.peer = Some(Arc::new(Peer::at(address.parse().unwrap())));
            call
        };
        let (each, _) = stack(Limit::each(config(), By::Peer, 64).unwrap());
        each.invoke(from("192.0.2.1:1000")).await.unwrap();
        each.invoke(from("192.0.2.1:2000")).await.unwrap_err();
        each.invoke(from("192.0.2.2:1000")).await.unwrap();
        each.invoke(say(&ECHO, "nobody")).await.unwrap();
        each.invoke(say(&ECHO, "nobody else")).await.unwrap_err();

        let tenant = HeaderName::from_static("x-tenant");
        let named = |value: &'static str| {
            let mut call = say(&ECHO, "hi");
            let value = HeaderValue::from_static(value);
            headers::insert(
                &mut call.metadata,
                HeaderName::from_static("x-tenant"),
                value,
            );
            call
        };
        let by_key = By::Key(Arc::new(|call| {
            let tenant = call.metadata.get("x-tenant")?.to_str().ok()?;
            Some(tenant.to_ascii_lowercase())
        }));
        for (by, same) in [(By::Header(tenant), "a"), (by_key, "A")] {
            let (each, _) = stack(Limit::each(config(), by, 64).unwrap());
            each.invoke(named("a")).await.unwrap();
            each.invoke(named(same)).await.unwrap_err();
            each.invoke(named("b")).await.unwrap();
        }
    }
}
