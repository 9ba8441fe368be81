//! The way in where no cookie comes back: the one-time code, and the token for it.

use parlor_protocol::TenantId;
use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn where_no_cookie_comes_back_a_code_buys_a_token_once_and_the_token_says_hello() {
    let house = House::start().await;
    let other = house
        .add_widget(&TenantId::default_tenant(), "Other", &["https://other.example"])
        .await;
    let stamp = house.stamp(&house.key).await;
    let registered = house
        .call_register(&house.key, "Ada", "ada@example.com", &stamp)
        .await
        .json();
    let registered = &registered["registered"];
    let code = json!({"code": registered["code"]});
    let granted = house.visitor_function(&house.key, "token", &code).await;
    assert_eq!(granted.status, 200, "{}", granted.text);
    let granted = granted.json();
    assert_eq!(granted["conversation"], registered["conversation"]);
    let again = house.visitor_function(&house.key, "token", &code).await;
    assert_eq!(again.status, 401, "a code is good once: {}", again.text);

    let hello = json!({"type": "hello", "versions": [1], "token": granted["token"]});
    let mut socket = house
        .socket(&format!("/ws/visitor?widget={}", house.key), None)
        .await
        .unwrap();
    socket.send(hello.clone()).await;
    assert_eq!(
        socket.frame("welcome").await["conversation"],
        registered["conversation"]
    );
    let mut elsewhere = house
        .socket(&format!("/ws/visitor?widget={other}"), None)
        .await
        .unwrap();
    elsewhere.send(hello).await;
    assert_eq!(elsewhere.error().await["code"], "unauthenticated", "another widget's");
    let mut wrong = house
        .socket(&format!("/ws/visitor?widget={}", house.key), None)
        .await
        .unwrap();
    wrong
        .send(json!({"type": "hello", "versions": [1], "token": "guessed"}))
        .await;
    assert_eq!(wrong.error().await["code"], "unauthenticated");
    house.stop().await;
}

#[tokio::test]
async fn a_code_is_worth_nothing_at_another_widget() {
    let house = House::start().await;
    let other = house
        .add_widget(&TenantId::default_tenant(), "Other", &["https://other.example"])
        .await;
    let stamp = house.stamp(&house.key).await;
    let registered = house
        .call_register(&house.key, "Ada", "ada@example.com", &stamp)
        .await
        .json();
    let code = json!({"code": registered["registered"]["code"]});
    assert_eq!(house.visitor_function(&other, "token", &code).await.status, 401);
    house.stop().await;
}
