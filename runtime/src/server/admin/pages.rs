//! What the plain HTTP side shows at which path.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;

use crate::server::Readiness;

/// A page as it is at the moment.
#[derive(Debug, Clone)]
pub struct Page {
    status: StatusCode,
    content_type: HeaderValue,
    body: Bytes,
}

type Show = Box<dyn Fn() -> Page + Send + Sync>;

/// The pages by their paths.
#[derive(Default)]
pub(in crate::server) struct Pages(BTreeMap<String, Show>);

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

// === Page ===

impl Page {
    /// Status 200 and a plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(PLAIN, text.into())
    }

    /// Status 200 and a body of this content type.
    pub fn new(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body: body.into(),
        }
    }

    /// The same with another status, such as 503.
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

// === Pages ===

impl Pages {
    /// `/livez`, which says 200 for as long as the program can answer at all, and `/readyz`, which says 503 and why while
    /// the server is not ready.
    pub(in crate::server) fn of(readiness: Readiness) -> Self {
        let mut pages = Self::default();
        pages.put("/livez", || Page::text("alive\n"));
        pages.put("/readyz", move || match readiness.check() {
            Ok(()) => Page::text("ready\n"),
            Err(why) => Page::text(format!("not ready: {why}\n"))
                .with_status(StatusCode::SERVICE_UNAVAILABLE),
        });
        pages
    }

    /// Shows `page` at `path`, in the place of what was there.
    pub(in crate::server) fn put(
        &mut self,
        path: impl Into<String>,
        page: impl Fn() -> Page + Send + Sync + 'static,
    ) {
        self.0.insert(path.into(), Box::new(page));
    }

    /// Puts all of `pages` over these.
    pub(in crate::server) fn extend(&mut self, pages: Self) {
        self.0.extend(pages.0);
    }

    /// The answer to a request.
    pub(super) fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        let page = match (self.0.get(path), method) {
            (Some(page), &Method::GET | &Method::HEAD) => page(),
            (Some(_), _) => {
                Page::text("only GET and HEAD\n").with_status(StatusCode::METHOD_NOT_ALLOWED)
            }
            (None, _) => {
                let known: Vec<_> = self.0.keys().map(String::as_str).collect();
                let known = known.join(", ");
                Page::text(format!("nothing here; known: {known}\n"))
                    .with_status(StatusCode::NOT_FOUND)
            }
        };
        let mut answer = Response::new(Full::new(page.body));
        *answer.status_mut() = page.status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, page.content_type);
        // A probe asks for what is so now.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if page.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        answer
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
