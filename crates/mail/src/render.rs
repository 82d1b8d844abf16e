//! From a row of the outbox to what people see.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use lettre::Message;
use model::{MailRenderer, OutboxMail, RenderedMail, ShopSettings};
use thiserror::Error;

use crate::{
    clean,
    identity::ShopIdentity,
    message,
    samples::samples,
    templates::{TemplateError, Templates},
    view::View,
};

/// The longest subject, in characters. Mail programs show less than half of it.
const SUBJECT_MAX: usize = 200;

/// Whether the code or token in a mail is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// As the recipient sees it.
    Show,
    /// Dots in its place, and no link that contains it.
    Hide,
}

/// Why a mail could not be rendered.
#[derive(Clone, Debug, Error)]
pub enum RenderError {
    /// The template failed with this mail's data.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The address cannot be written into a header.
    #[error("the address cannot be used: {0}")]
    Address(String),
    /// The mail needs its code or token, and that was wiped.
    #[error("the code in this mail was wiped when it was sent")]
    SecretGone,
    /// The message could not be put together.
    #[error("the message cannot be built: {0}")]
    Message(String),
}

/// Renders mails.
pub struct Renderer {
    templates: Templates,
    shop: ShopIdentity,
    /// Who the shop is by what its staff have set.
    settled: RwLock<Option<Arc<ShopIdentity>>>,
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renderer").field("shop", &self.shop).finish_non_exhaustive()
    }
}

impl Renderer {
    /// Compiles the templates, those in `templates_dir` in the place of the built-in ones of the same name, and tries
    /// each with a sample.
    ///
    /// # Errors
    /// The first template that is broken, with file and line.
    pub fn new(shop: ShopIdentity, templates_dir: Option<&Path>) -> Result<Self, TemplateError> {
        let renderer = Self { templates: Templates::load(templates_dir)?, shop, settled: RwLock::default() };
        for mail in samples() {
            renderer.render_view(&mail, Secret::Show)?;
            renderer.render_view(&mail, Secret::Hide)?;
        }
        Ok(renderer)
    }

    /// Has the shop go by what its staff have set from now on: by its first name where they have set none.
    pub fn know_shop(&self, settings: &ShopSettings) {
        let ShopSettings { name, contact_email, .. } = settings;
        let name = if name.is_empty() { &self.shop.shop_name } else { name };
        if self.with_shop(|known| known.shop_name == *name && known.contact_email == *contact_email) {
            return;
        }
        let settled =
            ShopIdentity { shop_name: name.clone(), contact_email: contact_email.clone(), ..self.shop.clone() };
        *self.settled.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(settled));
    }

    /// Who the shop is now.
    fn with_shop<T>(&self, look: impl FnOnce(&ShopIdentity) -> T) -> T {
        let settled = self.settled.read().unwrap_or_else(PoisonError::into_inner).clone();
        look(settled.as_deref().unwrap_or(&self.shop))
    }

    /// The mail as people see it.
    ///
    /// # Errors
    /// [`RenderError::Template`].
    pub fn render(&self, mail: &OutboxMail, secret: Secret) -> Result<RenderedMail, RenderError> {
        Ok(self.render_view(mail, secret)?)
    }

    /// The message to send. The same mail always gives the same message, byte for byte, however often it is tried, as long as the
    /// shop keeps its name and its contact address.
    ///
    /// # Errors
    /// Any [`RenderError`]: a mail whose code was wiped is not sent without it.
    pub fn message(&self, mail: &OutboxMail) -> Result<Message, RenderError> {
        if mail.template.needs_secret() && mail.secret.is_none() {
            return Err(RenderError::SecretGone);
        }
        let rendered = self.render(mail, Secret::Show)?;
        self.with_shop(|shop| message::build(shop, mail, rendered))
    }

    /// The message as it goes over the wire (RFC 5322).
    ///
    /// # Errors
    /// Any [`RenderError`] but [`RenderError::SecretGone`].
    pub fn source(&self, mail: &OutboxMail, secret: Secret) -> Result<String, RenderError> {
        let rendered = self.render(mail, secret)?;
        let message = self.with_shop(|shop| message::build(shop, mail, rendered))?;
        Ok(String::from_utf8_lossy(&message.formatted()).into_owned())
    }

    fn render_view(&self, mail: &OutboxMail, secret: Secret) -> Result<RenderedMail, TemplateError> {
        let mut view = self.with_shop(|shop| View::new(shop, mail, secret == Secret::Show));
        let (text_name, html_name) =
            (format!("{}.txt", mail.template.name()), format!("{}.html", mail.template.name()));
        let env = &self.templates.env;

        let explain = |e: minijinja::Error| self.templates.explain(&e, &text_name);
        let template = env.get_template(&text_name).map_err(explain)?;
        let mut captured = template.render_captured(&view).map_err(explain)?;
        let subject = captured.with_state_mut(|state| state.render_block("subject")).map_err(explain)?;
        view.subject = clean::line(&subject).chars().take(SUBJECT_MAX).collect();
        let text = tidy(captured.output());

        let explain = |e: minijinja::Error| self.templates.explain(&e, &html_name);
        let html = env.get_template(&html_name).map_err(explain)?.render(&view).map_err(explain)?;
        Ok(RenderedMail { subject: view.subject, html, text })
    }
}

impl MailRenderer for Renderer {
    fn know_shop(&self, settings: &ShopSettings) {
        Self::know_shop(self, settings);
    }

    fn samples(&self) -> Vec<OutboxMail> {
        crate::samples()
    }

    fn render(&self, mail: &OutboxMail, reveal: bool) -> Result<RenderedMail, String> {
        Self::render(self, mail, secret(reveal)).map_err(|e| e.to_string())
    }

    fn source(&self, mail: &OutboxMail, reveal: bool) -> Result<String, String> {
        Self::source(self, mail, secret(reveal)).map_err(|e| e.to_string())
    }
}

const fn secret(reveal: bool) -> Secret {
    if reveal { Secret::Show } else { Secret::Hide }
}

/// A text without spaces at the ends of lines and without gaps of more than one empty line, which conditions in
/// templates leave behind.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut gap = false;
    for line in text.trim().lines() {
        let line = line.trim_end();
        if line.is_empty() {
            gap = true;
            continue;
        }
        if gap {
            tidied.push('\n');
            gap = false;
        }
        tidied.push_str(line);
        tidied.push('\n');
    }
    tidied
}
