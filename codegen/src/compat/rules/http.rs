//! HTTP routes of methods (`google.api.http`): which are served, in whatever order and spelling they are declared.

use prost_reflect::MethodDescriptor;

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, path};
use crate::compat::effect::Effect::{Major, Minor, None as Not};
use crate::compat::route::Route;
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&HTTP_ROUTE_ADDED, &HTTP_ROUTE_CHANGED, &HTTP_ROUTE_REMOVED],
    pages: include_str!("http.md"),
    method,
    ..Family::EMPTY
};

static HTTP_ROUTE_ADDED: Rule = Rule {
    id: "http-route-added",
    title: "a method is served on another HTTP route, too",
};
static HTTP_ROUTE_CHANGED: Rule = Rule {
    id: "http-route-changed",
    title: "an HTTP route of a method has another verb, path or body",
};
static HTTP_ROUTE_REMOVED: Rule = Rule {
    id: "http-route-removed",
    title: "a method is no longer served on an HTTP route",
};

/// Where the option stands in a `MethodDescriptorProto`.
const HTTP: &[i32] = &[4, 72_295_728];

fn method(_: &Comparison<'_>, pair: Pair<'_, MethodDescriptor>, found: &mut Drafts) {
    let (mut old, mut new) = (Route::of(pair.old), Route::of(pair.new));
    old.retain(|route| match new.iter().position(|kept| kept == route) {
        Some(kept) => {
            new.remove(kept);
            false
        }
        None => true,
    });
    for route in old {
        // The same place with another body is more like it than what is just next.
        let same = |other: &Route| other.verb == route.verb && other.path == route.path;
        let successor = new.iter().position(same).unwrap_or_default();
        found.add(match new.get(successor) {
            Some(_) => changed(&pair, &route, &new.remove(successor)),
            None => removed(&pair, &route),
        });
    }
    for route in new {
        found.add(added(&pair, &route));
    }
}

fn draft(rule: &'static Rule, pair: &Pair<'_, MethodDescriptor>, message: String) -> Draft {
    Draft::new(rule, pair.new.owner(), path(pair.old), message)
        .effects(Not, Not, Major)
        .old(pair.old.site().part(HTTP))
        .new_site(pair.new.site().part(HTTP))
}

fn changed(pair: &Pair<'_, MethodDescriptor>, old: &Route, new: &Route) -> Draft {
    let message = format!(
        "method `{}` is served on {new}, and was on {old}",
        pair.new.name()
    );
    draft(&HTTP_ROUTE_CHANGED, pair, message)
        .note("old HTTP clients get 404, or another part of a message; gRPC does not notice")
        .instead("keep the old route as one of `additional_bindings`")
}

fn removed(pair: &Pair<'_, MethodDescriptor>, old: &Route) -> Draft {
    let message = format!("method `{}` is no longer served on {old}", pair.new.name());
    draft(&HTTP_ROUTE_REMOVED, pair, message)
        .note("old HTTP clients get 404; gRPC does not notice")
        .instead("keep the route as one of `additional_bindings`")
}

fn added(pair: &Pair<'_, MethodDescriptor>, new: &Route) -> Draft {
    let message = format!("method `{}` is served on {new}", pair.new.name());
    draft(&HTTP_ROUTE_ADDED, pair, message)
        .effects(Not, Not, Minor)
        .note("older servers answer 404 there")
}
