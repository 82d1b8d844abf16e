//! The single list of problem codes: what clients may program against, what the reply says, and what to do about it.

use http::StatusCode;

/// One entry of the list.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code as it stands in replies.
    pub name: &'static str,
    /// The HTTP status that goes with it.
    pub status: StatusCode,
    /// A short summary, the same for every occurrence.
    pub title: &'static str,
    /// What a caller can do about it.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($variant:ident $name:literal $status:ident $title:literal $remedy:literal;)+) => {
        /// What went wrong, as a stable code. Codes are never renamed; `/docs/problems` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)+
        }

        impl Code {
            /// All of them, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What is known about the code.
            #[must_use]
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$variant => Entry {
                        name: $name,
                        status: StatusCode::$status,
                        title: $title,
                        remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

codes! {
    // ── The request cannot be read ──
    MalformedRequest "malformed_request" BAD_REQUEST "The request could not be read"
        "Send the whole body, as long as Content-Length says.";
    MalformedJson "malformed_json" BAD_REQUEST "The body is not JSON"
        "The detail names line and column of the first mistake; send JSON in UTF-8 (RFC 8259).";
    TooDeep "too_deep" BAD_REQUEST "The JSON is nested too deeply"
        "No request of this API nests objects and lists more than a few levels deep.";
    InvalidQuery "invalid_query" BAD_REQUEST "A query parameter is wrong"
        "Each entry of `errors` names a `parameter` and what it may be. Where an operation takes parameters, others are refused too.";
    InvalidHeader "invalid_header" BAD_REQUEST "A request header is wrong"
        "The detail names the header and how it is written.";
    IdempotencyKeyRequired "idempotency_key_required" BAD_REQUEST "The Idempotency-Key header is missing"
        "Draw a random key (a UUID will do) for each thing you want done once, and send the same key when you repeat the request.";
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large"
        "Send less at once; the detail names the limit.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body is of another type than what is taken here"
        "The detail says what is taken: most operations take `Content-Type: application/json`, and none a packed body.";
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "The body did not arrive in time"
        "Send the whole body within ten seconds, and one more for each 64 KiB.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "The resource does not have this method"
        "The Allow header lists the methods there are.";
    NotFound "not_found" NOT_FOUND "There is no such resource"
        "Check the path and the id. What exists but is not yours to see is answered the same way.";

    // ── The input is readable, but wrong ──
    InvalidInput "invalid_input" UNPROCESSABLE_ENTITY "Some of the input is wrong"
        "Each entry of `errors` has a JSON pointer into the body, a code, and what is allowed there.";
    PictureRefused "picture_refused" UNPROCESSABLE_ENTITY "The picture is not taken"
        "The detail says why. Pictures are JPEG, PNG, WebP or GIF, at most 20 MiB and 50 megapixels with 8 bits for each colour, and come from the public internet.";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "The idempotency key was used for another request"
        "Repeat the first request byte for byte, or draw a new key for a new one.";

    // ── Who asks ──
    NotAuthenticated "not_authenticated" UNAUTHORIZED "You are not signed in"
        "Send a live access token as `Authorization: Bearer …`; get a new one from POST /v1/auth/refresh or by signing in. No other 401 is helped by that: they are about what stands in the body.";
    WrongCredentials "wrong_credentials" UNAUTHORIZED "The e-mail address or the password is wrong"
        "Check both. Which of the two is wrong is not said.";
    SecondFactorRequired "second_factor_required" UNAUTHORIZED "A code of the second factor is needed"
        "Send the same request once more with `code`: six digits of the app, or a recovery code.";
    InvalidCode "invalid_code" UNAUTHORIZED "The code or token is not valid"
        "It may be mistyped, used, or expired; and where a password goes with it, that may be another one. Ask for a new one, or choose a new password by /v1/auth/password/forgot.";
    Forbidden "forbidden" FORBIDDEN "You may not do this"
        "Ask an owner of the shop for the permission that the operation's description names.";
    ReviewsOff "reviews_off" FORBIDDEN "This shop takes no reviews"
        "Show no form for them: `reviews` of GET /v1/shop says whether they are taken.";
    OriginNotAllowed "origin_not_allowed" FORBIDDEN "Pages of this origin may not call the API"
        "Whoever runs the shop names the origin with `--allowed-origins`, as browsers write it: `https://shop.example.com`.";
    EmailNotVerified "email_not_verified" FORBIDDEN "The e-mail address is not verified"
        "Enter the code from the mail at POST /v1/auth/verify-email, or ask for a new one at /v1/auth/verify-email/resend.";
    AccountDisabled "account_disabled" FORBIDDEN "The account is disabled"
        "Contact the shop.";

    // ── The state of the shop stands against it ──
    OutOfStock "out_of_stock" CONFLICT "There is not enough in stock"
        "`short_lines` names each line that is short, and what is available of it.";
    PriceChanged "price_changed" CONFLICT "The order comes to another total than was expected"
        "Nothing was ordered. Show `total` to the customer, and order again with it as `expected_total` if they still want to.";
    TransitionNotAllowed "transition_not_allowed" CONFLICT "The order cannot go there from where it is"
        "`allowed` lists where it can go from its present status.";
    EmailTaken "email_taken" CONFLICT "Another account has this e-mail address"
        "Use another address, or sign in to that account.";
    SlugTaken "slug_taken" CONFLICT "The slug is taken"
        "Choose another slug, or leave it out and one is made from the title.";
    SkuTaken "sku_taken" CONFLICT "The SKU is taken by another variant"
        "SKUs are unique in the shop; choose another or change the other variant first.";
    KeyTaken "key_taken" CONFLICT "Another attribute has the key"
        "Choose another key, or change the attribute that has it.";
    LastOwner "last_owner" CONFLICT "The shop would be without an owner"
        "Make somebody else an owner first.";
    OwnerExists "owner_exists" CONFLICT "The shop has an owner already"
        "The set-up link works once. Ask the owner to invite you, or use `cartwright owner create`.";
    HasSubcategories "has_subcategories" CONFLICT "The category has categories below it"
        "Move or delete those first.";
    CategoryInRule "category_in_rule" CONFLICT "A collection takes its products from the category"
        "Change the rule of the collection that `detail` names, or delete the collection.";
    CategoryMisplaced "category_misplaced" CONFLICT "The category cannot hang there"
        "The parent must exist, must not be below the category itself, and the tree has a greatest depth.";
    LastVariant "last_variant" CONFLICT "A product needs at least one variant"
        "Delete or archive the product instead.";
    VariantOrdered "variant_ordered" CONFLICT "The variant was ordered"
        "Variants in orders are kept. Set its stock to zero, or archive the product.";
    StockOutOfRange "stock_out_of_range" CONFLICT "The stock cannot go there"
        "`on_hand` says how many pieces there are; stock is never negative.";
    StockNotTracked "stock_not_tracked" CONFLICT "The stock of this variant is not tracked"
        "Set `track_stock` on the variant first.";
    TooManyAddresses "too_many_addresses" CONFLICT "There are as many saved addresses as an account can keep"
        "Delete one first.";
    TooManyWishes "too_many_wishes" CONFLICT "There are as many products on the wishlist as it can have"
        "Take one off first.";
    TooManyAlerts "too_many_alerts" CONFLICT "The customer waits for as many variants as anybody can"
        "Take one back first: GET /v1/account/stock-alerts lists them.";
    TooManyJobs "too_many_jobs" CONFLICT "Too many jobs wait already"
        "Wait until some are done, or cancel one: GET /v1/admin/jobs lists them.";
    AlreadyReviewed "already_reviewed" CONFLICT "You have reviewed this product already"
        "Change your review instead: `review_id` says which it is.";
    InStock "in_stock" CONFLICT "The variant can be bought now"
        "Nobody has to wait for it.";
    SecretGone "secret_gone" CONFLICT "The code in this mail was wiped when it was sent"
        "Have the recipient ask for a new one instead.";
    VersionMismatch "version_mismatch" PRECONDITION_FAILED "The resource was changed since you read it"
        "Read it again, apply your change to what is there now, and send the new ETag as If-Match.";

    // ── Too much, or a bad day ──
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS "Too many attempts"
        "Wait as many seconds as the Retry-After header says.";
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong on our side"
        "Report it with the X-Request-Id of the reply; the log has the cause under that id.";
    Busy "busy" SERVICE_UNAVAILABLE "The shop is busy"
        "Nothing was done. Repeat the request after as many seconds as the Retry-After header says.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "The shop is not available at the moment"
        "Repeat the request after as many seconds as the Retry-After header says.";
    OutcomeUnknown "outcome_unknown" SERVICE_UNAVAILABLE "It is not known whether the request was carried out"
        "Repeat it with the same Idempotency-Key, which settles it; without one, read the resource first.";
    DiskFull "disk_full" INSUFFICIENT_STORAGE "There is no room left to write"
        "Nothing was done; reading goes on. The operator of the shop has to make room.";
}

impl Code {
    /// The `type` of its problems: a reference that resolves on the running server.
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("/docs/problems#{}", self.entry().name)
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http::header;

    use super::*;
    use crate::problem::Problem;

    #[test]
    fn codes_are_unique_and_their_statuses_are_errors() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.entry().name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for code in Code::ALL {
            let entry = code.entry();
            assert!(entry.status.is_client_error() || entry.status.is_server_error(), "{}", entry.name);
            assert!(entry.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", entry.name);
        }
    }

    #[test]
    fn only_who_lacks_an_access_token_is_asked_for_one() {
        let challenges = |problem: Problem| {
            let response = problem.into_response();
            let values = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
            values.map(|value| value.to_str().expect("text").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(challenges(Problem::not_authenticated()), ["Bearer"]);
        assert_eq!(challenges(Problem::invalid_token()), ["Bearer error=\"invalid_token\""]);
        for code in Code::ALL {
            let expected: &[&str] = match (code.entry().status, code) {
                (StatusCode::UNAUTHORIZED, Code::NotAuthenticated) => &["Bearer"],
                (StatusCode::UNAUTHORIZED, _) => &["Body"],
                _ => &[],
            };
            assert_eq!(challenges(Problem::new(*code)), expected, "{}", code.entry().name);
        }
    }
}
