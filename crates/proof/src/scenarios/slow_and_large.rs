//! Clients that send slowly, read slowly, or send more than anybody can want: they are cut, and nobody else notices.

use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use flate2::{
    Compression, Crc,
    write::{GzEncoder, ZlibEncoder},
};
use socket2::{Domain, Socket, Type};

use super::ground::{Ground, p99};
use crate::{
    harness::{
        measure::{forget_peak, memory_kib, peak_kib},
        program,
        shop::Shop,
    },
    judge::thousands,
    scenario::{Alone, Control, Engine, Outcome, Run, Scenario},
};

/// After how long a slow client must be cut: ten seconds, and what it takes to notice, on a noisy machine and on a quiet one.
const CUT_MAX: (Duration, Duration) = (Duration::from_secs(13), Duration::from_millis(10_500));
/// The same for slowhttptest, which begins within a second and looks once a second.
const CUT_BY_TOOL_MAX: Duration = Duration::from_millis(12_500);
/// How often a slow client sends a byte, and how often one that reads slowly looks whether it is still there: more would be a load, and
/// not slow.
const DRIP: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(400);
/// How long a client waits to be cut.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a part of a large body, of some 100 kB, takes on a line of 100 Mbit/s: what comes by the gigabyte a second comes from within.
const PART_TAKES: Duration = Duration::from_millis(8);
/// How much memory all of it may cost.
const GROWTH_MAX_KIB: u64 = 32 * 1024;
/// From how many bytes on a body may be cut off instead of being answered: more than the program reads for the answer's sake.
const ENDLESS: usize = 17_000_000;
const BUYERS: usize = 4;
/// How long the quiet day before is: in a long run as long as the siege, so that all that orders need of memory is there; and the one after
/// it, since a shop that has more orders takes longer, whoever besieges it.
const BEFORE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(20));
const AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));
/// After how long a slow client may be cut at the earliest: whoever is sent away at once was not slow.
const CUT_MIN: Duration = Duration::from_secs(5);
/// How much longer an order may take afterwards than before: in a short run nobody asks, since a second says nothing.
const LASTING_MAX: (f64, f64) = (f64::INFINITY, 1.5);
/// How much longer an order may take meanwhile, at the 99th percentile: in a short run on a noisy machine, and in a long one.
const SLOWER_MAX: (f64, f64) = (6.0, 1.5);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "slow-and-large",
    injects: "slow heads, bodies and readers, also by slowhttptest; 1 to 100 MB, depth 100,000, a million keys, a gzip bomb, a picture of 50,000²",
    holds: "cut within 10 s; order p99 within 1.5; 32 MiB more at most, from strangers and one after the other",
    engines: &[Engine::Sqlite],
    alone: Alone::Always,
    parts: 1,
    // Together with those of slowhttptest, eight hundred at once.
    run: |run| besiege(run, run.count(100, 500), None),
    control: Control {
        without: "looking at how long a client takes",
        finds: &[
            "a slow head: still there after",
            "a slow body: still there after",
            "a slow form: still there after",
            "silence after a head: still there after",
            "a slow reader: still there after",
            "a reader who does not read: still there after",
        ],
        on_one_engine: false,
        run: |run| besiege(run, SLOW.len() as u64, Some("guard.overdue=return")),
    },
};

/// Somebody who takes their time. Gives after how long they were cut, or why they were not.
type Slow = fn(SocketAddr) -> Result<Duration, String>;

const SLOW: [(&str, Slow); 6] = [
    ("a slow head", slow_head),
    ("a slow body", slow_body),
    ("a slow form", slow_form),
    ("silence after a head", silence),
    ("a slow reader", slow_reader),
    ("a reader who does not read", no_reader),
];

/// Somebody who sends a lot: what, and how it must be answered.
struct Large {
    what: &'static str,
    head: &'static str,
    /// A part of the body, and how often it is sent.
    part: fn() -> (Vec<u8>, usize),
    answers: &'static [u16],
}

const JSON: &str = "POST /v1/auth/login HTTP/1.1\r\ncontent-type: application/json\r\n";
const CHUNKED: &str =
    "POST /v1/auth/login HTTP/1.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n";
const GZIP: &str = "POST /v1/auth/login HTTP/1.1\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n";
/// What takes fields by names of the shop's own, each with a value of any kind: nothing is refused before all of it was read.
const PRODUCT: &str = "POST /v1/admin/products HTTP/1.1\r\ncontent-type: application/json\r\n";
const PICTURE: &str = "POST /v1/admin/pictures HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=line\r\n";
/// What stands at the end of a head that is itself too large.
const LARGE_HEAD: &str = "GET /v1/products HTTP/1.1\r\nx-large: ";

const LARGE: [Large; 11] = [
    Large { what: "1 MB of blanks", head: JSON, part: || (vec![b' '; 100_000], 10), answers: &[400] },
    Large { what: "2 MB", head: JSON, part: || (vec![b' '; 100_000], 20), answers: &[413] },
    Large { what: "10 MB", head: JSON, part: || (vec![b' '; 100_000], 100), answers: &[413] },
    Large { what: "100 MB", head: JSON, part: || (vec![b' '; 100_000], 1_000), answers: &[413] },
    Large {
        what: "chunks without end",
        head: CHUNKED,
        part: || ([b"186a0\r\n".as_slice(), &[b' '; 100_000], b"\r\n"].concat(), 1_000),
        answers: &[413],
    },
    Large {
        what: "depth 100,000",
        head: PRODUCT,
        part: || ([br#"{"attributes":{"a":"#.as_slice(), &[b'['; 100_000]].concat(), 1),
        answers: &[400],
    },
    Large {
        what: "as many keys as fit",
        head: PRODUCT,
        part: || {
            let keys: Vec<_> = (0..80_600).map(|number| format!(r#""a{number:07}":1"#)).collect();
            (format!(r#"{{"attributes":{{{}}}}}"#, keys.join(",")).into_bytes(), 1)
        },
        answers: &[422],
    },
    Large { what: "a million keys", head: JSON, part: || (br#"{"a1234567":1,"#.repeat(10_000), 100), answers: &[413] },
    Large { what: "a gzip bomb", head: GZIP, part: || (gzip_bomb(), 1), answers: &[415] },
    Large { what: "a head of 1 MB", head: LARGE_HEAD, part: || (vec![b'a'; 1_000_000], 1), answers: &[400, 431] },
    Large { what: "a picture of 50,000²", head: PICTURE, part: || (huge_picture(), 1), answers: &[422] },
];

fn besiege(run: &Run, slow: u64, lifted: Option<&str>) -> Outcome {
    let mut ground = Ground::new(run, &[]);
    ground.launch.set_faults(lifted.map(str::to_owned));
    let launch = &ground.launch;
    let server = launch.start();
    let shop = Shop::fill(launch.address, BUYERS);
    let mut outcome = Outcome::default();
    let slow_by_tool = slow / 5;
    let cut_max = run.choose(CUT_MAX);
    // Before anybody is measured: to pack a bomb is work, of those who send it.
    let large = LARGE.iter().map(|large| ((large.part)(), large)).collect::<Vec<_>>();
    // What orders need of memory is not the attackers' doing.
    let quiet = |label, day, outcome: &mut Outcome| p99(&shop, BUYERS, label, outcome, || thread::sleep(day)).0;
    let quiet_before = quiet("before", run.choose(BEFORE), &mut outcome);
    let before = memory_kib(server.id());
    forget_peak(server.id()).expect("the server's peak");
    let mut found = Vec::new();
    let (stormy, ()) = p99(&shop, BUYERS, "siege", &mut outcome, || {
        thread::scope(|scope| {
            let slow: Vec<_> = (0..slow)
                .map(|number| {
                    let (what, act) = SLOW[usize::try_from(number % SLOW.len() as u64).expect("small")];
                    scope.spawn(move || (what, act(launch.address)))
                })
                .collect();
            let tools = TOOL_MODES.map(|mode| {
                let folder = ground.folder.path();
                scope.spawn(move || slowhttptest(mode, slow_by_tool, launch.address, folder))
            });
            for (body, large) in large {
                found.extend(large.send(&shop, body, cut_max).err());
            }
            for tool in tools {
                found.extend(tool.join().expect("slowhttptest").err());
            }
            for one in slow {
                match one.join().expect("a slow client") {
                    (what, Ok(after)) if after > cut_max => found.push(format!("{what} was not cut for {after:?}")),
                    (what, Ok(after)) if after < CUT_MIN => {
                        found.push(format!("{what} was cut after {after:?} already"))
                    }
                    (_, Ok(_)) => {}
                    (what, Err(why)) => found.push(format!("{what}: {why}")),
                }
            }
        });
    });
    outcome.violations.append(&mut found);
    // The peak, however short it was.
    let grown = peak_kib(server.id()).saturating_sub(before);
    if grown > GROWTH_MAX_KIB {
        outcome.violate(format!("the program grew by {} KiB", thousands(grown)));
    }
    let quiet_after = quiet("after", run.choose(AFTER), &mut outcome);
    let slower = stormy / ((quiet_before + quiet_after) / 2.0).max(0.001);
    let limit = run.choose(SLOWER_MAX);
    if quiet_after > quiet_before * run.choose(LASTING_MAX) {
        outcome.violate(format!("orders took {quiet_after:.1} ms afterwards, and {quiet_before:.1} before"));
    }
    if slower > limit {
        outcome.violate(format!("orders took {slower:.1} times as long as on a quiet day"));
    }
    server.stop();
    outcome.runs = slow + slow_by_tool * TOOL_MODES.len() as u64 + LARGE.len() as u64;
    outcome.injected = format!(
        "{} slow clients; {} KiB more; order p99 {slower:.1} of quiet",
        slow + slow_by_tool * TOOL_MODES.len() as u64,
        thousands(grown)
    );
    outcome
}

/// How slowhttptest is slow: at heads, at bodies, at reading; and what it asks for.
const TOOL_MODES: [(&str, &str); 3] = [("-H", "/v1/products"), ("-B", "/v1/auth/login"), ("-X", "/openapi.json")];

/// Lets slowhttptest hold so many connections; none may be left when their time is over.
fn slowhttptest((mode, path): (&str, &str), count: u64, address: SocketAddr, folder: &Path) -> Result<(), String> {
    let told = folder.join(format!("slowhttptest{mode}"));
    // It looks at its connections without a pause. Whoever is slow from far away does not take this machine's processors for that.
    let mut command = program::stepping_back("slowhttptest");
    command.args([mode, "-g", "-o"]).arg(&told).args(["-u", &format!("http://{address}{path}")]);
    // All of them at once, a few bytes each second; replies are asked for often enough to fill every buffer.
    let count = count.max(1).to_string();
    command.args([
        "-c", &count, "-r", &count, "-i", "1", "-n", "1", "-x", "8", "-k", "10", "-w", "1", "-y", "512", "-z", "5",
    ]);
    command.args(["-f", "application/json", "-s", "5000", "-p", "3", "-l", &PATIENCE.as_secs().to_string()]);
    let (ended, lying) = thread::scope(|scope| {
        let looking = scope.spawn(|| {
            thread::sleep(CUT_BY_TOOL_MAX);
            left_lying(address.port())
        });
        (program::run(&mut command, ""), looking.join().expect("a look at the connections"))
    });
    let rows = fs::read_to_string(told.with_extension("csv")).map_err(|error| format!("{ended:?}: {error}"))?;
    // Whoever reads a few bytes a second does not see that the connection is gone: that is looked at from outside.
    let judged =
        if mode == "-X" { judge_service(&rows).and(lying) } else { judge_service(&rows).and(judge_cut(&rows)) };
    judged.map_err(|why| format!("slowhttptest {mode}: {why}:\n{rows}"))
}

/// What slowhttptest counted, second by second: `Seconds,Closed,Pending,Connected,Service Available`.
fn counted(rows: &str) -> impl Iterator<Item = [u64; 5]> {
    rows.lines().filter_map(|line| {
        let cells: Option<Vec<u64>> = line.split(',').map(|cell| cell.trim().parse().ok()).collect();
        cells?.try_into().ok()
    })
}

/// Whether it came through at all, and whether others were served all the while.
fn judge_service(rows: &str) -> Result<(), String> {
    if counted(rows).all(|[_, _, _, connected, _]| connected == 0) {
        return Err("nobody was ever connected".to_owned());
    }
    if counted(rows).any(|[.., available]| available == 0) {
        return Err("the shop was not to be had meanwhile".to_owned());
    }
    Ok(())
}

/// Whether all were cut in time.
fn judge_cut(rows: &str) -> Result<(), String> {
    let is_late = |[second, _, pending, connected, _]: &[u64; 5]| {
        Duration::from_secs(*second) > CUT_BY_TOOL_MAX && pending + connected > 0
    };
    match counted(rows).find(is_late) {
        Some([second, _, pending, connected, _]) => {
            Err(format!("after {second} seconds {} are still there", pending + connected))
        }
        None => Ok(()),
    }
}

/// Whether any connection of this port still has thousands of bytes that nobody takes, as the system tells it: in `/proc/net/tcp` the
/// address comes second, then the other one's, the state (1: established), and what waits to be sent.
fn left_lying(port: u16) -> Result<(), String> {
    let table = fs::read_to_string("/proc/net/tcp").map_err(|error| error.to_string())?;
    let own = format!(":{port:04X}");
    let is_lying = |line: &&str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, "01", queues, ..] = cells.as_slice() else { return false };
        let unsent = queues.split(':').next().and_then(|queue| u64::from_str_radix(queue, 16).ok());
        local.ends_with(&own) && unsent.is_some_and(|unsent| unsent > 4_096)
    };
    match table.lines().filter(is_lying).count() {
        0 => Ok(()),
        count => {
            Err(format!("after {CUT_BY_TOOL_MAX:?} {count} have not taken what waits for them, and are still there"))
        }
    }
}

fn call(address: SocketAddr) -> Result<TcpStream, String> {
    let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(DRIP)).map_err(|error| error.to_string())?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
    Ok(stream)
}

/// Begins with this, and sends a byte now and then until the line is dead; gives after how long it was.
fn drip(address: SocketAddr, head: &[u8], byte: &[u8]) -> Result<Duration, String> {
    let mut stream = call(address)?;
    stream.write_all(head).map_err(|error| error.to_string())?;
    let begin = Instant::now();
    let mut answer = [0; 1024];
    while begin.elapsed() < PATIENCE {
        if !byte.is_empty() && stream.write_all(byte).is_err() {
            return Ok(begin.elapsed());
        }
        match stream.read(&mut answer) {
            Ok(0) => return Ok(begin.elapsed()),
            // A refusal; the line is cut after it.
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return Ok(begin.elapsed()),
        }
    }
    Err(format!("still there after {PATIENCE:?}"))
}

fn slow_head(address: SocketAddr) -> Result<Duration, String> {
    drip(address, b"GET /v1/products HTTP/1.1\r\nhost: shop\r\nx-slow: ", b"a")
}

fn slow_body(address: SocketAddr) -> Result<Duration, String> {
    let head = b"POST /v1/auth/login HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{";
    drip(address, head, b" ")
}

/// The staff's pages take other bodies than the API does, from strangers too.
fn slow_form(address: SocketAddr) -> Result<Duration, String> {
    let head = b"POST /staff/sign-in HTTP/1.1\r\nhost: shop\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 5000\r\n\r\ncsrf=";
    drip(address, head, b"a")
}

fn silence(address: SocketAddr) -> Result<Duration, String> {
    let head =
        b"POST /v1/auth/login HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n";
    drip(address, head, b"")
}

/// Takes a few bytes now and then of a lot that it asked for.
fn slow_reader(address: SocketAddr) -> Result<Duration, String> {
    leave_lying(address, 5)
}

/// Takes nothing.
fn no_reader(address: SocketAddr) -> Result<Duration, String> {
    leave_lying(address, 0)
}

/// Asks for more than fits into any buffer and takes so many bytes of it at a time; gives for how long the line was alive, at least.
fn leave_lying(address: SocketAddr, bytes: usize) -> Result<Duration, String> {
    let words = |error: io::Error| error.to_string();
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).map_err(words)?;
    // As those do who want to be slow: the system takes no more than this for them.
    socket.set_recv_buffer_size(4096).map_err(words)?;
    socket.connect(&address.into()).map_err(words)?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).map_err(words)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(words)?;
    stream.write_all(&b"GET /openapi.json HTTP/1.1\r\nhost: shop\r\n\r\n".repeat(20)).map_err(words)?;
    let (begin, mut alive) = (Instant::now(), Duration::ZERO);
    let mut piece = vec![0; bytes];
    while begin.elapsed() < PATIENCE {
        thread::sleep(LOOK);
        let looked_at = begin.elapsed();
        // Only who sends learns that the other side is gone while there is still something to read.
        if stream.read_exact(&mut piece).is_err() || stream.write_all(b"a").is_err() {
            return Ok(alive);
        }
        alive = looked_at;
    }
    Err(format!("still there after {PATIENCE:?}"))
}

/// A hundred megabytes of nothing, in a hundred kilobytes.
fn gzip_bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1_000 {
        packed.write_all(&[b' '; 100_000]).expect("memory takes it");
    }
    packed.finish().expect("memory takes it")
}

/// A form with a picture of 50,000 by 50,000 pixels, all of them black: seven and a half gigabytes, in a few kilobytes of which the
/// beginning is there.
fn huge_picture() -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let body = [kind, data].concat();
        let length = u32::try_from(data.len()).expect("small").to_be_bytes();
        let mut checksum = Crc::new();
        checksum.update(&body);
        [length.as_slice(), &body, &checksum.sum().to_be_bytes()].concat()
    };
    let size = 50_000_u32.to_be_bytes();
    let header = [size.as_slice(), &size, &[8, 2, 0, 0, 0]].concat();
    // A row is a byte that says how it is written, and three for each pixel.
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..100 {
        pixels.write_all(&vec![0; 150_001]).expect("memory takes it");
    }
    let pixels = pixels.finish().expect("memory takes it");
    [
        b"--line\r\ncontent-disposition: form-data; name=\"file\"; filename=\"huge.png\"\r\ncontent-type: image/png\r\n\r\n",
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", &header),
        &chunk(b"IDAT", &pixels),
        &chunk(b"IEND", b""),
        b"\r\n--line--\r\n",
    ]
    .concat()
}

impl Large {
    fn send(&self, shop: &Shop, (part, times): (Vec<u8>, usize), cut_max: Duration) -> Result<(), String> {
        let what = self.what;
        let mut head = self.head.to_owned();
        if head != LARGE_HEAD {
            if head != CHUNKED {
                head.push_str(&format!("content-length: {}\r\n", part.len() * times));
            }
            let token = &shop.owner;
            head.push_str(&format!("host: shop\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"));
        }
        let mut stream = call(shop.address).map_err(|error| format!("{what}: {error}"))?;
        let begin = Instant::now();
        let mut is_sent = stream.write_all(head.as_bytes()).is_ok();
        for _ in 0..times {
            // Whoever is refused is not listened to any more.
            if !is_sent {
                break;
            }
            is_sent = stream.write_all(&part).is_ok();
            thread::sleep(PART_TAKES);
        }
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while begin.elapsed() < PATIENCE {
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => answer.extend_from_slice(&piece[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        if begin.elapsed() > cut_max {
            return Err(format!("{what} was not cut for {:?}", begin.elapsed()));
        }
        let text = String::from_utf8_lossy(&answer);
        let status: u16 = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        // Nothing at all: the line was cut while it was still being sent, since nobody reads so much to its end.
        let is_endless = part.len().saturating_mul(times) >= ENDLESS;
        if self.answers.contains(&status) || (answer.is_empty() && !is_sent && is_endless) {
            return Ok(());
        }
        Err(format!("{what} was answered with {status}: {}", text.chars().take(200).collect::<String>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Seconds,Closed,Pending,Connected,Service Available\n";

    #[test]
    fn what_slowhttptest_counts_is_judged() {
        let good = format!("{HEAD}0,0,1,0,20\n1,0,0,20,20\n12,0,0,20,20\n13,20,0,0,20\n");
        assert_eq!(judge_service(&good).and(judge_cut(&good)), Ok(()));
        assert!(judge_cut(&format!("{good}14,0,0,1,20\n")).is_err());
        assert!(judge_service(&format!("{good}14,0,0,0,0\n")).is_err());
        assert!(judge_service(HEAD).is_err(), "nothing was tried");
    }
}
