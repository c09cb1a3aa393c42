//! What the targets share: headers written as lines of text, and both ends of a call whose peer is made of bytes.

mod client;
mod contract;
mod exchange;
mod pieces;
mod server;

use std::{cell::RefCell, future::Future};

use couplet::{
    Code, Status,
    call::{Body, Frame, Message},
};
use tokio::runtime::{Builder, Runtime};

pub use self::{
    client::ask,
    exchange::{Exchange, headers},
    pieces::Pieces,
    server::{Answered, serve},
};

/// What one end made of what the other sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The payloads of the messages, in their order.
    pub messages: Vec<Vec<u8>>,
    /// Why it ended before its end.
    pub failed: Option<(Code, String)>,
}

impl Heard {
    /// Nothing but the reason.
    fn failed(status: &Status) -> Self {
        Self {
            messages: Vec::new(),
            failed: Some((status.code(), status.message().to_owned())),
        }
    }
}

/// Reads a body to its end.
async fn hear(body: Body) -> Heard {
    let mut frames = body.into_frames();
    let mut messages = Vec::new();
    while let Some(frame) = frames.frame().await {
        match frame {
            Ok(Frame::Message(message)) => messages.push(message.payload().to_vec()),
            Ok(Frame::Trailers(_)) => {}
            Err(status) => {
                return Heard {
                    messages,
                    ..Heard::failed(&status)
                };
            }
        }
    }
    Heard {
        messages,
        failed: None,
    }
}

fn nothing() -> Message {
    Message::encode(&()).expect("no bytes at all")
}

thread_local! {
    static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

/// Runs `work` on a clock that jumps ahead wherever there is nothing to do, so that no input makes a target wait.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = || {
        Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without IO")
    };
    RUNTIME.with_borrow_mut(|held| held.get_or_insert_with(runtime).block_on(work))
}
