//! A real etcd, called through the client that couplet generates from etcd's own contract.

/// Against Debian's `etcd-server`, each test with one of its own.
mod foreign {
    use couplet::client::stream::channel;
    use couplet_tests::{
        contracts::etcdserverpb::{
            Compare, KvClient, LeaseClient, LeaseGrantRequest, LeaseKeepAliveRequest, PutRequest,
            RangeRequest, RequestOp, ResponseHeader, TxnRequest, WatchClient, WatchCreateRequest,
            WatchRequest,
            compare::{CompareResult, CompareTarget, TargetUnion},
            request_op, watch_request,
        },
        contracts::mvccpb::event::EventType,
        etcd::Etcd,
    };

    fn put(key: &str, value: &str) -> PutRequest {
        PutRequest::default().with_key(key).with_value(value)
    }

    fn range(key: &str) -> RangeRequest {
        RangeRequest::default().with_key(key)
    }

    #[tokio::test]
    async fn puts_a_key_and_reads_it_back() -> Result<(), Box<dyn std::error::Error>> {
        let etcd = Etcd::start("put");
        let kv = KvClient::connect(etcd.url()).await?;

        let first = kv.put(put("movies/7", "Stalker")).await?.into_inner();
        let second = kv
            .put(put("movies/8", "Solaris").with_prev_kv(true))
            .await?
            .into_inner();
        let revision = |header: Option<_>| header.map(|header: ResponseHeader| header.revision);
        assert!(revision(second.header) > revision(first.header));

        let found = kv
            .range(range("movies/").with_range_end("movies0"))
            .await?
            .into_inner();
        let pairs: Vec<_> = found
            .kvs
            .iter()
            .map(|pair| (&pair.key[..], &pair.value[..]))
            .collect();
        assert_eq!(
            pairs,
            [
                (&b"movies/7"[..], &b"Stalker"[..]),
                (b"movies/8", b"Solaris")
            ]
        );
        assert_eq!(kv.range(range("nothing")).await?.into_inner().count, 0);
        Ok(())
    }

    #[tokio::test]
    async fn watches_a_key_while_it_changes() -> Result<(), Box<dyn std::error::Error>> {
        let etcd = Etcd::start("watch");
        let kv = KvClient::connect(etcd.url()).await?;
        let watch = WatchClient::connect(etcd.url()).await?;

        let (sender, asked) = channel(3);
        let create = WatchCreateRequest::default().with_key("weather");
        let create = watch_request::RequestUnion::CreateRequest(create);
        sender
            .send(WatchRequest::default().with_request_union(create))
            .await?;
        let mut told = watch.watch(asked).await?.into_inner();
        assert!(told.message().await?.ok_or("no first answer")?.created);

        // What is put now is told now, on a stream that both sides keep open.
        for weather in ["rain", "sun"] {
            kv.put(put("weather", weather)).await?;
            let news = told.message().await?.ok_or("the watch ended")?;
            let event = &news.events[0];
            assert_eq!(event.r#type(), EventType::Put);
            assert_eq!(
                event.kv.as_ref().ok_or("no pair")?.value,
                weather.as_bytes()
            );
        }
        Ok(())
    }

    #[tokio::test]
    async fn grants_a_lease_and_keeps_it_alive() -> Result<(), Box<dyn std::error::Error>> {
        let etcd = Etcd::start("lease");
        let kv = KvClient::connect(etcd.url()).await?;
        let lease = LeaseClient::connect(etcd.url()).await?;

        let granted = lease
            .lease_grant(LeaseGrantRequest::default().with_ttl(60))
            .await?
            .into_inner();
        assert_eq!(granted.ttl, 60);
        kv.put(put("session", "open").with_lease(granted.id))
            .await?;

        let (sender, asked) = channel(3);
        let mut kept = None;
        for _ in 0..3 {
            sender
                .send(LeaseKeepAliveRequest::default().with_id(granted.id))
                .await?;
        }
        drop(sender);
        let mut answers = lease.lease_keep_alive(asked).await?.into_inner();
        let mut count = 0;
        while let Some(answer) = answers.message().await? {
            kept = Some((answer.id, answer.ttl));
            count += 1;
        }
        assert_eq!((count, kept), (3, Some((granted.id, 60))));

        let pair = kv.range(range("session")).await?.into_inner().kvs.remove(0);
        assert_eq!(pair.lease, granted.id);
        Ok(())
    }

    #[tokio::test]
    async fn decides_and_writes_in_one_transaction() -> Result<(), Box<dyn std::error::Error>> {
        let etcd = Etcd::start("transaction");
        let kv = KvClient::connect(etcd.url()).await?;

        // Takes the lock if nobody holds it, and tells who does otherwise.
        let take = |name: &str| {
            let free = Compare::default()
                .with_key("lock")
                .with_target(CompareTarget::Create)
                .with_result(CompareResult::Equal)
                .with_target_union(TargetUnion::CreateRevision(0));
            let write = request_op::Request::RequestPut(put("lock", name));
            let read = request_op::Request::RequestRange(range("lock"));
            TxnRequest::default()
                .with_compare([free])
                .with_success([RequestOp::default().with_request(write)])
                .with_failure([RequestOp::default().with_request(read)])
        };
        assert!(kv.txn(take("ann")).await?.into_inner().succeeded);
        assert!(!kv.txn(take("bob")).await?.into_inner().succeeded);
        let holder = kv.range(range("lock")).await?.into_inner().kvs.remove(0);
        assert_eq!(holder.value, b"ann");
        Ok(())
    }

    #[tokio::test]
    async fn hears_what_etcd_thinks_of_a_wrong_request() -> Result<(), Box<dyn std::error::Error>> {
        let etcd = Etcd::start("wrong");
        let kv = KvClient::connect(etcd.url()).await?;
        let refused = kv
            .put(PutRequest::default())
            .await
            .err()
            .ok_or("a key is due")?;
        assert_eq!(refused.code(), couplet::Code::InvalidArgument);
        assert_eq!(refused.message(), "etcdserver: key is not provided");
        Ok(())
    }
}
