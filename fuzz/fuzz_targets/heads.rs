//! The head of a call, with everything that a peer can say in it: time, attempts, releases, priority, saga, pushback.
#![no_main]

use couplet::{
    Code, Status,
    call::{
        Announced,
        headers::{Head, MIN, PREVIOUS_ATTEMPTS, PRIORITY, PUSHBACK, SAGA, VERSION, is_grpc},
    },
    metadata::MetadataMap,
    policy::{limit::priority::Priority, retry::Pushback},
    saga::SagaId,
};
use couplet_fuzz::headers;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let map = headers(input);
    head(&map);
    announced(&Announced::read(&map));
    if is_grpc(map.get(CONTENT_TYPE)) {
        let text = map[CONTENT_TYPE].as_bytes();
        assert!(!text.starts_with(b"application/grpc-web"));
    }
    let metadata = MetadataMap::from_headers(map.clone());
    priority(&map, &metadata);
    saga(&map, &metadata);
    let told = Pushback::of(&Status::with_metadata(Code::Unavailable, "", metadata));
    assert_eq!(told == Pushback::Unsaid, !map.contains_key(PUSHBACK));
});

/// Read or refused with a reason; what is read of a head and written again is read as the same.
fn head(map: &HeaderMap) {
    let head = match Head::of_call(map) {
        Ok(head) => head,
        Err(refused) => {
            assert!(matches!(
                refused.code(),
                Code::Internal | Code::Unimplemented
            ));
            assert!(!refused.message().is_empty());
            return;
        }
    };
    Head::of_reply(map).expect("a reply says nothing that a call cannot say");
    let again = one(PREVIOUS_ATTEMPTS, &head.previous_attempts.to_string());
    let again = Head::of_call(&again).expect("a number of attempts");
    assert_eq!(again.previous_attempts, head.previous_attempts);
}

fn announced(announced: &Announced) {
    match announced {
        Announced::Peer(range) => {
            let mut map = one(VERSION, &range.version.to_string());
            map.extend(one(MIN, &range.min.to_string()));
            let again = Announced::read(&map);
            assert_eq!(again.range(), Some(&**range), "{map:?}");
        }
        // Whatever length it had, a little of it is kept.
        Announced::Malformed(why) => assert!(why.len() < 600, "{why}"),
        Announced::Unsaid | Announced::Own(_) => {}
    }
}

fn priority(map: &HeaderMap, metadata: &MetadataMap) {
    let said: Vec<_> = map.get_all(PRIORITY).iter().collect();
    let read = Priority::of(metadata);
    assert_eq!(Priority::read(read.name().as_bytes()), read);
    assert!(
        read == Priority::Default || said == [read.name()],
        "{said:?}"
    );
}

/// A call of a saga has one spelling: two would pass for two calls.
fn saga(map: &HeaderMap, metadata: &MetadataMap) {
    match SagaId::of(metadata) {
        Ok(None) => assert!(!map.contains_key(SAGA)),
        Ok(Some(id)) => assert_eq!(map[SAGA], id.to_string()),
        Err(error) => assert!(error.to_string().len() < 2000, "{error}"),
    }
}

fn one(name: HeaderName, value: &str) -> HeaderMap {
    let value = HeaderValue::try_from(value).expect("text that can be sent");
    HeaderMap::from_iter([(name, value)])
}
