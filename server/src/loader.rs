//! The loader of a widget: the hand-written script with the widget's public settings rendered in, compressed once.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use parlor_engine::Widget;
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

/// A widget's script.
#[derive(Debug)]
pub struct Script {
    /// The script.
    pub plain: Vec<u8>,
    /// The same by brotli, as small as it gets.
    pub brotli: Vec<u8>,
    /// Its entity tag; weak, since the plain form and the compressed one share it.
    pub tag: String,
}

/// All widgets' scripts.
pub struct Loader {
    source: Option<String>,
    origin: String,
    scripts: Mutex<HashMap<String, Arc<Script>>>,
}

impl Loader {
    /// Scripts made from this source, for Parlor at this origin.
    #[must_use]
    pub fn new(source: Option<String>, origin: &str) -> Self {
        Self {
            source,
            origin: origin.to_owned(),
            scripts: Mutex::default(),
        }
    }

    /// A widget's script; `None` when this program was built without the web part.
    #[must_use]
    pub fn script(&self, widget: &Widget) -> Option<Arc<Script>> {
        let settings = self.settings(widget);
        if let Some(script) = self
            .scripts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&settings)
        {
            return Some(Arc::clone(script));
        }
        let plain = self.source.as_ref()?.replace(PLACE, &settings).into_bytes();
        let digest = Sha256::digest(&plain);
        let tag = digest
            .iter()
            .take(12)
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let brotli = compressed(&plain).unwrap_or_default();
        let script = Arc::new(Script {
            plain,
            brotli,
            tag: format!("W/\"{tag}\""),
        });
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        if scripts.len() >= KEPT {
            scripts.clear();
        }
        scripts.insert(settings, Arc::clone(&script));
        Some(script)
    }

    fn settings(&self, widget: &Widget) -> String {
        let settings = &widget.settings;
        let public = PublicSettings {
            key: settings.key.as_str(),
            origin: &self.origin,
            name: &settings.name,
            accent: &settings.accent,
            greeting: &settings.greeting,
            position: settings.position.as_str(),
        };
        let json = serde_json::to_string(&public).unwrap_or_else(|_| unreachable!("texts make valid JSON"));
        // Nothing in a name may end a script element or, in old engines, a line.
        json.replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    }
}

fn compressed(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4_096, 11, 22);
    writer.write_all(plain)?;
    writer.flush()?;
    Ok(writer.into_inner())
}
