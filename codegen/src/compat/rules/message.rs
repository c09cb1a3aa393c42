//! Messages as a whole: added, removed, how they are written.

use prost_reflect::{EnumDescriptor, MessageDescriptor, Syntax};

use crate::compat::change::Draft;
use crate::compat::compare::{Comparison, Declared, Drafts, Fate};
use crate::compat::effect::Effect::{Major, Minor, None as Not};
use crate::compat::rule::{Family, Pair, Rule};

pub(super) const FAMILY: Family = Family {
    rules: &[&MESSAGE_ADDED, &MESSAGE_REMOVED, &MESSAGE_SET, &JSON_FORMAT],
    pages: include_str!("message.md"),
    contract,
    message,
    choice,
    ..Family::EMPTY
};

static MESSAGE_ADDED: Rule = Rule {
    id: "message-added",
    title: "a message was added",
};
static MESSAGE_REMOVED: Rule = Rule {
    id: "message-removed",
    title: "a message was removed or moved",
};
static MESSAGE_SET: Rule = Rule {
    id: "message-set",
    title: "a message began or ceased to be written as a message set",
};

static JSON_FORMAT: Rule = Rule {
    id: "json-format",
    title: "a message or enum has no full mapping to JSON any more",
};

fn contract(comparison: &Comparison<'_>, found: &mut Drafts) {
    for fate in &comparison.messages {
        match fate {
            Fate::Added(new) => found.add(added(new)),
            Fate::Removed(old) => found.add(removed(old)),
            Fate::Kept(..) => {}
        }
    }
}

fn added(new: &MessageDescriptor) -> Draft {
    let text = format!("message `{}` was added", new.name());
    Draft::new(&MESSAGE_ADDED, new.owner(), new.full_name(), text)
        .effects(Minor, Not, Not)
        .new_site(new.site().part(&[1]))
        .note("a new name that nobody uses yet")
}

fn removed(old: &MessageDescriptor) -> Draft {
    let text = format!("message `{}` was removed", old.name());
    Draft::new(&MESSAGE_REMOVED, old.owner(), old.full_name(), text)
        .effects(Major, Not, Not)
        .old(old.site().part(&[1]))
        .note("its Rust type is gone from its place; peers notice only in a `google.protobuf.Any`")
        .instead("keep it where it is and mark it `option deprecated = true`")
}

fn message(_: &Comparison<'_>, pair: Pair<'_, MessageDescriptor>, found: &mut Drafts) {
    let is_set = |message: &MessageDescriptor| {
        let options = message.descriptor_proto().options.as_ref();
        options.is_some_and(|options| options.message_set_wire_format())
    };
    if is_set(pair.old) != is_set(pair.new) {
        let text = format!("message `{}` changed its wire format", pair.new.name());
        let draft = Draft::new(&MESSAGE_SET, pair.new.owner(), pair.old.full_name(), text)
            .effects(Not, Major, Not)
            .old(pair.old.site().part(&[7]))
            .new_site(pair.new.site().part(&[7]))
            .note("a message set writes its extensions in its own way")
            .instead("keep the option as it is");
        found.add(draft);
    }
    let what = format!("message `{}`", pair.new.name());
    let syntaxes = [pair.old, pair.new].map(|message| message.parent_file().syntax());
    let draft = json_format(&what, syntaxes, [pair.old, pair.new], pair.new.full_name());
    found.0.extend(draft);
}

fn choice(_: &Comparison<'_>, pair: Pair<'_, EnumDescriptor>, found: &mut Drafts) {
    let what = format!("enum `{}`", pair.new.name());
    let syntaxes = [pair.old, pair.new].map(|choice| choice.parent_file().syntax());
    let draft = json_format(&what, syntaxes, [pair.old, pair.new], pair.new.full_name());
    found.0.extend(draft);
}

/// What proto3 promises of JSON, proto2 does as well as it can.
fn json_format(
    what: &str,
    syntaxes: [Syntax; 2],
    [old, new]: [&dyn Declared; 2],
    name: &str,
) -> Option<Draft> {
    // Of two types that are exchanged each keeps its own.
    if old.owner() != new.owner() || syntaxes != [Syntax::Proto3, Syntax::Proto2] {
        return None;
    }
    let text = format!("the JSON of {what} is only made as well as it can be");
    let draft = Draft::new(&JSON_FORMAT, new.owner(), name, text)
        .effects(Not, Not, Major)
        .old(old.site().part(&[1]))
        .new_site(new.site().part(&[1]))
        .note("proto2 lets names clash in JSON, where proto3 does not")
        .instead("keep the file's syntax");
    Some(draft)
}
