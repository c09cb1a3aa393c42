//! Counts the processor instructions of one call, on either end: figures that do not move with the machine's load.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use couplet_benches::{
    arguments::Arguments,
    load::{Load, Shape, Until},
    pair::{Pair, Which, Wrappers},
    table::{Table, short},
};

const HELP: &str = "\
Counts instructions a call, client and server each, under valgrind's callgrind.

usage: benches/run instructions [--calls N] [--bare]

Of each end there are two runs, with N and with 2 N calls; the difference is what
N calls take, so that start-up cancels. Each process has one thread. What the
kernel does for a call is not in it.

  --calls N  1000; a tenth of that for streams and for 64 KiB
  --bare     couplet without policies, to see what they cost";

const LOADS: [(Shape, u32); 8] = [
    (Shape::Unary(0), 1),
    (Shape::Unary(0), 16),
    (Shape::Unary(100), 1),
    (Shape::Unary(100), 16),
    (Shape::Unary(64 << 10), 1),
    (Shape::Unary(64 << 10), 16),
    (Shape::Stream(100, 100), 1),
    (Shape::Stream(100, 100), 16),
];

/// Which process is watched.
#[derive(Debug, Clone, Copy)]
enum End {
    Client,
    Server,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::new(HELP);
    let calls = arguments.value("--calls").unwrap_or(1000);
    let ours = match arguments.flag("--bare") {
        true => Which::Bare,
        false => Which::Couplet,
    };
    arguments.end();
    match table(ours, calls) {
        Ok(table) => {
            println!("instructions a call, in thousands\n\n{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn table(ours: Which, calls: u64) -> io::Result<Table> {
    let name = ours.name();
    let headings = ["client", "server"].map(|end| format!("{end}, {name} : tonic"));
    let [client, server] = &headings;
    let mut table = Table::new(&["", "at once", client, "ratio", server, "ratio"]);
    for (shape, concurrency) in LOADS {
        eprintln!("{shape}, {concurrency} at once");
        let calls = match shape {
            Shape::Unary(size) if size < 10_000 => calls,
            _ => (calls / 10).max(10),
        };
        let load = |calls| Load {
            shape,
            concurrency,
            until: Until::Calls(calls),
        };
        let mut cells = vec![shape.to_string(), concurrency.to_string()];
        for end in [End::Client, End::Server] {
            let ours = per_call(ours, end, calls, load)?;
            let theirs = per_call(Which::Tonic, end, calls, load)?;
            cells.push(format!("{} : {}", short(ours / 1e3), short(theirs / 1e3)));
            cells.push(short(ours / theirs));
        }
        table.row(cells);
    }
    Ok(table)
}

fn per_call(which: Which, end: End, calls: u64, load: impl Fn(u64) -> Load) -> io::Result<f64> {
    let once = watched(which, end, load(calls))?;
    let twice = watched(which, end, load(2 * calls))?;
    Ok((twice - once) / calls as f64)
}

/// The instructions of a whole run of one end.
fn watched(which: Which, end: End, load: Load) -> io::Result<f64> {
    let file = counted(which, end)?;
    let out = format!("--callgrind-out-file={}", file.display());
    let watch = ["valgrind", "--quiet", "--tool=callgrind", &out]
        .map(str::to_owned)
        .to_vec();
    let wrappers = match end {
        End::Client => Wrappers {
            client: watch,
            ..Wrappers::default()
        },
        End::Server => Wrappers {
            server: watch,
            ..Wrappers::default()
        },
    };
    let mut pair = Pair::start(which, &wrappers, &["--one-thread"])?;
    pair.round(load)?;
    pair.end()?;
    total(&file)
}

/// Where the counts of a run go; the last ones stay there to be looked at with `callgrind_annotate`.
fn counted(which: Which, end: End) -> io::Result<PathBuf> {
    let mut path = std::env::current_exe()?;
    path.set_file_name(format!("callgrind.{}.{end:?}", which.name()));
    Ok(path)
}

fn total(file: &Path) -> io::Result<f64> {
    let text = fs::read_to_string(file)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let total = total.and_then(|total| total.trim().parse().ok());
    total.ok_or_else(|| io::Error::other(format!("{} holds no count", file.display())))
}
