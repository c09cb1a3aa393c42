//! HTTP routes as `google.api.http` declares them, read so that two spellings of one route are equal.
//!
//! The grammar of a path is that of `google/api/http.proto`. What is none is kept as it is written.

use std::fmt;

use prost_reflect::{DynamicMessage, MethodDescriptor, Value};

use super::options::group;

/// The option of methods that declares routes.
pub(super) const OPTION: &str = "google.api.http";

/// One route of a method. Two are equal if they serve the same requests in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    /// The verb of HTTP, `*` for all of them.
    pub(super) verb: String,
    pub(super) path: Path,
    /// The field that the body is read into: `*` for the whole request, empty for none.
    body: String,
    /// The field that the answer's body is; empty for the whole response.
    response_body: String,
}

/// The path of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Path {
    /// Segments, and what stands behind a colon at the end.
    Template(Vec<Segment>, Option<String>),
    /// What the grammar does not know.
    Text(String),
}

/// What stands between two slashes of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// `*`: any one segment.
    One,
    /// `**`: all that is left.
    Rest,
    /// A text.
    Literal(String),
    /// `{field=segments}`; `{field}` is `{field=*}`.
    Variable(String, Vec<Segment>),
}

// === Route ===

impl Route {
    /// The routes of a method in the order in which they are written, each once: its own, then its additional bindings.
    pub(super) fn of(method: &MethodDescriptor) -> Vec<Self> {
        let mut routes = Vec::new();
        if let Some(rule) = group(&method.options(), OPTION) {
            read(&rule, &mut routes);
        }
        routes
    }
}

/// The route of a rule, then those of its additional bindings.
fn read(rule: &DynamicMessage, routes: &mut Vec<Route>) {
    if let Some((verb, path)) = pattern(rule) {
        let route = Route {
            verb,
            path: Path::parse(&path),
            body: text(rule, "body"),
            response_body: text(rule, "response_body"),
        };
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    let more = rule.get_field_by_name("additional_bindings");
    let more = more.as_deref().and_then(Value::as_list);
    for binding in more.into_iter().flatten() {
        if let Some(binding) = binding.as_message() {
            read(binding, routes);
        }
    }
}

fn pattern(rule: &DynamicMessage) -> Option<(String, String)> {
    for verb in ["get", "put", "post", "delete", "patch"] {
        if rule.has_field_by_name(verb) {
            return Some((verb.to_uppercase(), text(rule, verb)));
        }
    }
    if !rule.has_field_by_name("custom") {
        return None;
    }
    let custom = rule.get_field_by_name("custom")?;
    let custom = custom.as_message()?;
    Some((text(custom, "kind").to_uppercase(), text(custom, "path")))
}

fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field);
    let text = value.as_deref().and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{} {}`", self.verb, self.path)?;
        if !self.body.is_empty() {
            write!(formatter, " with the body `{}`", self.body)?;
        }
        if !self.response_body.is_empty() {
            write!(formatter, " and the response body `{}`", self.response_body)?;
        }
        Ok(())
    }
}

// === Path ===

impl Path {
    fn parse(text: &str) -> Self {
        template(text).unwrap_or_else(|| Self::Text(text.to_owned()))
    }
}

/// `"/" Segment { "/" Segment } [ ":" LITERAL ]`
fn template(text: &str) -> Option<Path> {
    let text = text.strip_prefix('/')?;
    // A verb is behind the last variable, so a colon before one is none.
    let variables = text.rfind('}').map_or(0, |end| end + 1);
    let (path, verb) = match text[variables..].rsplit_once(':') {
        Some((path, verb)) => (&text[..variables + path.len()], Some(literal(verb)?)),
        None => (text, None),
    };
    let mut segments = Vec::new();
    let mut rest = path;
    loop {
        let (segment, after) = segment(rest)?;
        segments.push(segment);
        match after {
            Some(after) => rest = after,
            None => return Some(Path::Template(segments, verb)),
        }
    }
}

/// The first segment, and what is behind the slash after it.
fn segment(text: &str) -> Option<(Segment, Option<&str>)> {
    let Some(variable) = text.strip_prefix('{') else {
        let (first, after) = match text.split_once('/') {
            Some((first, after)) => (first, Some(after)),
            None => (text, None),
        };
        return Some((plain(first)?, after));
    };
    let (variable, after) = variable.split_once('}')?;
    let after = match after.strip_prefix('/') {
        None if after.is_empty() => None,
        after => Some(after?),
    };
    let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
    let is_name = |name: &str| {
        let mut characters = name.chars();
        !name.is_empty() && characters.all(|one| one.is_ascii_alphanumeric() || one == '_')
    };
    let segments: Option<_> = pattern.split('/').map(plain).collect();
    let variable = Segment::Variable(field.to_owned(), segments?);
    field.split('.').all(is_name).then_some((variable, after))
}

fn plain(text: &str) -> Option<Segment> {
    match text {
        "*" => Some(Segment::One),
        "**" => Some(Segment::Rest),
        text => literal(text).map(Segment::Literal),
    }
}

fn literal(text: &str) -> Option<String> {
    let is_plain = !text.is_empty() && !text.contains(['{', '}', '*', '=', '/']);
    is_plain.then(|| text.to_owned())
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (segments, verb) = match self {
            Self::Text(text) => return formatter.write_str(text),
            Self::Template(segments, verb) => (segments, verb),
        };
        for segment in segments {
            write!(formatter, "/{segment}")?;
        }
        match verb {
            Some(verb) => write!(formatter, ":{verb}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => formatter.write_str("*"),
            Self::Rest => formatter.write_str("**"),
            Self::Literal(text) => formatter.write_str(text),
            Self::Variable(field, segments) if *segments == [Self::One] => {
                write!(formatter, "{{{field}}}")
            }
            Self::Variable(field, segments) => {
                let segments: Vec<_> = segments.iter().map(ToString::to_string).collect();
                write!(formatter, "{{{field}={}}}", segments.join("/"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn a_path_is_shown_in_its_shortest_spelling() {
        for (text, shown) in [
            ("/v1/{id=*}", "/v1/{id}"),
            (
                "/v1/{name=shelves/*/books/*}",
                "/v1/{name=shelves/*/books/*}",
            ),
            ("/v1/{book.name=**}:move", "/v1/{book.name=**}:move"),
            ("/v1/books:list", "/v1/books:list"),
            ("/v1/a:b/{id}", "/v1/a:b/{id}"),
        ] {
            let path = Path::parse(text);
            assert!(matches!(path, Path::Template(..)), "{text}");
            assert_eq!(path.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_path_is_kept_as_text() {
        for text in [
            "", "/", "v1", "//", "/v1/", "/{", "/}", "/{}", "/{id", "/id}", "/{id}x", "/{a={b}}",
            "/{a=}", "/{=*}", "/v1:", "/***", "/{é=*}", "/:é:", "/{id}:", "/{a}}", "/é/{",
        ] {
            assert_eq!(Path::parse(text), Path::Text(text.to_owned()), "{text}");
        }
    }
}
