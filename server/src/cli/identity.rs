//! `parlor widget identity`: how a site proves who its visitors are, and which chat its loader boots.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use parlor_engine::Context;
use parlor_engine::identity::settings::{Changed, IdentityChange, IdentityChangeError, change_identity};
use parlor_protocol::{TenantId, WidgetKey};
use parlor_store::{Provider, WidgetIdentity};

use super::add::say;
use super::{Failure, database, open_store_at};
use crate::secret_key;
use crate::settings::Settings;

/// What is to be changed; without any of it, what holds is shown.
#[derive(Debug, Args)]
pub(super) struct IdentityArguments {
    /// The widget's key, as its snippet has it
    #[arg(long)]
    key: String,
    /// Make a new secret that signs proofs (HS256) and print it; an earlier one counts no more
    #[arg(long, conflicts_with = "no_secret")]
    new_secret: bool,
    /// Forget the secret
    #[arg(long)]
    no_secret: bool,
    /// The site's Ed25519 public key (EdDSA): a PEM file, or "none"
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Refuse every proof issued until now, or dated within the next thirty seconds
    #[arg(long)]
    revoke: bool,
    /// Which chat the loader boots
    #[arg(long, value_enum)]
    provider: Option<ProviderName>,
    /// Load HubSpot's chat only after the site's call of Parlor("consent")
    #[arg(long, value_enum, value_name = "yes|no")]
    wait_for_consent: Option<Choice>,
    /// Exchange addresses that the site's server vouches for although nobody is signed in. Whoever gives the site a wrong address
    /// then chats as that contact: HubSpot's reps see a name and a history that are somebody else's
    #[arg(long, value_enum, value_name = "yes|no")]
    landing_page: Option<Choice>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProviderName {
    /// Parlor's own
    Parlor,
    /// HubSpot's
    Hubspot,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Choice {
    Yes,
    No,
}

impl Choice {
    const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

pub(super) async fn change(settings: &Settings, arguments: IdentityArguments) -> Result<(), Failure> {
    let key = WidgetKey::parse(&arguments.key).map_err(|error| Failure::Usage(error.to_string()))?;
    let public_key = match &arguments.public_key {
        None => None,
        Some(path) if path.as_os_str() == "none" => Some(String::new()),
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
            Failure::Usage(format!(
                "{} cannot be read: {error}; name a PEM file with --public-key",
                path.display()
            ))
        })?),
    };
    let change = IdentityChange {
        provider: arguments.provider.map(|provider| match provider {
            ProviderName::Parlor => Provider::Parlor,
            ProviderName::Hubspot => Provider::HubSpot,
        }),
        waits_for_consent: arguments.wait_for_consent.map(Choice::is_yes),
        new_secret: arguments.new_secret,
        no_secret: arguments.no_secret,
        public_key,
        landing_page: arguments.landing_page.map(Choice::is_yes),
        revoke: arguments.revoke,
    };
    let context = Context::system();
    let path = database(settings);
    let sealer = secret_key::sealer(settings.secret_key.as_ref(), &path, &context)?;
    let store = open_store_at(path)?;
    let changed = change_identity(&context, &store, &sealer, &TenantId::default_tenant(), &key, change).await;
    store.close().await;
    match changed {
        Ok(changed) => {
            tell(&changed);
            Ok(())
        }
        Err(IdentityChangeError::Store(error)) => Err(error.into()),
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}

fn tell(Changed { identity, secret }: &Changed) {
    let WidgetIdentity {
        provider,
        waits_for_consent,
        secret: sealed,
        public_key,
        landing_page,
        not_before,
    } = identity;
    let yes = |is: bool| if is { "yes" } else { "no" };
    if let Some(secret) = secret {
        say(&format!("Secret: {}", secret.reveal()));
        say("It is shown this once, and belongs on the site's server alone: docs/identity.md has examples.\n");
    }
    let row = |what: &str, value: &str| say(&format!("{what:<20}{value}"));
    row("provider", provider.as_str());
    row("wait for consent", yes(*waits_for_consent));
    row("secret (HS256)", yes(sealed.is_some()));
    row("public key (EdDSA)", yes(public_key.is_some()));
    row("landing page", yes(*landing_page));
    if not_before.millis() > 0 {
        row("proofs count from", &not_before.rfc3339());
    }
    if *landing_page {
        say(
            "\nAddresses are exchanged without proof of who is there: whoever gives the site somebody else's address chats as that \
             contact.",
        );
    }
}
