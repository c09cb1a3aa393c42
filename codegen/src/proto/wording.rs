//! The words of protox made ours: shorter titles, finer places, and a help where it has none.

use std::ops::Range;

use crate::ir::Code;

/// A title as ours are: lower case, short, and with `names like this`.
pub(super) fn title(text: &str) -> String {
    match text.split_once("' resolves to '") {
        Some((name, _)) => format!("`{}` is not defined", name.trim_start_matches('\'')),
        None => text.replace('\'', "`"),
    }
}

/// Where within `range` the name is that `title` speaks of: compilers point at whole options.
pub(super) fn narrowed(text: &str, range: &Range<usize>, title: &str) -> Range<usize> {
    let whole = range.clone();
    let Some(within) = text.get(whole.clone()) else {
        return whole;
    };
    if !within.contains(['{', '=']) {
        return whole;
    }
    let Some(name) = title.split('\'').nth(1).filter(|name| !name.is_empty()) else {
        return whole;
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = within.match_indices(name).filter(|(start, _)| {
        let before = within[..*start].chars().next_back();
        let after = within[start + name.len()..].chars().next();
        !before.is_some_and(letter) && !after.is_some_and(letter)
    });
    match found.next() {
        Some((start, name)) => whole.start + start..whole.start + start + name.len(),
        None => whole,
    }
}

/// What would be right; `before` is what the author wrote up to the mistake, `declared` the names of all messages and
/// enums.
pub(super) fn help(title: &str, before: &str, declared: &[String]) -> Option<String> {
    let mut quoted = title.split('\'').skip(1).step_by(2);
    let (name, of) = (quoted.next()?, quoted.next());
    if title.contains("' resolves to '") {
        let near = nearest(
            name,
            [super::options::SERVICE, super::options::METHOD].into_iter(),
        );
        return Some(one_of(near, || {
            "define the option, or import the file that does".to_owned()
        }));
    }
    if title.ends_with("is not defined") {
        if let Some(import) = import_of(name) {
            return Some(format!("add import \"{import}\";"));
        }
        let near = nearest(name, declared.iter().map(String::as_str));
        return Some(one_of(near, || {
            "declare it, or import the file that does".to_owned()
        }));
    }
    if title.contains("' conflicts with ") {
        return Some("rename one of them".to_owned());
    }
    if let Some(rest) = title.strip_prefix("expected ") {
        return rest
            .split_once(", but found")
            .map(|(expected, _)| match expected {
                "a string" if is_count(name) && DURATIONS.contains(&field(before)) => {
                    format!("write it with its unit, between quotes: \"{name}ms\"")
                }
                "a string" => format!("put it between quotes: \"{name}\""),
                other => format!("put {other} here"),
            });
    }
    option_help(name, of?)
}

/// The fields of couplet's options that are durations.
const DURATIONS: [&str; 11] = [
    "hedging_delay",
    "initial_backoff",
    "limit_refresh_period",
    "max_backoff",
    "max_wait_duration",
    "max_wait_duration_in_half_open_state",
    "open_max_duration",
    "per_attempt_recv_timeout",
    "slow_call_duration_threshold",
    "timeout",
    "wait_duration_in_open_state",
];

fn is_count(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The field whose value begins where this text ends.
fn field(before: &str) -> &str {
    let before = before.trim_end().trim_end_matches([':', '=']).trim_end();
    let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    name.into_iter().next().unwrap_or_default()
}

/// What would be right for a name that one of couplet's options does not have.
fn option_help(name: &str, of: &str) -> Option<String> {
    match of {
        "google.rpc.Code" => {
            let known = Code::names().skip(1);
            let near = nearest(name, known.clone());
            Some(one_of(near, || {
                format!("the codes are {}", known.collect::<Vec<_>>().join(", "))
            }))
        }
        "couplet.ServiceOptions" if fields("MethodOptions").contains(&name) => Some(format!(
            "put it into the defaults of all methods: defaults: {{ {name}: .. }}"
        )),
        choice if !values(choice).is_empty() => {
            let values = values(choice);
            let near = nearest(name, values.iter().copied());
            Some(one_of(near, || {
                format!("the values are {}", values.join(", "))
            }))
        }
        message if message.starts_with("couplet.") => {
            let fields = fields(message);
            let near = nearest(name, fields.iter().copied());
            Some(one_of(near, || {
                format!("the fields are {}", fields.join(", "))
            }))
        }
        _ => None,
    }
}

/// The file to import for an option that comes with couplet.
fn import_of(option: &str) -> Option<&'static str> {
    match option.trim_start_matches('.') {
        super::options::SERVICE | super::options::METHOD => Some("couplet/options.proto"),
        "google.api.http" => Some("google/api/annotations.proto"),
        "google.api.field_behavior" => Some("google/api/field_behavior.proto"),
        _ => None,
    }
}

fn one_of(near: Option<&str>, otherwise: impl FnOnce() -> String) -> String {
    near.map_or_else(otherwise, |near| format!("did you mean `{near}`?"))
}

/// The fields of one of couplet's option messages, read from their own contract.
fn fields(message: &str) -> Vec<&'static str> {
    let name = message.trim_start_matches("couplet.");
    let lines = body(name).lines().filter_map(|line| {
        let line = line.strip_prefix("  ")?;
        let field = line
            .strip_prefix("optional ")
            .or_else(|| line.strip_prefix("repeated "))?;
        field.split(' ').nth(1)
    });
    lines.collect()
}

/// The values of an enum in one of couplet's option messages, such as `couplet.Breaker.Mode`.
fn values(choice: &str) -> Vec<&'static str> {
    let path = choice.strip_prefix("couplet.");
    let Some((message, name)) = path.and_then(|path| path.split_once('.')) else {
        return Vec::new();
    };
    let (_, rest) = body(message)
        .split_once(&format!("\n  enum {name} {{"))
        .unwrap_or_default();
    let lines = rest.split("\n  }").next().unwrap_or_default().lines();
    let values = lines.filter_map(|line| line.trim().split_once(" = "));
    values.map(|(value, _)| value).collect()
}

/// What is between the braces of one of couplet's option messages.
fn body(message: &str) -> &'static str {
    let text = couplet_proto::file("couplet/options.proto").unwrap_or_default();
    let (_, body) = text
        .split_once(&format!("\nmessage {message} {{"))
        .unwrap_or_default();
    body.split("\n}").next().unwrap_or_default()
}

/// The known name that was probably meant: one that goes on where this one ends, or one that is close.
pub(super) fn nearest<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let mut longer = known
        .clone()
        .filter(|known| name.len() > 3 && known.starts_with(name));
    if let Some(longer) = longer.next() {
        return Some(longer);
    }
    let limit = (name.len() / 3).max(1);
    let near = known.map(|known| (distance(name, known), known)).min();
    near.filter(|(distance, _)| *distance <= limit)
        .map(|(_, known)| known)
}

/// How many letters have to be changed, added or taken away (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, next) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *next);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// The length of the word or mark at the front.
pub(super) fn token(text: &str) -> usize {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    match text.chars().next() {
        Some(first) if letter(first) => text.find(|c| !letter(c)).unwrap_or(text.len()),
        Some('"') => text[1..].find('"').map_or(text.len(), |end| end + 2),
        Some(first) => first.len_utf8(),
        None => 0,
    }
}

/// Where the first statement of a file begins, after spaces and comments.
pub(super) fn first_statement(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let end = match rest {
            comment if comment.starts_with("//") => comment.find('\n'),
            comment if comment.starts_with("/*") => comment.find("*/").map(|end| end + 2),
            _ => return text.len() - rest.len(),
        };
        rest = &rest[end.unwrap_or(rest.len())..];
    }
}

#[cfg(test)]
mod tests {
    use super::{fields, help, narrowed, nearest, values};

    #[test]
    fn knows_the_fields_of_its_own_options() {
        let of_services = fields("couplet.ServiceOptions");
        assert_eq!(of_services[..3], ["version", "accepts", "defaults"]);
        assert!(fields("couplet.Breaker").contains(&"sliding_window_size"));
        assert_eq!(
            values("couplet.Breaker.Mode"),
            [
                "ENFORCE",
                "METRICS_ONLY",
                "DISABLED",
                "FORCED_OPEN",
                "FORCED_CLOSED",
                "ADAPTIVE_THROTTLE"
            ]
        );
        assert_eq!(values("couplet.Breaker"), [""; 0]);
    }

    #[test]
    fn names_what_was_probably_meant() {
        let help = help(
            "field 'timeot' not found for message 'couplet.MethodOptions'",
            "",
            &[],
        );
        assert_eq!(help.as_deref(), Some("did you mean `timeout`?"));
        assert_eq!(nearest("zzz", ["timeout"].into_iter()), None);
        let known = ["failure_codes", "failure_rate_threshold"];
        assert_eq!(nearest("failure_rate", known.into_iter()), Some(known[1]));
    }

    #[test]
    fn points_at_the_name_and_not_at_the_option_around_it() {
        let text = "option (couplet.method) = { timeout_: 1 timeot: 2 };";
        let range = narrowed(text, &(0..text.len()), "field 'timeot' not found");
        assert_eq!(&text[range], "timeot");
    }
}
