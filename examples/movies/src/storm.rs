//! The last scene: the catalogue falls over while many ask for it, through a service that asks on their behalf. Both send
//! again what failed. Whether that becomes a storm is decided by what else holds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use couplet::{Server, client::Channel, config::ServiceConfig};
use movies_api::{BillboardClient, BillboardServer, MoviesClient, TonightRequest};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{
    Outcome,
    billboard::Cinema,
    stage::{Stage, start},
};

/// Retries on both hops, and nothing that holds them: what a team has that wrote a loop around its calls.
const BARE: &str = r#"{
    "methodConfig": [{
        "name": [{}],
        "timeout": "1s",
        "retryPolicy": {
            "maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
            "retryableStatusCodes": ["INTERNAL"], "chainStop": false
        },
        "circuitBreaker": {"mode": "disabled"}
    }],
    "retryThrottling": {"maxTokens": 1000, "tokenRatio": 1}
}"#;

/// The same retries with everything else as it is by default.
const WHOLE: &str = r#"{
    "methodConfig": [{
        "name": [{}],
        "timeout": "1s",
        "retryPolicy": {
            "maxAttempts": 3, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
            "retryableStatusCodes": ["INTERNAL"]
        }
    }],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}
}"#;

/// How long the catalogue is sick.
const SICK: Duration = Duration::from_secs(1);
/// Between two callers.
const PAUSE: Duration = Duration::from_millis(4);
/// So many good answers in a row end a storm.
const WELL: u64 = 50;

/// What a storm was.
struct Storm {
    calls: u64,
    searches: u64,
    recovered: Duration,
}

/// Many callers, two hops, three attempts each.
pub(crate) async fn tell(stage: &Stage) -> Outcome {
    println!("── A storm");
    println!(
        "   callers ─▶ Billboard/Tonight ─▶ Movies/GetMovie; both hops send up to 3 times what failed"
    );
    let bare = blow(stage, BARE).await?;
    println!("   retries alone:    {bare}");
    let whole = blow(stage, WHOLE).await?;
    println!("   and all policies: {whole}\n");
    let [bare, whole] = [&bare, &whole].map(Storm::amplification);
    match whole < 1.2 && bare > 2.0 {
        true => Ok(()),
        false => Err(format!("the story broke: {bare:.2} and {whole:.2} searches a call").into()),
    }
}

async fn blow(stage: &Stage, policies: &str) -> Outcome<Storm> {
    let config = ServiceConfig::from_json(policies)?;
    let channel = |address| {
        let builder = Channel::builder(format!("http://{address}"));
        builder.service_config(config.clone()).lazy()
    };
    let cinema = Cinema::new(MoviesClient::new(channel(stage.address)?));
    let builder = Server::builder().add(BillboardServer::new(cinema));
    let (front, server) = start(builder.bind("127.0.0.1:0").await?)?;
    let billboard = BillboardClient::new(channel(front)?);

    let before = stage.catalog.searches();
    stage.catalog.make_sick(true);
    let (calls, searches, recovered) = ask(stage, &billboard, before).await;
    let (stop, running) = server;
    // A server that is gone needs no telling.
    let _ = stop.send(());
    running.await?;
    Ok(Storm {
        calls,
        searches,
        recovered,
    })
}

/// Calls at a steady pace, while the catalogue is sick and until it is well: how many, the searches that came of those
/// made while it was sick, and how long it took to be well.
async fn ask(stage: &Stage, billboard: &BillboardClient, before: u64) -> (u64, u64, Duration) {
    let in_a_row = Arc::new(AtomicU64::new(0));
    let mut asking = JoinSet::new();
    let mut pace = interval(PAUSE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let started = Instant::now();
    let (mut calls, mut while_sick) = (0, None);
    while in_a_row.load(Relaxed) < WELL {
        pace.tick().await;
        if while_sick.is_none() && started.elapsed() > SICK {
            while_sick = Some((calls, stage.catalog.searches() - before));
            stage.catalog.make_sick(false);
        }
        calls += 1;
        let (billboard, in_a_row) = (billboard.clone(), Arc::clone(&in_a_row));
        asking.spawn(async move {
            match billboard
                .tonight(TonightRequest::default().with_id(1))
                .await
            {
                Ok(_) => in_a_row.fetch_add(1, Relaxed),
                Err(_) => in_a_row.swap(0, Relaxed),
            };
        });
    }
    let recovered = started.elapsed() - SICK;
    while asking.join_next().await.is_some() {}
    let (calls, searches) =
        while_sick.unwrap_or_else(|| (calls, stage.catalog.searches() - before));
    (calls, searches, recovered)
}

impl Storm {
    fn amplification(&self) -> f64 {
        self.searches as f64 / self.calls as f64
    }
}

impl std::fmt::Display for Storm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            calls,
            searches,
            recovered,
        } = self;
        let each = self.amplification();
        write!(
            formatter,
            "{calls} calls made {searches} searches ({each:.2} each) of a catalogue that was down for {SICK:.0?}; well {recovered:.1?} after it was back"
        )
    }
}
