//! Ports for servers of tests.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

/// The ports that are dealt out: below those that systems give to whoever asks for any (Linux: from 32,768 on), among them every
/// connection that somebody opens.
const FIRST: u16 = 20_000;
/// How many of them one program has for itself.
const BLOCK: u16 = 100;
const BLOCKS: u16 = 120;

/// The first port of this program's block. Whoever listens on it has the block; the system takes it back however the program ends.
static MINE: LazyLock<TcpListener> = LazyLock::new(|| {
    let mut firsts = (0..BLOCKS).map(|block| FIRST + block * BLOCK);
    let mine = firsts.find_map(|first| TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok());
    mine.expect("a block of ports between 20,000 and 32,000 that no other test has")
});

/// An address of this machine on which nobody listens, and which no other program of tests is given: a server that is ended and started again
/// finds it free. Within this program it is not given again before the rest of the block was.
///
/// # Panics
/// When there is none left.
#[must_use]
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = MINE.local_addr().expect("an address").port();
    for _ in 1..BLOCK {
        let port = first + 1 + NEXT.fetch_add(1, Ordering::Relaxed) % (BLOCK - 1);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        // What an earlier program left behind may still be listening.
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free between {first} and {}", first + BLOCK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_given_twice_in_a_row_nor_while_somebody_listens() {
        let taken = free_address();
        let _listener = TcpListener::bind(taken).expect("nobody listens");
        let rest: Vec<_> = (1..BLOCK).map(|_| free_address()).collect();
        assert!(!rest.contains(&taken), "{taken} of {rest:?}");
        assert!(rest.windows(2).all(|two| two[0] != two[1]), "{rest:?}");
    }

    /// Another program would find this one's block taken.
    #[test]
    fn a_block_is_held() {
        let first = MINE.local_addr().expect("an address");
        assert!(TcpListener::bind(first).is_err(), "{first} is free");
        assert!(free_address().port() > first.port());
    }
}
