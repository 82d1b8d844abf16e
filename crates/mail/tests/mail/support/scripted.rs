//! An SMTP server that does as it is told: refuses, hangs up, stalls.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with a mail. Without one, it takes it.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Answers RCPT TO with this.
    AtRecipient(&'static str),
    /// Answers MAIL FROM with this.
    AtSender(&'static str),
    /// Answers the message with this, and has not taken it.
    AtMessage(&'static str),
    /// Reads the message and hangs up without an answer.
    DropBeforeAnswer,
    /// Hangs up at MAIL FROM.
    DropAtSender,
    /// Answers the message after this time, and has taken it.
    Slow(Duration),
}

/// Requires this user and password (AUTH PLAIN).
pub(crate) const PLAIN_SHOP_HUNTER2: &str = "AHNob3AAaHVudGVyMg==";

#[derive(Default)]
pub(crate) struct Script {
    acts: Mutex<VecDeque<Act>>,
    taken: Mutex<Vec<String>>,
    pub(crate) connections: AtomicUsize,
    pub(crate) transactions: AtomicUsize,
    pub(crate) at_once: AtomicUsize,
    pub(crate) at_once_max: AtomicUsize,
    pub(crate) needs_auth: AtomicBool,
}

pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    pub(crate) script: Arc<Script>,
    task: JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        Self::listen("127.0.0.1:0".parse().expect("an address"), Arc::new(Script::with(acts))).await
    }

    /// Listens on this address; what it remembers is in the script, which may outlive it.
    pub(crate) async fn listen(address: SocketAddr, script: Arc<Script>) -> Self {
        let listener = TcpListener::bind(address).await.expect("the address is free");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::clone(&script);
        let task = tokio::spawn(async move {
            // Connections live in a set, so that they end with the server.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("accepts");
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let script = Arc::clone(&shared);
                connections.spawn(async move {
                    let _ = converse(stream, &script).await;
                });
            }
        });
        Self { address, script, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Ends the server and all its connections.
    pub(crate) async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

impl Script {
    pub(crate) fn with(acts: impl IntoIterator<Item = Act>) -> Self {
        Self { acts: Mutex::new(acts.into_iter().collect()), ..Self::default() }
    }

    /// The recipients of the messages that were taken, in their order.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.lock().expect("not poisoned").clone()
    }

    fn next_act(&self) -> Option<Act> {
        self.acts.lock().expect("not poisoned").pop_front()
    }
}

async fn converse(stream: TcpStream, script: &Script) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut act = None;
    let mut recipient = String::new();
    let mut is_signed_in = !script.needs_auth.load(Ordering::SeqCst);
    stream.write_all(b"220 scripted ESMTP\r\n").await?;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_owned();
        let upper = command.to_uppercase();
        let answer = if upper.starts_with("EHLO") {
            "250-scripted\r\n250 AUTH PLAIN".to_owned()
        } else if upper.starts_with("AUTH PLAIN ") {
            is_signed_in = command.ends_with(PLAIN_SHOP_HUNTER2);
            if is_signed_in { "235 welcome" } else { "535 5.7.8 wrong user or password" }.to_owned()
        } else if upper.starts_with("MAIL FROM") {
            script.transactions.fetch_add(1, Ordering::SeqCst);
            act = script.next_act();
            match &act {
                _ if !is_signed_in => "530 5.7.0 sign in first".to_owned(),
                Some(Act::AtSender(answer)) => (*answer).to_owned(),
                Some(Act::DropAtSender) => return Ok(()),
                _ => "250 ok".to_owned(),
            }
        } else if upper.starts_with("RCPT TO") {
            recipient = command[8..].trim_matches(['<', '>', ' ']).to_owned();
            match &act {
                Some(Act::AtRecipient(answer)) => (*answer).to_owned(),
                _ => "250 ok".to_owned(),
            }
        } else if upper == "DATA" {
            stream.write_all(b"354 go on\r\n").await?;
            read_message(&mut stream).await?;
            match answer_message(script, act.take(), &recipient).await {
                Some(answer) => answer,
                None => return Ok(()),
            }
        } else if upper == "QUIT" {
            stream.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            "250 ok".to_owned()
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if answer.starts_with("421") {
            return Ok(());
        }
    }
}

async fn answer_message(script: &Script, act: Option<Act>, recipient: &str) -> Option<String> {
    let now = script.at_once.fetch_add(1, Ordering::SeqCst) + 1;
    script.at_once_max.fetch_max(now, Ordering::SeqCst);
    if let Some(Act::Slow(time)) = act {
        tokio::time::sleep(time).await;
    }
    script.at_once.fetch_sub(1, Ordering::SeqCst);
    match act {
        Some(Act::AtMessage(answer)) => Some(answer.to_owned()),
        Some(Act::DropBeforeAnswer) => None,
        _ => {
            script.taken.lock().expect("not poisoned").push(recipient.to_owned());
            Some("250 taken".to_owned())
        }
    }
}

async fn read_message(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    let mut line = Vec::new();
    while line != b".\r\n" {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
