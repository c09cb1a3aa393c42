//! The commands as they are typed: what they print, to which stream, and with which exit code.

mod common;

use std::fs;
use std::path::Path;

use couplet::config::ServiceConfig;
use serde_json::Value;

use crate::common::{Scratch, couplet, out, said};

fn golden(name: &str, text: &str) {
    let path = Path::new("tests/golden").join(name);
    if std::env::var_os("COUPLET_BLESS").is_some() {
        fs::write(&path, text).expect("the folder of this test");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        text, expected,
        "{name} changed; look at the difference after COUPLET_BLESS=1"
    );
}

const OLD: &str = "\
syntax = \"proto3\";
package acme.v1;
service Books { rpc Get(Book) returns (Book); }
service Loans { rpc Lend(Book) returns (Loan); }
message Book {
  string title = 1;
  int32 pages = 2;
}
message Loan {}
message Draft {}
";

const NEW: &str = "\
syntax = \"proto3\";
package acme.v1;
service Books { rpc Get(Book) returns (Book); }
service Loans { rpc Lend(Book) returns (Loan); }
message Book {
  string title = 1;
  string author = 3;
}
message Loan { int32 days = 1; }
";

fn two_states(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    scratch.write("old/acme/v1/books.proto", OLD);
    scratch.write("new/acme/v1/books.proto", NEW);
    scratch
}

/// What `diff --format json` prints for the two states.
fn lines(scratch: &Scratch) -> Vec<Value> {
    let output = couplet(&scratch.0, &["diff", "old", "new", "--format", "json"]);
    let text = out(&output);
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("an object a line")
}

fn of<'a>(lines: &'a [Value], rule: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["rule"] == rule).collect()
}

#[test]
fn every_command_says_what_it_is_for_and_how_it_is_used() {
    let here = Path::new(".");
    golden("help.txt", &out(&couplet(here, &["--help"])));
    for command in [
        "check", "diff", "release", "accept", "versions", "policies", "explain",
    ] {
        let output = couplet(here, &[command, "--help"]);
        assert!(output.status.success());
        let text = out(&output);
        assert!(text.contains("Examples:"), "{command} has no examples");
        golden(&format!("help-{command}.txt"), &text);
    }
}

#[test]
fn a_difference_is_shown_for_people() {
    let scratch = two_states("text");
    let output = couplet(&scratch.0, &["diff", "old", "new"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    golden("diff.txt", &out(&output));
}

#[test]
fn in_json_a_change_has_a_line_for_each_service_that_reaches_it() {
    let scratch = two_states("json");
    let lines = lines(&scratch);
    let removed = of(&lines, "field-removed");
    let services: Vec<_> = removed
        .iter()
        .map(|line| line["service"].as_str().expect("a name"))
        .collect();
    assert_eq!(services, ["acme.v1.Books", "acme.v1.Loans"]);
    assert_eq!(removed[0]["fingerprint"], removed[1]["fingerprint"]);
    assert_eq!(removed[0]["bump"], "major");
    assert_eq!(removed[0]["old"]["file"], "acme/v1/books.proto");
    assert_eq!(removed[0]["old"]["line"], 7);
    assert_eq!(removed[0]["old"]["column"], 9);
}

#[test]
fn what_one_service_reaches_asks_nothing_of_another_and_what_none_reaches_asks_its_package() {
    let scratch = two_states("scope");
    let lines = lines(&scratch);
    let added = of(&lines, "field-added");
    assert!(
        added.iter().any(
            |line| line["service"] == "acme.v1.Loans" && line["subject"] == "acme.v1.Loan.days"
        )
    );
    assert!(
        !added.iter().any(
            |line| line["service"] == "acme.v1.Books" && line["subject"] == "acme.v1.Loan.days"
        )
    );
    let unreached = of(&lines, "message-removed");
    assert_eq!(
        (unreached[0]["service"].as_str(), &unreached[0]["package"]),
        (None, &Value::from("acme.v1"))
    );
    assert_eq!(unreached[0]["wire"], "none");

    let summary = lines.last().expect("a summary");
    assert_eq!(
        (&summary["summary"], &summary["bump"], &summary["wire"]),
        (&true.into(), &"major".into(), &"major".into())
    );
}

#[test]
fn sarif_and_github_name_the_place_of_every_change() {
    let scratch = two_states("ci");
    let sarif = out(&couplet(
        &scratch.0,
        &["diff", "old", "new", "--format", "sarif"],
    ));
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules");
    for result in results {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
        let place = &result["locations"][0]["physicalLocation"];
        assert!(
            place["artifactLocation"]["uri"]
                .as_str()
                .is_some_and(|path| path.ends_with("acme/v1/books.proto"))
        );
        assert!(
            place["region"]["startLine"]
                .as_u64()
                .is_some_and(|line| line > 0)
        );
    }
    let github = out(&couplet(
        &scratch.0,
        &["diff", "old", "new", "--format", "github"],
    ));
    assert_eq!(github.lines().count(), results.len());
    assert!(
        github.contains(
            "::error file=new/acme/v1/books.proto,line=5,col=9,title=major [field-removed]::"
        ),
        "{github}"
    );
}

#[test]
fn a_limit_decides_the_exit_code() {
    let scratch = two_states("limit");
    let code = |words: &[&str]| couplet(&scratch.0, words).status.code();
    assert_eq!(code(&["diff", "old", "new"]), Some(0));
    assert_eq!(code(&["diff", "old", "new", "--fail-on", "major"]), Some(1));
    assert_eq!(code(&["diff", "old", "old", "--fail-on", "patch"]), Some(0));
}

#[test]
fn imports_that_are_in_neither_folder_are_found_where_one_says() {
    let scratch = Scratch::new("include");
    let using = "syntax = \"proto3\";\npackage acme.v1;\nimport \"common/c.proto\";\nmessage M { common.C c = 1; }\n";
    scratch.write(
        "shared/common/c.proto",
        "syntax = \"proto3\";\npackage common;\nmessage C {}\n",
    );
    scratch.write("old/a.proto", using);
    scratch.write("new/a.proto", using);
    let without = couplet(&scratch.0, &["diff", "old", "new"]);
    assert_eq!(without.status.code(), Some(2));
    assert!(
        said(&without).contains("import `common/c.proto` not found"),
        "{}",
        said(&without)
    );
    let with = couplet(&scratch.0, &["diff", "old", "new", "--include", "shared"]);
    assert_eq!(with.status.code(), Some(0), "{}", said(&with));
}

#[test]
fn mistakes_are_told_with_what_would_be_right() {
    let scratch = two_states("mistakes");
    let told = |words: &[&str], code: i32, expected: &str| {
        let output = couplet(&scratch.0, words);
        assert_eq!(output.status.code(), Some(code), "{words:?}");
        assert!(
            said(&output).contains(expected),
            "{words:?}: {}",
            said(&output)
        );
    };
    told(&["diff", "old", "nwe"], 2, "`nwe` is no folder");
    told(&["diff", "old"], 2, "<NEW>");
    told(&["explain", "field-typ"], 2, "did you mean `field-");
    told(&["chek"], 2, "similar subcommand");
    told(&["accept", "123456789abc"], 2, "--reason <TEXT>");
    scratch.write(
        "new/acme/v1/books.proto",
        "syntax = \"proto3\";\nmessage {}\n",
    );
    told(&["diff", "old", "new"], 2, "new/acme/v1/books.proto:2:9");
}

#[test]
fn every_rule_can_be_explained() {
    let list = out(&couplet(Path::new("."), &["explain"]));
    assert!(list.lines().count() > 30, "{list}");
    for line in list.lines() {
        let id = line.split_whitespace().next().expect("an id");
        let page = out(&couplet(Path::new("."), &["explain", id]));
        assert!(page.starts_with(&format!("# {id}\n")), "{id}: {page}");
    }
}

const STORE: &str = "\
syntax = \"proto3\";
package acme.v1;
import \"couplet/options.proto\";
service Books {
  option (couplet.service) = { defaults: { timeout: \"2s\" } };
  rpc Get(Book) returns (Book) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (couplet.method) = {
      timeout: \"250ms\"
      retry: { max_attempts: 4, max_backoff: \"20ms\" }
      breaker: { sliding_window_type: COUNT, sliding_window_size: \"64\", mode: METRICS_ONLY, open_jitter: 0.1 }
    };
  }
  rpc Lend(Book) returns (Book) {
    option (couplet.method) = { rate_limit: { limit_for_period: 10 }, bulkhead: { max_concurrent_calls: 3 } };
  }
}
message Book { string title = 1; }
";

/// A package with a contract that has policies.
fn store(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    scratch.write(
        "Cargo.toml",
        "[package]\nname = \"store\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
         [build-dependencies]\ncouplet-codegen = \"*\"\n",
    );
    scratch.write("src/lib.rs", "");
    scratch.write("proto/acme/v1/books.proto", STORE);
    scratch
}

#[test]
fn every_value_that_holds_is_shown_with_who_said_it() {
    let scratch = store("policies");
    golden("policies.txt", &out(&couplet(&scratch.0, &["policies"])));
    let production = r#"{"methodConfig": [
        {"name": [{"service": "acme.v1.Books", "method": "Get"}], "timeout": "1.5s",
         "hedgingPolicy": {"maxAttempts": 2, "hedgingDelay": "0.1s"}},
        {"name": [{}], "circuitBreaker": {"consecutiveFailures": 3, "consecutive": 1}}
    ]}"#;
    scratch.write("production.json", production);
    let words = ["policies", "--service-config", "production.json"];
    let output = couplet(&scratch.0, &words);
    golden("policies-production.txt", &out(&output));
    assert_eq!(
        said(&output),
        "warning: production.json: methodConfig[1].circuitBreaker.consecutive is not known and passed over\n"
    );
    let lines = out(&couplet(
        &scratch.0,
        &[words.as_slice(), &["--format", "json"]].concat(),
    ));
    let timeout = lines
        .lines()
        .find(|line| line.contains("\"timeout\""))
        .expect("a line");
    assert_eq!(
        timeout,
        r#"{"method":"acme.v1.Books/Get","policy":"","field":"timeout","value":"1.5s","origin":"production.json"}"#
    );
}

#[test]
fn the_contract_is_exported_as_others_read_it() {
    let scratch = store("export");
    let exported = out(&couplet(
        &scratch.0,
        &["policies", "--format", "service-config"],
    ));
    golden("policies-export.json", &exported);
    // What is missing is filled in as the runtime fills it in, and the text is the one that it writes itself.
    let config = ServiceConfig::from_json(&exported).expect("right for every client");
    assert_eq!(config.to_json(), exported);
    assert_eq!(config.warnings(), []);
}

#[test]
fn a_service_config_that_is_wrong_is_told_with_its_file_and_paths() {
    let scratch = store("wrong-policies");
    let told = |text: &str, expected: &str| {
        scratch.write("wrong.json", text);
        let output = couplet(&scratch.0, &["policies", "--service-config", "wrong.json"]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(said(&output), expected);
        assert_eq!(out(&output), "");
    };
    told(
        r#"{"methodConfig": [{"name": [{"method": "Get"}], "timeout": "250ms"}]}"#,
        "error: wrong.json: methodConfig[0].name[0] has the method \"Get\" of no service; name its service too, with its \
         package\nerror: wrong.json: methodConfig[0].timeout is \"250ms\"; it must be a duration in seconds with an `s`, \
         such as \"0.5s\"\n",
    );
    told(
        "{\"methodConfig\": [}",
        "error: wrong.json: the text is no JSON in line 1, column 19; there must be a value: an object, a list, a text in \
         double quotes, a number, true, false or null\n",
    );
    let output = couplet(
        &scratch.0,
        &["policies", "--service-config", "nowhere.json"],
    );
    assert!(
        said(&output).starts_with("error: cannot read `nowhere.json`: "),
        "{}",
        said(&output)
    );
}
