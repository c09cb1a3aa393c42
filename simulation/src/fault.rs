//! What goes wrong, and for how long.

use std::{fmt, time::Duration};

use couplet::Code;

use crate::Delay;

/// Something that goes wrong at a host or in the network. It lasts until the end unless it is told for how long.
///
/// ```
/// use couplet_simulation::Fault;
/// use std::time::Duration;
///
/// let fault = Fault::black_hole("movies").lasting(Duration::from_secs(10));
/// assert_eq!(fault.to_string(), "`movies` is a black hole");
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    pub(crate) kind: Kind,
    pub(crate) lasting: Option<Duration>,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    BlackHole(String),
    OneWay { from: String, to: String },
    Partition(String, String),
    Distant(String, Delay),
    Lossy(String, f64),
    Disconnect(String),
    Crash(String),
    Drain(String),
    Slow(String, f64),
    Erring(String, f64, Code),
}

// === Fault ===

impl Fault {
    /// Nothing comes in or out of `host`, and nobody is told: connections hang, and so do attempts to connect. What was
    /// sent meanwhile arrives when it is over, when TCP tries again.
    pub fn black_hole(host: impl Into<String>) -> Self {
        Kind::BlackHole(host.into()).into()
    }

    /// Nothing from `from` reaches `to`; the other way is open.
    pub fn one_way(from: impl Into<String>, to: impl Into<String>) -> Self {
        let (from, to) = (from.into(), to.into());
        Kind::OneWay { from, to }.into()
    }

    /// Nothing goes between the two, either way.
    pub fn partition(one: impl Into<String>, other: impl Into<String>) -> Self {
        Kind::Partition(one.into(), other.into()).into()
    }

    /// Every hop from and to `host` takes so much more.
    pub fn distant(host: impl Into<String>, more: impl Into<Delay>) -> Self {
        Kind::Distant(host.into(), more.into()).into()
    }

    /// A `share` (0 to 1) of what goes from and to `host` is lost, and sent again by TCP: 200 ms later, then twice that.
    pub fn lossy(host: impl Into<String>, share: f64) -> Self {
        Kind::Lossy(host.into(), share).into()
    }

    /// Every connection from and to `host` is reset, once.
    pub fn disconnect(host: impl Into<String>) -> Self {
        Kind::Disconnect(host.into()).into()
    }

    /// `host` dies: connections are reset, new ones refused, its state is lost. When it is over, it is started anew.
    pub fn crash(host: impl Into<String>) -> Self {
        Kind::Crash(host.into()).into()
    }

    /// `host` is restarted as a deployment does: clients are told to go elsewhere (GOAWAY), accepted calls may finish,
    /// and a successor takes new connections at once.
    pub fn drain(host: impl Into<String>) -> Self {
        Kind::Drain(host.into()).into()
    }

    /// All work of `host` takes `times` as long, see [`Cpu`](crate::Cpu).
    pub fn slow(host: impl Into<String>, times: f64) -> Self {
        Kind::Slow(host.into(), times).into()
    }

    /// `host` answers a `share` (0 to 1) of its calls with `code`, at once.
    pub fn erring(host: impl Into<String>, share: f64, code: Code) -> Self {
        Kind::Erring(host.into(), share, code).into()
    }

    /// The same, over after `time`.
    #[must_use]
    pub fn lasting(mut self, time: Duration) -> Self {
        self.lasting = Some(time);
        self
    }
}

impl From<Kind> for Fault {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            lasting: None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::BlackHole(host) => write!(formatter, "`{host}` is a black hole"),
            Kind::OneWay { from, to } => write!(formatter, "nothing from `{from}` reaches `{to}`"),
            Kind::Partition(one, other) => {
                write!(formatter, "nothing goes between `{one}` and `{other}`")
            }
            Kind::Distant(host, _) => write!(formatter, "`{host}` is far away"),
            Kind::Lossy(host, share) => write!(formatter, "`{host}` loses {}%", share * 100.0),
            Kind::Disconnect(host) => write!(formatter, "`{host}` loses its connections"),
            Kind::Crash(host) => write!(formatter, "`{host}` is down"),
            Kind::Drain(host) => write!(formatter, "`{host}` is drained"),
            Kind::Slow(host, times) => write!(formatter, "`{host}` is {times} times slower"),
            Kind::Erring(host, share, code) => {
                let share = share * 100.0;
                write!(formatter, "`{host}` fails {share}% with {code:?}")
            }
        }
    }
}

impl Kind {
    /// The host whose server it is about.
    pub(crate) fn server(&self) -> Option<&str> {
        match self {
            Self::Crash(host)
            | Self::Drain(host)
            | Self::Slow(host, _)
            | Self::Erring(host, ..) => Some(host),
            _ => None,
        }
    }
}
