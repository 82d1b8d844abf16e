//! Mails: templates, transports, delivery of the outbox.
