//! The account's plan: what HubSpot sells less of to those who pay less.

use serde::{Deserialize, Serialize};

use crate::Sandbox;
use crate::calls;
use crate::errors::ApiError;
use crate::limits::Limits;

/// A plan, which HubSpot also calls tier or subscription. It brings its [`Limits`], unless others were set.
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
        if calls::is_visitor_identification(path) && !self.has_visitor_identification() {
            Err(ApiError::not_in_plan())
        } else {
            Ok(())
        }
    }

    pub(crate) fn has_visitor_identification(self) -> bool {
        self >= Self::Professional
    }
}

impl Sandbox {
    /// The account's plan.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.state().plan
    }

    /// Sets the account's plan, as if it were bought or cancelled now, and with it the plan's limits unless others were set.
    /// Tokens for visitors that were created stay good.
    pub fn set_plan(&self, plan: Plan) {
        self.buy(plan, None);
    }

    /// Sets how many API Limit Increases the account has bought beside its plan: HubSpot sells up to two.
    pub fn set_api_limit_increases(&self, increases: u8) {
        self.buy(self.plan(), Some(increases));
    }

    /// How many API Limit Increases the account has.
    #[must_use]
    pub fn api_limit_increases(&self) -> u8 {
        self.state().api_limit_increases
    }

    fn buy(&self, plan: Plan, increases: Option<u8>) {
        let mut state = self.state();
        state.plan = plan;
        state.api_limit_increases = increases.unwrap_or(state.api_limit_increases).min(2);
        if state.limits_follow_plan {
            state.limits = Limits::of(plan, state.api_limit_increases);
        }
    }
}
