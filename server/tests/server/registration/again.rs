//! The same registration sent again: a double click, a second try after an answer that was lost, a second tab.

use std::collections::BTreeSet;
use std::slice;

use parlor_protocol::TenantId;
use serde_json::{Value, json};

use crate::house::House;
use crate::program::Folder;
use crate::site::{Answer, Site};

const EMAIL: &str = "ada@example.com";

/// Posts the form as a page without script does, with the cookie that the browser has.
async fn post(site: &Site, key: &str, stamp: &str, email: &str, cookie: Option<&str>) -> Answer {
    let fields = [
        ("first_name", "Ada"),
        ("last_name", "Lovelace"),
        ("email", email),
        ("website", ""),
        ("form", stamp),
    ];
    let ask = site.ask("POST", &format!("/widget/{key}/register")).form(&fields);
    match cookie {
        Some(cookie) => ask.cookie(cookie).answer().await,
        None => ask.answer().await,
    }
}

/// Calls the server function under a cookie.
async fn call(house: &House, stamp: &str, email: &str, cookie: &str) -> Answer {
    let input = json!({
        "input": {"first_name": "Ada", "last_name": "Lovelace", "email": email, "form": stamp},
        "page": {},
    });
    let ask = house.ask("POST", &format!("/widget/{}/api/visitor/register", house.key));
    ask.cookie(cookie).json(&input).answer().await
}

async fn conversations(house: &House) -> Vec<String> {
    let lines = house.conversations(&TenantId::default_tenant()).await;
    lines.into_iter().map(|line| line.id.to_string()).collect()
}

/// The conversation of an answer of the server function.
fn conversation(answer: &Answer) -> String {
    let answer: Value = answer.json();
    answer["registered"]["conversation"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_posted_twice_is_one_conversation_under_either_cookie() {
    let house = House::start().await;
    let stamp = house.stamp(&house.key).await;
    let send = || post(&house, &house.key, &stamp, EMAIL, None);
    let (first, second) = tokio::join!(send(), send());
    let third = send().await;
    let only = conversations(&house).await;
    assert_eq!(only.len(), 1);
    let mut cookies = BTreeSet::new();
    for answer in [first, second, third] {
        assert_eq!(answer.status, 303, "{}", answer.text);
        let visitor = house.visitor(&house.key, &answer.cookie()).await;
        assert_eq!(visitor.conversation, only[0]);
        cookies.insert(visitor.cookie);
    }
    assert_eq!(cookies.len(), 3, "a session each: none of them knew of the others");
    house.stop().await;
}

#[tokio::test]
async fn a_function_called_twice_is_one_conversation_and_each_answer_has_a_good_code() {
    let house = House::start().await;
    let stamp = house.stamp(&house.key).await;
    let send = || house.call_register(&house.key, "Ada", EMAIL, &stamp);
    let (first, second) = tokio::join!(send(), send());
    let third = send().await;
    let only = conversations(&house).await;
    assert_eq!(only.len(), 1);
    for answer in [first, second, third] {
        assert_eq!(conversation(&answer), only[0]);
        let code = json!({"code": answer.json()["registered"]["code"]});
        let granted = house.visitor_function(&house.key, "token", &code).await;
        assert_eq!(granted.json()["conversation"], only[0].as_str());
    }
    house.stop().await;
}

#[tokio::test]
async fn a_form_posted_before_the_program_arrived_and_sent_by_it_again_is_one_conversation() {
    let house = House::start().await;
    let stamp = house.stamp(&house.key).await;
    post(&house, &house.key, &stamp, EMAIL, None).await;
    let answer = house.call_register(&house.key, "Ada", EMAIL, &stamp).await;
    assert_eq!(conversations(&house).await, [conversation(&answer)]);
    house.stop().await;
}

#[tokio::test]
async fn a_second_tab_goes_on_with_the_conversation_and_the_session_of_the_first() {
    let house = House::start().await;
    // Three tabs show the form before any of them sends it.
    let mut stamps = Vec::new();
    for _ in 0..3 {
        stamps.push(house.stamp(&house.key).await);
    }
    let first = post(&house, &house.key, &stamps[0], EMAIL, None).await;
    let ada = house.visitor(&house.key, &first.cookie()).await;
    let mut chat = house.chat(&ada, None).await;
    chat.say(&ada.conversation, "from the first tab").await;

    let second = post(&house, &house.key, &stamps[1], EMAIL, Some(&ada.cookie)).await;
    assert_eq!(second.status, 303, "{}", second.text);
    assert_eq!(second.cookie(), ada.cookie, "the first tab's session lives on");
    let third = call(&house, &stamps[2], "ADA@example.com", &ada.cookie).await;
    assert_eq!(third.cookie(), ada.cookie);
    assert_eq!(conversation(&third), ada.conversation);
    assert_eq!(conversations(&house).await, slice::from_ref(&ada.conversation));

    let page = house.ask("GET", &format!("/widget/{}", house.key));
    let page = page.cookie(&ada.cookie).answer().await;
    assert!(page.text.contains("from the first tab"));
    chat.say(&ada.conversation, "still here").await;
    house.stop().await;
}

#[tokio::test]
async fn somebody_else_at_the_same_browser_gets_a_conversation_and_a_session_of_their_own() {
    let house = House::start().await;
    for by_function in [false, true] {
        let ada = house.register(&house.key, "Ada", EMAIL).await;
        let stamp = house.stamp(&house.key).await;
        let email = "countess@example.com";
        let answer = if by_function {
            call(&house, &stamp, email, &ada.cookie).await
        } else {
            post(&house, &house.key, &stamp, email, Some(&ada.cookie)).await
        };
        let countess = house.visitor(&house.key, &answer.cookie()).await;
        assert_ne!(countess.cookie, ada.cookie);
        assert_ne!(countess.conversation, ada.conversation);
        assert_eq!(house.summary(&countess.conversation).await.email, email);
    }
    assert_eq!(conversations(&house).await.len(), 4);
    house.stop().await;
}

#[tokio::test]
async fn what_is_sent_again_is_counted_once() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let stamp = program.site.stamp(&key).await;
    let mut cookie = None;
    for _ in 0..3 {
        let answer = post(&program.site, &key, &stamp, EMAIL, cookie.as_deref()).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        cookie = Some(answer.cookie());
    }
    let metrics = Site::new(folder.metrics, "").get("/metrics").await.text;
    let counted: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("parlor_registrations_total"))
        .collect();
    assert_eq!(
        counted,
        ["parlor_registrations_total{held=\"true\"} 1"],
        "sent at once, so held"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_could_not_be_stored_comes_back_under_its_stamp() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let program = folder.serve().await;
    let stamp = program.site.stamp(&key).await;
    // Somebody else writes into the database for longer than Parlor waits.
    let other = rusqlite::Connection::open(folder.path("parlor.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = post(&program.site, &key, &stamp, EMAIL, None).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(refused.text.contains(&format!("value=\"{stamp}\"")));
    assert!(refused.text.contains(&format!("value=\"{EMAIL}\"")));
    other.execute_batch("ROLLBACK").unwrap();
    let taken = post(&program.site, &key, &stamp, EMAIL, None).await;
    assert_eq!(taken.status, 303, "{}", taken.text);
}
