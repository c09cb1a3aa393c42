//! Streams in every direction, and how they end.

use futures_util::{StreamExt, stream};
use h2::Reason;
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::peer::{channel, framed, serve, streaming, text, texts, trailers, unary};
use crate::{
    Streaming,
    call::{Invoke, Kind, Message},
    client::stream as fed,
};

#[tokio::test]
async fn a_streamed_answer_is_read_to_its_trailers() {
    let target = serve(async |mut asked| {
        let mut stream = asked.head();
        for text in ["a", "b", "c"] {
            stream.send_data(framed(text), false).unwrap();
        }
        let mut map = trailers("0");
        map.insert("sum", "3".parse().unwrap());
        stream.send_trailers(map).unwrap();
    })
    .await;
    let call = streaming(Kind::ServerStreaming, Streaming::iter(["go".to_owned()]));
    let mut answer = texts(channel(&target).link().invoke(call).await.unwrap());
    for text in ["a", "b", "c"] {
        assert_eq!(answer.message().await.unwrap().unwrap(), text);
    }
    assert_eq!(answer.trailers().await.unwrap().get("sum").unwrap(), "3");
}

#[tokio::test]
async fn an_upload_arrives_whole_and_in_order() {
    let target = serve(async |mut asked| {
        let mut all = Vec::new();
        while let Some(data) = asked.data().await {
            all.extend_from_slice(&data.unwrap());
        }
        asked.answer(&all.len().to_string());
    })
    .await;
    let messages: Vec<String> = (0..300).map(|size| "x".repeat(size * 10)).collect();
    let length: usize = messages
        .iter()
        .map(|text| Message::encode(text).unwrap().framed().len())
        .sum();
    let call = streaming(Kind::ClientStreaming, Streaming::iter(messages));
    assert_eq!(
        text(&channel(&target), call).await.unwrap(),
        length.to_string()
    );
}

#[tokio::test]
async fn two_ends_talk_back_and_forth() {
    let target = serve(async |mut asked| {
        let mut stream = asked.head();
        while let Some(data) = asked.data().await {
            stream.send_data(data.unwrap(), false).unwrap();
        }
        stream.send_trailers(trailers("0")).unwrap();
    })
    .await;
    let (sender, messages) = fed::channel(1);
    let call = streaming(Kind::BidiStreaming, messages);
    let mut answer = texts(channel(&target).link().invoke(call).await.unwrap());
    for text in ["ping", "pong"] {
        sender.send(text.to_owned()).await.unwrap();
        assert_eq!(answer.message().await.unwrap().unwrap(), text);
    }
    drop(sender);
    assert_eq!(answer.message().await.unwrap(), None);
}

#[tokio::test]
async fn an_upload_that_fails_resets_its_stream_and_its_caller_hears_why() {
    let (seen, mut told) = mpsc::unbounded_channel();
    let target = serve(move |mut asked| {
        let seen = seen.clone();
        async move {
            let end = loop {
                match asked.data().await {
                    Some(Ok(_)) => {}
                    end => break end,
                }
            };
            seen.send(end.unwrap().unwrap_err().reason()).unwrap();
        }
    })
    .await;
    let broken = stream::iter([Ok("a".to_owned()), Err(Status::data_loss("disk on fire"))]);
    let call = streaming(Kind::ClientStreaming, Streaming::new(broken));
    let status = text(&channel(&target), call).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::DataLoss, "disk on fire")
    );
    assert_eq!(told.recv().await.unwrap(), Some(Reason::CANCEL));
}

#[tokio::test]
async fn a_caller_that_goes_away_resets_the_stream_and_stops_its_upload() {
    let (seen, mut told) = mpsc::unbounded_channel();
    let target = serve(move |mut asked| {
        let seen = seen.clone();
        async move {
            seen.send(None).unwrap();
            while let Some(data) = asked.data().await {
                if let Err(error) = data {
                    seen.send(error.reason()).unwrap();
                    return;
                }
            }
        }
    })
    .await;
    let channel = channel(&target);
    let (sender, messages) = fed::channel(1);
    sender.send("a".to_owned()).await.unwrap();
    let call = streaming(Kind::BidiStreaming, messages);
    tokio::select! {
        _ = channel.link().invoke(call) => panic!("there is no answer"),
        began = told.recv() => assert_eq!(began, Some(None)),
    }
    assert_eq!(told.recv().await.unwrap(), Some(Reason::CANCEL));
    sender.closed().await;
}

#[tokio::test]
async fn a_unary_caller_that_goes_away_resets_the_stream() {
    let (seen, mut told) = mpsc::unbounded_channel();
    let target = serve(move |mut asked| {
        let seen = seen.clone();
        async move {
            seen.send(None).unwrap();
            let reset = std::future::poll_fn(|context| asked.respond.poll_reset(context)).await;
            seen.send(Some(reset.unwrap())).unwrap();
        }
    })
    .await;
    let channel = channel(&target);
    tokio::select! {
        _ = text(&channel, unary("hi")) => panic!("there is no answer"),
        began = told.recv() => assert_eq!(began, Some(None)),
    }
    assert_eq!(told.recv().await.unwrap(), Some(Reason::CANCEL));
}

#[tokio::test]
async fn an_early_answer_ends_the_upload() {
    let target = serve(async |mut asked| {
        let head = asked.head();
        let mut stream = head;
        stream.send_trailers(trailers("9")).unwrap();
    })
    .await;
    let endless = stream::repeat(()).map(|()| Ok("x".repeat(1000)));
    let call = streaming(Kind::ClientStreaming, Streaming::new(endless));
    let status = text(&channel(&target), call).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
}
