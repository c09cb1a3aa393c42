//! The story holds what it promises.

use std::process::Command;

fn told(words: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_movies"))
        .args(words)
        .output()
        .expect("movies runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn the_story_shows_every_scene_to_its_end() {
    let (well, story) = told(&[]);
    assert!(well, "{story}");
    for line in [
        "found    1: Metropolis",
        "listed   3: Solaris",
        "uploaded 512 KiB in 8 chunks",
        "watched  2 being updated",
        "DeadlineExceeded: deadline exceeded after",
        "limit: call",
        "the search in the catalogue was dropped",
        "FailedPrecondition: movies.v1.Movies: client 2.0.0 and server 1.4.2 are of different major versions",
        "and the breaker is open",
        "Unavailable: /movies.v1.Movies/GetMovie: nothing was sent, the circuit breaker is open; retry in",
        "closed again after",
        "retries alone:",
        "and all policies:",
        "Both servers drained",
    ] {
        assert!(story.contains(line), "`{line}` is missing in\n{story}");
    }
}

#[test]
fn a_word_that_is_none_shows_those_there_are() {
    let (well, help) = told(&["sing"]);
    assert!(!well);
    assert!(
        help.contains("`movies sing` is nothing") && help.contains("-- serve [ADDRESS]"),
        "{help}"
    );
}
