//! The same load for every peer: so many calls at once over one channel, for a time or for a number of calls.

use std::{
    fmt,
    future::Future,
    str::FromStr,
    time::{Duration, Instant},
};

use tonic::Status;

use crate::alloc;

/// The client of one peer.
pub trait Peer: Clone + Send + Sync + 'static {
    /// Sends `size` bytes and returns how many came back.
    fn send(&self, size: usize) -> impl Future<Output = Result<usize, Status>> + Send;

    /// Asks for `count` messages of `size` bytes and returns how many bytes came.
    fn fetch(&self, count: u32, size: u32) -> impl Future<Output = Result<usize, Status>> + Send;
}

/// One kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A message of so many bytes each way.
    Unary(usize),
    /// So many messages from the server, of so many bytes each.
    Stream(u32, u32),
}

/// When a load is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// After so many seconds.
    Seconds(f64),
    /// After so many calls in all.
    Calls(u64),
}

/// What to do: a line such as `unary 100 16 2s` or `stream 100x64 1 500`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// The kind of call.
    pub shape: Shape,
    /// Calls at once.
    pub concurrency: u32,
    /// When it is over.
    pub until: Until,
}

/// What came of it: a line of `name=value`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// Calls that were answered.
    pub calls: u64,
    /// Seconds from the first to the last.
    pub seconds: f64,
    /// The median of what one call took, in microseconds.
    pub p50: f64,
    /// What 99 of 100 calls took at most, in microseconds.
    pub p99: f64,
    /// Allocations of the client.
    pub allocations: u64,
}

// === Load ===

impl Load {
    /// Puts the load on `peer`.
    ///
    /// # Errors
    /// The first status that is not OK, or that an answer was not what was asked for.
    pub async fn run<P: Peer>(self, peer: &P) -> Result<Outcome, Status> {
        let allocated = alloc::count();
        let started = Instant::now();
        let callers: Vec<_> = (0..self.concurrency)
            .map(|index| tokio::spawn(self.caller(peer.clone(), index, started)))
            .collect();
        let mut times = Vec::new();
        for caller in callers {
            let joined = caller.await;
            let more = joined.map_err(|error| Status::internal(error.to_string()))??;
            times.push(more);
        }
        let seconds = started.elapsed().as_secs_f64();
        let allocations = alloc::count() - allocated;
        let mut times = times.concat();
        times.sort_unstable();
        Ok(Outcome {
            calls: times.len() as u64,
            seconds,
            p50: micros(&times, 0.5),
            p99: micros(&times, 0.99),
            allocations,
        })
    }

    /// One of the callers: nanoseconds for each of its calls.
    async fn caller<P: Peer>(
        self,
        peer: P,
        index: u32,
        started: Instant,
    ) -> Result<Vec<u32>, Status> {
        let mut times = Vec::with_capacity(1 << 16);
        let (end, most) = match self.until {
            Until::Seconds(seconds) => (Duration::from_secs_f64(seconds), u64::MAX),
            Until::Calls(calls) => (Duration::MAX, self.share(calls, index)),
        };
        let mut before = started.elapsed();
        while before < end && (times.len() as u64) < most {
            self.shape.call(&peer).await?;
            let after = started.elapsed();
            times.push(u32::try_from((after - before).as_nanos()).unwrap_or(u32::MAX));
            before = after;
        }
        Ok(times)
    }

    fn share(self, calls: u64, index: u32) -> u64 {
        let concurrency = u64::from(self.concurrency);
        calls / concurrency + u64::from(u64::from(index) < calls % concurrency)
    }
}

/// The time at `rank` of sorted nanoseconds, in microseconds.
fn micros(sorted: &[u32], rank: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    let nanos = sorted.get((last * rank).round() as usize);
    nanos.map_or(0.0, |nanos| f64::from(*nanos) / 1e3)
}

// === Shape ===

impl Shape {
    async fn call<P: Peer>(self, peer: &P) -> Result<(), Status> {
        let (came, asked) = match self {
            Self::Unary(size) => (peer.send(size).await?, size),
            Self::Stream(count, size) => (
                peer.fetch(count, size).await?,
                count as usize * size as usize,
            ),
        };
        match came == asked {
            true => Ok(()),
            false => Err(Status::data_loss(format!("{came} bytes came of {asked}"))),
        }
    }
}

// === As lines ===

/// A line that is no load.
#[derive(Debug)]
pub struct NoLoad;

impl FromStr for Load {
    type Err = NoLoad;

    fn from_str(line: &str) -> Result<Self, NoLoad> {
        let words: Vec<_> = line.split_whitespace().collect();
        let [kind, size, concurrency, until] = words[..] else {
            return Err(NoLoad);
        };
        let shape = match (kind, size.split_once('x')) {
            ("unary", None) => Shape::Unary(number(size)?),
            ("stream", Some((count, size))) => Shape::Stream(number(count)?, number(size)?),
            _ => return Err(NoLoad),
        };
        let until = match until.strip_suffix('s') {
            Some(seconds) => Until::Seconds(number(seconds)?),
            None => Until::Calls(number(until)?),
        };
        Ok(Self {
            shape,
            concurrency: number(concurrency)?,
            until,
        })
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, NoLoad> {
    text.parse().map_err(|_| NoLoad)
}

impl fmt::Display for Load {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} ", self.shape, self.concurrency)?;
        match self.until {
            Until::Seconds(seconds) => write!(formatter, "{seconds}s"),
            Until::Calls(calls) => write!(formatter, "{calls}"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unary(size) => write!(formatter, "unary {size}"),
            Self::Stream(count, size) => write!(formatter, "stream {count}x{size}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_reads_as_it_is_written() {
        for line in ["unary 100 16 2s", "unary 0 1 500", "stream 100x64 4 0.25s"] {
            let load: Load = line.parse().expect(line);
            assert_eq!(load.to_string(), line);
        }
        for line in ["unary 1x2 1 1", "stream 5 1 1", "unary 1 1", "binary 1 1 1"] {
            assert!(line.parse::<Load>().is_err(), "{line}");
        }
    }

    #[test]
    fn callers_share_the_calls_without_losing_one() {
        let load: Load = "unary 1 16 100".parse().expect("a load");
        assert_eq!(
            (0..16).map(|index| load.share(100, index)).sum::<u64>(),
            100
        );
    }

    #[test]
    fn a_rank_is_a_time_that_was_taken() {
        let sorted = [1000, 2000, 3000, 4000, 100_000];
        assert_eq!(micros(&sorted, 0.5), 3.0);
        assert_eq!(micros(&sorted, 0.99), 100.0);
        assert_eq!(micros(&[], 0.5), 0.0);
    }
}
