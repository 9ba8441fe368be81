//! The loader of a widget: a hand-written script with the widget's public settings rendered in, compressed once. There is one for
//! Parlor's own chat and one that boots HubSpot's.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use parlor_engine::Widget;
use parlor_hubspot::AccountDetails;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What stands in the script where the settings go.
const PLACE: &str = "__PARLOR_WIDGET__";

/// Widgets whose script is kept compressed; beyond that, all are forgotten and made again.
const KEPT: usize = 256;

/// A widget's public settings, as the script reads them.
#[derive(Serialize)]
struct PublicSettings<'a> {
    key: &'a str,
    origin: &'a str,
    name: &'a str,
    accent: &'a str,
    greeting: &'a str,
    position: &'a str,
}

/// The same of a widget whose chat is HubSpot's.
#[derive(Serialize)]
struct HubSpotSettings<'a> {
    key: &'a str,
    origin: &'a str,
    /// The address of HubSpot's script.
    script: &'a str,
    /// Whether to wait for the site's consent call.
    consent: bool,
}

/// How long browsers keep a script, and one that only says what is wrong, in seconds.
const KEEP_SECONDS: u32 = 300;
const KEEP_TROUBLE_SECONDS: u32 = 30;

/// A widget's script.
#[derive(Debug)]
pub struct Script {
    /// The script.
    pub plain: Vec<u8>,
    /// The same by brotli, as small as it gets.
    pub brotli: Vec<u8>,
    /// Its entity tag; weak, since the plain form and the compressed one share it.
    pub tag: String,
    /// How long browsers may keep it, in seconds.
    pub max_age: u32,
}

/// All widgets' scripts.
pub struct Loader {
    source: Option<String>,
    hubspot: Option<String>,
    hubspot_scripts: Option<String>,
    origin: String,
    scripts: Mutex<HashMap<String, Arc<Script>>>,
}

impl Loader {
    /// Scripts of Parlor's own chat made from this source, for Parlor at this origin.
    #[must_use]
    pub fn new(source: Option<String>, origin: &str) -> Self {
        Self {
            source,
            hubspot: None,
            hubspot_scripts: None,
            origin: origin.to_owned(),
            scripts: Mutex::default(),
        }
    }

    /// Scripts that boot HubSpot's chat are made from this source. HubSpot's own are below the address `scripts`; absent, where
    /// HubSpot has them.
    #[must_use]
    pub fn with_hubspot(mut self, source: Option<String>, scripts: Option<String>) -> Self {
        self.hubspot = source;
        self.hubspot_scripts = scripts;
        self
    }

    /// A widget's script; `None` when this program was built without the web part.
    #[must_use]
    pub fn script(&self, widget: &Widget) -> Option<Arc<Script>> {
        let settings = &widget.settings;
        let settings = rendered(&PublicSettings {
            key: settings.key.as_str(),
            origin: &self.origin,
            name: &settings.name,
            accent: &settings.accent,
            greeting: &settings.greeting,
            position: settings.position.as_str(),
        });
        Some(self.made(self.source.as_ref()?, settings))
    }

    /// The script that boots HubSpot's chat of this account; `None` when this program was built without the web part.
    #[must_use]
    pub fn hubspot_script(
        &self,
        widget: &Widget,
        account: &AccountDetails,
        waits_for_consent: bool,
    ) -> Option<Arc<Script>> {
        let settings = rendered(&HubSpotSettings {
            key: widget.settings.key.as_str(),
            origin: &self.origin,
            script: &self.hubspot_address(account),
            consent: waits_for_consent,
        });
        Some(self.made(self.hubspot.as_ref()?, settings))
    }

    /// A script that only says in the console what is wrong.
    #[must_use]
    pub fn trouble(words: &str) -> Arc<Script> {
        let plain = format!("console.warn({});\n", rendered(&format!("Parlor: {words}"))).into_bytes();
        Arc::new(Script {
            tag: tag(&plain),
            plain,
            brotli: Vec::new(),
            max_age: KEEP_TROUBLE_SECONDS,
        })
    }

    /// Accounts in the EU have their scripts on a host of their own.
    fn hubspot_address(&self, account: &AccountDetails) -> String {
        let base = match (&self.hubspot_scripts, account.data_hosting_location.as_deref()) {
            (Some(base), _) => base.as_str(),
            (None, Some("eu1")) => "https://js-eu1.hs-scripts.com",
            (None, _) => "https://js.hs-scripts.com",
        };
        format!("{base}/{}.js", account.portal_id)
    }

    fn made(&self, source: &str, settings: String) -> Arc<Script> {
        if let Some(script) = self
            .scripts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&settings)
        {
            return Arc::clone(script);
        }
        let plain = source.replace(PLACE, &settings).into_bytes();
        let script = Arc::new(Script {
            tag: tag(&plain),
            brotli: compressed(&plain).unwrap_or_default(),
            plain,
            max_age: KEEP_SECONDS,
        });
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        if scripts.len() >= KEPT {
            scripts.clear();
        }
        scripts.insert(settings, Arc::clone(&script));
        script
    }
}

/// A value as a script may hold it.
fn rendered(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_else(|_| unreachable!("texts make valid JSON"));
    // Nothing in a name may end a script element or, in old engines, a line.
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn tag(plain: &[u8]) -> String {
    let digest = Sha256::digest(plain);
    let hex = digest
        .iter()
        .take(12)
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    format!("W/\"{hex}\"")
}

fn compressed(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4_096, 11, 22);
    writer.write_all(plain)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use parlor_engine::{Context, Timestamp, WidgetDraft};
    use parlor_protocol::TenantId;
    use parlor_store::NewWidget;
    use serde_json::{Value, json};

    use super::*;

    fn widget() -> Widget {
        let (context, draft) = (Context::system(), WidgetDraft::named("</script>"));
        Widget {
            tenant: TenantId::default_tenant(),
            settings: NewWidget {
                id: context.widget_id(),
                key: context.widget_key(),
                name: draft.name,
                origins: Vec::new(),
                last_name_required: true,
                accent: draft.accent,
                greeting: draft.greeting,
                position: draft.position,
            },
            created_at: Timestamp::from_millis(0),
        }
    }

    fn account(portal_id: u64, location: Option<&str>) -> AccountDetails {
        serde_json::from_value(json!({"portalId": portal_id, "dataHostingLocation": location})).unwrap()
    }

    fn loader(scripts: Option<&str>) -> Loader {
        Loader::new(Some("parlor(__PARLOR_WIDGET__)".to_owned()), "https://chat.example.com").with_hubspot(
            Some("hubspot(__PARLOR_WIDGET__)".to_owned()),
            scripts.map(str::to_owned),
        )
    }

    /// What the script was told.
    fn told(script: &Script, function: &str) -> Value {
        let plain = std::str::from_utf8(&script.plain).unwrap();
        let told = plain.strip_prefix(function).and_then(|rest| rest.strip_suffix(')'));
        serde_json::from_str(told.unwrap_or_else(|| panic!("{plain}"))).unwrap()
    }

    #[test]
    fn hubspots_script_is_its_accounts_where_that_has_its_data() {
        let widget = widget();
        for (scripts, location, address) in [
            (None, None, "https://js.hs-scripts.com/7.js"),
            (None, Some("na1"), "https://js.hs-scripts.com/7.js"),
            (None, Some("eu1"), "https://js-eu1.hs-scripts.com/7.js"),
            (
                Some("http://127.0.0.1:1/scripts"),
                Some("eu1"),
                "http://127.0.0.1:1/scripts/7.js",
            ),
        ] {
            for consent in [false, true] {
                let script = loader(scripts).hubspot_script(&widget, &account(7, location), consent);
                let expected = json!({
                    "key": widget.settings.key.as_str(),
                    "origin": "https://chat.example.com",
                    "script": address,
                    "consent": consent,
                });
                assert_eq!(told(&script.unwrap(), "hubspot("), expected);
            }
        }
    }

    #[test]
    fn each_account_and_setting_has_a_script_of_its_own_made_once() {
        let (loader, widget) = (loader(None), widget());
        let first = loader.hubspot_script(&widget, &account(7, None), false).unwrap();
        let same = loader.hubspot_script(&widget, &account(7, None), false).unwrap();
        assert!(Arc::ptr_eq(&first, &same));
        for other in [
            loader.hubspot_script(&widget, &account(8, None), false).unwrap(),
            loader.hubspot_script(&widget, &account(7, None), true).unwrap(),
            loader.script(&widget).unwrap(),
        ] {
            assert_ne!(other.tag, first.tag);
        }
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(first.brotli.as_slice(), 4_096)
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, first.plain);
        assert_eq!(first.max_age, KEEP_SECONDS);
    }

    #[test]
    fn without_the_web_part_there_is_no_script() {
        let loader = Loader::new(None, "https://chat.example.com");
        assert!(loader.script(&widget()).is_none());
        assert!(loader.hubspot_script(&widget(), &account(7, None), false).is_none());
    }

    #[test]
    fn trouble_is_said_in_the_console_and_not_kept_for_long() {
        let words = "a \"quote\", a \\, a </script> and a line\u{2028}end";
        let script = Loader::trouble(words);
        let plain = std::str::from_utf8(&script.plain).unwrap();
        assert!(!plain.contains(['<', '>', '\u{2028}']), "{plain}");
        let said = plain
            .strip_prefix("console.warn(")
            .and_then(|rest| rest.strip_suffix(");\n"));
        let said: String = serde_json::from_str(said.unwrap()).unwrap();
        assert_eq!(said, format!("Parlor: {words}"));
        assert!(script.brotli.is_empty() && script.max_age == KEEP_TROUBLE_SECONDS);
        assert_ne!(script.tag, Loader::trouble("other words").tag);
    }

    #[test]
    fn nothing_in_a_widgets_name_ends_the_script_element() {
        let script = loader(None).script(&widget()).unwrap();
        assert!(!script.plain.contains(&b'<'));
        assert_eq!(told(&script, "parlor(")["name"], "</script>");
    }
}
