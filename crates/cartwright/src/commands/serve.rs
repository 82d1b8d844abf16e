//! `cartwright serve`

use commerce::accounts::IssueSetupLink;
use identity::OpaqueToken;
use store::execute;
use tracing::warn;

use crate::{failure::Failure, say::say, server::Server, settings::Settings, stop::Stop};

/// Runs the shop until it is told to stop.
pub(super) async fn run(settings: &Settings) -> Result<(), Failure> {
    let stop = Stop::on_signals()?;
    let server = Server::prepare(settings, false).await?;
    if let Some(link) = setup_link(&server).await? {
        // Not through the log: logs are kept, and shown to more people than may own the shop.
        let told = say(format_args!("The shop has no owner yet. Open this link to become it; it works once:\n{link}"));
        // A shop that works is worth more than its link, which the next start has as well.
        if told.is_err() {
            warn!(
                "standard output cannot be written, so nobody sees the link to become the owner; `cartwright owner create` makes one as well"
            );
        }
    }
    server.run(stop).await
}

/// A new set-up link, as long as the shop has no owner. The one of the last start is void then.
async fn setup_link(server: &Server) -> Result<Option<String>, Failure> {
    if server.engine.has_owner().await.map_err(Failure::failed)? {
        return Ok(None);
    }
    let token = OpaqueToken::random();
    let issue = IssueSetupLink { hash: token.hash() };
    let is_issued = execute(server.engine.as_ref(), issue).await.map_err(Failure::failed)?;
    Ok(is_issued.then(|| format!("{}/setup/{}", server.public_url, token.expose())))
}
