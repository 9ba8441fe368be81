//! Time and randomness, passed in, so that tests move the one and repeat the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parlor_protocol::{ConversationId, MessageId, RepId, VisitorId, WidgetId, WidgetKey};
use parlor_store::{Clock, SystemClock, Timestamp};

use crate::Secret;

/// Where random bytes come from.
pub trait Random: Send + Sync + 'static {
    /// Fills the slice.
    fn fill(&self, bytes: &mut [u8]);
}

/// The thread's generator, seeded by the operating system; fit for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes);
    }
}

/// The passing of time. Unlike a clock it is never set: what it says only grows.
#[async_trait]
pub trait Timer: Send + Sync + 'static {
    /// How much time has passed since a moment in the past, always the same one.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The machine's own.
#[derive(Debug, Clone, Copy)]
pub struct SystemTimer(Instant);

impl Default for SystemTimer {
    fn default() -> Self {
        Self(Instant::now())
    }
}

#[async_trait]
impl Timer for SystemTimer {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The clock, the passing of time and the randomness.
#[derive(Clone)]
pub struct Context {
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    random: Arc<dyn Random>,
}

impl Context {
    /// A context of one's own making, with the machine's passing of time.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            clock,
            timer: Arc::new(SystemTimer::default()),
            random,
        }
    }

    /// The same with another passing of time than the machine's.
    #[must_use]
    pub fn with_timer(self, timer: Arc<dyn Timer>) -> Self {
        Self { timer, ..self }
    }

    /// How much time has passed since a moment in the past, always the same one. The clock may be set, and this not; a machine
    /// that sleeps may stop this, and the clock not.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.timer.elapsed()
    }

    /// Waits.
    pub async fn sleep(&self, duration: Duration) {
        self.timer.sleep(duration).await;
    }

    /// The machine's clock and randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(OsRandom))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A secret of 256 bits, as 43 characters that need no escaping anywhere.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret::from_bytes(&self.random::<32>())
    }

    /// A number below `bound`, for jitter; not for secrets.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.random()) % bound.max(1)
    }

    /// A UUIDv7: sorts by time.
    fn uuid_by_time(&self) -> String {
        let millis = u64::try_from(self.now().millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random())
            .into_uuid()
            .to_string()
    }

    /// A message id for a form rendered by the server; a browser makes its own.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        let id = uuid::Builder::from_random_bytes(self.random()).into_uuid().to_string();
        MessageId::parse(id).unwrap_or_else(|_| unreachable!("a UUID is a valid id"))
    }

    /// A widget key: 16 characters of 32, 80 bits. Public, but not to be guessed.
    #[must_use]
    pub fn widget_key(&self) -> WidgetKey {
        const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let key: String = self
            .random::<16>()
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
            .collect();
        WidgetKey::parse(key).unwrap_or_else(|_| unreachable!("sixteen letters and digits are a valid key"))
    }
}

macro_rules! new_id {
    ($($name:ident -> $type:ident),+ $(,)?) => {
        impl Context {
            $(
                #[doc = concat!("A new [`", stringify!($type), "`].")]
                #[must_use]
                pub fn $name(&self) -> $type {
                    $type::parse(self.uuid_by_time()).unwrap_or_else(|_| unreachable!("a UUID is a valid id"))
                }
            )+
        }
    };
}

new_id!(conversation_id -> ConversationId, visitor_id -> VisitorId, rep_id -> RepId, widget_id -> WidgetId);
