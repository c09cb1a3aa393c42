//! A service config in a file that changes while calls are under way, over a real server.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::Notify, task::JoinHandle, time};

use crate::{
    Channel, Code, Server, Status,
    call::{Call, Invoke},
    client::{ConnectError, Stack},
    config::{FileError, Origin},
    fixture::{ECHO, Handler, echo, say},
};

/// A folder that is gone when its story is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("couplet-reload-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("policies.json")
    }

    /// Puts a file in the place of the old one, as editors and deployments do.
    fn replace(&self, text: &str) {
        let new = self.0.join("policies.json.new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.file()).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn timeout(value: &str) -> String {
    format!(
        r#"{{"methodConfig": [{{"name": [{{"service": "test.Echo"}}], "timeout": "{value}",
            "circuitBreaker": {{"minimumNumberOfCalls": 1000}}}}]}}"#
    )
}

/// A server whose second method answers when it is told to.
async fn server(go: Arc<Notify>) -> (String, JoinHandle<()>) {
    let answer = move |call: Call| {
        let go = Arc::clone(&go);
        async move {
            if call.method.name == "Repeat" {
                go.notified().await;
                return Err(Status::already_exists("answered after all"));
            }
            echo(call).await
        }
    };
    let server = Server::builder().add(Handler(answer));
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let running = tokio::spawn(async move {
        let _ = server.run().await;
    });
    (format!("http://{address}"), running)
}

fn repeat() -> Call {
    Call {
        method: &ECHO.methods[1],
        ..say(&ECHO, "hi")
    }
}

fn said_timeout(stack: &Stack) -> Option<Duration> {
    stack.plans().timeout(&ECHO.methods[1])
}

/// Lets the file be looked at, and the clock run on by itself.
async fn a_while() {
    time::sleep(Duration::from_secs(3)).await;
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "it is one story, over one call that is under way all the time"
)]
async fn a_file_that_changes_holds_for_later_calls_and_a_broken_one_changes_nothing() {
    let (folder, go) = (Folder::new(), Arc::new(Notify::new()));
    folder.replace(&timeout("600s"));
    let (target, running) = server(Arc::clone(&go)).await;
    let channel = Channel::builder(target).service_config_file(folder.file());
    let channel = channel.connect().await.unwrap();
    let stack = channel.stack(&ECHO);
    stack.invoke(say(&ECHO, "hi")).await.unwrap();
    let breaker = Arc::clone(stack.breakers().of(&ECHO.methods[0]));
    let under_way = tokio::spawn({
        let stack = stack.clone();
        async move { stack.invoke(repeat()).await }
    });
    tokio::task::yield_now().await;
    // From here on the clock moves when everybody waits.
    time::pause();
    assert_eq!(said_timeout(&stack), Some(Duration::from_secs(600)));

    folder.replace(&timeout("0.05s"));
    a_while().await;
    assert_eq!(said_timeout(&stack), Some(Duration::from_millis(50)));
    let late = stack.invoke(repeat()).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded, "{late:?}");

    // A broken update, and no file at all: what was said before holds, and each is told once.
    folder.replace(&timeout("50ms"));
    a_while().await;
    assert_eq!(channel.config_counts().refused.sum(), 1);
    fs::remove_file(folder.file()).unwrap();
    a_while().await;
    assert_eq!(channel.config_counts().refused.sum(), 2);
    assert_eq!(said_timeout(&stack), Some(Duration::from_millis(50)));

    folder.replace(&timeout("700s"));
    a_while().await;
    assert_eq!(said_timeout(&stack), Some(Duration::from_secs(700)));
    assert_eq!(channel.config_counts().applied.sum(), 2);
    let effective = channel.effective(&ECHO);
    let value = effective
        .iter()
        .find(|value| value.field == "timeout")
        .unwrap();
    assert_eq!(
        value.origin,
        Origin::ServiceConfig(Some(Arc::new(folder.file())))
    );

    // The call that was under way all the time ends as its server says, and its breaker has forgotten nothing.
    go.notify_waiters();
    let answer = under_way.await.unwrap().unwrap_err();
    assert_eq!(answer.message(), "answered after all");
    assert!(Arc::ptr_eq(&breaker, stack.breakers().of(&ECHO.methods[0])));
    assert_eq!(breaker.counts(crate::clock::now()).successes, 1);
    running.abort();
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_link_that_leads_elsewhere_is_noticed() {
    use std::os::unix::fs::symlink;

    // As Kubernetes mounts a ConfigMap: the file is a link into a folder that is a link itself.
    let folder = Folder::new();
    let version = |name: &str, value: &str| {
        fs::create_dir(folder.0.join(name)).unwrap();
        fs::write(folder.0.join(name).join("policies.json"), timeout(value)).unwrap();
    };
    version("..1", "1s");
    symlink("..1", folder.0.join("..data")).unwrap();
    symlink(Path::new("..data/policies.json"), folder.file()).unwrap();
    let services = crate::carrier::local::Local::new().with(Handler(echo));
    let channel = Channel::local_builder(services).service_config_file(folder.file());
    let channel = channel.lazy().unwrap();
    let stack = channel.stack(&ECHO);
    assert_eq!(said_timeout(&stack), Some(Duration::from_secs(1)));

    version("..2", "1.5s");
    symlink("..2", folder.0.join("..new")).unwrap();
    fs::rename(folder.0.join("..new"), folder.0.join("..data")).unwrap();
    fs::remove_dir_all(folder.0.join("..1")).unwrap();
    a_while().await;
    assert_eq!(said_timeout(&stack), Some(Duration::from_millis(1_500)));
    assert_eq!(channel.config_counts().refused.sum(), 0);
}

#[test]
fn a_channel_needs_a_file_that_is_there_and_right() {
    let folder = Folder::new();
    let build = || {
        Channel::builder("http://127.0.0.1:1")
            .service_config_file(folder.file())
            .lazy()
    };
    let missing = build().unwrap_err();
    assert!(matches!(
        missing,
        ConnectError::ServiceConfigFile(FileError::Unreadable { .. })
    ));
    folder.replace("{\"methodConfig\": 1}");
    let wrong = build().unwrap_err().to_string();
    let expected = format!(
        "service config `{}`: methodConfig is 1; it must be a list",
        folder.file().display()
    );
    assert_eq!(wrong, expected);
}

#[tokio::test(start_paused = true)]
async fn a_client_follows_its_file_though_the_channel_it_was_made_of_is_gone() {
    let folder = Folder::new();
    folder.replace(&timeout("1s"));
    let services = crate::carrier::local::Local::new().with(Handler(echo));
    let channel = Channel::local_builder(services).service_config_file(folder.file());
    let stack = channel.lazy().unwrap().stack(&ECHO);
    assert_eq!(said_timeout(&stack), Some(Duration::from_secs(1)));
    folder.replace(&timeout("2s"));
    a_while().await;
    assert_eq!(said_timeout(&stack), Some(Duration::from_secs(2)));
}

#[tokio::test]
async fn a_server_follows_its_file() {
    let full = |calls: u32| {
        format!(
            r#"{{"methodConfig": [{{"name": [{{}}], "rateLimit": {{"limitForPeriod": {calls}, "limitRefreshPeriod": "3600s"}}}}]}}"#
        )
    };
    let folder = Folder::new();
    folder.replace(&full(1));
    let builder = Server::builder().service_config_file(folder.file());
    let server = builder.add(Handler(echo)).bind("127.0.0.1:0").await;
    let server = server.unwrap();
    let address = server.local_addr().unwrap();
    let running = tokio::spawn(async move {
        let _ = server.run().await;
    });
    let stack = Channel::connect(format!("http://{address}")).await.unwrap();
    let stack = stack.stack(&ECHO);
    stack.invoke(say(&ECHO, "first")).await.unwrap();
    let refused = stack.invoke(say(&ECHO, "second")).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);

    folder.replace(&full(1_000_000));
    time::pause();
    a_while().await;
    stack.invoke(say(&ECHO, "third")).await.unwrap();
    running.abort();
}
