//! A catalog of a million user mappings over a thousand servers.
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use medley_bench::{commit, fill, mapping, role};
use medley_catalog::Catalog;
use medley_catalog::ids::{RoleOid, ServerOid};

/// Oids of both kinds, to look up in no particular order.
fn pairs(catalog: &Catalog) -> Vec<(ServerOid, RoleOid)> {
    let snapshot = catalog.snapshot();
    let mut pairs: Vec<_> = snapshot
        .mappings()
        .step_by(97)
        .filter_map(|mapping| Some((mapping.server, mapping.user.role()?)))
        .collect();
    // A fixed shuffle: neighbours end up far apart.
    pairs.sort_by_key(|(server, role)| {
        (server.0.wrapping_mul(2_654_435_761) ^ role.0.wrapping_mul(40_503)).rotate_left(13)
    });
    pairs
}

fn catalog(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fill(folder.path()).expect("the catalog can be filled");

    let mut group = criterion.benchmark_group("catalog of 1,000,000 user mappings");
    group.sample_size(10);
    group.bench_function("open", |bencher| {
        bencher.iter_with_large_drop(|| Catalog::open(folder.path()).expect("it opens"));
    });
    group.sample_size(100);

    let opened = Catalog::open(folder.path()).expect("it opens");
    let pairs = pairs(&opened);
    let snapshot = opened.snapshot();
    let mut next = pairs.iter().cycle();
    group.bench_function("resolve", |bencher| {
        bencher.iter(|| {
            let (server, role) = *next.next().expect("a cycle does not end");
            black_box(snapshot.resolve(server, role))
        });
    });
    group.bench_function("read options", |bencher| {
        bencher.iter(|| {
            let (server, role) = *next.next().expect("a cycle does not end");
            let resolved = snapshot.resolve(server, role).expect("each role has each server");
            black_box(snapshot.user_mapping(resolved.mapping).expect("the store can be read"))
        });
    });
    // What the disk alone takes, to hold the next number against.
    let file = File::create(folder.path().join("probe")).expect("a file can be made");
    file.set_len(4096).expect("a file can grow");
    group.bench_function("sync one page", |bencher| {
        bencher.iter(|| {
            file.write_all_at(&[1; 4096], 0).expect("a page can be written");
            file.sync_data().expect("a file can be synced");
        });
    });
    // A snapshot that is held keeps the store from using pages again.
    drop(snapshot);
    create_one_more(&mut group, &opened, pairs[0].0);
    group.finish();
}

/// The role is made beside, so that what is timed is one statement and its commit.
fn create_one_more(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    catalog: &Arc<Catalog>,
    server: ServerOid,
) {
    let snapshot = catalog.snapshot();
    let any = snapshot.mappings().next().expect("there are mappings");
    let stored = snapshot.user_mapping(any.oid).expect("the store can be read");
    let options = stored.expect("it is there").options.clone();
    let sealed = options.iter().find_map(|(_, value)| match value {
        medley_catalog::objects::OptionValue::Sealed(sealed) => Some(sealed.clone()),
        _ => None,
    });
    let sealed = sealed.expect("each mapping has a sealed password");
    let mut number = 1_000_000;
    group.bench_function("create one more", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                commit(catalog, |tx| role(tx, number)).expect("a role can be made")
            },
            |role| commit(catalog, |tx| mapping(tx, role, server, &sealed)).expect("it is new"),
            criterion::BatchSize::PerIteration,
        );
    });
}

criterion_group!(benches, catalog);
criterion_main!(benches);
