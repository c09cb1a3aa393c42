//! When a connection is told to go elsewhere though its server lives on, and how long one that was told is waited for.
//!
//! As gRFC A9 has it: after an age, so that load spreads over new servers, or after a time without calls. Its age is drawn
//! a tenth shorter or longer for each connection, so that those that came together do not all leave together.

use std::time::Duration;

use tokio::{select, time::sleep};

use super::{calls::Calls, preface::Traffic};

/// How long connections last. Without limits by default.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ages {
    /// How long a connection is used; give or take a tenth.
    pub(crate) age: Option<Duration>,
    /// How long the calls of one that is too old may go on.
    pub(crate) grace: Option<Duration>,
    /// How long a connection may have no call.
    pub(crate) idle: Option<Duration>,
}

/// Why a connection is told to go elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Its server drains.
    Draining,
    /// It is too old.
    Old,
    /// It had no call for too long.
    Idle,
}

/// How long a client that was told to go elsewhere, and has no call, may be silent. It has to confirm what it was told,
/// and one that is stuck never would.
const SILENCE: Duration = Duration::from_secs(5);

impl Ages {
    /// Resolves when a new connection has come to its end. `random` is in `0.0..1.0`.
    pub(super) async fn reached(self, calls: &Calls, random: f64) -> Leaving {
        let old = async {
            match self.age {
                Some(age) => sleep(age.mul_f64(0.9 + 0.2 * random)).await,
                None => std::future::pending().await,
            }
        };
        let idle = async {
            match self.idle {
                Some(idle) => calls.quiet_for(idle).await,
                None => std::future::pending().await,
            }
        };
        select! {
            biased;
            () = old => Leaving::Old,
            () = idle => Leaving::Idle,
        }
    }

    /// Resolves when a connection that was told to go elsewhere is not waited for any longer.
    pub(super) async fn given_up(self, why: Leaving, calls: &Calls, traffic: &Traffic) {
        let grace = async {
            match self.grace.filter(|_| why == Leaving::Old) {
                Some(grace) => sleep(grace).await,
                None => std::future::pending().await,
            }
        };
        let stuck = async {
            loop {
                let before = traffic.moved();
                sleep(SILENCE).await;
                if calls.open() == 0 && traffic.moved() == before {
                    return;
                }
            }
        };
        select! {
            biased;
            () = grace => {}
            () = stuck => {}
        }
    }
}
