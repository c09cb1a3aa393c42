//! `versions`: where the version of each service stands, and what it is of.

use couplet_codegen::compat::{Bump, Reach};
use couplet_codegen::release::{self, Check, Standing};
use serde_json::json;

use crate::arguments::{Table, VersionsArguments};
use crate::failure::Failure;
use crate::terminal::say;
use crate::{Answer, packages};

/// Shows every service of the contracts that are meant.
pub(crate) fn run(arguments: &VersionsArguments) -> Result<Answer, Failure> {
    for project in packages::meant(&arguments.package)? {
        let check = release::check(&project)?;
        let reach = Reach::of(&[check.current()]);
        for standing in &check.verdict().services {
            let row = Row::of(standing, &check, &reach);
            match arguments.format {
                Table::Text => say(row.text())?,
                Table::Json => say(row.json())?,
            }
        }
    }
    Ok(Answer::Yes)
}

/// What is shown of a service.
struct Row<'a> {
    service: &'a str,
    declared: Option<String>,
    released: Option<String>,
    required: Bump,
    needed: Option<String>,
    wire_since: Option<String>,
    reaches: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn of(standing: &'a Standing, check: &Check, reach: &'a Reach) -> Self {
        let history = check.history();
        let served = history.and_then(|history| history.services.get(&standing.service));
        Self {
            service: &standing.service,
            declared: standing.declared.as_ref().map(ToString::to_string),
            released: standing.released.as_ref().map(ToString::to_string),
            required: standing.required,
            needed: standing.needed.as_ref().map(ToString::to_string),
            wire_since: served.map(|served| served.wire_since.to_string()),
            reaches: reach.types(&standing.service).collect(),
        }
    }

    fn text(&self) -> String {
        let or_none =
            |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
        let required = match (&self.needed, self.required) {
            (_, Bump::None) => "nothing".to_owned(),
            (Some(needed), bump) => format!("{bump}, {needed}"),
            (None, bump) => bump.to_string(),
        };
        format!(
            "{}\n  declared    {}\n  released    {}\n  required    {required}\n  wire since  {}\n  reaches     {}\n",
            self.service,
            or_none(&self.declared),
            or_none(&self.released),
            or_none(&self.wire_since),
            self.reaches.join("\n              "),
        )
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "service": self.service,
            "declared": self.declared,
            "released": self.released,
            "required": self.required.name(),
            "needed": self.needed,
            "wire_since": self.wire_since,
            "reaches": self.reaches,
        })
    }
}
