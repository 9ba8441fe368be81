//! Which version of HubSpot's API is spoken, and what that means for the paths.
//!
//! HubSpot moved the version from behind the area (`/crm/v3/objects/…`) to behind the resource (`/crm/objects/2026-03/…`)
//! when it went over to dated versions; bodies and statuses stayed the same. Each dated version is supported for
//! eighteen months; `v3` ends in September 2027.

use std::{fmt, str::FromStr};

/// A version of HubSpot's API. The default is `2026-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApiVersion {
    /// The last numbered version, unsupported from September 2027.
    V3,
    /// A dated version, written `YYYY-MM`.
    Dated {
        /// Four digits.
        year: u16,
        /// 1 to 12.
        month: u8,
    },
}

/// A text that names no version of HubSpot's API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not a version of HubSpot's API: write `v3` or a dated version such as `2026-03`")]
pub struct InvalidApiVersion {
    given: String,
}

impl ApiVersion {
    /// The path parts before the object type: `crm/objects/2026-03` or `crm/v3/objects`.
    pub(crate) fn objects(self) -> String {
        self.crm("objects")
    }

    /// The path parts before the object type: `crm/properties/2026-03` or `crm/v3/properties`.
    pub(crate) fn properties(self) -> String {
        self.crm("properties")
    }

    /// The path parts before `details`: `account-info/2026-03` or `account-info/v3`.
    pub(crate) fn account(self) -> String {
        format!("account-info/{self}")
    }

    /// The path parts before `tokens/create`: `visitor-identification/2026-03` or `visitor-identification/v3`.
    pub(crate) fn visitor_identification(self) -> String {
        format!("visitor-identification/{self}")
    }

    fn crm(self, resource: &str) -> String {
        match self {
            Self::V3 => format!("crm/v3/{resource}"),
            Self::Dated { .. } => format!("crm/{resource}/{self}"),
        }
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self::Dated { year: 2026, month: 3 }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V3 => formatter.write_str("v3"),
            Self::Dated { year, month } => write!(formatter, "{year:04}-{month:02}"),
        }
    }
}

impl FromStr for ApiVersion {
    type Err = InvalidApiVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidApiVersion {
            given: text.chars().take(40).collect(),
        };
        if text == "v3" || text == "V3" {
            return Ok(Self::V3);
        }
        let (year, month) = text.split_once('-').ok_or_else(invalid)?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(invalid());
        }
        let year = year.parse().map_err(|_| invalid())?;
        let month = month.parse().map_err(|_| invalid())?;
        if !(2025..=2099).contains(&year) || !(1..=12).contains(&month) {
            return Err(invalid());
        }
        Ok(Self::Dated { year, month })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_where_each_generation_of_paths_wants_it() {
        let dated = ApiVersion::default();
        assert_eq!(dated.objects(), "crm/objects/2026-03");
        assert_eq!(dated.properties(), "crm/properties/2026-03");
        assert_eq!(dated.account(), "account-info/2026-03");
        assert_eq!(dated.visitor_identification(), "visitor-identification/2026-03");
        assert_eq!(ApiVersion::V3.objects(), "crm/v3/objects");
        assert_eq!(ApiVersion::V3.properties(), "crm/v3/properties");
        assert_eq!(ApiVersion::V3.account(), "account-info/v3");
        assert_eq!(ApiVersion::V3.visitor_identification(), "visitor-identification/v3");
    }

    #[test]
    fn versions_are_read_as_they_are_written() {
        for text in ["v3", "2026-03", "2026-09"] {
            assert_eq!(text.parse::<ApiVersion>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write_instead() {
        for text in [
            "",
            "v4",
            "2026",
            "2026-3",
            "2026-13",
            "2026-00",
            "1999-03",
            "+026-03",
            "2026-03/..",
            "2026-03-01",
        ] {
            let message = text.parse::<ApiVersion>().unwrap_err().to_string();
            assert!(message.contains("`2026-03`"), "{message}");
        }
    }
}
