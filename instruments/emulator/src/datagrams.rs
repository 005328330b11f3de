//! An instrument behind a UDP port: every client that has sent something is a connection of its own,
//! whose stream is made of datagrams.
//!
//! Nothing grows without bound: a queue that is full drops what comes, as a network does, and with
//! too many clients the one that has been silent longest is forgotten.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use crate::bench::EmulatedBench;
use crate::connection::Stream;
use crate::error::EmulatorError;
use crate::session::Spoken;

/// Longest datagram that is looked at, bytes; what is behind is cut off.
const LONGEST: usize = 1500;
/// Datagrams of one client that wait to be looked at.
const MOST_QUEUED: usize = 64;
/// Clients that are remembered.
const MOST_CLIENTS: usize = 64;

impl EmulatedBench {
    /// Serves an instrument that speaks in datagrams to every client of a UDP socket, for as long as
    /// it is awaited.
    ///
    /// # Errors
    /// When the bench has no such instrument, or it speaks in none.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub async fn serve_udp(
        &self,
        socket: UdpSocket,
        instrument: &str,
    ) -> Result<(), EmulatorError> {
        let wire = self
            .datagrams(instrument)?
            .ok_or_else(|| EmulatorError::NoDatagrams(instrument.to_owned()))?;
        let terminator = wire.terminator().and_then(|end| end.bytes().last());
        let port = Port::new(socket, terminator);
        loop {
            for peer in port.accept().await {
                self.serve(instrument, Box::new(peer))?;
            }
        }
    }
}

/// A UDP socket that its clients share.
struct Port {
    socket: UdpSocket,
    /// Ends a reply: two that go out together are two datagrams.
    terminator: Option<u8>,
    clients: RefCell<BTreeMap<SocketAddr, Inbox>>,
    /// Datagrams received, which tells who has been silent longest.
    received: Cell<u64>,
    /// Told when a datagram of a new client has come.
    stranger: Notify,
}

/// What a client has sent.
#[derive(Default)]
struct Inbox {
    queue: VecDeque<Vec<u8>>,
    /// Numbers of its first and of its last datagram.
    first: u64,
    latest: u64,
    /// Whom to tell of the next one.
    waker: Option<Waker>,
    /// It has a connection.
    served: bool,
}

impl Port {
    /// On a socket that is bound.
    fn new(socket: UdpSocket, terminator: Option<u8>) -> Rc<Self> {
        Rc::new(Self {
            socket,
            terminator,
            clients: RefCell::default(),
            received: Cell::new(0),
            stranger: Notify::new(),
        })
    }

    /// Streams of clients that are new, at least one.
    async fn accept(self: &Rc<Self>) -> Vec<Peer> {
        loop {
            self.collect();
            let new: Vec<Peer> = self
                .clients
                .borrow_mut()
                .iter_mut()
                .filter(|(_, inbox)| !inbox.served)
                .map(|(&address, inbox)| {
                    inbox.served = true;
                    Peer {
                        port: Rc::clone(self),
                        address,
                        first: inbox.first,
                    }
                })
                .collect();
            if !new.is_empty() {
                return new;
            }
            tokio::select! {
                // what is wrong with the socket shows when it is read
                _readable = self.socket.readable() => {}
                () = self.stranger.notified() => {}
            }
        }
    }

    /// Takes over what the system has received.
    fn collect(&self) {
        let mut buffer = [0; LONGEST];
        while let Ok((length, from)) = self.socket.try_recv_from(&mut buffer) {
            self.received.set(self.received.get() + 1);
            let mut clients = self.clients.borrow_mut();
            if !clients.contains_key(&from) {
                if clients.len() >= MOST_CLIENTS {
                    let silent = clients.iter().min_by_key(|(_, inbox)| inbox.latest);
                    if let Some((&address, _)) = silent
                        && let Some(waker) = clients.remove(&address).and_then(|gone| gone.waker)
                    {
                        waker.wake();
                    }
                }
                self.stranger.notify_one();
            }
            let number = self.received.get();
            let inbox = clients.entry(from).or_insert_with(|| Inbox {
                first: number,
                ..Inbox::default()
            });
            inbox.latest = number;
            if inbox.queue.len() < MOST_QUEUED {
                inbox.queue.push_back(buffer[..length].to_vec());
            }
            if let Some(waker) = inbox.waker.take() {
                waker.wake();
            }
        }
    }
}

/// The stream of one client.
struct Peer {
    port: Rc<Port>,
    address: SocketAddr,
    /// Number of its first datagram: a client that was forgotten and comes back is another.
    first: u64,
}

impl Stream for Peer {
    fn spoken(&self) -> Option<Spoken> {
        Some(Spoken::Datagrams)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let mut clients = self.port.clients.borrow_mut();
        if clients
            .get(&self.address)
            .is_some_and(|inbox| inbox.first == self.first)
        {
            clients.remove(&self.address);
        }
    }
}

impl AsyncRead for Peer {
    /// One datagram; the end when the client has been forgotten.
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.port.collect();
        let mut clients = self.port.clients.borrow_mut();
        let inbox = clients.get_mut(&self.address);
        let Some(inbox) = inbox.filter(|inbox| inbox.first == self.first) else {
            return Poll::Ready(Ok(()));
        };
        // an empty datagram says nothing, and would look like the end
        inbox.queue.retain(|datagram| !datagram.is_empty());
        let Some(datagram) = inbox.queue.pop_front() else {
            inbox.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let taken = datagram.len().min(buffer.remaining());
        buffer.put_slice(&datagram[..taken]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    /// One reply, which is lost where the network does not take it.
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let end = bytes
            .iter()
            .position(|&byte| Some(byte) == self.port.terminator);
        let length = end.map_or(bytes.len(), |end| end + 1);
        let _lost = self.port.socket.try_send_to(&bytes[..length], self.address);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_queues_are_bounded() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
            let at = socket.local_addr().expect("bound");
            let port = Port::new(socket, None);
            let (mut clients, mut peers) = (Vec::new(), Vec::new());
            for _ in 0..=MOST_CLIENTS {
                let client = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
                client.send_to(b"?", at).await.expect("sent");
                peers.extend(port.accept().await);
                clients.push(client);
            }
            let address = |n: usize| clients[n].local_addr().expect("bound");
            let known = |n: usize| port.clients.borrow().contains_key(&address(n));
            assert_eq!(port.clients.borrow().len(), MOST_CLIENTS);
            assert!(!known(0) && known(1) && known(MOST_CLIENTS));
            // the second client speaks again: now the third has been silent longest
            clients[1].send_to(b"?", at).await.expect("sent");
            clients[0].send_to(b"?", at).await.expect("sent");
            let back = port.accept().await;
            assert_eq!(back.len(), 1);
            assert!(known(0) && known(1) && !known(2));
            // the stream that the first client had before is not the one it has now
            drop(peers);
            assert!(known(0) && !known(1));
            for _ in 0..MOST_QUEUED + 9 {
                clients[0].send_to(b"?", at).await.expect("sent");
            }
            port.socket.readable().await.expect("a socket");
            port.collect();
            let queued = port.clients.borrow()[&address(0)].queue.len();
            assert_eq!(queued, MOST_QUEUED);
            drop(back);
            assert!(port.clients.borrow().is_empty());
        });
    }
}
