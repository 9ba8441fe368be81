//! Who is told of changes now: the apps that have a target and were not uninstalled.

use super::apps::{WebhookApp, WebhookApps, WebhookSettings};
use crate::oauth::Oauth;

/// An app with all that it takes to tell it something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipient<'a> {
    pub(crate) app: &'a WebhookApp,
    pub(crate) settings: &'a WebhookSettings,
    /// What signs.
    pub(crate) client_secret: &'a str,
}

impl<'a> Recipient<'a> {
    /// An app that was never installed is told too, so that webhooks can be tried without a person's consent.
    pub(crate) fn all(apps: &'a WebhookApps, oauth: &'a Oauth) -> Vec<Self> {
        apps.all()
            .filter(|app| !oauth.was_uninstalled(app.app_id))
            .filter_map(|app| {
                Some(Self {
                    app,
                    settings: app.settings.as_ref()?,
                    client_secret: &oauth.app_by_number(app.app_id)?.client_secret,
                })
            })
            .collect()
    }
}
