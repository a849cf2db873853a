-- Addresses that a merchant's letters do not go to. Only their SHA-256 is kept: nobody has to be
-- remembered to be left alone. What was taken back keeps its row.
create table suppressions (
    merchant_id uuid not null references merchants,
    address_hash bytea not null check (length(address_hash) = 32),
    reason text not null check (reason in ('unsubscribed', 'bounced', 'complained')),
    at timestamptz not null,
    lifted_at timestamptz,
    primary key (merchant_id, address_hash)
);

alter table suppressions enable row level security;
alter table suppressions force row level security;
create policy of_owner on suppressions to chargechase_owner using (true) with check (true);
create policy of_merchant on suppressions to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);

grant select, insert on suppressions to chargechase_app;
grant update (reason, at, lifted_at) on suppressions to chargechase_app;
