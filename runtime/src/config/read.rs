//! From JSON to a service config, with every mistake at its path.

use std::collections::{HashMap, HashSet};

use super::{
    MethodConfig, Name, ServiceConfig, balancing, contradiction,
    error::{ServiceConfigErrors, Warning, excerpt},
    fields::{Field, Group, METHOD, Said, THROTTLING, Whose},
    names::near,
    value::{Item, Kind, number_of},
    window,
};
use crate::call::{CodeSet, Policies};
use crate::json::{self, LONGEST, Node, Unreadable};

/// How much of a retry or hedging policy must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// All that gRPC asks for.
    Whole,
    /// Whatever the source says.
    Part,
}

/// Reads a config; nothing of it counts unless all of it is right.
pub(super) fn read(text: &str, whole: Whole) -> Result<ServiceConfig, ServiceConfigErrors> {
    let mut reader = Reader::new(whole);
    let mut config = ServiceConfig::default();
    match json::parse(text) {
        Ok(node) => {
            reader.duplicates(&node);
            reader.config(&node, &mut config);
        }
        Err(Unreadable::TooLong(bytes)) => {
            let right = format!("a service config has at most {LONGEST}");
            reader.wrong(format!("the text has {bytes} bytes"), right);
        }
        Err(Unreadable::Syntax(at)) => {
            let found = format!(
                "the text is no JSON in line {}, column {}",
                at.line, at.column
            );
            reader.wrong(found, at.right);
        }
    }
    config.warnings = reader.warnings;
    reader.errors.none()?;
    Ok(config)
}

/// What goes through a config and remembers where it is.
pub(super) struct Reader {
    path: String,
    whole: Whole,
    errors: ServiceConfigErrors,
    warnings: Vec<Warning>,
}

/// More warnings than these help nobody.
const MOST_WARNINGS: usize = 100;

/// What can stand at the top.
const TOP: [&str; 5] = [
    "methodConfig",
    "retryThrottling",
    "loadBalancingConfig",
    "loadBalancingPolicy",
    "healthCheckConfig",
];

// === Walking ===

impl Reader {
    fn new(whole: Whole) -> Self {
        Self {
            path: String::new(),
            whole,
            errors: ServiceConfigErrors::new(),
            warnings: Vec::new(),
        }
    }

    /// Goes to a part, looks at it, and comes back.
    pub(super) fn at<T>(&mut self, part: &str, look: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 && !part.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(part);
        let found = look(self);
        self.path.truncate(length);
        found
    }

    /// Notes a mistake here.
    pub(super) fn wrong(&mut self, found: impl Into<String>, right: impl Into<String>) {
        self.errors.add(&self.path, found, right);
    }

    fn warn(&mut self, text: String) {
        if self.warnings.len() < MOST_WARNINGS {
            let path = self.path.clone();
            self.warnings.push(Warning { path, text });
        }
    }

    /// What is in an object; nothing where it is null.
    pub(super) fn entries<'a>(&mut self, node: &'a Node) -> &'a [(String, Node)] {
        match node {
            Node::Map(entries) => entries,
            Node::Null => &[],
            other => {
                self.wrong(format!("is {}", excerpt(other)), "it must be an object");
                &[]
            }
        }
    }

    /// Looks at each item of a list.
    pub(super) fn list(&mut self, node: &Node, mut look: impl FnMut(&mut Self, &Node)) {
        match node {
            Node::List(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.at(&format!("[{index}]"), |reader| look(reader, node));
                }
            }
            Node::Null => {}
            other => self.wrong(format!("is {}", excerpt(other)), "it must be a list"),
        }
    }

    fn text(&mut self, node: &Node) -> String {
        match node {
            Node::Text(text) => return text.clone(),
            Node::Null => {}
            other => self.wrong(
                format!("is {}", excerpt(other)),
                "it must be a text in quotes",
            ),
        }
        String::new()
    }

    /// Who reads a key that stands twice may read one value and another may read the other.
    fn duplicates(&mut self, node: &Node) {
        match node {
            Node::Map(entries) => {
                let mut seen = HashSet::new();
                for (key, node) in entries {
                    let again = !seen.insert(key.as_str());
                    self.at(key, |reader| {
                        if again {
                            reader.wrong("stands twice", "keep one of them");
                        }
                        reader.duplicates(node);
                    });
                }
            }
            Node::List(_) => self.list(node, Self::duplicates),
            _ => {}
        }
    }
}

// === The parts of a config ===

impl Reader {
    fn config(&mut self, node: &Node, config: &mut ServiceConfig) {
        let mut named = None;
        for (key, node) in self.entries(node) {
            self.at(key, |reader| match key.as_str() {
                "methodConfig" => reader.methods(node, config),
                "retryThrottling" if !node.is_null() => {
                    let mut throttling = Default::default();
                    reader.group(node, &THROTTLING, &mut throttling);
                    config.retry_throttling = Some(throttling);
                }
                "loadBalancingConfig" => {
                    let chosen = balancing::read(reader, node);
                    config.balancing = chosen.balancing;
                    config.outlier = chosen.outlier;
                    config.load_balancing = Some(node.clone()).filter(|node| !node.is_null());
                }
                "healthCheckConfig" => {
                    config.health_service = reader.health(node);
                    config.health_check = Some(node.clone()).filter(|node| !node.is_null());
                }
                "loadBalancingPolicy" => {
                    let name = reader.text(node);
                    named = balancing::named(&name);
                    config.load_balancing_policy =
                        Some(node.clone()).filter(|node| !node.is_null());
                }
                "retryThrottling" => {}
                strange => reader.unknown(strange, TOP.into_iter(), Whose::Grpc),
            });
        }
        if config.load_balancing.is_none() {
            config.balancing = named;
        }
    }

    fn health(&mut self, node: &Node) -> Option<String> {
        let mut entries = self.entries(node).iter();
        let (_, name) = entries.find(|(key, node)| key == "serviceName" && !node.is_null())?;
        Some(self.at("serviceName", |reader| reader.text(name)))
    }

    fn methods(&mut self, node: &Node, config: &mut ServiceConfig) {
        let mut taken: HashMap<Name, String> = HashMap::new();
        self.list(node, |reader, node| {
            let method = reader.method(node, &mut taken);
            // One without names concerns no method.
            if !method.names.is_empty() {
                config.methods.push(method);
            }
        });
    }

    fn method(&mut self, node: &Node, taken: &mut HashMap<Name, String>) -> MethodConfig {
        let mut names = Vec::new();
        let mut policies = Policies::UNSET;
        for (key, node) in self.entries(node) {
            let group = METHOD.iter().find(|group| group.json == key);
            let field = METHOD[0].fields.iter();
            let field = field.into_iter().find(|field| field.keys().contains(key));
            self.at(key, |reader| match (key.as_str(), group, field) {
                ("name", ..) => reader.list(node, |reader, node| {
                    names.extend(reader.name(node, taken));
                }),
                (_, Some(group), _) if !node.is_null() => reader.group(node, group, &mut policies),
                (_, _, Some(field)) => reader.field(node, field, &mut policies),
                (_, Some(_), _) => {}
                (strange, ..) => {
                    let groups = METHOD.iter().map(|group| group.json.to_owned());
                    let fields = METHOD[0].fields.iter().flat_map(Field::keys);
                    let known: Vec<_> = groups.chain(fields).chain(["name".to_owned()]).collect();
                    let known = known.iter().map(String::as_str);
                    reader.unknown(strange, known, Whose::Grpc);
                }
            });
        }
        self.sense(&policies);
        MethodConfig { names, policies }
    }

    /// Notes what is right field by field and makes no sense together.
    fn sense(&mut self, policies: &Policies) {
        if policies.retry.is_some() && policies.hedging.is_some() {
            let found = "has a retryPolicy and a hedgingPolicy";
            self.wrong(found, "a method is retried or hedged, keep one of them");
        }
        for name in contradiction::disabled_and_said(policies) {
            let found = format!("names {name}, which stands beside it");
            self.at("disabled", |reader| {
                reader.wrong(found, "a policy is said or disabled, keep one of them");
            });
        }
        for contradiction in contradiction::all(policies) {
            let other = match self.path.as_str() {
                "" => contradiction.other,
                path => format!("{path}.{}", contradiction.other),
            };
            let found = format!("{} `{other}`", contradiction.found);
            self.at(&contradiction.one, |reader| {
                reader.wrong(found, contradiction.right)
            });
        }
    }

    fn name(&mut self, node: &Node, taken: &mut HashMap<Name, String>) -> Option<Name> {
        let (mut service, mut method) = (String::new(), String::new());
        for (key, node) in self.entries(node) {
            self.at(key, |reader| match key.as_str() {
                "service" => service = reader.text(node),
                "method" => method = reader.text(node),
                strange => reader.unknown(strange, ["service", "method"].into_iter(), Whose::Grpc),
            });
        }
        let name = match (service.is_empty(), method.is_empty()) {
            (true, true) => Name::All,
            (false, true) => Name::Service(service),
            (false, false) => Name::Method(service, method),
            (true, false) => {
                let found = format!("has the method \"{method}\" of no service");
                self.wrong(found, "name its service too, with its package");
                return None;
            }
        };
        if let Some(first) = taken.get(&name) {
            let found = format!("is {name}, which `{first}` is already");
            self.wrong(found, "a name stands once in a service config");
            return None;
        }
        taken.insert(name.clone(), self.path.clone());
        Some(name)
    }
}

// === Groups and fields ===

impl Reader {
    /// Reads an object into `into`.
    pub(super) fn group<P>(&mut self, node: &Node, group: &Group<P>, into: &mut P) {
        (group.open)(into);
        self.fields(node, group, into, &[]);
    }

    /// The same, where `others` may stand beside the fields.
    pub(super) fn fields<P>(
        &mut self,
        node: &Node,
        group: &Group<P>,
        into: &mut P,
        others: &[&str],
    ) {
        let entries = self.entries(node);
        if !matches!(node, Node::Map(_)) {
            return;
        }
        for (key, node) in entries {
            let field = group.fields.iter().find(|field| field.keys().contains(key));
            self.at(key, |reader| match field {
                Some(field) if matches!(field.kind, Kind::Window) => {}
                Some(field) if excused(field, entries) && *node == Node::List(Vec::new()) => {}
                Some(field) => reader.field(node, field, into),
                None if others.contains(&key.as_str()) => {}
                None => {
                    let known: Vec<_> = group.fields.iter().flat_map(Field::keys).collect();
                    let known = known.iter().map(String::as_str);
                    reader.unknown(key, known.chain(others.iter().copied()), group.whose);
                }
            });
        }
        for field in group.fields {
            match field.kind {
                Kind::Window => window::read(self, node, |window| {
                    (field.set)(into, Item::Window(window));
                }),
                _ if excused(field, entries) && (field.get)(into).is_none() => {
                    (field.set)(into, Item::Codes(CodeSet::EMPTY));
                }
                _ => self.missing(entries, field),
            }
        }
    }

    fn field<P>(&mut self, node: &Node, field: &Field<P>, into: &mut P) {
        if node.is_null() {
            return;
        }
        match field.kind.read(node) {
            Ok(item) => {
                if let Kind::Capped(_, most) = field.kind
                    && number_of(node).is_some_and(|count| count > f64::from(most))
                {
                    let node = excerpt(node);
                    self.warn(format!(
                        "is {node}, and counts as {most} unless `attempts_cap` is raised"
                    ));
                }
                (field.set)(into, item);
            }
            Err(right) => self.wrong(format!("is {}", excerpt(node)), right),
        }
    }

    /// What gRPC asks for, so that no other client refuses the config.
    fn missing<P>(&mut self, entries: &[(String, Node)], field: &Field<P>) {
        let needed = field.said == Said::Always && self.whole == Whole::Whole;
        let key = field.keys().remove(0);
        if needed && !says(entries, &key) {
            let right = format!("gRPC asks for it, such as {}", field.default);
            self.at(&key, |reader| reader.wrong("is missing", right));
        }
    }

    /// What is not known is passed over (gRFC A21); what looks like a slip is told.
    fn unknown<'a>(&mut self, strange: &str, known: impl Iterator<Item = &'a str>, whose: Whose) {
        match (near(strange, known), whose) {
            (Some(near), _) => {
                self.warn(format!(
                    "is not known and passed over; did you mean `{near}`?"
                ));
            }
            (None, Whose::Couplet) => self.warn("is not known and passed over".to_owned()),
            (None, Whose::Grpc) => {}
        }
    }
}

fn says(entries: &[(String, Node)], key: &str) -> bool {
    let mut said = entries.iter().filter(|(known, _)| known == key);
    said.any(|(_, node)| !node.is_null())
}

/// Attempts that are given up are worth another one, so that no code need be named where an attempt has a limit.
fn excused<P>(field: &Field<P>, entries: &[(String, Node)]) -> bool {
    field.name == "retryable_status_codes" && says(entries, "perAttemptRecvTimeout")
}
