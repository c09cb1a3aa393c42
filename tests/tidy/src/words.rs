//! Words that must not stand in some place.

use crate::source::{self, Source, assert_none};

/// These words never stand in the code of these places.
struct Rule {
    why: &'static str,
    places: &'static [&'static str],
    except: &'static [&'static str],
    never: &'static [&'static str],
}

const SHIPPED: &[&str] = &[
    "proto/src/",
    "codegen/src/",
    "macros/src/",
    "runtime/src/",
    "cli/src/",
];
const RUNTIME: &[&str] = &["runtime/src/"];

/// To add a rule about words, add its line here.
const RULES: &[Rule] = &[
    Rule {
        why: "`call` and `policy` know neither tokio nor a clock",
        places: &["runtime/src/call/", "runtime/src/policy/"],
        except: &[],
        never: &["tokio::", "Instant::now", "SystemTime", "fastrand::"],
    },
    Rule {
        why: "only `call` knows header names",
        places: RUNTIME,
        except: &["runtime/src/call/"],
        never: &[
            "\"grpc-",
            "\"x-api-",
            "\"content-type\"",
            "\"te\"",
            "\"application/grpc",
        ],
    },
    Rule {
        why: "only `carrier` touches HTTP/2",
        places: RUNTIME,
        except: &["runtime/src/carrier/"],
        never: &["hyper::", "hyper_util::", "h2::"],
    },
    Rule {
        why: "no room reads the environment: `main` does",
        places: RUNTIME,
        except: &[],
        never: &["env::var", "env::args", "option_env!"],
    },
    Rule {
        why: "what a peer or a file causes is an error, not a panic",
        places: SHIPPED,
        except: &[],
        never: &[
            ".unwrap()",
            ".expect(\"\")",
            ".expect(&",
            "unreachable!()",
            "todo!(",
            "unimplemented!(",
        ],
    },
];

#[test]
fn no_word_stands_where_it_must_not() {
    let sources = source::rust();
    let mut broken = Vec::new();
    for rule in RULES {
        let here = |source: &&Source| source.is_in(rule.places) && !source.is_in(rule.except);
        for source in sources.iter().filter(here) {
            let found = source
                .code()
                .filter(|(_, line)| rule.never.iter().any(|word| says(line, word)));
            broken.extend(
                found.map(|(number, line)| format!("{} ({})", source.at(number, line), rule.why)),
            );
        }
    }
    assert_none("words stand where they must not", &broken);
}

/// Whether `line` holds `word`, and not as the tail of a longer name.
fn says(line: &str, word: &str) -> bool {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word)
        .any(|(start, _)| !word.starts_with(is_name) || !line[..start].ends_with(is_name))
}

#[test]
fn a_word_is_found_whole_and_not_as_the_tail_of_another() {
    assert!(says("use h2::Reason;", "h2::"));
    assert!(!says("use crate::carrier::auth2::Token;", "h2::"));
    assert!(says("value.unwrap()", ".unwrap()"));
}
