//! Asks etcd: over one channel to all of its members, and with a token where it wants one.

use std::{
    fmt,
    future::{Future, IntoFuture},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::timeout;
use tonic::{
    Code, Request, Response, Status,
    metadata::{Ascii, MetadataValue},
};

use super::{
    PATIENCE, PAUSES,
    api::{
        AuthClient, AuthenticateRequest, KvClient, LeaseClient, LeaseGrantRequest,
        LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse, LeaseRevokeRequest,
        PutRequest, RangeRequest, RangeResponse, WatchClient, WatchRequest, WatchResponse,
    },
};
use crate::{
    call::{Disabled, Policies, Streaming},
    client::{Builder, Channel, Keepalive},
    config::ServiceConfig,
    discovery::{Endpoint, Fixed},
};

/// etcd ends connections that ping more often than every 5 s.
const KEEPALIVE: Keepalive = Keepalive {
    interval: Duration::from_secs(10),
    timeout: Duration::from_secs(5),
    while_idle: false,
};

/// Who asks.
#[derive(Clone)]
pub(super) struct Login {
    user: String,
    password: String,
}

/// The part of etcd that is used.
#[derive(Debug)]
pub(super) struct Client {
    kv: KvClient,
    watch: WatchClient,
    lease: LeaseClient,
    auth: AuthClient,
    login: Option<Login>,
    /// What etcd gave for the login, until it does not know it any more.
    token: Mutex<Option<MetadataValue<Ascii>>>,
}

/// The channel to the members of one etcd.
pub(super) fn channel(hosts: &[String]) -> Builder {
    // Who asks here waits and asks again by itself, and wants to hear etcd's own reason.
    let silent = Policies::UNSET.disabled(Disabled::BREAKER);
    Channel::resolving(Fixed::new(hosts.iter().map(Endpoint::new)))
        .connect_timeout(PATIENCE)
        .keepalive(KEEPALIVE)
        .backoff(PAUSES)
        .policies(ServiceConfig::new().all(silent))
}

// === Client ===

impl Client {
    pub(super) fn new(channel: &Channel, login: Option<Login>) -> Self {
        Self {
            kv: KvClient::new(channel),
            watch: WatchClient::new(channel),
            lease: LeaseClient::new(channel),
            auth: AuthClient::new(channel),
            login,
            token: Mutex::default(),
        }
    }

    pub(super) async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Status> {
        let send = |request| self.kv.range(request).timeout(PATIENCE).into_future();
        self.ask(request, send).await
    }

    pub(super) async fn put(&self, request: PutRequest) -> Result<(), Status> {
        let send = |request| self.kv.put(request).timeout(PATIENCE).into_future();
        self.ask(request, send).await.map(drop)
    }

    pub(super) async fn grant(&self, ttl: i64) -> Result<LeaseGrantResponse, Status> {
        let request = LeaseGrantRequest::default().with_ttl(ttl);
        let send = |request| {
            let call = self.lease.lease_grant(request);
            call.timeout(PATIENCE).into_future()
        };
        let granted = self.ask(request, send).await?;
        match granted.error.is_empty() {
            true => Ok(granted),
            false => Err(Status::unavailable(granted.error)),
        }
    }

    pub(super) async fn revoke(&self, lease: i64) -> Result<(), Status> {
        let request = LeaseRevokeRequest::default().with_id(lease);
        let send = |request| {
            let call = self.lease.lease_revoke(request);
            call.timeout(PATIENCE).into_future()
        };
        self.ask(request, send).await.map(drop)
    }

    /// The answers to whatever comes out of `asked`, once the first is there.
    pub(super) async fn watch(
        &self,
        asked: Streaming<WatchRequest>,
    ) -> Result<Streaming<WatchResponse>, Status> {
        let request = self.request(asked).await?;
        self.opened(self.watch.watch(request).into_future()).await
    }

    /// The answers to whatever comes out of `asked`, once the first is there.
    pub(super) async fn keep_alive(
        &self,
        asked: Streaming<LeaseKeepAliveRequest>,
    ) -> Result<Streaming<LeaseKeepAliveResponse>, Status> {
        let request = self.request(asked).await?;
        let call = self.lease.lease_keep_alive(request).into_future();
        self.opened(call).await
    }

    async fn opened<A>(
        &self,
        call: impl Future<Output = Result<Response<A>, Status>>,
    ) -> Result<A, Status> {
        match timeout(PATIENCE, call).await {
            Ok(answer) => answer.map(Response::into_inner),
            Err(_) => Err(silence(PATIENCE)),
        }
    }

    /// Asks, and once more with a new token if etcd does not know the old one any more.
    async fn ask<Q, A, F>(&self, message: Q, send: impl Fn(Request<Q>) -> F) -> Result<A, Status>
    where
        Q: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let answer = match send(self.request(message.clone()).await?).await {
            Err(status) if self.forgets(&status) => send(self.request(message).await?).await,
            answer => answer,
        };
        answer.map(Response::into_inner)
    }
}

// === Login ===

impl Client {
    async fn request<Q>(&self, message: Q) -> Result<Request<Q>, Status> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        // A member that is cut off from the others says so, and does not look as if nothing happened.
        metadata.insert("hasleader", MetadataValue::from_static("true"));
        if let Some(login) = &self.login
            && let Some(token) = self.token(login).await?
        {
            metadata.insert("token", token);
        }
        Ok(request)
    }

    /// The token that is known, or a new one; none if etcd has no authentication.
    async fn token(&self, login: &Login) -> Result<Option<MetadataValue<Ascii>>, Status> {
        let known = self.known().clone();
        if known.is_some() {
            return Ok(known);
        }
        let request = AuthenticateRequest::default()
            .with_name(&login.user)
            .with_password(&login.password);
        let call = self.auth.authenticate(request).timeout(PATIENCE);
        match call.await {
            Ok(answer) => {
                let token = MetadataValue::try_from(answer.into_inner().token);
                let token = token.map_err(|_| Status::internal("its token is no header"))?;
                *self.known() = Some(token.clone());
                Ok(Some(token))
            }
            Err(status) if status.message().contains("authentication is not enabled") => Ok(None),
            Err(status) => Err(status),
        }
    }

    /// Whether etcd does not know the token any more, by what it says; then a new one is asked for.
    pub(super) fn forgets(&self, status: &Status) -> bool {
        let said = status.message();
        // As etcd's own client has it: a token ends with its member, and with every change of users and roles.
        let about_token = status.code() == Code::Unauthenticated
            || said.contains("revision of auth store is old")
            || said.contains("user name is empty");
        about_token && self.known().take().is_some()
    }

    fn known(&self) -> MutexGuard<'_, Option<MetadataValue<Ascii>>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said of an etcd that says nothing.
pub(super) fn silence(patience: Duration) -> Status {
    Status::unavailable(format!("no answer within {} s", patience.as_secs()))
}

impl Login {
    pub(super) fn new(user: String, password: String) -> Self {
        Self { user, password }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password is nobody's business.
        formatter
            .debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
