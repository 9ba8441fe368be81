//! The inbox's keys: what each one asks for, and the words the help shows. Reading the event is the island's affair.

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Go down the list.
    Next,
    /// Go up the list.
    Previous,
    /// Release a held conversation to HubSpot.
    Release,
    /// Close the conversation, or open it again.
    CloseOrReopen,
    /// Go to the filter box.
    Filter,
    /// Leave: a field, the help, the thread.
    Back,
    /// Show these keys.
    Help,
}

/// What the help lists: the keys, and what they do. Enter is a link's own key and needs no command.
pub const HELP: [(&[&str], &str); 8] = [
    (&["j", "↓"], "next conversation"),
    (&["k", "↑"], "previous conversation"),
    (&["Enter"], "open the conversation and write"),
    (&["r"], "release a held conversation to HubSpot"),
    (&["e"], "close the conversation, or open it again"),
    (&["/"], "filter the list"),
    (&["Esc"], "back: out of a field, out of a thread"),
    (&["?"], "show these keys"),
];

/// Where the focus is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// In a field somebody types into.
    Field,
    /// On the list, or on nothing in particular.
    List,
    /// On something else, which the arrow keys may scroll.
    #[default]
    Elsewhere,
}

/// How a key was pressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Where.
    pub place: Place,
    /// With Ctrl, Alt or Meta: the browser's own, or the system's.
    pub modified: bool,
    /// While an input method composes a character.
    pub composing: bool,
}

/// The command of a key (`KeyboardEvent.key`), if it is one here.
#[must_use]
pub fn command(key: &str, at: Circumstances) -> Option<Command> {
    if at.modified || at.composing {
        return None;
    }
    if at.place == Place::Field {
        return (key == "Escape").then_some(Command::Back);
    }
    match key {
        "j" => Some(Command::Next),
        "k" => Some(Command::Previous),
        "ArrowDown" if at.place == Place::List => Some(Command::Next),
        "ArrowUp" if at.place == Place::List => Some(Command::Previous),
        "r" => Some(Command::Release),
        "e" => Some(Command::CloseOrReopen),
        "/" => Some(Command::Filter),
        "Escape" => Some(Command::Back),
        "?" => Some(Command::Help),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_is_a_command_while_somebody_types() {
        let typing = Circumstances {
            place: Place::Field,
            ..Circumstances::default()
        };
        for key in ["j", "k", "r", "e", "/", "?", "ArrowDown", "Enter"] {
            assert_eq!(command(key, typing), None, "{key}");
        }
        assert_eq!(command("Escape", typing), Some(Command::Back));
    }

    #[test]
    fn the_browser_keeps_its_own_shortcuts() {
        let modified = Circumstances {
            modified: true,
            ..Circumstances::default()
        };
        assert_eq!(command("r", modified), None);
        assert_eq!(
            command(
                "Escape",
                Circumstances {
                    composing: true,
                    ..Circumstances::default()
                }
            ),
            None
        );
    }

    #[test]
    fn the_arrows_move_only_where_they_scroll_nothing() {
        assert_eq!(command("ArrowDown", Circumstances::default()), None);
        let on_the_list = Circumstances {
            place: Place::List,
            ..Circumstances::default()
        };
        assert_eq!(command("ArrowDown", on_the_list), Some(Command::Next));
        assert_eq!(command("ArrowUp", on_the_list), Some(Command::Previous));
    }

    #[test]
    fn every_key_of_the_help_does_something() {
        let on_the_list = Circumstances {
            place: Place::List,
            ..Circumstances::default()
        };
        for (keys, _) in HELP {
            for key in keys {
                let name = match *key {
                    "↓" => "ArrowDown",
                    "↑" => "ArrowUp",
                    "Esc" => "Escape",
                    "Enter" => continue,
                    other => other,
                };
                assert!(command(name, on_the_list).is_some(), "{key}");
            }
        }
    }
}
