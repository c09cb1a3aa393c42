//! What is known of the keys of one service: which endpoints stand there, and which are only missed.
//!
//! What etcd says is believed key by key. A value that is no endpoint is left out with a warning, and what stood at its key
//! before goes on standing. A key that is missing in a new list, without etcd having told that it was deleted, stands for one
//! more lease: an etcd that came back empty is filled anew by the servers in that time.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tokio::time::Instant;

use super::api::KeyValue;
use crate::discovery::Endpoint;

/// How long a key stands that a list does not show any more: more than a lease takes to be renewed by whoever is there.
const MISSED: Duration = Duration::from_secs(10);

/// Reads the values at the keys of one service.
#[derive(Debug)]
pub(super) struct Reader {
    /// The registry, for people.
    pub(super) registry: String,
    /// What all keys begin with.
    pub(super) keys: String,
    /// Whose endpoints they are.
    pub(super) service: String,
}

/// A key that stands there.
#[derive(Debug)]
pub(super) struct Listed {
    key: Vec<u8>,
    row: Option<Row>,
}

#[derive(Debug)]
struct Row {
    endpoint: Endpoint,
    /// The revision in which it was written.
    written: i64,
    /// Until when it stands although it is missing.
    missed: Option<Instant>,
    /// Whether another key with the same address was written later.
    outdone: bool,
}

/// The endpoints of one service, by key.
#[derive(Debug, Default)]
pub(super) struct Rows(BTreeMap<Vec<u8>, Row>);

// === Reader ===

impl Reader {
    /// What stands at a key; a warning if it is no endpoint.
    pub(super) fn read(&self, pair: KeyValue) -> Listed {
        let row = match self.endpoint(&pair.value) {
            Ok(endpoint) => Some(Row {
                endpoint,
                written: pair.mod_revision,
                missed: None,
                outdone: false,
            }),
            Err(why) => {
                self.skip(&pair.key, &why);
                None
            }
        };
        Listed { key: pair.key, row }
    }

    fn endpoint(&self, value: &[u8]) -> Result<Endpoint, String> {
        let text = std::str::from_utf8(value).map_err(|error| error.to_string())?;
        let mut endpoint = Endpoint::from_json(text).map_err(|error| error.to_string())?;
        if endpoint.service.is_empty() {
            endpoint.service.clone_from(&self.service);
        }
        match endpoint.service == self.service {
            true => Ok(endpoint),
            false => Err(format!("it is an endpoint of `{}`", endpoint.service)),
        }
    }

    fn skip(&self, key: &[u8], why: &str) {
        let (registry, key) = (&self.registry, String::from_utf8_lossy(key));
        tracing::warn!(%registry, %key, %why, "an endpoint is left out");
    }
}

// === Rows ===

impl Rows {
    /// These keys stand there at `now`, and no others.
    pub(super) fn list(&mut self, listed: Vec<Listed>, now: Instant) {
        for row in self.0.values_mut() {
            row.missed.get_or_insert(now + MISSED);
        }
        for listed in listed {
            self.put(listed);
        }
    }

    /// This stands at its key now.
    pub(super) fn put(&mut self, listed: Listed) {
        match (listed.row, self.0.get_mut(&listed.key)) {
            (Some(row), _) => {
                self.0.insert(listed.key, row);
            }
            (None, Some(known)) => known.missed = None,
            (None, None) => {}
        }
    }

    /// Nothing stands at this key any more.
    pub(super) fn delete(&mut self, key: &[u8]) {
        self.0.remove(key);
    }

    /// When a missing key goes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.values().filter_map(|row| row.missed).min()
    }

    /// Forgets what has been missing for long enough.
    pub(super) fn expire(&mut self, now: Instant) {
        self.0
            .retain(|_, row| row.missed.is_none_or(|until| now < until));
    }

    /// The endpoints, in the order in which they were written: of two keys with one address, the later one counts.
    pub(super) fn endpoints(&mut self, reader: &Reader) -> Vec<Endpoint> {
        let mut rows: Vec<_> = self.0.iter_mut().collect();
        rows.sort_by_key(|(_, row)| row.written);
        let mut last = HashMap::with_capacity(rows.len());
        for (place, (_, row)) in rows.iter().enumerate() {
            last.insert(row.endpoint.address.clone(), place);
        }
        let mut endpoints = Vec::with_capacity(last.len());
        for (place, (key, row)) in rows.into_iter().enumerate() {
            let outdone = last.get(&row.endpoint.address) != Some(&place);
            if outdone && !row.outdone {
                reader.skip(key, "another key with its address was written later");
            }
            row.outdone = outdone;
            if !outdone {
                endpoints.push(row.endpoint.clone());
            }
        }
        endpoints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> Reader {
        Reader {
            registry: "etcd://a:1".to_owned(),
            keys: "couplet/m.M/".to_owned(),
            service: "m.M".to_owned(),
        }
    }

    fn stands(key: &str, value: &str, written: i64) -> Listed {
        let pair = KeyValue::default()
            .with_key(key)
            .with_value(value)
            .with_mod_revision(written);
        reader().read(pair)
    }

    fn known(rows: &mut Rows) -> Vec<String> {
        let endpoints = rows.endpoints(&reader());
        let shown = endpoints
            .iter()
            .map(|endpoint| format!("{}*{}", endpoint.address, endpoint.weight));
        shown.collect()
    }

    const LIES: [&str; 6] = [
        "",
        "nonsense",
        "[]",
        r#"{"address": "a:1", "version": "one"}"#,
        r#"{"address": "a:1", "service": "other.Service"}"#,
        r#"{"address": "a:1", "address": "b:1"}"#,
    ];

    #[test]
    fn what_is_no_endpoint_is_left_out_alone() {
        let mut rows = Rows::default();
        rows.put(stands("well", r#"{"address": "a:1"}"#, 1));
        for (number, lie) in LIES.into_iter().enumerate() {
            rows.put(stands(&number.to_string(), lie, 2));
        }
        rows.put(reader().read(KeyValue::default().with_key("k").with_value([0xff_u8])));
        rows.put(stands("large", &"x".repeat(1 << 20), 2));
        assert_eq!(known(&mut rows), ["a:1*1"]);
    }

    #[test]
    fn what_stood_at_a_key_stands_while_nonsense_is_written_there() {
        let mut rows = Rows::default();
        rows.put(stands("k", r#"{"address": "a:1"}"#, 1));
        for lie in LIES {
            rows.put(stands("k", lie, 2));
            let now = Instant::now();
            rows.list(vec![stands("k", lie, 2)], now);
            rows.expire(now + 2 * MISSED);
        }
        assert_eq!(known(&mut rows), ["a:1*1"]);
        rows.delete(b"k");
        assert!(known(&mut rows).is_empty());
    }

    #[test]
    fn of_two_keys_with_one_address_the_later_counts() {
        let mut rows = Rows::default();
        rows.put(stands("a", r#"{"address": "a:1", "weight": 2}"#, 7));
        rows.put(stands("b", r#"{"address": "a:1", "weight": 3}"#, 5));
        assert_eq!(known(&mut rows), ["a:1*2"]);
        rows.delete(b"a");
        assert_eq!(known(&mut rows), ["a:1*3"]);
    }

    #[test]
    fn what_a_list_does_not_show_stands_for_one_more_lease_and_what_is_deleted_does_not() {
        let (mut rows, start) = (Rows::default(), Instant::now());
        let listed = |names: &[&str]| {
            let rows = names.iter().map(|name| {
                let value = format!(r#"{{"address": "{name}:1"}}"#);
                stands(name, &value, 1)
            });
            rows.collect::<Vec<_>>()
        };
        rows.list(listed(&["a", "b", "c"]), start);
        assert_eq!(rows.due(), None);

        rows.list(listed(&["a"]), start);
        assert_eq!(known(&mut rows), ["a:1*1", "b:1*1", "c:1*1"]);
        assert_eq!(rows.due(), Some(start + MISSED));

        // Another list does not give it more time, a new registration does, and a deletion counts at once.
        rows.list(listed(&["a"]), start + MISSED / 2);
        rows.put(listed(&["b"]).remove(0));
        rows.expire(start + MISSED);
        assert_eq!(known(&mut rows), ["a:1*1", "b:1*1"]);
        rows.delete(b"a");
        assert_eq!(known(&mut rows), ["b:1*1"]);
    }
}
