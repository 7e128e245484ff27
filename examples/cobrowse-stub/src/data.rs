//! The data of the service: devices of customers, and agents' sessions with them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::access::Resource;

#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) devices: Vec<Device>,
    pub(crate) sessions: Vec<Session>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) custom_data: BTreeMap<String, String>,
    #[serde(rename = "device")]
    details: DeviceDetails,
    connectable: bool,
    last_active: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct DeviceDetails {
    app_name: &'static str,
    device: &'static str,
    platform: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) agent: Agent,
    pub(crate) custom_data: BTreeMap<String, String>,
    pub(crate) device: Device,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Agent {
    pub(crate) email: String,
}

impl Resource for Device {
    const NAME: &'static str = "devices";

    fn id(&self) -> &str {
        &self.id
    }

    fn custom_data(&self) -> &BTreeMap<String, String> {
        &self.custom_data
    }
}

impl Resource for Session {
    const NAME: &'static str = "sessions";

    fn id(&self) -> &str {
        &self.id
    }

    fn custom_data(&self) -> &BTreeMap<String, String> {
        &self.custom_data
    }
}

impl Data {
    pub(crate) fn demo() -> Self {
        let devices = vec![
            device("device-42-phone", "42", "Ada Lindqvist", "Pixel 10", "android"),
            device("device-42-laptop", "42", "Ada Lindqvist", "MacBook Air", "web"),
            device("device-43-phone", "43", "Björn Okafor", "iPhone 17", "ios"),
            device("device-44-tablet", "44", "Chiara Núñez", "iPad mini", "ios"),
        ];
        let sessions = vec![
            session("session-1", "jane@example.com", &devices[0]),
            session("session-2", "omar@example.com", &devices[2]),
            session("session-3", "omar@example.com", &devices[3]),
        ];
        Self { devices, sessions }
    }

    /// Returns the agent's pending session with this device, or starts one.
    pub(crate) fn start_session(&mut self, agent: &str, device: &Device) -> Session {
        let is_pending = |session: &&Session| {
            session.state == "pending" && session.agent.email == agent && session.device.id == device.id
        };
        if let Some(pending) = self.sessions.iter().find(is_pending) {
            return pending.clone();
        }
        let id = format!("session-{}", self.sessions.len() + 1);
        let started = Session { state: "pending", ..session(&id, agent, device) };
        self.sessions.push(started.clone());
        started
    }
}

fn device(id: &str, user_id: &str, user_name: &str, model: &'static str, platform: &'static str) -> Device {
    let custom_data = [("user_id", user_id), ("user_name", user_name)];
    Device {
        id: id.to_owned(),
        custom_data: custom_data.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        details: DeviceDetails { app_name: "Example Bank", device: model, platform },
        connectable: true,
        last_active: "2026-11-01T09:30:00.000Z",
    }
}

fn session(id: &str, agent: &str, device: &Device) -> Session {
    Session {
        id: id.to_owned(),
        state: "active",
        agent: Agent { email: agent.to_owned() },
        custom_data: device.custom_data.clone(),
        device: device.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_session_while_one_is_pending_returns_the_same_session() {
        let mut data = Data::demo();
        let [phone, laptop] = [data.devices[0].clone(), data.devices[1].clone()];
        let first = data.start_session("jane@example.com", &phone).id;
        assert_eq!(data.start_session("jane@example.com", &phone).id, first);
        assert_ne!(data.start_session("jane@example.com", &laptop).id, first);
        assert_ne!(data.start_session("omar@example.com", &phone).id, first);
        assert_eq!(data.sessions.len(), 6);

        let session = data.sessions.iter_mut().find(|session| session.id == first).unwrap();
        session.state = "ended";
        assert_ne!(data.start_session("jane@example.com", &phone).id, first);
    }
}
