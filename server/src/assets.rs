//! Scripts, styles and WASM: inside the program in a release, from `cargo leptos`' folder while developing.
//!
//! `cargo xtask web` writes `target/web` with a bundle for each side, every file beside its brotli and gzip form. They are served
//! below a digest of them all, so that a browser may keep them for ever.

use std::borrow::Cow;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use leptos::config::LeptosOptions;
use parlor_app::ui::document::PageAssets;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/web"]
#[allow_missing = true]
struct Embedded;

/// Which side's bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bundle {
    /// The visitor's.
    Widget,
    /// The rep's.
    Inbox,
}

impl Bundle {
    const fn folder(self) -> &'static str {
        match self {
            Self::Widget => "widget",
            Self::Inbox => "inbox",
        }
    }
}

/// Where the files come from.
pub struct Assets {
    digest: String,
    /// `cargo leptos`' site root; both sides are one bundle there.
    development: Option<Development>,
}

/// What `cargo leptos watch` says of itself.
#[derive(Debug, Clone)]
pub struct Development {
    /// Its site root.
    pub root: PathBuf,
    /// Where it tells pages to reload.
    pub reload_port: u32,
}

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const SHORT: &str = "public, max-age=3600";

impl Assets {
    /// The embedded files, or those of `cargo leptos watch`, which says so by `LEPTOS_SITE_ROOT`.
    #[must_use]
    pub fn new(development: Option<Development>) -> Self {
        let mut digest = Sha256::new();
        let mut names: Vec<Cow<'static, str>> = Embedded::iter().collect();
        names.sort();
        for file in names.iter().filter_map(|name| Embedded::get(name)) {
            digest.update(file.metadata.sha256_hash());
        }
        let digest = digest
            .finalize()
            .iter()
            .take(8)
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        Self { digest, development }
    }

    /// Whether the web part was there when this program was built (or `cargo leptos` serves it).
    #[must_use]
    pub fn are_complete(&self) -> bool {
        self.development.is_some() || Embedded::get("widget/parlor.wasm").is_some()
    }

    /// What a page may connect to beside Parlor while it is developed: the reloader.
    #[must_use]
    pub fn development_connections(&self) -> String {
        self.development.as_ref().map_or_else(String::new, |development| {
            format!(" ws://127.0.0.1:{0} ws://localhost:{0}", development.reload_port)
        })
    }

    /// Where a page of this side finds its files.
    #[must_use]
    pub fn page(&self, bundle: Bundle) -> PageAssets {
        let folder = match self.development {
            Some(_) => "pkg".to_owned(),
            None => format!("pkg/{}/{}", self.digest, bundle.folder()),
        };
        let mut options = LeptosOptions::builder()
            .output_name("parlor")
            .site_pkg_dir(folder.clone())
            .site_root("")
            .env(leptos::config::Env::PROD)
            .build();
        if let Some(development) = &self.development {
            options.env = leptos::config::Env::DEV;
            options.reload_port = development.reload_port;
        }
        PageAssets {
            stylesheet: format!("/{folder}/parlor.css"),
            leptos_options: options,
        }
    }

    /// The loader's text, with its placeholder.
    #[must_use]
    pub fn loader(&self) -> Option<String> {
        self.script("embed.js")
    }

    /// The text of the loader that boots HubSpot's chat, with its placeholder.
    #[must_use]
    pub fn hubspot_loader(&self) -> Option<String> {
        self.script("hubspot.js")
    }

    fn script(&self, name: &str) -> Option<String> {
        let bytes = match &self.development {
            Some(development) => std::fs::read(development.root.join(name)).ok()?,
            None => Embedded::get(name)?.data.into_owned(),
        };
        String::from_utf8(bytes).ok()
    }

    /// The answer to a request for `/pkg/…` (`path` without that) or for a file at the root.
    #[must_use]
    pub fn serve(&self, path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
        // As they are named here; another spelling is another file, which is not there.
        let is_inner = [".map", ".br", ".gz"].iter().any(|ending| path.ends_with(ending));
        if path.contains("..") || is_inner {
            return None;
        }
        if let Some(Development { root, .. }) = &self.development {
            let bytes = std::fs::read(root.join(path))
                .or_else(|_| std::fs::read(root.join("pkg").join(path)))
                .ok()?;
            return answer(path, bytes.into(), None, "no-store", None, headers);
        }
        let (name, cache) = match path
            .strip_prefix(self.digest.as_str())
            .and_then(|rest| rest.strip_prefix('/'))
        {
            Some(name) => (name, IMMUTABLE),
            // Only what stands at the root has an address without the digest.
            None if !path.contains('/') => (path, SHORT),
            None => return None,
        };
        let encoding = accepted(headers)
            .into_iter()
            .find_map(|(encoding, ending)| Some((Embedded::get(&format!("{name}{ending}"))?, Some(encoding))));
        let (file, encoding) = match encoding {
            Some(found) => found,
            None => (Embedded::get(name)?, None),
        };
        // Weak: the plain form and the compressed ones share it.
        let tag = format!("W/\"{}\"", &self.digest);
        answer(name, file.data, encoding, cache, Some(tag), headers)
    }
}

/// The encodings the client takes, best first, with the endings of their files.
pub(crate) fn accepted(headers: &HeaderMap) -> Vec<(&'static str, &'static str)> {
    let wanted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |name: &str| {
        wanted.split(',').any(|item| {
            let mut parts = item.split(';').map(str::trim);
            parts.next() == Some(name) && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(name, _)| takes(name))
        .collect()
}

fn answer(
    name: &str,
    bytes: Cow<'static, [u8]>,
    encoding: Option<&'static str>,
    cache: &'static str,
    tag: Option<String>,
    headers: &HeaderMap,
) -> Option<Response<Body>> {
    let kind = match name.rsplit('.').next()? {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    };
    let mut response = Response::new(Body::empty());
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if tag.as_deref().is_some_and(|tag| known == Some(tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(bytes.into_owned());
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(encoding) = encoding {
            response
                .headers_mut()
                .insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&tag).ok()) {
        response.headers_mut().insert(ETAG, tag);
    }
    Some(response)
}
