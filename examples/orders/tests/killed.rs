//! A checkout whose process is killed in the middle, wherever that is, is taken back by the next one that has its log.

mod held;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::Arc,
    time::Duration,
};

use couplet::{
    Channel, Server,
    saga::{Outcome, Recovered, Recovery, log::FileLog},
};
use orders::{OrdersClient, OrdersServer, PaymentsClient, PaymentsServer};

use self::held::{Held, When};

/// How long a process may take to get somewhere.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive the test.
struct Buyer(Child);

impl Buyer {
    fn start(url: &str, log: &Path, card: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checkout"));
        let command = command.arg(url).arg(log).arg(card);
        Self(command.spawn().expect("the example is built"))
    }

    /// Ends it with SIGKILL, which it cannot know of.
    fn kill(mut self) {
        self.0.kill().expect("it is running");
        let status = self.0.wait().expect("a child can be waited for");
        assert!(!status.success(), "it had ended by itself: {status}");
    }

    fn ends(mut self) -> bool {
        self.0.wait().expect("a child can be waited for").success()
    }
}

impl Drop for Buyer {
    fn drop(&mut self) {
        // Only fails where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The file of a log in a folder of this test's own.
fn log(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run has left there is none of this one's.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the test's own folder");
    folder.join("sagas.log")
}

/// Serves both services, and stops calls where it is told to.
async fn serve(held: &Arc<Held>) -> String {
    let server = Server::builder()
        .add(OrdersServer::from_arc(Arc::clone(held)))
        .add(PaymentsServer::from_arc(Arc::clone(held)))
        .bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = server.local_addr().expect("a socket has an address");
    tokio::spawn(server.run());
    format!("http://{address}")
}

/// Takes up what is in the log.
async fn recover(url: &str, path: &Path) -> Vec<Recovered> {
    let log = FileLog::open(path).expect("whoever had it is gone");
    let channel = Channel::connect(url).await.expect("the server is there");
    let recovery = Recovery::new(Arc::new(log))
        .client(&OrdersClient::new(&channel))
        .client(&PaymentsClient::new(&channel));
    recovery.run().await.expect("the log says what it holds")
}

/// Kills a buyer where it is at `method`, and takes up what it has left; the steps that were taken back.
async fn killed(card: &str, method: &'static str, when: When) -> Vec<u32> {
    let name = format!("killed-{card}-{method}-{when:?}");
    let (held, path) = (Arc::new(Held::at(method, when)), log(&name));
    let url = serve(&held).await;
    let buyer = Buyer::start(&url, &path, card);
    let reached = tokio::time::timeout(PATIENCE, held.reached()).await;
    reached.unwrap_or_else(|_| panic!("{name}: it never got there"));
    buyer.kill();

    held.let_through();
    let recovered = recover(&url, &path).await;
    let [saga] = &recovered[..] else {
        panic!("{name}: {recovered:?}");
    };
    assert!(saga.is_over(), "{name}: {saga:?}");
    // What was on its way when the process ended comes in now, too late.
    held.release().await;
    assert_eq!(held.shop.counts(), (0, 0), "{name}: {saga:?}");
    assert!(recover(&url, &path).await.is_empty(), "{name}");
    let done = |outcome: &Outcome| matches!(outcome, Outcome::Done { .. });
    assert!(saga.compensations.iter().all(|step| done(&step.outcome)));
    saga.compensations.iter().map(|step| step.step).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_step_or_between_two_all_that_may_have_run_is_taken_back_in_reverse() {
    for when in [When::Before, When::After] {
        assert_eq!(killed("visa", "CreateOrder", when).await, [1]);
        // The first step has its outcome, and the next one has not begun.
        assert_eq!(killed("visa", "GetOrder", when).await, [1]);
        assert_eq!(killed("visa", "Charge", when).await, [2, 1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_way_back_the_rest_is_taken_back() {
    for when in [When::Before, When::After] {
        assert_eq!(killed("stolen", "CancelOrder", when).await, [1]);
        assert_eq!(killed("slow", "Refund", when).await, [2, 1]);
        // What was taken back and written down is not taken back again.
        assert_eq!(killed("slow", "CancelOrder", when).await, [1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_well_is_left_as_it_is() {
    let (held, path) = (
        Arc::new(Held::at("nowhere", When::Before)),
        log("went-well"),
    );
    let url = serve(&held).await;
    assert!(Buyer::start(&url, &path, "visa").ends());
    assert!(!Buyer::start(&url, &path, "stolen").ends());
    assert!(recover(&url, &path).await.is_empty());
    assert_eq!(held.shop.counts(), (1, 1));
}
