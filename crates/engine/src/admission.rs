//! Which registrations look like a machine's: a filled honeypot, a form sent back sooner than a person could fill it in, too
//! many from one network. Such a registration is held back from HubSpot, never from the inbox, where a rep releases it.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hmac::{Hmac, KeyInit, Mac};
use parlor_protocol::RegistrationInput;
use parlor_store::{Store, StoreError, Timestamp};
use sha2::Sha256;

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
}

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
        })
    }

    /// The stamp of a form rendered now: the moment and its signature.
    pub(crate) fn stamp(&self, now: Timestamp) -> String {
        let moment = now.millis().to_be_bytes();
        let mut stamp = moment.to_vec();
        stamp.extend_from_slice(&self.signature(&moment).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(stamp)
    }

    /// Whether this registration is to be held. Counts it against its network.
    pub(crate) fn holds(&self, input: &RegistrationInput, network: IpAddr, now: Timestamp) -> bool {
        let too_many = self.networks.check_key(&network_of(network)).is_err();
        let filled_trap = !input.website.is_empty();
        let too_fast = self
            .rendered_at(&input.form)
            .is_none_or(|rendered| now.since(rendered) < self.least_time);
        too_many || filled_trap || too_fast
    }

    /// Forgets networks that have been quiet for long, which would otherwise pile up.
    pub(crate) fn forget_idle(&self) {
        self.networks.retain_recent();
    }

    fn rendered_at(&self, stamp: &str) -> Option<Timestamp> {
        let bytes = URL_SAFE_NO_PAD.decode(stamp).ok()?;
        let (moment, signature) = bytes.split_at_checked(8)?;
        self.signature(moment).verify_slice(signature).ok()?;
        Some(Timestamp::from_millis(i64::from_be_bytes(moment.try_into().ok()?)))
    }

    fn signature(&self, moment: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.stamp_key)
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        mac.update(moment);
        mac
    }
}

/// What counts as one network: one customer of an IPv6 provider has a whole /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
