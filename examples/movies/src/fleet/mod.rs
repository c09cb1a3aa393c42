//! `movies fleet`: servers of several releases under one registry, a client under load, and everything that happens to fleets.

mod acts;
mod hub;
mod load;
mod member;

pub(crate) use self::member::serve;
use self::{acts::Acts, hub::Hub};
use crate::Outcome;

/// Tells the story over the registry called `kind`: `couplet`, which this program serves itself, or `etcd`.
///
/// # Errors
/// If a promise was broken: a call that may be repeated failed, or a call that a draining server had accepted was lost.
pub(crate) async fn tell(kind: &str) -> Outcome {
    let hub = Hub::start(kind).await?;
    println!("A registry listens: {}", hub.target());
    let acts = Acts::begin(hub).await?;
    println!(
        "A client of 1.4.2 calls 600 times a second; a call has 1 s and 3 attempts, one of 20 must not be repeated.\n"
    );
    acts.play().await?;
    println!(
        "\nNo call that may be repeated failed, and none was lost that a draining server had accepted."
    );
    Ok(())
}
