//! A DNS server on 127.0.0.1, over UDP and TCP, whose answers are set by the test.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata::SRV},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};

use crate::discovery::{Resolver, resolver};

/// The most that is said over UDP, in bytes, as servers have agreed on.
const DATAGRAM: usize = 1232;

/// What is said to a question about a name and a kind of record.
#[derive(Debug, Clone)]
pub(super) enum Says {
    /// These records, each to be kept for so many seconds.
    Records(u32, Vec<RData>),
    Code(ResponseCode),
    Nothing,
    Garbage,
    /// An answer that is said to be too long, over TCP as well.
    Truncated,
}

/// A server that ends with the test.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    zone: Arc<Zone>,
    _serving: JoinSet<()>,
}

#[derive(Default)]
struct Zone {
    says: Mutex<HashMap<(String, RecordType), Says>>,
    asked: AtomicUsize,
}

impl Server {
    pub(super) async fn start() -> Self {
        // Some other program may have the other half of a free port.
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().unwrap();
        let zone = Arc::<Zone>::default();
        let mut serving = JoinSet::new();
        serving.spawn(Arc::clone(&zone).serve_udp(udp));
        serving.spawn(Arc::clone(&zone).serve_tcp(tcp));
        Self {
            address,
            zone,
            _serving: serving,
        }
    }

    /// Has it say this from now on. What was never set does not exist.
    pub(super) fn set(&self, name: &str, kind: RecordType, says: Says) {
        let key = (format!("{name}."), kind);
        self.zone.says.lock().unwrap().insert(key, says);
    }

    /// The addresses of a name, of both kinds, to be kept for so many seconds.
    pub(super) fn addresses(&self, name: &str, ttl: u32, addresses: &[&str]) {
        let all: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        for (kind, four) in [(RecordType::A, true), (RecordType::AAAA, false)] {
            let some = all.iter().filter(|ip| ip.is_ipv4() == four);
            let some = some.map(|ip| RData::from(*ip)).collect();
            self.set(name, kind, Says::Records(ttl, some));
        }
    }

    /// The SRV records of a name, for a second: priority, weight, port and target of each.
    pub(super) fn services(&self, name: &str, records: &[(u16, u16, u16, &str)]) {
        let record = |(priority, weight, port, target): &(u16, u16, u16, &str)| {
            let target = Name::from_ascii(format!("{target}.")).unwrap();
            RData::SRV(SRV::new(*priority, *weight, *port, target))
        };
        let records = records.iter().map(record).collect();
        self.set(name, RecordType::SRV, Says::Records(1, records));
    }

    /// How many questions came.
    pub(super) fn asked(&self) -> usize {
        self.zone.asked.load(Ordering::Relaxed)
    }

    /// What asks this server, by the whole way from a target.
    pub(super) fn resolver(&self, scheme: &str, name: &str) -> Arc<dyn Resolver> {
        let target = format!("{scheme}://{}/{name}", self.address);
        resolver(&target).unwrap().unwrap()
    }
}

impl Zone {
    async fn serve_udp(self: Arc<Self>, socket: UdpSocket) {
        let mut buffer = [0; 4096];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            if let Some(answer) = self.answer(&buffer[..length], DATAGRAM) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    }

    async fn serve_tcp(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(Arc::clone(&self).serve_stream(stream));
        }
    }

    async fn serve_stream(self: Arc<Self>, mut stream: TcpStream) {
        // Whoever asks may leave at any time.
        while let Ok(length) = stream.read_u16().await {
            let mut question = vec![0; length.into()];
            if stream.read_exact(&mut question).await.is_err() {
                return;
            }
            let Some(answer) = self.answer(&question, usize::from(u16::MAX)) else {
                continue;
            };
            let length = u16::try_from(answer.len()).unwrap();
            let whole = [&length.to_be_bytes()[..], &answer].concat();
            if stream.write_all(&whole).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, question: &[u8], most: usize) -> Option<Vec<u8>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let question = Message::from_vec(question).unwrap();
        let query = question.queries[0].clone();
        let key = (query.name().to_ascii().to_lowercase(), query.query_type());
        let says = self.says.lock().unwrap().get(&key).cloned();
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        match says.unwrap_or(Says::Code(ResponseCode::NXDomain)) {
            Says::Nothing => return None,
            Says::Garbage => return Some(b"\xff\xfe this is no answer".to_vec()),
            Says::Truncated => answer.metadata.truncation = true,
            Says::Code(code) => answer.metadata.response_code = code,
            Says::Records(ttl, records) => {
                let record = |data| Record::from_rdata(query.name().clone(), ttl, data);
                answer.add_answers(records.into_iter().map(record));
            }
        }
        let bytes = answer.to_vec().unwrap();
        if bytes.len() <= most {
            return Some(bytes);
        }
        answer.answers.clear();
        answer.metadata.truncation = true;
        Some(answer.to_vec().unwrap())
    }
}
