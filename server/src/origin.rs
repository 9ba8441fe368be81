//! Parlor's own origin, and whom a request really comes from.
//!
//! The origin has one source, the setting `PARLOR_PUBLIC_URL`: never the Host header, which anybody can write. The client's
//! address is the peer's, unless the peer is a proxy the operator trusts.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use url::{Host, Url};

/// Parlor's address as browsers see it: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority: String,
    is_https: bool,
}

impl PublicUrl {
    /// Takes an https address without a path, or an http address of this machine; else says what it must be.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "an address like https://chat.example.com")?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !is_bare || !url.username().is_empty() || url.password().is_some() {
            return Err("an address without path, query or user, like https://chat.example.com");
        }
        let is_https = url.scheme() == "https";
        let is_local = url.scheme() == "http" && is_loopback(&url);
        if !is_https && !is_local {
            return Err("an https address: browsers keep no session in an embedded page without TLS");
        }
        let origin = url.origin().ascii_serialization();
        let authority = origin
            .split_once("://")
            .map(|(_, authority)| authority.to_owned())
            .unwrap_or_default();
        Ok(Self {
            origin,
            authority,
            is_https,
        })
    }

    /// The origin, as a browser writes it.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address of the sockets, for a Content-Security-Policy.
    #[must_use]
    pub fn socket_origin(&self) -> String {
        format!("{}://{}", if self.is_https { "wss" } else { "ws" }, self.authority)
    }

    /// Whether browsers come by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.is_https
    }
}

/// Whether the address is this machine's own.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whom a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Notes the client's address with the request.
pub(crate) async fn note_client_address(
    State(trusted): State<std::sync::Arc<[IpNet]>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let address = client_address(peer.ip(), request.headers(), &trusted);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// The peer, or, when the peer is a trusted proxy, the last address in `X-Forwarded-For` that is not one: everything to its
/// left was written by somebody nobody vouches for.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let mut client = peer.to_canonical();
    if !is_trusted(&client) {
        return client;
    }
    let values: Vec<&HeaderValue> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = values
        .iter()
        .rev()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','));
    for hop in hops {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| {
                (
                    axum::http::HeaderName::from_static("x-forwarded-for"),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn a83_a_forged_address_counts_only_from_a_trusted_proxy() {
        let peer: IpAddr = "198.51.100.7".parse().unwrap();
        let trusted: Vec<IpNet> = vec!["198.51.100.0/24".parse().unwrap()];
        let forged = headers(&["203.0.113.9"]);
        assert_eq!(client_address(peer, &forged, &[]), peer);
        assert_eq!(
            client_address(peer, &forged, &trusted),
            "203.0.113.9".parse::<IpAddr>().unwrap()
        );
    }

    #[test]
    fn a83_only_the_part_that_trusted_proxies_wrote_is_believed() {
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let chain = headers(&["1.1.1.1, 203.0.113.9, 10.0.0.2"]);
        assert_eq!(
            client_address(peer, &chain, &trusted),
            "203.0.113.9".parse::<IpAddr>().unwrap()
        );
        let split = headers(&["1.1.1.1, 203.0.113.9", "10.0.0.2"]);
        assert_eq!(
            client_address(peer, &split, &trusted),
            "203.0.113.9".parse::<IpAddr>().unwrap()
        );
        let rubbish = headers(&["not an address"]);
        assert_eq!(client_address(peer, &rubbish, &trusted), peer);
    }

    #[test]
    fn a_public_address_is_https_or_this_machine() {
        assert_eq!(
            PublicUrl::parse("https://Chat.Example.com:443/").unwrap().origin(),
            "https://chat.example.com"
        );
        assert_eq!(
            PublicUrl::parse("http://127.0.0.1:3000").unwrap().socket_origin(),
            "ws://127.0.0.1:3000"
        );
        for wrong in [
            "",
            "chat.example.com",
            "http://chat.example.com",
            "https://chat.example.com/parlor",
            "https://a:b@c.d",
            "ftp://x",
        ] {
            assert!(PublicUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
