//! PostgreSQL 18's keywords: which words need quotes, and where.
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a keyword may name without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeywordCategory {
    /// May name anything.
    Unreserved,
    /// May not name a function or type.
    ColumnName,
    /// May name functions and types only.
    TypeFunctionName,
    /// May name nothing; after AS it still labels a column.
    Reserved,
}

/// A keyword.
#[derive(Debug, PartialEq, Eq)]
pub struct Keyword {
    /// In lower case.
    pub word: &'static str,
    /// What it may name.
    pub category: KeywordCategory,
    /// Whether it may label a column without AS.
    pub bare_label: bool,
}

/// The keyword of this (folded) word, if it is one.
pub fn keyword(word: &str) -> Option<&'static Keyword> {
    KEYWORDS.get(word)
}

static KEYWORDS: LazyLock<HashMap<&'static str, Keyword>> = LazyLock::new(|| {
    let words = |(category, words): &(KeywordCategory, &'static str)| {
        let category = *category;
        words.split_whitespace().map(move |word| {
            let bare_label = !NEED_AS.split_whitespace().any(|other| other == word);
            (word, Keyword { word, category, bare_label })
        })
    };
    CATEGORIES.iter().flat_map(words).collect()
});

const CATEGORIES: &[(KeywordCategory, &str)] = &[
    (
        KeywordCategory::Unreserved,
        "abort absent absolute access action add admin after aggregate also alter always \
         asensitive assertion assignment at atomic attach attribute backward before begin \
         breadth by cache call called cascade cascaded catalog chain characteristics \
         checkpoint class close cluster columns comment comments commit committed compression \
         conditional configuration conflict connection constraints content continue \
         conversion copy cost csv cube current cursor cycle data database day deallocate \
         declare defaults deferred definer delete delimiter delimiters depends depth detach \
         dictionary disable discard document domain double drop each empty enable encoding \
         encrypted enforced enum error escape event exclude excluding exclusive execute \
         explain expression extension external family filter finalize first following force \
         format forward function functions generated global granted groups handler header \
         hold hour identity if immediate immutable implicit import include including \
         increment indent index indexes inherit inherits inline input insensitive insert \
         instead invoker isolation key keys label language large last leakproof level listen \
         load local location lock locked logged mapping match matched materialized maxvalue \
         merge method minute minvalue mode month move name names nested new next nfc nfd nfkc \
         nfkd no normalized nothing notify nowait nulls object objects of off oids old omit \
         operator option options ordinality others over overriding owned owner parallel \
         parameter parser partial partition passing password path period plan plans policy \
         preceding prepare prepared preserve prior privileges procedural procedure procedures \
         program publication quote quotes range read reassign recheck recursive ref \
         referencing refresh reindex relative release rename repeatable replace replica reset \
         restart restrict return returns revoke role rollback rollup routine routines rows \
         rule savepoint scalar schema schemas scroll search second security sequence \
         sequences serializable server session set sets share show simple skip snapshot \
         source sql stable standalone start statement statistics stdin stdout storage stored \
         strict string strip subscription support sysid system tables tablespace target temp \
         template temporary text ties transaction transform trigger truncate trusted type \
         types uescape unbounded uncommitted unconditional unencrypted unknown unlisten \
         unlogged until update vacuum valid validate validator value varying version view \
         views virtual volatile whitespace within without work wrapper write xml year yes \
         zone",
    ),
    (
        KeywordCategory::ColumnName,
        "between bigint bit boolean char character coalesce dec decimal exists extract float \
         greatest grouping inout int integer interval json json_array json_arrayagg \
         json_exists json_object json_objectagg json_query json_scalar json_serialize \
         json_table json_value least merge_action national nchar none normalize nullif \
         numeric out overlay position precision real row setof smallint substring time \
         timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists \
         xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable",
    ),
    (
        KeywordCategory::TypeFunctionName,
        "authorization binary collation concurrently cross current_schema freeze full ilike \
         inner is isnull join left like natural notnull outer overlaps right similar \
         tablesample verbose",
    ),
    (
        KeywordCategory::Reserved,
        "all analyse analyze and any array as asc asymmetric both case cast check collate \
         column constraint create current_catalog current_date current_role current_time \
         current_timestamp current_user default deferrable desc distinct do else end except \
         false fetch for foreign from grant group having in initially intersect into lateral \
         leading limit localtime localtimestamp not null offset on only or order placing \
         primary references returning select session_user some symmetric system_user table \
         then to trailing true union unique user using variadic when where window with",
    ),
];

/// Those that label a column only behind AS.
const NEED_AS: &str = "array as char character create day except fetch filter for from grant group having \
     hour intersect into isnull limit minute month notnull offset on order over overlaps \
     precision returning second to union varying where window with within without year";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_those_of_postgresql_18() {
        let count = |category| KEYWORDS.values().filter(|k| k.category == category).count();
        assert_eq!(count(KeywordCategory::Reserved), 78);
        assert_eq!(count(KeywordCategory::TypeFunctionName), 23);
        assert_eq!(keyword("server").unwrap().category, KeywordCategory::Unreserved);
        assert_eq!(keyword("none").unwrap().category, KeywordCategory::ColumnName);
        assert_eq!(keyword("system_user").unwrap().category, KeywordCategory::Reserved);
        assert!(!keyword("varying").unwrap().bare_label);
        assert!(keyword("date").is_none());
    }
}
