//! `medley serve`: listens until it is told to stop.
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use medley_fdw::Registry;
use medley_wire::{Listener, Options, TlsSlot};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli;
use crate::login::Logins;
use crate::print::print;
use crate::reload::Reload;
use crate::server::Server;

/// Runs `medley serve`.
pub async fn run(serve: &cli::Serve, registry: Arc<Registry>) -> anyhow::Result<()> {
    let server = Server::open(&serve.data, serve.key_file.as_deref(), registry)?;
    let tls = TlsSlot::default();
    if let Some(files) = &server.tls {
        tls.replace(files.load()?);
    }
    let listeners = listeners(serve).await?;
    let shutdown = CancellationToken::new();
    stop_on_signal(shutdown.clone())?;
    let configuration = Arc::clone(&server.configuration);
    reload_on_signal(Arc::clone(&server.logins), configuration, tls.clone())?;
    let addresses: Vec<_> = listeners.iter().map(ToString::to_string).collect();
    let options = Options {
        max_connections: serve.max_connections,
        grace: Duration::from_secs(serve.grace),
        tls,
        ..Options::default()
    };
    // Whoever waits for this line may connect: what listens already keeps them until it serves.
    print(&format!("medley is ready on {}\n", addresses.join(", ")))?;
    server.serve(listeners, options, shutdown).await;
    tracing::info!("stopped");
    Ok(())
}

async fn listeners(serve: &cli::Serve) -> anyhow::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for address in &serve.listen {
        let listener = Listener::tcp(*address).with_context(|| {
            format!("could not listen on {address}\nchoose another address with --listen")
        })?;
        listeners.push(listener);
    }
    if let Some(folder) = &serve.socket_dir {
        // The port that was taken, where any would do.
        let port = listeners.first().and_then(Listener::address).map_or(5433, |a| a.port());
        let listener = Listener::unix(folder, port)
            .await
            .with_context(|| format!("could not listen on a socket in {}", folder.display()))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

fn stop_on_signal(shutdown: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping");
        shutdown.cancel();
    });
    Ok(())
}

/// At a SIGHUP, or when a superuser calls `pg_reload_conf`, the configuration is read again.
fn reload_on_signal(
    logins: Arc<Logins>,
    configuration: Arc<Reload>,
    slot: TlsSlot,
) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            let wanted_by = tokio::select! {
                Some(()) = hangup.recv() => "SIGHUP",
                () = logins.reload_wanted() => "pg_reload_conf",
            };
            tracing::info!(wanted_by, "reading configuration files");
            configuration.run(&slot);
            tracing::info!("configuration files are read");
        }
    });
    Ok(())
}
