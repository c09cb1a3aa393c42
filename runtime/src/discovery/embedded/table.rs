//! What a registry in memory knows: endpoints under leases, told the time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use super::super::Endpoint;

/// The most endpoints that are kept, and the most bytes of their texts.
const MOST: usize = 100_000;
const ROOM: usize = 64 << 20;
/// The shortest lease and the longest.
pub(super) const LEASES: (Duration, Duration) =
    (Duration::from_millis(500), Duration::from_secs(300));
/// The longest id, in bytes.
const LONGEST_ID: usize = 512;

/// Endpoints by id.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<String, Row>,
    ends: BTreeSet<(Instant, String)>,
    /// Of all texts.
    bytes: usize,
}

/// An endpoint under its lease.
#[derive(Debug, Clone)]
struct Row {
    service: String,
    text: Arc<str>,
    owner: u64,
    ends: Instant,
}

/// What somebody asks to be known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) id: &'a str,
    pub(super) text: &'a str,
    pub(super) owner: u64,
    pub(super) lease_ms: u32,
}

/// Why an endpoint is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("`{0}` is no id; it must have 1 to {LONGEST_ID} bytes of visible ASCII")]
    Id(String),
    #[error("the endpoint is wrong: {0}")]
    Endpoint(#[from] super::super::EndpointError),
    #[error("the lease is {0} ms; it must be between 500 ms and 300000 ms")]
    Lease(u32),
    #[error("the registry is full: it keeps {MOST} endpoints, of {ROOM} bytes")]
    Full,
}

// === Table ===

impl Table {
    /// Makes an endpoint known until its lease is over; whether that is news.
    ///
    /// # Errors
    /// If anything of it makes no sense, or there is no room.
    pub(super) fn put(&mut self, asked: Asked<'_>, now: Instant) -> Result<bool, Refusal> {
        let lease = Duration::from_millis(asked.lease_ms.into());
        if lease < LEASES.0 || lease > LEASES.1 {
            return Err(Refusal::Lease(asked.lease_ms));
        }
        if !is_id(asked.id) {
            return Err(Refusal::Id(asked.id.chars().take(64).collect()));
        }
        let known = self.rows.get(asked.id);
        let ends = now + lease;
        let freed = known.map_or(0, |row| row.text.len());
        let full = known.is_none() && self.rows.len() >= MOST;
        if full || self.bytes - freed + asked.text.len() > ROOM {
            return Err(Refusal::Full);
        }
        let known = known.filter(|row| *row.text == *asked.text);
        let (service, text, news) = match known {
            Some(row) => (row.service.clone(), Arc::clone(&row.text), false),
            None => (
                Endpoint::from_json(asked.text)?.service,
                asked.text.into(),
                true,
            ),
        };
        self.take(asked.id);
        self.ends.insert((ends, asked.id.to_owned()));
        self.bytes += text.len();
        let row = Row {
            service,
            text,
            owner: asked.owner,
            ends,
        };
        self.rows.insert(asked.id.to_owned(), row);
        Ok(news)
    }

    /// Forgets what `owner` keeps under this id; whether there was such a thing.
    pub(super) fn remove(&mut self, id: &str, owner: u64) -> bool {
        self.rows.get(id).is_some_and(|row| row.owner == owner) && self.take(id)
    }

    fn take(&mut self, id: &str) -> bool {
        let Some(row) = self.rows.remove(id) else {
            return false;
        };
        self.ends.remove(&(row.ends, id.to_owned()));
        self.bytes -= row.text.len();
        true
    }

    /// Forgets whose lease is over; whether there were any.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        let later = self.ends.split_off(&(now, String::new()));
        let over = std::mem::replace(&mut self.ends, later);
        for (_, id) in &over {
            self.take(id);
        }
        !over.is_empty()
    }

    /// When the next lease is over.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.ends.first().map(|(end, _)| *end)
    }

    /// The endpoints of `service`, or all; each with its id.
    pub(super) fn of<'a>(
        &'a self,
        service: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Arc<str>)> {
        let fits = move |row: &Row| service.is_empty() || row.service == service;
        let rows = self.rows.iter().filter(move |(_, row)| fits(row));
        rows.map(|(id, row)| (id, &row.text))
    }
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"address": "a:1", "service": "s"}"#;
    const SECOND: Duration = Duration::from_secs(1);

    fn asked<'a>(id: &'a str, text: &'a str, lease_ms: u32) -> Asked<'a> {
        Asked {
            id,
            text,
            owner: 1,
            lease_ms,
        }
    }

    fn ids(table: &Table) -> Vec<&str> {
        table.of("s").map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn an_endpoint_is_known_until_its_lease_is_over() {
        let (mut table, now) = (Table::default(), crate::clock::now());
        assert_eq!(table.put(asked("one", ONE, 1000), now), Ok(true));
        assert_eq!(table.put(asked("two", ONE, 3000), now), Ok(true));
        assert_eq!(table.next_end(), Some(now + SECOND));
        assert!(!table.expire(now + SECOND / 2));
        let again = table.put(asked("one", ONE, 1000), now + SECOND / 2);
        assert_eq!(again, Ok(false));
        assert!(!table.expire(now + SECOND), "it was renewed");
        assert!(table.expire(now + 2 * SECOND));
        assert_eq!(ids(&table), ["two"]);
        assert!(table.remove("two", 1) && !table.remove("two", 1));
        assert_eq!(table.next_end(), None);
    }

    #[test]
    fn an_instance_that_started_again_is_not_forgotten_with_the_one_before() {
        let (mut table, now) = (Table::default(), crate::clock::now());
        table.put(asked("one", ONE, 1000), now).unwrap();
        let next = Asked {
            owner: 2,
            ..asked("one", ONE, 1000)
        };
        table.put(next, now).unwrap();
        assert!(!table.remove("one", 1));
        assert_eq!(ids(&table), ["one"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let (mut table, now) = (Table::default(), crate::clock::now());
        for (id, text, lease, remedy) in [
            ("", ONE, 1000, "no id"),
            ("a b", ONE, 1000, "visible ASCII"),
            (&"x".repeat(1 << 20), ONE, 1000, "no id"),
            ("one", "{}", 1000, "no `address`"),
            ("one", ONE, 1, "between 500 ms and 300000 ms"),
            ("one", ONE, u32::MAX, "between 500 ms and 300000 ms"),
        ] {
            let refusal = table.put(asked(id, text, lease), now).unwrap_err();
            let refusal = refusal.to_string();
            assert!(refusal.contains(remedy) && refusal.len() < 200, "{refusal}");
        }
        assert_eq!(ids(&table), [""; 0]);
    }
}
