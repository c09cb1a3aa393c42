//! Who may ask a server for faults: a list of addresses and networks, of unix sockets, of callers in the same process.
//!
//! What counts is where a connection comes from. Nothing that a peer says of itself does, `x-forwarded-for` included.

use std::net::IpAddr;

use thiserror::Error;

use crate::call::Peer;

/// The peers that may ask for faults. The default is nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    networks: Vec<Network>,
    unix: bool,
    local: bool,
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

/// An entry of the list that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown peer `{0}`; known: an address, a network such as 10.0.0.0/8, `unix`, `local`")]
pub struct PeersError(String);

// === Peers ===

impl Peers {
    /// The peers of this list: addresses (`127.0.0.1`, `::1`), networks (`10.0.0.0/8`), `unix` for those on a unix socket
    /// or a stream in memory, `local` for callers in the same process.
    ///
    /// # Errors
    /// The first entry that is none of these.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, PeersError> {
        let mut peers = Self::default();
        for entry in entries {
            match entry {
                "unix" => peers.unix = true,
                "local" => peers.local = true,
                _ => match Network::parse(entry) {
                    Some(network) => peers.networks.push(network),
                    None => return Err(PeersError(entry.chars().take(64).collect())),
                },
            }
        }
        Ok(peers)
    }

    /// Whether a peer is on the list; none is a caller in the same process.
    pub fn contain(&self, peer: Option<&Peer>) -> bool {
        let Some(peer) = peer else {
            return self.local;
        };
        let Some(address) = peer.address else {
            return self.unix;
        };
        // A socket for both families shows IPv4 peers as IPv6.
        let address = address.ip().to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(address))
    }
}

// === Network ===

impl Network {
    fn parse(entry: &str) -> Option<Self> {
        let (address, bits) = match entry.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (entry, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
        };
        (bits <= most).then_some(Self { address, bits })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = u64::from(own.to_bits() ^ other.to_bits());
                differ >> (32 - self.bits) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                // A shift by all bits would be one too many.
                self.bits == 0 || differ >> (128 - self.bits) == 0
            }
            _ => false,
        }
    }
}
