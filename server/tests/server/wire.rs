//! A87: what no browser puts into a WebSocket.

use crate::house::House;
use crate::program::Folder;
use crate::raw::{RawSocket, frame};
use crate::site::Visitor;

const TEXT: u8 = 0x81;
const TEXT_BEGINS: u8 = 0x01;
const CONTINUES: u8 = 0x00;
const ENDS: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

async fn socket(house: &House, visitor: &Visitor) -> RawSocket {
    let path = format!("/ws/visitor?widget={}", house.key);
    let mut socket = RawSocket::open(house, &path, &visitor.cookie).await;
    socket.hello().await;
    socket
}

#[tokio::test]
async fn a87_each_broken_frame_closes_its_socket_with_the_code_that_says_why() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let huge_head = [&[TEXT, 0x80 | 127][..], &(1_u64 << 30).to_be_bytes(), &[1, 2, 3, 4]].concat();
    let overlong = [&[TEXT, 0x80 | 127][..], &u64::MAX.to_be_bytes(), &[1, 2, 3, 4]].concat();
    let cases: Vec<(&str, Vec<u8>, u16)> = vec![
        ("a frame of 33 KiB", frame(TEXT, &[b'x'; 33 * 1024]), 1009),
        ("a frame that announces a gigabyte", huge_head, 1009),
        (
            "fragments of 40 KiB together",
            [
                frame(TEXT_BEGINS, &[b'x'; 20 * 1024]),
                frame(CONTINUES, &[b'x'; 20 * 1024]),
            ]
            .concat(),
            1009,
        ),
        ("an unmasked frame", vec![TEXT, 2, b'{', b'}'], 1002),
        ("RSV1", frame(TEXT | 0x40, b"{}"), 1002),
        ("RSV2", frame(TEXT | 0x20, b"{}"), 1002),
        ("RSV3", frame(TEXT | 0x10, b"{}"), 1002),
        ("an opcode that is none", frame(0x83, b"{}"), 1002),
        ("a control opcode that is none", frame(0x8b, b""), 1002),
        ("a ping of 126 bytes", frame(PING, &[0; 126]), 1002),
        ("a ping in fragments", frame(PING & 0x7f, b""), 1002),
        ("a continuation of nothing", frame(ENDS, b"x"), 1002),
        (
            "a new message within another",
            [frame(TEXT_BEGINS, b"a"), frame(TEXT, b"b")].concat(),
            1002,
        ),
        ("a close with code 1005", frame(CLOSE, &1005_u16.to_be_bytes()), 1002),
        ("an ordinary goodbye", frame(CLOSE, &1000_u16.to_be_bytes()), 1000),
        ("text that is not UTF-8", frame(TEXT, &[0xff, 0xfe]), 1007),
    ];
    for (what, bytes, code) in cases {
        let mut socket = socket(&house, &visitor).await;
        socket.send(&bytes).await;
        assert_eq!(socket.close_code().await, code, "{what}");
    }
    let mut socket = socket(&house, &visitor).await;
    socket.send(&overlong).await;
    let code = socket.close_code().await;
    assert!([1002, 1009].contains(&code), "a length beyond all limits: {code}");
    assert_eq!(house.get("/healthz").await.status, 200);
    house.stop().await;
}

#[tokio::test]
async fn a87_a_message_in_a_thousand_pieces_is_a_message() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut socket = socket(&house, &visitor).await;
    let text = br#"{"type":"ping"}"#;
    let mut bytes = frame(TEXT_BEGINS, b"");
    for byte in text {
        bytes.extend(frame(CONTINUES, &[*byte]));
        // A ping between two pieces is allowed and answered.
        bytes.extend(frame(CONTINUES, b""));
    }
    bytes.extend(frame(ENDS, b""));
    socket.send(&bytes).await;
    assert_eq!(socket.next().await.unwrap().payload, br#"{"type":"pong"}"#);
    house.stop().await;
}

#[tokio::test]
async fn a87_ten_thousand_empty_continuations_cost_no_memory_and_no_other_client() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let visitor = program.site.register(&key, "Ada", "ada@example.com").await;
    let path = format!("/ws/visitor?widget={key}");
    let mut socket = RawSocket::open(&program.site, &path, &visitor.cookie).await;
    socket.hello().await;
    socket.send(&frame(TEXT_BEGINS, b"{")).await;
    let before = program.memory();
    let many = frame(CONTINUES, b"").repeat(10_000);
    socket.send(&many).await;
    let mut other = program.site.chat(&visitor, None).await;
    other.say(&visitor.conversation, "meanwhile").await;
    socket.send(&frame(ENDS, b"")).await;
    let answer = socket.next().await.unwrap();
    assert!(String::from_utf8_lossy(&answer.payload).contains("malformed_frame"));
    let grown = program.memory().saturating_sub(before);
    assert!(grown < 4_096, "{grown} KiB more");
}
