//! Which versions were met, by peer: who still has to be upgraded before something goes.
//!
//! A table of fixed size that many threads add to without a lock. A peer has eight places, which it may share with others:
//! whatever one peer calls itself, it takes no room from the rest. What finds no place is counted, and not by name.

use std::{
    fmt,
    net::IpAddr,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use semver::Version;

use super::counter::Counter;

const SETS: usize = 32;
const PLACES: usize = 8;

/// The versions that were met. Starts with none.
#[derive(Default)]
pub struct Seen {
    sets: [OnceLock<Box<Set>>; SETS],
    others: AtomicU64,
}

/// A version of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The peer, without its port; `None` where there are no addresses, and for the one target of a client.
    pub peer: Option<IpAddr>,
    /// The version; `None` where it says none.
    pub version: Option<Version>,
    /// The calls that met it.
    pub calls: u64,
}

/// Whether a version is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// This peer never said it before.
    First,
    /// It did.
    Again,
    /// There is no room to remember it.
    Unremembered,
}

type Set = [OnceLock<Box<Entry>>; PLACES];

struct Entry {
    peer: Option<IpAddr>,
    version: Option<Version>,
    calls: Counter,
}

// === Seen ===

impl Seen {
    /// Counts a call that met `version` of `peer`.
    pub fn meet(&self, peer: Option<IpAddr>, version: Option<&Version>) -> Met {
        let set = self.sets[set(peer)].get_or_init(Box::default);
        for place in set.iter() {
            let mut met = Met::Again;
            let entry = place.get_or_init(|| {
                met = Met::First;
                Box::new(Entry {
                    peer,
                    version: version.cloned(),
                    calls: Counter::default(),
                })
            });
            // Another thread may have had another version to put here.
            if entry.is(peer, version) {
                entry.calls.add();
                return met;
            }
        }
        self.others.fetch_add(1, Relaxed);
        Met::Unremembered
    }

    /// The versions that were met, by peer and then the oldest first.
    pub fn all(&self) -> Vec<Sight> {
        let sets = self.sets.iter().filter_map(OnceLock::get);
        let entries = sets.flat_map(|set| set.iter().filter_map(OnceLock::get));
        let sights = entries.map(|entry| Sight {
            peer: entry.peer,
            version: entry.version.clone(),
            calls: entry.calls.sum(),
        });
        let mut sights: Vec<_> = sights.collect();
        sights.sort_by(|one, other| (one.peer, &one.version).cmp(&(other.peer, &other.version)));
        sights
    }

    /// The calls whose version found no room among [`all`](Self::all): one peer named more than eight, or there were
    /// very many peers.
    pub fn others(&self) -> u64 {
        self.others.load(Relaxed)
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Seen")
            .field("all", &self.all())
            .field("others", &self.others())
            .finish()
    }
}

/// The places of a peer: by its last bits, in which neighbours differ.
fn set(peer: Option<IpAddr>) -> usize {
    let bits = match peer {
        None => 0,
        Some(IpAddr::V4(address)) => u64::from(address.to_bits()),
        Some(IpAddr::V6(address)) => {
            let [.., a, b, c, d, e, f, g, h] = address.octets();
            u64::from_be_bytes([a, b, c, d, e, f, g, h])
        }
    };
    // Fibonacci hashing: the high bits of the product depend on all bits.
    (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59) as usize % SETS
}

impl Entry {
    fn is(&self, peer: Option<IpAddr>, version: Option<&Version>) -> bool {
        self.peer == peer && self.version.as_ref() == version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn peer(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, last]))
    }

    #[test]
    fn each_peer_is_counted_by_the_versions_it_says() {
        let seen = Seen::default();
        assert_eq!(seen.meet(peer(2), Some(&version("1.6.0"))), Met::First);
        assert_eq!(seen.meet(peer(2), Some(&version("1.4.0"))), Met::First);
        assert_eq!(seen.meet(peer(2), Some(&version("1.6.0"))), Met::Again);
        assert_eq!(seen.meet(peer(1), None), Met::First);
        let sight = |peer, text: Option<&str>, calls| Sight {
            peer,
            version: text.map(version),
            calls,
        };
        let expected = [
            sight(peer(1), None, 1),
            sight(peer(2), Some("1.4.0"), 1),
            sight(peer(2), Some("1.6.0"), 2),
        ];
        assert_eq!(seen.all(), expected);
        assert_eq!(seen.others(), 0);
    }

    #[test]
    fn a_peer_of_a_thousand_versions_takes_eight_places_and_no_other_peers() {
        let seen = Seen::default();
        for patch in 0..1_000 {
            seen.meet(peer(66), Some(&Version::new(1, 0, patch)));
        }
        assert_eq!(seen.all().len(), PLACES);
        assert_eq!(seen.others(), 1_000 - PLACES as u64);
        let other = (0..=255)
            .map(peer)
            .find(|other| set(*other) != set(peer(66)));
        assert_eq!(
            seen.meet(other.unwrap(), Some(&version("1.4.2"))),
            Met::First
        );
    }

    #[test]
    fn neighbours_spread_over_the_table() {
        let sets: std::collections::BTreeSet<_> = (0..64).map(|last| set(peer(last))).collect();
        assert!(sets.len() > SETS / 2, "{}", sets.len());
    }

    #[test]
    fn no_thread_loses_a_call_and_one_of_them_is_the_first() {
        let seen = Seen::default();
        let news = |call: &u64| seen.meet(None, Some(&Version::new(1, call % 4, 0))) == Met::First;
        let firsts: usize = std::thread::scope(|scope| {
            let thread = |_| scope.spawn(|| (0..500).filter(news).count());
            let threads: Vec<_> = (0..8).map(thread).collect();
            let counts = threads.into_iter().map(|thread| thread.join().unwrap());
            counts.sum()
        });
        assert_eq!(firsts, 4);
        let calls: Vec<_> = seen.all().into_iter().map(|sight| sight.calls).collect();
        assert_eq!(calls, [1_000; 4]);
    }
}
