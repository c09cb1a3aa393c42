//! Asks DNS, and remembers what it said last for the case that it says nothing.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{RData, RecordType, rdata::SRV},
    },
};
use tokio::{task::spawn_blocking, time::timeout};

/// How long one question may take, with all that is tried for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a server that a target names may take for one answer; where it is the system's, that is the system's to say.
const ANSWER: Duration = Duration::from_secs(2);

/// The most questions that are open at once.
const AT_ONCE: usize = 16;

/// What is asked of one name, round by round.
pub(super) struct Questions {
    server: Option<SocketAddr>,
    /// None before the first round, and after one that failed: what the system says of its servers may have changed.
    client: Option<TokioResolver>,
    /// What was said in the last round that had an answer.
    known: HashMap<Question, Vec<RData>>,
    /// What was said in this one.
    said: HashMap<Question, Vec<RData>>,
    outcome: Outcome,
}

/// What is to be known of a round beside its answers.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// How long all of it may be used.
    pub(super) ttl: Duration,
    /// What was not answered, and why.
    pub(super) trouble: Option<String>,
    /// What DNS says where it has nothing.
    pub(super) lacking: &'static str,
}

type Question = (String, RecordType);

/// What DNS says to one question; without records, why there are none.
struct Answer {
    records: Vec<RData>,
    ttl: Duration,
    lacking: &'static str,
}

impl Questions {
    pub(super) fn new(server: Option<SocketAddr>) -> Self {
        Self {
            server,
            client: None,
            known: HashMap::new(),
            said: HashMap::new(),
            outcome: Outcome::default(),
        }
    }

    /// Begins a round.
    pub(super) async fn begin(&mut self) {
        self.outcome = Outcome::default();
        match &self.client {
            // How long answers are kept is said elsewhere.
            Some(client) => client.clear_cache(),
            None => match client(self.server).await {
                Ok(client) => self.client = Some(client),
                Err(why) => self.outcome.trouble = Some(why),
            },
        }
    }

    /// Ends a round.
    pub(super) fn end(&mut self) -> Outcome {
        self.known = std::mem::take(&mut self.said);
        if self.outcome.trouble.is_some() {
            self.client = None;
        }
        std::mem::take(&mut self.outcome)
    }

    /// The addresses of each of `names`.
    pub(super) async fn addresses(&mut self, names: &[impl AsRef<str>]) -> Vec<Vec<IpAddr>> {
        let kinds = [RecordType::A, RecordType::AAAA];
        let questions = names
            .iter()
            .flat_map(|name| kinds.map(|kind| (name.as_ref().to_owned(), kind)));
        let records = self.ask(questions.collect()).await;
        let address = |record: &RData| record.ip_addr();
        let pairs = records.chunks(kinds.len());
        pairs
            .map(|pair| pair.iter().flatten().filter_map(address).collect())
            .collect()
    }

    /// The SRV records of `name`.
    pub(super) async fn services(&mut self, name: &str) -> Vec<SRV> {
        let records = self.ask(vec![(name.to_owned(), RecordType::SRV)]).await;
        let service = |record| match record {
            RData::SRV(service) => Some(service),
            _ => None,
        };
        records.into_iter().flatten().filter_map(service).collect()
    }

    /// What is said to each question, in their order.
    async fn ask(&mut self, questions: Vec<Question>) -> Vec<Vec<RData>> {
        let answers: Vec<_> = match &self.client {
            Some(client) => {
                let answers = questions.clone().into_iter();
                let answers = answers.map(|question| ask(client.clone(), question));
                stream::iter(answers).buffered(AT_ONCE).collect().await
            }
            None => Vec::new(),
        };
        let mut answers = answers.into_iter();
        questions
            .into_iter()
            .map(|question| self.learn(question, answers.next()))
            .collect()
    }

    /// What holds now for `question`.
    fn learn(&mut self, question: Question, answer: Option<Result<Answer, String>>) -> Vec<RData> {
        let records = match answer {
            Some(Ok(answer)) => {
                self.outcome.ttl = self.outcome.ttl.min(answer.ttl);
                if answer.records.is_empty() {
                    self.outcome.lacking = answer.lacking;
                }
                answer.records
            }
            Some(Err(why)) => {
                let (name, kind) = &question;
                let why = || format!("{kind} {name}: {why}");
                self.outcome.trouble.get_or_insert_with(why);
                self.known.remove(&question).unwrap_or_default()
            }
            None => self.known.remove(&question).unwrap_or_default(),
        };
        self.said.insert(question, records.clone());
        records
    }
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            ttl: Duration::MAX,
            trouble: None,
            lacking: "it has no addresses",
        }
    }
}

async fn client(server: Option<SocketAddr>) -> Result<TokioResolver, String> {
    let build = move || {
        let mut builder = match server {
            Some(server) => {
                let config = ResolverConfig::from_name_servers(vec![name_server(server)]);
                let provider = TokioRuntimeProvider::default();
                let mut builder = TokioResolver::builder_with_config(config, provider);
                let options = builder.options_mut();
                options.timeout = ANSWER;
                options.use_hosts_file = ResolveHosts::Never;
                builder
            }
            None => TokioResolver::builder_tokio()?,
        };
        builder.options_mut().cache_size = 0;
        builder.build()
    };
    // The system's configuration and its table of hosts are files.
    match spawn_blocking(build).await {
        Ok(client) => client.map_err(|error| cause(&error)),
        Err(error) => Err(error.to_string()),
    }
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    let connections = connections.map(|mut connection| {
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.into())
}

async fn ask(client: TokioResolver, (name, kind): Question) -> Result<Answer, String> {
    match timeout(PATIENCE, client.lookup(name, kind)).await {
        Err(_) => Err("no answer in time".to_owned()),
        Ok(Ok(lookup)) => {
            let records = lookup.answers();
            let ttl = records.iter().map(|record| record.ttl).min();
            Ok(Answer {
                records: records.iter().map(|record| record.data.clone()).collect(),
                ttl: Duration::from_secs(ttl.unwrap_or(0).into()),
                lacking: Outcome::default().lacking,
            })
        }
        Ok(Err(error)) => lacking(&error).ok_or_else(|| cause(&error)),
    }
}

/// That there is nothing is an answer too.
fn lacking(error: &NetError) -> Option<Answer> {
    let NetError::Dns(DnsError::NoRecordsFound(none)) = error else {
        return None;
    };
    let lacking = match none.response_code {
        ResponseCode::NoError => Outcome::default().lacking,
        ResponseCode::NXDomain => "there is no such name (NXDOMAIN)",
        _ => return None,
    };
    Some(Answer {
        records: Vec::new(),
        ttl: Duration::MAX,
        lacking,
    })
}

fn cause(error: &NetError) -> String {
    let code = match error {
        NetError::Timeout => return "no answer in time".to_owned(),
        NetError::Dns(DnsError::ResponseCode(code)) => *code,
        NetError::Dns(DnsError::NoRecordsFound(none)) => none.response_code,
        other => return other.to_string(),
    };
    match code {
        ResponseCode::ServFail => "the server answers SERVFAIL".to_owned(),
        ResponseCode::Refused => "the server answers REFUSED".to_owned(),
        other => format!("the server answers {other}"),
    }
}
