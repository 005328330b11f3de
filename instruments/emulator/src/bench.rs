//! The emulated bench: a shared single-threaded world of plant, instruments and connections.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use gridproof_model::behaviour::Behaviour;
use gridproof_model::bench::{Bench, InstrumentEntry, Role};
use gridproof_model::dut::DutProfile;
use gridproof_model::fault::FaultEntry;
use gridproof_model::grid_code::GridCode;
use gridproof_plant::input::Input;
use gridproof_plant::signal::TrueState;
use gridproof_plant::{Nanos, Plant};
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_serial::{SerialPort as _, SerialStream};

use crate::connection::{self, Connection, Stream};
use crate::control::State;
use crate::error::EmulatorError;
use crate::fault_codes::FaultCodes;
use crate::faults::{FaultStatus, Faults, inject};
use crate::field::{Field, Instrument};
use crate::serve::{Pace, Wire};
use crate::{fit, plant_config};

/// Bytes a connection buffers in each direction before a writer waits.
const BUFFER: usize = 256 * 1024;
/// Wait after a connection that could not be accepted.
const RESPITE: Duration = Duration::from_millis(20);
/// Gap to the wall clock (at speed 1) that a single request may close.
const FRESH: Duration = Duration::from_millis(50);

/// The client's end of a pseudo-terminal.
#[derive(Debug)]
pub struct SerialPort {
    /// Open end. The port lives as long as this or another client holds it.
    pub stream: SerialStream,
    /// Device file for other programs, `/dev/pts/…`.
    pub path: Option<String>,
}

/// An emulated bench. Clones share one world. Connections are served by tasks on the current
/// thread: everything must run inside one [`tokio::task::LocalSet`].
#[derive(Clone)]
pub struct EmulatedBench {
    world: Rc<World>,
}

struct World {
    /// The file it was made of.
    plan: Bench,
    inner: RefCell<Inner>,
    connections: RefCell<Vec<Weak<Connection>>>,
    /// The wall clock it follows, if it does.
    pace: Cell<Option<Pace>>,
    /// Told when a client begins to wait for time.
    waits: Rc<Notify>,
    /// Told when time has moved or a request was looked at.
    stirred: Notify,
}

/// Everything on the bench but its connections.
pub(crate) struct Inner {
    pub(crate) field: Field,
    pub(crate) instruments: BTreeMap<String, Box<dyn Instrument>>,
    pub(crate) faults: Faults,
}

impl EmulatedBench {
    /// Builds the bench with a DUT that behaves as `behaviour` (already overlaid on its profile).
    /// `codes` must hold the grid code that the behaviour names.
    ///
    /// # Errors
    /// When the grid code is missing, or an entry of the bench file that an emulated model needs.
    pub fn new(
        bench: &Bench,
        dut: &DutProfile,
        behaviour: &Behaviour,
        codes: &[GridCode],
        seed: u64,
    ) -> Result<Self, EmulatorError> {
        let config = plant_config::plant_config(bench, dut, behaviour, codes, seed)?;
        let mut field = Field::new(Plant::new(config.clone()), FaultCodes::of(dut));
        let mut instruments = fit::instruments(bench, dut, behaviour, (&config, &field), seed)?;
        for instrument in instruments.values_mut() {
            instrument.power_on(&mut field);
        }
        let simulated = |entry: &InstrumentEntry| entry.role == Role::BatterySource;
        if !bench.instruments.values().any(simulated) {
            field.plant.apply(Input::BatteryPack { closed: true });
        }
        let world = World {
            plan: bench.clone(),
            inner: RefCell::new(Inner {
                field,
                instruments,
                faults: Faults::new(seed),
            }),
            connections: RefCell::default(),
            pace: Cell::new(None),
            waits: Rc::default(),
            stirred: Notify::new(),
        };
        Ok(Self {
            world: Rc::new(world),
        })
    }

    /// Connects to an instrument. Its state outlives the connection; several may be open.
    ///
    /// # Errors
    /// When the bench has no such instrument.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub fn connect(&self, instrument: &str) -> Result<DuplexStream, EmulatorError> {
        Ok(self.attach(instrument)?.0)
    }

    /// Connects to an instrument, and gives the bench's side of the connection too.
    pub(crate) fn attach(
        &self,
        instrument: &str,
    ) -> Result<(DuplexStream, Weak<Connection>), EmulatorError> {
        let (client, server) = tokio::io::duplex(BUFFER);
        let connection = self.serve(instrument, Box::new(server))?;
        Ok((client, connection))
    }

    /// Carries out what has been written to the instruments so far.
    pub(crate) fn carry_out(&self) {
        self.world.pump(false);
    }

    /// Until time has moved or a request was looked at.
    pub(crate) async fn stirred(&self) {
        self.world.stirred.notified().await;
    }

    /// The status byte of an instrument, without the bit for a reply that waits.
    pub(crate) fn status_byte(&self, instrument: &str) -> u8 {
        let inner = &mut *self.world.inner.borrow_mut();
        let instrument = inner.instruments.get_mut(instrument);
        instrument.map_or(0, |instrument| instrument.status_byte(&inner.field))
    }

    /// Connects to an instrument over a pseudo-terminal, as its serial port.
    ///
    /// # Errors
    /// When the bench has no such instrument or the system no pseudo-terminal.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub fn open_pty(&self, instrument: &str) -> Result<SerialPort, EmulatorError> {
        let (server, stream) = SerialStream::pair()?;
        self.serve(instrument, Box::new(server))?;
        Ok(SerialPort {
            path: stream.name(),
            stream,
        })
    }

    /// Serves an instrument to every client of a listener, for as long as it is awaited. A
    /// connection that cannot be accepted (too many open files, say) does not end it.
    ///
    /// # Errors
    /// When the bench has no such instrument.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub async fn serve_tcp(
        &self,
        listener: TcpListener,
        instrument: &str,
    ) -> Result<(), EmulatorError> {
        loop {
            self.serve(instrument, Box::new(Self::accept(&listener).await))?;
        }
    }

    /// The next client of a listener.
    pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // a socket that is gone already is found out at its first read
                    let _no_delay = stream.set_nodelay(true);
                    return stream;
                }
                Err(_) => tokio::time::sleep(RESPITE).await,
            }
        }
    }

    /// Puts an instrument that is on a CAN bus on a SocketCAN interface such as `vcan0`, for as long
    /// as it is awaited.
    ///
    /// # Errors
    /// When the bench has no such instrument, or the system no such interface.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub async fn serve_can(&self, interface: &str, instrument: &str) -> Result<(), EmulatorError> {
        crate::socketcan::bridge(interface, self.connect(instrument)?).await
    }

    /// Schedules a fault. One whose time has come happens at once.
    ///
    /// # Errors
    /// When it cannot happen on this bench.
    pub fn inject(&self, fault: FaultEntry) -> Result<(), EmulatorError> {
        if let Some(problem) = fault.problem_on(&self.world.plan) {
            return Err(EmulatorError::Fault {
                message: problem.message,
                hint: problem.hint,
            });
        }
        let mut inner = self.world.inner.borrow_mut();
        inject::supported(&inner, &fault)?;
        let now = inner.field.now();
        inner.faults.add(fault, now);
        drop(inner);
        self.world.play_faults();
        Ok(())
    }

    /// Every fault that was scheduled, with where it is in its life.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultStatus> {
        self.world.inner.borrow().faults.list()
    }

    /// From now on bench time follows the wall clock, `speed` times as fast. Somebody must call
    /// [`EmulatedBench::advance_to`] now and then; requests bring the bench up to date by
    /// themselves.
    pub(crate) fn follow_wall_clock(&self, speed: f64) {
        self.world.pace.set(Some(Pace::start(self.now(), speed)));
    }

    /// Makes a bench that follows the wall clock jump ahead; false when it does not follow it.
    pub(crate) fn skip(&self, by: Duration) -> bool {
        let mut pace = self.world.pace.get();
        if let Some(pace) = &mut pace {
            pace.skip(by);
        }
        self.world.pace.set(pace);
        pace.is_some()
    }

    /// How far the bench ought to be, and how far it may go at once, when it is behind the clock.
    pub(crate) fn behind(&self, stride: Duration) -> Option<(Duration, Duration)> {
        let pace = self.world.pace.get()?;
        let target = pace.target();
        (target > self.now()).then(|| (target, pace.stretch(stride)))
    }

    /// From now on a client that waits for a reply makes bench time move to that reply, at most by
    /// `patience`: a client that is alone on a bench in virtual time is not kept waiting for ever.
    ///
    /// # Panics
    /// Outside a [`tokio::task::LocalSet`].
    pub fn answer_waits(&self, patience: Duration) {
        let (world, waits) = (Rc::downgrade(&self.world), Rc::clone(&self.world.waits));
        tokio::task::spawn_local(async move {
            loop {
                waits.notified().await;
                match world.upgrade() {
                    Some(world) => world.settle(patience),
                    None => return,
                }
            }
        });
    }

    /// How an instrument is spoken to.
    pub(crate) fn wire(&self, instrument: &str) -> Result<Wire, EmulatorError> {
        let inner = self.world.inner.borrow();
        inner
            .instruments
            .get(instrument)
            .map(|instrument| instrument.wire())
            .ok_or_else(|| EmulatorError::UnknownInstrument(instrument.to_owned()))
    }

    /// How it is spoken to in datagrams, if it is.
    pub(crate) fn datagrams(&self, instrument: &str) -> Result<Option<Wire>, EmulatorError> {
        let inner = self.world.inner.borrow();
        let found = inner.instruments.get(instrument);
        found
            .map(|instrument| instrument.datagrams())
            .ok_or_else(|| EmulatorError::UnknownInstrument(instrument.to_owned()))
    }

    /// Serves an instrument over a stream.
    pub(crate) fn serve(
        &self,
        instrument: &str,
        mut stream: Box<dyn Stream>,
    ) -> Result<Weak<Connection>, EmulatorError> {
        if !self
            .world
            .inner
            .borrow()
            .instruments
            .contains_key(instrument)
        {
            return Err(EmulatorError::UnknownInstrument(instrument.to_owned()));
        }
        if self.world.inner.borrow().faults.refuses(instrument) {
            stream.abort();
            return Ok(Weak::new());
        }
        let connection = Rc::new(Connection::new(instrument, stream));
        let mut connections = self.world.connections.borrow_mut();
        connections.retain(|other| other.strong_count() > 0);
        let watched = Rc::downgrade(&connection);
        connections.push(Weak::clone(&watched));
        drop(connections);
        // the task must not keep the bench alive
        let world = Rc::downgrade(&self.world);
        tokio::task::spawn_local(std::future::poll_fn(move |context| match world.upgrade() {
            Some(world) => world.poll(&connection, context),
            None => Poll::Ready(()),
        }));
        Ok(watched)
    }

    /// Names of the instruments.
    #[must_use]
    pub fn instruments(&self) -> Vec<String> {
        self.world
            .inner
            .borrow()
            .instruments
            .keys()
            .cloned()
            .collect()
    }

    /// Time since the bench was powered.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.world.inner.borrow().field.now())
    }

    /// Moves time: the plant, and every instrument at the exact instants at which it does something
    /// by itself. What was written to an instrument before is carried out before; the result does
    /// not depend on how a wait is cut into pieces. A time in the past does nothing.
    pub fn advance_to(&self, time: Duration) {
        self.world.pump(false);
        self.world.run_to(nanos(time));
    }

    /// The true state of the bench.
    #[must_use]
    pub fn true_state(&self) -> TrueState {
        self.world.inner.borrow().field.plant.state()
    }

    /// The true state of the bench with all set-points, as the control port shows it.
    #[must_use]
    pub fn full_state(&self) -> State {
        let inner = self.world.inner.borrow();
        State::of(&inner.field, &inner.instruments)
    }

    /// Grid, PV and battery simulator are all open in truth, whatever they report.
    #[must_use]
    pub fn all_sources_off(&self) -> bool {
        let state = self.true_state();
        !state.grid_output && !state.pv_on && !state.battery_on
    }
}

impl std::fmt::Debug for EmulatedBench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmulatedBench")
            .field("now", &self.now())
            .field("instruments", &self.instruments())
            .finish()
    }
}

fn nanos(time: Duration) -> Nanos {
    Nanos::try_from(time.as_nanos()).unwrap_or(Nanos::MAX)
}

impl World {
    fn poll(&self, connection: &Connection, context: &mut Context<'_>) -> Poll<()> {
        self.freshen();
        let ended = {
            let mut inner = self.inner.borrow_mut();
            let Inner {
                field,
                instruments,
                faults,
            } = &mut *inner;
            match instruments.get_mut(&connection.instrument) {
                Some(instrument) => connection.poll_task(
                    context,
                    &mut connection::Bench {
                        instrument: instrument.as_mut(),
                        field,
                        faults,
                    },
                ),
                None => Poll::Ready(()),
            }
        };
        let now = self.inner.borrow().field.now();
        if connection.waiting_since(now).is_some() {
            self.waits.notify_one();
        }
        self.stirred.notify_waiters();
        ended
    }

    /// Brings a bench that follows the wall clock up to the moment, so that a request acts now and
    /// not at the last tick. A larger gap is left to whoever keeps the pace.
    fn freshen(&self) {
        let Some(pace) = self.pace.get() else {
            return;
        };
        let (target, now) = (pace.target(), self.inner.borrow().field.now());
        let gap = target.saturating_sub(Duration::from_nanos(now));
        if !gap.is_zero() && gap <= pace.stretch(FRESH) {
            self.run_to(nanos(target));
        }
    }

    /// Moves time without looking for new requests.
    fn run_to(&self, target: Nanos) {
        loop {
            let next = self.next_event().filter(|&next| next <= target);
            self.inner.borrow_mut().advance(next.unwrap_or(target));
            self.play_faults();
            self.pump(true);
            self.stirred.notify_waiters();
            if next.is_none() {
                return;
            }
        }
    }

    /// Moves time to what clients wait for, as long as one of them is patient.
    fn settle(&self, patience: Duration) {
        self.pump(false);
        loop {
            let now = self.inner.borrow().field.now();
            let limit = self
                .clients()
                .iter()
                .filter_map(|client| client.waiting_since(now))
                .map(|since| since.saturating_add(nanos(patience)))
                .max();
            let Some(limit) = limit else {
                return;
            };
            match self.next_event().filter(|&next| next <= limit) {
                Some(next) => self.run_to(next),
                None => return,
            }
        }
    }

    fn next_event(&self) -> Option<Nanos> {
        let held = self
            .clients()
            .iter()
            .filter_map(|client| client.next_event())
            .min();
        let own = self.inner.borrow().next_event();
        [held, own].into_iter().flatten().min()
    }

    /// Begins and ends the faults that are due.
    fn play_faults(&self) {
        let torn = self.inner.borrow_mut().play_faults(&self.plan);
        if torn.is_empty() {
            return;
        }
        for client in self.clients() {
            if torn.contains(&client.instrument) {
                client.reset();
            }
        }
    }

    fn clients(&self) -> Vec<Rc<Connection>> {
        self.connections
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Carries out what has been written to all connections, in the order in which they were
    /// opened; or only what waits for its instrument.
    fn pump(&self, only_waiting: bool) {
        let clients = self.clients();
        let mut inner = self.inner.borrow_mut();
        let Inner {
            field,
            instruments,
            faults,
        } = &mut *inner;
        for client in clients
            .iter()
            .filter(|client| !only_waiting || client.attends())
        {
            if let Some(instrument) = instruments.get_mut(&client.instrument) {
                client.pump(&mut connection::Bench {
                    instrument: instrument.as_mut(),
                    field,
                    faults,
                });
            }
        }
    }
}

impl Inner {
    fn next_event(&self) -> Option<Nanos> {
        self.instruments
            .values()
            .filter_map(|instrument| instrument.next_event())
            .chain(self.faults.next_event())
            .min()
    }

    /// To `time`, at or before the next event; instruments that are due act in order of name.
    fn advance(&mut self, time: Nanos) {
        self.field.plant.advance_to(time);
        let now = self.field.now();
        for instrument in self.instruments.values_mut() {
            if instrument.next_event().is_some_and(|due| due <= now) {
                instrument.on_time(&mut self.field);
            }
        }
    }
}

#[cfg(test)]
impl EmulatedBench {
    /// Bytes in, bytes out, without a stream.
    pub(crate) fn exchange(
        &self,
        instrument: &str,
        session: &mut crate::session::Session,
        bytes: &[u8],
    ) -> Vec<u8> {
        let mut inner = self.world.inner.borrow_mut();
        let Inner {
            field, instruments, ..
        } = &mut *inner;
        session.input.extend_from_slice(bytes);
        if let Some(instrument) = instruments.get_mut(instrument) {
            instrument.receive(session, field);
        }
        std::mem::take(&mut session.output)
    }

    /// A meter of the plant.
    pub(crate) fn reading(
        &self,
        point: gridproof_plant::signal::MeterPoint,
    ) -> gridproof_plant::signal::Reading {
        self.world.inner.borrow().field.plant.reading(point)
    }

    /// What no instrument of the bench can do.
    pub(crate) fn apply(&self, input: Input) {
        self.world.inner.borrow_mut().field.plant.apply(input);
    }

    /// What the DUT reports.
    pub(crate) fn view(&self) -> gridproof_plant::DutView {
        self.world.inner.borrow().field.plant.dut_view()
    }
}
