//! An SMTP server (RFC 5321), with connections kept for the next mail.
//!
//! lettre speaks the protocol. What it does not do, and this file does, is tell trouble with the server from trouble
//! with a mail: connecting and signing in are steps of their own here, so a wrong password or a server that is down
//! never makes a mail fail.

use std::{
    fmt, fs,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    Message,
    address::Envelope,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt, Rset},
        extension::{ClientId, Extension, MailParameter},
    },
};
use tokio::time::{Instant, timeout};

use super::{
    Attempt,
    reply::{Refusal, Step, one_line},
    smtp_url::{Security, SmtpSettings},
};

/// For connecting, greeting, TLS and signing in together.
const CONNECT_MAX: Duration = Duration::from_secs(30);
/// For the answer to one command.
const COMMAND_MAX: Duration = Duration::from_secs(15);
/// For the answer to the message. Longer, because giving up on a server that is about to say yes sends a mail twice.
const MESSAGE_MAX: Duration = Duration::from_secs(60);
/// For taking leave, which nothing depends on.
const QUIT_MAX: Duration = Duration::from_secs(1);
/// How long a connection without work is kept. Servers drop them after minutes, firewalls sooner.
const IDLE_MAX: Duration = Duration::from_secs(30);

pub(super) struct Smtp {
    host: String,
    port: u16,
    security: Security,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    hello: ClientId,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Smtp {
    pub(super) fn new(settings: SmtpSettings) -> Result<Self, String> {
        let SmtpSettings { host, port, security, credentials, ca } = settings;
        let mut tls = TlsParameters::builder(host.clone());
        if let Some(path) = ca {
            let pem = fs::read(&path).map_err(|e| format!("ca={} cannot be read: {e}", path.display()))?;
            let certificates = Certificate::from_pem(&pem)
                .map_err(|_| format!("ca={} is not a file of PEM certificates", path.display()))?;
            tls = tls.add_root_certificate(certificates);
        }
        let tls = tls.build().map_err(|e| format!("TLS cannot be set up: {e}"))?;
        let (hello, idle) = (ClientId::default(), Mutex::default());
        Ok(Self { host, port, security, tls, credentials, hello, idle })
    }

    /// Connects and signs in, and keeps the connection for the next mail.
    pub(super) async fn check(&self) -> Result<(), String> {
        let connection = self.connect().await?;
        self.put_back(connection);
        Ok(())
    }

    pub(super) async fn send(&self, message: &Message) -> Attempt {
        if let Some(kept) = self.take_kept() {
            // A kept connection may have gone stale; as long as the server cannot have the mail, a fresh one decides.
            match self.send_over(kept, message).await {
                Err(Refusal::HungUp(_) | Refusal::Broken { may_have_it: false, .. }) => {}
                result => return self.judge(result).await,
            }
        }
        match self.connect().await {
            Ok(fresh) => {
                let result = self.send_over(fresh, message).await;
                self.judge(result).await
            }
            Err(error) => Attempt::unreachable(error),
        }
    }

    async fn judge(&self, result: Result<(), Refusal>) -> Attempt {
        match result {
            Ok(()) => Attempt::sent(false),
            Err(Refusal::Permanent(error)) => Attempt::rejected(error),
            Err(Refusal::Transient(error)) => Attempt::deferred(error),
            Err(Refusal::Unwelcome(error)) => Attempt::unreachable(error),
            // Is it the server or this mail? One that can be reached has a quarrel with the mail.
            Err(Refusal::HungUp(error) | Refusal::Broken { error, .. }) => match self.check().await {
                Ok(()) => Attempt::deferred(error),
                Err(_) => Attempt::unreachable(error),
            },
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        match timeout(CONNECT_MAX, self.connect_and_sign_in()).await {
            Ok(connected) => connected.map_err(|what| format!("{}:{}: {}", self.host, self.port, one_line(&what))),
            Err(_) => Err(format!("{}:{}: no connection within {} s", self.host, self.port, CONNECT_MAX.as_secs())),
        }
    }

    async fn connect_and_sign_in(&self) -> Result<AsyncSmtpConnection, String> {
        let server = (self.host.as_str(), self.port);
        let implicit_tls = (self.security == Security::Tls).then(|| self.tls.clone());
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_MAX), &self.hello, implicit_tls, None)
                .await
                .map_err(|e| e.to_string())?;
        let is_offered = connection.can_starttls();
        match self.security {
            Security::StartTls if !is_offered => {
                return Err("the server does not offer STARTTLS, and nothing is sent without it".to_owned());
            }
            Security::StartTls | Security::StartTlsIfOffered if is_offered => {
                connection.starttls(self.tls.clone(), &self.hello).await.map_err(|e| e.to_string())?;
            }
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, credentials).await.map_err(|e| format!("signing in failed: {e}"))?;
        }
        Ok(connection)
    }

    /// Sends over this connection, and keeps it if it is still good.
    async fn send_over(&self, mut connection: AsyncSmtpConnection, message: &Message) -> Result<(), Refusal> {
        let result = transmit(&mut connection, message).await;
        match &result {
            Ok(()) => self.put_back(connection),
            Err(Refusal::Permanent(_) | Refusal::Transient(_)) => {
                // What was said about this mail must not stay with the next one.
                if matches!(timeout(COMMAND_MAX, connection.command(Rset)).await, Ok(Ok(_))) {
                    self.put_back(connection);
                }
            }
            Err(_) => {}
        }
        result
    }

    fn put_back(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Instant::now()));
    }

    /// The connection that was used last. Those that idled for too long are dropped.
    fn take_kept(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE_MAX);
        idle.pop().map(|(connection, _)| connection)
    }

    pub(super) async fn close(&self) {
        let kept = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for (mut connection, _) in kept {
            let _ = timeout(QUIT_MAX, connection.quit()).await;
        }
    }
}

impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let security = match self.security {
            Security::Tls => "TLS",
            Security::StartTls => "STARTTLS",
            Security::StartTlsIfOffered => "STARTTLS if offered",
            Security::Plain => "not encrypted",
        };
        write!(f, "the SMTP server {}:{} ({security})", self.host, self.port)
    }
}

/// One mail through one connection.
async fn transmit(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), Refusal> {
    let envelope = message.envelope();
    let bytes = message.formatted();
    let parameters = parameters(connection, envelope)?;
    say(Step::Sender, connection.command(Mail::new(envelope.from().cloned(), parameters))).await?;
    for recipient in envelope.to() {
        say(Step::Recipient, connection.command(Rcpt::new(recipient.clone(), Vec::new()))).await?;
    }
    say(Step::Data, connection.command(Data)).await?;
    say(Step::Message, connection.command(Content(&bytes))).await
}

/// A message as it follows `DATA` (RFC 5321, 4.5.2): a dot more before lines that begin with one, a single dot at the
/// end. As one command, because lettre's own way is two writes, between which the system waits 40 ms for the server.
struct Content<'a>(&'a [u8]);

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0);
        if text.starts_with('.') {
            f.write_str(".")?;
        }
        f.write_str(&text.replace("\r\n.", "\r\n.."))?;
        f.write_str(if text.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}

/// Addresses outside ASCII need the server's consent (RFC 6531).
fn parameters(connection: &AsyncSmtpConnection, envelope: &Envelope) -> Result<Vec<MailParameter>, Refusal> {
    let is_ascii = envelope.from().into_iter().chain(envelope.to()).all(|address| address.to_string().is_ascii());
    if is_ascii {
        Ok(Vec::new())
    } else if connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        Ok(vec![MailParameter::SmtpUtfEight])
    } else {
        Err(Refusal::Permanent("the server does not take addresses outside ASCII (SMTPUTF8)".to_owned()))
    }
}

async fn say<T, E>(step: Step, answer: impl Future<Output = Result<T, E>>) -> Result<(), Refusal>
where
    E: std::borrow::Borrow<lettre::transport::smtp::Error>,
{
    let limit = if step == Step::Message { MESSAGE_MAX } else { COMMAND_MAX };
    match timeout(limit, answer).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(Refusal::new(step, error.borrow())),
        Err(_) => Err(Refusal::timed_out(step)),
    }
}

#[cfg(test)]
mod tests {
    use lettre::message::MessageBuilder;
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
        sync::oneshot,
    };

    use super::*;

    /// Greets, answers so many commands, reads one more and never answers again.
    async fn stall_after(answers: usize, listener: TcpListener, stalled: oneshot::Sender<()>) {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        for _ in 0..=answers {
            let answer = if line.starts_with("DATA") { "354 go on\r\n" } else { "250 ok\r\n" };
            stream.write_all(answer.as_bytes()).await.expect("taken");
            line.clear();
            stream.read_line(&mut line).await.expect("a command");
        }
        stalled.send(()).expect("the test listens");
        std::future::pending::<()>().await;
    }

    async fn transmit_to(port: u16) -> Refusal {
        let server = ("127.0.0.1", port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &ClientId::default(), None, None).await.expect("greeted");
        let message = MessageBuilder::new()
            .from("shop@example.com".parse().expect("valid"))
            .to("ann@example.com".parse().expect("valid"))
            .body("Hello".to_owned())
            .expect("built");
        transmit(&mut connection, &message).await.expect_err("stalled")
    }

    #[test]
    fn dots_at_the_beginning_of_lines_are_doubled() {
        for (message, content) in
            [("a\r\n", "a\r\n.\r\n"), ("a", "a\r\n.\r\n"), (".\r\n.a.\r\n..\r\n", "..\r\n..a.\r\n...\r\n.\r\n")]
        {
            assert_eq!(Content(message.as_bytes()).to_string(), content);
        }
    }

    #[tokio::test]
    async fn a_server_that_stalls_is_given_up_at_every_step() {
        // EHLO, MAIL FROM, RCPT TO, DATA: so many commands are answered.
        for (answers, may_have_it) in [(1, false), (2, false), (3, false), (4, true)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
            let port = listener.local_addr().expect("bound").port();
            let (send_stalled, stalled) = oneshot::channel();
            let server = tokio::spawn(stall_after(answers, listener, send_stalled));
            let client = tokio::spawn(transmit_to(port));
            stalled.await.expect("the server stalls");

            tokio::time::pause();
            let began = Instant::now();
            let refusal = client.await.expect("no panic");
            let elapsed = began.elapsed();
            tokio::time::resume();
            server.abort();

            let Refusal::Broken { error, may_have_it: may } = &refusal else { panic!("{refusal:?}") };
            assert!(error.contains("no answer in time") && *may == may_have_it, "after {answers}: {refusal:?}");
            let limit = if may_have_it { MESSAGE_MAX } else { COMMAND_MAX };
            assert!(elapsed > limit / 2 && elapsed < limit * 2, "after {answers}: {elapsed:?}");
        }
    }
}
