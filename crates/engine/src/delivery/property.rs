//! The property that holds the transcript: there, of the right type, or created; else in words what a person has to do.

use std::sync::atomic::Ordering;

use parlor_hubspot::{Class, Client, NewProperty, Property, PropertyOutcome};

use super::{Delivery, Stop, portal_trouble};

impl Delivery {
    /// Makes sure, once, that the property exists and can hold a transcript.
    pub(super) async fn ensure_property(&self, client: &Client) -> Result<(), Stop> {
        if self.property_is_there.load(Ordering::Relaxed) {
            return Ok(());
        }
        let definitions = client.properties();
        match self
            .ask(client, definitions.get("contacts", &self.options.property))
            .await?
        {
            Ok(Some(property)) => self.check_property(&property)?,
            Ok(None) => self.create_property(client).await?,
            // A token that may write contacts but not read definitions: the first write shows whether the property is there.
            Err(error) if matches!(error.class(), Class::Permission { .. }) => {
                tracing::info!("the token may not read property definitions; the first write will tell");
            }
            Err(error) => return Err(portal_trouble(&error)),
        }
        self.property_is_there.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// HubSpot says that the property does not exist: someone deleted it, or it was never there.
    pub(super) fn property_is_missing(&self) -> Stop {
        self.property_is_there.store(false, Ordering::Relaxed);
        Stop::for_a_person(self.how_to_create("it does not exist"))
    }

    fn check_property(&self, property: &Property) -> Result<(), Stop> {
        let is_text = property.kind.as_deref().is_none_or(|kind| kind == "string")
            && property.field_type.as_deref().is_none_or(|field| field == "textarea");
        let why = if property.hubspot_defined {
            Some("it is HubSpot's own and holds something else")
        } else if !is_text {
            Some("it is no text of several lines")
        } else if property.is_read_only() || property.archived {
            Some("it is archived or read-only")
        } else {
            None
        };
        if let Some(why) = why {
            return Err(Stop::for_a_person(self.how_to_create(why)));
        }
        Ok(())
    }

    async fn create_property(&self, client: &Client) -> Result<(), Stop> {
        let property = NewProperty {
            group_name: "contactinformation".to_owned(),
            name: self.options.property.clone(),
            label: "Chat transcript".to_owned(),
            kind: "string".to_owned(),
            field_type: "textarea".to_owned(),
            description: "Live chats on the web site, written by Parlor.".to_owned(),
        };
        let definitions = client.properties();
        match self.ask(client, definitions.create("contacts", &property)).await? {
            Ok(PropertyOutcome::Created(_) | PropertyOutcome::AlreadyExists) => Ok(()),
            Err(error) => match error.class() {
                Class::Permission { .. } => Err(Stop::for_a_person(
                    self.how_to_create("it does not exist and the token lacks crm.schemas.contacts.write"),
                )),
                Class::Invalid => Err(Stop::for_a_person(
                    self.how_to_create("it does not exist and HubSpot did not let Parlor create it"),
                )),
                _ => Err(portal_trouble(&error)),
            },
        }
    }

    fn how_to_create(&self, why: &str) -> String {
        format!(
            "the contact property {} cannot be written: {why}. In HubSpot, under Settings > Data Management > Properties > \
             Contact properties, create it with the internal name {}, field type Multi-line text (string, textarea)",
            self.options.property, self.options.property
        )
    }
}
