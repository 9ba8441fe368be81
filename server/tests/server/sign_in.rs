//! Reps: signing in, out, changing one's password, and what happens to the sessions and sockets that were open.

use std::time::{Duration, Instant};

use crate::house::{House, PASSWORD, REP};
use crate::site::{Answer, Site};

const NEW_PASSWORD: &str = "another good password";

async fn attempt(site: &Site, email: &str, password: &str) -> Answer {
    let fields = [("email", email), ("password", password), ("next", "")];
    site.ask("POST", "/inbox/sign-in").form(&fields).answer().await
}

/// The status of the inbox for a cookie: 200 signed in, 303 not.
async fn inbox(site: &Site, cookie: &str) -> u16 {
    site.ask("GET", "/inbox").cookie(cookie).answer().await.status
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_answered_alike() {
    let house = House::start().await;
    let nonces = |answer: &Answer| answer.text.clone();
    let unknown = attempt(&house, "nob@parlor.example", "some wrong password").await;
    let wrong = attempt(&house, REP, "some wrong password").await;
    assert_eq!((unknown.status, wrong.status), (422, 422));
    assert_eq!(nonces(&unknown).replace("nob@parlor.example", REP), nonces(&wrong));
    assert!(wrong.text.contains("E-mail or password is not right."));
    assert!(
        !wrong.text.contains("some wrong password"),
        "a password is never sent back"
    );
    assert!(unknown.set_cookies().is_empty() && wrong.set_cookies().is_empty());
    house.stop().await;
}

#[tokio::test]
async fn an_address_signs_in_however_it_is_capitalised() {
    let house = House::start().await;
    let cookie = house.sign_in(&REP.to_uppercase(), PASSWORD).await;
    assert_eq!(inbox(&house, &cookie).await, 200);
    house.stop().await;
}

#[tokio::test]
async fn a78_guessing_is_slowed_down_for_the_guesser_and_not_for_the_owner() {
    let house = House::start_with(&[("PARLOR_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let from = async |network: &str, password: &str| {
        let fields = [("email", REP), ("password", password)];
        let ask = house.ask("POST", "/inbox/sign-in").header("x-forwarded-for", network);
        ask.form(&fields).answer().await
    };
    let mut statuses = Vec::new();
    for number in 0..10 {
        statuses.push(from("203.0.113.9", &format!("guess number {number}")).await.status);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 422, 422, 422, 429, 429]);
    let right = from("203.0.113.9", PASSWORD).await;
    assert_eq!(right.status, 429, "also when the guess is right");
    assert!(right.text.contains("Too many attempts") && right.set_cookies().is_empty());
    let wait: u64 = right.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(from("198.51.100.7", PASSWORD).await.status, 303, "the owner, elsewhere");
    house.stop().await;
}

#[tokio::test]
async fn a78_a_guesser_with_a_whole_ipv6_network_is_one_guesser() {
    let house = House::start_with(&[("PARLOR_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let mut statuses = Vec::new();
    for number in 1..=9 {
        let fields = [("email", REP), ("password", "some wrong password")];
        let ask = house.ask("POST", "/inbox/sign-in");
        let ask = ask.header("x-forwarded-for", &format!("2001:db8::{number}"));
        statuses.push(ask.form(&fields).answer().await.status);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 422, 422, 422, 429]);
    house.stop().await;
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed_down_too() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    let mut answers = Vec::new();
    for number in 0..8 {
        let fields = [
            ("current", format!("guess {number}")),
            ("new", NEW_PASSWORD.to_owned()),
            ("again", NEW_PASSWORD.to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let ask = house.ask("POST", "/inbox/password").cookie(&cookie);
        answers.push(ask.form(&fields).answer().await);
    }
    let last = answers.last().unwrap();
    assert_eq!((answers[0].status, last.status), (422, 429));
    assert!(!last.header("retry-after").is_empty() && last.text.contains("Too many attempts"));
    house.stop().await;
}

#[tokio::test]
async fn a_session_planted_before_is_worth_nothing_after_signing_in() {
    let house = House::start().await;
    let first = house.rep_cookie().await;
    let fields = [("email", REP), ("password", PASSWORD)];
    let again = house
        .ask("POST", "/inbox/sign-in")
        .cookie(&first)
        .form(&fields)
        .answer()
        .await;
    assert_eq!(again.status, 303);
    let second = again.cookie();
    assert_ne!(first, second);
    assert_eq!(inbox(&house, &second).await, 200);
    assert_eq!(inbox(&house, &first).await, 303, "the id from before is gone");
    let planted = "parlor-rep=AAAAAAAAAAAAAAAAAAAAAA";
    let ask = house
        .ask("POST", "/inbox/sign-in")
        .cookie(planted)
        .form(&fields)
        .answer()
        .await;
    assert_ne!(ask.cookie(), planted);
    assert_eq!(inbox(&house, planted).await, 303);
    house.stop().await;
}

#[tokio::test]
async fn the_reps_cookie_is_out_of_reach_for_scripts_and_foreign_pages() {
    let house = House::start_with(&[("PARLOR_PUBLIC_URL", "https://chat.example.com")]).await;
    let answer = attempt(&house, REP, PASSWORD).await;
    let cookie = answer.set_cookies()[0].to_owned();
    assert!(cookie.starts_with("__Host-parlor-rep="), "{cookie}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000");
    house.stop().await;
}

#[tokio::test]
async fn signing_in_leads_back_to_where_one_was_and_never_elsewhere() {
    let house = House::start().await;
    let visitor = house.register(&house.key, "Ada", "ada@example.com").await;
    let wanted = format!("/inbox/{}", visitor.conversation);
    let away = house.get(&wanted).await;
    assert_eq!(away.header("location"), format!("/inbox/sign-in?next={wanted}"));
    for (next, leads_to) in [
        (wanted.as_str(), wanted.as_str()),
        ("https://evil.example", "/inbox"),
        ("//evil.example", "/inbox"),
        ("/inbox\r\nSet-Cookie: x=y", "/inbox"),
    ] {
        let fields = [("email", REP), ("password", PASSWORD), ("next", next)];
        let answer = house.ask("POST", "/inbox/sign-in").form(&fields).answer().await;
        assert_eq!((answer.status, answer.header("location")), (303, leads_to), "{next}");
    }
    house.stop().await;
}

#[tokio::test]
async fn a79_signing_out_ends_the_session_and_its_socket() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    let elsewhere = house.rep_cookie().await;
    let mut desk = house.desk(&cookie).await;
    let began = Instant::now();
    let answer = house.ask("POST", "/inbox/sign-out").cookie(&cookie).answer().await;
    assert_eq!((answer.status, answer.header("location")), (303, "/inbox/sign-in"));
    assert!(answer.set_cookies()[0].contains("Max-Age=0"));
    assert_eq!(inbox(&house, &cookie).await, 303);
    assert_eq!(
        inbox(&house, &elsewhere).await,
        200,
        "another session of the same rep goes on"
    );
    assert_eq!(desk.closed().await, 1008);
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    house.stop().await;
}

#[tokio::test]
async fn a79_another_password_ends_the_other_sessions_and_their_sockets() {
    let house = House::start().await;
    let here = house.rep_cookie().await;
    let there = house.rep_cookie().await;
    let mut desk = house.desk(&there).await;
    let began = Instant::now();
    let fields = [("current", PASSWORD), ("new", NEW_PASSWORD), ("again", NEW_PASSWORD)];
    let answer = house
        .ask("POST", "/inbox/password")
        .cookie(&here)
        .form(&fields)
        .answer()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains("Your password is changed."));
    let renewed = answer.cookie();
    assert_eq!(inbox(&house, &renewed).await, 200, "who changed it stays");
    assert_eq!(inbox(&house, &there).await, 303);
    assert_eq!(inbox(&house, &here).await, 303, "under another id");
    assert_eq!(desk.error().await["code"], "unauthenticated");
    assert_eq!(desk.closed().await, 1008);
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    assert_eq!(attempt(&house, REP, PASSWORD).await.status, 422);
    assert_eq!(attempt(&house, REP, NEW_PASSWORD).await.status, 303);
    house.stop().await;
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_it_and_only_to_a_good_one() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    for (current, new, again) in [
        ("a wrong password", NEW_PASSWORD, NEW_PASSWORD),
        (PASSWORD, "short", "short"),
        (PASSWORD, NEW_PASSWORD, "something different"),
        (PASSWORD, &"x".repeat(1_025), &"x".repeat(1_025)),
    ] {
        let fields = [("current", current), ("new", new), ("again", again)];
        let answer = house
            .ask("POST", "/inbox/password")
            .cookie(&cookie)
            .form(&fields)
            .answer()
            .await;
        assert_eq!(answer.status, 422);
        assert!(!answer.text.contains(new), "no password is sent back");
    }
    assert_eq!(inbox(&house, &cookie).await, 200);
    assert_eq!(attempt(&house, REP, PASSWORD).await.status, 303);
    house.stop().await;
}
