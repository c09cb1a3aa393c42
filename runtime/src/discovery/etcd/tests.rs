//! An etcd that does as a test says, where a real one would have to be hurried into it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout};
use tonic::{Code, Request, Response, Status};

use super::{
    api::{
        Event, KeyValue, Kv, KvServer, RangeRequest, RangeResponse, ResponseHeader,
        Watch as Watching, WatchRequest, WatchResponse, WatchServer,
    },
    client::Client,
    follow::Follower,
    rows::Reader,
};
use crate::{
    Channel, Streaming,
    carrier::local::Local,
    discovery::{Watch, resolver::watched},
};

/// What it does next: with each list, and with each watch, which then is silent.
#[derive(Debug, Default)]
struct Script {
    lists: Mutex<VecDeque<Result<RangeResponse, Status>>>,
    watches: Mutex<VecDeque<Vec<WatchResponse>>>,
    /// Each list that was asked for: its first key, its revision and its limit.
    asked: Mutex<Vec<(String, i64, i64)>>,
}

impl Kv for Arc<Script> {
    async fn range(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<RangeResponse>, Status> {
        let request = request.into_inner();
        let key = String::from_utf8_lossy(&request.key).into_owned();
        let mut asked = self.asked.lock().unwrap();
        asked.push((key, request.revision, request.limit));
        let next = self.lists.lock().unwrap().pop_front();
        next.expect("no further list is expected")
            .map(Response::new)
    }
}

impl Watching for Arc<Script> {
    async fn watch(
        &self,
        _request: Request<Streaming<WatchRequest>>,
    ) -> Result<Response<Streaming<WatchResponse>>, Status> {
        let next = self.watches.lock().unwrap().pop_front();
        let told = next.expect("no further watch is expected");
        let told = stream::iter(told.into_iter().map(Ok)).chain(stream::pending());
        Ok(Response::new(Streaming::new(told)))
    }
}

fn page(revision: i64, more: bool, names: &[&str]) -> RangeResponse {
    let pairs = names.iter().map(|name| pair(name));
    RangeResponse::default()
        .with_header(ResponseHeader::default().with_revision(revision))
        .with_more(more)
        .with_kvs(pairs)
}

fn pair(name: &str) -> KeyValue {
    KeyValue::default()
        .with_key(format!("couplet/m.M/{name}"))
        .with_value(format!(r#"{{"address": "{name}:1"}}"#))
}

fn created() -> WatchResponse {
    WatchResponse::default().with_created(true)
}

/// What comes of following an etcd with this script.
fn following(script: &Arc<Script>) -> Watch {
    let local = Local::new()
        .with(KvServer::new(Arc::clone(script)))
        .with(WatchServer::new(Arc::clone(script)));
    let client = Arc::new(Client::new(&Channel::local(local), None));
    let reader = Reader {
        registry: "etcd://a:1".to_owned(),
        keys: "couplet/m.M/".to_owned(),
        service: "m.M".to_owned(),
    };
    watched(|publisher| Follower::new(client, publisher, reader).run())
}

/// The next view: its addresses, and why it is stale if it is.
async fn next(watch: &mut Watch) -> (Vec<String>, Option<String>) {
    let changed = timeout(Duration::from_secs(60), watch.changed()).await;
    changed.expect("in time").expect("watched");
    let seen = watch.borrow_and_update();
    let endpoints = seen.endpoints.iter();
    let addresses = endpoints.map(|endpoint| endpoint.address.clone());
    let why = seen.trouble().map(ToString::to_string);
    (addresses.collect(), why)
}

fn fresh(addresses: &[&str]) -> (Vec<String>, Option<String>) {
    let addresses = addresses.iter().map(|address| (*address).to_owned());
    (addresses.collect(), None)
}

fn script(
    lists: impl IntoIterator<Item = Result<RangeResponse, Status>>,
    watches: impl IntoIterator<Item = Vec<WatchResponse>>,
) -> Arc<Script> {
    Arc::new(Script {
        lists: Mutex::new(lists.into_iter().collect()),
        watches: Mutex::new(watches.into_iter().collect()),
        asked: Mutex::default(),
    })
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_compacted_away_begins_anew_and_nobody_hears_of_it() {
    let put = Event::default().with_kv(pair("c"));
    let compacted = created().with_canceled(true).with_compact_revision(40);
    let script = script(
        [Ok(page(7, false, &["a"])), Ok(page(41, false, &["a", "b"]))],
        [
            vec![created(), compacted],
            vec![created(), WatchResponse::default().with_events([put])],
        ],
    );
    let mut watch = following(&script);
    let mut seen = next(&mut watch).await;
    while seen != fresh(&["a:1", "b:1", "c:1"]) {
        assert_eq!(seen.1, None, "the view is never stale");
        seen = next(&mut watch).await;
    }
    assert_eq!(script.asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_of_one_moment_and_begins_anew_where_etcd_forgot_that_moment() {
    let compacted = Status::out_of_range("mvcc: required revision has been compacted");
    let script = script(
        [
            Ok(page(7, true, &["a", "gone"])),
            Err(compacted),
            Ok(page(9, true, &["a", "b"])),
            Ok(page(10, false, &["c"])),
        ],
        [vec![created()]],
    );
    let mut watch = following(&script);
    assert_eq!(next(&mut watch).await, fresh(&["a:1", "b:1", "c:1"]));
    let asked = script.asked.lock().unwrap();
    let asked: Vec<_> = asked
        .iter()
        .map(|(key, revision, _)| (&**key, *revision))
        .collect();
    assert_eq!(
        asked,
        [
            ("couplet/m.M/", 0),
            ("couplet/m.M/gone\0", 7),
            ("couplet/m.M/", 0),
            ("couplet/m.M/b\0", 9)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
    let large = || Err(Status::resource_exhausted("too large"));
    let script = script(
        [
            large(),
            large(),
            Ok(page(7, true, &["a"])),
            Ok(page(7, false, &["b"])),
        ],
        [vec![created()]],
    );
    let mut watch = following(&script);
    assert_eq!(next(&mut watch).await, fresh(&["a:1", "b:1"]));
    let asked = script.asked.lock().unwrap();
    let limits: Vec<_> = asked.iter().map(|(_, _, limit)| *limit).collect();
    assert_eq!(limits, [1000, 125, 15, 30]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_etcd_ends_makes_the_view_stale_with_the_reason() {
    let canceled = created()
        .with_canceled(true)
        .with_cancel_reason("no leader");
    let script = script(
        [
            Ok(page(7, false, &["a"])),
            Err(Status::new(Code::Unavailable, "etcdserver: no leader")),
            Ok(page(8, false, &["a"])),
        ],
        [vec![created(), canceled], vec![created()]],
    );
    let mut watch = following(&script);
    let mut whys = Vec::new();
    while script.asked.lock().unwrap().len() < 3 || !watch.borrow().is_fresh() {
        let (addresses, why) = next(&mut watch).await;
        assert_eq!(addresses, ["a:1"], "the last good view stands");
        whys.extend(why);
    }
    let reasons = ["it ended the watch: no leader", "etcdserver: no leader"];
    assert_eq!(
        whys,
        reasons.map(|why| format!("etcd://a:1: couplet/m.M/: {why}"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_silent_when_asked_is_given_up_after_ten_seconds() {
    let script = script([Ok(page(7, false, &["a"]))], [vec![created()]]);
    let mut watch = following(&script);
    assert_eq!(next(&mut watch).await, fresh(&["a:1"]));
    let start = Instant::now();
    let again = Ok(page(7, false, &["a"]));
    script.lists.lock().unwrap().push_back(again);
    script.watches.lock().unwrap().push_back(vec![created()]);
    let (addresses, why) = next(&mut watch).await;
    assert_eq!(addresses, ["a:1"]);
    assert_eq!(
        why.as_deref(),
        Some("etcd://a:1: couplet/m.M/: no answer within 5 s")
    );
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(next(&mut watch).await, fresh(&["a:1"]));
}
