//! Both ends of one peer, each in its own process, and what one round of load made of them.

use std::io;

use crate::{
    load::Load,
    measured::{Figures, figures},
    program::Program,
};

/// A client and the server that it calls.
#[derive(Debug)]
pub struct Pair {
    server: Program,
    client: Program,
}

/// Which peer, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Couplet with the policies of its contract.
    Couplet,
    /// Couplet without policies.
    Bare,
    /// Plain tonic.
    Tonic,
}

/// What stands before the command of a program, such as a tool that watches it.
#[derive(Debug, Clone, Default)]
pub struct Wrappers {
    /// Before the server.
    pub server: Vec<String>,
    /// Before the client.
    pub client: Vec<String>,
}

// === Which ===

impl Which {
    /// The name that the load program knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Couplet => "couplet",
            Self::Bare => "bare",
            Self::Tonic => "tonic",
        }
    }

    fn server(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Couplet => ("echo-server", &["--port", "0", "--measured"]),
            Self::Bare => ("echo-server", &["--port", "0", "--measured", "--bare"]),
            Self::Tonic => ("tonic-server", &["--port", "0", "--measured"]),
        }
    }
}

// === Pair ===

impl Pair {
    /// Starts both ends of `which`, each with `more` arguments.
    ///
    /// # Errors
    /// If one of them does not start.
    pub fn start(which: Which, wrappers: &Wrappers, more: &[&str]) -> io::Result<Self> {
        let (name, arguments) = which.server();
        let mut server = Program::start(&wrappers.server, name, &[arguments, more].concat())?;
        let said = server.line()?;
        let Some((_, port)) = said.rsplit_once(':') else {
            return Err(io::Error::other(format!("{name} says `{said}`")));
        };
        let arguments = ["--peer", which.name(), "--port", port];
        let client = Program::start(&wrappers.client, "load", &[&arguments, more].concat())?;
        Ok(Self { server, client })
    }

    /// Puts `load` on it: what that took, for each call.
    ///
    /// # Errors
    /// If a call failed.
    pub fn round(&mut self, load: Load) -> io::Result<Figures> {
        let (cpu, allocations) = (self.cpu()?, self.server_allocations()?);
        let outcome = self.client.ask(&load.to_string())?;
        let (after, allocated) = (self.cpu()?, self.server_allocations()?);
        let of = |name| outcome.get(name).copied().unwrap_or(f64::NAN);
        let calls = of("calls");
        Ok(figures([
            ("calls", calls),
            ("calls/s", calls / of("seconds")),
            ("p50 µs", of("p50")),
            ("p99 µs", of("p99")),
            ("client CPU µs", (after.0 - cpu.0) / calls * 1e6),
            ("server CPU µs", (after.1 - cpu.1) / calls * 1e6),
            ("client allocs", of("allocations") / calls),
            ("server allocs", (allocated - allocations) / calls),
        ]))
    }

    /// What the policies of the client and of the server have counted so far.
    ///
    /// # Errors
    /// If an end is gone.
    pub fn counts(&mut self) -> io::Result<[Figures; 2]> {
        Ok([self.client.ask("counts")?, self.server.ask("counts")?])
    }

    /// Ends both, the client first.
    ///
    /// # Errors
    /// If one of them fails.
    pub fn end(self) -> io::Result<()> {
        self.client.end()?;
        self.server.end()
    }

    fn cpu(&self) -> io::Result<(f64, f64)> {
        Ok((self.client.cpu()?, self.server.cpu()?))
    }

    fn server_allocations(&mut self) -> io::Result<f64> {
        let figures = self.server.ask("allocations")?;
        Ok(figures.get("allocations").copied().unwrap_or(f64::NAN))
    }
}
