//! Calls of functions, and the calls that have a grammar of their own.
use super::expression::Kind;
use crate::parser::{Parser, Result};
use crate::token::TokenKind;

/// What matters later about the arguments of a call.
#[derive(Clone, Copy, Default)]
struct Arguments {
    /// Neither `*` nor DISTINCT, ALL or VARIADIC, and at least one.
    plain: bool,
    distinct: bool,
    variadic: bool,
    /// Of the first one's name that has one.
    named: Option<usize>,
    /// Of ORDER.
    order: Option<usize>,
}

impl Parser<'_> {
    /// From the parenthesis of `func_application` through OVER; or of a constant,
    /// `type(modifiers) 'x'`.
    pub(super) fn call(&mut self) -> Result<()> {
        let arguments = self.call_arguments()?;
        if arguments.plain && self.is_string() {
            return self.modified_constant(arguments);
        }
        self.within_group(arguments)?;
        self.filter_and_over()
    }

    fn modified_constant(&mut self, arguments: Arguments) -> Result<()> {
        self.advance();
        if let Some(name) = arguments.named {
            return self.action_error("type modifier cannot have parameter name", name);
        }
        if let Some(order) = arguments.order {
            return self.action_error("type modifier cannot have ORDER BY", order);
        }
        Ok(())
    }

    fn within_group(&mut self, arguments: Arguments) -> Result<()> {
        let within = self.position();
        if !self.eat("within") {
            return Ok(());
        }
        self.expect("group")?;
        self.enclosed(Self::sort_clause)?;
        let refused = match arguments {
            Arguments { order: Some(_), .. } => "multiple ORDER BY clauses with",
            Arguments { distinct: true, .. } => "DISTINCT with",
            Arguments { variadic: true, .. } => "VARIADIC with",
            _ => return Ok(()),
        };
        self.action_error(&format!("cannot use {refused} WITHIN GROUP"), within)
    }

    pub(super) fn filter_and_over(&mut self) -> Result<()> {
        if self.eat("filter") {
            self.enclosed(|p| {
                p.expect("where")?;
                p.a_expr()
            })?;
        }
        if !self.eat("over") {
            return Ok(());
        }
        if self.is_char('(') { self.window_specification() } else { self.col_id() }
    }

    fn call_arguments(&mut self) -> Result<Arguments> {
        self.enclosed(|p| {
            let mut found = Arguments::default();
            if p.is_char(')') || p.eat_char('*') {
                return Ok(found);
            }
            found.distinct = p.eat("distinct");
            found.plain = !found.distinct && !p.eat("all");
            p.argument_list(&mut found)?;
            found.plain &= !found.variadic;
            if p.is("order") {
                found.order = Some(p.position());
                p.sort_clause()?;
            }
            Ok(found)
        })
    }

    /// Where an expression that begins so many tokens ahead stands, in PostgreSQL's eyes.
    pub(super) fn place_of(&self, mut ahead: usize) -> usize {
        while self.peek_at(ahead).kind == TokenKind::Char('(') {
            ahead += 1;
        }
        self.peek_at(ahead).position
    }

    fn argument_list(&mut self, found: &mut Arguments) -> Result<()> {
        // DISTINCT and ALL leave no room for VARIADIC.
        let may_vary = found.plain;
        if may_vary && self.eat("variadic") {
            found.variadic = true;
            return self.argument(found);
        }
        self.argument(found)?;
        while self.eat_char(',') {
            if may_vary && self.eat("variadic") {
                found.variadic = true;
                return self.argument(found);
            }
            self.argument(found)?;
        }
        Ok(())
    }

    /// `func_arg_expr`.
    fn argument(&mut self, found: &mut Arguments) -> Result<()> {
        let names = matches!(self.peek_at(1).kind, TokenKind::Symbol(":=" | "=>"));
        if names && self.is_type_function_name(0) {
            found.named = found.named.or(Some(self.position()));
            self.advance();
            self.advance();
        }
        self.a_expr()
    }

    /// `func_arg_list`, perhaps empty.
    fn plain_arguments(&mut self) -> Result<()> {
        if self.is_char(')') {
            return Ok(());
        }
        self.several(|p| p.argument(&mut Arguments::default()))
    }

    /// `window_specification`.
    pub(super) fn window_specification(&mut self) -> Result<()> {
        self.enclosed(|p| {
            let clause = matches!(p.word(), "partition" | "range" | "rows" | "groups");
            if !clause && p.is_col_id(0) {
                p.advance();
            }
            if p.eat("partition") {
                p.expect("by")?;
                p.expr_list()?;
            }
            if p.is("order") {
                p.sort_clause()?;
            }
            if p.eat_one_of(&["range", "rows", "groups"]).is_some() { p.frame() } else { Ok(()) }
        })
    }

    fn frame(&mut self) -> Result<()> {
        // A column may be called so.
        let column = matches!(self.peek_at(1).kind, TokenKind::Char('*' | '/' | '%' | '^' | '.'));
        if !column && self.eat("between") {
            self.frame_bound()?;
            self.expect("and")?;
        }
        self.frame_bound()?;
        if !self.eat("exclude") {
            return Ok(());
        }
        if self.eat("group") || self.eat("ties") {
            return Ok(());
        }
        if self.eat("no") { self.expect("others") } else { self.expect("current row") }
    }

    fn frame_bound(&mut self) -> Result<()> {
        if self.eat("current row") {
            return Ok(());
        }
        let unbounded =
            self.is("unbounded") && matches!(self.word_at(1), "preceding" | "following");
        if unbounded {
            self.advance();
        } else {
            self.a_expr()?;
        }
        if self.eat("preceding") { Ok(()) } else { self.expect("following") }
    }

    /// `func_expr_windowless`.
    pub(crate) fn windowless_call(&mut self) -> Result<()> {
        if self.begins_special_call() {
            return self.special_windowless();
        }
        self.application()
    }

    /// `func_application`.
    pub(crate) fn application(&mut self) -> Result<()> {
        if !self.is_type_function_name(0) && !self.is_col_id(0) {
            return self.unexpected();
        }
        let plain = self.is_type_function_name(0);
        let only_alone = !self.is_col_id(0);
        self.advance();
        if plain && self.is_char('(') {
            return self.call_arguments().map(drop);
        }
        if only_alone {
            return self.unexpected();
        }
        let indirection = self.indirection()?;
        if !indirection.any || !indirection.names_only {
            return self.unexpected();
        }
        self.call_arguments().map(drop)
    }

    /// Whether `func_expr_common_subexpr` begins here.
    pub(super) fn begins_special_call(&self) -> bool {
        const ALONE: &[&str] = &[
            "current_date",
            "current_time",
            "current_timestamp",
            "localtime",
            "localtimestamp",
            "current_role",
            "current_user",
            "session_user",
            "system_user",
            "user",
            "current_catalog",
            "current_schema",
            "cast",
        ];
        let opens = self.peek_at(1).kind == TokenKind::Char('(');
        match self.word() {
            "current_schema" => !opens,
            "collation" => self.word_at(1) == "for",
            word => ALONE.contains(&word) || (opens && SPECIAL.contains(&word)),
        }
    }

    fn special_windowless(&mut self) -> Result<()> {
        if self.is("json_objectagg") || self.is("json_arrayagg") {
            let word = self.word();
            self.advance();
            return self.enclosed(|p| p.json_aggregate(word));
        }
        self.operand(Kind::Restricted).map(drop)
    }

    /// A word and its arguments in a grammar of their own; the word is not one for other names of
    /// columns, which have no arguments.
    pub(super) fn special_call(&mut self, word: &str) -> Result<()> {
        self.advance();
        if word != "cast" && !SPECIAL.contains(&word) {
            return self.unexpected();
        }
        self.nested_deeply(|p| p.enclosed(|p| p.special_arguments(word)))?;
        if word.ends_with("agg") { self.filter_and_over() } else { Ok(()) }
    }

    fn special_arguments(&mut self, word: &str) -> Result<()> {
        match word {
            "cast" | "treat" => {
                self.a_expr()?;
                self.expect("as")?;
                self.typename()
            }
            "coalesce" | "greatest" | "least" | "xmlconcat" => self.expr_list(),
            "nullif" => {
                self.a_expr()?;
                self.expect_char(',')?;
                self.a_expr()
            }
            "extract" => self.extract(),
            "normalize" => {
                self.a_expr()?;
                if self.eat_char(',') { self.normal_form() } else { Ok(()) }
            }
            "position" => {
                self.b_expr()?;
                self.expect("in")?;
                self.b_expr()
            }
            "overlay" => self.overlay(),
            "substring" => self.substring(),
            "trim" => self.trim(),
            "merge_action" => Ok(()),
            _ if word.starts_with("xml") => self.xml_arguments(word),
            _ => self.json_arguments(word),
        }
    }

    fn extract(&mut self) -> Result<()> {
        const FIELDS: &[&str] = &["year", "month", "day", "hour", "minute", "second"];
        let name = matches!(self.peek().kind, TokenKind::Ident { .. });
        self.take_if(name || self.is_string() || FIELDS.contains(&self.word()))?;
        self.expect("from")?;
        self.a_expr()
    }

    /// The first argument of a call that may be an ordinary one; true when it has a name, so that
    /// the call is ordinary.
    fn first_argument(&mut self, kind: Kind) -> Result<bool> {
        let mut found = Arguments::default();
        let names = matches!(self.peek_at(1).kind, TokenKind::Symbol(":=" | "=>"));
        if names && self.is_type_function_name(0) {
            self.argument(&mut found)?;
            return Ok(true);
        }
        self.expression_of(kind)?;
        Ok(false)
    }

    /// The rest of an ordinary call behind its first argument.
    fn more_arguments(&mut self) -> Result<()> {
        if self.eat_char(',') {
            return self.several(|p| p.argument(&mut Arguments::default()));
        }
        Ok(())
    }

    fn overlay(&mut self) -> Result<()> {
        if self.is_char(')') {
            return Ok(());
        }
        let named = self.first_argument(Kind::Any)?;
        if named || !self.eat("placing") {
            return self.more_arguments();
        }
        self.a_expr()?;
        self.expect("from")?;
        self.a_expr()?;
        if self.eat("for") { self.a_expr() } else { Ok(()) }
    }

    fn substring(&mut self) -> Result<()> {
        if self.is_char(')') {
            return Ok(());
        }
        if self.first_argument(Kind::Substring)? {
            return self.more_arguments();
        }
        if self.eat("similar") {
            self.a_expr()?;
            self.expect("escape")?;
            return self.a_expr();
        }
        let other = match self.word() {
            "from" => "for",
            "for" => "from",
            _ => return self.more_arguments(),
        };
        self.advance();
        self.a_expr()?;
        if self.eat(other) { self.a_expr() } else { Ok(()) }
    }

    fn trim(&mut self) -> Result<()> {
        self.eat_one_of(&["both", "leading", "trailing"]);
        if self.eat("from") {
            return self.expr_list();
        }
        self.a_expr()?;
        if self.eat("from") {
            return self.expr_list();
        }
        if self.eat_char(',') { self.expr_list() } else { Ok(()) }
    }

    /// `func_arg_list` behind its first one, which JSON_OBJECT shares with others.
    pub(super) fn rest_of_arguments(&mut self) -> Result<()> {
        self.more_arguments()
    }

    /// Ordinary arguments, of which the first one has a name.
    pub(super) fn named_arguments(&mut self) -> Result<bool> {
        let names = matches!(self.peek_at(1).kind, TokenKind::Symbol(":=" | "=>"));
        if names && self.is_type_function_name(0) {
            self.plain_arguments()?;
            return Ok(true);
        }
        Ok(false)
    }
}

/// Names of columns that are calls of their own before a parenthesis.
const SPECIAL: &[&str] = &[
    "coalesce",
    "extract",
    "greatest",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_value",
    "least",
    "merge_action",
    "normalize",
    "nullif",
    "overlay",
    "position",
    "substring",
    "treat",
    "trim",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
];
