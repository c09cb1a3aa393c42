//! Makes one unary call to `bench.Echo` and says how it ended.

use std::{error::Error, time::Instant};

use couplet::{Channel, Code};
use couplet_benches::{
    arguments::Arguments,
    contract::{bare, policies},
    runtime,
};

const HELP: &str = "\
Makes one unary call to bench.Echo, with the policies of its contract.

usage: echo-client --port P [--host H] [--timeout T] [--size N] [--bare]

Prints one line: the name of the status and the seconds that the call took,
connecting included, such as `OK 0.002` or `DEADLINE_EXCEEDED 3.001`. What else
the status says goes to standard error. Ends with 0 whatever the status.

  --port P     the port of the server
  --host H     its host; 127.0.0.1
  --timeout T  the longest the call may take, such as 3s or 250ms; the contract's
               10 s if nothing is said, and never more than that
  --size N     bytes that are sent and come back; 100
  --bare       without policies: no timeout but the one given";

/// Awaits a call within the time that was given, if one was.
macro_rules! within {
    ($call:ident, $timeout:ident) => {
        match $timeout {
            Some(timeout) => $call.timeout(timeout).await,
            None => $call.await,
        }
    };
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = Arguments::new(HELP);
    let port: u16 = arguments.needed("--port");
    let host: String = arguments
        .value("--host")
        .unwrap_or_else(|| "127.0.0.1".to_owned());
    let timeout = arguments.time("--timeout");
    let body = vec![7; arguments.value("--size").unwrap_or(100)];
    let bare = arguments.flag("--bare");
    arguments.end();
    runtime::run(false, async {
        let channel = Channel::builder(format!("http://{host}:{port}")).lazy()?;
        let started = Instant::now();
        let answer = match bare {
            true => {
                let client = bare::EchoClient::new(channel);
                let call = client.unary(bare::Payload::default().with_body(body));
                within!(call, timeout).map(drop)
            }
            false => {
                let client = policies::EchoClient::new(channel);
                let call = client.unary(policies::Payload::default().with_body(body));
                within!(call, timeout).map(drop)
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        let status = answer.err();
        let code = status.as_ref().map_or(Code::Ok, |status| status.code());
        println!("{} {seconds:.3}", name(code));
        if let Some(status) = status {
            eprintln!("{}", status.message());
        }
        Ok(())
    })?
}

/// As gRPC spells it.
fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_grpcs_name() {
        assert_eq!(name(Code::Ok), "OK");
        assert_eq!(name(Code::DeadlineExceeded), "DEADLINE_EXCEEDED");
        assert_eq!(name(Code::Unavailable), "UNAVAILABLE");
    }
}
