//! Peers that are as good as each other but for how busy they are, and the strategy that chooses among them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use super::peer::Peer;
use crate::{
    call::Tried,
    policy::{
        balance::{Alias, Balancing, Member, Ring, SlowStart, Strategy, Stride},
        outlier::Pass,
    },
};

/// How often one is drawn until one is looked for in order.
const DRAWS: usize = 4;
/// The most that `least_request` draws (gRFC A48).
const MOST_CHOICES: u32 = 10;

#[cfg(test)]
thread_local! {
    static LOOKS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How many peers this thread has looked at.
#[cfg(test)]
pub(super) fn looks() -> u64 {
    LOOKS.get()
}

/// What a call asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Where the call has been.
    pub(super) tried: &'a Tried,
    /// What calls of one kind have in common; any number for a strategy that does not look at it.
    pub(super) key: u64,
    pub(super) now: Instant,
    /// Whose turn it is.
    pub(super) turns: &'a AtomicU64,
    /// Who will do.
    pub(super) rule: Rule,
}

/// Who will do for a call. Each rule is asked of all candidates before the next one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// One that is well, and where the call has not been.
    Elsewhere,
    /// One that is well.
    Well,
    /// Any that can be reached: nobody is well, and to refuse all calls helps nobody.
    Any,
}

/// Those of some peers that can be reached, prepared for choosing.
#[derive(Debug)]
pub(super) struct Pool<L> {
    seats: Vec<Seat<L>>,
    by: By,
    slow_start: SlowStart,
}

#[derive(Debug)]
struct Seat<L> {
    peer: Arc<Peer<L>>,
    weight: f64,
}

#[derive(Debug)]
enum By {
    /// The faster of two.
    Faster(Option<Alias>),
    /// Who has fewest calls under way of so many.
    Fewer(u32, Option<Alias>),
    Turns,
    Stride(Stride),
    Ring(Ring),
    First,
}

// === Pool ===

impl<L> Pool<L> {
    /// Those of `peers` that can be reached. Each has a weight above 0.
    pub(super) fn of(peers: &[Arc<Peer<L>>], balancing: &Balancing) -> Self {
        let weight = |peer: &Peer<L>| f64::from(peer.endpoint.load().weight);
        let ready = peers.iter().filter(|peer| peer.is_ready());
        let seats: Vec<_> = ready
            .map(|peer| Seat {
                weight: weight(peer),
                peer: Arc::clone(peer),
            })
            .collect();
        let weights: Vec<_> = seats.iter().map(|seat| seat.weight).collect();
        let by = match balancing.strategy {
            Strategy::PeakEwma => By::Faster(Alias::new(&weights)),
            Strategy::LeastRequest => {
                let choices = balancing.choice_count.clamp(2, MOST_CHOICES);
                By::Fewer(choices, Alias::new(&weights))
            }
            Strategy::RoundRobin => By::Turns,
            Strategy::WeightedRoundRobin => By::Stride(Stride::new(&weights)),
            Strategy::RingHash => By::Ring(ring(peers, &seats, balancing)),
            Strategy::PickFirst => By::First,
        };
        Self {
            seats,
            by,
            slow_start: balancing.slow_start,
        }
    }

    /// Whether nobody can be reached.
    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// One that will do.
    pub(super) fn pick(&self, ask: &Ask<'_>) -> Option<(&Arc<Peer<L>>, Pass)> {
        if self.seats.is_empty() {
            return None;
        }
        let draws = match self.by {
            _ if ask.rule != Rule::Elsewhere => 0,
            By::Ring(_) | By::First => 0,
            _ => DRAWS,
        };
        for draw in 1..=draws {
            let seat = &self.seats[self.draw(ask)];
            let last = draw == draws;
            if (last || self.is_brought_in(&seat.peer, ask.now))
                && let Some(pass) = self.admit(seat, ask)
            {
                return Some((&seat.peer, pass));
            }
        }
        self.in_order(ask)
    }

    #[inline]
    fn admit(&self, seat: &Seat<L>, ask: &Ask<'_>) -> Option<Pass> {
        #[cfg(test)]
        LOOKS.set(LOOKS.get() + 1);
        let peer = &seat.peer;
        match ask.rule {
            _ if !peer.is_ready() => None,
            Rule::Elsewhere if ask.tried.contains(peer.number) => None,
            Rule::Elsewhere | Rule::Well => peer.health.admit(ask.now),
            Rule::Any => Some(peer.health.admit_anyway()),
        }
    }

    /// Whether a call may go to a peer that has come up just now, for every one that goes to the others.
    #[inline]
    fn is_brought_in(&self, peer: &Peer<L>, now: Instant) -> bool {
        self.slow_start.window.is_zero() || self.is_in_its_part(peer, now)
    }

    #[cold]
    fn is_in_its_part(&self, peer: &Peer<L>, now: Instant) -> bool {
        let part = self.slow_start.part(peer.age(now));
        part >= 1.0 || fastrand::f64() < part
    }

    /// The place of one who may get the call.
    #[inline]
    fn draw(&self, ask: &Ask<'_>) -> usize {
        let turn = || ask.turns.fetch_add(1, Relaxed);
        match &self.by {
            By::Faster(alias) => self.faster(alias.as_ref(), ask.now),
            By::Fewer(choices, alias) => self.fewer(*choices, alias.as_ref()),
            By::Turns => (turn() % self.seats.len() as u64) as usize,
            By::Stride(stride) => stride.next(turn, fastrand::u64(..)),
            By::Ring(_) | By::First => 0,
        }
    }

    fn faster(&self, alias: Option<&Alias>, now: Instant) -> usize {
        if self.seats.len() == 1 {
            return 0;
        }
        let one = self.any(alias);
        let mut other = self.any(alias);
        if other == one {
            other = (one + 1) % self.seats.len();
        }
        let (first, second) = (&self.seats[one], &self.seats[other]);
        let cost = |seat: &Seat<L>| seat.peer.load.cost(now, seat.weight);
        match cost(first).is_no_more_than(cost(second)) {
            true => one,
            false => other,
        }
    }

    fn fewer(&self, choices: u32, alias: Option<&Alias>) -> usize {
        let load = |place: usize| {
            let seat = &self.seats[place];
            (f64::from(seat.peer.load.under_way()) + 1.0) / seat.weight
        };
        let mut best = self.any(alias);
        for _ in 1..choices {
            let other = self.any(alias);
            if load(other) < load(best) {
                best = other;
            }
        }
        best
    }

    #[inline]
    fn any(&self, alias: Option<&Alias>) -> usize {
        match alias {
            Some(alias) => alias.draw(fastrand::u64(..)),
            None => fastrand::usize(..self.seats.len()),
        }
    }

    /// The first in the strategy's order that will do.
    fn in_order(&self, ask: &Ask<'_>) -> Option<(&Arc<Peer<L>>, Pass)> {
        let all = self.seats.len();
        match &self.by {
            By::Ring(ring) => self.first(ring.behind(ask.key), ask),
            By::First => self.first(0..all, ask),
            _ => {
                let start = ask.turns.fetch_add(1, Relaxed) as usize % all;
                self.first((start..all).chain(0..start), ask)
            }
        }
    }

    fn first(
        &self,
        mut places: impl Iterator<Item = usize>,
        ask: &Ask<'_>,
    ) -> Option<(&Arc<Peer<L>>, Pass)> {
        places.find_map(|place| {
            let seat = &self.seats[place];
            Some((&seat.peer, self.admit(seat, ask)?))
        })
    }
}

/// The ring of all `peers`, of which those in `seats` can be reached.
fn ring<L>(peers: &[Arc<Peer<L>>], seats: &[Seat<L>], balancing: &Balancing) -> Ring {
    let mut seated = seats.iter().enumerate().peekable();
    let members = peers.iter().map(|peer| {
        let here = seated.next_if(|(_, seat)| Arc::ptr_eq(&seat.peer, peer));
        Member {
            name: peer.health.name(),
            weight: f64::from(peer.endpoint.load().weight),
            place: here.map(|(place, _)| place),
        }
    });
    let members: Vec<_> = members.collect();
    Ring::new(&members, balancing.min_ring_size, balancing.max_ring_size)
}
