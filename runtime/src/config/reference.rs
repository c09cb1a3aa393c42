//! The page about every field, made of the one table.

use super::fields::{
    BALANCING, BALANCING_OTHERS, Field, Group, METHOD, OUTLIER, OUTLIER_PARTS, Said, THROTTLING,
};

/// Every field of a service config as a table in Markdown: its name there, its name in contracts, what is right for it,
/// and its default.
pub fn reference() -> String {
    let mut page = String::new();
    for group in METHOD {
        let place = match group.json {
            "" => "`methodConfig[]`".to_owned(),
            name => format!("`methodConfig[].{name}`"),
        };
        put(&mut page, &place, group, true);
    }
    put(&mut page, "`retryThrottling`", &THROTTLING, false);
    let balancing = "`loadBalancingConfig[]`";
    put(
        &mut page,
        &format!("{balancing}: `{}`", OUTLIER.json),
        &OUTLIER,
        false,
    );
    for part in OUTLIER_PARTS {
        put(
            &mut page,
            &format!("{balancing}: `{}.{}`", OUTLIER.json, part.json),
            part,
            false,
        );
    }
    put(
        &mut page,
        &format!("{balancing}: `{}`", BALANCING.json),
        &BALANCING,
        false,
    );
    // They belong to the table before.
    page.pop();
    for (key, words, default, says) in BALANCING_OTHERS {
        page.push_str(&format!("| `{key}` | {words} | {default} | {says} |\n"));
    }
    page
}

fn put<P>(page: &mut String, place: &str, group: &Group<P>, of_methods: bool) {
    let docs = group.docs.trim();
    page.push_str(&format!(
        "### {place}\n\n{docs}{}",
        if docs.is_empty() { "" } else { "\n\n" }
    ));
    let contract = if of_methods { " in contracts |" } else { "" };
    page.push_str(&format!(
        "| field |{contract} value | default | what it says |\n"
    ));
    page.push_str(&format!(
        "| --- |{} --- | --- | --- |\n",
        if of_methods { " --- |" } else { "" }
    ));
    for field in group.fields {
        page.push_str(&row(group, field, of_methods));
    }
    page.push('\n');
}

fn row<P>(group: &Group<P>, field: &Field<P>, of_methods: bool) -> String {
    let keys: Vec<_> = field.keys().iter().map(|key| format!("`{key}`")).collect();
    let needed = if field.said == Said::Always { " *" } else { "" };
    let contract = match (of_methods, field.said, group.contract) {
        (false, ..) => String::new(),
        (true, Said::Operating, _) => " |".to_owned(),
        (true, _, "") => format!(" `{}` |", field.name),
        (true, _, group) => format!(" `{group}.{}` |", field.name),
    };
    let default = match field.default {
        "" => String::new(),
        default => format!("`{default}` "),
    };
    let (keys, words) = (keys.join(", "), field.kind.words());
    format!(
        "| {keys}{needed} |{contract} {words} | {default}| {} |\n",
        field.docs
    )
}
