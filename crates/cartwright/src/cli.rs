//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use model::{Email, account::NAME_MAX, text};

use crate::settings::{Database, Settings};

/// A commerce backend: catalogue, accounts, orders and mails in one program.
///
/// Each setting can be given as a flag, as an environment variable, or in a TOML file (see --config), in that order.
#[derive(Debug, Parser)]
#[command(name = "cartwright", version, max_term_width = 120)]
pub(crate) struct Cli {
    /// How the shop is set up.
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a sample shop to look around in
    ///
    /// Fills the shop with a sample catalogue and prints the links to open. Mails land in the mailbox page, which needs
    /// no sign-in as long as only this machine can reach it, and not through a proxy.
    Demo,
    /// Run the shop
    ///
    /// Stops on SIGTERM, SIGINT and SIGHUP, after the requests in flight have been answered.
    Serve,
    /// Bring data over from elsewhere
    #[command(subcommand)]
    Import(Import),
    /// Write data into files that other programs read
    #[command(subcommand)]
    Export(Export),
    /// Look after the owners of the shop
    #[command(subcommand)]
    Owner(Owner),
    /// Look after the mails of the shop
    #[command(subcommand)]
    Mail(Mail),
    /// Copy the database, which may be in use, into a new file, and check the copy
    Backup {
        /// The file to write; must not exist.
        file: PathBuf,
    },
    /// Put a backup in the place of the database, which must not be in use
    ///
    /// The database that was there is kept beside it.
    Restore {
        /// A file that `cartwright backup` wrote.
        file: PathBuf,
    },
    /// Copy the whole shop into another, empty database, of either kind; nobody may write to it meanwhile
    ///
    /// Everything is copied in one transaction and compared by counts and checksums before it is committed: it arrives
    /// whole, or not at all and can be started again.
    Copy {
        /// Where it is: sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE.
        #[arg(long, value_name = "URL")]
        from: Database,
        /// Where it goes; a file is made when it is not there.
        #[arg(long, value_name = "URL")]
        to: Database,
    },
    /// Prove that the data agree with themselves; exit with 1 and say what is wrong if they do not
    Check,
    /// Print the OpenAPI document of the HTTP API
    Openapi,
}

/// What to bring over.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Import products from a CSV file in the format of Shopify
    ///
    /// New products are added, known ones changed, so that it can be repeated. All or nothing, unless --keep-going.
    /// Prices are in the shop's currency.
    Products(ImportProducts),
    /// Import a whole catalogue from lines of JSON, as `export catalogue` writes them
    ///
    /// What is there already, by slug, key or SKU, takes what the line says; what no line names stays, and so does the stock of known
    /// variants. All or nothing, unless --keep-going.
    Catalogue(ImportCatalogue),
    /// Bring over a shop on MongoDB, of the Express and Mongoose kind, from what mongodump or mongoexport wrote
    ///
    /// Reads the collections users, categories, products, orders and wishlists, as BSON or as JSON, also compressed. Users keep
    /// their bcrypt passwords. What is wrong with a document is told with its collection and _id; a second run adds what is new and
    /// leaves alone what is there. Prices are in the shop's currency.
    Mongodump(ImportMongodump),
}

/// Which catalogue to import, and how.
#[derive(Debug, Args)]
pub(crate) struct ImportCatalogue {
    /// The file.
    pub(crate) file: PathBuf,
    /// Import what can be imported, and leave out bad lines.
    #[arg(long)]
    pub(crate) keep_going: bool,
}

/// Which shop to bring over, and how.
#[derive(Debug, Args)]
pub(crate) struct ImportMongodump {
    /// The folder with users.bson, products.bson, ... (or .json), or the one that holds it.
    pub(crate) folder: PathBuf,
    /// Make users with isAdmin staff that may do everything; they become customers otherwise.
    #[arg(long)]
    pub(crate) keep_admins: bool,
    /// Import orders also where no user, or no product, that they name is in the dump.
    #[arg(long)]
    pub(crate) keep_going: bool,
}

/// What to write.
#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Write the products into a CSV file in the format of Shopify; importing it again changes nothing
    Products {
        /// The file; - for standard output.
        file: PathBuf,
    },
    /// Write the whole catalogue as lines of JSON; importing it again changes nothing
    Catalogue {
        /// The file; - for standard output.
        file: PathBuf,
    },
    /// Write prices and stock into a CSV file, a row for each variant that has a SKU; the dashboard and the API read it
    Prices {
        /// The file; - for standard output.
        file: PathBuf,
    },
    /// Write all orders into a CSV file, a row for each line of an order, the newest first
    Orders {
        /// The file; - for standard output.
        file: PathBuf,
    },
}

impl Export {
    /// Where to.
    pub(crate) const fn file(&self) -> &PathBuf {
        let (Self::Products { file } | Self::Catalogue { file } | Self::Prices { file } | Self::Orders { file }) = self;
        file
    }
}

/// Which products to bring over, and how.
#[derive(Debug, Args)]
pub(crate) struct ImportProducts {
    /// The file.
    pub(crate) file: PathBuf,
    /// Import what can be imported, and leave out the products with bad rows.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Fetch the pictures that the file names, and keep them with the shop's own.
    ///
    /// A picture that cannot be fetched keeps its address, and is reported. If it may come another time, as when its server does not answer, a
    /// product that has pictures of the shop's own already keeps those instead. An import without this gives products that are there already
    /// the addresses of the file, and not the pictures that were kept: repeat an import as it was done first.
    #[arg(long)]
    pub(crate) with_images: bool,
}

/// What to do about owners.
#[derive(Debug, Subcommand)]
pub(crate) enum Owner {
    /// Make an account that may do everything
    Create(CreateOwner),
    /// Take the second factor of one of the staff away, who has lost the telephone and the recovery codes
    ///
    /// The password alone signs in then. The audit log says that it was done; the shop may be open.
    ForgetFactor {
        /// The e-mail address that signs in.
        #[arg(long, value_parser = email)]
        email: Email,
    },
}

/// Who the owner is.
#[derive(Debug, Args)]
pub(crate) struct CreateOwner {
    /// The e-mail address to sign in with.
    #[arg(long, value_parser = email)]
    pub(crate) email: Email,
    /// The person's name.
    #[arg(long, value_parser = name)]
    pub(crate) name: String,
    /// Read the password from standard input, so that it shows in no list of processes and no history.
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
}

/// What to do about mails.
#[derive(Debug, Subcommand)]
pub(crate) enum Mail {
    /// Send a test mail with the settings that are given, and tell what became of it; mails that wait are left alone
    Test {
        /// Where to; the shop's own sender when it is not given.
        #[arg(long, value_parser = email)]
        to: Option<Email>,
    },
}

fn email(text: &str) -> Result<Email, String> {
    Email::parse("", text).map_err(|wrong| wrong.message)
}

fn name(name: &str) -> Result<String, String> {
    text::line("", name, NAME_MAX).map_err(|wrong| wrong.message)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
