//! People's data: forgotten, exported and kept for so long, by a rep's button or by a command beside the running server.

use parlor_protocol::{ERASED_NAME, TenantId};
use serde_json::{Value, json};

use crate::house::House;
use crate::program::{Folder, error_text};

fn said(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", error_text(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_rep_forgets_a_contact_only_when_sure_and_every_open_window_notices() {
    let house = House::start().await;
    let cookie = house.rep_cookie().await;
    let ada = house.register(&house.key, "Ada", "ada@example.com").await;
    let mut chat = house.chat(&ada, None).await;
    chat.say(&ada.conversation, "my secret sorrow").await;
    let mut desk = house.desk(&cookie).await;
    desk.subscribe(&ada.conversation, None).await;
    desk.settled().await;
    let page = format!("/inbox/{}", ada.conversation);
    let before = house.ask("GET", &page).cookie(&cookie).answer().await;
    assert!(before.text.contains("Forget this contact") && before.text.contains("I am sure"));

    let forget = format!("{page}/forget");
    for fields in [&[][..], &[("sure", "no")][..]] {
        let unsure = house.ask("POST", &forget).cookie(&cookie).form(fields).answer().await;
        assert_eq!((unsure.status, unsure.header("location")), (303, page.as_str()));
    }
    let tenant = TenantId::default_tenant();
    assert_eq!(
        house.messages(&tenant, &ada.conversation).await[0].text,
        "my secret sorrow"
    );

    let sure = [("sure", "yes")];
    let done = house.ask("POST", &forget).cookie(&cookie).form(&sure).answer().await;
    assert_eq!((done.status, done.header("location")), (303, page.as_str()));
    assert_eq!(desk.frame("erased").await["conversation"], ada.conversation.as_str());
    assert_eq!(house.summary(&ada.conversation).await.visitor_name, ERASED_NAME);
    assert_eq!(chat.error().await["code"], "unauthenticated");
    assert_eq!(chat.closed().await, 1008);

    // The page of the tombstones; the visitor's page is the form again.
    let after = house.ask("GET", &page).cookie(&cookie).answer().await;
    assert!(after.text.contains("This message was erased.") && after.text.contains(ERASED_NAME));
    for gone in ["sorrow", "ada@example.com", "Forget this contact"] {
        assert!(!after.text.contains(gone), "{gone}");
    }
    let widget = format!("/widget/{}", house.key);
    let fresh = house.ask("GET", &widget).cookie(&ada.cookie).answer().await;
    assert!(fresh.text.contains("name=\"email\"") && !fresh.text.contains("sorrow"));
    // An old tab that comes back is nobody, and the address registers as somebody new.
    let mut back = house
        .socket(&format!("/ws/visitor?widget={}", house.key), Some(&ada.cookie))
        .await
        .unwrap();
    back.send(json!({"type": "hello", "versions": [1]})).await;
    assert_eq!(back.error().await["code"], "unauthenticated");
    let again = house.register(&house.key, "Ada", "ada@example.com").await;
    assert_ne!(again.conversation, ada.conversation);
    house.stop().await;
}

#[tokio::test]
async fn a_contacts_data_is_exported_to_who_is_signed_in_and_to_their_own_tenant_alone() {
    let house = House::start().await;
    let ada = house.register(&house.key, "Ada", "ada@example.com").await;
    house
        .chat(&ada, None)
        .await
        .say(&ada.conversation, "<b>hello</b>")
        .await;
    let path = format!("/inbox/{}/export", ada.conversation);
    let away = house.ask("POST", &path).answer().await;
    assert_eq!(away.status, 303);
    assert!(away.header("location").starts_with("/inbox/sign-in"));
    let cookie = house.rep_cookie().await;
    let export = house.ask("POST", &path).cookie(&cookie).answer().await;
    assert_eq!(
        (export.status, export.header("content-type")),
        (200, "application/json")
    );
    assert!(export.header("content-disposition").starts_with("attachment"));
    assert_eq!(export.header("cache-control"), "no-store");
    let export: Value = serde_json::from_str(&export.text).unwrap();
    assert_eq!(export["conversations"][0]["messages"][0]["text"], "<b>hello</b>");
    let elsewhere = TenantId::parse("elsewhere").unwrap();
    house.add_rep(&elsewhere, "other@parlor.example", "Other").await;
    let other = house.sign_in("other@parlor.example", crate::house::PASSWORD).await;
    for path in [path.clone(), path.replace("/export", "/forget")] {
        let refused = house
            .ask("POST", &path)
            .cookie(&other)
            .form(&[("sure", "yes")])
            .answer()
            .await;
        assert_eq!(refused.status, 404, "{path}");
    }
    // Neither is a link that somebody else's page could follow.
    let followed = house.ask("GET", &path).cookie(&cookie).answer().await;
    assert_eq!(followed.status, 405);
    assert!(
        !house.messages(&TenantId::default_tenant(), &ada.conversation).await[0]
            .text
            .is_empty()
    );
    house.stop().await;
}

#[tokio::test]
async fn commands_forget_export_and_keep_beside_a_running_server() {
    let folder = Folder::new(&[]);
    let key = folder.add_widget().await;
    let server = folder.serve().await;
    let ada = server.site.register(&key, "Ada", "ada@example.com").await;
    let mut chat = server.site.chat(&ada, None).await;
    chat.say(&ada.conversation, "my secret sorrow").await;

    let exported: Value = serde_json::from_str(&said(&folder.run(&["export", "Ada@Example.com"]).await)).unwrap();
    assert_eq!(exported["conversations"][0]["messages"][0]["text"], "my secret sorrow");
    let forgotten = said(&folder.run(&["forget", "Ada@Example.com"]).await);
    assert!(forgotten.contains("1 conversation with 1 message"), "{forgotten}");
    // The server notices by itself.
    assert_eq!(chat.error().await["code"], "unauthenticated");
    let exported: Value = serde_json::from_str(&said(&folder.run(&["export", "ada@example.com"]).await)).unwrap();
    assert_eq!(exported["conversations"], json!([]));
    let nobody = said(&folder.run(&["forget", "nobody@example.com"]).await);
    assert!(nobody.contains("Nothing is kept"), "{nobody}");
    let refused = folder.run(&["forget", "nobody"]).await;
    assert_eq!(refused.status.code(), Some(2));

    let kept = said(&folder.run(&["retention"]).await);
    assert!(kept.contains("for good"), "{kept}");
    let kept = said(&folder.run(&["retention", "--days", "30"]).await);
    assert!(kept.contains("30 days"), "{kept}");
    for wrong in ["0", "soon", "-1", "99999999"] {
        let refused = folder.run(&["retention", &format!("--days={wrong}")]).await;
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
    }
    assert!(said(&folder.run(&["retention", "--days", "off"]).await).contains("for good"));

    let audit = said(&folder.run(&["audit"]).await);
    let actions: Vec<&str> = audit.lines().map(|line| line.split("  ").nth(2).unwrap()).collect();
    assert_eq!(actions, ["retention set", "retention set", "forgotten", "exported"]);
    assert!(
        audit.contains("command line") && !audit.to_lowercase().contains("ada"),
        "{audit}"
    );
    // Nothing personal stands in the journal or in the log.
    let journal = std::fs::read_to_string(folder.path("parlor.db.erased")).unwrap();
    for text in [journal, server.log()] {
        assert!(!text.contains("ada@") && !text.contains("sorrow"), "{text}");
    }
}
