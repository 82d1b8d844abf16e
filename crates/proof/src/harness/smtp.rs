//! A mail server that does as it is told: takes mails, refuses them, falls silent, hangs up (RFC 5321).

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use mailparse::MailHeaderMap;
use socket2::{Domain, Socket, Type};

/// How long a server that has fallen silent keeps the line.
const SILENCE: Duration = Duration::from_secs(30);

/// How long it may take to be away, or back.
const TURN_MAX: Duration = Duration::from_secs(10);

/// What the server does, most of it with a mail whose end it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Takes it: 250.
    Take,
    /// Says no there with this code, and keeps nothing.
    Refuse(Step, u16),
    /// Keeps nothing and says nothing.
    Stall,
    /// Keeps nothing and hangs up.
    DropUnkept,
    /// Keeps it and hangs up without a word: nobody can know that it was taken.
    DropKept,
    /// Keeps it, says 250 and hangs up.
    TakeAndDrop,
    /// Hangs up on whoever calls.
    Closed,
    /// Is not there: nobody listens, and whoever calls is refused by the system. It sees nothing of that.
    Away,
}

/// Where in the conversation the server says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// At its own greeting: a server that is too busy.
    Greeting,
    /// At the recipient: an address that it does not know, or a mailbox that is full.
    Recipient,
    /// At the end of the mail.
    Mail,
}

/// A mail that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The id in its Message-ID, without brackets and host.
    pub id: String,
    /// The whole Message-ID.
    pub message_id: String,
    /// To whom.
    pub to: String,
    /// When.
    pub at: Instant,
}

/// The server. It ends with the process; dropping it makes it let nobody in.
#[derive(Clone, Debug)]
pub struct MailServer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: SocketAddr,
    /// Holds the port while nobody listens there, so that nobody else is given it.
    _port: Socket,
    manner: Mutex<Manner>,
    /// Whether anybody listens, and who waits for that to change.
    is_listening: Mutex<bool>,
    turned: Condvar,
    kept: Mutex<Vec<Kept>>,
    misbehaved: AtomicUsize,
    is_over: AtomicBool,
}

impl MailServer {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn start() -> Self {
        // Two sockets may have one port as long as at most one of them listens, and both say that they may.
        let port = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        port.set_reuse_address(true).expect("the port may be shared");
        port.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        let address = port.local_addr().ok().and_then(|address| address.as_socket()).expect("an address");
        let server = Self(Arc::new(Inner {
            address,
            _port: port,
            manner: Mutex::new(Manner::Take),
            is_listening: Mutex::new(false),
            turned: Condvar::new(),
            kept: Mutex::default(),
            misbehaved: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        }));
        let inner = Arc::clone(&server.0);
        thread::spawn(move || inner.listen());
        server.0.wait_until_it_listens(true);
        server
    }

    /// How it is reached: a value for `--smtp-url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.0.address)
    }

    /// What it does from now on, also with those who are connected.
    pub fn behave(&self, manner: Manner) {
        *self.0.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
        self.0.turn();
        self.0.wait_until_it_listens(manner != Manner::Away);
    }

    /// What it has kept so far.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        self.0.kept().clone()
    }

    /// How many it has kept so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.kept().len()
    }

    /// How many mails it did not simply take so far, and callers that it hung up on.
    #[must_use]
    pub fn misbehaved(&self) -> usize {
        self.0.misbehaved.load(Ordering::Acquire)
    }

    /// How often each mail was kept, by the id in its Message-ID.
    #[must_use]
    pub fn times_kept(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for mail in self.0.kept().iter() {
            *times.entry(mail.id.clone()).or_default() += 1;
        }
        times
    }

    /// Lets nobody in any more.
    pub fn end(&self) {
        self.0.is_over.store(true, Ordering::Release);
        self.0.turn();
    }
}

impl Inner {
    fn manner(&self) -> Manner {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets in whoever calls, but for the times when it is away.
    fn listen(self: Arc<Self>) {
        while !self.is_over() {
            let listener = TcpListener::bind(self.address).expect("the port that is held");
            self.note_listening(true);
            for stream in listener.incoming().map_while(Result::ok) {
                if self.is_over() || self.manner() == Manner::Away {
                    break;
                }
                let inner = Arc::clone(&self);
                // A client that hangs up ends its conversation.
                thread::spawn(move || drop(inner.converse(stream)));
            }
            drop(listener);
            self.note_listening(false);
            let mut is_listening = self.is_listening.lock().unwrap_or_else(PoisonError::into_inner);
            while self.manner() == Manner::Away && !self.is_over() {
                is_listening = self.turned.wait(is_listening).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Has the listener, which waits for a call or until it is to be there again, look at what it is to do.
    fn turn(&self) {
        if self.is_over() || self.manner() == Manner::Away {
            drop(TcpStream::connect(self.address));
        }
        // Under the lock, lest it comes between the listener's look and its wait.
        let _is_listening = self.is_listening.lock().unwrap_or_else(PoisonError::into_inner);
        self.turned.notify_all();
    }

    fn note_listening(&self, is_listening: bool) {
        *self.is_listening.lock().unwrap_or_else(PoisonError::into_inner) = is_listening;
        self.turned.notify_all();
    }

    fn wait_until_it_listens(&self, wanted: bool) {
        let mut is_listening = self.is_listening.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = Instant::now();
        while *is_listening != wanted && !self.is_over() {
            assert!(begin.elapsed() < TURN_MAX, "the mail server cannot listen, or does not stop to");
            let waited = self.turned.wait_timeout(is_listening, TURN_MAX);
            is_listening = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        if self.manner() == Manner::Closed {
            self.misbehaved.fetch_add(1, Ordering::AcqRel);
            return Ok(());
        }
        stream.set_read_timeout(Some(Duration::from_secs(300)))?;
        let mut answer = stream.try_clone()?;
        let mut lines = BufReader::new(stream);
        match self.manner() {
            Manner::Refuse(Step::Greeting, code) => return self.refuse(code, &mut answer),
            _ => answer.write_all(b"220 proof ESMTP\r\n")?,
        }
        let mut line = String::new();
        let mut to = String::new();
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let command = line.trim_end().to_ascii_uppercase();
            if matches!(self.manner(), Manner::Closed | Manner::Away) {
                return Ok(());
            }
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" | "HELO" => answer.write_all(b"250 proof\r\n")?,
                "RCPT" => {
                    to = line.trim_end().split_once(':').map_or_else(String::new, |(_, to)| to.trim().to_owned());
                    match self.manner() {
                        Manner::Refuse(Step::Recipient, code) => self.refuse(code, &mut answer)?,
                        _ => answer.write_all(b"250 ok\r\n")?,
                    }
                }
                "DATA" => {
                    answer.write_all(b"354 go on\r\n")?;
                    let mail = read_mail(&mut lines)?;
                    if !self.end_of_mail(&mail, &to, &mut answer)? {
                        return Ok(());
                    }
                }
                "QUIT" => return answer.write_all(b"221 bye\r\n"),
                _ => answer.write_all(b"250 ok\r\n")?,
            }
        }
    }

    /// Says no.
    fn refuse(&self, code: u16, answer: &mut TcpStream) -> std::io::Result<()> {
        self.misbehaved.fetch_add(1, Ordering::AcqRel);
        answer.write_all(format!("{code} as told\r\n").as_bytes())
    }

    /// Does with a mail as it was told; whether the conversation goes on.
    fn end_of_mail(&self, mail: &[u8], to: &str, answer: &mut TcpStream) -> std::io::Result<bool> {
        let manner = self.manner();
        if matches!(manner, Manner::Take | Manner::DropKept | Manner::TakeAndDrop) {
            let headers = mailparse::parse_headers(mail).map(|(headers, _)| headers).unwrap_or_default();
            let message_id = headers.get_first_value("Message-ID").unwrap_or_default();
            let id = message_id.trim_start_matches('<').split('@').next().unwrap_or_default().to_owned();
            let to = to.trim_matches(['<', '>']).to_owned();
            self.kept().push(Kept { id, message_id, to, at: Instant::now() });
        }
        // A refusal counts itself.
        let is_odd = !matches!(manner, Manner::Take | Manner::Refuse(Step::Mail, _));
        self.misbehaved.fetch_add(usize::from(is_odd), Ordering::AcqRel);
        match manner {
            Manner::Refuse(Step::Mail, code) => self.refuse(code, answer).map(|()| true),
            Manner::Take => answer.write_all(b"250 kept\r\n").map(|()| true),
            Manner::TakeAndDrop => answer.write_all(b"250 kept\r\n").map(|()| false),
            // Who is away, hangs up on callers, or says no before the mail, was told so under way.
            Manner::DropKept | Manner::DropUnkept | Manner::Closed | Manner::Away | Manner::Refuse(..) => Ok(false),
            Manner::Stall => {
                let begin = Instant::now();
                while begin.elapsed() < SILENCE && self.manner() == Manner::Stall {
                    thread::sleep(Duration::from_millis(20));
                }
                Ok(false)
            }
        }
    }
}

/// The lines of a mail up to the dot that ends it.
fn read_mail(lines: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let before = mail.len();
        if lines.read_until(b'\n', &mut mail)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if &mail[before..] == b".\r\n" {
            mail.truncate(before);
            return Ok(mail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_away_is_not_there_and_comes_back() {
        let server = MailServer::start();
        let call = || TcpStream::connect(server.0.address).map(drop).map_err(|error| error.kind());
        for _ in 0..3 {
            assert_eq!(call(), Ok(()));
            server.behave(Manner::Away);
            assert_eq!(call(), Err(std::io::ErrorKind::ConnectionRefused));
            server.behave(Manner::Take);
        }
        assert_eq!((call(), server.misbehaved()), (Ok(()), 0));
    }
}
