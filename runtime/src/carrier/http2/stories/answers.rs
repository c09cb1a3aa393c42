//! Answers, good and bad, and what a unary call makes of them.

use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use http::Response;
use tonic::Code;

use super::peer::{channel, framed, serve, text, told, trailers, unary};
use crate::{
    call::{Deadline, Limit, Mark},
    clock,
};

#[tokio::test]
async fn a_call_is_answered_and_its_head_says_what_grpc_asks_for() {
    let target = serve(async |mut asked| {
        let head = &asked.request;
        assert_eq!(head.method(), "POST");
        assert_eq!(head.uri().path(), "/test.Peer/Unary");
        assert_eq!(head.headers()["te"], "trailers");
        assert_eq!(head.headers()["content-type"], "application/grpc");
        let timeout = head.headers()["grpc-timeout"].to_str().unwrap();
        let agent = head.headers()["user-agent"].to_str().unwrap();
        let said = format!("{timeout} {agent}");
        asked.answer(&said);
    })
    .await;
    let mut call = unary("hi");
    call.deadline = Deadline::after(clock::now(), Duration::from_secs(9), Limit::Call);
    let said = text(&channel(&target), call).await.unwrap();
    let (timeout, agent) = said.split_once(' ').unwrap();
    assert!(timeout.starts_with("8") && timeout.ends_with('u'), "{said}");
    assert_eq!(agent, concat!("couplet/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn an_error_page_means_what_its_http_status_says() {
    for (http, code) in [
        (400, Code::Internal),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::Unimplemented),
        (418, Code::Unknown),
        (429, Code::Unavailable),
        (503, Code::Unavailable),
    ] {
        let refused = told(move |mut asked| async move {
            let head = Response::builder()
                .status(http)
                .header("content-type", "text/html");
            let mut page = asked
                .respond
                .send_response(head.body(()).unwrap(), false)
                .unwrap();
            page.send_data(Bytes::from_static(b"<h1>no</h1>"), true)
                .unwrap();
        })
        .await;
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(&http.to_string()), "{refused}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_grpc_is_told_by_its_content_type() {
    let refused = told(async |mut asked| {
        let head = Response::builder()
            .header("content-type", "text/html")
            .body(());
        asked.respond.send_response(head.unwrap(), true).unwrap();
    })
    .await;
    assert_eq!(refused.code(), Code::Unknown);
    assert!(refused.message().contains("text/html"), "{refused}");
}

#[tokio::test]
async fn a_status_in_the_head_ends_the_call_whatever_http_says() {
    let refused = told(async |mut asked| {
        let head = Response::builder()
            .status(503)
            .header("grpc-status", "8")
            .header("grpc-message", "too%20much");
        asked
            .respond
            .send_response(head.body(()).unwrap(), true)
            .unwrap();
    })
    .await;
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::ResourceExhausted, "too much")
    );
}

#[tokio::test]
async fn an_answer_without_trailers_is_no_success() {
    let refused = told(async |mut asked| {
        asked.head().send_data(framed("hi"), true).unwrap();
    })
    .await;
    assert_eq!(refused.code(), Code::Internal, "{refused}");
}

#[tokio::test]
async fn malformed_details_leave_the_code_and_harm_nobody() {
    let refused = told(async |mut asked| {
        let mut map = trailers("5");
        map.insert(
            "grpc-status-details-bin",
            "*** not base64 ***".parse().unwrap(),
        );
        asked.head().send_trailers(map).unwrap();
    })
    .await;
    assert_eq!(refused.code(), Code::NotFound);
    assert!(refused.details().is_empty());
}

#[tokio::test]
async fn a_lying_length_is_internal() {
    let refused = told(async |mut asked| {
        let mut stream = asked.head();
        stream.send_data(framed("hello").slice(..7), false).unwrap();
        stream.send_trailers(trailers("0")).unwrap();
    })
    .await;
    assert_eq!(refused.code(), Code::Internal, "{refused}");
}

#[tokio::test]
async fn a_second_message_on_a_unary_answer_is_unimplemented() {
    let refused = told(async |mut asked| {
        let mut stream = asked.head();
        stream.send_data(framed("one"), false).unwrap();
        stream.send_data(framed("two"), false).unwrap();
        stream.send_trailers(trailers("0")).unwrap();
    })
    .await;
    assert_eq!(refused.code(), Code::Unimplemented, "{refused}");
}

#[tokio::test]
async fn a_reset_means_what_grpcs_table_says_before_the_head_and_in_the_body() {
    for (reason, code) in [
        (Reason::NO_ERROR, Code::Internal),
        (Reason::INTERNAL_ERROR, Code::Internal),
        (Reason::PROTOCOL_ERROR, Code::Internal),
        (Reason::REFUSED_STREAM, Code::Unavailable),
        (Reason::CANCEL, Code::Cancelled),
        (Reason::ENHANCE_YOUR_CALM, Code::ResourceExhausted),
        (Reason::INADEQUATE_SECURITY, Code::PermissionDenied),
    ] {
        let early = told(move |mut asked| async move { asked.respond.send_reset(reason) }).await;
        assert_eq!(early.code(), code, "{reason:?}: {early}");
        let late = told(move |mut asked| async move {
            let mut stream = asked.head();
            stream.send_data(framed("hello").slice(..6), false).unwrap();
            stream.send_reset(reason);
        })
        .await;
        assert_eq!(late.code(), code, "{reason:?}: {late}");
    }
}

#[tokio::test]
async fn a_refused_stream_is_marked_as_seen_by_nobody_and_no_other_reset_is() {
    let refused = told(async |mut asked| asked.respond.send_reset(Reason::REFUSED_STREAM)).await;
    assert_eq!(Mark::of(&refused), Some(Mark::Unprocessed));
    let cancelled = told(async |mut asked| asked.respond.send_reset(Reason::CANCEL)).await;
    assert_eq!(Mark::of(&cancelled), None);
}

#[tokio::test]
async fn an_unknown_compression_is_internal() {
    let refused = told(async |mut asked| {
        let head = Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-encoding", "snappy");
        asked
            .respond
            .send_response(head.body(()).unwrap(), false)
            .unwrap();
    })
    .await;
    assert_eq!(refused.code(), Code::Internal, "{refused}");
}

#[tokio::test]
async fn what_a_server_says_before_its_answer_is_passed_over() {
    let target = serve(async |mut asked| {
        let early = Response::builder()
            .status(103)
            .header("link", "</x>")
            .body(());
        asked.respond.send_informational(early.unwrap()).unwrap();
        asked.answer("ok");
    })
    .await;
    assert_eq!(text(&channel(&target), unary("hi")).await.unwrap(), "ok");
}
