//! What picks look at: the peers of a moment, and which of them a call may go to.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
    time::Instant,
};

use http::HeaderName;

use super::{
    candidates::Candidates,
    peer::Peer,
    pick::{Choice, Nowhere},
    settings::Settings,
};
use crate::{
    call::{Call, Said},
    discovery::{Freshness, Snapshot},
    policy::{
        balance::{Strategy, hash},
        connectivity::{Counts, State},
    },
};

/// The peers of a moment. Never changed: the next moment has its own, which shares the peers.
#[derive(Debug)]
pub(super) struct View<L> {
    pub(super) snapshot: Snapshot,
    /// All of them, whether they can be reached or not.
    pub(super) peers: Arc<[Arc<Peer<L>>]>,
    /// Those that were found not to fit a client, until the manager forgets it.
    unfit: Unfit,
    settings: Arc<Settings>,
    keys: Keys,
    /// For each release that some client says, and for none: there are as many as contracts that use the channel.
    fitting: Fitting<L>,
}

/// What a client says of its release, by where that stands in memory; none where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Release(usize);

/// Peers that refused a client for its release, and when that is forgotten.
pub(super) type Unfit = HashMap<(u64, Release), Instant>;

/// Where the key of a call comes from.
#[derive(Debug)]
enum Keys {
    /// Nobody asks for it.
    Any,
    /// Metadata of this name, or what the contract names.
    Of(Option<HeaderName>),
}

/// A list that only grows, so that what is in it can be borrowed.
type Fitting<L> = OnceLock<Box<Fit<L>>>;

#[derive(Debug)]
struct Fit<L> {
    said: Option<&'static Said>,
    candidates: Candidates<L>,
    next: Fitting<L>,
}

impl Release {
    pub(super) fn of(said: Option<&'static Said>) -> Self {
        Self(said.map_or(0, |said| std::ptr::from_ref(said).addr()))
    }
}

// === View ===

impl<L> View<L> {
    /// Before anything is known.
    pub(super) fn empty(settings: Arc<Settings>) -> Self {
        Self::new(Snapshot::pending(), Arc::default(), Unfit::new(), settings)
    }

    pub(super) fn new(
        snapshot: Snapshot,
        peers: Arc<[Arc<Peer<L>>]>,
        unfit: Unfit,
        settings: Arc<Settings>,
    ) -> Self {
        let header = settings.balancing.request_hash_header.as_deref();
        let keys = match settings.balancing.strategy {
            Strategy::RingHash => Keys::Of(header.and_then(|name| name.parse().ok())),
            _ => Keys::Any,
        };
        Self {
            snapshot,
            peers,
            unfit,
            settings,
            keys,
            fitting: Fitting::new(),
        }
    }

    /// Prepares for the clients that `before` has met, so that no call has to.
    pub(super) fn prepare(&self, before: &Self) {
        let mut fit = before.fitting.get();
        while let Some(known) = fit {
            self.candidates(known.said);
            fit = known.next.get();
        }
    }

    /// Those that a client may call that says `said`.
    #[inline]
    pub(super) fn candidates(&self, said: Option<&'static Said>) -> &Candidates<L> {
        let release = Release::of(said);
        let mut fitting = &self.fitting;
        loop {
            let fit = fitting.get_or_init(|| self.fit(said));
            if Release::of(fit.said) == release {
                return &fit.candidates;
            }
            fitting = &fit.next;
        }
    }

    #[cold]
    fn fit(&self, said: Option<&'static Said>) -> Box<Fit<L>> {
        let release = Release::of(said);
        let refused: HashSet<u64> = self
            .unfit
            .keys()
            .filter(|(_, of)| *of == release)
            .map(|(peer, _)| *peer)
            .collect();
        let fits = |peer: &&Arc<Peer<L>>| match said {
            None => true,
            Some(said) => {
                let endpoint = peer.endpoint.load();
                endpoint.admits(&said.range).is_ok() && !refused.contains(&peer.number)
            }
        };
        Box::new(Fit {
            said,
            candidates: Candidates::of(self.peers.iter().filter(fits), &self.settings),
            next: Fitting::new(),
        })
    }

    /// What a call has in common with others that are to go where it goes.
    #[inline]
    pub(super) fn key(&self, call: &Call) -> u64 {
        let Keys::Of(header) = &self.keys else {
            return 0;
        };
        let said = header.as_ref().and_then(|name| {
            let values = call.metadata.as_ref().get_all(name);
            let mut values = values.iter().map(http::HeaderValue::as_bytes);
            let first = values.next()?;
            // Several values are one, as they would be on the wire (gRFC A76).
            let all = values.fold(first.to_vec(), |all, next| [&all, &b","[..], next].concat());
            Some(hash(&all))
        });
        said.or_else(|| call.key.map(u64::from))
            .unwrap_or_else(|| fastrand::u64(..))
    }

    /// How many peers are in each state.
    pub(super) fn counts(&self, asleep: bool) -> Counts {
        self.peers.iter().map(|peer| peer.state(asleep)).collect()
    }

    /// What can be said of all peers together.
    pub(super) fn state(&self, asleep: bool) -> State {
        let nothing_yet = matches!(self.snapshot.freshness, Freshness::Pending);
        match self.peers.is_empty() {
            true if asleep => State::Idle,
            true if nothing_yet => State::Connecting,
            _ if self.peers.iter().any(|peer| peer.is_ready()) => State::Ready,
            _ => self.counts(asleep).overall(),
        }
    }

    /// Whether a call that says no release could be sent.
    pub(super) fn readiness(&self) -> Choice<()> {
        let any = self.candidates(None);
        match any.are_away() {
            false => Choice::Here(()),
            true => self.why_not(any),
        }
    }

    /// Why none of `candidates` can be had.
    pub(super) fn why_not<T>(&self, candidates: &Candidates<L>) -> Choice<T> {
        match &self.snapshot.freshness {
            Freshness::Pending => return Choice::Wait,
            Freshness::Stale { why, .. } if self.peers.is_empty() => {
                return Choice::Nowhere(Nowhere::Unresolved(why.to_string()));
            }
            Freshness::Stale { .. } | Freshness::Fresh => {}
        }
        if self.peers.is_empty() {
            return Choice::Nowhere(Nowhere::Empty);
        }
        if candidates.all.is_empty() && candidates.weightless > 0 {
            return Choice::Nowhere(Nowhere::Weightless);
        }
        if candidates.all.is_empty() {
            return Choice::Nowhere(Nowhere::Unfit(self.releases()));
        }
        if !candidates.all.iter().all(|peer| peer.is_out()) {
            return Choice::Wait;
        }
        let last = candidates.all.last().and_then(|peer| peer.why_not());
        Choice::Nowhere(Nowhere::Unreachable(
            candidates.all.len(),
            last.unwrap_or_default(),
        ))
    }

    /// The releases that there are, each once, and no more of them than one can read.
    fn releases(&self) -> String {
        const SHOWN: usize = 5;
        let releases = self.peers.iter().filter_map(|peer| {
            let endpoint = peer.endpoint.load();
            let release = endpoint.release.as_ref()?;
            Some((release.version.clone(), release.min))
        });
        let mut releases: Vec<_> = releases.collect();
        releases.sort();
        releases.dedup();
        let more = releases.len().saturating_sub(SHOWN);
        let shown = releases.into_iter().rev().take(SHOWN);
        let shown = shown.map(|(version, min)| format!("{version} (for clients from {min})"));
        let mut shown: Vec<_> = shown.collect();
        if more > 0 {
            shown.push(format!("{more} older ones"));
        }
        shown.join(", ")
    }
}
