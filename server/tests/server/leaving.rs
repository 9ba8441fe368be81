//! Clients that leave before they have their answer.

use std::collections::HashSet;

use parlor_protocol::TenantId;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::house::House;

#[tokio::test]
async fn a_visitor_who_leaves_before_the_answer_is_in_the_inbox_all_the_same() {
    let house = House::start().await;
    let mut desk = house.desk(&house.rep_cookie().await).await;
    let stamp = house.stamp(&house.key).await;
    let mut expected = HashSet::new();
    for number in 0..40 {
        let email = format!("hasty{number}@example.com");
        let body = format!("first_name=Ada&last_name=Hasty&email=hasty{number}%40example.com&website=&form={stamp}");
        let request = format!(
            "POST /widget/{}/register HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            house.key,
            house.address,
            body.len()
        );
        let mut connection = TcpStream::connect(house.address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        drop(connection);
        expected.insert(email);
    }
    // The last visitor waits for the answer; by then every request before was at least begun.
    house.register(&house.key, "Ada", "patient@example.com").await;
    let tenant = TenantId::default_tenant();
    let mut told = HashSet::new();
    while !told.contains("patient@example.com") {
        told.insert(
            desk.frame("conversation").await["summary"]["email"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let rep = house.engine.rep(&tenant, &house.rep).await.unwrap().unwrap();
    let (stored, _) = house.engine.summaries_before(&rep, None).await.unwrap();
    let stored: HashSet<String> = stored.into_iter().map(|line| line.email).collect();
    while !stored.is_subset(&told) {
        told.insert(
            desk.frame("conversation").await["summary"]["email"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert!(
        stored.intersection(&expected).count() > 0,
        "some of the hasty were stored"
    );
    house.stop().await;
}
