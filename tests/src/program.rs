//! Child processes that end with the test that started them.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long a program may take to say that it is ready, or to do its work.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// The port it listens on, on 127.0.0.1.
    pub port: u16,
}

/// What a program that has ended left behind.
#[derive(Debug)]
pub struct Ended {
    /// Whether it ended well.
    pub success: bool,
    /// What it wrote to both of its outputs.
    pub said: String,
}

impl Server {
    /// Starts a server that prints `listens` and then its port, in a line of its own or within one.
    ///
    /// # Panics
    /// If it does not start or tells no port.
    pub fn start(command: &mut Command, listens: &'static str) -> Self {
        // It gets no input, and the end of it tells it that the test is gone.
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let output = child.stdout.take();
        Self::listening(child, output, listens)
    }

    /// Starts a server that says so in its error output.
    ///
    /// # Panics
    /// If it does not start or tells no port.
    pub fn start_logging(command: &mut Command, listens: &'static str) -> Self {
        let mut child = spawn(command.stdin(Stdio::null()).stderr(Stdio::piped()));
        let output = child.stderr.take();
        Self::listening(child, output, listens)
    }

    fn listening(
        child: Child,
        output: Option<impl Read + Send + 'static>,
        listens: &'static str,
    ) -> Self {
        // Guarded from here on: whatever fails, it does not outlive the test.
        let mut server = Self { child, port: 0 };
        let (said, port) = first(output.expect("the output is piped"), move |line| {
            let (_, port) = line.split_once(listens)?;
            let end = port.find(|digit: char| !digit.is_ascii_digit());
            port[..end.unwrap_or(port.len())].parse().ok()
        });
        let Some(port) = port else {
            panic!("the server told no port, but: {said}")
        };
        server.port = port;
        server
    }

    /// Asks it to end, by SIGTERM, and waits until it has; whether it ended well.
    ///
    /// # Panics
    /// If it runs on for longer than [`PATIENCE`].
    #[cfg(unix)]
    pub fn terminate(mut self) -> bool {
        let mut kill = Command::new("kill");
        let asked = kill.args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()), "cannot ask it");
        let pause = Duration::from_millis(10);
        for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.success();
            }
            thread::sleep(pause);
        }
        panic!("it runs on")
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends it a signal, such as `STOP`.
    ///
    /// # Panics
    /// If that cannot be done.
    pub fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}"))
            .arg(self.child.id().to_string());
        let sent = kill.status().expect("`kill` is there");
        assert!(sent.success(), "{kill:?}: {sent}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a program to its end.
///
/// # Panics
/// If it does not start, or runs longer than [`PATIENCE`].
pub fn run(command: &mut Command) -> Ended {
    run_within(PATIENCE, command)
}

/// Runs a program to its end, for at most `patience`.
///
/// # Panics
/// If it does not start, or runs longer.
pub fn run_within(patience: Duration, command: &mut Command) -> Ended {
    let child = spawn(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    let mut guard = Server { child, port: 0 };
    let (stdout, stderr) = (guard.child.stdout.take(), guard.child.stderr.take());
    let (sender, receiver) = mpsc::channel();
    for output in [stdout.map(boxed), stderr.map(boxed)].into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || sender.send(read(output)));
    }
    drop(sender);
    let mut said = String::new();
    for _ in 0..2 {
        let part = receiver.recv_timeout(patience);
        said += &part.unwrap_or_else(|_| panic!("{command:?} did not end within {patience:?}"));
    }
    let status = guard.child.wait().expect("a child can be waited for");
    Ended {
        success: status.success(),
        said,
    }
}

fn spawn(command: &mut Command) -> Child {
    command
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
}

fn boxed(output: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(output)
}

fn read(mut output: impl Read) -> String {
    let mut said = Vec::new();
    // What came before an error is still worth showing.
    let _ = output.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

/// The first port in the lines of a program, and what it said until then. What follows is read as well, so that the
/// program never waits for its reader.
fn first(
    output: impl Read + Send + 'static,
    mut port: impl FnMut(&str) -> Option<u16> + Send + 'static,
) -> (String, Option<u16>) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines().map_while(io::Result::ok);
        let mut said = String::new();
        let found = lines.find_map(|line| {
            said = format!("{said}\n{line}");
            port(&line)
        });
        // Nobody listens any more where the patience was over.
        let _ = sender.send((said, found));
        lines.for_each(drop);
    });
    let nothing = |_| (format!("nothing within {PATIENCE:?}"), None);
    receiver.recv_timeout(PATIENCE).unwrap_or_else(nothing)
}
