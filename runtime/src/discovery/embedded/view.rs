//! What one who watches knows of the registry: what it said, and what an earlier one said while it is young.

use std::collections::HashMap;

use tokio::time::sleep;
use tonic::{Code, Status};

use super::{
    super::{Endpoint, Publisher, Resolver},
    Central, PAUSES,
    api::{RegistryClient, WatchRequest, WatchResponse},
};

/// Endpoints by id.
#[derive(Debug, Default)]
struct View {
    now: HashMap<String, Endpoint>,
    /// What an earlier registry said, by a client that saw it.
    before: HashMap<String, Endpoint>,
}

/// Follows the registry, and tells what it says.
pub(super) async fn follow(central: Central, publisher: Publisher) {
    let target = Resolver::target(&central);
    let client = RegistryClient::new(&central.channel);
    let (mut view, mut failures) = (View::default(), 0);
    loop {
        let ended = view.listen(&client, &central.service, &publisher, &mut failures);
        let ended = ended.await;
        publisher.stale(format!("{target}: {}", why(&ended)));
        view.renew();
        sleep(PAUSES.wait(failures, fastrand::f64())).await;
        failures = failures.saturating_add(1);
    }
}

fn why(status: &Status) -> String {
    match status.code() {
        Code::Unimplemented => {
            "the server there serves no registry; build it with `.registry()`".to_owned()
        }
        _ => status.message().to_owned(),
    }
}

// === View ===

impl View {
    /// Hears the registry until it is away.
    async fn listen(
        &mut self,
        client: &RegistryClient,
        service: &str,
        publisher: &Publisher,
        failures: &mut u32,
    ) -> Status {
        let request = WatchRequest::default().with_service(service);
        let mut changes = match client.watch(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => return status,
        };
        loop {
            match changes.message().await {
                Ok(Some(change)) => {
                    *failures = 0;
                    self.apply(change);
                    publisher.fresh(self.endpoints());
                }
                Ok(None) => return Status::unavailable("the registry ended the watch"),
                Err(status) => return status,
            }
        }
    }

    fn apply(&mut self, change: WatchResponse) {
        for row in change.known {
            match Endpoint::from_json(&row.endpoint) {
                Ok(endpoint) => {
                    self.before.remove(&row.id);
                    self.now.insert(row.id, endpoint);
                }
                Err(error) => tracing::warn!(id = %row.id, %error, "an endpoint is left out"),
            }
        }
        for id in change.forgotten {
            self.before.remove(&id);
            self.now.remove(&id);
        }
        if !change.young {
            self.before.clear();
        }
    }

    /// The next registry that is heard may be another one.
    fn renew(&mut self) {
        let known = std::mem::take(&mut self.now);
        self.before.extend(known);
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        let all = self.before.values().chain(self.now.values());
        all.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::api::Row, *};

    fn says(known: &[(&str, &str)], forgotten: &[&str], young: bool) -> WatchResponse {
        let row = |(id, address): &(&str, &str)| {
            let endpoint = Endpoint::new(*address).to_json();
            Row::default().with_id(*id).with_endpoint(endpoint)
        };
        let forgotten = forgotten.iter().map(|id| (*id).to_owned());
        WatchResponse::default()
            .with_known(known.iter().map(row).collect::<Vec<_>>())
            .with_forgotten(forgotten.collect::<Vec<_>>())
            .with_young(young)
    }

    fn addresses(view: &View) -> Vec<String> {
        let endpoints = view.endpoints().into_iter();
        let mut addresses: Vec<_> = endpoints.map(|endpoint| endpoint.address).collect();
        addresses.sort();
        addresses
    }

    #[test]
    fn a_registry_that_forgot_everything_is_given_time() {
        let mut view = View::default();
        view.apply(says(&[("1", "a:1"), ("2", "b:1")], &[], false));
        view.renew();
        view.apply(says(&[("1", "a:1")], &[], true));
        assert_eq!(addresses(&view), ["a:1", "b:1"], "it is young");
        view.apply(says(&[], &[], false));
        assert_eq!(addresses(&view), ["a:1"], "who is not back by now is gone");
        view.apply(says(&[], &["1"], false));
        assert!(addresses(&view).is_empty());
    }

    #[test]
    fn a_row_that_makes_no_sense_is_left_out() {
        let mut view = View::default();
        let mut change = says(&[("1", "a:1")], &[], false);
        change
            .known
            .push(Row::default().with_id("2").with_endpoint("{}"));
        view.apply(change);
        assert_eq!(addresses(&view), ["a:1"]);
    }
}
