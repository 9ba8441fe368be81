//! Visitors' identification tokens, created in the sandbox.

use std::time::Duration;

use parlor_hubspot::{
    ApiVersion, Class, Client, ClientOptions, ExposeSecret, RateLimitPolicy, Retry, VISITOR_TOKEN_LIFETIME,
    VisitorIdentity,
};
use parlor_sandbox::{Clock, DEFAULT_TOKEN, Effect, FaultRule, Moment, Plan, Sandbox, SandboxOptions};

use crate::{client, options, start};

const ADA: VisitorIdentity<'static> = VisitorIdentity {
    email: "ada@example.com",
    first_name: Some("Ada"),
    last_name: None,
};

#[tokio::test]
async fn a_token_is_new_at_every_call_in_every_version_and_good_for_twelve_hours() {
    let clock = Clock::manual(Moment::from_unix_milliseconds(1_795_000_000_000));
    let sandbox = Sandbox::start(SandboxOptions {
        clock: clock.clone(),
        ..SandboxOptions::default()
    })
    .await
    .unwrap();
    let mut tokens = Vec::new();
    for version in ["v3", "2026-03", "2026-09"] {
        let version: ApiVersion = version.parse().unwrap();
        let client = Client::new(ClientOptions {
            version,
            ..options(&sandbox, DEFAULT_TOKEN)
        })
        .unwrap();
        tokens.push(client.create_visitor_token(&ADA).await.unwrap());
    }
    let kept = sandbox.sandbox().visitor_tokens();
    assert_eq!(kept.len(), 3);
    for (kept, token) in kept.iter().zip(&tokens) {
        assert_eq!(
            (
                kept.token.as_str(),
                kept.email.as_str(),
                kept.first_name.as_deref(),
                kept.last_name.as_deref()
            ),
            (token.expose_secret(), "ada@example.com", Some("Ada"), None)
        );
        let lifetime = kept.expires_at.unix_milliseconds() - kept.created_at.unix_milliseconds();
        assert_eq!(u128::try_from(lifetime).unwrap(), VISITOR_TOKEN_LIFETIME.as_millis());
    }
    assert_ne!(tokens[0].expose_secret(), tokens[1].expose_secret());
}

#[tokio::test]
async fn scope_plan_token_limit_and_address_are_told_apart() {
    let sandbox = start().await;
    sandbox.sandbox().add_token("pat-reader", ["crm.objects.contacts.read"]);
    let reader = Client::new(options(&sandbox, "pat-reader")).unwrap();
    let error = reader.create_visitor_token(&ADA).await.unwrap_err();
    let scopes = vec!["conversations.visitor_identification.tokens.create".to_owned()];
    assert_eq!(error.class(), &Class::Permission { scopes });

    let unknown = Client::new(options(&sandbox, "pat-unknown")).unwrap();
    let error = unknown.create_visitor_token(&ADA).await.unwrap_err();
    assert_eq!(error.class(), &Class::Token);

    let client = client(&sandbox);
    sandbox.sandbox().set_plan(Plan::Starter);
    let error = client.create_visitor_token(&ADA).await.unwrap_err();
    assert_eq!(
        (error.class(), error.status(), error.retry()),
        (&Class::Plan, Some(403), Retry::Later)
    );
    sandbox.sandbox().set_plan(Plan::Professional);

    for email in ["", "ada", "ada@example"] {
        let visitor = VisitorIdentity::new(email);
        let error = client.create_visitor_token(&visitor).await.unwrap_err();
        assert_eq!(
            (error.class(), error.category()),
            (&Class::Invalid, Some("VALIDATION_ERROR")),
            "{email:?}"
        );
    }

    sandbox.sandbox().set_limit(0);
    let error = client.create_visitor_token(&ADA).await.unwrap_err();
    let policy = RateLimitPolicy::TenSecondly;
    assert_eq!(error.class(), &Class::RateLimited { policy });
    assert_eq!(sandbox.sandbox().visitor_tokens(), []);
}

#[tokio::test]
async fn outages_time_outs_and_foreign_pages_strike_it_like_any_other_call() {
    let sandbox = start().await;
    let client = Client::new(ClientOptions {
        timeout: Duration::from_millis(200),
        ..options(&sandbox, DEFAULT_TOKEN)
    })
    .unwrap();
    let cases = [
        (Effect::status(503), Class::Unavailable),
        (Effect::html(200, "<html>maintenance</html>"), Class::UnexpectedAnswer),
        (Effect::AppliedNotAnswered { hang: true }, Class::Timeout),
        (Effect::DroppedBefore, Class::Interrupted),
    ];
    for (effect, class) in cases {
        let rule = FaultRule::new("POST", "/visitor-identification/", effect).times(1);
        sandbox.sandbox().add_fault(rule);
        let error = client.create_visitor_token(&ADA).await.unwrap_err();
        assert_eq!((error.class(), error.outcome_unclear()), (&class, false));
    }
    client.create_visitor_token(&ADA).await.unwrap();
    sandbox.sandbox().set_down(true);
    let error = client.create_visitor_token(&ADA).await.unwrap_err();
    assert_eq!((error.class(), error.status()), (&Class::Unavailable, Some(503)));
}
