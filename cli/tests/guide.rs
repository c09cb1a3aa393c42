//! The page about versions, replayed: every command in it that prints something prints what it says there.

use std::path::Path;
use std::process::Command;

/// Both streams of a command at the root of the workspace.
fn run(command: &str) -> String {
    let binaries = Path::new(env!("CARGO_BIN_EXE_cargo-couplet"))
        .parent()
        .expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir("..")
        .env("PATH", format!("{}:{path}", binaries.display()))
        .output()
        .expect("bash is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_page_about_versions_is_what_happens() {
    let guide = std::fs::read_to_string("../docs/versions.md").expect("the page");
    let blocks = guide.split("```console\n").skip(1);
    let commands: Vec<_> = blocks
        .filter_map(|rest| rest.split("```").next())
        .flat_map(|block| block.split("$ ").skip(1))
        .collect();
    assert!(commands.len() > 3, "there are {}", commands.len());
    for command in commands {
        let (command, prints) = command.split_once('\n').expect("it prints something");
        let printed = run(command);
        // Of what is left out, only the end is known.
        let (begins, ends) = prints.split_once("...\n").unwrap_or((prints, prints));
        assert!(
            printed.starts_with(begins) && printed.ends_with(ends),
            "$ {command}\n{printed}"
        );
    }
}
