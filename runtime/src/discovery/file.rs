//! `file:///path`: a list of endpoints in a file, which is watched.

use std::{path::PathBuf, time::Duration};

use tokio::{task::spawn_blocking, time::sleep};

use super::{Endpoint, Publisher, Resolver, Watch, resolver::watched, scheme::Fault};
use crate::json::{self, Node};

/// The time between two looks at the file.
const PAUSE: Duration = Duration::from_millis(500);

/// Endpoints in a file: a JSON list of addresses and of [`Endpoint`]s, as in
/// `["10.0.0.1:50051", {"address": "10.0.0.2:50051", "weight": 2}]`.
///
/// The file is looked at twice a second. One that cannot be read, or of which anything is wrong, changes nothing: the last
/// good list stands.
#[derive(Debug, Clone)]
pub struct File {
    path: PathBuf,
}

impl File {
    /// The list at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub(super) fn parse(rest: &str) -> Result<Self, Fault> {
        match rest.strip_prefix('/') {
            None | Some("") => Err(Fault::Malformed("it names no file".to_owned())),
            Some(_) => Ok(Self::new(rest)),
        }
    }

    async fn follow(self, publisher: Publisher) {
        let mut known = None;
        loop {
            let path = self.path.clone();
            let Ok(read) = spawn_blocking(move || json::text_of(&path)).await else {
                // The runtime ends.
                return;
            };
            let read = read.map_err(|error| error.to_string());
            if known.as_ref() != Some(&read) {
                match read.clone().and_then(|text| endpoints(&text)) {
                    Ok(endpoints) => publisher.fresh(endpoints),
                    Err(why) => publisher.stale(format!("{}: {why}", Resolver::target(&self))),
                }
                known = Some(read);
            }
            sleep(PAUSE).await;
        }
    }
}

fn endpoints(text: &str) -> Result<Vec<Endpoint>, String> {
    let Node::List(nodes) = json::parse(text).map_err(|error| error.to_string())? else {
        return Err("it is no list; write [\"10.0.0.1:50051\"]".to_owned());
    };
    let endpoints = nodes.iter().enumerate().map(|(index, node)| match node {
        Node::Text(address) => Ok(Endpoint::new(address)),
        node => Endpoint::from_node(node).map_err(|error| format!("[{index}]: {error}")),
    });
    endpoints.collect()
}

impl Resolver for File {
    fn target(&self) -> String {
        format!("file://{}", self.path.display())
    }

    fn watch(&self) -> Watch {
        let file = self.clone();
        watched(|publisher| file.follow(publisher))
    }
}
