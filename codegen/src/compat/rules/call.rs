//! What a method that is kept takes, gives and promises: its two types, its two streams, its idempotency.

use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{MessageDescriptor, MethodDescriptor};

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, path};
use crate::compat::effect::Effect::{self, Cond, Major, Minor, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[
        &REQUEST_TYPE,
        &RESPONSE_TYPE,
        &CLIENT_STREAMING,
        &SERVER_STREAMING,
        &IDEMPOTENCY_WEAKENED,
        &IDEMPOTENCY_STRENGTHENED,
    ],
    pages: include_str!("call.md"),
    method,
    ..Family::EMPTY
};

static REQUEST_TYPE: Rule = Rule {
    id: "request-type",
    title: "a method takes another type",
};
static RESPONSE_TYPE: Rule = Rule {
    id: "response-type",
    title: "a method gives another type",
};
static CLIENT_STREAMING: Rule = Rule {
    id: "client-streaming",
    title: "a method takes a stream and took one message, or the reverse",
};
static SERVER_STREAMING: Rule = Rule {
    id: "server-streaming",
    title: "a method gives a stream and gave one message, or the reverse",
};
static IDEMPOTENCY_WEAKENED: Rule = Rule {
    id: "idempotency-weakened",
    title: "a method promises less about being repeated",
};
static IDEMPOTENCY_STRENGTHENED: Rule = Rule {
    id: "idempotency-strengthened",
    title: "a method promises more about being repeated",
};

/// Numbers of `MethodDescriptorProto`. Where nothing is streamed, the type stands where `stream` would.
const INPUT: &[i32] = &[2];
const OUTPUT: &[i32] = &[3];
const CLIENT_STREAM: &[i32] = &[5];
const SERVER_STREAM: &[i32] = &[6];
const IDEMPOTENCY: &[i32] = &[4, 34];

type Methods<'a> = Pair<'a, MethodDescriptor>;

fn method(comparison: &Comparison<'_>, pair: Methods<'_>, found: &mut Drafts) {
    request_type(comparison, &pair, found);
    response_type(comparison, &pair, found);
    client_streaming(&pair, found);
    server_streaming(&pair, found);
    idempotency(&pair, found);
}

/// A draft about one part of a method.
fn draft(rule: &'static Rule, pair: &Methods<'_>, part: &[i32], message: String) -> Draft {
    Draft::new(rule, pair.new.owner(), path(pair.old), message)
        .old(pair.old.site().part(part))
        .new_site(pair.new.site().part(part))
}

// === Types ===

fn request_type(comparison: &Comparison<'_>, pair: &Methods<'_>, found: &mut Drafts) {
    let (old, new) = (pair.old.input(), pair.new.input());
    if old.full_name() != new.full_name() {
        let message = format!(
            "method `{}` takes `{}`, and took `{}`",
            pair.new.name(),
            new.full_name(),
            old.full_name()
        );
        let draft = draft(&REQUEST_TYPE, pair, INPUT, message);
        found.add(exchanged(comparison, draft, (&old, &new)));
    }
}

fn response_type(comparison: &Comparison<'_>, pair: &Methods<'_>, found: &mut Drafts) {
    let (old, new) = (pair.old.output(), pair.new.output());
    if old.full_name() != new.full_name() {
        let message = format!(
            "method `{}` gives `{}`, and gave `{}`",
            pair.new.name(),
            new.full_name(),
            old.full_name()
        );
        let draft = draft(&RESPONSE_TYPE, pair, OUTPUT, message);
        found.add(exchanged(comparison, draft, (&old, &new)));
    }
}

fn exchanged(
    comparison: &Comparison<'_>,
    draft: Draft,
    (old, new): (&MessageDescriptor, &MessageDescriptor),
) -> Draft {
    let effects = comparison.exchange(old, new);
    let note = match effects.wire.max(effects.json) {
        Not => "another Rust type; both are written alike, so peers do not notice",
        Minor => "another Rust type; what peers knew of the old one is read from the new one",
        Cond | Major => {
            "another Rust type, and peers read the one from the other wrongly or not at all"
        }
    };
    draft
        .effects(Major, effects.wire, effects.json)
        .note(note)
        .instead("add fields to the type that it has, or add a method beside this one")
}

// === Streams ===

fn client_streaming(pair: &Methods<'_>, found: &mut Drafts) {
    let stream = pair.new.is_client_streaming();
    if stream == pair.old.is_client_streaming() {
        return;
    }
    let name = pair.new.name();
    let (message, wire, note) = match stream {
        true => (
            format!("method `{name}` takes a stream, and took one message"),
            Cond,
            "an old client sends one message, which is a stream of one; a new client's second one fails at an old server",
        ),
        false => (
            format!("method `{name}` takes one message, and took a stream"),
            Major,
            "an old client that sends none, or two, fails",
        ),
    };
    let (old, new) = match stream {
        true => (INPUT, CLIENT_STREAM),
        false => (CLIENT_STREAM, INPUT),
    };
    let draft = draft(&CLIENT_STREAMING, pair, new, message).old(pair.old.site().part(old));
    found.add(streaming(draft, wire, note));
}

fn server_streaming(pair: &Methods<'_>, found: &mut Drafts) {
    let stream = pair.new.is_server_streaming();
    if stream == pair.old.is_server_streaming() {
        return;
    }
    let name = pair.new.name();
    let (message, wire, note) = match stream {
        true => (
            format!("method `{name}` gives a stream, and gave one message"),
            Major,
            "an old client fails where it gets none, or two",
        ),
        false => (
            format!("method `{name}` gives one message, and gave a stream"),
            Cond,
            "an old client takes one message for a stream of one; a new client fails at an old server that sends two",
        ),
    };
    let (old, new) = match stream {
        true => (OUTPUT, SERVER_STREAM),
        false => (SERVER_STREAM, OUTPUT),
    };
    let draft = draft(&SERVER_STREAMING, pair, new, message).old(pair.old.site().part(old));
    found.add(streaming(draft, wire, note));
}

/// JSON over HTTP frames a stream in another way than a message, so there every old client fails.
fn streaming(draft: Draft, wire: Effect, note: &str) -> Draft {
    draft
        .effects(Major, wire, Major)
        .note(note)
        .instead("add a method beside this one")
}

// === Idempotency ===

fn idempotency(pair: &Methods<'_>, found: &mut Drafts) {
    let (old, new) = (promise(pair.old), promise(pair.new));
    let name = pair.new.name();
    let draft = |rule: &'static Rule| {
        let message = format!(
            "method `{name}` is {}, and was {}",
            new.as_str_name(),
            old.as_str_name()
        );
        draft(rule, pair, IDEMPOTENCY, message)
    };
    if strength(new) < strength(old) {
        found.add(
            draft(&IDEMPOTENCY_WEAKENED)
                .effects(Not, Major, Major)
                .note("old clients go on repeating, hedging or caching calls, for they were told that they may")
                .instead("keep the promise, and add a method beside this one that makes none"),
        );
    } else if strength(new) > strength(old) {
        found.add(
            draft(&IDEMPOTENCY_STRENGTHENED)
                .effects(Not, Minor, Minor)
                .note("new clients may repeat calls, and must not at a server that never promised"),
        );
    }
}

fn promise(method: &MethodDescriptor) -> IdempotencyLevel {
    let options = method.method_descriptor_proto().options.as_ref();
    options.map_or(IdempotencyLevel::IdempotencyUnknown, |options| {
        options.idempotency_level()
    })
}

/// What has no side effects may be repeated, too. The numbers of the levels are in another order.
fn strength(level: IdempotencyLevel) -> u8 {
    match level {
        IdempotencyLevel::IdempotencyUnknown => 0,
        IdempotencyLevel::Idempotent => 1,
        IdempotencyLevel::NoSideEffects => 2,
    }
}
