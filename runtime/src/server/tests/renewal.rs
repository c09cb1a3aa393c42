//! Certificates that are renewed while a server runs: new connections see them, old ones go on, and broken ones change
//! nothing. On a paused clock, which is moved for the looks at the files.

use std::{fs, path::PathBuf};

use super::{
    tls::{Authority, connected, is_served},
    *,
};
use crate::server::ServerTls;

/// A folder with a certificate and its key, which goes away with the test.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let folder = format!("couplet-renewal-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(folder);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, (certificate, key): &(String, String)) {
        fs::write(self.path("certificate"), certificate).unwrap();
        fs::write(self.path("key"), key).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits until a count is reached, by a clock that runs ahead from look to look.
async fn reached(count: impl Fn() -> u64, wanted: u64) {
    for _ in 0..100 {
        if count() >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{} of {wanted}", count());
}

#[tokio::test(start_paused = true)]
async fn a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let (old, new) = (Authority::new(), Authority::new());
    let (of_old, of_new) = (old.client(None, &[b"h2"]), new.client(None, &[b"h2"]));
    let files = Files::new("server");
    files.put(&old.sign("localhost"));
    let tls = ServerTls::from_files(files.path("certificate"), files.path("key")).unwrap();
    let server = Running::start(|builder| builder.tls(tls.clone())).await;
    let before = Client::over(connected(&server, &of_old).await.unwrap()).await;
    assert_eq!(before.say("hi").await.unwrap(), "hi");
    assert!(!is_served(&server, &of_new).await);

    files.put(&new.sign("localhost"));
    reached(|| tls.renewals().renewed.sum(), 1).await;
    assert!(is_served(&server, &of_new).await);
    assert!(!is_served(&server, &of_old).await);
    assert_eq!(before.say("hi").await.unwrap(), "hi");

    // A key of another certificate, no PEM, and no file at all: what was good stands.
    let good = new.sign("localhost");
    let refused = || tls.renewals().refused.sum();
    let mut told = refused();
    files.put(&(good.0.clone(), new.sign("localhost").1));
    reached(refused, told + 1).await;
    told = refused();
    files.put(&("garbage".to_owned(), good.1.clone()));
    reached(refused, told + 1).await;
    told = refused();
    fs::remove_file(files.path("key")).unwrap();
    reached(refused, told + 1).await;
    // What lasts is told once.
    told = refused();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(refused(), told);
    assert!(is_served(&server, &of_new).await);

    files.put(&old.sign("localhost"));
    let renewed = tls.renewals().renewed.sum();
    reached(|| tls.renewals().renewed.sum(), renewed + 1).await;
    assert!(is_served(&server, &of_old).await);
}

#[tokio::test]
async fn a_certificate_may_be_replaced_by_hand() {
    let (old, new) = (Authority::new(), Authority::new());
    let of = |authority: &Authority| {
        let (certificate, key) = authority.sign("localhost");
        ServerTls::new(certificate, key).unwrap()
    };
    let tls = of(&old);
    let server = Running::start(|builder| builder.tls(tls.clone())).await;
    let of_new = new.client(None, &[b"h2"]);
    assert!(!is_served(&server, &of_new).await);
    tls.replace(&of(&new));
    assert!(is_served(&server, &of_new).await);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let refused = ServerTls::from_files("/no/such/certificate", "/no/such/key").unwrap_err();
    let told = refused.to_string();
    assert!(
        told.starts_with("cannot read `/no/such/certificate`"),
        "{told}"
    );
}
