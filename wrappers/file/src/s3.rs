//! `parquet_s3_fdw`: Parquet files in a store that speaks S3's protocol.
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use medley_fdw::{
    Address, Batches, Connect, Dialer, Error, FileFormat, FileSource, FileTable, ImportSchema,
    Options, Report, Result, Scan, ScanConnection, SqlState, StoredFile, StoredFiles, TableDef,
    TlsRoots, Unreached,
};
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{
    ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig, StaticCredentialProvider,
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::connection::{Local, names};
use crate::import;
use crate::local::partition;

const DEFAULT_REGION: &str = "ap-northeast-1";
const DEFAULT_MINIO: &str = "127.0.0.1:9000";
const SCHEME: &str = "s3://";

/// An account at a store, which has not been reached yet.
pub(crate) struct S3 {
    server: String,
    endpoint: Option<String>,
    region: String,
    /// None for who has no keys, and reads what everybody may.
    account: Option<(String, Arc<AwsCredential>)>,
    dialer: Arc<dyn Dialer>,
    roots: TlsRoots,
}

impl S3 {
    pub fn new(connect: Connect<'_>) -> Result<Self> {
        let endpoint = endpoint(connect.server)?;
        let account = account(connect.mapping);
        let region = connect.server.text("region").unwrap_or(DEFAULT_REGION).to_owned();
        let new = Self {
            server: connect.server_name.to_owned(),
            endpoint,
            region,
            account,
            dialer: connect.dialer,
            roots: connect.tls_roots,
        };
        new.check_literal()?;
        Ok(new)
    }

    /// A host that is an address is looked up nowhere: it is judged here.
    fn check_literal(&self) -> Result<()> {
        let Some(endpoint) = &self.endpoint else { return Ok(()) };
        let Some((address, port)) = literal(endpoint) else { return Ok(()) };
        match self.dialer.admits(&Address::Tcp((address, port).into())) {
            true => Ok(()),
            false => Err(Error::Connect {
                server: self.server.clone(),
                detail: "only a superuser's servers may be at a local address".to_owned(),
                kind: Unreached::Forbidden,
            }),
        }
    }

    fn bucket(&self, bucket: &str) -> Result<Arc<AmazonS3>> {
        let reach = Reach { dialer: Arc::clone(&self.dialer), roots: self.roots.clone() };
        let retry = RetryConfig {
            max_retries: 2,
            retry_timeout: Duration::from_secs(15),
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(&self.region)
            .with_http_connector(reach)
            .with_retry(retry)
            .with_allow_http(self.endpoint.as_ref().is_some_and(|it| it.starts_with("http://")));
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        builder = match &self.account {
            Some((_, keys)) => {
                let provider = StaticCredentialProvider::new(AwsCredential {
                    key_id: keys.key_id.clone(),
                    secret_key: keys.secret_key.clone(),
                    token: keys.token.clone(),
                });
                builder.with_credentials(Arc::new(provider))
            }
            None => builder.with_skip_signature(true),
        };
        builder.build().map(Arc::new).map_err(|error| Error::of_store(&error))
    }

    async fn stored(&self, table: &FileTable) -> Result<StoredFiles> {
        let (bucket, places) = places(table)?;
        let store = self.bucket(&bucket)?;
        let mut files = Vec::new();
        for place in &places {
            for meta in place.find(store.as_ref()).await? {
                let rest = meta.location.as_ref().strip_prefix(place.fixed()).unwrap_or_default();
                let column = |column: &medley_fdw::FileColumn| partition(rest, &column.name);
                let partitions = table.columns.iter().map(column).collect();
                files.push(StoredFile { meta, partitions });
            }
        }
        if files.is_empty() {
            let message = format!("there are no files in bucket \"{bucket}\" for this table");
            return Err(Error::refused(Report::error(SqlState::UNDEFINED_FILE, message)));
        }
        Ok(StoredFiles { store, files, format: FileFormat::Parquet, names: names(table) })
    }
}

/// Where the store is; nothing for Amazon's own, by the region.
fn endpoint(server: &Options) -> Result<Option<String>> {
    let minio = server.boolean("use_minio")?.unwrap_or(false);
    let given = server.text("endpoint").or(minio.then_some(DEFAULT_MINIO));
    Ok(given.map(|given| match given.contains("://") {
        true => given.to_owned(),
        false if minio => format!("http://{given}"),
        false => format!("https://{given}"),
    }))
}

/// The address and the port that an endpoint spells out.
fn literal(endpoint: &str) -> Option<(IpAddr, u16)> {
    let (scheme, rest) = endpoint.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default = if scheme == "http" { 80 } else { 443 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(default)),
        _ => (authority, default),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((host.parse().ok()?, port))
}

fn account(mapping: &Options) -> Option<(String, Arc<AwsCredential>)> {
    let user = mapping.text("user")?;
    let secret = |name| mapping.secret(name).map(|it| it.expose().to_owned());
    let keys = AwsCredential {
        key_id: user.to_owned(),
        secret_key: secret("password").unwrap_or_default(),
        token: secret("session_token"),
    };
    Some((user.to_owned(), Arc::new(keys)))
}

/// Where a table's files are, within its bucket.
enum Place {
    /// This object.
    Object(Path),
    /// All below.
    Folder(String),
    /// Those that match.
    Pattern(glob::Pattern, String),
}

impl Place {
    fn new(key: &str, is_folder: bool) -> Result<Self> {
        if is_folder || key.is_empty() || key.ends_with('/') {
            return Ok(Self::Folder(key.trim_end_matches('/').to_owned()));
        }
        if !key.contains(['*', '?', '[']) {
            return Ok(Self::Object(Path::from(key)));
        }
        let parts = key.split('/').take_while(|part| !part.contains(['*', '?', '[']));
        let fixed = parts.collect::<Vec<_>>().join("/");
        let pattern = glob::Pattern::new(key).map_err(|error| {
            let message = format!("invalid pattern of file names \"{key}\"");
            let report = Report::error(SqlState::INVALID_PARAMETER_VALUE, message);
            Error::refused(report.with_detail(error.msg))
        })?;
        Ok(Self::Pattern(pattern, fixed))
    }

    /// What of the path was spelt out, and says nothing of columns.
    fn fixed(&self) -> &str {
        match self {
            Self::Object(path) => path.as_ref(),
            Self::Folder(folder) | Self::Pattern(_, folder) => folder,
        }
    }

    async fn find(&self, store: &dyn ObjectStore) -> Result<Vec<ObjectMeta>> {
        let told = |error: object_store::Error| Error::of_store(&error);
        if let Self::Object(path) = self {
            return Ok(vec![store.head(path).await.map_err(told)?]);
        }
        let prefix = (!self.fixed().is_empty()).then(|| Path::from(self.fixed()));
        let listed: Vec<_> = store.list(prefix.as_ref()).try_collect().await.map_err(told)?;
        let mut found: Vec<_> = listed.into_iter().filter(|meta| self.admits(meta)).collect();
        found.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(found)
    }

    fn admits(&self, meta: &ObjectMeta) -> bool {
        let is_data = |name: &str| !name.starts_with(['.', '_']);
        match self {
            Self::Pattern(pattern, _) => {
                let options = glob::MatchOptions {
                    require_literal_separator: true,
                    ..glob::MatchOptions::new()
                };
                pattern.matches_with(meta.location.as_ref(), options)
            }
            _ => meta.size > 0 && meta.location.filename().is_some_and(is_data),
        }
    }
}

/// The bucket of a table's files, and where in it they are.
fn places(table: &FileTable) -> Result<(String, Vec<Place>)> {
    let refused = |message: String| Error::refused(Report::error(SqlState::FDW_ERROR, message));
    let files = table.options.text("filename").into_iter().flat_map(str::split_whitespace);
    let folders = table.options.text("dirname").into_iter();
    let all = files.map(|file| (file, false)).chain(folders.map(|folder| (folder, true)));
    let (mut bucket, mut places) = (None, Vec::new());
    for (name, is_folder) in all {
        let rest = name.strip_prefix(SCHEME);
        let rest = rest.ok_or_else(|| refused(format!("\"{name}\" is in no object store")))?;
        let (its_bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if *bucket.get_or_insert(its_bucket) != its_bucket {
            return Err(refused("the files of a table must be in one bucket".to_owned()));
        }
        places.push(Place::new(key, is_folder)?);
    }
    let bucket = bucket.ok_or(Error::MissingOption("filename"))?;
    Ok((bucket.to_owned(), places))
}

/// Whether a table's files are objects, and not files of this machine.
pub(crate) fn is_object(name: &str) -> bool {
    name.starts_with(SCHEME)
}

fn is_remote(table: &Options) -> bool {
    let names = ["filename", "dirname"].into_iter().filter_map(|name| table.text(name));
    names.into_iter().any(is_object)
}

#[async_trait]
impl ScanConnection for S3 {
    fn account(&self) -> Option<&str> {
        self.account.as_ref().map(|(user, _)| user.as_str())
    }

    fn scan<'a>(&'a mut self, _scan: Scan<'a>) -> Batches<'a> {
        let refused = Err(Error::Unsupported("reading an object as a table of its own"));
        futures::stream::once(async { refused }).boxed()
    }

    async fn files(&mut self, table: &FileTable) -> Result<FileSource> {
        if is_remote(&table.options) {
            return self.stored(table).await.map(FileSource::Stored);
        }
        let local = Local::new(Arc::clone(&self.dialer));
        local.stored(table, FileFormat::Parquet).map(FileSource::Stored)
    }

    async fn import(&mut self, wanted: &ImportSchema) -> Result<Vec<TableDef>> {
        let Some(rest) = wanted.remote_schema.strip_prefix(SCHEME) else {
            let mut local = Local::new(Arc::clone(&self.dialer));
            return local.import_from(wanted, ("filename", "dirname"), None).await;
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let store = self.bucket(bucket)?;
        let found = Place::new(key, true)?.find(store.as_ref()).await?;
        let place = import::Place {
            prefix: format!("{SCHEME}{bucket}/"),
            folder: key.trim_end_matches('/'),
            options: ("filename", "dirname"),
            format: None,
        };
        let store: Arc<dyn ObjectStore> = store;
        import::import(&store, wanted, &place, found).await
    }
}

/// Reaches the store by the dialer's addresses, and no other.
struct Reach {
    dialer: Arc<dyn Dialer>,
    roots: TlsRoots,
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach").finish_non_exhaustive()
    }
}

impl HttpConnector for Reach {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed =
            |error: String| object_store::Error::Generic { store: "S3", source: error.into() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(tls)
            .dns_resolver(Arc::new(Names(Arc::clone(&self.dialer))))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| failed(error.to_string()))?;
        Ok(HttpClient::new(client))
    }
}

/// Looks hosts up by the dialer; what it does not admit is not there.
struct Names(Arc<dyn Dialer>);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let dialer = Arc::clone(&self.0);
        Box::pin(async move {
            let found = dialer.resolve(name.as_str(), 0).await?;
            let admitted: Vec<_> =
                found.into_iter().filter(|it| dialer.admits(&Address::Tcp(*it))).collect();
            if admitted.is_empty() {
                return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied).into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_an_address_is_told() {
        let check = |endpoint, expected: Option<(&str, u16)>| {
            let expected = expected.map(|(host, port)| (host.parse().unwrap(), port));
            assert_eq!(literal(endpoint), expected, "{endpoint}");
        };
        check("http://127.0.0.1:9000", Some(("127.0.0.1", 9000)));
        check("https://10.0.0.1", Some(("10.0.0.1", 443)));
        check("http://[::1]:9000/x", Some(("::1", 9000)));
        check("http://[::1]", Some(("::1", 80)));
        check("http://a@127.0.0.1:1", Some(("127.0.0.1", 1)));
        check("http://localhost:9000", None);
    }
}
