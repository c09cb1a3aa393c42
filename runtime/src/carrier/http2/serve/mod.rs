//! The serving side of HTTP/2: a connection's life, and each of its requests from HTTP to a call and back.
//!
//! It is told which sockets to serve, who answers and when to stop; what listens and decides that is `server`.

mod age;
mod answer;
mod answering;
mod arrived;
mod awaited;
mod calls;
mod connection;
mod dispatch;
mod foreign;
mod preface;
mod routes;
mod settings;
mod stage;

pub(crate) use age::Ages;
pub(crate) use answer::Answer;
pub(crate) use connection::{Shared, serve};
pub(crate) use dispatch::{Dispatch, Mounts, mounted};
pub(crate) use foreign::Foreign;
pub(crate) use preface::Socket;
pub(crate) use routes::{Routes, Taken};
pub(crate) use settings::{Messages, Settings};
pub(crate) use stage::{Life, Stage};
