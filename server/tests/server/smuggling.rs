//! A93: requests whose end two servers could see in two places.

use crate::house::House;
use crate::raw::until_closed;

const SECOND: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn a93_an_ambiguous_request_is_refused_and_nothing_behind_it_is_answered() {
    let house = House::start().await;
    let chunked = "0\r\n\r\n";
    for (what, headers, body) in [
        ("CL.TE", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", chunked),
        ("TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", chunked),
        ("a coding that is none", "Transfer-Encoding: xchunked\r\n", chunked),
        (
            "a coding that only looks like it",
            "Transfer-Encoding: chunked, identity\r\n",
            chunked,
        ),
        (
            "two codings",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            chunked,
        ),
        (
            "a coding with a tab",
            "Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n",
            chunked,
        ),
        (
            "a blank before the colon",
            "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
            chunked,
        ),
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "a=b&c"),
        ("two lengths in one", "Content-Length: 5, 6\r\n", "a=b&c"),
        ("a signed length", "Content-Length: +5\r\n", "a=b&c"),
        ("a length that is none", "Content-Length: 0x5\r\n", "a=b&c"),
        ("a folded line", "X-Folded: a\r\n b\r\nContent-Length: 5\r\n", "a=b&c"),
        (
            "a folded coding",
            "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n",
            chunked,
        ),
        ("a header with a NUL", "X-Nul: a\0b\r\nContent-Length: 5\r\n", "a=b&c"),
    ] {
        let request = format!(
            "POST /inbox/sign-in HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}{SECOND}",
            house.address
        );
        let answer = until_closed(&house, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer:?}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer:?}");
        assert!(!answer.contains("alive"), "{what}");
    }
    house.stop().await;
}

#[tokio::test]
async fn what_is_no_request_at_all_is_refused() {
    let house = House::start().await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(600_000));
    for bytes in [
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03".as_slice(),
        b"GET / HTTP/9.9\r\n\r\n",
        // A92: HTTP/2 by prior knowledge.
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        long.as_bytes(),
    ] {
        let answer = until_closed(&house, bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
    }
    assert_eq!(house.get("/healthz").await.status, 200);
    house.stop().await;
}
