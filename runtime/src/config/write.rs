//! From a service config to JSON, in one canonical form.

use super::{
    MethodConfig, Name, ServiceConfig,
    fields::{Field, Group, METHOD, Said, THROTTLING},
    read::Whole,
    value::Item,
    window,
};
use crate::json::Node;

impl ServiceConfig {
    /// The same as gRPC's JSON, which every gRPC client reads; one config has one text.
    ///
    /// Where gRPC asks for a field that nobody set, as in a retry policy made in code, its default is written.
    pub fn to_json(&self) -> String {
        self.json(Whole::Whole)
    }

    pub(super) fn json(&self, whole: Whole) -> String {
        let mut top = Vec::new();
        if !self.methods.is_empty() {
            let methods = self
                .methods
                .iter()
                .map(|config| method(config, whole))
                .collect();
            top.push(("methodConfig".to_owned(), Node::List(methods)));
        }
        if let Some(throttling) = &self.retry_throttling {
            let fields = group(throttling, &THROTTLING, whole);
            top.push((THROTTLING.json.to_owned(), Node::Map(fields)));
        }
        for (key, kept) in [
            ("loadBalancingPolicy", &self.load_balancing_policy),
            ("loadBalancingConfig", &self.load_balancing),
            ("healthCheckConfig", &self.health_check),
        ] {
            top.extend(kept.clone().map(|node| (key.to_owned(), node)));
        }
        Node::Map(top).pretty()
    }
}

fn method(config: &MethodConfig, whole: Whole) -> Node {
    let names = config.names.iter().map(name).collect();
    let mut entries = vec![("name".to_owned(), Node::List(names))];
    for part in METHOD.iter().filter(|part| (part.has)(&config.policies)) {
        let fields = group(&config.policies, part, whole);
        match part.json {
            "" => entries.extend(fields),
            name => entries.push((name.to_owned(), Node::Map(fields))),
        }
    }
    Node::Map(entries)
}

fn name(name: &Name) -> Node {
    let entry = |key: &str, value: &String| (key.to_owned(), Node::Text(value.clone()));
    Node::Map(match name {
        Name::All => Vec::new(),
        Name::Service(service) => vec![entry("service", service)],
        Name::Method(service, method) => vec![entry("service", service), entry("method", method)],
    })
}

fn group<P>(values: &P, group: &Group<P>, whole: Whole) -> Vec<(String, Node)> {
    let said = |field: &Field<P>| match (field.get)(values) {
        Some(item) => entries(field, item),
        None if field.said == Said::Always && whole == Whole::Whole => {
            let default = field.default();
            field
                .keys()
                .into_iter()
                .map(|key| (key, default.clone()))
                .collect()
        }
        None => Vec::new(),
    };
    group.fields.iter().flat_map(said).collect()
}

/// A field that holds `item`, as JSON has it.
pub(super) fn entries<P>(field: &Field<P>, item: Item) -> Vec<(String, Node)> {
    match item {
        Item::Window(window) => window::write(window).into(),
        item => field
            .keys()
            .into_iter()
            .map(|key| (key, item.node()))
            .collect(),
    }
}
