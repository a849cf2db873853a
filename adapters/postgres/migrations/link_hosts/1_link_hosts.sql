-- Merchants' own host names for the links that their customers get.
create table link_hosts (
    merchant_id uuid primary key references merchants,
    host text not null check (length(host) between 3 and 200),
    proof text not null check (length(proof) between 16 and 100),
    chosen_at timestamptz not null,
    record text not null default 'unseen' check (record in ('unseen', 'right', 'missing', 'wrong')),
    page text not null default 'unseen' check (page in ('unseen', 'right', 'missing', 'wrong')),
    taken boolean not null default false,
    tried_at timestamptz,
    checked_at timestamptz,
    verified_at timestamptz,
    lost_at timestamptz,
    check (lost_at is null or verified_at is not null)
);
-- Anybody may claim a name; it stands for one merchant at a time.
create unique index link_hosts_standing on link_hosts (host)
    where verified_at is not null and lost_at is null;
create index link_hosts_by_host on link_hosts (host);

alter table link_hosts enable row level security;
alter table link_hosts force row level security;
create policy of_owner on link_hosts to chargechase_owner using (true) with check (true);
create policy of_merchant on link_hosts to chargechase_app
    using (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);
create policy of_system on link_hosts to chargechase_system using (true) with check (true);
grant select, insert, update, delete on link_hosts to chargechase_app;
grant select on link_hosts to chargechase_system;
