//! The command line in the moment in which the database is made.

use crate::program::{Folder, error_text};

#[tokio::test]
async fn commands_given_at_once_on_a_new_database_all_do_what_they_say() {
    let folder = Folder::new(&[]);
    let add = async |name: &str| {
        let output = folder
            .run(&["widget", "add", "--name", name, "--origin", "https://www.example.com"])
            .await;
        assert!(output.status.success(), "{}", error_text(&output));
    };
    tokio::join!(add("One"), add("Two"), add("Three"), add("Four"));
    let listed = folder.run(&["widget", "list"]).await;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in ["One", "Two", "Three", "Four"] {
        assert!(listed.contains(name), "{listed}");
    }
}

#[tokio::test]
async fn the_configuration_page_has_every_command() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let folder = Folder::new(&[]);
    for group in ["rep", "widget"] {
        let output = folder.run(&[group, "--help"]).await;
        let help = String::from_utf8(output.stdout).unwrap();
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let names: Vec<&str> = listed
            .map_while(|line| line.strip_prefix("  "))
            .filter_map(|line| line.split(' ').next())
            .filter(|name| !matches!(*name, "" | "help"))
            .collect();
        assert!(names.len() >= 2, "{help}");
        for name in names {
            let command = format!("\n| `parlor {group} {name} ");
            let alone = format!("\n| `parlor {group} {name}`");
            assert!(page.contains(&command) || page.contains(&alone), "{command}");
        }
    }
}
