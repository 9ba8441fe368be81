//! The account's plan: what HubSpot sells less of to those who pay less.

use serde::{Deserialize, Serialize};

use crate::Sandbox;
use crate::errors::ApiError;

/// A plan, which HubSpot also calls tier or subscription. Its limits on calls are set apart, by [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Without visitor identification.
    Free,
    /// Without visitor identification.
    Starter,
    /// The first with visitor identification, in any hub, says HubSpot's OpenAPI description of it.
    #[default]
    Professional,
    /// With everything.
    Enterprise,
}

impl Plan {
    /// Whether the plan includes a call: else HubSpot's 403.
    pub(crate) fn includes(self, path: &str) -> Result<(), ApiError> {
        if path.starts_with("/visitor-identification/") && self < Self::Professional {
            Err(ApiError::not_in_plan())
        } else {
            Ok(())
        }
    }
}

impl Sandbox {
    /// The account's plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.state().plan
    }

    /// Sets the account's plan, as if it were bought or cancelled now. Tokens for visitors that were created stay good.
    pub fn set_plan(&self, plan: Plan) {
        self.state().plan = plan;
    }
}
