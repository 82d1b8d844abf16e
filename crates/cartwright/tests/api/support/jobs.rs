//! Imports, and the jobs that work on them.

use serde_json::Value;

use super::{
    client::Client,
    eventually,
    shop::{Shop, text},
};

/// Asks for an import of `products`, `prices` or the `catalogue`, with a query if there is one. Gives the id of the job.
#[track_caller]
pub(crate) fn import(client: &Client, what: &str, file: &str) -> String {
    let media_type = if what == "catalogue" { "application/x-ndjson" } else { "text/csv" };
    let request = client.request("POST", &format!("/v1/admin/imports/{what}"));
    let reply = request.bytes(media_type, file.as_bytes().to_vec()).send();
    let id = text(&reply.expect(202)["id"]);
    assert_eq!(reply.header("location"), format!("/v1/admin/jobs/{id}"));
    id
}

/// The job as it is now.
pub(crate) fn job(shop: &Shop, id: &str) -> Value {
    shop.owner().get(&format!("/v1/admin/jobs/{id}")).send().expect(200)
}

/// The job when it has come to its end.
pub(crate) fn ended(shop: &Shop, id: &str) -> Value {
    eventually("the job comes to its end", || {
        let job = job(shop, id);
        (!job["finished_at"].is_null()).then_some(job)
    })
}
