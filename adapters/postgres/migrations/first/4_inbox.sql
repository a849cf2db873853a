create sequence inbox_seq;

-- What Stripe sent, once per event. No foreign key to the account: the writer has just looked it
-- up, and a check per row would cost more than the row.
create table inbox_events (
    merchant_id uuid not null,
    account text not null,
    event_id text not null,
    livemode boolean not null,
    seq bigint not null default nextval('inbox_seq'),
    type text not null,
    received_at timestamptz not null default now(),
    leased_until timestamptz,
    tries integer not null default 0,
    handled_at timestamptz,
    dead_at timestamptz,
    error text,
    primary key (merchant_id, account, event_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
create index inbox_events_waiting on inbox_events (seq)
    where handled_at is null and dead_at is null;
create index inbox_events_dead on inbox_events (dead_at) where dead_at is not null;

-- The raw bodies, apart: a day's partition is dropped, not deleted row by row. `dictionary` names
-- the preset dictionary that a body was compressed with.
create table inbox_bodies (
    merchant_id uuid not null,
    seq bigint not null,
    arrived_on date not null,
    dictionary smallint not null,
    body bytea not null,
    primary key (merchant_id, seq, arrived_on)
) partition by range (arrived_on);
alter table inbox_bodies alter column body set storage external;  -- it is compressed already
create table inbox_bodies_default partition of inbox_bodies default;

-- Verified events of accounts that no merchant has connected.
create table orphan_events (
    orphan_id bigint generated always as identity primary key,
    account text,
    livemode boolean not null,
    event_id text not null,
    type text not null,
    received_at timestamptz not null default now(),
    dictionary smallint not null,
    body bytea not null,
    constraint orphan_events_once unique nulls not distinct (account, livemode, event_id)
);

-- Partitions for today and `ahead` days more; bodies older than `keep` days go, unless an event of
-- that day still waits for somebody. A day that already has rows in the default partition stays
-- there.
create function tend_inbox_partitions(ahead integer, keep integer) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    today date := (now() at time zone 'UTC')::date;
    arrived date;
    partition name;
begin
    for arrived in select today + n from generate_series(0, ahead) as n loop
        partition := 'inbox_bodies_' || to_char(arrived, 'YYYYMMDD');
        if to_regclass('public.' || partition) is null
            and not exists (select from public.inbox_bodies_default where arrived_on = arrived)
        then
            execute format(
                'create table public.%I partition of public.inbox_bodies for values from (%L) to (%L)',
                partition, arrived, arrived + 1
            );
        end if;
    end loop;
    for partition, arrived in
        select c.relname, to_date(right(c.relname, 8), 'YYYYMMDD')
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.inbox_bodies'::regclass and c.relname ~ '^inbox_bodies_\d{8}$'
    loop
        if arrived < today - keep and not exists (
            select from public.inbox_events
            where handled_at is null and (received_at at time zone 'UTC')::date = arrived
        ) then
            execute format('drop table public.%I', partition);
        end if;
    end loop;
end
$$;
select tend_inbox_partitions(7, 90);
