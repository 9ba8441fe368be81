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
