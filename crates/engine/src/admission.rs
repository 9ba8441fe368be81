//! Which registrations look like a machine's: a filled honeypot, a form sent back sooner than a person could fill it in, too
//! many from one network. Such a registration is held back from HubSpot, never from the inbox, where a rep releases it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hmac::{Hmac, KeyInit, Mac};
use parlor_protocol::{PersonName, Registration, WidgetId};
use parlor_store::{SecretHash, Store, StoreError, Timestamp};
use sha2::{Digest, Sha256};

use crate::Context;

/// How admission judges.
#[derive(Debug, Clone)]
pub struct AdmissionOptions {
    /// Registrations from one network (an IPv4 address, an IPv6 /64) that pass at once; an office stands behind one address.
    pub burst: NonZeroU32,
    /// How long it takes until one more passes.
    pub refill: Duration,
    /// A form sent back sooner after it was rendered was not filled in by a person.
    pub least_time: Duration,
}

impl Default for AdmissionOptions {
    fn default() -> Self {
        Self {
            burst: NonZeroU32::new(60).unwrap_or(NonZeroU32::MIN),
            refill: Duration::from_secs(10),
            least_time: Duration::from_millis(800),
        }
    }
}

pub(crate) struct Admission {
    stamp_key: Vec<u8>,
    least_time: Duration,
    networks: DefaultKeyedRateLimiter<IpAddr>,
    /// Forms that were judged, with the verdict and until when it stands.
    judged: Mutex<HashMap<SecretHash, (bool, Timestamp)>>,
}

/// Verdicts kept at most. Beyond that they are forgotten, and a form sent again counts once more.
const VERDICTS: usize = 10_000;

/// A form that came back with a good stamp.
pub(crate) struct SentForm {
    /// The same for the same form with the same in it, and for no other.
    pub(crate) hash: SecretHash,
    /// Until when it is known again, if it was not sent before.
    pub(crate) counts_until: Timestamp,
    rendered_at: Timestamp,
}

/// How long a form that was sent is known again.
const FORM_COUNTS: Duration = Duration::from_mins(10);

/// What a stamp begins with: the moment, and what tells it from every other stamp of that moment.
const MOMENT_BYTES: usize = 8;
const NONCE_BYTES: usize = 16;

/// The setting under which the key that signs form stamps is kept: forms rendered before a restart stay good after it.
const STAMP_KEY: &str = "form_stamp_key";

impl Admission {
    pub(crate) async fn new(
        context: &Context,
        store: &dyn Store,
        options: AdmissionOptions,
    ) -> Result<Self, StoreError> {
        let kept = store.setting(STAMP_KEY).await?;
        let kept = kept
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .filter(|key| key.len() == 32);
        let stamp_key = if let Some(key) = kept {
            key
        } else {
            let key = context.random::<32>();
            store.set_setting(STAMP_KEY, &URL_SAFE_NO_PAD.encode(key)).await?;
            key.to_vec()
        };
        let quota = Quota::with_period(options.refill).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        Ok(Self {
            stamp_key,
            least_time: options.least_time,
            networks: RateLimiter::keyed(quota.allow_burst(options.burst)),
            judged: Mutex::default(),
        })
    }

    /// The stamp of a form rendered now: the moment, a nonce, and the signature of both. No two forms have the same.
    pub(crate) fn stamp(&self, context: &Context) -> String {
        let mut stamp = context.now().millis().to_be_bytes().to_vec();
        stamp.extend_from_slice(&context.random::<NONCE_BYTES>());
        let signature = self.signature(&stamp).finalize().into_bytes();
        stamp.extend_from_slice(&signature);
        URL_SAFE_NO_PAD.encode(stamp)
    }

    /// The form that was sent, when its stamp is one of ours.
    pub(crate) fn sent_form(
        &self,
        stamp: &str,
        widget: &WidgetId,
        filled_in: &Registration,
        now: Timestamp,
    ) -> Option<SentForm> {
        let stamp = URL_SAFE_NO_PAD.decode(stamp).ok()?;
        let (signed, signature) = stamp.split_at_checked(MOMENT_BYTES + NONCE_BYTES)?;
        self.signature(signed).verify_slice(signature).ok()?;
        let moment = signed.first_chunk::<MOMENT_BYTES>()?;
        Some(SentForm {
            hash: form_hash(&stamp, widget, filled_in),
            counts_until: now + FORM_COUNTS,
            rendered_at: Timestamp::from_millis(i64::from_be_bytes(*moment)),
        })
    }

    /// Whether this registration is to be held. Counts it against its network; a form that is known again is not counted, and
    /// judged as it was the first time.
    pub(crate) fn holds(&self, form: Option<&SentForm>, fills_trap: bool, network: IpAddr, now: Timestamp) -> bool {
        let Some(form) = form else {
            self.is_too_many(network);
            return true;
        };
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, until)) = judged.get(&form.hash)
            && now < *until
        {
            return *held;
        }
        let too_fast = now.since(form.rendered_at) < self.least_time;
        let held = self.is_too_many(network) || fills_trap || too_fast;
        if judged.len() >= VERDICTS {
            judged.clear();
        }
        judged.insert(form.hash, (held, form.counts_until));
        held
    }

    /// Forgets what counts no longer and would otherwise pile up: networks that have been quiet for long, verdicts past their
    /// time.
    pub(crate) fn forget_idle(&self, now: Timestamp) {
        self.networks.retain_recent();
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        judged.retain(|_, (_, until)| now < *until);
    }

    /// Counts a registration against its network.
    fn is_too_many(&self, network: IpAddr) -> bool {
        self.networks.check_key(&network_of(network)).is_err()
    }

    fn signature(&self, signed: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.stamp_key)
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(signed);
        mac
    }
}

/// What a form is recognised by. Every part is preceded by its length, so that none can reach into the next.
fn form_hash(stamp: &[u8], widget: &WidgetId, filled_in: &Registration) -> SecretHash {
    let parts = [
        stamp,
        widget.as_str().as_bytes(),
        filled_in.first_name.as_str().as_bytes(),
        // A last name is never empty: no text stands for none.
        filled_in.last_name.as_ref().map_or("", PersonName::as_str).as_bytes(),
        filled_in.email.as_str().as_bytes(),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    SecretHash(hash.finalize().into())
}

/// What counts as one network: one customer of an IPv6 provider has a whole /64.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use parlor_protocol::RegistrationInput;

    use super::*;

    fn hash_of(first_name: &str, last_name: &str, email: &str) -> SecretHash {
        let input = RegistrationInput {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
            ..RegistrationInput::default()
        };
        let widget = WidgetId::parse("0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b").unwrap();
        form_hash(b"stamp", &widget, &input.check(false).unwrap())
    }

    #[test]
    fn what_stands_in_another_field_makes_another_form() {
        let same = hash_of("Ada", "Lovelace", "ada@example.com");
        assert_eq!(hash_of(" Ada ", "Lovelace", "Ada@EXAMPLE.com "), same, "as it is kept");
        for other in [
            hash_of("AdaL", "ovelace", "ada@example.com"),
            hash_of("Ada", "Lovelacea", "da@example.com"),
            hash_of("Lovelace", "Ada", "ada@example.com"),
            hash_of("Ada", "", "ada@example.com"),
            hash_of("AdaLovelace", "", "ada@example.com"),
        ] {
            assert_ne!(other, same);
        }
    }

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
