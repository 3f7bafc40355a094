//! Kafka through librdkafka.

pub mod admin;
pub mod aside;
pub mod ends;
pub mod feed;
mod headers;
pub mod intake;
pub mod letters;
mod once;
pub mod peek;
pub mod probe;
pub mod reading;
pub mod relay;
pub mod replay;
pub mod requeue;
pub mod runner;

use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind};
use crate::config::settings::{Kafka, Sasl, Tls};

/// The settings every client shares: addresses, transport security, credentials.
#[must_use]
pub fn client(settings: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.bootstrap)
        .set("client.id", "bss")
        // What a client does not read it hears of by this alone: with the built-in 5 min a partition that
        // had no leader for a moment has none for so long.
        .set("topic.metadata.refresh.interval.ms", "10000")
        // How soon a client begins again that has lost all brokers (vanished.c).
        .set("metadata.recovery.rebootstrap.trigger.ms", "5000");
    let protocol = match (settings.tls == Tls::Off, settings.sasl == Sasl::Off) {
        (true, true) => "plaintext",
        (true, false) => "sasl_plaintext",
        (false, true) => "ssl",
        (false, false) => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    if settings.tls != Tls::Off {
        let check = if settings.tls == Tls::VerifyFull { "https" } else { "none" };
        config.set("ssl.endpoint.identification.algorithm", check);
        if settings.tls == Tls::Require {
            config.set("enable.ssl.certificate.verification", "false");
        }
        for (key, path) in [
            ("ssl.ca.location", &settings.tls_ca),
            ("ssl.certificate.location", &settings.tls_cert),
            ("ssl.key.location", &settings.tls_key),
        ] {
            if !path.as_os_str().is_empty() {
                config.set(key, path.to_string_lossy());
            }
        }
    }
    let mechanism = match settings.sasl {
        Sasl::Off => return config,
        Sasl::Plain => "PLAIN",
        Sasl::ScramSha256 => "SCRAM-SHA-256",
        Sasl::ScramSha512 => "SCRAM-SHA-512",
    };
    config
        .set("sasl.mechanism", mechanism)
        .set("sasl.username", &settings.user)
        .set("sasl.password", settings.password.expose());
    config
}

/// Whether the cluster has no leader or coordinator for what was asked at the moment, so that it
/// is worth asking again.
const fn is_between_leaders(code: Code) -> bool {
    matches!(
        code,
        Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::FencedLeaderEpoch
            | Code::UnknownLeaderEpoch
            | Code::BrokerNotAvailable
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::NotCoordinator
    )
}

/// Turns a client error into a classified one; `what` says what was tried on which object.
#[must_use]
pub fn classify(error: KafkaError, what: impl Into<String>) -> BackendError {
    let kind = match error.rdkafka_error_code() {
        Some(code) if is_between_leaders(code) => Kind::Unreachable,
        Some(
            Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::DestroyBroker
            | Code::Resolve
            | Code::NetworkException,
        ) => Kind::Unreachable,
        Some(
            Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::MessageTimedOut
            | Code::TimedOutQueue,
        ) => Kind::TimedOut,
        Some(
            Code::Authentication
            | Code::SaslAuthenticationFailed
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed,
        ) => Kind::Denied,
        Some(Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition) => {
            Kind::Missing
        }
        Some(
            Code::Fenced | Code::FencedInstanceId | Code::IllegalGeneration | Code::UnknownMemberId,
        ) => Kind::Conflict,
        Some(Code::UnsupportedVersion | Code::UnsupportedFeature) => Kind::Unsupported,
        None => Kind::Internal,
        Some(_) => Kind::Refused,
    };
    BackendError::new(kind, what).because(error)
}

/// A client that sends librdkafka's own messages to the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl rdkafka::ClientContext for Quiet {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka client");
    }
}

impl rdkafka::consumer::ConsumerContext for Quiet {}

/// Passes a message of librdkafka on. What it calls an error is mostly a connection that is
/// tried again, so nothing here is louder than a warning.
pub(crate) fn log(level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
    use rdkafka::config::RDKafkaLogLevel as Level;
    match level {
        Level::Emerg | Level::Alert | Level::Critical | Level::Error | Level::Warning => {
            tracing::info!(facility, "{message}");
        }
        Level::Notice | Level::Info | Level::Debug => tracing::debug!(facility, "{message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_away_for_a_while_is_asked_again() {
        for code in [
            Code::BrokerTransportFailure,
            Code::AllBrokersDown,
            // The client had given the connection up while a request was waiting on it.
            Code::DestroyBroker,
            Code::OperationTimedOut,
            Code::RequestTimedOut,
            Code::CoordinatorLoadInProgress,
            Code::NotCoordinator,
            Code::FencedLeaderEpoch,
        ] {
            let error = classify(KafkaError::MetadataFetch(code), "x");
            assert!(error.transient, "{code:?} is {:?}", error.kind);
        }
        for code in [Code::TopicAuthorizationFailed, Code::InvalidConfig, Code::Fenced] {
            assert!(!classify(KafkaError::MetadataFetch(code), "x").transient, "{code:?}");
        }
    }
}
