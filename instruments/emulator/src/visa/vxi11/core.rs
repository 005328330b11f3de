//! The procedures of the core channel, for one client.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use super::rpc::{Call, Reader, Refusal, put, put_opaque};
use super::{CORE, Gateway, VERSION};
use crate::visa::link::MESSAGE_AVAILABLE;
use crate::visa::locks::Wish;
use crate::visa::{Link, Locks};

/// Device errors (VXI-11, table B.2).
const NOT_ACCESSIBLE: u32 = 3;
pub(super) const INVALID_LINK: u32 = 4;
const NOT_SUPPORTED: u32 = 8;
const LOCKED_BY_ANOTHER: u32 = 11;
const NO_LOCK_HELD: u32 = 12;
const TIME_OUT: u32 = 15;
const IO_ERROR: u32 = 17;
const ABORTED: u32 = 23;

/// Flags of an operation.
const WAIT_LOCK: u32 = 1;
const END: u32 = 8;
const TERMINATION_CHARACTER: u32 = 128;

/// Why a read ended.
const COUNT_REACHED: u32 = 1;
const CHARACTER_SEEN: u32 = 2;
const MESSAGE_ENDED: u32 = 4;

/// Most bytes of one write, and of one read.
const LONGEST: usize = 64 * 1024;

/// Outcome of a procedure that may fail: results, or a device error.
type Outcome<T> = Result<T, u32>;

/// A link of a client.
struct Linked {
    link: Link,
    locks: Rc<Locks>,
    /// Its name towards the locks.
    client: u64,
    abort: Rc<Notify>,
}

impl Linked {
    /// Until others' locks are out of the way, as long as the client wants to wait.
    async fn admitted(&self, flags: u32, patience: u32) -> Outcome<()> {
        if self.locks.admits(self.client) {
            return Ok(());
        }
        if flags & WAIT_LOCK == 0 {
            return Err(LOCKED_BY_ANOTHER);
        }
        let patience = Duration::from_millis(u64::from(patience));
        tokio::time::timeout(patience, self.locks.admission(self.client))
            .await
            .map_err(|_| LOCKED_BY_ANOTHER)
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.locks.forget(self.client);
    }
}

/// Parameters that most procedures have.
struct Generic {
    link: u32,
    flags: u32,
    lock_timeout: u32,
}

/// One connection to the core channel with its links.
pub(super) struct Client<'a> {
    gateway: &'a Gateway,
    links: BTreeMap<u32, Linked>,
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        let mut aborts = self.gateway.aborts.borrow_mut();
        for link in self.links.keys() {
            aborts.remove(link);
        }
    }
}

impl<'a> Client<'a> {
    pub(super) fn new(gateway: &'a Gateway) -> Self {
        Self {
            gateway,
            links: BTreeMap::new(),
        }
    }

    /// Carries out a call.
    pub(super) async fn core(&mut self, call: Call<'_>) -> Result<Vec<u8>, Refusal> {
        match (call.program, call.version) {
            (CORE, VERSION) => {}
            (CORE, _) => return Err(Refusal::Version(VERSION)),
            (_, _) => return Err(Refusal::Program),
        }
        let mut arguments = call.arguments;
        let outcome = match call.procedure {
            0 => return Ok(Vec::new()),
            10 => self.create(&mut arguments).await,
            11 => self.write(&mut arguments).await,
            12 => self.read(&mut arguments).await,
            13 => self.status(&mut arguments).await,
            14 => self.trigger(&mut arguments).await,
            15 => self.clear(&mut arguments).await,
            16 | 17 => self.remote_or_local(&mut arguments).await,
            18 => self.lock(&mut arguments).await,
            19 => self.unlock(&mut arguments),
            20 | 25 | 26 => Some(error(NOT_SUPPORTED)),
            22 => Some(command()),
            23 => self.destroy(&mut arguments),
            _ => return Err(Refusal::Procedure),
        };
        outcome.ok_or(Refusal::Arguments)
    }

    async fn create(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let _client_id = arguments.word()?;
        let lock = arguments.word()? != 0;
        let patience = Duration::from_millis(u64::from(arguments.word()?));
        let name = arguments.opaque()?;
        let answer = |error: u32, link: u32| {
            let mut out = Vec::new();
            put(
                &mut out,
                &[
                    error,
                    link,
                    u32::from(self.gateway.abort_port),
                    LONGEST as u32,
                ],
            );
            Some(out)
        };
        let Some(device) = self.gateway.device(name) else {
            return answer(NOT_ACCESSIBLE, 0);
        };
        let Ok(link) = Link::open(&self.gateway.bench, &device.name) else {
            return answer(NOT_ACCESSIBLE, 0);
        };
        let linked = Linked {
            link,
            locks: Rc::clone(&device.locks),
            client: device.locks.client(),
            abort: Rc::default(),
        };
        if lock && linked.locks.acquire(linked.client, b"", patience).await == Wish::Refused {
            return answer(LOCKED_BY_ANOTHER, 0);
        }
        let number = self.gateway.next_link.get();
        self.gateway.next_link.set(number.wrapping_add(1).max(1));
        let abort = Rc::clone(&linked.abort);
        self.gateway.aborts.borrow_mut().insert(number, abort);
        self.links.insert(number, linked);
        answer(0, number)
    }

    async fn write(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let link = arguments.word()?;
        let io_timeout = Duration::from_millis(u64::from(arguments.word()?));
        let lock_timeout = arguments.word()?;
        let flags = arguments.word()?;
        let data = arguments.opaque()?;
        let outcome = async {
            let linked = self.links.get_mut(&link).ok_or(INVALID_LINK)?;
            linked.admitted(flags, lock_timeout).await?;
            let send = linked.link.send(data, flags & END != 0);
            match tokio::time::timeout(io_timeout, send).await {
                Ok(Ok(())) => Ok(data.len() as u32),
                Ok(Err(_)) => Err(IO_ERROR),
                Err(_) => Err(TIME_OUT),
            }
        };
        let mut out = Vec::new();
        match outcome.await {
            Ok(written) => put(&mut out, &[0, written]),
            Err(error) => put(&mut out, &[error, 0]),
        }
        Some(out)
    }

    async fn read(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let link = arguments.word()?;
        let size = arguments.word()? as usize;
        let io_timeout = Duration::from_millis(u64::from(arguments.word()?));
        let lock_timeout = arguments.word()?;
        let flags = arguments.word()?;
        let character = arguments.word()? as u8;
        let last = (flags & TERMINATION_CHARACTER != 0).then_some(character);
        let outcome = async {
            let linked = self.links.get_mut(&link).ok_or(INVALID_LINK)?;
            linked.admitted(flags, lock_timeout).await?;
            self.gateway.await_reply(linked, io_timeout).await?;
            Ok(part(&mut linked.link, size, last))
        };
        let mut out = Vec::new();
        match outcome.await {
            Ok((reason, data)) => {
                put(&mut out, &[0, reason]);
                put_opaque(&mut out, &data);
            }
            Err(error) => put(&mut out, &[error, 0, 0]),
        }
        Some(out)
    }

    async fn status(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match self.admit(generic(arguments)?).await {
            Ok(linked) => {
                let available = !linked.link.replies().is_empty();
                let bit = if available { MESSAGE_AVAILABLE } else { 0 };
                put(&mut out, &[0, u32::from(linked.link.status() | bit)]);
            }
            Err(error) => put(&mut out, &[error, 0]),
        }
        Some(out)
    }

    async fn trigger(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        Some(match self.admit(generic(arguments)?).await {
            Ok(linked) => match linked.link.send(b"*TRG", true).await {
                Ok(()) => error(0),
                Err(_) => error(IO_ERROR),
            },
            Err(code) => error(code),
        })
    }

    async fn clear(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        Some(match self.admit(generic(arguments)?).await {
            Ok(linked) => match linked.link.clear() {
                Ok(()) => error(0),
                Err(_) => error(IO_ERROR),
            },
            Err(code) => error(code),
        })
    }

    async fn remote_or_local(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let outcome = self.admit(generic(arguments)?).await;
        Some(error(outcome.map_or_else(|code| code, |_| 0)))
    }

    async fn lock(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let (link, flags, timeout) = (arguments.word()?, arguments.word()?, arguments.word()?);
        let Some(linked) = self.links.get(&link) else {
            return Some(error(INVALID_LINK));
        };
        let patience = if flags & WAIT_LOCK == 0 { 0 } else { timeout };
        let patience = Duration::from_millis(u64::from(patience));
        Some(
            match linked.locks.acquire(linked.client, b"", patience).await {
                Wish::Granted => error(0),
                Wish::Refused | Wish::Held => error(LOCKED_BY_ANOTHER),
            },
        )
    }

    fn unlock(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let link = arguments.word()?;
        Some(match self.links.get(&link) {
            None => error(INVALID_LINK),
            Some(linked) => match linked.locks.release(linked.client) {
                Some(_) => error(0),
                None => error(NO_LOCK_HELD),
            },
        })
    }

    fn destroy(&mut self, arguments: &mut Reader<'_>) -> Option<Vec<u8>> {
        let link = arguments.word()?;
        self.gateway.aborts.borrow_mut().remove(&link);
        let known = self.links.remove(&link).is_some();
        Some(error(if known { 0 } else { INVALID_LINK }))
    }

    /// The link of a procedure, once it may be used.
    async fn admit(&mut self, wanted: Generic) -> Outcome<&mut Linked> {
        let linked = self.links.get_mut(&wanted.link).ok_or(INVALID_LINK)?;
        linked.admitted(wanted.flags, wanted.lock_timeout).await?;
        Ok(linked)
    }
}

impl Gateway {
    /// Until there is something to read. Where nothing can come any more, the time-out is told at
    /// once; an answer that needs time may take as much bench time as the client allows.
    async fn await_reply(&self, linked: &mut Linked, patience: Duration) -> Outcome<()> {
        let deadline = self.bench.now().saturating_add(patience);
        loop {
            if !linked.link.replies().is_empty() {
                return Ok(());
            }
            if !linked.link.waits() || self.bench.now() >= deadline {
                return Err(TIME_OUT);
            }
            tokio::select! {
                biased;
                more = linked.link.more() => more.map_err(|_| IO_ERROR)?,
                () = linked.abort.notified() => return Err(ABORTED),
                () = self.bench.stirred() => {}
            }
        }
    }
}

/// Takes a part of the message that is there, with the reasons why it ends.
fn part(link: &mut Link, size: usize, last: Option<u8>) -> (u32, Vec<u8>) {
    let size = size.clamp(1, LONGEST);
    let character = last.and_then(|last| link.replies().iter().position(|byte| *byte == last));
    let most = character.map_or(size, |index| size.min(index + 1));
    let (data, end) = link.part(most);
    let mut reason = 0;
    if data.len() == size {
        reason |= COUNT_REACHED;
    }
    if last.is_some() && data.last().copied() == last {
        reason |= CHARACTER_SEEN;
    }
    if end {
        reason |= MESSAGE_ENDED;
    }
    (reason, data)
}

fn generic(arguments: &mut Reader<'_>) -> Option<Generic> {
    let (link, flags) = (arguments.word()?, arguments.word()?);
    let (lock_timeout, _io_timeout) = (arguments.word()?, arguments.word()?);
    Some(Generic {
        link,
        flags,
        lock_timeout,
    })
}

/// Results of a procedure that only tells an error, or none.
fn error(code: u32) -> Vec<u8> {
    code.to_be_bytes().to_vec()
}

/// `device_docmd`: there is no bus to command.
fn command() -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, &[NOT_SUPPORTED, 0]);
    out
}
