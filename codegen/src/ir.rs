//! A contract that is right: what `check` makes of a [`draft`](crate::draft) and the emitters write down.
//!
//! Its types admit nothing an emitter could stumble over: durations are durations, names are Rust
//! names. It speaks of services and methods, never of token streams.

mod ages;
mod policies;

use semver::Version;
use syn::{Attribute, Block, Ident, Pat, Type, Visibility};

pub use ages::{Ages, FieldAge, Inside, MethodAge};
pub use policies::{
    Breaker, BreakerMode, BreakerScope, Bulkhead, Hedging, Policies, RateLimit, Retry, Window,
};

/// A service.
#[derive(Debug, Clone)]
pub struct Service {
    /// The package, such as `movies.v1`; empty where there is none.
    pub package: String,
    /// The name in the contract, such as `Movies`.
    pub name: String,
    /// The Rust names of what is generated for it.
    pub idents: ServiceIdents,
    /// Who may use what is generated for it.
    pub visibility: Visibility,
    /// Further attributes of its trait.
    pub attributes: Vec<Attribute>,
    /// Its documentation as rustdoc, a line an entry.
    pub docs: Vec<String>,
    /// The attribute that advises against it, where the contract does.
    pub deprecated: Option<Attribute>,
    /// The declared version; 0.0.0 where the contract is silent.
    pub version: Version,
    /// The least client, MAJOR.MINOR, where the contract names one.
    pub accepts: Option<String>,
    /// The oldest release with the same wire, where it is known.
    pub wire_since: Option<Version>,
    /// How far back the oldest client may be.
    pub cross_major: CrossMajor,
    /// What becomes of callers that do not say their version.
    pub client_version: ClientVersion,
    /// Since when the parts of its requests are there, where clients ask for a server by that.
    pub ages: Option<Ages>,
    /// What its messages and methods look like, as eight hexadecimal digits; empty where nobody knows.
    pub schema: String,
    /// The methods, by index.
    pub methods: Vec<Method>,
    /// Where the descriptor bytes are.
    pub descriptor: Descriptor,
}

/// The Rust names of what is generated for a service.
#[derive(Debug, Clone)]
pub struct ServiceIdents {
    /// The trait: `Movies`.
    pub service: Ident,
    /// The server shell: `MoviesServer`.
    pub server: Ident,
    /// The client: `MoviesClient`.
    pub client: Ident,
    /// The static that describes the service: `MOVIES`.
    pub data: Ident,
    /// The static that describes its methods: `MOVIES_METHODS`.
    pub methods: Ident,
}

/// How far the oldest client that is served may be back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CrossMajor {
    /// Never before the first release of the same MAJOR.
    #[default]
    Refuse,
    /// As far as the wire is the same, over majors.
    Wire,
}

/// The oldest server that a client can live with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientMin {
    /// One of the client's own MINOR.
    #[default]
    Release,
    /// One that knows all that a call uses.
    PerCall,
}

/// What becomes of callers that do not say which version they were built from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientVersion {
    /// They are served.
    #[default]
    Optional,
    /// They are refused.
    Required,
}

/// Where the descriptor bytes of a service are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descriptor {
    /// In the constant `FILE_DESCRIPTOR_SET` beside the service.
    Package,
    /// Nowhere: the service was not written as a `.proto` file.
    None,
}

/// A method.
#[derive(Debug, Clone)]
pub struct Method {
    /// The name in the contract, such as `GetMovie`.
    pub name: String,
    /// The release that brought it, where that is known and not the service's first.
    pub since: Option<Version>,
    /// The name in Rust, such as `get_movie`.
    pub ident: Ident,
    /// Further attributes of its function in the trait.
    pub attributes: Vec<Attribute>,
    /// Its documentation as rustdoc, a line an entry.
    pub docs: Vec<String>,
    /// The attribute that advises against it, where the contract does.
    pub deprecated: Option<Attribute>,
    /// How many messages go each way.
    pub kind: Kind,
    /// What a repeated call does.
    pub idempotency: Idempotency,
    /// The Rust type of what is sent.
    pub request: Type,
    /// The Rust type of what comes back.
    pub response: Type,
    /// The Rust name of the field of the request by which endpoints are chosen, where the contract names one.
    pub key: Option<Ident>,
    /// What its function does where nobody implements it; UNIMPLEMENTED if it is not said.
    pub body: Option<Body>,
    /// What the contract declares about its calls.
    pub policies: Policies,
}

/// What a function of the trait does where nobody implements it.
#[derive(Debug, Clone)]
pub struct Body {
    /// What the request is bound to.
    pub request: Pat,
    /// What is done with it.
    pub block: Block,
}

/// How many messages go each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One each way.
    Unary,
    /// One there, many back.
    ServerStreaming,
    /// Many there, one back.
    ClientStreaming,
    /// Many each way.
    BidiStreaming,
}

/// What a repeated call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing is promised.
    Unknown,
    /// It only reads.
    NoSideEffects,
    /// Twice is as once.
    Idempotent,
}

/// A gRPC status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(u8);

// === Service ===

impl Service {
    /// Package and name, such as `movies.v1.Movies`.
    pub fn full_name(&self) -> String {
        match self.package.as_str() {
            "" => self.name.clone(),
            package => format!("{package}.{}", self.name),
        }
    }
}

// === Idempotency ===

impl Idempotency {
    /// Whether a call that may have run can be sent again.
    pub fn allows_repeats(self) -> bool {
        self != Self::Unknown
    }
}

// === Code ===

/// Every status code by its number: its name in contracts and its name in Rust.
const CODES: [(&str, &str); 17] = [
    ("OK", "Ok"),
    ("CANCELLED", "Cancelled"),
    ("UNKNOWN", "Unknown"),
    ("INVALID_ARGUMENT", "InvalidArgument"),
    ("DEADLINE_EXCEEDED", "DeadlineExceeded"),
    ("NOT_FOUND", "NotFound"),
    ("ALREADY_EXISTS", "AlreadyExists"),
    ("PERMISSION_DENIED", "PermissionDenied"),
    ("RESOURCE_EXHAUSTED", "ResourceExhausted"),
    ("FAILED_PRECONDITION", "FailedPrecondition"),
    ("ABORTED", "Aborted"),
    ("OUT_OF_RANGE", "OutOfRange"),
    ("UNIMPLEMENTED", "Unimplemented"),
    ("INTERNAL", "Internal"),
    ("UNAVAILABLE", "Unavailable"),
    ("DATA_LOSS", "DataLoss"),
    ("UNAUTHENTICATED", "Unauthenticated"),
];

impl Code {
    /// Success, which is no failure to speak of.
    pub const OK: Self = Self(0);

    /// The code with this number, if there is one.
    pub fn from_number(number: i32) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        (usize::from(number) < CODES.len()).then_some(Self(number))
    }

    /// The code with this name, such as `UNAVAILABLE`.
    pub fn from_name(name: &str) -> Option<Self> {
        let index = CODES.iter().position(|(known, _)| *known == name)?;
        u8::try_from(index).ok().map(Self)
    }

    /// The name in contracts, such as `UNAVAILABLE`.
    pub fn name(self) -> &'static str {
        CODES[usize::from(self.0)].0
    }

    /// The name in Rust, such as `Unavailable`.
    pub fn rust_name(self) -> &'static str {
        CODES[usize::from(self.0)].1
    }

    /// The names of all codes, by number.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        CODES.iter().map(|(name, _)| *name)
    }
}
