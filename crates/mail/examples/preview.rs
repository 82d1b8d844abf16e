//! Writes a sample of every mail into a folder, to look at while working on templates:
//! `cargo run -p cartwright-mail --example preview -- OUT_FOLDER [TEMPLATES_FOLDER]`.

use std::{error::Error, fs, path::PathBuf};

use cartwright_mail::{Renderer, Secret, ShopIdentity, parse_from, samples};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let out = arguments.next().ok_or("the folder to write to is missing")?;
    let shop = ShopIdentity {
        shop_name: "Harbour & Pine".to_owned(),
        public_url: "https://api.harbour-pine.example".to_owned(),
        storefront_url: "https://harbour-pine.example".to_owned(),
        from: parse_from("Harbour & Pine <orders@harbour-pine.example>")?,
        contact_email: "hello@harbour-pine.example".to_owned(),
    };
    let renderer = Renderer::new(shop, arguments.next().as_deref())?;
    fs::create_dir_all(&out)?;
    for mail in samples() {
        let name = mail.template.name();
        let rendered = renderer.render(&mail, Secret::Show)?;
        fs::write(out.join(format!("{name}.html")), rendered.html)?;
        fs::write(out.join(format!("{name}.txt")), format!("Subject: {}\n\n{}", rendered.subject, rendered.text))?;
        fs::write(out.join(format!("{name}.eml")), renderer.source(&mail, Secret::Show)?)?;
    }
    Ok(())
}
