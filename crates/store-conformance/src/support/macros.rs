//! Two shorthands.

/// Runs one load of `Tx` in a transaction of its own. Values that cannot be copied are named in front: they are
/// cloned, because a transaction may run twice.
macro_rules! load {
    ($shop:expr, |$tx:ident| $body:expr) => {
        $crate::support::load!($shop, [], |$tx| $body)
    };
    ($shop:expr, [$($value:ident),*], |$tx:ident| $body:expr) => {{
        $(let $value = $value.clone();)*
        let loaded = $shop.in_tx(move |$tx| {
            $(let $value = $value.clone();)*
            Box::pin(async move { $body })
        });
        loaded.await.expect("the load works")
    }};
}

/// Asserts that a result is the refusal of this shape.
macro_rules! refused {
    ($result:expr, $refusal:pat $(if $guard:expr)?) => {
        match $result {
            Err($refusal) $(if $guard)? => {}
            other => panic!("must be refused as {}, but is {other:?}", stringify!($refusal)),
        }
    };
}

pub(crate) use {load, refused};
