//! An etcd that wants a password, or speaks TLS.

use std::fs;

use couplet::{
    client::ClientTls,
    discovery::{Etcd, Registry, Resolver},
};
use couplet_tests::{
    contracts::etcdserverpb::{
        AuthClient, AuthEnableRequest, AuthRoleAddRequest, AuthUserAddRequest,
        AuthUserGrantRoleRequest,
    },
    etcd,
    peers::credential,
};

use super::{Told, asking, these};
use crate::suite::{echo, until};

/// Lets `root` in, who has the password `secret`.
async fn add_root(auth: &AuthClient) -> Told {
    let user = AuthUserAddRequest::default()
        .with_name("root")
        .with_password("secret");
    auth.user_add(user).await?;
    auth.role_add(AuthRoleAddRequest::default().with_name("root"))
        .await?;
    let grant = AuthUserGrantRoleRequest::default()
        .with_user("root")
        .with_role("root");
    auth.user_grant_role(grant).await?;
    Ok(())
}

#[tokio::test]
async fn who_has_the_password_is_let_in_and_others_are_told() -> Told {
    let server = etcd::Etcd::start("login");
    let auth = AuthClient::connect(server.url()).await?;
    add_root(&auth).await?;

    // Before there is authentication, a login says nothing.
    let etcd = asking(&server).login("root", "secret");
    let first = etcd.register(echo("10.0.0.1:1")).await?;
    auth.auth_enable(AuthEnableRequest::default()).await?;
    let mut watch = etcd.service("test.Echo").watch();
    these(&mut watch, &["10.0.0.1:1"]).await;
    let second = etcd.register(echo("10.0.0.2:1")).await?;
    these(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;

    let wrong = asking(&server).login("root", "guessed");
    let refused = wrong.register(echo("10.0.0.3:1")).await.unwrap_err();
    assert_eq!(refused.key, "couplet/test.Echo/10.0.0.3:1");
    let why = "authentication failed, invalid user ID or password";
    assert!(refused.why.contains(why), "{refused}");
    let nobody = asking(&server).register(echo("10.0.0.3:1")).await;
    let refused = nobody.unwrap_err();
    assert!(refused.why.contains("user name is empty"), "{refused}");
    first.withdraw().await?;
    Ok(second.withdraw().await?)
}

#[tokio::test]
async fn a_token_that_a_restart_made_void_is_asked_for_anew() -> Told {
    let mut server = etcd::Etcd::start("token");
    let auth = AuthClient::connect(server.url()).await?;
    add_root(&auth).await?;
    auth.auth_enable(AuthEnableRequest::default()).await?;
    let etcd = asking(&server).login("root", "secret");
    let first = etcd.register(echo("10.0.0.1:1")).await?;
    let mut watch = etcd.service("test.Echo").watch();
    these(&mut watch, &["10.0.0.1:1"]).await;

    server.stop();
    until(&mut watch, |seen| seen.trouble().is_some()).await;
    server.start_again();
    these(&mut watch, &["10.0.0.1:1"]).await;
    let second = etcd.register(echo("10.0.0.2:1")).await?;
    these(&mut watch, &["10.0.0.1:1", "10.0.0.2:1"]).await;
    first.withdraw().await?;
    Ok(second.withdraw().await?)
}

#[tokio::test]
async fn one_that_speaks_tls_is_trusted_by_its_certificate_alone() -> Told {
    let server = etcd::Etcd::start_encrypted("tls");
    let host = format!("https://127.0.0.1:{}", server.port);
    let trust = ClientTls::new().roots(fs::read(credential("ca.pem"))?);
    let named = trust.clone().server_name("foo.test.google.fr");
    let etcd = Etcd::new([&host]).tls(named);
    let mut watch = etcd.service("test.Echo").watch();
    let kept = etcd.register(echo("10.0.0.1:1")).await?;
    these(&mut watch, &["10.0.0.1:1"]).await;
    kept.withdraw().await?;

    // It has no certificate for its address.
    let nameless = Etcd::new([&host]).tls(trust);
    let why = nameless.register(echo("10.0.0.1:1")).await.unwrap_err().why;
    assert!(why.contains("certificate"), "{why}");
    Ok(())
}
