//! The protoc plugin: `protoc --couplet_out=FOLDER movies.proto`.

use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request)?;
    let answer = couplet_codegen::plugin::answer(&request);
    let mut error = std::io::stderr();
    for warning in answer.warnings {
        writeln!(error, "{warning}\n")?;
    }
    std::io::stdout().write_all(&answer.bytes)
}
