//! What happens to the fleet, act by act, while a client calls.

use std::time::Duration;

use tokio::time::sleep;

use super::{hub::Hub, load::Load, member::Member};
use crate::Outcome;

/// How long an act is watched.
const WHILE: Duration = Duration::from_millis(2_500);

/// The fleet.
pub(super) struct Acts {
    hub: Hub,
    load: Load,
    members: Vec<Member>,
}

impl Acts {
    /// Three servers of two releases, and a client under load.
    pub(super) async fn begin(hub: Hub) -> Outcome<Self> {
        let mut members = Vec::new();
        for release in ["1.4.2", "1.4.2", "1.5.0"] {
            let member = Member::start(release, &hub.target()).await?;
            println!("A server of {release} listens at {}.", member.address);
            members.push(member);
        }
        let load = Load::start(hub.target()).await?;
        Ok(Self { hub, load, members })
    }

    /// Plays them all.
    pub(super) async fn play(mut self) -> Outcome {
        self.watch("all is well", true).await?;

        let killed = self.members.remove(0);
        killed.signal("KILL").await?;
        self.watch("one is killed (kill -9)", false).await?;

        self.join("1.5.0").await?;
        let leaving = self.members.remove(0);
        leaving.signal("TERM").await?;
        self.watch("a new one joins, one drains (SIGTERM)", true)
            .await?;
        let cut = leaving.drained().await?;
        if cut > 0 {
            return Err(format!("the drained server cut {cut} calls").into());
        }

        self.join("2.0.0").await?;
        self.watch("one of 2.0.0 joins, which does not fit", true)
            .await?;

        self.hub.close().await?;
        self.watch("the registry is gone", true).await?;
        self.hub.open().await?;
        self.watch("the registry is back", true).await?;

        let frozen = &self.members[0];
        frozen.signal("STOP").await?;
        self.watch("one is frozen (SIGSTOP)", false).await?;
        self.members[0].signal("CONT").await?;
        self.watch("it thaws (SIGCONT)", true).await?;

        let rest = self.load.end().await?;
        rest.hold(true)
    }

    async fn join(&mut self, release: &'static str) -> Outcome {
        let member = Member::start(release, &self.hub.target()).await?;
        self.members.push(member);
        Ok(())
    }

    /// Lets the client call for a while, tells what came of it, and holds what is promised.
    async fn watch(&self, what: &str, accepted: bool) -> Outcome {
        sleep(WHILE).await;
        let books = self.load.take();
        println!("{what:<40} {books}");
        books.hold(accepted)
    }
}
