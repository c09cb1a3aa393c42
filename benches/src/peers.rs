//! The echo service of each peer, and its client under load: the same lines, over what each generates.

use tonic::{Request, Response, Status};

use crate::{
    contract::{bare, plain, policies},
    load::Peer,
};

/// Answers with what it was sent; as many messages of zeros as are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Echo;

/// Echoes through the stubs that couplet generates.
macro_rules! couplet {
    ($stubs:ident) => {
        impl $stubs::Echo for Echo {
            async fn unary(
                &self,
                request: Request<$stubs::Payload>,
            ) -> Result<Response<$stubs::Payload>, Status> {
                Ok(Response::new(request.into_inner()))
            }

            async fn stream(
                &self,
                request: Request<$stubs::StreamRequest>,
            ) -> Result<Response<couplet::Streaming<$stubs::Payload>>, Status> {
                let $stubs::StreamRequest { count, size, .. } = request.into_inner();
                let payload = move |_| $stubs::Payload::default().with_body(zeros(size));
                Ok(Response::new(couplet::Streaming::iter(
                    (0..count).map(payload),
                )))
            }
        }

        impl Peer for $stubs::EchoClient {
            async fn send(&self, size: usize) -> Result<usize, Status> {
                let payload = $stubs::Payload::default().with_body(vec![7; size]);
                let answer = self.unary(payload).await?;
                Ok(answer.into_inner().body.len())
            }

            async fn fetch(&self, count: u32, size: u32) -> Result<usize, Status> {
                let request = $stubs::StreamRequest::default()
                    .with_count(count)
                    .with_size(size);
                let answer = self.stream(request).await?;
                let (mut messages, mut bytes) = (answer.into_inner(), 0);
                while let Some(message) = messages.message().await? {
                    bytes += message.body.len();
                }
                Ok(bytes)
            }
        }
    };
}

couplet!(policies);
couplet!(bare);

#[tonic::async_trait]
impl plain::echo_server::Echo for Echo {
    type StreamStream = tokio_stream::Iter<Payloads>;

    async fn unary(
        &self,
        request: Request<plain::Payload>,
    ) -> Result<Response<plain::Payload>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn stream(
        &self,
        request: Request<plain::StreamRequest>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let plain::StreamRequest { count, size } = request.into_inner();
        Ok(Response::new(tokio_stream::iter(Payloads { count, size })))
    }
}

impl Peer for plain::echo_client::EchoClient<tonic::transport::Channel> {
    async fn send(&self, size: usize) -> Result<usize, Status> {
        let body = vec![7; size];
        let answer = self.clone().unary(plain::Payload { body }).await?;
        Ok(answer.into_inner().body.len())
    }

    async fn fetch(&self, count: u32, size: u32) -> Result<usize, Status> {
        let answer = self
            .clone()
            .stream(plain::StreamRequest { count, size })
            .await?;
        let (mut messages, mut bytes) = (answer.into_inner(), 0);
        while let Some(message) = messages.message().await? {
            bytes += message.body.len();
        }
        Ok(bytes)
    }
}

fn zeros(size: u32) -> Vec<u8> {
    vec![0; size as usize]
}

/// The messages of one stream; an iterator with a name, so that tonic's stream is not boxed.
#[derive(Debug)]
pub struct Payloads {
    count: u32,
    size: u32,
}

impl Iterator for Payloads {
    type Item = Result<plain::Payload, Status>;

    fn next(&mut self) -> Option<Self::Item> {
        self.count = self.count.checked_sub(1)?;
        let body = zeros(self.size);
        Some(Ok(plain::Payload { body }))
    }
}
