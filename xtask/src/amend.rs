//! The end of step five: what each generated call leaves to the raw crate's `Exchange`.
//!
//! The generator has no setting for these. As with the fixups, each knows one shape, and codegen stops at any other.

use syn::parse::Parser as _;
use syn::parse_quote;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprMethodCall, File, ImplItemFn, Lit, LitStr, Local, Pat, Stmt, Token};

/// Amends each call of the generated client.
pub(crate) fn amend(file: &mut File) -> Result<(), String> {
    let mut amended = Amended::default();
    amended.visit_file_mut(file);
    let Amended {
        calls,
        urls,
        versions,
        values,
    } = amended;
    for (what, times) in [
        ("builds its URL", urls),
        ("sends its version", versions),
        ("decodes its answer", values),
    ] {
        if times != calls {
            return Err(format!(
                "of {calls} generated calls, {times} show in the known way how a call {what}: look at what the generator \
                 writes, and at xtask/src/amend.rs"
            ));
        }
    }
    Ok(())
}

/// How often each was found.
#[derive(Default)]
struct Amended {
    calls: usize,
    urls: usize,
    versions: usize,
    values: usize,
}

const VERSION: &str = "header_map";

impl VisitMut for Amended {
    fn visit_impl_item_fn_mut(&mut self, function: &mut ImplItemFn) {
        if function.sig.ident == "send" {
            self.calls += 1;
            visit_mut::visit_impl_item_fn_mut(self, function);
        }
    }

    /// A header that the generator invented: the service knows none of this name.
    fn visit_block_mut(&mut self, block: &mut Block) {
        block.stmts.retain(|statement| match statement {
            Stmt::Local(local) => !is_named(&local.pat, VERSION) || !makes_headers(local),
            Stmt::Expr(Expr::MethodCall(call), _) => !is_variable(&call.receiver, VERSION),
            _ => true,
        });
        visit_mut::visit_block_mut(self, block);
    }

    /// The base URL is parsed once for a client, and not with each call.
    fn visit_local_mut(&mut self, local: &mut Local) {
        if is_like(&local.pat, "url")
            && let Some(init) = &mut local.init
            && let Some(path) = path(&init.expr)
        {
            *init.expr = parse_quote!(
                client
                    .inner
                    .url(&client.baseurl, &#path)
                    .map_err(Error::InvalidRequest)?
            );
            self.urls += 1;
        }
        visit_mut::visit_local_mut(self, local);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::MethodCall(ExprMethodCall {
                receiver,
                method,
                args,
                ..
            }) if method == "headers" && args.iter().any(|arg| is_variable(arg, VERSION)) => {
                *expr = Expr::clone(receiver);
                self.versions += 1;
            }
            // The body is in the record, and nobody needs another response to read it from.
            Expr::Await(awaited) => {
                if let Some(response) = read_response(&awaited.base) {
                    *expr = parse_quote!(client.inner.value(#response.status()));
                    self.values += 1;
                }
            }
            _ => {}
        }
        visit_mut::visit_expr_mut(self, expr);
    }
}

/// What follows the base URL in `format!("{}/keys/{}", client.baseurl, …)`, as an expression of its own.
fn path(url: &Expr) -> Option<Expr> {
    let Expr::Macro(format) = url else {
        return None;
    };
    let parse = Punctuated::<Expr, Token![,]>::parse_terminated;
    let mut arguments = parse.parse2(format.mac.tokens.clone()).ok()?.into_iter();
    let Expr::Lit(text) = arguments.next()? else {
        return None;
    };
    let Lit::Str(text) = &text.lit else {
        return None;
    };
    let path = LitStr::new(text.value().strip_prefix("{}")?, text.span());
    if arguments.next()? != parse_quote!(client.baseurl) {
        return None;
    }
    Some(parse_quote!(format!(#path #(, #arguments)*)))
}

/// The response in `ResponseValue::from_response(response)`.
fn read_response(call: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = call else {
        return None;
    };
    let reads = *call.func == parse_quote!(ResponseValue::from_response);
    call.args.first().filter(|_| reads && call.args.len() == 1)
}

/// Whether it is `let … = HeaderMap::with_capacity(…)`. A parameter may have the same name.
fn makes_headers(local: &Local) -> bool {
    let init = local.init.as_ref().map(|init| &*init.expr);
    let Some(Expr::Call(call)) = init else {
        return false;
    };
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|segment| segment.ident == "with_capacity")
}

fn is_named(pat: &Pat, name: &str) -> bool {
    match pat {
        Pat::Ident(pat) => pat.ident == name,
        _ => false,
    }
}

/// Whether it has this name. Where a parameter has it, the generator puts an underscore before its own.
fn is_like(pat: &Pat, name: &str) -> bool {
    match pat {
        Pat::Ident(pat) => pat.ident.to_string().trim_start_matches('_') == name,
        _ => false,
    }
}

fn is_variable(expr: &Expr, name: &str) -> bool {
    match expr {
        Expr::Path(path) => path.path.is_ident(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::amend;

    const CALL: &str = r#"
        impl Call {
            async fn send(self) -> Result<(), Error<()>> {
                let url = format!("{}/keys/{}", client.baseurl, encode_path(hash),);
                let mut header_map = HeaderMap::with_capacity(1usize);
                header_map.append(NAME, VERSION);
                let request = client.client.get(url).headers(header_map).build()?;
                ResponseValue::from_response(response).await
            }
        }"#;

    fn amended(text: &str) -> Result<String, String> {
        let mut file = syn::parse_str(text).unwrap();
        amend(&mut file).map(|()| prettyplease::unparse(&file))
    }

    #[test]
    fn what_the_generator_writes_is_amended() {
        let text = amended(CALL).unwrap();
        assert!(
            !text.contains("header_map") && !text.contains("from_response"),
            "{text}"
        );
        assert!(
            text.contains(r#"format!("/keys/{}", encode_path(hash))"#),
            "{text}"
        );
        assert!(text.contains("client.client.get(url).build()?"), "{text}");
    }

    /// As it names its own things where parameters have the names that it prefers.
    #[test]
    fn other_names_are_amended_too() {
        let call = CALL
            .replace(
                "let url",
                "let url = url.map_err(Error::InvalidRequest)?; let _url",
            )
            .replace("get(url)", "get(_url).query(&url)")
            .replace("(response)", "(_response)");
        let text = amended(&call).unwrap();
        assert!(text.contains("let url = url.map_err"), "{text}");
        assert!(text.contains("let _url = client"), "{text}");
        assert!(
            text.contains("client.inner.value(_response.status())"),
            "{text}"
        );
        assert!(!text.contains("from_response"), "{text}");
    }

    #[test]
    fn what_it_might_write_instead_stops_codegen() {
        for (known, other, what) in [
            ("client.baseurl", "client.baseurl()", "URL"),
            ("{}/keys", "{0}/keys", "URL"),
            ("headers(header_map)", "headers(version_map)", "version"),
            ("from_response", "from_stream", "answer"),
        ] {
            let message = amended(&CALL.replace(known, other)).unwrap_err();
            assert!(message.contains(what), "{message}");
        }
    }
}
