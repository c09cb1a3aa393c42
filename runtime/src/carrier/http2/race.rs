//! Several addresses of one name: the first that answers is taken, and one that swallows everything holds up nobody.
//!
//! After RFC 8305 (happy eyeballs): families take turns, and the next address is tried when one has failed, or after 250 ms
//! without an answer. What is still under way when one answers is given up.

use std::{future::Future, io, net::SocketAddr, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::sleep;

/// The recommended time from one attempt to the next (RFC 8305, 5).
const STAGGER: Duration = Duration::from_millis(250);

/// The first of `addresses` that `connect` comes through to.
///
/// # Errors
/// Why the last one could not be reached, if none can.
pub(super) async fn race<T, F>(
    addresses: impl IntoIterator<Item = SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = in_turn(addresses).into_iter();
    let mut running = FuturesUnordered::new();
    let nothing = || io::Error::new(io::ErrorKind::NotFound, "the name has no addresses");
    running.push(connect(waiting.next().ok_or_else(nothing)?));
    loop {
        let more = waiting.len() > 0;
        tokio::select! {
            biased;
            Some(outcome) = running.next() => match outcome {
                Err(error) if running.is_empty() && !more => return Err(error),
                Err(_) => {}
                connected => return connected,
            },
            () = sleep(STAGGER), if more => {}
        }
        running.extend(waiting.next().map(&connect));
    }
}

/// The families take turns, beginning with that of the first address.
fn in_turn(addresses: impl IntoIterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = addresses.into_iter().peekable();
    let is_v6 = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.partition(|address| address.is_ipv6() == is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(first.next());
        all.extend(second.next());
        if all.len() == before {
            return all;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    const BLACK_HOLE: &str = "192.0.2.1:1";
    const REFUSES: &str = "192.0.2.2:1";
    const ANSWERS: &str = "[2001:db8::1]:1";

    fn addresses<const N: usize>(all: [&str; N]) -> Vec<SocketAddr> {
        all.iter().map(|one| one.parse().unwrap()).collect()
    }

    async fn connect(address: SocketAddr) -> io::Result<SocketAddr> {
        match address.to_string().as_str() {
            BLACK_HOLE => pending().await,
            REFUSES => Err(io::ErrorKind::ConnectionRefused.into()),
            _ => Ok(address),
        }
    }

    async fn raced<const N: usize>(all: [&str; N]) -> (io::Result<SocketAddr>, Duration) {
        let begun = Instant::now();
        let outcome = race(addresses(all), connect).await;
        (outcome, begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_swallows_everything_costs_a_quarter_of_a_second() {
        let (outcome, took) = raced([BLACK_HOLE, ANSWERS]).await;
        assert_eq!(outcome.unwrap(), ANSWERS.parse().unwrap());
        assert!(took >= STAGGER && took < STAGGER * 2, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_refuses_costs_nothing() {
        let (outcome, took) = raced([REFUSES, REFUSES, ANSWERS]).await;
        assert_eq!(outcome.unwrap(), ANSWERS.parse().unwrap());
        assert!(took < STAGGER, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_refuse_the_error_is_theirs_and_no_addresses_are_said_to_be_none() {
        let (outcome, _) = raced([REFUSES, REFUSES]).await;
        assert_eq!(
            outcome.unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
        let (outcome, _) = raced([]).await;
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_families_take_turns() {
        let (four, six) = (["192.0.2.1:1", "192.0.2.2:1"], "[2001:db8::1]:1");
        let turns = in_turn(addresses([four[0], four[1], six]));
        assert_eq!(turns, addresses([four[0], six, four[1]]));
    }
}
