//! Reps and widgets: how they are added, and how a rep signs in.

use parlor_engine::{AddRepError, AddWidgetError, PasswordError, SignInError, WidgetDraft, reps, widgets};
use parlor_protocol::{RepId, TenantId};
use secrecy::SecretString;

use crate::world::{World, network};

const PASSWORD: &str = "correct horse battery";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

async fn add(world: &World, email: &str, name: &str, password: &str) -> Result<RepId, AddRepError> {
    let tenant = TenantId::default_tenant();
    reps::add_rep(
        &world.context(),
        world.store().as_ref(),
        &tenant,
        email,
        name,
        &secret(password),
    )
    .await
}

#[tokio::test]
async fn a_rep_is_added_once_with_an_address_a_name_and_a_password_long_enough() {
    let world = World::with(None).await;
    assert!(matches!(
        add(&world, "nobody", "Grace", PASSWORD).await,
        Err(AddRepError::Email(_))
    ));
    assert!(matches!(
        add(&world, "grace@example.com", " ", PASSWORD).await,
        Err(AddRepError::Name(_))
    ));
    let long = "x".repeat(1_025);
    for password in ["", "elevenchars", &long] {
        let refused = add(&world, "grace@example.com", "Grace", password).await;
        assert!(matches!(refused, Err(AddRepError::Password)));
    }
    add(&world, "grace@example.com", "Grace", PASSWORD).await.unwrap();
    let again = add(&world, "Grace@Example.com", "Other", PASSWORD).await;
    assert!(matches!(again, Err(AddRepError::Exists)));
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_are_answered_alike() {
    let world = World::with(None).await;
    let id = add(&world, "grace@example.com", "Grace", PASSWORD).await.unwrap();
    let rep = world
        .engine
        .sign_in("GRACE@example.com", secret(PASSWORD), network(1))
        .await
        .unwrap();
    assert_eq!(rep.id, id);
    for (email, password) in [
        ("grace@example.com", "correct horse batterz"),
        ("grace@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("nobody@example.com", "nobody has this password"),
        ("no address", PASSWORD),
    ] {
        let refused = world.engine.sign_in(email, secret(password), network(1)).await.err();
        let refused = refused.expect("it must be refused");
        assert_eq!(refused.to_string(), SignInError::Wrong.to_string(), "{email}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_for_the_guesser_and_for_nobody_else() {
    let world = World::with(None).await;
    add(&world, "grace@example.com", "Grace", PASSWORD).await.unwrap();
    for _ in 0..8 {
        let refused = world
            .engine
            .sign_in("grace@example.com", secret("wrong"), network(1))
            .await;
        assert!(matches!(refused, Err(SignInError::Wrong)));
    }
    // Not even the right password helps now, from there.
    let limited = world
        .engine
        .sign_in("grace@example.com", secret(PASSWORD), network(1))
        .await;
    let Err(SignInError::Limited { retry_after }) = limited else {
        panic!("it must be limited");
    };
    assert!(!retry_after.is_zero());
    assert!(
        world
            .engine
            .sign_in("grace@example.com", secret(PASSWORD), network(2))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_rep_changes_their_own_password_by_the_present_one_and_other_sessions_end() {
    let world = World::with(None).await;
    add(&world, "grace@example.com", "Grace", PASSWORD).await.unwrap();
    let rep = world
        .engine
        .sign_in("grace@example.com", secret(PASSWORD), network(1))
        .await
        .unwrap();
    let change = |current: &str, new: &str| {
        let (current, new) = (secret(current), secret(new));
        world.engine.change_password(&rep, current, new, network(1))
    };
    assert!(matches!(
        change("wrong", "another long password").await,
        Err(PasswordError::Wrong)
    ));
    assert!(matches!(change(PASSWORD, "short").await, Err(PasswordError::TooShort)));
    assert!(matches!(
        change(PASSWORD, &"x".repeat(1_025)).await,
        Err(PasswordError::TooLong)
    ));

    let tenant = TenantId::default_tenant();
    let version = change(PASSWORD, "another long password").await.unwrap();
    let session = |version| world.engine.rep_of_session(&tenant, &rep.id, version);
    assert!(session(version).await.unwrap().is_some());
    assert!(session(rep.password_version).await.unwrap().is_none());
    assert!(
        world
            .engine
            .sign_in("grace@example.com", secret(PASSWORD), network(2))
            .await
            .is_err()
    );

    // An operator may set one without knowing it.
    let store = world.store();
    let reset = |email: &'static str| {
        let (context, store) = (world.context(), store.clone());
        async move { reps::reset_password(&context, store.as_ref(), email, &secret("a third long password")).await }
    };
    assert!(reset("grace@example.com").await.unwrap());
    assert!(!reset("nobody@example.com").await.unwrap());
    assert!(session(version).await.unwrap().is_none());
    let signed_in = world
        .engine
        .sign_in("grace@example.com", secret("a third long password"), network(3))
        .await;
    assert!(signed_in.is_ok());
}

#[tokio::test]
async fn a_widget_is_added_once_with_exact_origins_and_a_colour() {
    let world = World::with(None).await;
    let add = |draft: WidgetDraft| {
        let (context, store) = (world.context(), world.store());
        async move { widgets::add_widget(&context, store.as_ref(), &TenantId::default_tenant(), draft).await }
    };
    assert!(matches!(add(WidgetDraft::named("  ")).await, Err(AddWidgetError::Name)));
    assert!(matches!(
        add(WidgetDraft::named("Demo")).await,
        Err(AddWidgetError::Exists)
    ));
    let wildcard = WidgetDraft {
        origins: vec!["https://good.example".to_owned(), "https://*.example.com".to_owned()],
        ..WidgetDraft::named("Other")
    };
    let refused = add(wildcard).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("https://*.example.com is not an origin"),
        "{refused}"
    );
    for accent in ["", "blue", "#12345", "#12345g", "#1234567"] {
        let draft = WidgetDraft {
            accent: accent.to_owned(),
            ..WidgetDraft::named("Other")
        };
        assert!(matches!(add(draft).await, Err(AddWidgetError::Accent(_))), "{accent}");
    }
    let widget = add(WidgetDraft::named("Other")).await.unwrap();
    let found = world.engine.widget(&widget.settings.key).await.unwrap().unwrap();
    assert_eq!(found.settings.id, widget.settings.id);
}
