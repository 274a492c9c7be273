//! What lies between the clients and the emulator, where requests get lost, late and doubled.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use openrouter_keys_emulator::{Credential, Emulator};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinSet;

use super::clock::Time;
use super::director::{Actor, Director, Turn};
use super::http::{Connection, Message, Request};
use super::invariants::Observer;
use super::schedule::{Fault, Step};

/// How long after it was sent a request can arrive.
pub(super) const LONGEST_DELAY: Duration = Duration::from_secs(200);

/// How long a process stands still.
const STALL: Duration = Duration::from_secs(400);

/// The way to an emulator.
pub(super) struct Network {
    pub(super) director: Director,
    pub(super) time: Time,
    pub(super) emulator: Emulator,
    upstream: AsyncMutex<Connection>,
    /// What is under way, in the order in which it was sent.
    late: Mutex<Vec<Late>>,
    observer: Mutex<Observer>,
    /// Whether what nobody was told of is used at once, as if somebody had read it on its way.
    is_spied_on: AtomicBool,
}

struct Late {
    request: Request,
    /// When it arrives at the latest.
    due: Duration,
    /// Whether it arrives behind the next listing already.
    behind_a_listing: bool,
}

/// What a client sees of its request.
enum Seen {
    Answer(Message),
    Reset,
    /// Nothing any more: its process has ended.
    Nothing,
}

impl Network {
    pub(super) async fn to(emulator: Emulator, time: Time) -> io::Result<Self> {
        let upstream = TcpStream::connect(emulator.local_addr()).await?;
        Ok(Self {
            director: Director::default(),
            time,
            emulator,
            upstream: AsyncMutex::new(Connection::new(upstream)?),
            late: Mutex::default(),
            observer: Mutex::default(),
            is_spied_on: AtomicBool::default(),
        })
    }

    /// Takes connections for as long as it is polled.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted.expect("loopback has connections");
                    let connection = Connection::new(stream).expect("loopback takes settings");
                    connections.spawn(Arc::clone(&self).attend(connection));
                }
                Some(ended) = connections.join_next() => {
                    ended.expect("a connection does not panic");
                }
            }
        }
    }

    async fn attend(self: Arc<Self>, mut connection: Connection) {
        while let Some(message) = connection.receive().await {
            let seen = self.take(Request::new(message)).await;
            self.spy(&seen);
            match seen {
                Seen::Answer(answer) => {
                    if connection.send(&answer).await.is_err() {
                        return;
                    }
                }
                Seen::Reset => {
                    // Closing then sends RST in place of FIN.
                    let _ = connection.stream.set_zero_linger();
                    return;
                }
                Seen::Nothing => return connection.closed().await,
            }
        }
    }

    /// Begins a step as soon as the actor has the floor; what goes wrong at it.
    pub(super) async fn step(&self, actor: Actor, step: Step) -> Option<Fault> {
        loop {
            match self.director.turn(actor, step).await {
                Turn::Step(fault) => return fault,
                Turn::Stall => {
                    self.pass_until(self.time.elapsed() + STALL).await;
                    self.director.hand_on();
                }
            }
        }
    }

    async fn take(&self, request: Request) -> Seen {
        let fault = self.step(request.actor, request.step).await;
        self.observe().sent(&request);
        match fault {
            None => return Seen::Answer(self.carry_out(&request).await),
            Some(Fault::CrashBefore) => {}
            Some(Fault::CrashAfter) => drop(self.carry_out(&request).await),
            Some(Fault::CrashUnderWay) => self.delay(&request, true),
            Some(Fault::RequestLost) => return Seen::Reset,
            Some(Fault::ResponseLost) => {
                self.carry_out(&request).await;
                return Seen::Reset;
            }
            Some(Fault::Late) => {
                self.delay(&request, true);
                return Seen::Reset;
            }
            Some(Fault::VeryLate) => {
                self.delay(&request, false);
                return Seen::Reset;
            }
            Some(Fault::Twice) => {
                let answer = self.carry_out(&request).await;
                self.carry_out(&request).await;
                return Seen::Answer(answer);
            }
            Some(Fault::TwiceLost) => {
                self.carry_out(&request).await;
                return Seen::Answer(self.carry_out(&request).await);
            }
            Some(Fault::Again) => {
                let answer = self.carry_out(&request).await;
                self.delay(&request, true);
                return Seen::Answer(answer);
            }
            Some(Fault::TooMany) => {
                let body = r#"{"error":{"code":429,"message":"too many requests"}}"#;
                return Seen::Answer(Message::answer("429 Too Many Requests", body));
            }
            Some(Fault::Failed) => {
                self.carry_out(&request).await;
                let body = r#"{"error":{"code":500,"message":"something broke"}}"#;
                return Seen::Answer(Message::answer("500 Internal Server Error", body));
            }
            Some(Fault::Refused | Fault::Unsure | Fault::Full | Fault::Switch | Fault::Stall) => {
                unreachable!("no fault of a request")
            }
        }
        self.director.crash(request.actor);
        Seen::Nothing
    }

    /// What the emulator makes of it. Behind a listing, what is under way arrives.
    async fn carry_out(&self, request: &Request) -> Message {
        let answer = self.forward(request).await;
        if request.step == Step::List {
            self.deliver(|late| late.behind_a_listing).await;
        }
        answer
    }

    async fn forward(&self, request: &Request) -> Message {
        let mut upstream = self.upstream.lock().await;
        let sent = upstream.send(&request.message).await;
        sent.expect("the emulator does not close connections");
        let answer = upstream.receive().await;
        let answer = answer.expect("the emulator answers");
        self.observe().answered(request, &answer);
        answer
    }

    fn delay(&self, request: &Request, behind_a_listing: bool) {
        self.late().push(Late {
            request: request.clone(),
            due: self.time.elapsed() + LONGEST_DELAY,
            behind_a_listing,
        });
    }

    async fn deliver(&self, arrives: impl Fn(&Late) -> bool) {
        let under_way = std::mem::take(&mut *self.late());
        let (arriving, staying): (Vec<_>, _) = under_way.into_iter().partition(&arrives);
        *self.late() = staying;
        for Late { request, .. } in arriving {
            self.forward(&request).await;
            self.spy(&Seen::Nothing);
        }
    }

    /// Spends with what was made and is not in the answer.
    fn spy(&self, seen: &Seen) {
        let untold = self.observe().take_untold();
        if !self.is_spied_on.load(Ordering::Relaxed) {
            return;
        }
        let told = match seen {
            Seen::Answer(answer) => std::str::from_utf8(answer.body()).expect("JSON is text"),
            Seen::Reset | Seen::Nothing => "",
        };
        for hash in untold.iter().filter(|hash| !told.contains(*hash)) {
            self.emulator.spend(hash, 1.0).expect("it was just made");
            self.observe().spent(hash, 1.0);
        }
    }

    /// Whether this plaintext opens the key of that hash.
    pub(super) async fn opens(&self, plaintext: &str, hash: &str) -> bool {
        let mut upstream = self.upstream.lock().await;
        let request = Message::get("/api/v1/key", plaintext);
        upstream.send(&request).await.expect("the emulator listens");
        let answer = upstream.receive().await.expect("the emulator answers");
        let log = self.emulator.request_log();
        let asked = log.last().map(|request| &request.credential);
        answer.status() == 200 && asked == Some(&Credential::Key(hash.to_owned()))
    }

    /// Lets time pass, and what is due before that arrive.
    pub(super) async fn pass_until(&self, end: Duration) {
        self.deliver(|late| late.due <= end).await;
        self.time.advance_to(end);
        self.emulator.set_time(self.time.of_day());
    }

    /// Lets somebody else disable a key, or enable it.
    pub(super) async fn disable(&self, hash: &str, disabled: bool) {
        let token = self.emulator.management_key();
        let body = format!("{{\"disabled\":{disabled}}}");
        let request = Message::patch(&format!("/api/v1/keys/{hash}"), token, &body);
        self.forward(&Request::new(request)).await;
    }

    /// Begins again, with nothing under way.
    pub(super) fn begin(&self, is_spied_on: bool) {
        self.is_spied_on.store(is_spied_on, Ordering::Relaxed);
        self.late().clear();
        self.time.reset();
        self.emulator.clear_requests();
        self.emulator.set_time(self.time.of_day());
    }

    /// Whoever knows the truth.
    pub(super) fn observe(&self) -> MutexGuard<'_, Observer> {
        self.observer
            .lock()
            .expect("nothing panics while it has this")
    }

    fn late(&self) -> MutexGuard<'_, Vec<Late>> {
        self.late.lock().expect("nothing panics while it has this")
    }
}
