//! Names of a contract as names of Rust, the same way prost makes them.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::Span;
use quote::format_ident;
use syn::Ident;

/// Names that a generated client has for itself; a method of that name gets an underscore.
pub(crate) const TAKEN_IN_CLIENTS: [&str; 6] =
    ["clone", "connect", "new", "over", "proto", "stack"];

/// Keywords that cannot be written as `r#keyword`.
const NEVER_RAW: [&str; 6] = ["_", "crate", "extern", "self", "Self", "super"];

/// `GetMovie` as the name of a method: `get_movie`. `None` where nothing is left, as of `_`.
pub(crate) fn method(name: &str) -> Option<Ident> {
    let snake = name.to_snake_case();
    match TAKEN_IN_CLIENTS.contains(&snake.as_str()) {
        true => ident(&format!("{snake}_")),
        false => ident(&snake),
    }
}

/// `movie_id` as the name of a field. `None` where nothing is left.
pub(crate) fn field(name: &str) -> Option<Ident> {
    ident(&name.to_snake_case())
}

/// `movies` as the name of a type: `Movies`. `None` where nothing is left.
pub(crate) fn type_name(name: &str) -> Option<Ident> {
    ident(&name.to_upper_camel_case())
}

/// `Movies` as the name of a static: `MOVIES`. `None` where nothing is left.
pub(crate) fn static_name(name: &str) -> Option<Ident> {
    ident(&name.to_shouty_snake_case())
}

/// `Movies` and `Server` as the name of a type: `MoviesServer`. It is shown where the first one stands.
pub(crate) fn beside(name: &Ident, suffix: &str) -> Ident {
    format_ident!(
        "{name}{suffix}",
        span = Span::call_site().located_at(name.span())
    )
}

/// `movies.v1` as a path of modules: `movies`, `v1`.
#[cfg(feature = "proto")]
pub(crate) fn modules(package: &str) -> Vec<String> {
    let parts = package.split('.').filter(|part| !part.is_empty());
    parts.map(module).collect()
}

/// `Movie` as the name of a module: `movie`.
#[cfg(feature = "proto")]
pub(crate) fn module(name: &str) -> String {
    ident(&name.to_snake_case()).map_or_else(String::new, |ident| ident.to_string())
}

/// Any text as a Rust identifier, raw or with an underscore where it has to be. `None` where it cannot be one.
pub(crate) fn ident(text: &str) -> Option<Ident> {
    if NEVER_RAW.contains(&text) {
        return Some(Ident::new(&format!("{text}_"), Span::call_site()));
    }
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return ident(&format!("_{text}"));
    }
    // `gen` is a keyword since the edition of 2024, which the parser does not know.
    if text != "gen"
        && let Ok(plain) = syn::parse_str::<Ident>(text)
    {
        return Some(plain);
    }
    let raw = syn::parse_str::<Ident>(&format!("r#{text}"));
    raw.ok()
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "proto")]
    use super::modules;
    use super::{method, type_name};

    fn named(name: &str) -> String {
        method(name).expect("a name").to_string()
    }

    #[test]
    fn methods_are_snake_case_and_never_a_keyword() {
        assert_eq!(named("GetMovie"), "get_movie");
        assert_eq!(named("Type"), "r#type");
        assert_eq!(named("Gen"), "r#gen");
        assert_eq!(named("Self"), "self_");
        assert_eq!(named("_1"), "_1");
        assert!(method("__").is_none());
    }

    #[test]
    fn methods_leave_the_clients_own_names_alone() {
        assert_eq!(named("Connect"), "connect_");
        assert_eq!(named("New"), "new_");
        assert_eq!(named("Over"), "over_");
        assert_eq!(named("Clone"), "clone_");
    }

    #[cfg(feature = "proto")]
    #[test]
    fn packages_are_modules() {
        assert_eq!(modules("movies.v1"), ["movies", "v1"]);
        assert_eq!(modules("my.type"), ["my", "r#type"]);
        assert!(modules("").is_empty());
    }

    #[test]
    fn types_are_camel_case() {
        assert_eq!(type_name("movie_store").expect("a name"), "MovieStore");
        assert_eq!(type_name("self").expect("a name"), "Self_");
    }
}
