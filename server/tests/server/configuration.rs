//! The settings, their defaults and the pages that describe them say the same; and the loader's answers.

use parlor_protocol::{TenantId, WidgetKey};
use parlor_server::loader::Loader;
use parlor_server::settings::{DEFAULTS, KNOWN};

use crate::house::House;

#[test]
fn every_setting_stands_in_the_default_file_below_its_variable() {
    let lines: Vec<&str> = DEFAULTS.lines().collect();
    for known in KNOWN {
        let comment = lines
            .iter()
            .position(|line| line.starts_with(&format!("# {}: ", known.variable)))
            .unwrap_or_else(|| panic!("{} is described", known.variable));
        let key = known.key.rsplit('.').next().unwrap();
        let setting = lines[comment..].iter().find(|line| !line.starts_with('#')).unwrap();
        assert!(
            setting.starts_with(&format!("{key} = ")),
            "{} is followed by {setting}",
            known.variable
        );
    }
}

#[test]
fn the_configuration_page_names_every_setting_with_its_default() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let page = std::fs::read_to_string(page).expect("docs/configuration.md is there");
    let defaults: toml::Table = DEFAULTS.parse().unwrap();
    for known in KNOWN {
        assert!(
            page.contains(known.variable),
            "{} is not in docs/configuration.md",
            known.variable
        );
        let mut value = &toml::Value::Table(defaults.clone());
        for part in known.key.split('.') {
            value = &value[part];
        }
        let shown = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            _ => String::new(),
        };
        assert!(
            page.contains(&shown),
            "the default of {}, {shown}, is not there",
            known.variable
        );
    }
}

#[tokio::test]
async fn a_loader_carries_its_widgets_settings_and_nothing_in_them_ends_the_script() {
    let house = House::start().await;
    let key = house
        .add_widget(
            &TenantId::default_tenant(),
            "</script><script>alert(1)</script>&\u{2764}",
            &["https://a.example"],
        )
        .await;
    let widget = house
        .engine
        .widget(&WidgetKey::parse(key.as_str()).unwrap())
        .await
        .unwrap()
        .unwrap();
    let loader = Loader::new(Some("begin(__PARLOR_WIDGET__);".to_owned()), "https://chat.example.com");
    let script = loader.script(&widget).unwrap();
    let text = String::from_utf8(script.plain.clone()).unwrap();
    let json = text.strip_prefix("begin(").unwrap().strip_suffix(");").unwrap();
    assert!(!json.contains(['<', '>', '&']), "{json}");
    let settings: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(settings["name"], "</script><script>alert(1)</script>&\u{2764}");
    assert_eq!(settings["key"], key.as_str());
    assert_eq!(settings["origin"], "https://chat.example.com");
    assert_eq!(settings["position"], "end");
    assert!(script.tag.starts_with("W/\"") && script.tag.ends_with('"'));
    assert!(!script.brotli.is_empty());
    assert_eq!(loader.script(&widget).unwrap().tag, script.tag);
    let moved = Loader::new(
        Some("begin(__PARLOR_WIDGET__);".to_owned()),
        "https://other.example.com",
    );
    assert_ne!(
        moved.script(&widget).unwrap().tag,
        script.tag,
        "another script has another tag"
    );
    house.stop().await;
}

#[tokio::test]
async fn the_loaders_address_keeps_for_five_minutes_and_knows_what_has_not_changed() {
    let house = House::start().await;
    let address = format!("/w/{}/embed.js", house.key);
    let answer = house.get(&address).await;
    if answer.status == 503 {
        // Built without its web part: then it says so, and how to mend it.
        assert_eq!(answer.json()["code"], "no_web_part");
        assert_eq!(answer.header("cache-control"), "no-store");
        house.stop().await;
        return;
    }
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
    assert!(answer.text.contains(&house.key) && !answer.text.contains("__PARLOR_WIDGET__"));
    assert!(answer.set_cookies().is_empty());
    let tag = answer.header("etag").to_owned();
    let known = house.ask("GET", &address).header("if-none-match", &tag).answer().await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));
    let squeezed = house
        .ask("GET", &address)
        .header("accept-encoding", "gzip, br")
        .answer()
        .await;
    assert_eq!(squeezed.header("content-encoding"), "br");
    house.stop().await;
}
