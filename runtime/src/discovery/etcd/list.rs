//! Reads all that stands below a key, page by page, as it was at one moment.

use tonic::{Code, Status};

use super::{
    api::RangeRequest,
    client::Client,
    rows::{Listed, Reader},
};

/// How many keys are asked for at once. Most endpoints have less than a kilobyte, and a channel takes 4 MiB.
const PAGE: i64 = 1000;

/// All that stood below `reader.keys` at one revision, which is told too.
///
/// A page that is too large to be received is asked for in smaller ones: a registry that holds values of a megabyte hides
/// nothing by that.
///
/// # Errors
/// If etcd cannot be asked.
pub(super) async fn list(client: &Client, reader: &Reader) -> Result<(Vec<Listed>, i64), Status> {
    let first = RangeRequest::default()
        .with_key(reader.keys.as_bytes())
        .with_range_end(end_of(&reader.keys))
        .with_limit(PAGE);
    let (mut request, mut listed) = (first.clone(), Vec::new());
    loop {
        let page = match client.range(request.clone()).await {
            Ok(page) => page,
            Err(status) if status.code() == Code::ResourceExhausted && request.limit > 1 => {
                request.limit = (request.limit / 8).max(1);
                continue;
            }
            // What was begun cannot be read to its end any more: etcd has forgotten that moment.
            Err(status) if status.code() == Code::OutOfRange && request.revision > 0 => {
                (request, listed) = (first.clone(), Vec::new());
                continue;
            }
            Err(status) => return Err(status),
        };
        if request.revision == 0 {
            request.revision = page.header.map_or(0, |header| header.revision);
        }
        let last = page.kvs.last().map(|pair| pair.key.clone());
        listed.extend(page.kvs.into_iter().map(|pair| reader.read(pair)));
        match last {
            Some(mut last) if page.more => {
                last.push(0);
                request.key = last;
                request.limit = (request.limit * 2).min(PAGE);
            }
            _ => return Ok((listed, request.revision)),
        }
    }
}

/// Where the keys end that begin with `keys`, which ends with a slash.
pub(super) fn end_of(keys: &str) -> Vec<u8> {
    let mut end = keys.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}
