//! Locks of one instrument: one client alone, or several that know the same word.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::Notify;

/// What became of a wish for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The client has it.
    Granted,
    /// Others are in the way.
    Refused,
    /// The client had it before.
    Held,
}

#[derive(Debug, Default)]
struct State {
    exclusive: Option<u64>,
    /// The word and those who gave it.
    shared: Option<(Vec<u8>, BTreeSet<u64>)>,
}

impl State {
    fn wish(&mut self, client: u64, word: &[u8]) -> Wish {
        let others_alone = self.exclusive.is_some_and(|holder| holder != client);
        if word.is_empty() {
            let strangers = self
                .shared
                .as_ref()
                .is_some_and(|(_, holders)| !holders.contains(&client));
            if self.exclusive == Some(client) {
                return Wish::Held;
            }
            if others_alone || strangers {
                return Wish::Refused;
            }
            self.exclusive = Some(client);
            return Wish::Granted;
        }
        if others_alone {
            return Wish::Refused;
        }
        match &mut self.shared {
            Some((known, _)) if known != word => Wish::Refused,
            Some((_, holders)) => {
                if holders.insert(client) {
                    Wish::Granted
                } else {
                    Wish::Held
                }
            }
            None => {
                self.shared = Some((word.to_vec(), BTreeSet::from([client])));
                Wish::Granted
            }
        }
    }

    fn release(&mut self, client: u64) -> Option<bool> {
        if self.exclusive == Some(client) {
            self.exclusive = None;
            return Some(true);
        }
        let (_, holders) = self.shared.as_mut()?;
        if !holders.remove(&client) {
            return None;
        }
        if holders.is_empty() {
            self.shared = None;
        }
        Some(false)
    }

    fn admits(&self, client: u64) -> bool {
        match (&self.exclusive, &self.shared) {
            (Some(holder), _) => *holder == client,
            (None, Some((_, holders))) => holders.contains(&client),
            (None, None) => true,
        }
    }
}

/// The locks of one instrument, and those who wait for them.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    state: RefCell<State>,
    released: Notify,
    clients: Cell<u64>,
}

impl Locks {
    /// A name for a new client.
    pub(crate) fn client(&self) -> u64 {
        self.clients.set(self.clients.get() + 1);
        self.clients.get()
    }

    /// Locks for `client`, exclusively with an empty word, else shared; waits no longer than told.
    pub(crate) async fn acquire(&self, client: u64, word: &[u8], patience: Duration) -> Wish {
        let wait = async {
            loop {
                let released = self.released.notified();
                let wish = self.state.borrow_mut().wish(client, word);
                if wish != Wish::Refused {
                    return wish;
                }
                released.await;
            }
        };
        tokio::time::timeout(patience, wait)
            .await
            .unwrap_or(Wish::Refused)
    }

    /// Gives a lock up, the exclusive one first; `None` when the client has none, else whether it
    /// was the exclusive one.
    pub(crate) fn release(&self, client: u64) -> Option<bool> {
        let released = self.state.borrow_mut().release(client);
        self.released.notify_waiters();
        released
    }

    /// The client is gone.
    pub(crate) fn forget(&self, client: u64) {
        while self.release(client).is_some() {}
    }

    /// Whether the client may talk to the instrument.
    pub(crate) fn admits(&self, client: u64) -> bool {
        self.state.borrow().admits(client)
    }

    /// Until the client may talk to the instrument.
    pub(crate) async fn admission(&self, client: u64) {
        loop {
            let released = self.released.notified();
            if self.admits(client) {
                return;
            }
            released.await;
        }
    }

    /// Whether somebody has it alone, and how many have a lock.
    pub(crate) fn holders(&self) -> (bool, u32) {
        let state = self.state.borrow();
        let mut all = state
            .shared
            .as_ref()
            .map_or_else(BTreeSet::new, |(_, holders)| holders.clone());
        all.extend(state.exclusive);
        (
            state.exclusive.is_some(),
            u32::try_from(all.len()).unwrap_or(u32::MAX),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_or_several_with_the_same_word() {
        let mut state = State::default();
        assert_eq!(state.wish(1, b""), Wish::Granted);
        assert_eq!(state.wish(1, b""), Wish::Held);
        assert_eq!(state.wish(2, b""), Wish::Refused);
        assert_eq!(state.wish(2, b"w"), Wish::Refused);
        assert!(state.admits(1) && !state.admits(2));
        assert_eq!((state.release(2), state.release(1)), (None, Some(true)));
        assert_eq!(state.wish(1, b"w"), Wish::Granted);
        assert_eq!(state.wish(2, b"v"), Wish::Refused);
        assert!(!state.admits(2), "a shared lock keeps strangers out");
        assert_eq!(state.wish(2, b"w"), Wish::Granted);
        assert_eq!(state.wish(2, b""), Wish::Granted, "one of them alone");
        assert!(state.admits(2) && !state.admits(1));
        assert_eq!(
            (state.release(2), state.release(2)),
            (Some(true), Some(false))
        );
        assert!(state.admits(1) && !state.admits(2));
    }

    #[test]
    fn what_a_lost_client_held_is_free() {
        let locks = Locks::default();
        assert_eq!(locks.state.borrow_mut().wish(1, b"w"), Wish::Granted);
        assert_eq!(locks.state.borrow_mut().wish(1, b""), Wish::Granted);
        assert_eq!(locks.holders(), (true, 1));
        locks.forget(1);
        assert_eq!(locks.holders(), (false, 0));
        assert!(locks.admits(2));
    }
}
