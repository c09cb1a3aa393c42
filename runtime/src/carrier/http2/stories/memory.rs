//! Servers without sockets for the stories that take minutes: a paused clock goes on while nobody has anything to do.

use std::{
    future::Future,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::Instant,
};

use super::peer::{Asked, speak};
use crate::client::Builder;

/// What was seen of the connections of one client or of many.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    dials: Arc<Mutex<Vec<Instant>>>,
    ended: Arc<AtomicUsize>,
    refuses: Arc<AtomicUsize>,
}

impl Seen {
    /// When connections were dialled since the last time.
    pub(super) fn take(&self) -> Vec<Instant> {
        std::mem::take(&mut *self.dials.lock().unwrap())
    }

    /// How many connections came to their end.
    pub(super) fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }

    /// Refuses the next so many.
    pub(super) fn refuse(&self, many: usize) {
        self.refuses.store(many, Ordering::SeqCst);
    }

    /// Has `builder` connect to what `serve` does with a connection.
    pub(super) fn dial<H, F>(&self, builder: Builder, serve: H) -> Builder
    where
        H: Fn(DuplexStream) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let seen = self.clone();
        builder.dial(move || {
            seen.dials.lock().unwrap().push(Instant::now());
            let (ours, theirs) = duplex(64 << 10);
            let one_less = |many: usize| many.checked_sub(1);
            let refused = seen
                .refuses
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
            let outcome = match refused {
                Ok(_) => Err(io::Error::from(io::ErrorKind::ConnectionRefused)),
                Err(_) => {
                    let (ended, served) = (Arc::clone(&seen.ended), serve(theirs));
                    tokio::spawn(async move {
                        served.await;
                        ended.fetch_add(1, Ordering::SeqCst);
                    });
                    Ok(ours)
                }
            };
            std::future::ready(outcome)
        })
    }
}

/// Answers every call with `ok`.
pub(super) async fn answers(stream: DuplexStream) {
    let answer = Arc::new(async |mut asked: Asked| asked.answer("ok"));
    speak(stream, h2::server::Builder::new(), 0, answer).await;
}

/// Greets, and answers each ping with `pong`, which ends the connection; with its acknowledgement if that is none.
pub(super) async fn pinged(
    mut stream: DuplexStream,
    pings: Arc<Mutex<Vec<Instant>>>,
    pong: Option<Vec<u8>>,
) {
    let greeting = [[0, 0, 0, 4, 0, 0, 0, 0, 0], [0, 0, 0, 4, 1, 0, 0, 0, 0]].concat();
    let _ = stream.write_all(&greeting).await;
    let mut preface = [0; 24];
    let mut head = [0; 9];
    let _ = stream.read_exact(&mut preface).await;
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        let _ = stream.read_exact(&mut payload).await;
        let (kind, is_answer) = (head[3], head[4] & 1 == 1);
        if kind != 6 || is_answer {
            continue;
        }
        pings.lock().unwrap().push(Instant::now());
        if let Some(pong) = &pong {
            let _ = stream.write_all(pong).await;
            return;
        }
        let answer = [&[0, 0, 8, 6, 1, 0, 0, 0, 0], &payload[..]].concat();
        let _ = stream.write_all(&answer).await;
    }
}
