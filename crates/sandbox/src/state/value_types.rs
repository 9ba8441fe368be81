//! What a value must look like by its property's type, and how HubSpot keeps it.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::properties::Property;
use crate::clock::Moment;

const DAY_MILLISECONDS: i64 = 86_400_000;

/// Why a value is refused: HubSpot's code, and its words.
pub(super) struct Refused {
    pub(super) error: &'static str,
    pub(super) message: String,
}

impl Refused {
    fn because(error: &'static str, message: String) -> Self {
        Self { error, message }
    }
}

/// The value as HubSpot keeps it: dates as `2026-11-21`, points in time as `2026-11-21T08:30:00.000Z`.
pub(super) fn admit(property: &Property, value: String) -> Result<String, Refused> {
    match property.kind.as_str() {
        "enumeration" => admit_choice(property, value),
        "number" if !value.trim().parse::<f64>().is_ok_and(f64::is_finite) => Err(Refused::because(
            "INVALID_NUMBER",
            format!("{value} was not a valid number."),
        )),
        "bool" if !["true", "false"].contains(&value.as_str()) => Err(Refused::because(
            "INVALID_BOOLEAN",
            format!("{value} was not a valid boolean."),
        )),
        "datetime" => admit_datetime(&value),
        "date" => admit_date(&value),
        _ => Ok(value),
    }
}

/// Choices that HubSpot keeps elsewhere (owners, files) are not known here: each is taken.
fn admit_choice(property: &Property, value: String) -> Result<String, Refused> {
    if property.external_options {
        return Ok(value);
    }
    let known = |choice: &str| property.options.iter().any(|option| option.value == choice);
    // A checkbox holds several choices with semicolons between them; a leading one means to add to those there are, which
    // the sandbox takes as the list itself.
    let several = property.field_type == "checkbox";
    let refused = value
        .split(|character| several && character == ';')
        .find(|choice| !(known(choice) || several && choice.is_empty()));
    let Some(refused) = refused else {
        return Ok(value);
    };
    let options: Vec<&str> = property.options.iter().map(|option| option.value.as_str()).collect();
    Err(Refused::because(
        "INVALID_OPTION",
        format!("{refused} was not one of the allowed options: [{}]", options.join(", ")),
    ))
}

/// HubSpot takes milliseconds since 1970 and ISO 8601.
fn admit_datetime(value: &str) -> Result<String, Refused> {
    milliseconds(value)
        .map(|milliseconds| Moment::from_unix_milliseconds(milliseconds).iso())
        .filter(|iso| !iso.is_empty())
        .ok_or_else(|| Refused::because("INVALID_LONG", format!("{value} was not a valid long.")))
}

fn admit_date(value: &str) -> Result<String, Refused> {
    let milliseconds = milliseconds(value)
        .ok_or_else(|| Refused::because("INVALID_DATE", format!("{value} was not a valid date.")))?;
    let since_midnight = milliseconds.rem_euclid(DAY_MILLISECONDS);
    if since_midnight != 0 {
        let (seconds, rest) = (since_midnight / 1_000, since_midnight % 1_000);
        return Err(Refused::because(
            "INVALID_DATE",
            format!(
                "{milliseconds} is at {}:{}:{}.{rest} UTC, not midnight!",
                seconds / 3_600,
                seconds / 60 % 60,
                seconds % 60
            ),
        ));
    }
    let iso = Moment::from_unix_milliseconds(milliseconds).iso();
    Ok(iso.split('T').next().unwrap_or_default().to_owned())
}

fn milliseconds(value: &str) -> Option<i64> {
    let value = value.trim();
    if let Ok(milliseconds) = value.parse() {
        return Some(milliseconds);
    }
    let moment = match OffsetDateTime::parse(value, &Rfc3339) {
        Ok(moment) => moment,
        Err(_) => Date::parse(value, format_description!("[year]-[month]-[day]"))
            .ok()?
            .midnight()
            .assume_utc(),
    };
    Some(Moment::from(moment).unix_milliseconds())
}
